//! `OnceLock` and `LazyLock` mean what std says they mean, in every world.

use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::common::*;
use raddle::{
    FailureKind::{DataRace, Deadlock, Panic},
    Strategy, World,
    cell::UnsafeCell,
    sync::{
        Arc, LazyLock, OnceLock,
        atomic::{AtomicUsize, Ordering::*},
    },
    thread,
};

fn shared<T: Default>() -> (Arc<T>, Arc<T>) {
    let one = Arc::new(T::default());
    (Arc::clone(&one), one)
}

/// How `f` panics.
fn told(f: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).unwrap_err();
    payload
        .downcast_ref::<&str>()
        .map_or_else(|| payload.downcast_ref::<String>().unwrap().clone(), |t| (*t).to_owned())
}

#[test]
fn one_of_two_sets_the_value_and_the_other_gets_its_own_back() {
    explores([1, 2], || {
        let (lock, theirs) = shared::<OnceLock<usize>>();
        let other = thread::spawn(move || theirs.set(2));
        let mine = lock.set(1);
        let other = other.join().unwrap();
        let value = *lock.get().unwrap();
        let expected = if value == 1 { (Ok(()), Err(2)) } else { (Err(1), Ok(())) };
        assert_eq!((mine, other), expected);
        value
    });
}

#[test]
fn a_value_is_found_or_not_yet() {
    explores([None, Some(1)], || {
        let (lock, theirs) = shared::<OnceLock<usize>>();
        let other = thread::spawn(move || theirs.set(1).unwrap());
        let found = lock.get().copied();
        other.join().unwrap();
        assert_eq!(lock.get(), Some(&1));
        found
    });
}

#[test]
fn a_value_is_made_by_one_and_found_by_all() {
    explores([0, 1, 2], || {
        let lock = Arc::new(OnceLock::new());
        let others = [1, 2].map(|me| {
            let lock = Arc::clone(&lock);
            thread::spawn(move || *lock.get_or_init(|| me))
        });
        let mine = *lock.get_or_init(|| 0);
        assert!(others.into_iter().all(|other| other.join().unwrap() == mine));
        mine
    });
}

#[test]
fn a_set_waits_for_the_initialiser() {
    // Whatever comes of it, the value is there when `set` returns.
    explores([1, 2], || {
        let (state, theirs) = shared::<(OnceLock<usize>, AtomicUsize)>();
        let other = thread::spawn(move || {
            theirs.0.get_or_init(|| {
                theirs.1.fetch_add(1, Relaxed);
                theirs.1.fetch_add(1, Relaxed);
                1
            });
        });
        let mine = state.0.set(2);
        let value = *state.0.get().unwrap();
        assert_eq!(mine.is_ok(), value == 2);
        if value == 1 {
            assert_eq!(state.1.load(Relaxed), 2);
        }
        other.join().unwrap();
        value
    });
}

#[test]
fn waiting_for_a_value_finds_it_however_many_initialisers_panic() {
    passes(|| {
        let (lock, theirs) = shared::<OnceLock<usize>>();
        let other = thread::spawn(move || *theirs.wait());
        assert!(catch_unwind(AssertUnwindSafe(|| lock.get_or_init(|| panic!("no value")))).is_err());
        assert_eq!(lock.get(), None);
        assert_eq!(*lock.get_or_init(|| 7), 7);
        assert_eq!(other.join().unwrap(), 7);
    });
    fails(Deadlock, "main in wait of oncelock#1", || _ = OnceLock::<()>::new().wait());
}

#[test]
fn exclusive_access_needs_no_event() {
    for strategy in strategies() {
        let verdict = run(strategy, || {
            let mut lock = OnceLock::new();
            assert_eq!(lock.get_mut(), None);
            assert_eq!(lock.take(), None::<usize>);
            let mut lock = OnceLock::from(1);
            *lock.get_mut().unwrap() += 1;
            assert_eq!(lock.take(), Some(2));
            assert_eq!(lock.get_mut(), None);
            assert_eq!(OnceLock::from(3).into_inner(), Some(3));
            assert_eq!(OnceLock::<usize>::new().into_inner(), None);
            assert_eq!(OnceLock::<usize>::default().take(), None);
            panic!("to be told");
        });
        expect(&verdict, Panic, "to be told");
        assert_eq!(verdict.failure.unwrap().steps, [], "{strategy}");
    }
}

