//! What is made where: statics start afresh, and what crosses the border of a model is told so. Choices and orderings.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::common::*;
use raddle::{
    Check, Error,
    FailureKind::Panic,
    Strategy, World,
    cell::UnsafeCell,
    choice,
    sync::{
        Arc, Condvar, Mutex, RwLock,
        atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering, Ordering::*, fence},
    },
    thread,
};

static COUNT: AtomicUsize = AtomicUsize::new(5);
static FLAGS: [AtomicBool; 2] = [AtomicBool::new(true), AtomicBool::new(false)];
static NOWHERE: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());
static BELL: Condvar = Condvar::new();

#[test]
fn a_static_atomic_starts_afresh_in_each_execution() {
    passes(|| {
        assert!(FLAGS[0].load(Relaxed) && !FLAGS[1].load(Relaxed));
        assert!(NOWHERE.load(Relaxed).is_null());
        let other = thread::spawn(|| COUNT.fetch_add(1, Relaxed));
        let (mine, theirs) = (COUNT.fetch_add(1, Relaxed), other.join().unwrap());
        assert_eq!(mine + theirs, 5 + 6);
        FLAGS[0].store(false, Relaxed);
        FLAGS[1].store(true, Relaxed);
        let mut place = 7;
        NOWHERE.store(&mut place, Relaxed);
        assert_eq!(COUNT.load(Relaxed), 7);
    });
}

#[test]
fn a_static_condition_variable_starts_afresh_in_each_execution() {
    passes(|| {
        let ready = Arc::new(Mutex::new(false));
        let theirs = Arc::clone(&ready);
        let other = thread::spawn(move || {
            *theirs.lock().unwrap() = true;
            BELL.notify_all();
        });
        drop(BELL.wait_while(ready.lock().unwrap(), |ready| !*ready).unwrap());
        other.join().unwrap();
    });
}

#[test]
fn an_atomic_that_a_closure_has_captured_starts_afresh_too() {
    let count = std::sync::Arc::new(AtomicUsize::new(1));
    passes(move || {
        let theirs = std::sync::Arc::clone(&count);
        let other = thread::spawn(move || theirs.fetch_add(1, Relaxed));
        assert_eq!(count.fetch_add(1, Relaxed) + other.join().unwrap(), 1 + 2);
    });
}

#[test]
fn models_on_two_os_threads_may_be_the_first_to_use_an_atomic_at_the_same_time() {
    use std::sync::atomic as real;
    for strategy in compiled(&[Strategy::Random, Strategy::Exhaustive]) {
        for _ in 0..20 {
            let atomics: std::sync::Arc<Vec<AtomicUsize>> =
                std::sync::Arc::new((0..200).map(AtomicUsize::new).collect());
            let here = std::sync::Arc::new([const { real::AtomicUsize::new(0) }; 2]);
            let models = [0, 1].map(|me| {
                let (atomics, here) = (std::sync::Arc::clone(&atomics), std::sync::Arc::clone(&here));
                std::thread::spawn(move || {
                    let theirs = std::sync::Arc::clone(&here);
                    let verdict = Check::new("model").strategy(strategy).schedules(1).run(move || {
                        for (at, atomic) in atomics.iter().enumerate() {
                            // Both come to each at the same time.
                            theirs[me].store(at, SeqCst);
                            while theirs[1 - me].load(SeqCst) < at {
                                std::thread::yield_now();
                            }
                            assert_eq!(atomic.swap(1_000, Relaxed), at);
                            assert_eq!(atomic.load(Relaxed), 1_000);
                        }
                    });
                    here[me].store(usize::MAX, SeqCst);
                    verdict.unwrap()
                })
            });
            for verdict in models.map(|model| model.join().unwrap()) {
                assert!(verdict.passed(), "{}", raddle::render(&verdict));
            }
        }
    }
}

/// The model cannot be run, for this reason.
fn refused(strategy: Strategy, why: &[&str], model: impl Fn() + Send + Sync + 'static) {
    match Check::new("model").strategy(strategy).schedules(3).run(model) {
        Err(Error::Tool(told)) => assert!(why.iter().all(|part| told.contains(part)), "{strategy}: {told}"),
        other => panic!("{strategy}: {other:?}"),
    }
}

#[test]
fn a_static_that_holds_a_value_cannot_start_afresh() {
    static MUTEX: Mutex<usize> = Mutex::new(0);
    static LOCK: RwLock<usize> = RwLock::new(0);
    let parts = ["made at tests/models/places.rs:", "lives longer than one execution", "LazyLock"];
    for strategy in strategies() {
        refused(strategy, &parts, || {
            choice(2);
            *MUTEX.lock().unwrap() += 1;
        });
        refused(strategy, &parts, || {
            choice(2);
            *LOCK.write().unwrap() += 1;
        });
        let cell = std::sync::Mutex::new(UnsafeCell::new(0));
        refused(strategy, &parts, move || {
            choice(2);
            cell.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).with(|_| ());
        });
    }
}

#[test]
fn what_was_used_outside_cannot_be_used_inside() {
    if !World::compiled().contains(&World::Std) {
        return;
    }
    for strategy in strategies() {
        let inside = format!("used outside any model and is now used in a {} model: make it inside", strategy.world());
        let parts = ["made at tests/models/places.rs:", &inside];
        let atomic = AtomicUsize::new(0);
        atomic.store(1, Relaxed);
        refused(strategy, &parts, move || _ = atomic.load(Relaxed));
        let mutex = Mutex::new(0);
        drop(mutex.lock());
        refused(strategy, &parts, move || drop(mutex.lock()));
        let lock = RwLock::new(0);
        drop(lock.try_read());
        refused(strategy, &parts, move || drop(lock.write()));
        let condvar = Condvar::new();
        condvar.notify_all();
        refused(strategy, &parts, move || condvar.notify_one());
    }
}

