//! Locks mean what std says they mean, in every world.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::common::*;
use raddle::{
    FailureKind::Deadlock,
    sync::{
        Arc, Condvar, Mutex, RwLock, RwLockWriteGuard, TryLockError,
        atomic::{AtomicUsize, Ordering::*},
    },
    thread,
};

fn shared<T: Default>() -> (Arc<T>, Arc<T>) {
    let one = Arc::new(T::default());
    (Arc::clone(&one), one)
}

#[test]
fn a_panic_under_a_mutex_poisons_it_until_the_poison_is_cleared() {
    passes(|| {
        let (mutex, theirs) = shared::<Mutex<usize>>();
        let other = thread::spawn(move || {
            *theirs.lock().unwrap() = 2;
            assert!(!theirs.is_poisoned());
            let _guard = theirs.lock().unwrap();
            panic!("under the lock");
        });
        assert!(other.join().is_err());
        assert!(mutex.is_poisoned());
        assert_eq!(*mutex.lock().unwrap_err().into_inner(), 2);
        assert!(matches!(mutex.try_lock(), Err(TryLockError::Poisoned(guard)) if **guard.get_ref() == 2));
        assert!(mutex.is_poisoned(), "looking at the value does not clear the poison");
        mutex.clear_poison();
        assert!(!mutex.is_poisoned());
        assert_eq!(*mutex.lock().unwrap(), 2);
        drop(mutex.try_lock().unwrap());
    });
}

#[test]
fn a_poisoned_lock_gives_its_value_out_as_an_error() {
    passes(|| {
        let mut mutex = Mutex::new(1);
        let mut lock = RwLock::new(1);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _mutex = mutex.lock().unwrap();
            let _lock = lock.write().unwrap();
            panic!("under both");
        }));
        assert!(caught.is_err());
        **mutex.get_mut().unwrap_err().get_mut() += 1;
        **lock.get_mut().unwrap_err().get_mut() += 2;
        assert_eq!(mutex.into_inner().unwrap_err().into_inner(), 2);
        assert_eq!(lock.into_inner().unwrap_err().into_inner(), 3);
    });
}

#[test]
fn a_panic_after_the_guard_is_gone_poisons_nothing() {
    passes(|| {
        let (mutex, theirs) = shared::<Mutex<usize>>();
        let other = thread::spawn(move || {
            drop(theirs.lock().unwrap());
            panic!("after the lock");
        });
        assert!(other.join().is_err());
        assert!(!mutex.is_poisoned());
        assert_eq!(*mutex.lock().unwrap(), 0);
    });
}

#[test]
fn only_a_writer_poisons_a_read_write_lock() {
    passes(|| {
        let (lock, theirs) = shared::<RwLock<usize>>();
        let reader = thread::spawn(move || {
            let _guard = theirs.read().unwrap();
            panic!("reading");
        });
        assert!(reader.join().is_err());
        assert!(!lock.is_poisoned());
        let theirs = Arc::clone(&lock);
        let writer = thread::spawn(move || {
            *theirs.write().unwrap() = 3;
            let _guard = theirs.write().unwrap();
            panic!("writing");
        });
        assert!(writer.join().is_err());
        assert!(lock.is_poisoned());
        assert_eq!(*lock.read().unwrap_err().into_inner(), 3);
        assert_eq!(*lock.write().unwrap_err().into_inner(), 3);
        assert!(matches!(lock.try_read(), Err(TryLockError::Poisoned(_))));
        assert!(matches!(lock.try_write(), Err(TryLockError::Poisoned(_))));
        lock.clear_poison();
        assert_eq!(*lock.read().unwrap(), 3);
    });
}

/// Tells main that its own thread unwinds, and waits until main says that it has seen enough.
struct Unwinding(thread::Thread);

impl Drop for Unwinding {
    fn drop(&mut self) {
        assert!(thread::panicking());
        self.0.unpark();
        thread::park();
        assert!(thread::panicking());
    }
}

#[test]
fn a_guard_dropped_while_another_thread_unwinds_poisons_nothing() {
    passes(|| {
        let unwinding = Unwinding(thread::current());
        let other = thread::spawn(move || {
            let _unwinding = unwinding;
            panic!("elsewhere");
        });
        let mutex = Mutex::new(0);
        let before = mutex.lock().unwrap();
        thread::park();
        assert!(!thread::panicking(), "the other panics, this one does not");
        drop(before);
        assert!(!mutex.is_poisoned());
        drop(mutex.lock().unwrap());
        assert!(!mutex.is_poisoned());
        other.thread().unpark();
        assert!(other.join().is_err());
        assert!(!mutex.is_poisoned());
    });
}

/// Whether the thread panics when it is dropped.
struct Asks<'a>(&'a std::cell::Cell<Option<bool>>);

