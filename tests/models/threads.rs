//! Threads mean what std says they mean, in every world: park tokens, scopes, names, identities, thread-locals.

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
};

use crate::common::*;
use raddle::{
    Check, Error,
    FailureKind::{Deadlock, Panic},
    Strategy, World,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::*},
    },
    thread,
};

#[test]
fn an_unpark_before_park_does_not_block() {
    passes(|| {
        thread::current().unpark();
        thread::park();
        let other = thread::spawn(thread::park);
        other.thread().unpark();
        other.join().unwrap();
    });
}

#[test]
fn tokens_do_not_add_up() {
    fails(Deadlock, "main in park", || {
        thread::current().unpark();
        thread::current().unpark();
        thread::park();
        thread::park();
    });
}

#[test]
fn an_unpark_does_not_end_a_wait_and_its_token_is_kept() {
    passes(|| {
        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let theirs = Arc::clone(&pair);
        let other = thread::spawn(move || {
            let ready = theirs.0.lock().unwrap();
            if !*ready {
                assert!(*theirs.1.wait(ready).unwrap(), "the park token has ended a wait");
            } else {
                drop(ready);
            }
            thread::park();
        });
        other.thread().unpark();
        *pair.0.lock().unwrap() = true;
        pair.1.notify_all();
        other.join().unwrap();
    });
}

#[test]
fn a_notification_does_not_end_a_park() {
    passes(|| {
        let pair = Arc::new((Mutex::new(()), Condvar::new(), AtomicBool::new(false)));
        let theirs = Arc::clone(&pair);
        let other = thread::spawn(move || {
            thread::park();
            assert!(theirs.2.load(Acquire), "a notification has ended a park");
        });
        pair.1.notify_all();
        drop(pair.0.lock().unwrap());
        pair.1.notify_one();
        pair.2.store(true, Release);
        other.thread().unpark();
        other.join().unwrap();
    });
}

#[test]
fn is_finished_answers_both_ways_before_the_join() {
    explores([false, true], || {
        let other = thread::spawn(|| {});
        let finished = other.is_finished();
        other.join().unwrap();
        finished
    });
    explores([false, true], || {
        thread::scope(|s| {
            let other = s.spawn(|| {});
            other.is_finished()
        })
    });
}

#[test]
fn a_scope_borrows_and_its_result_is_returned() {
    passes(|| {
        let mut numbers = [1, 2, 3];
        let total = AtomicUsize::new(0);
        let sum = thread::scope(|s| {
            let (left, right) = numbers.split_at_mut(1);
            let one = s.spawn(|| {
                left[0] *= 10;
                total.fetch_add(left[0], Relaxed);
                left.len()
            });
            right[1] *= 10;
            total.fetch_add(right[1], Relaxed);
            one.join().unwrap() + right.len()
        });
        assert_eq!((sum, total.into_inner(), numbers), (3, 40, [10, 2, 30]));
    });
}

#[test]
fn a_scope_waits_for_threads_that_its_threads_have_spawned() {
    passes(|| {
        let total = AtomicUsize::new(0);
        thread::scope(|s| {
            s.spawn(|| {
                s.spawn(|| total.fetch_add(2, Relaxed));
                total.fetch_add(1, Relaxed);
            });
        });
        assert_eq!(total.load(Relaxed), 3);
    });
}

#[test]
fn scopes_nest() {
    passes(|| {
        let total = AtomicUsize::new(0);
        thread::scope(|s| {
            s.spawn(|| {
                thread::scope(|inner| drop(inner.spawn(|| total.fetch_add(1, Relaxed))));
                assert_eq!(total.load(Relaxed), 1);
            });
        });
        assert_eq!(total.load(Relaxed), 1);
    });
}

#[test]
fn a_panic_of_a_scoped_thread_that_nobody_joins_is_a_panic_of_the_scope() {
    fails(Panic, "a scoped thread panicked (t1: inside)", || {
        thread::scope(|s| {
            s.spawn(|| panic!("inside"));
        });
    });
    passes(|| {
        let caught = std::panic::catch_unwind(|| {
            thread::scope(|s| {
                s.spawn(|| panic!("inside"));
            });
        });
        assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "a scoped thread panicked");
    });
}

