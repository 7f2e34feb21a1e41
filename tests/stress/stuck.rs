//! What is found, and what is said of it.

use std::panic::catch_unwind;

use raddle::{
    FailureKind::{Deadlock, Leak, Panic},
    Kind, ObjectKind,
    sync::{Arc, Condvar, Mutex, RwLock},
    thread,
};

use super::{embrace, fails, passes};

#[test]
fn two_locks_in_opposite_orders_are_a_deadlock_and_each_thread_waits_for_the_other() {
    let verdict = fails(Deadlock, "every thread waits: main in lock of mutex#", || embrace(&Arc::default()));
    let failure = verdict.failure.unwrap();
    let told: Vec<_> = failure
        .waiting
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
    let numbers = failure.waiting.iter().map(|w| w.object.unwrap().number);
    assert_eq!(numbers.collect::<std::collections::BTreeSet<_>>(), [1, 2].into());
    assert!(failure.waiting.iter().all(|w| w.file.ends_with("stress/main.rs")));
    assert_eq!(failure.waiting[0].line, failure.waiting[1].line + 5, "the second lock of each");
    assert_eq!(failure.threads, ["main", "other"]);
    assert!(failure.token.is_none() && failure.steps.is_empty());
}

#[test]
fn locking_what_the_thread_holds_is_a_deadlock() {
    fails(Deadlock, "main in lock of mutex#1 (held by main)", || {
        let mutex = Mutex::new(());
        let _first = mutex.lock().unwrap();
        let _second = mutex.lock().unwrap();
    });
    fails(Deadlock, "main in write of rwlock#1 (held by main)", || {
        let lock = RwLock::new(());
        let _first = lock.read().unwrap();
        let _second = lock.write().unwrap();
    });
    fails(Deadlock, "main in read of rwlock#1 (held by main)", || {
        let lock = RwLock::new(());
        let _first = lock.try_write().unwrap();
        let _second = lock.read().unwrap();
    });
}

#[test]
fn mu6_reading_again_while_a_writer_waits_is_a_deadlock_as_with_stds_lock() {
    fails(Deadlock, "t1 in write of rwlock#1 (held by main)", || {
        let lock = Arc::new(RwLock::new(0));
        let _first = lock.read().unwrap();
        let theirs = Arc::clone(&lock);
        let writer = thread::spawn(move || *theirs.write().unwrap() += 1);
        // Sooner or later the writer waits, and this is the last read.
        loop {
            drop(lock.read().unwrap());
            thread::yield_now();
            assert!(!writer.is_finished());
        }
    });
}

#[test]
fn a_condvar_that_nobody_notifies_is_a_deadlock() {
    let verdict = fails(Deadlock, "main in wait of condvar#2 at tests/stress/stuck.rs", || {
        let (mutex, condvar) = (Mutex::new(()), Condvar::new());
        let guard = mutex.lock().unwrap();
        condvar.notify_all();
        drop(condvar.wait(guard));
    });
    assert_eq!(verdict.failure.unwrap().waiting[0].held_by, None);
}

#[test]
fn a_notification_wakes_one_and_those_that_are_left_are_a_deadlock() {
    let verdict = fails(Deadlock, "every thread waits", || {
        let shared = Arc::new((Mutex::new(0), Condvar::new()));
        let waiters: Vec<_> = (0..3)
            .map(|_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    let mut waiting = shared.0.lock().unwrap();
                    *waiting += 1;
                    drop(shared.1.wait(waiting).unwrap());
                })
            })
            .collect();
        while *shared.0.lock().unwrap() < 3 {
            thread::yield_now();
        }
        shared.1.notify_one();
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
    });
    let waiting = verdict.failure.unwrap().waiting;
    assert_eq!(waiting.iter().filter(|w| w.operation == Kind::Wait).count(), 2, "{waiting:?}");
}

#[test]
fn a_park_that_nobody_unparks_is_a_deadlock() {
    fails(Deadlock, "main in park of thread#0", thread::park);
    fails(Deadlock, "main in park", || {
        thread::current().unpark();
        thread::current().unpark();
        thread::park();
        thread::park();
    });
}

