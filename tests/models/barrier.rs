//! Barriers mean what std says they mean, in every world.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::common::*;
use raddle::{
    FailureKind::{DataRace, Deadlock, Panic},
    Kind, ObjectKind, Strategy, Value, World,
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering::*},
    },
    thread,
};

/// Runs `f` in `n` threads, one of them main, and returns what they return.
fn in_threads<R: Send + 'static>(n: usize, f: impl Fn(usize) -> R + Send + Sync + 'static) -> Vec<R> {
    let f = Arc::new(f);
    let others: Vec<_> = (1..n)
        .map(|me| {
            let f = Arc::clone(&f);
            thread::spawn(move || (*f)(me))
        })
        .collect();
    let mut all = vec![(*f)(0)];
    all.extend(others.into_iter().map(|other| other.join().unwrap()));
    all
}

#[test]
fn nobody_goes_on_before_all_have_come() {
    for n in [2, 3] {
        passes(move || {
            let (barrier, came) = (Barrier::new(n), AtomicUsize::new(0));
            in_threads(n, move |_| {
                came.fetch_add(1, Relaxed);
                barrier.wait();
                assert_eq!(came.load(Relaxed), n);
            });
        });
    }
}

#[test]
fn one_thread_of_each_round_leads_and_it_may_be_any() {
    let leads = |n: usize, leader: usize| (0..n).map(|me| me == leader).collect::<Vec<_>>();
    for n in [2, 3] {
        explores((0..n).map(|leader| leads(n, leader)), move || {
            let barrier = Barrier::new(n);
            in_threads(n, move |_| barrier.wait().is_leader())
        });
    }
    explores((0..2).flat_map(|first| (0..2).map(move |second| (leads(2, first), leads(2, second)))), || {
        let barrier = Barrier::new(2);
        in_threads(2, move |_| (barrier.wait().is_leader(), barrier.wait().is_leader())).into_iter().unzip()
    });
}

#[test]
fn a_barrier_serves_round_after_round() {
    passes(|| {
        let (barrier, rounds) = (Barrier::new(2), [const { AtomicUsize::new(0) }; 3]);
        in_threads(2, move |_| {
            for round in &rounds {
                round.fetch_add(1, Relaxed);
                barrier.wait();
                assert_eq!(round.load(Relaxed), 2);
            }
            assert!(rounds.iter().all(|round| round.load(Relaxed) == 2));
        });
    });
}

#[test]
fn a_barrier_for_none_or_one_lets_everybody_through_as_the_leader() {
    for n in [0, 1] {
        passes(move || {
            let barrier = Barrier::new(n);
            let leads = in_threads(3, move |_| [barrier.wait(), barrier.wait()].map(|result| result.is_leader()));
            assert_eq!(leads, [[true; 2]; 3]);
        });
    }
}

#[test]
fn a_barrier_that_not_enough_threads_come_to_is_a_deadlock() {
    for verdict in fails(Deadlock, "main in wait of barrier#1", || {
        let barrier = Barrier::new(3);
        in_threads(2, move |_| {
            let _ = barrier.wait();
        });
    }) {
        let waiting = verdict.failure.unwrap().waiting;
        let told: Vec<_> =
            waiting.iter().map(|w| (w.thread.as_str(), w.operation, w.object.unwrap().kind, &w.held_by)).collect();
        assert_eq!(
            told,
            [("main", Kind::Wait, ObjectKind::Barrier, &None), ("t1", Kind::Wait, ObjectKind::Barrier, &None)]
        );
    }
}

#[test]
fn a_barrier_orders_what_comes_before_it_before_what_comes_after() {
    passes(|| {
        let (barrier, cells) = (Barrier::new(3), [(); 3].map(|()| Plain::default()));
        in_threads(3, move |me| {
            cells[me].set(me + 1);
            barrier.wait();
            assert_eq!(cells.each_ref().map(Plain::get), [1, 2, 3]);
            barrier.wait();
            cells[(me + 1) % 3].set(7);
        });
    });
}

#[test]
fn what_comes_on_the_same_side_of_a_barrier_races() {
    for before in [true, false] {
        fails(DataRace, "nothing orders the two", move || {
            let (barrier, cell) = (Barrier::new(2), Plain::default());
            in_threads(2, move |me| {
                if me == 0 || before {
                    cell.set(me);
                }
                barrier.wait();
                if me == 1 && !before {
                    cell.get();
                }
                if me == 0 && !before {
                    cell.set(2);
                }
            });
        });
    }
}

#[test]
fn a_barrier_for_one_orders_nothing() {
    fails(DataRace, "nothing orders the two", || {
        let (barrier, cell) = (Barrier::new(1), Plain::default());
        in_threads(2, move |me| {
            if me == 0 {
                cell.set(1);
            }
            barrier.wait();
            if me == 1 {
                cell.get();
            }
        });
    });
}

/// Four threads come to a barrier for two: does `reader` see what `writer` did before?
fn pairs(writer: usize, reader: usize) -> impl Fn() + Send + Sync + Clone + 'static {
    move || {
        let (barrier, cell) = (Barrier::new(2), Plain::default());
        in_threads(4, move |me| {
            if me == writer {
                cell.set(1);
            }
            barrier.wait();
            if me == reader {
                cell.get();
            }
        });
    }
}

#[test]
fn where_more_come_than_fit_anybody_goes_with_anybody() {
    // Each pair may be parted, so its accesses race.
    for (writer, reader) in [(0, 1), (1, 0), (1, 2), (3, 2), (0, 3)] {
        fails(DataRace, "nothing orders the two", pairs(writer, reader));
    }
}