#[test]
fn a_panic_of_a_scoped_thread_that_is_joined_is_an_error() {
    passes(|| {
        let payload = thread::scope(|s| s.spawn(|| -> () { panic!("inside") }).join().unwrap_err());
        assert_eq!(*payload.downcast::<&str>().unwrap(), "inside");
    });
}

#[test]
fn a_panic_in_a_scope_waits_for_its_threads_and_goes_on() {
    passes(|| {
        let total = AtomicUsize::new(0);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            thread::scope(|s| {
                s.spawn(|| total.fetch_add(1, Relaxed));
                panic!("of the scope itself");
            })
        }));
        assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "of the scope itself");
        assert_eq!(total.load(Relaxed), 1);
    });
}

#[test]
fn a_thread_has_the_name_that_its_builder_gave_it() {
    passes(|| {
        assert_eq!(thread::current().name(), Some("main"));
        let named = thread::Builder::new().name("named".into()).stack_size(64 * 1024);
        let named = named.spawn(|| assert_eq!(thread::current().name(), Some("named"))).unwrap();
        assert_eq!(named.thread().name(), Some("named"));
        named.join().unwrap();
        let unnamed = thread::spawn(|| assert_eq!(thread::current().name(), None));
        assert_eq!(unnamed.thread().name(), None);
        unnamed.join().unwrap();
        thread::scope(|s| {
            let scoped = thread::Builder::new().name("scoped".into());
            scoped.spawn_scoped(s, || assert_eq!(thread::current().name(), Some("scoped"))).unwrap();
        });
    });
}

#[test]
fn a_report_calls_threads_by_their_names() {
    for verdict in fails(Panic, "told", || {
        thread::Builder::new().name("named".into()).spawn(|| {}).unwrap().join().unwrap();
        thread::spawn(|| {}).join().unwrap();
        panic!("told");
    }) {
        assert_eq!(verdict.failure.as_ref().unwrap().threads, ["main", "named", "t2"]);
        let shown = raddle::render(&verdict);
        assert!(shown.contains("named") && shown.contains("t2"), "{shown}");
    }
}

#[test]
fn a_name_with_a_null_byte_panics_as_std_does() {
    passes(|| {
        let caught = std::panic::catch_unwind(|| drop(thread::Builder::new().name("a\0b".into()).spawn(|| {})));
        assert!(caught.is_err());
    });
}

#[test]
fn every_thread_of_every_execution_has_an_identity_of_its_own() {
    for strategy in strategies() {
        let seen = std::sync::Arc::new(std::sync::Mutex::new(HashSet::new()));
        let verdict = passes_with(strategy, {
            let seen = std::sync::Arc::clone(&seen);
            move || {
                let me = thread::current().id();
                assert_eq!(me, thread::current().id());
                let other = thread::spawn(|| thread::current().id());
                let claimed = other.thread().id();
                let theirs = other.join().unwrap();
                assert_eq!(claimed, theirs);
                assert_ne!(me, theirs);
                seen.lock().unwrap().extend([me, theirs]);
            }
        });
        let restarts_included = seen.lock().unwrap().len() as u64;
        assert!(restarts_included >= 2 * verdict.executions, "{strategy}: {restarts_included}");
    }
}

raddle::thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(7) };
    static LIST: RefCell<Vec<usize>> = RefCell::new(vec![COUNT.get()]);
}

#[test]
fn each_thread_of_each_execution_has_a_thread_local_of_its_own() {
    passes(|| {
        assert_eq!(COUNT.get(), 7);
        COUNT.set(8);
        let other = thread::spawn(|| {
            assert_eq!((COUNT.replace(1), COUNT.take(), COUNT.get()), (7, 1, 0));
            LIST.with_borrow_mut(|list| list.push(5));
            assert_eq!(LIST.take(), [0, 5]);
        });
        assert_eq!(LIST.with_borrow(Vec::clone), [8]);
        other.join().unwrap();
        LIST.set(vec![1, 2]);
        assert_eq!((COUNT.get(), LIST.replace(vec![])), (8, vec![1, 2]));
    });
}

raddle::thread_local! {
    static NEVER: Cell<usize> = panic!("it is set before it is read");
    static NEVER_EITHER: RefCell<Vec<usize>> = panic!("it is set before it is read");
}