#[test]
fn a_value_that_was_taken_can_be_set_again() {
    passes(|| {
        let mut lock = OnceLock::new();
        for n in 0..2 {
            let (sent, seen) = std::sync::mpsc::channel();
            thread::scope(|s| {
                s.spawn(|| _ = lock.set(n));
                s.spawn(|| sent.send(lock.get().copied()).unwrap());
            });
            assert!([None, Some(n)].contains(&seen.recv().unwrap()));
            assert_eq!(lock.get(), Some(&n));
            assert_eq!(lock.take(), Some(n));
            assert_eq!(lock.get(), None);
        }
    });
}

#[test]
fn it_is_copied_compared_and_shown_as_stds_is() {
    passes(|| {
        let (empty, one) = (OnceLock::new(), OnceLock::from(1));
        let copies = (empty.clone(), one.clone());
        assert_eq!((copies.0.get(), copies.1.get()), (None, Some(&1)));
        assert!(empty == copies.0 && one == copies.1 && empty != one && one != OnceLock::from(2));
        copies.0.set(5).unwrap();
        assert_eq!(empty.get(), None, "a copy is a lock of its own");
        assert_eq!(format!("{one:?} {:?}", LazyLock::<u8>::default()), "OnceLock(<in a model>) LazyLock(<in a model>)");
    });
    if World::compiled().contains(&World::Std) {
        let std = (std::sync::OnceLock::<u8>::new(), std::sync::OnceLock::from(1));
        assert_eq!(format!("{:?}", (OnceLock::<u8>::new(), OnceLock::from(1))), format!("{std:?}"));
        let (ours, std) = (LazyLock::new(|| 1), std::sync::LazyLock::new(|| 1));
        assert_eq!(format!("{ours:?}"), format!("{std:?}"));
        assert_eq!(*ours + 1, *std + 1);
        assert_eq!(format!("{ours:?}"), format!("{std:?}"));
    }
}

#[test]
fn setting_is_ordered_before_finding() {
    type Plain = (UnsafeCell<usize>, AtomicUsize);
    struct Value(OnceLock<Plain>, UnsafeCell<usize>);
    // SAFETY: the model's threads all run on one OS thread, so that a race is found, and never happens.
    unsafe impl Sync for Value {}
    let value = || Arc::new(Value(OnceLock::new(), UnsafeCell::new(0)));
    let read = |cell: &UnsafeCell<usize>| {
        // SAFETY: see above.
        cell.with(|n| unsafe { *n })
    };
    let write = |cell: &UnsafeCell<usize>| {
        // SAFETY: see above.
        cell.with_mut(|n| unsafe { *n = 1 });
    };
    type Finds = fn(&OnceLock<Plain>) -> Option<&Plain>;
    let all: [Finds; 3] = [OnceLock::get, |lock| Some(lock.wait()), |lock| Some(lock.get_or_init(Plain::default))];
    for finds in all {
        passes(move || {
            let value = value();
            let theirs = Arc::clone(&value);
            let other = thread::spawn(move || {
                let plain = Plain::default();
                write(&plain.0);
                _ = theirs.0.set(plain);
            });
            if let Some(plain) = finds(&value.0) {
                read(&plain.0);
            }
            other.join().unwrap();
        });
    }
    // What comes after it is not.
    fails(DataRace, "nothing orders the two", move || {
        let value = value();
        let theirs = Arc::clone(&value);
        let other = thread::spawn(move || {
            _ = theirs.0.set(Plain::default());
            write(&theirs.1);
        });
        value.0.wait();
        read(&value.1);
        other.join().unwrap();
    });
}

