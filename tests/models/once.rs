//! `Once` means what std says it means, in every world.

mod poison;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::common::*;
use raddle::{
    FailureKind::{DataRace, Deadlock, Leak, Livelock, Panic},
    Kind, ObjectKind, Strategy, Value, World, choice,
    sync::{
        Arc, Mutex, Once, OnceLock,
        atomic::{AtomicUsize, Ordering::*},
    },
    thread,
};

/// A once, and data that it may order.
struct Shared {
    once: Once,
    plain: Plain,
    flag: AtomicUsize,
}

fn shared() -> (Arc<Shared>, Arc<Shared>) {
    let one = Arc::new(Shared { once: Once::new(), plain: Plain::default(), flag: AtomicUsize::new(0) });
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
fn on1_one_caller_runs_the_initialiser_and_it_may_be_any() {
    for callers in [2, 3] {
        explores(0..callers, move || {
            let once = Arc::new((Once::new(), std::sync::Mutex::new(Vec::new())));
            let calls = move |once: &(Once, std::sync::Mutex<Vec<usize>>), me| {
                once.0.call_once(|| once.1.lock().unwrap().push(me));
                assert_eq!(once.1.lock().unwrap().len(), 1, "it has returned");
            };
            let others: Vec<_> = (1..callers)
                .map(|me| {
                    let once = Arc::clone(&once);
                    thread::spawn(move || calls(&once, me))
                })
                .collect();
            calls(&once, 0);
            others.into_iter().for_each(|other| other.join().unwrap());
            let ran = once.1.lock().unwrap();
            ran[0]
        });
    }
}

#[test]
fn mm9_on1_a_call_orders_what_the_initialiser_did_before_its_return() {
    for force in [false, true] {
        passes(move || {
            let (shared, theirs) = shared();
            let calls = move |shared: &Shared| {
                match force {
                    true => shared.once.call_once_force(|_| shared.plain.set(1)),
                    false => shared.once.call_once(|| shared.plain.set(1)),
                }
                assert_eq!(shared.plain.get(), 1);
            };
            let other = thread::spawn(move || calls(&theirs));
            calls(&shared);
            calls(&shared);
            other.join().unwrap();
        });
    }
}

#[test]
fn waiting_and_asking_order_it_too() {
    for force in [false, true] {
        passes(move || {
            let (shared, theirs) = shared();
            let other = thread::spawn(move || {
                match force {
                    true => theirs.once.wait_force(),
                    false => theirs.once.wait(),
                }
                assert_eq!(theirs.plain.get(), 1);
            });
            if shared.once.is_completed() {
                unreachable!("nobody else calls");
            }
            shared.once.call_once(|| shared.plain.set(1));
            assert!(shared.once.is_completed());
            other.join().unwrap();
        });
    }
    explores([false, true], || {
        let (shared, theirs) = shared();
        let other = thread::spawn(move || theirs.once.call_once(|| theirs.plain.set(1)));
        let complete = shared.once.is_completed();
        if complete {
            assert_eq!(shared.plain.get(), 1);
        }
        other.join().unwrap();
        complete
    });
}

#[test]
fn without_a_call_it_is_a_data_race() {
    fails(DataRace, "nothing orders the two", || {
        let (shared, theirs) = shared();
        let other = thread::spawn(move || theirs.once.call_once(|| theirs.plain.set(1)));
        shared.plain.get();
        other.join().unwrap();
    });
    fails(DataRace, "nothing orders the two", || {
        let (shared, theirs) = shared();
        let other = thread::spawn(move || theirs.once.call_once(|| theirs.plain.set(1)));
        if !shared.once.is_completed() {
            shared.plain.get();
        }
        other.join().unwrap();
    });
}

#[test]
fn what_callers_did_before_is_not_ordered() {
    // Only the initialiser's end comes before every return: here nobody's initialiser is in question.
    fails(DataRace, "nothing orders the two", || {
        let (shared, theirs) = shared();
        shared.once.call_once(|| ());
        let other = thread::spawn(move || {
            theirs.plain.set(1);
            theirs.once.call_once(|| ());
        });
        shared.once.call_once(|| ());
        assert!(shared.once.is_completed());
        shared.plain.get();
        other.join().unwrap();
    });
}

#[test]
fn a_look_may_fall_behind_in_the_loom_world_only() {
    for strategy in exhaustive() {
        // What main looks at after the flag, and whether the flag was up.
        let seen = outcomes(strategy, || {
            let (shared, theirs) = shared();
            let other = thread::spawn(move || {
                theirs.once.call_once(|| ());
                theirs.flag.store(1, Relaxed);
            });
            let up = shared.flag.load(Relaxed) == 1;
            let complete = shared.once.is_completed();
            other.join().unwrap();
            assert!(shared.once.is_completed(), "after a join it is up to date");
            (up, complete)
        });
        let mut expected = [(false, false), (false, true), (true, true)].to_vec();
        if strategy.world() == World::Loom {
            expected.push((true, false));
        }
        assert_eq!(seen, expected.into_iter().collect(), "{strategy}");
    }
}

#[test]
fn a_once_completes_when_its_initialiser_has_returned() {
    // How far the initialiser is seen to be, and whether the once is complete then.
    explores([(0, false), (1, false), (2, false), (2, true)], || {
        let (shared, theirs) = shared();
        let other = thread::spawn(move || {
            theirs.once.call_once(|| {
                theirs.flag.store(1, SeqCst);
                theirs.flag.store(2, SeqCst);
            });
        });
        let complete = shared.once.is_completed();
        let flag = shared.flag.fetch_add(0, SeqCst);
        other.join().unwrap();
        (if complete { 2 } else { flag }, complete)
    });
}

#[test]
fn a_thread_that_an_initialiser_spawns_may_find_it_running() {
    explores([false, true], || {
        let (shared, theirs) = shared();
        let mut spawned = None;
        shared.once.call_once(|| spawned = Some(thread::spawn(move || theirs.once.is_completed())));
        spawned.unwrap().join().unwrap()
    });
}

#[test]
fn callers_wait_while_the_initialiser_waits_for_somebody_else() {
    passes(|| {
        let (shared, theirs) = shared();
        let waits = Arc::clone(&theirs);
        let initialises = thread::spawn(move || {
            theirs.once.call_once(|| {
                while theirs.flag.load(Acquire) == 0 {
                    thread::yield_now();
                }
            });
        });
        let waits = thread::spawn(move || {
            waits.once.wait();
            assert_eq!(waits.flag.load(Relaxed), 1);
        });
        shared.flag.store(1, Release);
        shared.once.call_once(|| ());
        waits.join().unwrap();
        initialises.join().unwrap();
    });
}

#[test]
fn on3_a_call_inside_its_own_initialiser_is_a_deadlock() {
    for verdict in fails(Deadlock, "main in call_once of once#1 (held by main)", || {
        let once = Once::new();
        once.call_once(|| once.call_once(|| ()));
    }) {
        let waiting = verdict.failure.unwrap().waiting;
        assert_eq!((waiting.len(), waiting[0].operation), (1, Kind::CallOnce));
        assert_eq!(waiting[0].object.unwrap().kind, ObjectKind::Once);
    }
    fails(Deadlock, "main in wait of once#1 (held by main)", || {
        let once = Once::new();
        once.call_once_force(|_| once.wait());
    });
    fails(Leak, "t1 in call_once of once#1 (held by t1)", || {
        drop(thread::spawn(|| {
            let once = Once::new();
            once.call_once(|| once.call_once_force(|_| ()));
        }));
    });
}

#[test]
fn two_onces_that_wait_for_each_other_are_a_deadlock() {
    fails(Deadlock, "every thread waits", || {
        let onces = Arc::new((Once::new(), Once::new()));
        let theirs = Arc::clone(&onces);
        let other = thread::spawn(move || theirs.0.call_once(|| theirs.1.call_once(|| ())));
        onces.1.call_once(|| onces.0.call_once(|| ()));
        other.join().unwrap();
    });
}

#[test]
fn a_once_that_nobody_calls_is_waited_for_for_ever() {
    fails(Deadlock, "main in wait of once#1", || Once::new().wait());
    fails(Deadlock, "main in wait of once#1", || Once::new().wait_force());
    fails(Livelock, "main in yield_now", || {
        let once = Once::new();
        while !once.is_completed() {
            thread::yield_now();
        }
    });
}

#[test]
fn a_busy_wait_for_a_once_ends() {
    passes(|| {
        let (shared, theirs) = shared();
        let other = thread::spawn(move || theirs.once.call_once(|| theirs.plain.set(1)));
        while !shared.once.is_completed() {
            thread::yield_now();
        }
        assert_eq!(shared.plain.get(), 1);
        other.join().unwrap();
    });
}

#[test]
fn a_once_costs_one_schedule_for_each_who_may_be_first() {
    for strategy in compiled(&[Strategy::Dfs]) {
        for callers in [2, 3, 4] {
            for (calls, looks) in [(1, false), (3, false), (2, true)] {
                let verdict = passes_with(strategy, move || {
                    let once = Arc::new(Once::new());
                    let threads: Vec<_> = (0..callers)
                        .map(|_| {
                            let once = Arc::clone(&once);
                            thread::spawn(move || {
                                (0..calls).for_each(|_| once.call_once(|| ()));
                                assert!(!looks || once.is_completed());
                            })
                        })
                        .collect();
                    threads.into_iter().for_each(|thread| thread.join().unwrap());
                });
                assert_eq!(verdict.executions, callers, "{calls} calls each");
            }
        }
    }
}

#[test]
fn it_is_told_as_it_happened() {
    for strategy in strategies() {
        let verdict = run(strategy, || {
            let once = Once::new();
            once.call_once(|| ());
            once.call_once(|| ());
            assert!(once.is_completed());
            let lock = OnceLock::new();
            assert!(lock.get().is_none());
            lock.set(1).unwrap();
            lock.set(2).unwrap_err();
            lock.get_or_init(|| 3);
            lock.wait();
            panic!("to be told");
        });
        let steps = verdict.failure.unwrap().steps;
        let told: Vec<_> = steps.iter().map(|step| (step.kind, step.object.unwrap().number, step.value)).collect();
        let expected = [
            (Kind::CallOnce, 1, Value::Done(true)),
            (Kind::Initialised, 1, Value::None),
            (Kind::CallOnce, 1, Value::Done(false)),
            (Kind::IsCompleted, 1, Value::Done(true)),
            (Kind::Get, 2, Value::Done(false)),
            (Kind::Set, 2, Value::Done(true)),
            (Kind::Set, 2, Value::Done(false)),
            (Kind::GetOrInit, 2, Value::Done(false)),
            (Kind::Wait, 2, Value::Done(true)),
        ];
        assert_eq!(told, expected, "{strategy}");
        assert!(steps.iter().all(|step| step.file.ends_with("once.rs")));
    }
}

/// Calls a once when it is dropped.
struct Calls(Arc<Once>, Arc<Mutex<usize>>);

impl Drop for Calls {
    fn drop(&mut self) {
        self.0.call_once(|| *self.1.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) += 1);
        self.0.wait();
        assert!(self.0.is_completed());
    }
}

