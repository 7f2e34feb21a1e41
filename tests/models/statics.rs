//! What a static `OnceLock` or `LazyLock` holds belongs to one execution: it starts afresh in each, and is dropped when
//! that is over.

use std::sync::{
    Mutex as StdMutex,
    atomic::{AtomicIsize, AtomicUsize as StdUsize},
};

use crate::common::*;
use raddle::{
    Check, Error,
    FailureKind::{DataRace, Deadlock, Leak, Livelock, Panic},
    cell::UnsafeCell,
    choice, hint,
    sync::{
        Arc, Condvar, LazyLock, Mutex, OnceLock, RwLock,
        atomic::{AtomicUsize, Ordering::*},
    },
    thread,
};

#[test]
fn a_lazy_static_is_made_again_in_every_execution() {
    static TOTAL: LazyLock<Mutex<usize>> = LazyLock::new(|| Mutex::new(choice(2)));
    static SHARED: LazyLock<(RwLock<usize>, Condvar)> = LazyLock::new(Default::default);
    explores([2, 3], || {
        let other = thread::spawn(|| *TOTAL.lock().unwrap() += 1);
        *TOTAL.lock().unwrap() += 1;
        other.join().unwrap();
        *SHARED.0.write().unwrap() += 1;
        SHARED.1.notify_all();
        assert_eq!(*SHARED.0.read().unwrap(), 1);
        *TOTAL.lock().unwrap()
    });
}

#[test]
fn a_once_lock_is_empty_when_an_execution_begins() {
    static LOCK: OnceLock<usize> = OnceLock::new();
    explores([1, 2], || {
        let other = thread::spawn(|| LOCK.set(1).is_ok());
        let mine = LOCK.set(2).is_ok();
        assert_ne!(other.join().unwrap(), mine);
        *LOCK.get().unwrap()
    });
}

#[test]
fn what_a_closure_has_captured_starts_afresh_too() {
    let lock = std::sync::Arc::new((OnceLock::new(), LazyLock::<usize>::new(|| choice(2))));
    explores([(0, 0), (0, 1), (1, 0), (1, 1)], move || (*lock.0.get_or_init(|| choice(2)), *lock.1));
}

#[test]
fn an_initialiser_that_can_be_called_only_once_cannot_start_afresh() {
    for strategy in strategies() {
        let first = String::from("first");
        let lazy = LazyLock::new(move || first);
        match Check::new("model").strategy(strategy).schedules(3).run(move || _ = choice(2) + lazy.len()) {
            Err(Error::Tool(told)) => {
                assert!(told.starts_with("a lazylock made at tests/models/statics.rs:"), "{told}");
                assert!(told.contains("lives longer than one execution"), "{told}");
            }
            other => panic!("{strategy}: {other:?}"),
        }
    }
}

#[test]
fn models_that_run_at_the_same_time_do_not_see_each_others_values() {
    static LOCK: OnceLock<String> = OnceLock::new();
    static LAZY: LazyLock<Mutex<Vec<usize>>> = LazyLock::new(Mutex::default);
    for strategy in strategies() {
        std::thread::scope(|s| {
            for me in 0..4 {
                s.spawn(move || {
                    passes_with(strategy, move || {
                        let other = thread::spawn(move || {
                            LAZY.lock().unwrap().push(me);
                            LOCK.get_or_init(|| me.to_string()).clone()
                        });
                        LAZY.lock().unwrap().push(me);
                        assert_eq!(*LOCK.get_or_init(|| me.to_string()), me.to_string());
                        assert_eq!(other.join().unwrap(), me.to_string());
                        assert_eq!(*LAZY.lock().unwrap(), [me, me]);
                    });
                });
            }
        });
    }
}

/// Values that are there, and those that ever were.
#[derive(Default)]
struct Count(AtomicIsize, StdUsize);

impl Count {
    const fn new() -> Count {
        Count(AtomicIsize::new(0), StdUsize::new(0))
    }

    fn value(&'static self) -> Counted {
        self.0.fetch_add(1, SeqCst);
        self.1.fetch_add(1, SeqCst);
        Counted { count: self, atomic: AtomicUsize::new(0), plain: UnsafeCell::new(0), held: Arc::new(Mutex::new(0)) }
    }
}

/// A value whose destructor does operations of every kind.
struct Counted {
    count: &'static Count,
    atomic: AtomicUsize,
    plain: UnsafeCell<usize>,
    held: Arc<Mutex<usize>>,
}

// SAFETY: the model's threads all run on one OS thread, so that a race is found, and never happens.
unsafe impl Sync for Counted {}

raddle::thread_local! {
    static LOCAL: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

impl Drop for Counted {
    fn drop(&mut self) {
        assert_eq!(self.atomic.fetch_add(1, AcqRel), 0);
        // SAFETY: it is being dropped.
        self.plain.with_mut(|n| unsafe { *n += 1 });
        *self.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) += 1;
        thread::yield_now();
        if !thread::panicking() {
            _ = LOCAL.try_with(|n| n.set(n.get() + 1));
        }
        self.count.0.fetch_sub(1, SeqCst);
    }
}