impl Drop for Asks<'_> {
    fn drop(&mut self) {
        self.0.set(Some(thread::panicking()));
    }
}

#[test]
fn a_scope_that_passes_a_panic_on_panics_although_another_thread_unwinds_meanwhile() {
    passes(|| {
        let mutex = Mutex::new(());
        let (other, outside) = (std::sync::Mutex::new(None), std::cell::Cell::new(None));
        let scoped = catch_unwind(AssertUnwindSafe(|| {
            let _outside = Asks(&outside);
            thread::scope(|s| {
                s.spawn(|| {
                    drop(mutex.lock());
                    let unwinding = Unwinding(thread::current());
                    let panics = thread::spawn(move || {
                        let _unwinding = unwinding;
                        panic!("elsewhere");
                    });
                    thread::park();
                    assert!(!thread::panicking());
                    *other.lock().unwrap() = Some(panics);
                });
                panic!("in the scope");
            })
        }));
        assert!(scoped.is_err());
        assert_eq!(outside.get(), Some(true));
        let other = other.lock().unwrap().take().unwrap();
        other.thread().unpark();
        assert!(other.join().is_err());
        assert!(!thread::panicking());
    });
}

#[test]
fn two_threads_that_unwind_at_once_each_poison_their_own_lock() {
    passes(|| {
        let (locks, theirs) = shared::<[Mutex<()>; 3]>();
        let unwinding = Unwinding(thread::current());
        let other = thread::spawn(move || {
            let _first = theirs[0].lock().unwrap();
            let _unwinding = unwinding;
            panic!("first");
        });
        thread::park();
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _second = locks[1].lock().unwrap();
            panic!("second");
        }));
        assert!(caught.is_err());
        other.thread().unpark();
        assert!(other.join().is_err());
        assert_eq!([0, 1, 2].map(|at: usize| locks[at].is_poisoned()), [true, true, false]);
    });
}

#[test]
fn a_lock_taken_while_unwinding_is_not_poisoned() {
    struct Locks(Arc<Mutex<usize>>);
    impl Drop for Locks {
        fn drop(&mut self) {
            *self.0.lock().unwrap() += 1;
        }
    }
    passes(|| {
        let mutex = Arc::new(Mutex::new(0));
        let locks = Locks(Arc::clone(&mutex));
        let other = thread::spawn(move || {
            let _locks = locks;
            panic!("its destructor locks");
        });
        assert!(other.join().is_err());
        assert_eq!(*mutex.lock().unwrap(), 1);
    });
}

#[test]
fn a_waiter_learns_that_the_mutex_has_been_poisoned() {
    passes(|| {
        let (pair, theirs) = shared::<(Mutex<bool>, Condvar)>();
        let other = thread::spawn(move || {
            let mut ready = theirs.0.lock().unwrap();
            *ready = true;
            theirs.1.notify_one();
            panic!("with the lock");
        });
        let (ready, poisoned) = match pair.0.lock() {
            Ok(guard) => match pair.1.wait_while(guard, |ready| !*ready) {
                Ok(guard) => (*guard, false),
                Err(error) => (**error.get_ref(), true),
            },
            Err(error) => (**error.get_ref(), true),
        };
        assert_eq!((ready, poisoned), (true, true));
        assert!(other.join().is_err());
    });
}

#[test]
fn mu4_try_lock_finds_the_lock_taken_or_free() {
    explores([false, true], || {
        let (mutex, theirs) = shared::<Mutex<usize>>();
        let other = thread::spawn(move || *theirs.lock().unwrap() += 1);
        let free = match mutex.try_lock() {
            Ok(_) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Poisoned(_)) => panic!("nobody panicked"),
        };
        other.join().unwrap();
        free
    });
}

#[test]
fn try_read_and_try_write_find_the_lock_taken_or_free() {
    // Who holds the lock, and whether the other gets it: only readers share.
    explores([(false, false), (false, true), (true, false), (true, true)], || {
        let (lock, theirs) = shared::<RwLock<usize>>();
        let other = thread::spawn(move || drop(theirs.write().unwrap()));
        let read = lock.try_read().is_ok();
        let write = lock.try_write().is_ok();
        other.join().unwrap();
        (read, write)
    });
    explores([(true, false), (true, true)], || {
        let (lock, theirs) = shared::<RwLock<usize>>();
        let other = thread::spawn(move || drop(theirs.read().unwrap()));
        let read = lock.try_read().is_ok();
        let write = lock.try_write().is_ok();
        other.join().unwrap();
        (read, write)
    });
}

