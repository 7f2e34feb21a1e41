//! Runs on real threads end: a run whose threads all wait has failed, says who waits for what, and leaves nothing behind.
//! A run that can go on is never stopped.
#![cfg(all(raddle_model, not(any(loom, shuttle))))]

mod common;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc as StdArc,
        atomic::{AtomicUsize as StdUsize, Ordering::SeqCst},
        mpsc,
    },
    time::Duration,
};

use common::expect;
use raddle::{
    Check, Coverage, FailureKind,
    FailureKind::{Deadlock, Leak, Panic},
    Kind, Limit, ObjectKind, Verdict, World,
    sync::{
        Arc, Condvar, Mutex, RwLock,
        atomic::{AtomicBool, AtomicUsize},
    },
    thread,
};

/// So many runs, which must have ended long before a minute has passed.
#[track_caller]
fn stress(runs: u64, model: impl Fn() + Send + Sync + 'static) -> Verdict {
    let (sender, receiver) = mpsc::channel();
    let check = Check::new("model").world(World::Std).schedules(runs);
    std::thread::spawn(move || drop(sender.send(check.run(model))));
    let verdict = receiver.recv_timeout(Duration::from_secs(100)).expect("every run ends");
    verdict.expect("the model can be checked")
}

/// Every run fails so.
#[track_caller]
fn fails(kind: FailureKind, message: &str, model: impl Fn() + Send + Sync + 'static) -> Verdict {
    let verdict = stress(20, model);
    expect(&verdict, kind, message);
    assert_eq!((verdict.failures, verdict.executions), (20, 20));
    assert_eq!(verdict.coverage, Coverage::Sampled { schedules: 20 });
    verdict
}

/// No run fails.
#[track_caller]
fn passes(runs: u64, model: impl Fn() + Send + Sync + 'static) {
    let verdict = stress(runs, model);
    assert!(verdict.passed(), "{}", raddle::render(&verdict));
    assert_eq!((verdict.executions, verdict.coverage), (runs, Coverage::Sampled { schedules: runs }));
}

/// Waits busily until so many threads have come here.
fn meet(here: &AtomicUsize, threads: usize) {
    here.fetch_add(1, SeqCst);
    while here.load(SeqCst) < threads {
        thread::yield_now();
    }
}

