//! Each kind of failure, in each world that can show it: what it is called, what it says, and that it replays.

use std::{panic::catch_unwind, time::Duration};

use crate::common::*;
use raddle::{
    Check, Error,
    FailureKind::{Deadlock, Leak, Livelock, Nondeterminism, Panic},
    Kind, ObjectKind, Strategy, World, hint,
    sync::{
        Arc, Condvar, Mutex, RwLock,
        atomic::{AtomicBool, AtomicUsize, Ordering::*},
    },
    thread,
};

#[test]
fn a_panic_of_main_is_a_panic() {
    for verdict in fails(Panic, "the ship sank at 7", || {
        let depth = 7;
        panic!("the ship sank at {depth}");
    }) {
        let failure = verdict.failure.unwrap();
        assert_eq!(failure.message, "the ship sank at 7");
        assert!(failure.waiting.is_empty());
        assert_eq!(failure.threads, ["main"]);
        assert_eq!(verdict.executions, 1);
    }
}

#[test]
fn a_panic_of_a_detached_thread_is_a_panic() {
    fails(Panic, "detached", || {
        drop(thread::spawn(|| panic!("detached")));
    });
}

#[test]
fn a_panic_of_a_thread_that_nobody_joins_is_a_panic() {
    fails(Panic, "unjoined", || {
        let handle = thread::spawn(|| panic!("unjoined"));
        std::mem::forget(handle);
    });
}

#[test]
fn a_panic_of_a_thread_whose_handle_is_dropped_after_its_end_is_a_panic() {
    fails(Panic, "late", || {
        let handle = thread::spawn(|| panic!("late"));
        thread::sleep(Duration::from_secs(1));
        drop(handle);
    });
}

#[test]
fn a_panic_that_join_returns_is_no_failure() {
    passes(|| {
        let payload = thread::spawn(|| -> () { panic!("returned") }).join().unwrap_err();
        assert_eq!(*payload.downcast::<&str>().unwrap(), "returned");
        let payload = thread::spawn(|| std::panic::panic_any(17_u8)).join().unwrap_err();
        assert_eq!(*payload.downcast::<u8>().unwrap(), 17);
    });
}

#[test]
fn a_panic_that_the_code_catches_is_no_failure() {
    passes(|| {
        let caught = catch_unwind(|| panic!("caught")).unwrap_err();
        assert_eq!(*caught.downcast::<&str>().unwrap(), "caught");
        assert!(!thread::panicking());
        thread::spawn(|| {
            assert!(catch_unwind(|| panic!("caught too")).is_err());
            assert!(!thread::panicking());
        })
        .join()
        .unwrap();
    });
}

#[test]
fn a_panic_with_a_payload_of_its_own_type_is_a_panic() {
    fails(Panic, "payload is not text", || std::panic::panic_any(17));
}

#[test]
fn unwrapping_a_join_that_failed_panics_with_what_join_returned() {
    let message = "called `Result::unwrap()` on an `Err` value: Any { .. } (t1: inner)";
    fails(Panic, message, || thread::spawn(|| panic!("inner")).join().unwrap());
}

