//! Executions that end early unwind every thread: destructors run, wait for each other, and take nothing down.

use crate::common::*;
use raddle::{
    Check, Error,
    FailureKind::{Deadlock, Panic},
    Strategy,
    cell::UnsafeCell,
    choice,
    sync::{
        Arc, Condvar, Mutex, RwLock,
        atomic::{AtomicUsize, Ordering::*},
    },
    thread,
};

/// Counts one down when it is dropped.
struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// Waits busily, when it is dropped, until all that run have ended.
struct Pool(Arc<AtomicUsize>, fn());

impl Drop for Pool {
    fn drop(&mut self) {
        while self.0.load(SeqCst) > 0 {
            self.1();
        }
    }
}

#[test]
fn a_destructor_may_wait_busily_for_threads_that_have_yet_to_unwind() {
    for pause in [thread::yield_now, || {}] {
        fails(Panic, "and the pool is dropped", move || {
            let running = Arc::new(AtomicUsize::new(2));
            let _pool = Pool(Arc::clone(&running), pause);
            for _ in 0..2 {
                let worker = Running(Arc::clone(&running));
                drop(thread::spawn(move || {
                    let _worker = worker;
                    thread::yield_now();
                }));
            }
            panic!("and the pool is dropped");
        });
    }
}

#[test]
fn a_destructor_may_wait_busily_for_a_thread_that_does_not_unwind() {
    for pause in [thread::yield_now, || {}] {
        passes(move || {
            let running = Arc::new(AtomicUsize::new(0));
            running.store(1, SeqCst);
            let pool = Pool(Arc::clone(&running), pause);
            let waits = thread::spawn(move || {
                let _pool = pool;
                panic!("and the pool is dropped");
            });
            running.store(0, SeqCst);
            assert!(waits.join().is_err());
        });
    }
}

#[test]
fn a_destructor_that_unwinds_may_be_the_first_to_use_an_atomic() {
    for pause in [thread::yield_now, || {}] {
        passes(move || {
            let running = Arc::new(AtomicUsize::new(1));
            let pool = Pool(Arc::clone(&running), pause);
            let waits = thread::spawn(move || {
                let _pool = pool;
                panic!("and the pool is dropped");
            });
            running.store(0, SeqCst);
            assert!(waits.join().is_err());
        });
    }
}

#[test]
fn a_destructor_that_unwinds_may_be_the_first_to_use_a_cell() {
    #[derive(Default)]
    struct Shared(UnsafeCell<usize>);
    // SAFETY: the threads access it one after the other.
    unsafe impl Sync for Shared {}
    struct Writes(Arc<Shared>, #[expect(dead_code, reason = "it is dropped")] Pool);
    impl Drop for Writes {
        fn drop(&mut self) {
            // SAFETY: the other access comes after the join.
            self.0.0.with_mut(|n| unsafe { *n += 1 });
        }
    }
    passes(|| {
        let (cell, running) = (Arc::<Shared>::default(), Arc::new(AtomicUsize::new(1)));
        let writes = Writes(Arc::clone(&cell), Pool(Arc::clone(&running), thread::yield_now));
        let waits = thread::spawn(move || {
            let _writes = writes;
            panic!("and the cell is written");
        });
        running.store(0, SeqCst);
        assert!(waits.join().is_err());
        // SAFETY: the thread has ended.
        assert_eq!(cell.0.with(|n| unsafe { *n }), 1);
    });
}

#[test]
fn a_destructor_that_unwinds_may_meet_what_cannot_start_afresh() {
    static MUTEX: Mutex<usize> = Mutex::new(0);
    static LOCK: RwLock<usize> = RwLock::new(0);
    static CELL: StaticCell = StaticCell(UnsafeCell::new(0));
    struct StaticCell(UnsafeCell<usize>);
    // SAFETY: every model of this test runs on one OS thread.
    unsafe impl Sync for StaticCell {}
    struct Uses;
    impl Drop for Uses {
        fn drop(&mut self) {
            *MUTEX.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) += 1;
            *LOCK.write().unwrap_or_else(|poisoned| poisoned.into_inner()) += 1;
            // SAFETY: see `Sync`.
            CELL.0.with_mut(|n| unsafe { *n += 1 });
        }
    }
    let uses = || {
        let caught = std::panic::catch_unwind(|| {
            let _uses = Uses;
            panic!("caught");
        });
        assert!(caught.is_err());
        // Another execution is needed.
        choice(2);
    };
    for strategy in strategies() {
        match Check::new("model").strategy(strategy).schedules(3).run(uses) {
            Err(Error::Tool(told)) => assert!(told.contains("lives longer than one execution"), "{strategy}: {told}"),
            other => panic!("{strategy}: {other:?}"),
        }
    }
}

/// A worker that survives whatever its jobs do, and waits for the next.
fn works(jobs: &(Mutex<Vec<u32>>, Condvar)) {
    loop {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut queue = jobs.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            loop {
                match queue.pop() {
                    Some(job) => return job == 0,
                    None => queue = jobs.1.wait(queue).unwrap_or_else(|poisoned| poisoned.into_inner()),
                }
            }
        }));
        if let Ok(true) = done {
            break;
        }
    }
}