#[test]
fn mu4_a_lock_that_is_held_is_not_taken_by_trying() {
    passes(|| {
        let (mutex, lock) = (Mutex::new(()), RwLock::new(()));
        let guard = mutex.lock().unwrap();
        assert!(matches!(mutex.try_lock(), Err(TryLockError::WouldBlock)));
        drop(guard);
        assert!(mutex.try_lock().is_ok());
        let one = lock.read().unwrap();
        let two = lock.try_read().unwrap();
        drop(one);
        assert!(matches!(lock.try_write(), Err(TryLockError::WouldBlock)), "one reader is left");
        drop(two);
        let writer = lock.try_write().unwrap();
        assert!(matches!(lock.try_read(), Err(TryLockError::WouldBlock)));
        drop(writer);
        assert!(lock.try_read().is_ok());
    });
}

#[test]
fn mu6_readers_may_be_in_together_or_one_after_the_other() {
    explores([1, 2], || {
        let (state, theirs) = shared::<(RwLock<()>, AtomicUsize)>();
        let enter = |state: &(RwLock<()>, AtomicUsize)| {
            let _guard = state.0.read().unwrap();
            let inside = state.1.fetch_add(1, SeqCst) + 1;
            state.1.fetch_sub(1, SeqCst);
            inside
        };
        let other = thread::spawn(move || enter(&theirs));
        let mine = enter(&state);
        mine.max(other.join().unwrap())
    });
}

#[test]
fn mu6_a_writer_is_alone() {
    passes(|| {
        let (state, theirs) = shared::<(RwLock<()>, AtomicUsize)>();
        let other = thread::spawn(move || {
            let _guard = theirs.0.read().unwrap();
            assert_eq!(theirs.1.load(SeqCst), 0);
        });
        {
            let _guard = state.0.write().unwrap();
            assert_eq!(state.1.fetch_add(1, SeqCst), 0);
            state.1.fetch_sub(1, SeqCst);
        }
        other.join().unwrap();
    });
}

#[test]
fn a_writer_that_reads_on_lets_readers_in_and_no_writer_before_it_has_ended() {
    // What the other reader sees, and the first as it ends.
    explores([(0, 1), (1, 1)], || {
        let (lock, theirs) = shared::<RwLock<usize>>();
        let (reads, writes) = (Arc::clone(&theirs), theirs);
        let reads = thread::spawn(move || *reads.read().unwrap() % 10);
        let writes = thread::spawn(move || *writes.write().unwrap() += 10);
        let mut writer = lock.write().unwrap();
        let before = *writer;
        *writer = 1;
        let reader = RwLockWriteGuard::downgrade(writer);
        let together = lock.try_read().is_ok();
        assert!(together, "readers share it");
        assert!(lock.try_write().is_err());
        let after = *reader;
        drop(reader);
        writes.join().unwrap();
        let seen = reads.join().unwrap();
        assert_eq!(*lock.read().unwrap(), if before == 0 { 11 } else { 1 });
        (seen, after)
    });
}

#[test]
fn a_writer_that_reads_on_has_published_what_it_wrote() {
    passes(|| {
        let (lock, theirs) = shared::<RwLock<usize>>();
        let mut writer = lock.write().unwrap();
        let other = thread::spawn(move || *theirs.read().unwrap());
        *writer = 1;
        let reader = RwLockWriteGuard::downgrade(writer);
        // It reads while main does: main waits for it.
        assert_eq!(other.join().unwrap(), 1);
        assert_eq!(*reader, 1);
        drop(reader);
        assert!(lock.try_write().is_ok());
        assert!(!lock.is_poisoned());
    });
    fails(Deadlock, "in write of rwlock#1 (held by main)", || {
        let (lock, theirs) = shared::<RwLock<usize>>();
        let reader = RwLockWriteGuard::downgrade(lock.write().unwrap());
        thread::spawn(move || *theirs.write().unwrap() += 1).join().unwrap();
        drop(reader);
    });
}

#[test]
fn a_panic_of_a_writer_that_reads_on_poisons_nothing() {
    passes(|| {
        let (lock, theirs) = shared::<RwLock<usize>>();
        let other = thread::spawn(move || {
            let _reader = RwLockWriteGuard::downgrade(theirs.write().unwrap());
            panic!("it only reads");
        });
        assert!(other.join().is_err());
        assert!(!lock.is_poisoned());
        assert!(lock.try_write().is_ok());
    });
}

#[test]
fn a_lock_gives_its_value_out_without_locking() {
    passes(|| {
        let mut mutex = Mutex::from(1);
        *mutex.lock().unwrap() += 1;
        *mutex.get_mut().unwrap() += 1;
        assert_eq!(*mutex.lock().unwrap(), 3);
        assert_eq!(mutex.into_inner().unwrap(), 3);
        let mut lock = RwLock::from(1);
        *lock.write().unwrap() += 1;
        *lock.get_mut().unwrap() += 1;
        assert_eq!(*lock.read().unwrap(), 3);
        assert_eq!(lock.into_inner().unwrap(), 3);
    });
}