#[test]
fn what_was_used_inside_cannot_be_used_outside() {
    if !World::compiled().contains(&World::Std) {
        return;
    }
    // One execution each: URW and SURW run another to learn what they need, and would be refused.
    for strategy in compiled(&[Strategy::Exhaustive, Strategy::Random, Strategy::Pct { depth: 3 }, Strategy::Dfs]) {
        let all = std::sync::Arc::new((AtomicUsize::new(0), Mutex::new(0), RwLock::new(0), Condvar::new()));
        let used = std::sync::Arc::clone(&all);
        let verdict = Check::new("model").strategy(strategy).schedules(1).run(move || {
            used.0.store(1, Relaxed);
            *used.1.lock().unwrap() += 1;
            *used.2.write().unwrap() += 1;
            used.3.notify_one();
        });
        assert!(verdict.unwrap().passed());
        let uses: [&dyn Fn(); 4] =
            [&|| _ = all.0.load(Relaxed), &|| drop(all.1.lock()), &|| drop(all.2.try_write()), &|| all.3.notify_all()];
        for outside in uses {
            let payload = catch_unwind(AssertUnwindSafe(outside)).unwrap_err();
            let told = payload.downcast::<String>().unwrap();
            let world = format!("was used in a {} model and is now used outside any model", strategy.world());
            assert!(told.contains(&world) && told.contains("made at tests/models/places.rs:"), "{told}");
        }
    }
}

#[test]
fn what_an_atomic_held_in_a_model_cannot_be_taken_out_of_it() {
    for strategy in strategies() {
        let mut atomic = std::sync::Arc::new(AtomicUsize::new(1));
        *std::sync::Arc::get_mut(&mut atomic).unwrap().get_mut() = 2;
        let used = std::sync::Arc::clone(&atomic);
        assert_eq!(outcomes(strategy, move || used.fetch_add(1, Relaxed)), [2].into(), "set before its first use");
        let atomic = std::sync::Arc::into_inner(atomic).unwrap();
        let told = told(move || _ = atomic.into_inner()).unwrap();
        assert!(told.starts_with("an atomic made at tests/models/places.rs:"), "{told}");
        assert!(told.contains("is now used outside any model"), "{told}");
    }
}

#[test]
fn every_combination_of_choices_is_explored() {
    explores((0..2).flat_map(|a| (0..3).map(move |b| (a, b))), || (choice(2), choice(3)));
    // The second choice is only met after one value of the first.
    explores([(0, 0), (1, 0), (1, 1), (1, 2)], || match choice(2) {
        0 => (0, 0),
        _ => (1, choice(3)),
    });
}

#[test]
fn choices_combine_with_schedules() {
    // What the other thread chooses, and whether main sees it.
    explores([(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)], || {
        let seen = Arc::new(AtomicUsize::new(0));
        let theirs = Arc::clone(&seen);
        let other = thread::spawn(move || {
            let chosen = choice(3);
            theirs.fetch_add(chosen + 1, SeqCst);
            chosen
        });
        let early = seen.fetch_add(0, SeqCst);
        let chosen = other.join().unwrap();
        assert!(early == 0 || early == chosen + 1);
        (usize::from(early > 0), chosen)
    });
}

#[test]
fn each_thread_has_choices_of_its_own() {
    explores([(0, 0), (0, 1), (1, 0), (1, 1)], || {
        let other = thread::spawn(|| choice(2));
        (choice(2), other.join().unwrap())
    });
}

#[test]
fn a_choice_of_one_is_zero_and_a_choice_of_none_panics() {
    passes(|| assert_eq!(choice(1), 0));
    fails(Panic, "choice(0): there is nothing to choose from", || _ = choice(0));
    assert_eq!(choice(1), 0);
    assert!((0..50).all(|_| choice(3) < 3));
}

/// How `f` panics, if it does.
fn told(f: impl FnOnce()) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(f)).err()?;
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    Some(text.or_else(|| payload.downcast_ref::<String>().cloned()).expect("a text"))
}

const ORDERINGS: [Ordering; 5] = [Relaxed, Release, Acquire, AcqRel, SeqCst];

/// How each operation panics with each ordering.
macro_rules! panics {
    ($atomic:path, $fence:path) => {{
        let atomic = <$atomic>::new(0);
        let mut all: Vec<Option<String>> = Vec::new();
        for order in ORDERINGS {
            all.push(told(|| _ = atomic.load(order)));
            all.push(told(|| atomic.store(1, order)));
            all.push(told(|| _ = atomic.swap(2, order)));
            all.push(told(|| _ = atomic.fetch_max(2, order)));
            all.push(told(|| $fence(order)));
            for failure in ORDERINGS {
                all.push(told(|| _ = atomic.compare_exchange(0, 1, order, failure)));
                all.push(told(|| _ = atomic.compare_exchange_weak(2, 1, order, failure)));
                all.push(told(|| _ = atomic.fetch_update(order, failure, |n| Some(n + 1))));
            }
        }
        all
    }};
}

#[test]
fn an_ordering_that_an_operation_does_not_have_panics_as_in_std() {
    let std = panics!(std::sync::atomic::AtomicUsize, std::sync::atomic::fence);
    assert!(std.iter().any(Option::is_some) && std.iter().any(Option::is_none));
    if World::compiled().contains(&World::Std) {
        assert_eq!(panics!(AtomicUsize, fence), std);
    }
    passes(move || assert_eq!(panics!(AtomicUsize, fence), std));
}