#[test]
fn a_thread_that_catches_all_that_unwinds_it_is_left() {
    // loom runs every thread to its end: such a check has to be isolated there.
    let shuttles =
        compiled(&[Strategy::Random, Strategy::Pct { depth: 3 }, Strategy::Urw, Strategy::Surw, Strategy::Dfs]);
    let model = || {
        let jobs = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let theirs = Arc::clone(&jobs);
        drop(thread::spawn(move || works(&theirs)));
        jobs.0.lock().unwrap().push(1);
        jobs.1.notify_all();
        panic!("main fails");
    };
    fails_with(&shuttles, Panic, "main fails", model);
    // A scope waits for its threads; so it is left too.
    fails_with(&shuttles, Deadlock, "every thread waits", || {
        let jobs = (Mutex::new(Vec::new()), Condvar::new());
        thread::scope(|s| _ = s.spawn(|| works(&jobs)));
    });
    // Nothing is left of it in the next execution.
    passes(|| {
        let jobs = Arc::new((Mutex::new(vec![0]), Condvar::new()));
        let theirs = Arc::clone(&jobs);
        thread::spawn(move || works(&theirs)).join().unwrap();
    });
}

/// Tells a thread that its own unwinds, and waits to be unparked.
struct Parks(Option<thread::Thread>);

impl Drop for Parks {
    fn drop(&mut self) {
        if let Some(thread) = &self.0 {
            thread.unpark();
        }
        thread::park();
    }
}

#[test]
fn two_threads_may_be_stuck_while_they_unwind() {
    let second: [fn(); 2] = [|| panic!("main"), || std::panic::resume_unwind(Box::new("no hook is called"))];
    for panics in second {
        fails(Deadlock, "main in park of thread#0", move || {
            let first = Parks(Some(thread::current()));
            drop(thread::spawn(move || {
                let _first = first;
                panic!("t1");
            }));
            thread::park();
            let _second = Parks(None);
            panics();
        });
    }
}

#[test]
fn what_a_thread_was_given_is_dropped_although_it_never_ran() {
    struct Locks(Arc<Mutex<usize>>, std::sync::Arc<std::sync::atomic::AtomicUsize>);
    impl Drop for Locks {
        fn drop(&mut self) {
            *self.0.lock().unwrap() += 1;
            self.1.fetch_add(1, SeqCst);
        }
    }
    let drops = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&drops);
    let verdicts = fails(Panic, "before it ran", move || {
        let locks = Locks(Arc::default(), std::sync::Arc::clone(&counted));
        drop(thread::spawn(move || drop(locks)));
        panic!("before it ran");
    });
    assert!(drops.load(SeqCst) >= 2 * verdicts.len(), "{} drops", drops.load(SeqCst));
}

#[test]
fn a_lock_given_back_by_a_panic_may_be_taken_again_by_any_number_of_threads() {
    passes(|| {
        let mutex = Arc::new(Mutex::new(0));
        let count = |mutex: &Mutex<i32>| *mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) += 1;
        let (one, two) = (Arc::clone(&mutex), Arc::clone(&mutex));
        let panics = thread::spawn(move || {
            let _guard = one.lock();
            panic!("with the lock");
        });
        let waits = thread::spawn(move || count(&two));
        count(&mutex);
        assert!(panics.join().is_err());
        waits.join().unwrap();
        assert_eq!(*mutex.lock().unwrap_err().into_inner(), 2);
    });
}

#[test]
fn what_an_unchecked_thread_borrows_outlives_it_in_an_execution_that_ends_early() {
    /// Looks, when it is dropped, whether what it borrows is still there.
    struct Looks<'a>(&'a Lent);
    impl Drop for Looks<'_> {
        fn drop(&mut self) {
            self.0.1.fetch_add(usize::from(self.0.0.load(std::sync::atomic::Ordering::SeqCst)), SeqCst);
        }
    }
    struct Lent(std::sync::atomic::AtomicBool, std::sync::Arc<std::sync::atomic::AtomicUsize>);
    impl Drop for Lent {
        fn drop(&mut self) {
            self.0.store(false, std::sync::atomic::Ordering::SeqCst);
        }
    }
    let looks = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let looked = std::sync::Arc::clone(&looks);
    let verdicts = fails(Deadlock, "every thread waits", move || {
        let lent = Lent(std::sync::atomic::AtomicBool::new(true), std::sync::Arc::clone(&looked));
        let builder = thread::Builder::new();
        // SAFETY: the handle is declared after what the thread borrows, and so goes first.
        let handle = unsafe {
            builder.spawn_unchecked(|| {
                let _looks = Looks(&lent);
                thread::park();
            })
        };
        handle.unwrap().join().unwrap();
    });
    // Each was found, confirmed and replayed.
    assert!(looks.load(SeqCst) >= 3 * verdicts.len(), "{} looks", looks.load(SeqCst));
}
