//! Busy-waiting: loops that wait for a change are explored finitely, nothing that can happen is left out, and a loop that
//! nobody will end is a Livelock.

use std::time::Duration;

use crate::common::*;
use raddle::{
    Check,
    FailureKind::{Deadlock, Livelock},
    Strategy, hint,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::*, fence},
    },
    thread,
};

const PAUSES: [fn(); 4] = [hint::spin_loop, thread::yield_now, || thread::sleep(Duration::from_millis(1)), || {}];

fn shared<T: Default>() -> (Arc<T>, Arc<T>) {
    let one = Arc::new(T::default());
    (Arc::clone(&one), one)
}

#[test]
fn a_loop_that_gives_up_is_explored_with_every_number_of_rounds() {
    for pause in PAUSES {
        explores(0..=3, move || {
            let (flag, theirs) = shared::<AtomicBool>();
            let setter = thread::spawn(move || theirs.store(true, SeqCst));
            let mut rounds = 0;
            while rounds < 3 && !flag.load(SeqCst) {
                pause();
                rounds += 1;
            }
            setter.join().unwrap();
            rounds
        });
    }
}

#[test]
fn a_loop_that_gives_up_before_it_waits_otherwise_is_explored_with_every_number_of_rounds() {
    explores([0, 1, 2], || {
        let (state, theirs) = shared::<(Mutex<bool>, AtomicBool)>();
        let setter = thread::spawn(move || {
            let mut held = theirs.0.lock().unwrap();
            theirs.1.store(true, SeqCst);
            *held = true;
        });
        let mut rounds = 0;
        while rounds < 2 && !state.1.load(SeqCst) {
            thread::yield_now();
            rounds += 1;
        }
        drop(state.0.lock().unwrap());
        setter.join().unwrap();
        rounds
    });
}

#[test]
fn a_loop_that_waits_ends_as_soon_as_it_may_and_as_late_as_it_may() {
    for pause in PAUSES {
        explores([0, 1], move || {
            let (state, theirs) = shared::<(AtomicBool, AtomicUsize)>();
            let setter = thread::spawn(move || {
                theirs.0.store(true, SeqCst);
                theirs.1.fetch_add(1, SeqCst);
            });
            while !state.0.load(SeqCst) {
                pause();
            }
            let seen = state.1.fetch_add(0, SeqCst);
            setter.join().unwrap();
            seen
        });
    }
}

#[test]
fn a_loop_with_two_pauses_waits_for_all_that_it_reads() {
    for pause in PAUSES {
        explores([0, 1], move || {
            let (state, theirs) = shared::<[AtomicUsize; 3]>();
            let setter = thread::spawn(move || {
                theirs[1].store(1, SeqCst);
                theirs[2].fetch_add(1, SeqCst);
            });
            loop {
                if state[0].load(SeqCst) == 1 {
                    break;
                }
                pause();
                if state[1].load(SeqCst) == 1 {
                    break;
                }
                pause();
            }
            let seen = state[2].fetch_add(0, SeqCst);
            setter.join().unwrap();
            seen
        });
    }
}

#[test]
fn a_loop_that_reads_in_turn_waits_for_all_that_it_reads() {
    for pause in PAUSES {
        explores([0, 1], move || {
            let (state, theirs) = shared::<[AtomicUsize; 4]>();
            let setter = thread::spawn(move || {
                theirs[2].store(1, SeqCst);
                theirs[3].fetch_add(1, SeqCst);
            });
            let mut turn = 0;
            while state[turn].load(SeqCst) == 0 {
                pause();
                turn = (turn + 1) % 3;
            }
            let seen = state[3].fetch_add(0, SeqCst);
            setter.join().unwrap();
            seen
        });
    }
}