#[test]
fn two_threads_that_join_each_other_are_a_deadlock() {
    let verdict = fails(Deadlock, "every thread waits", || {
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
    });
    let waiting = verdict.failure.unwrap().waiting;
    let kinds: Vec<_> = waiting.iter().map(|w| (w.operation, w.object.unwrap().number)).collect();
    assert_eq!(kinds, [(Kind::Park, 0), (Kind::Join, 2), (Kind::Join, 1)]);
}

#[test]
fn a_scope_whose_threads_wait_is_a_deadlock() {
    let verdict = fails(Deadlock, "main in join of thread#2", || {
        thread::scope(|s| {
            s.spawn(|| s.spawn(thread::park));
        });
    });
    assert_eq!(verdict.failure.unwrap().waiting.len(), 2, "thread 1 has ended");
}

#[test]
fn a_thread_that_is_blocked_when_main_has_returned_is_a_leak() {
    let verdict =
        fails(Leak, "main returned, and what it left behind is blocked for ever: left behind in park", || {
            drop(thread::Builder::new().name("left behind".into()).spawn(thread::park));
        });
    assert_eq!(verdict.failure.unwrap().waiting.len(), 1, "main waits for nothing");
}

#[test]
fn a_guard_that_is_forgotten_is_a_leak_unless_its_lock_is_dropped() {
    fails(Leak, "main ended while it owns mutex#1 (made at tests/stress/stuck.rs:", || {
        let mutex = Arc::new(Mutex::new(()));
        std::mem::forget(mutex.lock().unwrap());
        std::mem::forget(mutex);
    });
    fails(Leak, "t1 ended while it owns rwlock#1", || {
        let lock = Arc::new(RwLock::new(()));
        let theirs = Arc::clone(&lock);
        thread::spawn(move || std::mem::forget(theirs.read().unwrap())).join().unwrap();
    });
    passes(20, || {
        let (mutex, lock) = (Mutex::new(()), RwLock::new(()));
        std::mem::forget(mutex.lock().unwrap());
        std::mem::forget(lock.try_read().unwrap());
        let elsewhere = (lock, mutex);
        thread::spawn(move || drop(elsewhere)).join().unwrap();
    });
}

#[test]
fn a_panic_that_nobody_asks_for_is_a_failure() {
    let verdict = fails(Panic, "the ship sank at 7", || {
        let depth = 7;
        panic!("the ship sank at {depth}");
    });
    assert_eq!(verdict.failure.unwrap().threads, ["main"]);
    fails(Panic, "detached", || drop(thread::spawn(|| panic!("detached"))));
    fails(Panic, "unjoined", || std::mem::forget(thread::spawn(|| panic!("unjoined"))));
    fails(Panic, "late", || {
        let handle = thread::spawn(|| panic!("late"));
        while !handle.is_finished() {
            thread::yield_now();
        }
        drop(handle);
    });
    fails(Panic, "payload is not text", || std::panic::panic_any(17));
    fails(Panic, "a scoped thread panicked", || {
        thread::scope(|s| {
            s.spawn(|| panic!("in the scope"));
        });
    });
}

#[test]
fn a_panic_that_somebody_asks_for_is_none() {
    passes(20, || {
        let payload = thread::spawn(|| -> () { panic!("returned") }).join().unwrap_err();
        assert_eq!(*payload.downcast::<&str>().unwrap(), "returned");
        thread::scope(|s| assert!(s.spawn(|| panic!("returned too")).join().is_err()));
        assert!(catch_unwind(|| panic!("caught")).is_err());
        assert!(!thread::panicking());
    });
}

#[test]
fn what_panics_in_a_run_prints_nothing() {
    let program = std::env::current_exe().expect("this test");
    let output = std::process::Command::new(program)
        .args(["stuck::a_panic_that_", "--nocapture"])
        .env_remove("RUST_BACKTRACE")
        .output()
        .expect("this test runs again");
    assert!(String::from_utf8_lossy(&output.stdout).contains("2 passed"));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_panic_is_reported_although_the_rest_is_then_stuck() {
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
    fails(Panic, "main gives up", || {
        let _handle = thread::spawn(thread::park);
        panic!("main gives up");
    });
}