/// Two threads, each of which owns what the other waits for.
fn embrace(locks: &Arc<(Mutex<()>, Mutex<()>)>) {
    let met = Arc::new(AtomicUsize::new(0));
    let (theirs, there) = (Arc::clone(locks), Arc::clone(&met));
    let other = thread::Builder::new().name("other".into()).spawn(move || {
        let _b = theirs.1.lock().unwrap();
        meet(&there, 2);
        let _a = theirs.0.lock().unwrap();
    });
    {
        let _a = locks.0.lock().unwrap();
        meet(&met, 2);
        let _b = locks.1.lock().unwrap();
    }
    other.unwrap().join().unwrap();
}

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
    assert!(failure.waiting.iter().all(|w| w.file.ends_with("stress.rs")));
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
fn reading_again_while_a_writer_waits_is_a_deadlock_as_with_stds_lock() {
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
    let verdict = fails(Deadlock, "main in wait of condvar#2 at tests/stress.rs", || {
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
    let verdict = fails(Leak, "main returned, and what it left behind is blocked for ever: left behind in park", || {
        drop(thread::Builder::new().name("left behind".into()).spawn(thread::park));
    });
    assert_eq!(verdict.failure.unwrap().waiting.len(), 1, "main waits for nothing");
}

#[test]
fn a_guard_that_is_forgotten_is_a_leak_unless_its_lock_is_dropped() {
    fails(Leak, "main ended while it owns mutex#1 (made at tests/stress.rs:", || {
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

#[test]
fn a_failure_ends_busy_waits_and_sleeps() {
    let pauses = [thread::yield_now, raddle::hint::spin_loop, || thread::sleep(Duration::from_secs(1_000))];
    for pause in pauses {
        fails(Panic, "nobody sets it", move || {
            drop(thread::spawn(|| panic!("nobody sets it")));
            let flag = AtomicBool::new(false);
            while !flag.load(SeqCst) {
                pause();
            }
        });
    }
}

#[test]
fn a_thread_that_sleeps_or_computes_is_not_blocked() {
    passes(20, || {
        let main = thread::current();
        let sleeper = thread::spawn(move || {
            thread::sleep(Duration::from_millis(5));
            main.unpark();
        });
        thread::park();
        sleeper.join().unwrap();
        let (mutex, set) = (Mutex::new(()), AtomicBool::new(false));
        thread::scope(|s| {
            let guard = mutex.lock().unwrap();
            s.spawn(|| drop(mutex.lock().unwrap()));
            s.spawn(|| {
                (0..100_000).for_each(|n| _ = std::hint::black_box(n));
                set.store(true, SeqCst);
            });
            while !set.load(SeqCst) {}
            drop(guard);
        });
    });
}

#[test]
fn a_blocked_thread_is_a_leak_only_once_the_rest_has_come_to_rest() {
    passes(200, || {
        let sleeper = thread::spawn(thread::park).thread().clone();
        drop(thread::spawn(move || sleeper.unpark()));
    });
    passes(20, || {
        let sleeper = thread::spawn(thread::park).thread().clone();
        drop(thread::spawn(move || {
            thread::sleep(Duration::from_millis(5));
            sleeper.unpark();
        }));
    });
}

/// In its destructor, unparks a thread.
struct Wakes(Option<thread::Thread>);

impl Drop for Wakes {
    fn drop(&mut self) {
        thread::sleep(Duration::from_millis(1));
        self.0.take().unwrap().unpark();
    }
}

raddle::thread_local! {
    static FIRST: std::cell::RefCell<Option<Wakes>> = const { std::cell::RefCell::new(None) };
    static SECOND: std::cell::RefCell<Option<Wakes>> = const { std::cell::RefCell::new(None) };
}

#[test]
fn a_destructor_that_runs_when_its_thread_has_returned_may_still_wake_others() {
    passes(50, || {
        let main = thread::current();
        let locals = main.clone();
        drop(thread::spawn(move || {
            FIRST.with_borrow_mut(|first| *first = Some(Wakes(Some(locals.clone()))));
            SECOND.with_borrow_mut(|second| *second = Some(Wakes(Some(locals))));
        }));
        thread::park();
        let result = thread::spawn(move || Wakes(Some(main)));
        drop(result);
        thread::park();
    });
}

mod traffic {
    //! Programs that block all the time, and never for ever.

    use super::*;

    pub fn mutex() {
        let mutex = Mutex::new(0);
        thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    for _ in 0..20 {
                        let mut total = mutex.lock().unwrap();
                        thread::yield_now();
                        *total += 1;
                    }
                });
            }
        });
        assert_eq!(mutex.into_inner().unwrap(), 80);
    }

    pub fn hand_off() {
        let shared = Arc::new((Mutex::new(0), Condvar::new()));
        let threads: Vec<_> = (0..3)
            .map(|me| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    for round in 0..10 {
                        let mut turn = shared.0.lock().unwrap();
                        while *turn != round * 3 + me {
                            turn = shared.1.wait(turn).unwrap();
                        }
                        *turn += 1;
                        shared.1.notify_all();
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }

    /// A buffer of one, with a condition variable for each side, and no notification more than needed.
    pub fn notify_one() {
        let shared = Arc::new((Mutex::new(None), Condvar::new(), Condvar::new()));
        let producers: Vec<_> = (0..2)
            .map(|_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    for n in 1..=10 {
                        let mut slot = shared.1.wait_while(shared.0.lock().unwrap(), |slot| slot.is_some()).unwrap();
                        *slot = Some(n);
                        drop(slot);
                        shared.2.notify_one();
                    }
                })
            })
            .collect();
        let mut sum = 0;
        for _ in 0..20 {
            let mut slot = shared.2.wait_while(shared.0.lock().unwrap(), |slot| slot.is_none()).unwrap();
            sum += slot.take().unwrap();
            shared.1.notify_one();
        }
        producers.into_iter().for_each(|producer| producer.join().unwrap());
        assert_eq!(sum, 110);
    }

    pub fn rwlock() {
        let lock = RwLock::new(0);
        thread::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| (0..10).for_each(|_| *lock.write().unwrap() += 1));
                s.spawn(|| {
                    let mut last = 0;
                    while last < 20 {
                        let now = *lock.read().unwrap();
                        assert!(now >= last);
                        last = now;
                    }
                });
            }
        });
    }

    pub fn park() {
        let main = thread::current();
        let ball = Arc::new(AtomicUsize::new(0));
        let theirs = Arc::clone(&ball);
        let other = thread::spawn(move || {
            for n in 0..20 {
                while theirs.load(SeqCst) != 2 * n + 1 {
                    thread::park();
                }
                theirs.fetch_add(1, SeqCst);
                main.unpark();
            }
        });
        for n in 0..20 {
            ball.fetch_add(1, SeqCst);
            other.thread().unpark();
            while ball.load(SeqCst) != 2 * n + 2 {
                thread::park();
            }
        }
        other.join().unwrap();
    }

    pub fn spawns() {
        let total = Arc::new(Mutex::new(0));
        fn tree(depth: usize, total: &Arc<Mutex<usize>>) {
            let children: Vec<_> = (0..2 * usize::from(depth > 0))
                .map(|_| {
                    let total = Arc::clone(total);
                    thread::spawn(move || tree(depth - 1, &total))
                })
                .collect();
            *total.lock().unwrap() += 1;
            children.into_iter().for_each(|child| child.join().unwrap());
        }
        tree(2, &total);
        assert_eq!(*total.lock().unwrap(), 7);
        thread::scope(|s| {
            let inner = s.spawn(|| s.spawn(|| thread::scope(|s| s.spawn(|| 7).join().unwrap())));
            assert_eq!(inner.join().unwrap().join().unwrap(), 7);
        });
    }
}

