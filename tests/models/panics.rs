//! What a failing execution tells of its panics: each that ended a thread, or was under way, with its place.

use std::panic::{catch_unwind, resume_unwind};

use crate::common::*;
use raddle::{
    FailureKind::{Deadlock, Leak, Livelock, Panic},
    Verdict, hint,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering::*},
    },
    thread,
};

/// The panics that a failure tells: threads and messages. Each has its place in this file.
#[track_caller]
fn told(verdict: &Verdict) -> Vec<(&str, &str)> {
    let panics = &verdict.failure.as_ref().expect("it fails").panics;
    let shown = raddle::render(verdict);
    for panic in panics {
        assert!(panic.file.ends_with("panics.rs") && panic.line > 0, "{shown}");
        assert!(shown.contains(&format!("  {} at {}:{}: {}", panic.thread, panic.file, panic.line, panic.message)));
    }
    assert_eq!(shown.contains("\nPanics:\n"), !panics.is_empty());
    panics.iter().map(|panic| (panic.thread.as_str(), panic.message.as_str())).collect()
}

#[test]
fn the_panic_that_fails_an_execution_is_told_with_its_place() {
    for verdict in fails(Panic, "no luck", || panic!("no luck")) {
        assert_eq!(told(&verdict), [("main", "no luck")]);
        assert_eq!(verdict.failure.unwrap().panics[0].line, line!() - 2);
    }
}

#[test]
fn a_scoped_thread_tells_why_it_panicked() {
    let inner = "assertion `left == right` failed: the inner reason\n  left: 1\n right: 2";
    let message = format!("a scoped thread panicked (t1: {inner})");
    for verdict in fails(Panic, &message, || {
        thread::scope(|s| drop(s.spawn(|| assert_eq!(1, 2, "the inner reason"))));
    }) {
        assert_eq!(told(&verdict), [("t1", inner), ("main", "a scoped thread panicked")]);
    }
}

#[test]
fn a_thread_whose_join_is_unwrapped_tells_why_it_panicked() {
    let unwrapped = "called `Result::unwrap()` on an `Err` value: Any { .. }";
    let message = format!("{unwrapped} (inner: the inner reason)");
    for verdict in fails(Panic, &message, || {
        let inner = thread::Builder::new().name("inner".into()).spawn(|| -> () { panic!("the inner reason") }).unwrap();
        thread::spawn(|| inner.join().unwrap()).join().unwrap();
    }) {
        assert_eq!(told(&verdict), [("inner", "the inner reason"), ("t2", unwrapped), ("main", unwrapped)]);
    }
}

#[test]
fn a_panic_that_goes_on_in_another_thread_is_told_of_both() {
    for verdict in fails(Panic, "the inner reason", || {
        let Err(payload) = thread::spawn(|| panic!("the inner reason")).join();
        resume_unwind(payload);
    }) {
        let panics = &verdict.failure.as_ref().unwrap().panics;
        let places: Vec<_> = panics.iter().map(|panic| (panic.thread.as_str(), panic.file.as_str())).collect();
        assert!(matches!(places[..], [("t1", file), ("main", "unknown")] if file.ends_with("panics.rs")), "{places:?}");
    }
}

#[test]
fn a_panic_that_is_caught_in_a_thread_is_not_told_and_one_that_join_returned_is() {
    for verdict in fails(Deadlock, "main in park", || {
        assert!(catch_unwind(|| panic!("caught")).is_err());
        assert!(catch_unwind(|| thread::scope(|_| panic!("caught outside its scope"))).is_err());
        assert!(thread::spawn(|| panic!("joined")).join().is_err());
        thread::park();
    }) {
        assert_eq!(told(&verdict), [("t1", "joined")]);
    }
}

/// Parks when it is dropped, with or without another panic before that.
struct Parks(bool);

impl Drop for Parks {
    fn drop(&mut self) {
        assert_eq!(catch_unwind(|| assert!(!self.0, "caught on the way")).is_err(), self.0);
        thread::park();
    }
}

#[test]
fn a_panic_that_is_under_way_is_told() {
    for verdict in fails(Deadlock, "main in park", || {
        let _parks = Parks(false);
        panic!("under way");
    }) {
        assert_eq!(told(&verdict), [("main", "under way")]);
    }
    // It is known again where it ends its thread, whatever came in between.
    for verdict in fails(Panic, "under way", || {
        thread::current().unpark();
        let _parks = Parks(true);
        panic!("under way");
    }) {
        assert_eq!(told(&verdict), [("main", "under way")]);
    }
}

#[test]
fn panics_that_cross_each_other_keep_their_places() {
    struct Unparks(thread::Thread);
    impl Drop for Unparks {
        fn drop(&mut self) {
            self.0.unpark();
            thread::park();
        }
    }
    for verdict in fails(Panic, "one", || {
        let unparks = Unparks(thread::current());
        let one = thread::spawn(move || {
            let _unparks = unparks;
            panic!("one");
        });
        thread::park();
        let two = thread::spawn(|| panic!("two"));
        assert!(two.join().is_err());
        one.thread().unpark();
        drop(one);
    }) {
        assert_eq!(told(&verdict), [("t2", "two"), ("t1", "one")]);
    }
}

#[test]
fn a_scope_that_panics_while_its_thread_waits_for_ever_is_a_panic() {
    for verdict in fails(Panic, "the inner reason", || {
        let (ready, condvar) = (Mutex::new(false), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| drop(condvar.wait_while(ready.lock().unwrap(), |ready| !*ready)));
            panic!("the inner reason");
        });
    }) {
        assert_eq!(told(&verdict), [("main", "the inner reason")]);
    }
    for verdict in fails(Panic, "the inner reason", || {
        let ready = AtomicBool::new(false);
        thread::spawn(move || {
            thread::scope(|s| {
                s.spawn(|| {
                    while !ready.load(Acquire) {
                        hint::spin_loop();
                    }
                });
                panic!("the inner reason");
            });
        })
        .join()
        .unwrap();
    }) {
        assert_eq!(told(&verdict), [("t1", "the inner reason")]);
    }
}

#[test]
fn a_scoped_thread_that_panics_before_it_notifies_is_a_panic() {
    for verdict in fails(Panic, "the inner reason", || {
        let (ready, condvar) = (Mutex::new(false), Condvar::new());
        thread::scope(|s| {
            s.spawn(|| {
                panic!("the inner reason");
                #[expect(unreachable_code, reason = "the bug")]
                {
                    *ready.lock().unwrap() = true;
                    condvar.notify_all();
                }
            });
            drop(condvar.wait_while(ready.lock().unwrap(), |ready| !*ready));
        });
    }) {
        assert_eq!(told(&verdict), [("t1", "the inner reason")]);
        assert_eq!(verdict.failure.unwrap().waiting.len(), 1);
    }
}

#[test]
fn a_panic_that_was_answered_does_not_hide_what_comes_later() {
    fails(Deadlock, "main in park", || {
        assert!(thread::spawn(|| panic!("answered")).join().is_err());
        thread::park();
    });
    fails(Leak, "main returned", || {
        assert!(thread::scope(|s| s.spawn(|| panic!("answered")).join()).is_err());
        drop(thread::spawn(thread::park));
    });
    fails(Livelock, "nobody is left to make", || {
        assert!(thread::spawn(|| panic!("answered")).join().is_err());
        let flag = Arc::new(AtomicBool::new(false));
        while !flag.load(Acquire) {
            hint::spin_loop();
        }
    });
}