#[test]
fn where_more_come_than_fit_anybody_may_be_left_over() {
    explores([1, 2, 3], || {
        let barrier = Arc::new(Barrier::new(2));
        let passed = Arc::new(AtomicUsize::new(0));
        let others = [1, 2, 3].map(|me: usize| {
            let (barrier, passed) = (Arc::clone(&barrier), Arc::clone(&passed));
            thread::spawn(move || {
                barrier.wait();
                passed.fetch_add(1 << (8 * me), SeqCst);
            })
        });
        while passed.load(SeqCst).count_ones() < 2 {
            thread::yield_now();
        }
        let left = [1, 2, 3].into_iter().find(|me| passed.load(SeqCst) & 1 << (8 * me) == 0).unwrap();
        barrier.wait();
        others.into_iter().for_each(|other| other.join().unwrap());
        left
    });
}

#[test]
fn a_question_who_leads_multiplies_the_schedules_by_the_threads() {
    for strategy in exhaustive() {
        for n in [2, 3] {
            let executions = |asks: bool| {
                passes_with(strategy, move || {
                    let (barrier, order) = (Barrier::new(n), AtomicUsize::new(0));
                    let leads = in_threads(n, move |_| {
                        // So that anybody may be the last to come.
                        order.fetch_add(1, Relaxed);
                        let result = barrier.wait();
                        asks && result.is_leader()
                    });
                    assert_eq!(leads.into_iter().filter(|leads| *leads).count(), usize::from(asks));
                })
                .executions
            };
            assert_eq!(executions(true), executions(false) * n as u64, "{strategy}, {n} threads");
        }
    }
}

#[test]
fn a_barrier_that_all_come_to_costs_no_schedule() {
    for strategy in compiled(&[Strategy::Dfs]) {
        let executions = |rounds: usize| {
            passes_with(strategy, move || {
                let barrier = Barrier::new(4);
                in_threads(4, move |_| {
                    (0..rounds).for_each(|_| {
                        let _ = barrier.wait();
                    })
                });
            })
            .executions
        };
        assert_eq!([1, 5].map(executions), [1, 1]);
    }
}

#[test]
fn a_wait_is_one_event_and_says_how_many_have_come() {
    for strategy in strategies() {
        let verdict = run(strategy, || {
            let barrier = Barrier::new(2);
            in_threads(2, move |_| {
                let _ = barrier.wait();
            });
            panic!("to be told");
        });
        let steps = verdict.failure.unwrap().steps;
        let waits: Vec<_> = steps.iter().filter(|step| step.kind == Kind::Wait).map(|step| step.value).collect();
        assert_eq!(waits, [Value::Count(1), Value::Count(2)], "{strategy}");
    }
}

static BARRIER: Barrier = Barrier::new(2);

#[test]
fn a_static_starts_afresh() {
    // One has come in the first execution, and waits for ever: in the next, it has not come.
    for strategy in exhaustive() {
        let verdict = run(strategy, || {
            let _ = BARRIER.wait();
        });
        expect(&verdict, Deadlock, "main in wait of barrier#1");
    }
    passes(|| {
        raddle::choice(2);
        assert_eq!(in_threads(2, |_| BARRIER.wait().is_leader()).iter().filter(|leads| **leads).count(), 1);
    });
}

/// Comes to a barrier when it is dropped.
struct Comes(Arc<Barrier>);

impl Drop for Comes {
    fn drop(&mut self) {
        self.0.wait();
    }
}

#[test]
fn an_execution_that_ends_early_lets_nobody_wait() {
    fails(Panic, "and nobody comes", || {
        let barrier = Arc::new(Barrier::new(9));
        let comes = [(); 2].map(|()| Comes(Arc::clone(&barrier)));
        let others = comes.map(|comes| {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || {
                let _comes = comes;
                barrier.wait();
            })
        });
        drop(thread::spawn(|| panic!("and nobody comes")));
        let _comes = Comes(barrier);
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

#[test]
fn a_destructor_that_unwinds_waits_at_a_barrier_as_any_code() {
    passes(|| {
        let barrier = Arc::new(Barrier::new(2));
        let comes = Comes(Arc::clone(&barrier));
        let other = thread::spawn(move || {
            let _comes = comes;
            panic!("and comes to the barrier");
        });
        barrier.wait();
        assert!(other.join().is_err());
    });
    fails(Deadlock, "main in wait of barrier#1", || {
        let _comes = Comes(Arc::new(Barrier::new(2)));
        panic!("and nobody else comes");
    });
}

#[test]
fn it_is_shown_as_stds_is() {
    let shown = |barrier: &dyn std::fmt::Debug, result: &dyn std::fmt::Debug| format!("{barrier:?} {result:?}");
    let std = std::sync::Barrier::new(1);
    let expected = shown(&std, &std.wait());
    let ours = move || {
        let barrier = Barrier::new(1);
        assert_eq!(shown(&barrier, &barrier.wait()), expected);
    };
    if World::compiled().contains(&World::Std) {
        ours();
    }
    passes(ours);
}

#[test]
fn it_belongs_to_one_world() {
    if !World::compiled().contains(&World::Std) {
        return;
    }
    let barrier = std::sync::Arc::new(Barrier::new(1));
    let used = std::sync::Arc::clone(&barrier);
    for strategy in exhaustive().into_iter().take(1) {
        let used = std::sync::Arc::clone(&used);
        passes_with(strategy, move || {
            let _ = used.wait();
        });
        let told = catch_unwind(AssertUnwindSafe(|| barrier.wait())).unwrap_err();
        let told = told.downcast::<String>().unwrap();
        assert!(told.starts_with("a barrier made at tests/models/barrier.rs:"), "{told}");
        assert!(told.contains("is now used outside any model"), "{told}");
    }
}