#[test]
fn a_thread_local_that_is_set_first_is_not_initialised() {
    let sets = || {
        NEVER.set(3);
        NEVER_EITHER.set(vec![4]);
        assert_eq!((NEVER.get(), NEVER_EITHER.take()), (3, vec![4]));
    };
    if World::compiled().contains(&World::Std) {
        sets();
    }
    passes(move || {
        sets();
        thread::spawn(sets).join().unwrap();
        sets();
    });
}

/// Counts its drops, in the model's own memory.
struct Counts(Arc<AtomicUsize>);

impl Drop for Counts {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

raddle::thread_local! {
    static DROPPED: RefCell<Option<Counts>> = const { RefCell::new(None) };
}

#[test]
fn a_thread_local_is_dropped_when_its_thread_ends() {
    passes(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let theirs = Arc::clone(&drops);
        let other = thread::spawn(move || {
            DROPPED.set(Some(Counts(Arc::clone(&theirs))));
            assert_eq!(theirs.load(SeqCst), 0);
        });
        other.join().unwrap();
        assert_eq!(drops.load(SeqCst), 1);
        let theirs = Arc::clone(&drops);
        let panics = thread::spawn(move || {
            DROPPED.set(Some(Counts(theirs)));
            panic!("its thread-locals are dropped too");
        });
        assert!(panics.join().is_err());
        assert_eq!(drops.load(SeqCst), 2);
    });
}

#[test]
fn a_thread_local_is_gone_while_it_is_dropped_and_others_are_not() {
    thread_local! {
        static ANSWERS: Cell<Option<(bool, usize)>> = const { Cell::new(None) };
    }
    struct Asks;
    impl Drop for Asks {
        fn drop(&mut self) {
            ANSWERS.set(Some((ASKS.try_with(|_| ()).is_err(), COUNT.get())));
        }
    }
    raddle::thread_local! {
        static ASKS: Asks = const { Asks };
    }
    passes(|| {
        ANSWERS.set(None);
        assert!(ASKS.try_with(|_| ()).is_ok());
        thread::spawn(|| ASKS.with(|_| ())).join().unwrap();
        // std's own thread-local: all threads of a model share an OS thread.
        assert_eq!(ANSWERS.take(), Some((true, 7)));
    });
}

#[test]
fn a_panic_in_a_thread_locals_destructor_is_a_panic() {
    struct Unlucky;
    impl Drop for Unlucky {
        fn drop(&mut self) {
            panic!("no luck");
        }
    }
    raddle::thread_local! {
        static UNLUCKY: Unlucky = const { Unlucky };
    }
    fails(Panic, "a thread-local's destructor panicked: no luck", || {
        thread::spawn(|| UNLUCKY.with(|_| ())).join().unwrap();
    });
}

#[test]
fn a_destructor_knows_whether_its_thread_panics() {
    struct Notes(Arc<Mutex<Vec<bool>>>);
    impl Drop for Notes {
        fn drop(&mut self) {
            self.0.lock().unwrap().push(thread::panicking());
        }
    }
    passes(|| {
        let notes = Arc::new(Mutex::new(Vec::new()));
        let theirs = Notes(Arc::clone(&notes));
        let other = thread::spawn(move || {
            let _theirs = theirs;
            panic!("the first note is true");
        });
        assert!(other.join().is_err());
        drop(Notes(Arc::clone(&notes)));
        assert_eq!(*notes.lock().unwrap(), [true, false]);
    });
}

#[test]
fn a_sixth_thread_is_an_error_in_loom_and_none_elsewhere() {
    fn model() {
        let handles: Vec<_> = (0..5).map(|_| thread::spawn(|| {})).collect();
        handles.into_iter().for_each(|handle| handle.join().unwrap());
    }
    for strategy in compiled(&[Strategy::Exhaustive, Strategy::Preemptions(2), Strategy::Random, Strategy::Dfs]) {
        let verdict = Check::new("model").strategy(strategy).schedules(5).run(model);
        if strategy.world() == World::Loom {
            let Err(Error::TooLarge(why)) = verdict else { panic!("{verdict:?}") };
            for part in ["thread::spawn at tests/models/threads.rs:", "at most 5 threads", "the shuttle world"] {
                assert!(why.contains(part), "{why}");
            }
        } else {
            assert!(verdict.unwrap().passed());
        }
    }
}