#[test]
fn a_loop_around_a_loop_that_gives_up_waits_for_all_that_both_read() {
    explores([0, 1], || {
        let (state, theirs) = shared::<[AtomicUsize; 3]>();
        let setter = thread::spawn(move || {
            theirs[1].store(1, SeqCst);
            theirs[2].fetch_add(1, SeqCst);
        });
        while state[1].load(SeqCst) == 0 {
            for _ in 0..2 {
                if state[0].load(SeqCst) == 1 {
                    break;
                }
                hint::spin_loop();
            }
            thread::yield_now();
        }
        let seen = state[2].fetch_add(0, SeqCst);
        setter.join().unwrap();
        seen
    });
}

#[test]
fn a_loop_around_a_loop_that_waits_ends() {
    passes(|| {
        let (state, theirs) = shared::<[AtomicBool; 2]>();
        let setter = thread::spawn(move || {
            theirs[0].store(true, SeqCst);
            theirs[1].store(true, SeqCst);
        });
        loop {
            while !state[0].load(SeqCst) {
                hint::spin_loop();
            }
            if state[1].load(SeqCst) {
                break;
            }
            thread::yield_now();
        }
        setter.join().unwrap();
    });
}

#[test]
fn two_loops_one_after_the_other_are_both_explored() {
    let all = (0..=2).flat_map(|x| (0..=2).map(move |y| (x, y)));
    // Once the first flag has been seen by the second loop's time, nothing hides it: every pair is possible.
    explores(all, || {
        let (state, theirs) = shared::<[AtomicBool; 2]>();
        let one = Arc::clone(&theirs);
        let first = thread::spawn(move || one[0].store(true, SeqCst));
        let second = thread::spawn(move || theirs[1].store(true, SeqCst));
        let rounds = |flag: usize| {
            let mut rounds = 0;
            while rounds < 2 && !state[flag].load(SeqCst) {
                hint::spin_loop();
                rounds += 1;
            }
            rounds
        };
        let seen = (rounds(0), rounds(1));
        first.join().unwrap();
        second.join().unwrap();
        seen
    });
}

/// Takes a spin lock, or fails to.
type Taking = fn(&AtomicBool) -> bool;

#[test]
fn a_spin_lock_keeps_every_update() {
    // In the loom world an exchange may return an older value than the latest: then it has to look again.
    let takings: [Taking; 4] = [
        |lock| lock.compare_exchange(false, true, Acquire, Relaxed).is_ok(),
        |lock| lock.compare_exchange_weak(false, true, Acquire, Relaxed).is_ok(),
        |lock| !lock.swap(true, Acquire),
        |lock| !lock.fetch_or(true, Acquire),
    ];
    let givings: [fn(&AtomicBool); 2] = [|lock| lock.store(false, Release), |lock| _ = lock.swap(false, Release)];
    for (take, give, pause) in takings.into_iter().flat_map(|take| {
        givings.into_iter().flat_map(move |give| PAUSES.into_iter().map(move |pause| (take, give, pause)))
    }) {
        passes(move || {
            let (state, theirs) = shared::<(AtomicBool, AtomicUsize)>();
            let add = move |state: &(AtomicBool, AtomicUsize)| {
                while !take(&state.0) {
                    pause();
                }
                state.1.store(state.1.load(Relaxed) + 1, Relaxed);
                give(&state.0);
            };
            let other = thread::spawn(move || add(&theirs));
            add(&state);
            other.join().unwrap();
            assert_eq!(state.1.load(Relaxed), 2);
        });
    }
}

#[test]
fn a_spin_lock_that_nobody_gives_back_is_a_livelock() {
    for pause in PAUSES {
        fails(Livelock, "nobody is left to make", move || {
            let lock = AtomicBool::new(false);
            thread::scope(|s| {
                for _ in 0..2 {
                    s.spawn(|| {
                        while lock.swap(true, Acquire) {
                            pause();
                        }
                    });
                }
            });
        });
    }
}

#[test]
fn polling_with_try_lock_ends() {
    for pause in PAUSES {
        passes(move || {
            let (state, theirs) = shared::<Mutex<usize>>();
            let other = thread::spawn(move || *theirs.lock().unwrap() += 1);
            loop {
                if let Ok(mut count) = state.try_lock() {
                    *count += 1;
                    break;
                }
                pause();
            }
            other.join().unwrap();
            assert_eq!(*state.lock().unwrap(), 2);
        });
    }
}

