//! What knowing which steps commute is good for: one execution of each class, and schedules that are drawn by class.

use crate::common::*;
use raddle::{
    Check,
    FailureKind::{DataRace, Deadlock, Panic},
    Strategy,
    channel::bounded,
    sync::{
        Arc, Condvar, Mutex, RwLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

/// Executions that each model of a family needs, and redundant ones are none.
fn needs<N: Copy + Send + Sync + 'static>(family: fn(N), counts: &[(N, u64)]) {
    for strategy in compiled(&[Strategy::Dpor]) {
        let verdicts = counts.iter().map(|&(size, _)| passes_with(strategy, move || family(size)));
        let found: Vec<(u64, u64)> = verdicts.map(|verdict| (verdict.executions, verdict.redundant)).collect();
        assert_eq!(found, counts.iter().map(|(_, count)| (*count, 0)).collect::<Vec<_>>());
    }
}

fn in_threads(threads: usize, work: impl Fn(usize) + Send + Sync + 'static) {
    let work = Arc::new(work);
    let thread = |at| {
        let work = Arc::clone(&work);
        thread::spawn(move || work(at))
    };
    let threads: Vec<_> = (0..threads).map(thread).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

pub fn load_store_counter((threads, times): (usize, usize)) {
    let total = AtomicUsize::new(0);
    in_threads(threads, move |_| (0..times).for_each(|_| total.store(total.load(SeqCst) + 1, SeqCst)));
}

#[test]
fn a_racy_counter_has_one_execution_for_each_order_of_its_loads_and_stores() {
    needs(load_store_counter, &[((2, 1), 4), ((2, 2), 34), ((2, 3), 328), ((3, 1), 36), ((3, 2), 7_134)]);
}

pub fn mutex_counter((threads, times): (usize, usize)) {
    let total = Mutex::new(0);
    in_threads(threads, move |_| (0..times).for_each(|_| *total.lock().unwrap() += 1));
}

fn atomic_counter((threads, times): (usize, usize)) {
    let total = AtomicUsize::new(0);
    in_threads(threads, move |_| (0..times).for_each(|_| drop(total.fetch_add(1, SeqCst).to_string())));
}

#[test]
fn a_counter_has_one_execution_for_each_order_of_its_increments() {
    let counts = [((2, 1), 2), ((2, 2), 6), ((2, 3), 20), ((3, 1), 6), ((3, 2), 90)];
    needs(mutex_counter, &counts);
    needs(atomic_counter, &counts);
}

fn readers_and_writer(readers: usize) {
    let number = RwLock::new(0);
    in_threads(readers + 1, move |at| {
        if at == 0 {
            *number.write().unwrap() = 1;
        } else {
            let _ = *number.read().unwrap();
        }
    });
}

fn loads_and_store(readers: usize) {
    let number = AtomicUsize::new(0);
    in_threads(
        readers + 1,
        move |at| if at == 0 { number.store(1, SeqCst) } else { drop(number.load(SeqCst).to_string()) },
    );
}

#[test]
fn readers_commute_and_each_comes_before_or_after_the_writer() {
    let counts: Vec<(usize, u64)> = (1..=13).map(|n| (n, 1 << n)).collect();
    needs(readers_and_writer, &counts);
    needs(loads_and_store, &counts);
}

pub fn reorder(setters: usize) {
    let (a, b) = (AtomicUsize::new(0), AtomicUsize::new(0));
    in_threads(setters + 1, move |at| {
        if at < setters {
            a.store(1, SeqCst);
            b.store(1, SeqCst);
        } else {
            let _ = (a.load(SeqCst), b.load(SeqCst));
        }
    });
}

#[test]
fn the_reordering_that_a_checker_sees_is_one_of_many() {
    needs(reorder, &[(1, 4), (2, 36), (3, 576)]);
}

/// One thread has a long way before it, on something of its own; the other sees whether it has come first.
fn a_long_way() {
    let flag = AtomicUsize::new(0);
    in_threads(2, move |at| {
        if at == 0 {
            let own = AtomicUsize::new(0);
            (0..40).for_each(|n| own.store(n, SeqCst));
            flag.store(1, SeqCst);
        } else {
            assert_eq!(flag.load(SeqCst), 0, "it has come first");
        }
    });
}

#[test]
fn sampling_orders_finds_what_sampling_threads_does_not() {
    for (strategy, finds) in
        [(Strategy::Random, false), (Strategy::Pos, true), (Strategy::Surw, true), (Strategy::Dpor, true)]
    {
        for strategy in compiled(&[strategy]) {
            let verdict = Check::new("a long way").strategy(strategy).schedules(1_000).run(a_long_way).unwrap();
            assert_eq!(!verdict.passed(), finds, "{}", raddle::render(&verdict));
        }
    }
}

#[test]
fn a_notification_between_the_test_and_the_wait_is_tried() {
    fails_with(&compiled(&[Strategy::Dfs, Strategy::Dpor]), Deadlock, "in wait of condvar", || {
        let shared = Arc::new((Mutex::new(()), Condvar::new(), AtomicBool::new(false)));
        let theirs = Arc::clone(&shared);
        let waiter = thread::spawn(move || {
            let guard = theirs.0.lock().unwrap();
            if !theirs.2.load(SeqCst) {
                drop(theirs.1.wait(guard).unwrap());
            }
        });
        shared.2.store(true, SeqCst);
        shared.1.notify_one();
        waiter.join().unwrap();
    });
}

pub fn fibonacci(times: usize) {
    let cells = [AtomicU64::new(1), AtomicU64::new(1)];
    in_threads(2, move |at| {
        for _ in 0..times {
            let (x, y) = (cells[0].load(SeqCst), cells[1].load(SeqCst));
            cells[at].store(x + y, SeqCst);
        }
    });
}

#[test]
fn a_sum_in_two_threads_has_one_execution_for_each_order_of_what_conflicts() {
    needs(fibonacci, &[(1, 3), (2, 19), (3, 141), (4, 1_107)]);
}

#[test]
fn whoever_comes_late_to_a_rendezvous_may_be_met_first() {
    fails_with(&compiled(&[Strategy::Dfs, Strategy::Dpor]), Panic, "the one that came late", || {
        let (s, r) = bounded(0);
        let late = s.clone();
        thread::spawn(move || {
            AtomicUsize::new(0).store(1, SeqCst);
            late.send("late")
        });
        thread::spawn(move || s.send("early"));
        assert_eq!(r.recv(), Ok("early"), "the one that came late");
        r.recv().unwrap();
    });
}

/// Two threads use the same data, one in the beginning and one in the end. A lock orders them, if the first comes first.
fn far_apart(locks: bool) {
    let (data, mutex) = (Plain::default(), Mutex::new(()));
    in_threads(2, move |at| {
        let own = AtomicUsize::new(0);
        let a_long_way = || (0..40).for_each(|n| own.store(n, SeqCst));
        if at == 0 {
            data.set(1);
        } else {
            a_long_way();
        }
        if locks {
            drop(mutex.lock().unwrap());
        }
        if at == 0 {
            a_long_way();
        } else {
            data.get();
        }
    });
}

#[test]
fn a_race_is_found_however_far_apart_the_accesses_are() {
    // Nothing orders them: any execution shows it. A lock does, by luck: the other order of its two shows it.
    for (locks, most) in [(false, 1), (true, 2)] {
        for strategy in compiled(&[Strategy::Dpor]) {
            let verdict = Check::new("far apart").strategy(strategy).run(move || far_apart(locks)).unwrap();
            let found = verdict.failure.as_ref().map(|failure| failure.kind);
            assert_eq!(found, Some(DataRace), "{}", raddle::render(&verdict));
            assert!(verdict.executions <= most, "{} executions", verdict.executions);
        }
    }
}
