//! Samplers draw as they promise.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use crate::{
    Check, Strategy,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};

/// How often each value comes out of the model in so many schedules.
fn drawn(
    strategy: Strategy,
    schedules: u64,
    model: impl Fn() -> usize + Send + Sync + 'static,
) -> BTreeMap<usize, u64> {
    let seen: Arc<Mutex<BTreeMap<usize, u64>>> = Arc::default();
    let all = Arc::clone(&seen);
    let verdict = Check::new("drawn").strategy(strategy).schedules(schedules).run(move || {
        let value = model();
        *seen.lock().unwrap().entry(value).or_default() += 1;
    });
    assert!(verdict.unwrap().passed());
    std::mem::take(&mut *all.lock().unwrap())
}

/// One thread takes one step, and four steps are taken one after the other: by another thread or, if it `splits`, by
/// two of which the first spawns the second. How many of the four come first?
fn place(splits: bool) -> usize {
    fn step(steps: &AtomicUsize, times: usize) {
        for _ in 0..times {
            steps.fetch_add(1, Relaxed);
        }
    }
    let steps = Arc::new(AtomicUsize::new(0));
    let (one, two) = (Arc::clone(&steps), Arc::clone(&steps));
    let looks = thread::spawn(move || one.load(Relaxed));
    drop(thread::spawn(move || match splits {
        true => {
            step(&two, 2);
            drop(thread::spawn(move || step(&two, 2)));
        }
        false => step(&two, 4),
    }));
    looks.join().unwrap()
}

#[test]
fn urw_makes_every_interleaving_about_as_likely_and_random_does_not() {
    for splits in [false, true] {
        let urw = drawn(Strategy::Urw, 2_000, move || place(splits));
        assert!(urw.len() == 5 && urw.values().all(|times| (330..=470).contains(times)), "{urw:?}");
        let random = drawn(Strategy::Random, 2_000, move || place(splits));
        assert!(random[&0] > 900, "{random:?}");
    }
}

/// One thread takes one step on what two threads share; the other four, after twenty on something of its own. How many of
/// the four come first?
fn place_after_a_long_way() -> usize {
    let steps = Arc::new(AtomicUsize::new(0));
    let theirs = Arc::clone(&steps);
    let looks = thread::spawn(move || steps.load(Relaxed));
    drop(thread::spawn(move || {
        let own = AtomicUsize::new(0);
        (0..20).for_each(|n| own.store(n, Relaxed));
        (0..4).for_each(|_| _ = theirs.fetch_add(1, Relaxed));
    }));
    looks.join().unwrap()
}

#[test]
fn surw_makes_every_order_of_selected_steps_about_as_likely_and_urw_does_not() {
    for splits in [false, true] {
        let surw = drawn(Strategy::Surw, 2_000, move || place(splits));
        assert!(surw.len() == 5 && surw.values().all(|times| (330..=470).contains(times)), "{surw:?}");
    }
    let surw = drawn(Strategy::Surw, 2_000, place_after_a_long_way);
    assert!(surw.len() == 5 && surw.values().all(|times| (330..=470).contains(times)), "{surw:?}");
    let urw = drawn(Strategy::Urw, 2_000, place_after_a_long_way);
    assert!(urw[&0] > 1_500, "{urw:?}");
}

/// Main goes on before it spawns the second of two, for whom it stands until then, and after that, when it no longer does.
#[test]
fn surw_counts_what_a_thread_has_yet_to_spawn() {
    let surw = drawn(Strategy::Surw, 2_000, || {
        let (steps, own) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
        for _ in 0..2 {
            let steps = Arc::clone(&steps);
            drop(thread::spawn(move || (0..2).for_each(|_| _ = steps.fetch_add(1, Relaxed))));
            (0..3).for_each(|n| own.store(n, Relaxed));
        }
        steps.load(Relaxed)
    });
    assert!(surw.len() == 5 && surw.values().all(|times| (330..=470).contains(times)), "{surw:?}");
}