#[test]
fn polling_under_a_lock_ends() {
    for pause in PAUSES {
        passes(move || {
            let (state, theirs) = shared::<Mutex<usize>>();
            let others: Vec<_> = (0..2)
                .map(|_| {
                    let theirs = Arc::clone(&theirs);
                    thread::spawn(move || *theirs.lock().unwrap() += 1)
                })
                .collect();
            while *state.lock().unwrap() < 2 {
                pause();
            }
            others.into_iter().for_each(|other| other.join().unwrap());
        });
    }
}

#[test]
fn polling_is_finished_ends() {
    passes(|| {
        let other = thread::spawn(|| {});
        while !other.is_finished() {
            thread::yield_now();
        }
        other.join().unwrap();
    });
}

#[test]
fn two_threads_that_take_turns_busily_end() {
    passes(|| {
        let (turn, theirs) = shared::<AtomicUsize>();
        let play = |turn: &AtomicUsize, me: usize| {
            for round in 0..2 {
                while turn.load(SeqCst) != 2 * round + me {
                    thread::yield_now();
                }
                turn.fetch_add(1, SeqCst);
            }
        };
        let other = thread::spawn(move || play(&theirs, 1));
        play(&turn, 0);
        other.join().unwrap();
        assert_eq!(turn.load(SeqCst), 4);
    });
}

#[test]
fn petersons_lock_excludes() {
    passes(|| {
        let (state, theirs) = shared::<([AtomicBool; 2], AtomicUsize, AtomicUsize)>();
        let enter = |state: &([AtomicBool; 2], AtomicUsize, AtomicUsize), me: usize| {
            let (wants, turn, inside) = state;
            wants[me].store(true, Relaxed);
            // loom takes accesses to be AcqRel at most, so fences and an exchange make the order.
            turn.swap(1 - me, AcqRel);
            fence(SeqCst);
            while wants[1 - me].load(Acquire) && turn.load(Acquire) == 1 - me {
                hint::spin_loop();
            }
            assert_eq!(inside.fetch_add(1, Relaxed), 0, "both are inside");
            inside.fetch_sub(1, Relaxed);
            wants[me].store(false, Release);
        };
        let other = thread::spawn(move || enter(&theirs, 1));
        enter(&state, 0);
        other.join().unwrap();
    });
}

#[test]
fn a_busy_thread_does_not_hide_a_deadlock_of_the_others() {
    // The spinner waits for a thread that waits for ever: nobody is left to end the loop.
    let verdicts = fails(Livelock, "nobody is left to make", || {
        let (flag, theirs) = shared::<AtomicBool>();
        drop(thread::spawn(move || {
            thread::park();
            theirs.store(true, SeqCst);
        }));
        while !flag.load(SeqCst) {
            hint::spin_loop();
        }
    });
    for verdict in verdicts {
        assert_eq!(verdict.failure.unwrap().waiting.len(), 2, "the blocked thread is named too");
    }
    fails(Deadlock, "every thread waits", || {
        let (flag, theirs) = shared::<AtomicBool>();
        let other = thread::spawn(move || {
            while !theirs.load(SeqCst) {
                hint::spin_loop();
            }
            thread::park();
        });
        flag.store(true, SeqCst);
        other.join().unwrap();
    });
}

#[test]
fn a_loop_that_gives_up_alone_ends_although_nobody_changes_anything() {
    for pause in PAUSES {
        for rounds in [1, 5, 40, 300] {
            passes(move || {
                let flag = AtomicBool::new(false);
                for _ in 0..rounds {
                    if flag.load(SeqCst) {
                        break;
                    }
                    pause();
                }
            });
        }
    }
}