#[test]
fn what_blocks_and_goes_on_is_never_taken_for_stuck() {
    let programs: [fn(); 6] = [
        traffic::mutex,
        traffic::hand_off,
        traffic::notify_one,
        traffic::rwlock,
        traffic::park,
        traffic::spawns,
    ];
    for program in programs {
        passes(1_000, program);
    }
}

/// Counts those that exist.
struct Counted(StdArc<StdUsize>);

impl Counted {
    fn new(count: &StdArc<StdUsize>) -> Counted {
        count.fetch_add(1, SeqCst);
        Counted(StdArc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

#[test]
fn every_destructor_runs_and_locks_that_outlive_a_run_are_free_and_sound() {
    let count = StdArc::new(StdUsize::new(0));
    let locks: Arc<(Mutex<()>, Mutex<()>)> = Arc::default();
    let (counted, captured) = (StdArc::clone(&count), Arc::clone(&locks));
    fails(Deadlock, "every thread waits", move || {
        assert_eq!(counted.load(SeqCst), 0, "left from the run before");
        let here = Counted::new(&counted);
        let there = Counted::new(&counted);
        drop(thread::spawn(move || {
            let _there = there;
            thread::park();
        }));
        embrace(&captured);
        drop(here);
    });
    assert_eq!(count.load(SeqCst), 0);
    // Not even poisoned: it is not the program that has panicked.
    drop((locks.0.lock().unwrap(), locks.1.lock().unwrap()));
}

#[test]
fn a_run_after_one_that_failed_is_clean_and_failures_are_counted() {
    let runs = StdUsize::new(0);
    let shared = Arc::new((Mutex::new(0), Condvar::new(), RwLock::new(0)));
    let verdict = stress(90, move || {
        let run = runs.fetch_add(1, SeqCst);
        let theirs = Arc::clone(&shared);
        let other = thread::spawn(move || {
            let mut total = theirs.0.lock().unwrap();
            *total += 1;
            *theirs.2.write().unwrap() += 1;
            if run % 3 > 0 {
                theirs.1.notify_all();
            }
        });
        let mut total = shared.0.lock().unwrap();
        while *total == run {
            total = shared.1.wait(total).unwrap();
        }
        drop(total);
        other.join().unwrap();
        assert_eq!((*shared.0.lock().unwrap(), *shared.2.read().unwrap()), (run + 1, run + 1));
        // Whether it was notified or came late.
        if run % 3 == 0 {
            thread::park();
        }
    });
    expect(&verdict, Deadlock, "every thread waits: main in ");
    assert_eq!((verdict.failures, verdict.executions), (30, 90));
}

#[test]
fn what_scoped_threads_borrow_outlives_them_however_the_run_ends() {
    fails(Deadlock, "every thread waits", || {
        let mut kept = vec![7; 1_000];
        let alive = AtomicUsize::new(0);
        struct Reads<'a>(&'a [i32], &'a AtomicUsize);
        impl Drop for Reads<'_> {
            fn drop(&mut self) {
                std::thread::sleep(Duration::from_millis(1));
                assert!(self.0.iter().all(|n| *n == 7));
                self.1.fetch_sub(1, SeqCst);
            }
        }
        let result = catch_unwind(AssertUnwindSafe(|| {
            thread::scope(|s| {
                for _ in 0..2 {
                    alive.fetch_add(1, SeqCst);
                    let reads = Reads(&kept, &alive);
                    s.spawn(|| {
                        let _reads = reads;
                        thread::park();
                    });
                }
                thread::park();
            });
        }));
        assert_eq!(alive.load(SeqCst), 0, "the scope has ended, and a thread of it has not");
        kept.fill(0);
        std::panic::resume_unwind(result.unwrap_err());
    });
}

#[test]
fn a_destructor_may_wait_for_threads_that_have_yet_to_unwind() {
    struct Pool(Vec<thread::JoinHandle<()>>, Arc<(Mutex<bool>, Condvar)>);
    impl Drop for Pool {
        fn drop(&mut self) {
            *self.1.0.lock().unwrap() = true;
            self.1.1.notify_all();
            self.0.drain(..).for_each(|worker| drop(worker.join()));
        }
    }
    fails(Deadlock, "main in park", || {
        let shared: Arc<(Mutex<bool>, Condvar)> = Arc::default();
        let work = |_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || drop(shared.1.wait_while(shared.0.lock().unwrap(), |done| !*done).unwrap()))
        };
        let _pool = Pool((0..2).map(work).collect(), Arc::clone(&shared));
        thread::park();
    });
    passes(100, || {
        let shared: Arc<(Mutex<bool>, Condvar)> = Arc::default();
        let theirs = Arc::clone(&shared);
        let worker = thread::spawn(move || drop(theirs.1.wait_while(theirs.0.lock().unwrap(), |done| !*done).unwrap()));
        drop(Pool(vec![worker], shared));
    });
}