#[test]
fn a_panic_is_reported_although_main_is_then_stuck() {
    fails(Panic, "before the notification", || {
        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let theirs = Arc::clone(&pair);
        let _handle = thread::spawn(move || {
            let _ready = theirs.0.lock().unwrap();
            panic!("before the notification");
        });
        let mut ready = pair.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        while !*ready {
            ready = pair.1.wait(ready).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
    });
}

#[test]
fn two_locks_in_opposite_orders_are_a_deadlock_and_each_thread_waits_for_the_other() {
    for verdict in fails(Deadlock, "every thread waits", || {
        let locks = Arc::new((Mutex::new(()), Mutex::new(())));
        let theirs = Arc::clone(&locks);
        let handle = thread::Builder::new().name("other".into()).spawn(move || {
            let _b = theirs.1.lock().unwrap();
            let _a = theirs.0.lock().unwrap();
        });
        {
            let _a = locks.0.lock().unwrap();
            let _b = locks.1.lock().unwrap();
        }
        handle.unwrap().join().unwrap();
    }) {
        let waiting = &verdict.failure.as_ref().unwrap().waiting;
        let told: Vec<_> = waiting
            .iter()
            .map(|w| (w.thread.as_str(), w.operation, w.held_by.as_deref(), w.object.unwrap().kind))
            .collect();
        assert_eq!(
            told,
            [
                ("main", Kind::Lock, Some("other"), ObjectKind::Mutex),
                ("other", Kind::Lock, Some("main"), ObjectKind::Mutex)
            ]
        );
        assert_ne!(waiting[0].object, waiting[1].object);
        assert!(waiting.iter().all(|w| w.file.ends_with("failures.rs")));
        assert_eq!(waiting[0].line, waiting[1].line + 4, "the second lock of each");
    }
}

#[test]
fn mu1_locking_a_mutex_twice_is_a_deadlock() {
    for verdict in fails(Deadlock, "(held by main)", || {
        let mutex = Mutex::new(());
        let _first = mutex.lock().unwrap();
        let _second = mutex.lock().unwrap();
    }) {
        assert_eq!(verdict.failure.unwrap().waiting.len(), 1);
    }
}

#[test]
fn writing_a_lock_that_the_thread_reads_is_a_deadlock() {
    fails(Deadlock, "main in write of rwlock#1 (held by main)", || {
        let lock = RwLock::new(());
        let _first = lock.read().unwrap();
        let _second = lock.write().unwrap();
    });
}

#[test]
fn a_condvar_that_nobody_notifies_is_a_deadlock() {
    for verdict in fails(Deadlock, "main in wait of condvar#2", || {
        let (mutex, condvar) = (Mutex::new(()), Condvar::new());
        let _guard = condvar.wait(mutex.lock().unwrap()).unwrap();
    }) {
        let waiting = &verdict.failure.unwrap().waiting;
        assert_eq!((waiting[0].operation, waiting[0].held_by.clone()), (Kind::Wait, None));
    }
}

#[test]
fn a_park_that_nobody_unparks_is_a_deadlock() {
    fails(Deadlock, "main in park", thread::park);
}

#[test]
fn two_threads_that_join_each_other_are_a_deadlock() {
    for verdict in fails(Deadlock, "every thread waits", || {
        let slot: Arc<Mutex<Option<thread::JoinHandle<()>>>> = Arc::default();
        let theirs = Arc::clone(&slot);
        let one = thread::spawn(move || {
            thread::park();
            let two = theirs.lock().unwrap().take().unwrap();
            two.join().unwrap();
        });
        let first = one.thread().clone();
        let two = thread::spawn(move || one.join().unwrap());
        *slot.lock().unwrap() = Some(two);
        first.unpark();
        thread::park();
    }) {
        let waiting = verdict.failure.unwrap().waiting;
        let kinds: Vec<_> = waiting.iter().map(|w| (w.operation, w.object.unwrap().number)).collect();
        assert_eq!(kinds, [(Kind::Park, 0), (Kind::Join, 2), (Kind::Join, 1)]);
    }
}

#[test]
fn a_thread_that_is_blocked_when_main_has_returned_is_a_leak() {
    for verdict in fails(Leak, "main returned", || {
        drop(thread::Builder::new().name("left behind".into()).spawn(thread::park));
    }) {
        let waiting = verdict.failure.unwrap().waiting;
        assert_eq!(waiting.len(), 1, "main waits for nothing: {waiting:?}");
        assert_eq!((waiting[0].thread.as_str(), waiting[0].operation), ("left behind", Kind::Park));
    }
}

#[test]
fn a_blocked_thread_is_a_leak_only_once_the_rest_has_come_to_rest() {
    passes(|| {
        let sleeper = thread::spawn(thread::park).thread().clone();
        drop(thread::spawn(move || sleeper.unpark()));
    });
}

#[test]
fn a_main_that_panics_while_others_are_blocked_is_a_panic() {
    fails(Panic, "main gives up", || {
        let _handle = thread::spawn(thread::park);
        panic!("main gives up");
    });
}

#[test]
fn a_guard_that_is_forgotten_is_a_leak() {
    fails(Leak, "main ended while it owns mutex#1", || {
        let mutex = Arc::new(Mutex::new(()));
        std::mem::forget(mutex.lock().unwrap());
        std::mem::forget(mutex);
    });
    fails(Leak, "t1 ended while it owns rwlock#1", || {
        let lock = Arc::new(RwLock::new(()));
        let theirs = Arc::clone(&lock);
        thread::spawn(move || std::mem::forget(theirs.read().unwrap())).join().unwrap();
    });
}

#[test]
fn a_guard_that_is_forgotten_with_its_lock_is_no_leak() {
    passes(|| {
        let mutex = Mutex::new(());
        std::mem::forget(mutex.lock().unwrap());
    });
}

#[test]
fn waiting_for_a_flag_that_nobody_sets_is_a_livelock() {
    for pause in [hint::spin_loop, thread::yield_now, || thread::sleep(Duration::from_millis(1)), || {}] {
        for verdict in fails(Livelock, "nobody is left to make", move || {
            let flag = AtomicBool::new(false);
            while !flag.load(Acquire) {
                pause();
            }
        }) {
            let waiting = verdict.failure.unwrap().waiting;
            assert_eq!(waiting.len(), 1);
            assert_eq!(waiting[0].thread, "main");
        }
    }
}

#[test]
fn two_threads_that_wait_for_each_other_busily_are_a_livelock() {
    for verdict in fails(Livelock, "nobody is left to make", || {
        let flags = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
        let theirs = Arc::clone(&flags);
        let handle = thread::spawn(move || {
            while !theirs[0].load(SeqCst) {
                thread::yield_now();
            }
            theirs[1].store(true, SeqCst);
        });
        while !flags[1].load(SeqCst) {
            hint::spin_loop();
        }
        flags[0].store(true, SeqCst);
        handle.join().unwrap();
    }) {
        assert_eq!(verdict.failure.unwrap().waiting.len(), 2);
    }
}

#[test]
fn a_thread_that_loops_without_end_after_main_is_a_livelock() {
    fails(Livelock, "nobody is left to make", || {
        let mutex = Arc::new(Mutex::new(false));
        drop(thread::spawn(move || {
            while !*mutex.lock().unwrap() {
                thread::yield_now();
            }
        }));
    });
}

#[test]
fn the_step_limit_is_exact() {
    let model = |adds: usize| {
        move || {
            let atomic = AtomicUsize::new(0);
            for _ in 0..adds {
                atomic.fetch_add(1, Relaxed);
            }
        }
    };
    for strategy in strategies() {
        let check = || Check::new("steps").strategy(strategy).schedules(3);
        let all = check().run(model(10)).unwrap();
        let steps = all.steps / all.executions;
        assert!(all.passed());
        assert!(check().steps(steps).run(model(10)).unwrap().passed(), "{strategy}: {steps} steps are within {steps}");
        let one_less = check().steps(steps - 1).run(model(10)).unwrap();
        expect(&one_less, Livelock, &format!("the step limit was reached: {} steps", steps - 1));
        assert_eq!(one_less.failure.unwrap().steps.len() as u64, steps - 1);
    }
}

#[test]
fn a_counter_that_grows_without_end_meets_the_step_limit() {
    for strategy in strategies() {
        let verdict = Check::new("model").strategy(strategy).steps(500).run(|| {
            let atomic = AtomicUsize::new(0);
            loop {
                atomic.fetch_add(1, Relaxed);
            }
        });
        expect(&verdict.unwrap(), Livelock, "the step limit was reached: 500 steps");
    }
}

#[test]
fn a_model_that_does_not_repeat_itself_is_told_so() {
    for strategy in compiled(&[Strategy::Dfs]) {
        let runs = std::sync::atomic::AtomicUsize::new(0);
        let verdict = run(strategy, move || {
            let odd = runs.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % 2 == 1;
            let shared = Arc::new(AtomicUsize::new(0));
            let handles: Vec<_> = (0..if odd { 1 } else { 2 })
                .map(|_| {
                    let shared = Arc::clone(&shared);
                    thread::spawn(move || shared.fetch_add(1, SeqCst))
                })
                .collect();
            shared.fetch_add(1, SeqCst);
            handles.into_iter().for_each(|handle| drop(handle.join()));
        });
        expect(&verdict, Nondeterminism, "is not modelled");
    }
}

#[test]
fn a_check_inside_a_model_is_an_error() {
    for strategy in strategies() {
        let nested = Check::new("outer").strategy(strategy).schedules(1).run(move || {
            match Check::new("inner").strategy(strategy).run(|| {}) {
                Err(Error::Nested(name)) => assert_eq!(name, "inner"),
                other => panic!("{other:?}"),
            }
        });
        assert!(nested.unwrap().passed());
    }
}

#[test]
fn a_model_knows_its_world() {
    for strategy in strategies() {
        passes_with(strategy, move || assert_eq!(World::current(), strategy.world()));
    }
    assert_eq!(World::current(), World::Std);
}
