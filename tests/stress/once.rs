//! Initialisers in a run: who waits for one is seen.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc as StdArc,
        atomic::{AtomicUsize as StdUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use raddle::{
    FailureKind::{Deadlock, Leak},
    sync::{Arc, LazyLock, Once, OnceLock},
    thread,
};

use super::{fails, passes};

#[test]
fn an_initialiser_that_needs_itself_is_a_deadlock() {
    fails(Deadlock, "every thread waits: main in call_once of once#1 (held by main) at tests/stress/once.rs", || {
        let once = Once::new();
        once.call_once(|| once.call_once(|| {}));
    });
    fails(Deadlock, "main in get_or_init of oncelock#1 (held by main)", || {
        let lock = OnceLock::new();
        lock.get_or_init(|| *lock.get_or_init(|| 1) + 1);
    });
    fails(Deadlock, "main in set of oncelock#1 (held by main)", || {
        let lock = OnceLock::new();
        lock.get_or_init(|| lock.set(1).map_or(2, |()| 1));
    });
    fails(Deadlock, "main in force of lazylock#1 (held by main)", || {
        static LAZY: LazyLock<u8> = LazyLock::new(|| *LAZY + 1);
        _ = *LAZY;
    });
}

#[test]
fn who_waits_for_an_initialiser_that_waits_is_stuck_too() {
    let verdict = fails(Deadlock, "every thread waits: main in force of lazylock#", || {
        let (begun, begins) = raddle::channel::bounded(1);
        let lazy = Arc::new(LazyLock::new(move || {
            begun.send(()).unwrap();
            thread::park();
        }));
        let theirs = Arc::clone(&lazy);
        let other = thread::spawn(move || LazyLock::force(&theirs).to_owned());
        begins.recv().unwrap();
        LazyLock::force(&lazy);
        other.join().unwrap();
    });
    let waiting = verdict.failure.unwrap().waiting;
    assert_eq!((waiting.len(), waiting[0].held_by.as_deref()), (2, Some("t1")));
    fails(Leak, "t2 in call_once of once#2 (held by t1)", || {
        let once = Arc::new(Once::new());
        let (first, second) = (Arc::clone(&once), once);
        let (begun, begins) = raddle::channel::bounded(1);
        drop(thread::spawn(move || {
            first.call_once(|| {
                begun.send(()).unwrap();
                thread::park();
            });
        }));
        drop(thread::spawn(move || {
            begins.recv().unwrap();
            second.call_once(|| unreachable!());
        }));
    });
    fails(Deadlock, "main in wait of once#1 at", || Once::new().wait());
    fails(Deadlock, "main in wait of oncelock#1 at", || _ = OnceLock::<u8>::new().wait());
}

#[test]
fn a_panic_poisons_as_stds_does_and_those_who_wait_are_told() {
    passes(100, || {
        let once = Arc::new(Once::new());
        let waits: Vec<_> = (0..3)
            .map(|n| {
                let once = Arc::clone(&once);
                thread::spawn(move || match n {
                    0 => once.wait(),
                    1 => once.wait_force(),
                    _ => once.call_once(|| panic!("it fails")),
                })
            })
            .collect();
        let mut waits = waits.into_iter();
        let (waited, forced, called) = (waits.next().unwrap(), waits.next().unwrap(), waits.next().unwrap());
        assert_eq!(*called.join().unwrap_err().downcast::<&str>().unwrap(), "it fails");
        assert!(waited.join().is_err());
        let said = catch_unwind(AssertUnwindSafe(|| once.call_once(|| unreachable!()))).unwrap_err();
        assert!(said.downcast_ref::<&str>().unwrap().contains("poisoned"));
        once.call_once_force(|state| assert!(state.is_poisoned()));
        assert!(once.is_completed());
        forced.join().unwrap();
        let lazy = LazyLock::<u8, _>::new(|| panic!("it fails"));
        let force = || catch_unwind(AssertUnwindSafe(|| *LazyLock::force(&lazy)));
        assert_eq!(*force().unwrap_err().downcast::<&str>().unwrap(), "it fails");
        assert!(force().is_err());
    });
}

#[test]
fn an_initialiser_that_a_run_has_cut_off_runs_again_in_the_next() {
    static ONCE: Once = Once::new();
    static LAZY: LazyLock<u8> = LazyLock::new(|| {
        if RUNS.load(SeqCst) == 1 {
            thread::park();
        }
        7
    });
    static RUNS: StdUsize = StdUsize::new(0);
    let verdict = super::stress(3, || {
        let run = RUNS.fetch_add(1, SeqCst) + 1;
        let other = thread::spawn(move || {
            ONCE.call_once(|| {
                if run == 1 {
                    thread::park();
                }
            });
        });
        assert_eq!(*LAZY, 7);
        other.join().unwrap();
        ONCE.call_once(|| unreachable!());
        assert!(ONCE.is_completed());
    });
    super::common::expect(&verdict, Deadlock, "every thread waits: main in park");
    assert_eq!((verdict.failures, verdict.executions), (1, 3));
}

#[test]
fn initialisers_that_return_are_never_taken_for_stuck() {
    passes(300, || {
        type Shared = (Once, OnceLock<usize>, OnceLock<usize>, LazyLock<usize>);
        let shared: Arc<Shared> = Arc::new((Once::new(), OnceLock::new(), OnceLock::new(), LazyLock::new(|| 7)));
        let runs = StdArc::new(StdUsize::new(0));
        let threads: Vec<_> = (0..4)
            .map(|me| {
                let (shared, runs) = (Arc::clone(&shared), StdArc::clone(&runs));
                thread::spawn(move || {
                    let init = || {
                        thread::sleep(Duration::from_micros(20));
                        runs.fetch_add(1, SeqCst);
                    };
                    shared.0.call_once(init);
                    let made = *shared.1.get_or_init(|| {
                        init();
                        me
                    });
                    let set = shared.2.set(me).is_ok();
                    shared.0.wait();
                    assert_eq!((*shared.3, made), (7, *shared.1.wait()));
                    set
                })
            })
            .collect();
        let set = threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum::<usize>();
        assert_eq!((set, runs.load(SeqCst)), (1, 2));
    });
}

#[test]
fn threads_made_elsewhere_share_a_runs_initialiser() {
    passes(50, || {
        let once = StdArc::new(OnceLock::new());
        let (first, second) = (StdArc::clone(&once), StdArc::clone(&once));
        let stranger = std::thread::spawn(move || *first.get_or_init(|| 1));
        let other = thread::spawn(move || *second.get_or_init(|| 2));
        let made = *once.get_or_init(|| 3);
        assert_eq!((stranger.join().unwrap(), other.join().unwrap()), (made, made));
    });
}