#[test]
fn threads_that_can_neither_go_on_nor_unwind_are_left_behind_and_no_further_run_is_made() {
    struct Stubborn;
    impl Drop for Stubborn {
        fn drop(&mut self) {
            thread::park();
        }
    }
    let verdict = stress(20, || {
        let _stubborn = Stubborn;
        let other = thread::spawn(thread::park);
        other.join().unwrap();
    });
    expect(&verdict, Deadlock, "main in join of thread#1 at");
    assert_eq!((verdict.failures, verdict.executions), (1, 1));
    assert_eq!(verdict.coverage, Coverage::Truncated { by: Limit::Failure });
}

#[test]
fn a_lock_that_was_used_before_the_run_is_a_lock_in_it() {
    let lock = Mutex::new(0);
    *lock.lock().unwrap() += 1;
    let (lock, condvar) = (Arc::new(lock), Arc::new(Condvar::new()));
    condvar.notify_all();
    passes(50, move || {
        let (theirs, ours) = (Arc::clone(&lock), Arc::clone(&condvar));
        *lock.lock().unwrap() = 0;
        let other = thread::spawn(move || {
            *theirs.lock().unwrap() = 1;
            ours.notify_one();
        });
        drop(condvar.wait_while(lock.lock().unwrap(), |n| *n == 0).unwrap());
        other.join().unwrap();
    });
}