#[test]
fn reading_often_without_a_pause_is_no_livelock() {
    passes(|| {
        let one = AtomicUsize::new(1);
        assert_eq!((0..3_000).map(|_| one.load(Relaxed)).sum::<usize>(), 3_000);
    });
    // Although another one waits for ever as soon as it is done.
    fails(Livelock, "t1 in spin_loop", || {
        let (state, theirs) = shared::<(AtomicUsize, AtomicBool)>();
        let other = thread::spawn(move || {
            while !theirs.1.load(Relaxed) {
                hint::spin_loop();
            }
        });
        assert_eq!((0..3_000).map(|_| state.0.load(Relaxed)).sum::<usize>(), 0);
        other.join().unwrap();
    });
}

#[test]
fn reading_the_same_again_and_again_is_no_waiting() {
    explores((0..=3).flat_map(|x| (x..=3).map(move |y| (x, y))).filter(|(x, y)| y - x <= 3), || {
        let (value, theirs) = shared::<AtomicUsize>();
        let other = thread::spawn(move || {
            for _ in 0..3 {
                theirs.fetch_add(1, SeqCst);
            }
        });
        let reads: Vec<usize> = (0..3).map(|_| value.fetch_add(0, SeqCst)).collect();
        other.join().unwrap();
        (reads[0], reads[2])
    });
}

#[test]
fn a_loop_that_changes_something_in_every_round_lets_the_others_go_on() {
    let pauses = &PAUSES[..3];
    for &pause in pauses {
        for works in
            [|count: &AtomicUsize| count.store(7, Relaxed), |count: &AtomicUsize| _ = count.fetch_add(1, Relaxed)]
        {
            passes(move || {
                let (state, theirs) = shared::<(AtomicBool, AtomicUsize)>();
                let other = thread::spawn(move || {
                    while !theirs.0.load(Acquire) {
                        works(&theirs.1);
                        pause();
                    }
                });
                state.0.store(true, Release);
                other.join().unwrap();
            });
        }
    }
}

#[test]
fn a_loop_that_changes_something_in_every_round_for_nobody_reaches_the_step_limit() {
    for strategy in strategies() {
        let check = Check::new("model").strategy(strategy).steps(2_000);
        let verdict = check.run(|| {
            let (stop, count) = (AtomicBool::new(false), AtomicUsize::new(0));
            while !stop.load(Acquire) {
                count.fetch_add(1, Relaxed);
                thread::yield_now();
            }
        });
        expect(&verdict.unwrap(), Livelock, "the step limit was reached");
    }
}

#[test]
fn a_loop_that_changes_something_is_explored_with_many_rounds() {
    // With every number of rounds up to which one thread may go on alone.
    explores(0..=8, || {
        let (state, theirs) = shared::<(AtomicBool, AtomicUsize)>();
        let other = thread::spawn(move || {
            while theirs.1.load(Relaxed) < 8 && !theirs.0.load(Acquire) {
                theirs.1.fetch_add(1, Relaxed);
                thread::yield_now();
            }
        });
        state.0.store(true, Release);
        other.join().unwrap();
        state.1.load(Relaxed)
    });
}

#[test]
fn polling_for_poison_ends() {
    passes(|| {
        let (mutex, theirs) = shared::<Mutex<()>>();
        let other = thread::spawn(move || {
            let _guard = theirs.lock().unwrap();
            panic!("with the lock");
        });
        while !mutex.is_poisoned() {
            thread::yield_now();
        }
        assert!(other.join().is_err());
    });
}

#[test]
fn waiting_busily_costs_few_executions() {
    // One thread that waits for another that makes one change: it comes before it has looked, or after.
    for strategy in compiled(&[Strategy::Dfs]) {
        let verdict = passes_with(strategy, || {
            let (flag, theirs) = shared::<AtomicBool>();
            let other = thread::spawn(move || theirs.store(true, SeqCst));
            while !flag.load(SeqCst) {
                hint::spin_loop();
            }
            other.join().unwrap();
        });
        assert!(verdict.executions <= 4, "{} executions", verdict.executions);
    }
}
