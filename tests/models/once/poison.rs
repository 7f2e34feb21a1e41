//! Initialisers that panic.

use super::*;

#[test]
fn on2_a_panic_poisons_it_until_a_forced_initialiser_returns() {
    passes(|| {
        let once = Arc::new(Once::new());
        let theirs = Arc::clone(&once);
        let other = thread::spawn(move || theirs.call_once(|| panic!("initialising")));
        assert!(other.join().is_err());
        assert!(!once.is_completed());
        assert_eq!(told(|| once.call_once(|| unreachable!())), "Once instance has previously been poisoned");
        assert_eq!(told(|| once.wait()), "Once instance has previously been poisoned");
        let again = catch_unwind(AssertUnwindSafe(|| {
            once.call_once_force(|state| {
                assert!(state.is_poisoned());
                assert_eq!(format!("{state:?}"), "OnceState { poisoned: true }");
                panic!("again");
            });
        }));
        assert!(again.is_err());
        assert!(!once.is_completed());
        once.call_once_force(|state| assert!(state.is_poisoned()));
        assert!(once.is_completed());
        once.call_once_force(|_| unreachable!("it is complete"));
        once.call_once(|| unreachable!("it is complete"));
        once.wait();
        once.wait_force();
    });
}

#[test]
fn a_first_initialiser_is_told_that_nothing_is_poisoned() {
    passes(|| {
        let once = Once::new();
        once.call_once_force(|state| assert!(!state.is_poisoned()));
        assert!(once.is_completed());
    });
}

/// One thread panics in the once, another recovers it, and main does `f`: what may come of it?
fn poisoned_and_recovered(f: fn(&Once)) -> bool {
    let once = Arc::new(Once::new());
    let (first, second) = (Arc::clone(&once), Arc::clone(&once));
    let first = thread::spawn(move || first.call_once(|| panic!("initialising")));
    let second = thread::spawn(move || second.call_once_force(|_| ()));
    let returned = catch_unwind(AssertUnwindSafe(|| f(&once))).is_ok();
    // It comes too late to panic, if the other was first.
    _ = first.join();
    second.join().unwrap();
    assert!(once.is_completed());
    returned
}

#[test]
fn between_a_panic_and_the_next_initialiser_others_may_come() {
    explores([false, true], || poisoned_and_recovered(Once::wait));
    explores([false, true], || poisoned_and_recovered(|once| once.call_once(|| ())));
    explores([true], || poisoned_and_recovered(Once::wait_force));
    explores([true], || poisoned_and_recovered(|once| once.call_once_force(|_| ())));
}

#[test]
fn a_thread_that_recovers_what_it_has_poisoned_lets_others_come_in_between() {
    let calls: [fn(&Once); 2] = [Once::wait, |once| once.call_once(|| ())];
    for call in calls {
        explores([false, true], move || {
            let once = Arc::new(Once::new());
            let theirs = Arc::clone(&once);
            let running = AtomicUsize::new(0);
            let other = thread::spawn(move || {
                let fails = catch_unwind(AssertUnwindSafe(|| {
                    theirs.call_once(|| {
                        running.fetch_add(1, SeqCst);
                        panic!("initialising")
                    });
                }));
                theirs.call_once_force(|_| ());
                fails.is_err()
            });
            let returned = catch_unwind(AssertUnwindSafe(|| call(&once))).is_ok();
            other.join().unwrap();
            returned
        });
    }
}

#[test]
fn callers_that_wait_learn_of_the_poison() {
    explores(["ran", "told"], || {
        let (shared, theirs) = shared();
        let other = thread::spawn(move || {
            theirs.once.call_once(|| {
                theirs.flag.store(1, Relaxed);
                panic!("initialising");
            });
        });
        let mine = catch_unwind(AssertUnwindSafe(|| shared.once.call_once(|| ())));
        assert_eq!(other.join().is_err(), mine.is_err(), "whoever came first");
        assert_eq!(shared.flag.load(Relaxed) == 1, mine.is_err());
        if mine.is_ok() { "ran" } else { "told" }
    });
}

#[test]
fn what_an_initialiser_did_before_it_panicked_is_ordered() {
    passes(|| {
        let (shared, theirs) = shared();
        let other = thread::spawn(move || {
            theirs.once.call_once_force(|state| {
                theirs.plain.set(usize::from(state.is_poisoned()) + 1);
                assert!(state.is_poisoned(), "the first panics");
            });
        });
        let mut poisoned = false;
        _ = catch_unwind(AssertUnwindSafe(|| {
            shared.once.call_once_force(|state| {
                poisoned = state.is_poisoned();
                shared.plain.set(usize::from(poisoned) + 1);
                assert!(poisoned, "the first panics");
            });
        }));
        assert_eq!(other.join().is_err(), poisoned, "who comes second finds it poisoned");
        shared.once.wait_force();
        assert_eq!(shared.plain.get(), 2);
    });
}