#[test]
fn threads_made_elsewhere_share_a_runs_primitives() {
    // Each is first used by the run, by both at once, or by the other thread.
    for first in 0..3 {
        passes(50, move || {
            let shared = Arc::new((Mutex::new(0), Condvar::new(), RwLock::new(0)));
            let met = StdArc::new(std::sync::Barrier::new(2));
            if first == 0 {
                drop((shared.0.lock().unwrap(), shared.2.read().unwrap()));
                shared.1.notify_one();
            }
            let (theirs, there) = (Arc::clone(&shared), StdArc::clone(&met));
            let stranger = std::thread::spawn(move || {
                if first == 1 {
                    there.wait();
                }
                let guard = theirs.0.lock().unwrap();
                if first == 2 {
                    there.wait();
                }
                std::thread::sleep(Duration::from_millis(1));
                drop(guard);
                for _ in 0..20 {
                    *theirs.0.lock().unwrap() += 1;
                    *theirs.2.write().unwrap() += 1;
                    theirs.1.notify_all();
                }
            });
            // As long as this one waits in std, the run is not judged.
            let (done, joined) = mpsc::channel();
            let waits = thread::spawn(move || {
                stranger.join().unwrap();
                done.send(()).unwrap();
            });
            if first > 0 {
                met.wait();
            }
            for n in 0..20 {
                *shared.2.write().unwrap() += 1;
                drop(shared.1.wait_while(shared.0.lock().unwrap(), |total| *total < n).unwrap());
            }
            joined.recv().unwrap();
            waits.join().unwrap();
            assert_eq!((*shared.0.lock().unwrap(), *shared.2.read().unwrap()), (20, 40));
        });
    }
}

#[test]
fn runs_at_the_same_time_share_a_static() {
    static TURNS: (Mutex<u64>, Condvar) = (Mutex::new(0), Condvar::new());
    static GATE: RwLock<u64> = RwLock::new(0);
    fn model() {
        let turn = |me: u64| {
            for _ in 0..5 {
                let mut turns = TURNS.0.lock().unwrap();
                thread::yield_now();
                *turns += 1;
                *GATE.write().unwrap() += me;
                TURNS.1.notify_all();
                drop(turns);
            }
        };
        thread::scope(|s| {
            s.spawn(|| turn(1));
            s.spawn(|| turn(1));
        });
        drop(GATE.read().unwrap());
    }
    let checks: Vec<_> = (0..2).map(|_| std::thread::spawn(|| passes(200, model))).collect();
    checks.into_iter().for_each(|check| check.join().unwrap());
    assert_eq!((*TURNS.0.lock().unwrap(), *GATE.read().unwrap()), (4_000, 4_000));
}

#[test]
fn a_thread_of_a_run_knows_itself_and_has_thread_locals_of_its_own() {
    raddle::thread_local! {
        static LOCAL: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }
    passes(20, || {
        assert_eq!(World::current(), World::Std);
        assert_eq!(thread::current().name(), Some("main"));
        assert_eq!(LOCAL.replace(1), 0, "left from the run before");
        let other = thread::Builder::new().name("other".into()).spawn(|| {
            assert_eq!(LOCAL.replace(1), 0);
            thread::current()
        });
        let other = other.unwrap();
        let (id, name) = (other.thread().id(), other.thread().name().map(str::to_owned));
        let itself = other.join().unwrap();
        assert_eq!((itself.id(), itself.name().map(str::to_owned)), (id, name));
        assert_ne!(thread::current().id(), id);
        // The thread has ended: nothing happens.
        itself.unpark();
    });
}
