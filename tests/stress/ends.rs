//! How a run ends that has failed.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc as StdArc,
        atomic::{AtomicUsize as StdUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use raddle::{
    Coverage,
    FailureKind::{Deadlock, Panic},
    Limit, World,
    sync::{
        Arc, Condvar, Mutex, RwLock,
        atomic::{AtomicBool, AtomicUsize},
    },
    thread,
};

use super::{Counted, common::expect, embrace, fails, passes, stress};

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
        let is_stuck = run.is_multiple_of(3);
        let theirs = Arc::clone(&shared);
        let other = thread::spawn(move || {
            let mut total = theirs.0.lock().unwrap();
            *total += 1;
            *theirs.2.write().unwrap() += 1;
            if !is_stuck {
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
        if is_stuck {
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

raddle::thread_local! {
    static LAST: std::cell::RefCell<Option<Locks>> = const { std::cell::RefCell::new(None) };
}

/// In its destructor, takes a lock.
struct Locks(Arc<Mutex<usize>>);

impl Drop for Locks {
    fn drop(&mut self) {
        *self.0.lock().unwrap() += 1;
    }
}

#[test]
fn a_thread_that_has_returned_does_not_unwind_any_more() {
    let all = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&all);
    fails(Deadlock, "t1 in lock of mutex#1 (held by main)", move || {
        let total = counted.lock().unwrap();
        let locks = Locks(Arc::clone(&counted));
        let other = thread::spawn(move || LAST.set(Some(locks)));
        other.join().unwrap();
        drop(total);
    });
    let others = Arc::clone(&all);
    fails(Deadlock, "t1 in lock of mutex#1 (held by main)", move || {
        let _total = others.lock().unwrap();
        let locks = Locks(Arc::clone(&others));
        let other = thread::spawn(move || {
            thread::park();
            locks
        });
        let thread = other.thread().clone();
        // So the result is the thread's to drop.
        drop(other);
        thread.unpark();
        thread::park();
    });
    assert_eq!(*all.lock().unwrap(), 40);
}

#[test]
fn a_writer_that_unwinds_lets_readers_in() {
    /// In its destructor, reads until it is told to stop.
    struct Reads(Arc<RwLock<()>>, Arc<AtomicBool>);
    impl Drop for Reads {
        fn drop(&mut self) {
            while !self.1.load(SeqCst) {
                drop(self.0.read());
                thread::yield_now();
            }
        }
    }
    /// Tells them.
    struct Tells(Arc<AtomicBool>);
    impl Drop for Tells {
        fn drop(&mut self) {
            std::thread::sleep(Duration::from_millis(1));
            self.0.store(true, SeqCst);
        }
    }
    fails(Deadlock, "t1 in read of rwlock#1 (held by t1)", || {
        let shared: (Arc<RwLock<()>>, Arc<AtomicBool>) = Default::default();
        let (reads, tells) = (Reads(Arc::clone(&shared.0), Arc::clone(&shared.1)), Tells(Arc::clone(&shared.1)));
        let held = Arc::new(AtomicBool::new(false));
        let holds = Arc::clone(&held);
        let reader = thread::spawn(move || {
            let reads = reads;
            let _first = reads.0.read().unwrap();
            holds.store(true, SeqCst);
            // The guard goes after this.
            let _last = Reads(Arc::clone(&reads.0), Arc::clone(&reads.1));
            panic!("and it reads");
        });
        while !held.load(SeqCst) {
            thread::yield_now();
        }
        drop(thread::spawn(move || {
            let _tells = tells;
            drop(shared.0.write());
        }));
        drop(reader.join());
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
    fn stubborn() {
        let _stubborn = Stubborn;
        thread::park();
    }
    let models: [fn(); 3] = [
        || {
            let _stubborn = Stubborn;
            thread::spawn(thread::park).join().unwrap();
        },
        || thread::spawn(stubborn).join().unwrap(),
        // What the thread borrows stays with it.
        || thread::scope(|s| drop(s.spawn(stubborn))),
    ];
    for model in models {
        let verdict = stress(20, model);
        expect(&verdict, Deadlock, "main in join of thread#1 at");
        assert_eq!((verdict.failures, verdict.executions), (1, 1));
        assert_eq!(verdict.coverage, Coverage::Truncated { by: Limit::Failure });
    }
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