#[test]
fn a_value_is_dropped_when_its_execution_is_over_however_that_ends() {
    static COUNT: Count = Count::new();
    static LOCK: OnceLock<Counted> = OnceLock::new();
    static LAZY: LazyLock<Counted> = LazyLock::new(|| COUNT.value());
    let mut first = true;
    for strategy in strategies() {
        for kind in [None, Some(Panic), Some(Deadlock), Some(Leak), Some(DataRace), Some(Livelock)] {
            let before = COUNT.1.load(SeqCst);
            let verdict = run(strategy, move || {
                if first {
                    // A static's value of the very first execution stays.
                    LOCK.get_or_init(|| COUNT.value());
                    LazyLock::force(&LAZY);
                    return;
                }
                let there = COUNT.0.load(SeqCst);
                assert!(there <= 2, "those of the last execution are gone: {there}");
                let other = thread::spawn(move || {
                    LAZY.atomic.load(Relaxed);
                    let cell = &LOCK.get_or_init(|| COUNT.value()).plain;
                    match kind {
                        Some(Panic) => panic!("it fails"),
                        Some(Deadlock | Leak) => thread::park(),
                        Some(DataRace) => cell.with_mut(|_| ()),
                        Some(_) => {
                            while LAZY.atomic.load(Acquire) == 0 {
                                hint::spin_loop();
                            }
                        }
                        None => {}
                    }
                });
                let cell = &LOCK.get_or_init(|| COUNT.value()).plain;
                LAZY.atomic.load(Relaxed);
                match kind {
                    Some(Leak) => drop(other),
                    Some(DataRace) => cell.with_mut(|_| ()),
                    _ => other.join().unwrap(),
                }
            });
            match kind {
                Some(kind) if !first => expect(&verdict, kind, ""),
                _ => assert!(verdict.passed(), "{}", raddle::render(&verdict)),
            }
            assert_eq!(COUNT.0.load(SeqCst), 2, "{strategy}, {kind:?}: only the first are left");
            assert!(COUNT.1.load(SeqCst) >= before + 2, "{strategy}, {kind:?}");
            first = false;
        }
    }
}

#[test]
fn values_are_dropped_in_the_reverse_order_of_their_making() {
    static ORDER: StdMutex<Vec<&str>> = StdMutex::new(Vec::new());
    struct Named(&'static str, Option<&'static Named>);
    impl Drop for Named {
        fn drop(&mut self) {
            assert!(self.1.is_none_or(|other| !other.0.is_empty()), "what it was made from is still there");
            ORDER.lock().unwrap().push(self.0);
            self.0 = "";
        }
    }
    static A: LazyLock<Named> = LazyLock::new(|| Named("a", Some(&B)));
    static B: LazyLock<Named> = LazyLock::new(|| Named("b", None));
    static C: OnceLock<Named> = OnceLock::new();
    let model = || {
        _ = C.set(Named("c", Some(&A)));
    };
    for strategy in strategies() {
        // The first execution of all leaves its values where they are.
        run(strategy, model);
        ORDER.lock().unwrap().clear();
        let executions = run(strategy, model).executions as usize;
        let order = std::mem::take(&mut *ORDER.lock().unwrap());
        let trial = usize::from(matches!(strategy, raddle::Strategy::Urw | raddle::Strategy::Surw));
        assert_eq!(order, ["c", "a", "b"].repeat(executions + trial), "{strategy}");
    }
}

#[test]
fn what_a_destructor_does_when_the_execution_is_over_is_no_part_of_it() {
    /// Does this when it is dropped, but for an execution that ends early.
    struct Does(fn());
    impl Drop for Does {
        fn drop(&mut self) {
            if !thread::panicking() {
                (self.0)();
            }
        }
    }
    static DONE: StdUsize = StdUsize::new(0);
    static LOCK: OnceLock<Does> = OnceLock::new();
    static OTHER: OnceLock<Does> = OnceLock::new();
    static ATOMIC: AtomicUsize = AtomicUsize::new(0);
    let destructors: [fn(); 7] = [
        || panic!("std never drops it"),
        || drop(Mutex::new(0).lock().map(std::mem::forget)),
        || {
            let mutex = Mutex::new(0);
            let _held = mutex.lock();
            drop(mutex.lock());
        },
        || while ATOMIC.load(Relaxed) == 0 {},
        thread::park,
        || assert!(OTHER.set(Does(|| _ = DONE.fetch_add(1, SeqCst))).is_ok()),
        || assert!(thread::spawn(|| unreachable!("nobody is left to run it")).join().is_err()),
    ];
    for strategy in strategies() {
        for destructor in destructors {
            let before = DONE.load(SeqCst);
            let model = move || {
                let other = thread::spawn(|| _ = OTHER.get().is_some());
                assert!(LOCK.set(Does(destructor)).is_ok());
                let held = Does(|| _ = DONE.fetch_add(1, SeqCst));
                _ = OTHER.set(held);
                other.join().unwrap();
            };
            for _ in 0..2 {
                let verdict = Check::new("model").strategy(strategy).schedules(5).run(model).unwrap();
                assert!(verdict.passed(), "{}", raddle::render(&verdict));
                // Two sets and a look; the other thread is spawned, ends and is joined; main ends.
                assert_eq!(verdict.steps, verdict.executions * 7, "{strategy}");
                assert!(verdict.executions > 1, "{strategy}");
            }
            assert!(DONE.load(SeqCst) > before, "{strategy}: the other value is dropped all the same");
        }
    }
}

#[test]
fn a_reference_lives_as_long_as_its_execution() {
    static LOCK: OnceLock<String> = OnceLock::new();
    struct Uses(&'static str);
    impl Drop for Uses {
        fn drop(&mut self) {
            assert_eq!(self.0, "the value");
            thread::yield_now();
            assert_eq!(self.0, "the value");
        }
    }
    for fails_so in [false, true] {
        for strategy in strategies() {
            let verdict = run(strategy, move || {
                let uses = || Uses(LOCK.get_or_init(|| "the value".to_owned()));
                let (mine, theirs) = (uses(), uses());
                let other = thread::spawn(move || {
                    let _theirs = theirs;
                    thread::park();
                });
                let _mine = mine;
                if fails_so {
                    panic!("and all unwind");
                }
                other.thread().unpark();
            });
            assert_eq!(verdict.passed(), !fails_so, "{}", raddle::render(&verdict));
        }
    }
}