#[test]
fn an_execution_that_ends_early_cuts_initialisers_off_and_destructors_call_again() {
    for at_once in [false, true] {
        fails(Panic, "in the middle", move || {
            let (once, count) = (Arc::new(Once::new()), Arc::new(Mutex::new(0)));
            let calls = [(); 2].map(|()| Calls(Arc::clone(&once), Arc::clone(&count)));
            let theirs = Arc::clone(&once);
            drop(thread::spawn(move || {
                let _calls = calls;
                theirs.call_once(thread::park);
            }));
            let _calls = Calls(Arc::clone(&once), count);
            if !at_once {
                thread::yield_now();
            }
            drop(thread::spawn(|| panic!("in the middle")));
            once.call_once(|| ());
            thread::park();
        });
    }
}

static ONCE: Once = Once::new();

#[test]
fn a_static_starts_afresh() {
    passes(|| {
        choice(2);
        let other = thread::spawn(|| {
            let mut first = false;
            ONCE.call_once(|| first = true);
            first
        });
        let mut first = false;
        ONCE.call_once(|| first = true);
        assert_ne!(first, other.join().unwrap());
    });
    fails(Panic, "poisons it", || ONCE.call_once(|| panic!("poisons it")));
    passes(|| ONCE.call_once(|| ()));
}

#[test]
#[expect(deprecated, reason = "std has it")]
fn it_is_made_and_shown_as_stds_is() {
    let expected = format!("{:?}", std::sync::Once::new());
    passes(move || {
        assert_eq!(format!("{:?}", Once::new()), expected);
        let once = raddle::sync::ONCE_INIT;
        once.call_once(|| ());
    });
}

#[test]
fn it_belongs_to_one_world() {
    if !World::compiled().contains(&World::Std) {
        return;
    }
    for strategy in compiled(&[Strategy::Exhaustive, Strategy::Dfs]) {
        let once = std::sync::Arc::new(Once::new());
        let used = std::sync::Arc::clone(&once);
        passes_with(strategy, move || used.call_once(|| ()));
        let told = told(|| once.call_once(|| ()));
        assert!(told.starts_with("a once made at tests/models/once.rs:"), "{told}");
        assert!(told.contains("is now used outside any model"), "{told}");
    }
}
