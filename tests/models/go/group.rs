//! `WaitGroup`.

use super::*;

fn group() -> (Arc<WaitGroup>, Arc<WaitGroup>) {
    let group = Arc::new(WaitGroup::new());
    (Arc::clone(&group), group)
}

#[test]
fn wg1_a_wait_for_a_counter_at_zero_returns_at_once() {
    shows([()], || {
        let group = WaitGroup::new();
        group.wait();
        group.add(2);
        group.add(-2);
        group.wait();
    });
}

#[test]
fn wg2_a_negative_counter_panics_and_that_can_be_caught() {
    always_fails(Panic, "sync: negative WaitGroup counter", || WaitGroup::new().done());
    shows([true], || {
        let group = WaitGroup::new();
        group.add(1);
        panics(|| group.add(-2))
    });
}

#[test]
fn wg3_an_add_from_zero_comes_before_or_after_a_wait() {
    shows([0, 1], || {
        let ((mine, theirs), count) = (group(), Arc::new(AtomicUsize::new(0)));
        let counts = Arc::clone(&count);
        go(move || {
            theirs.add(1);
            counts.store(1, SeqCst);
            theirs.done();
        });
        mine.wait();
        count.load(SeqCst)
    });
}

#[test]
fn wg4_a_group_that_is_used_again_too_early_panics() {
    // The waiter has to go on between two steps of main's: few of PCT's schedules have that.
    let strategies = compiled(&[Strategy::Exhaustive, Strategy::Dfs, Strategy::Random, Strategy::Urw]);
    fails_with(&strategies, Panic, "sync: WaitGroup is reused before previous Wait has returned", || {
        let (mine, theirs) = group();
        mine.add(1);
        go(move || theirs.wait());
        mine.done();
        mine.add(1);
        mine.done();
    });
}

#[test]
fn wg5_a_group_releases_all_that_wait() {
    let program = |pause| {
        let (group, c) = (Arc::new(WaitGroup::new()), Chan::new(2));
        group.add(1);
        for _ in 0..2 {
            let (group, c) = (Arc::clone(&group), c.clone());
            go(move || {
                group.wait();
                c.send(());
            });
        }
        thread::sleep(pause);
        group.done();
        [(); 2].map(|()| c.recv().unwrap())
    };
    settles([(), ()], program);
    shows([[(), ()]], move || program(Duration::ZERO));
}

#[test]
fn wg5_a_group_serves_round_after_round() {
    shows([[0, 1]], || {
        let (group, c) = (Arc::new(WaitGroup::new()), Chan::new(0));
        [0, 1].map(|round| {
            group.add(1);
            let (theirs, told) = (Arc::clone(&group), c.clone());
            go(move || {
                theirs.wait();
                told.send(round);
            });
            group.done();
            c.recv().unwrap()
        })
    });
}

#[test]
fn wg6_a_wait_returns_when_all_are_done_and_not_before() {
    shows([2], || {
        let (group, c) = (Arc::new(WaitGroup::new()), Chan::new(2));
        for _ in 0..2 {
            group.add(1);
            let (group, c) = (Arc::clone(&group), c.clone());
            go(move || {
                c.send(());
                group.done();
            });
        }
        group.wait();
        c.len()
    });
    always_fails(Deadlock, "main in wait of group#1", || {
        let group = WaitGroup::new();
        group.add(2);
        group.done();
        group.wait();
    });
}

#[test]
fn wg7_a_goroutine_that_panics_is_not_done() {
    // Add, go and Done, as `wg.Go(f)` does them.
    let run = |group: &Arc<WaitGroup>, f: fn()| {
        group.add(1);
        let theirs = Arc::clone(group);
        go(move || {
            f();
            theirs.done();
        });
    };
    shows([()], move || {
        let group = Arc::new(WaitGroup::new());
        run(&group, || ());
        group.wait();
    });
    always_fails(Panic, "in a goroutine", move || {
        let group = Arc::new(WaitGroup::new());
        run(&group, || panic!("in a goroutine"));
        group.wait();
        panic!("the wait has returned");
    });
}