#[test]
fn a_call_inside_its_own_initialiser_is_a_deadlock() {
    fails(Deadlock, "main in get_or_init of oncelock#1 (held by main)", || {
        let lock = OnceLock::new();
        lock.get_or_init(|| *lock.get_or_init(|| 1));
    });
    fails(Deadlock, "main in set of oncelock#1 (held by main)", || {
        let lock = OnceLock::new();
        lock.get_or_init(|| if lock.set(1).is_ok() { 2 } else { 3 });
    });
    static LAZY: LazyLock<usize> = LazyLock::new(|| *LAZY + 1);
    fails(Deadlock, "main in force of lazylock#1 (held by main)", || _ = *LAZY);
}

/// Says when it is dropped.
struct Drops<'a>(&'a RefCell<Vec<&'static str>>, &'static str);

impl Drop for Drops<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut().push(self.1);
    }
}

#[test]
fn a_value_is_dropped_with_its_lock_and_may_borrow() {
    passes(|| {
        let log = RefCell::new(Vec::new());
        {
            let lock = OnceLock::new();
            let _last = Drops(&log, "before the lock");
            lock.set(Drops(&log, "in the lock")).map_err(|_| ()).unwrap();
            assert!(lock.set(Drops(&log, "not set")).is_err());
            let moved = (lock, Drops(&log, "after the lock"));
            let mut emptied = OnceLock::from(Drops(&log, "taken"));
            drop(emptied.take());
            assert!(emptied.get().is_none());
            assert_eq!(moved.0.get().unwrap().1, "in the lock");
        }
        let lazy = LazyLock::new(|| Drops(&log, "lazy"));
        drop(LazyLock::new(|| Drops(&log, "never made")));
        assert_eq!(lazy.1, "lazy");
        drop(lazy);
        // As with std, a lock that is forgotten keeps its value for ever.
        std::mem::forget(OnceLock::from(Drops(&log, "forgotten")));
        let order = log.take();
        assert_eq!(order, ["not set", "taken", "in the lock", "after the lock", "before the lock", "lazy"]);
    });
}

#[test]
fn a_lazy_value_is_made_once_and_when_it_is_needed() {
    passes(|| {
        let made = Arc::new(AtomicUsize::new(0));
        let lazy = Arc::new(LazyLock::new({
            let made = Arc::clone(&made);
            move || made.fetch_add(1, Relaxed) + 5
        }));
        assert!(LazyLock::get(&lazy).is_none());
        let theirs = Arc::clone(&lazy);
        let other = thread::spawn(move || **theirs);
        assert_eq!((**lazy, *LazyLock::force(&lazy), LazyLock::get(&lazy)), (5, 5, Some(&5)));
        assert_eq!(other.join().unwrap(), 5);
        assert_eq!(made.load(Relaxed), 1);
    });
}

#[test]
fn a_lazy_value_is_reached_by_exclusive_access() {
    let mutable = || {
        let mut lazy = LazyLock::new(|| 1);
        assert_eq!(LazyLock::get_mut(&mut lazy), None);
        *lazy += 1;
        *LazyLock::force_mut(&mut lazy) += 1;
        *LazyLock::get_mut(&mut lazy).unwrap() += 1;
        assert_eq!(*lazy, 4);
    };
    if World::compiled().contains(&World::Std) {
        mutable();
    }
    passes(mutable);
}

#[test]
fn on4_a_panic_poisons_a_lazy_value_for_good() {
    let poisons = || {
        let calls = Cell::new(0);
        let mut lazy: LazyLock<usize, _> = LazyLock::new(|| {
            calls.set(calls.get() + 1);
            panic!("no value")
        });
        let previously = "LazyLock instance has previously been poisoned";
        assert_eq!(told(|| _ = *lazy), "no value");
        assert_eq!(told(|| _ = *lazy), previously);
        assert_eq!(told(|| *lazy += 1), previously);
        assert_eq!(LazyLock::get(&lazy), None);
        assert_eq!(LazyLock::get_mut(&mut lazy), None);
        drop(lazy);
        assert_eq!(calls.get(), 1);
        static LAZY: LazyLock<usize> = LazyLock::new(|| panic!("no value"));
        if World::current() != World::Std {
            assert_eq!(told(|| _ = *LAZY), "no value");
            assert_eq!(told(|| _ = *LAZY), previously);
        }
    };
    if World::compiled().contains(&World::Std) {
        poisons();
    }
    passes(poisons);
}