#[test]
fn surw_is_urw_where_no_two_threads_use_the_same() {
    // What threads share in std's terms is no event.
    let order = || {
        let order = Arc::new(Mutex::new(0));
        let steps = |times: usize| {
            let order = Arc::clone(&order);
            thread::spawn(move || {
                let own = AtomicUsize::new(0);
                for n in 0..times {
                    own.store(n, Relaxed);
                    let mut order = order.lock().unwrap();
                    *order = *order * 3 + times;
                }
            })
        };
        for thread in [steps(1), steps(2)] {
            thread.join().unwrap();
        }
        *order.lock().unwrap()
    };
    let surw = drawn(Strategy::Surw, 300, order);
    assert!(surw.len() > 2, "{surw:?}");
    assert_eq!(surw, drawn(Strategy::Urw, 300, order));
}

#[test]
fn surw_selects_what_is_shared_and_changed_as_often_as_it_is_used() {
    let mut selected: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..400 {
        let verdict = Check::new("selected").strategy(Strategy::Surw).seed(seed).schedules(1).run(|| {
            let (often, seldom, only_read) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
            thread::scope(|s| {
                for _ in 0..2 {
                    s.spawn(|| {
                        (0..3).for_each(|_| _ = often.fetch_add(1, Relaxed));
                        seldom.fetch_add(only_read.load(Relaxed), Relaxed);
                    });
                }
            });
            panic!("always");
        });
        let token = verdict.unwrap().failure.unwrap().token.unwrap();
        let (_, place) = token.split_once(",d=").expect("something is selected");
        *selected.entry(place.split(',').next().unwrap().to_owned()).or_default() += 1;
    }
    // Six uses to two: the third object is never changed.
    let times: Vec<u32> = selected.values().copied().collect();
    assert!(matches!(times[..], [a, b] if (270..=330).contains(&a.max(b))), "{selected:?}");
}

#[test]
fn surw_lets_those_who_wait_go_on_if_the_next_needs_them() {
    drawn(Strategy::Surw, 200, || {
        let (shared, stop) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                let own = AtomicUsize::new(0);
                // A round changes something, so nobody can tell that it is in vain.
                while stop.load(Relaxed) == 0 {
                    own.fetch_add(1, Relaxed);
                }
                shared.fetch_add(1, Relaxed);
            });
            shared.fetch_add(1, Relaxed);
            stop.store(1, Relaxed);
        });
        0
    });
}

/// Five threads set one thing, then another; a sixth checks that it never sees one without the other (`reorder_5` of
/// SCTBench). To spawn a thread takes main some steps, as it does there: by the time that the sixth is there, the others
/// have ended in most schedules.
fn reorder_5() {
    let (a, b) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|s| {
        let own = AtomicUsize::new(0);
        for _ in 0..5 {
            s.spawn(|| {
                a.store(1, Relaxed);
                b.store(1, Relaxed);
            });
            (0..5).for_each(|n| own.store(n, Relaxed));
        }
        s.spawn(|| {
            let seen = (a.load(Relaxed), b.load(Relaxed));
            assert!(seen.0 == seen.1, "one without the other: {seen:?}");
        });
    });
}

#[test]
fn surw_finds_a_reordering_in_few_schedules_and_random_in_none() {
    let schedules = |strategy, seed| {
        let check = Check::new("reorder 5").strategy(strategy).seed(seed).schedules(5_000);
        let verdict = check.run(reorder_5).unwrap();
        assert!(verdict.passed() || verdict.failure.as_ref().unwrap().message.contains("one without the other"));
        verdict.executions
    };
    let found: Vec<u64> = (0..20).map(|seed| schedules(Strategy::Surw, seed)).collect();
    // 10 schedules on average in the paper, and 9 here.
    assert!(found.iter().sum::<u64>() <= 20 * 25, "{found:?}");
    assert_eq!(schedules(Strategy::Random, 0), 5_000);
}