#[test]
fn whoever_waits_for_a_lazy_value_learns_of_the_poison() {
    passes(|| {
        static LAZY: LazyLock<usize> = LazyLock::new(|| {
            thread::yield_now();
            panic!("no value")
        });
        let other = thread::spawn(|| told(|| _ = *LAZY));
        let told = [told(|| _ = *LAZY), other.join().unwrap()];
        assert!(told.iter().any(|told| told == "no value"));
        assert!(told.iter().any(|told| told == "LazyLock instance has previously been poisoned"));
    });
}

static SLOW: LazyLock<usize> = LazyLock::new(|| {
    thread::yield_now();
    thread::yield_now();
    1
});

/// Uses both when it is dropped.
struct Uses(Arc<OnceLock<usize>>);

impl Drop for Uses {
    fn drop(&mut self) {
        assert_eq!(*SLOW, 1);
        assert_eq!(*self.0.get_or_init(|| *SLOW + 1), 2);
        assert_eq!((self.0.get(), self.0.set(3)), (Some(&2), Err(3)));
        assert_eq!(*self.0.wait(), 2);
    }
}

#[test]
fn an_execution_that_ends_early_has_values_for_destructors() {
    for ends in [Panic, Deadlock] {
        fails(ends, "", move || {
            let lock = Arc::new(OnceLock::new());
            let uses = [(); 2].map(|()| Uses(Arc::clone(&lock)));
            let theirs = Arc::clone(&lock);
            let other = thread::spawn(move || {
                let _uses = uses;
                theirs.get_or_init(|| *SLOW + 1);
            });
            let _uses = Uses(Arc::clone(&lock));
            if ends == Panic {
                drop(thread::spawn(|| panic!("in the middle")));
            } else {
                lock.get_or_init(|| {
                    thread::park();
                    2
                });
            }
            lock.wait();
            other.join().unwrap();
        });
    }
}

#[test]
fn a_lazy_value_that_is_there_costs_nothing() {
    for strategy in compiled(&[Strategy::Dfs]) {
        let executions = |uses: usize| {
            let verdict = passes_with(strategy, move || {
                let lazy = Arc::new(LazyLock::new(|| 7));
                let theirs = Arc::clone(&lazy);
                let other = thread::spawn(move || (0..uses).all(|_| **theirs == 7));
                assert!((0..uses).all(|_| **lazy == 7));
                assert!(other.join().unwrap());
            });
            (verdict.executions, verdict.steps)
        };
        assert_eq!(executions(1), executions(9));
    }
}

#[test]
fn what_is_used_in_one_world_is_not_used_in_another() {
    if !World::compiled().contains(&World::Std) {
        return;
    }
    for strategy in exhaustive() {
        let lock = std::sync::Arc::new((OnceLock::new(), LazyLock::new(|| 1)));
        let used = std::sync::Arc::clone(&lock);
        passes_with(strategy, move || _ = used.0.set(*used.1));
        let world = format!("was used in a {} model and is now used outside any model", strategy.world());
        for told in [told(|| _ = lock.0.get()), told(|| _ = lock.0.set(1)), told(|| _ = *lock.1)] {
            assert!(told.contains("lock made at tests/models/once_lock.rs:") && told.contains(&world), "{told}");
        }
        let mut lock = std::sync::Arc::into_inner(lock).unwrap();
        for told in [told(|| _ = lock.0.get_mut()), told(|| _ = LazyLock::get_mut(&mut lock.1))] {
            assert!(told.contains(&world), "{told}");
        }
        drop(lock);
        let lock = OnceLock::from(1);
        let refused = raddle::Check::new("model").strategy(strategy).run(move || _ = lock.get());
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("a oncelock made at tests/models/once_lock.rs:"), "{refused}");
        assert!(refused.contains("used outside any model and is now used in a"), "{refused}");
    }
}
