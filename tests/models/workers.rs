//! Workers: how many there are changes nothing but the time that it takes.

use crate::{
    common::*,
    dpor::{fibonacci, load_store_counter, mutex_counter, reorder},
};
use raddle::{
    Check, Coverage, Error,
    FailureKind::{self, Deadlock, Leak, Nondeterminism, Panic},
    Limit, Outcomes, Strategy, Verdict,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

/// Small parts, smaller ones, and one at a time.
const ROUNDS: [(usize, u64); 4] = [(32, 256), (7, 5), (3, 1), (1, 2)];

fn check((searches, executions): (usize, u64)) -> Check {
    Check::new("model").strategy(Strategy::Dpor).rounds(searches, executions)
}

/// A verdict without the time that it took.
fn told(verdict: &Verdict) -> String {
    format!("{:?}", Verdict { elapsed: Default::default(), ..verdict.clone() })
}

/// The verdict, in parts of each size: the same with any number of workers, and again.
fn verdicts(more: impl Fn(Check) -> Check, model: impl Fn() + Send + Sync + 'static) -> Vec<Verdict> {
    let model: Model = std::sync::Arc::new(model);
    let mut verdicts = Vec::new();
    for rounds in ROUNDS.into_iter().filter(|_| shuttle()) {
        let verdict = |workers| {
            let model = Model::clone(&model);
            more(check(rounds)).workers(workers).run(move || model()).unwrap()
        };
        let alone = verdict(1);
        for workers in [2, 8, 2] {
            assert_eq!(told(&verdict(workers)), told(&alone), "{workers} workers, {rounds:?}");
        }
        verdicts.push(alone);
    }
    verdicts
}

#[test]
fn each_class_has_one_execution_whoever_explores_it() {
    let explores = |count, model: Box<dyn Fn() + Send + Sync>| {
        for verdict in verdicts(|check| check, model) {
            assert_eq!((verdict.executions, verdict.coverage), (count, Coverage::Exhausted));
        }
    };
    for (size, count) in [((2, 1), 4), ((2, 2), 34), ((2, 3), 328), ((3, 1), 36), ((3, 2), 7_134)] {
        explores(count, Box::new(move || load_store_counter(size)));
    }
    explores(90, Box::new(|| mutex_counter((3, 2))));
    explores(576, Box::new(|| reorder(3)));
    explores(1_107, Box::new(|| fibonacci(4)));
}

#[test]
fn each_value_of_a_choice_is_followed_by_the_same_orders() {
    let model = |threads, times| {
        let total = Arc::new(AtomicUsize::new(0));
        let add = |_| {
            let total = Arc::clone(&total);
            thread::spawn(move || {
                for _ in 0..times {
                    let seen = total.load(SeqCst);
                    total.store(seen + raddle::choice(2), SeqCst);
                }
            })
        };
        let threads: Vec<_> = (0..threads).map(add).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    };
    // As many classes as without choices, for each of their values.
    for (threads, times, count) in [(2, 2, 34 << 4), (3, 1, 36 << 3), (2, 3, 328 << 6)] {
        for verdict in verdicts(|check| check, move || model(threads, times)) {
            assert_eq!((verdict.executions, verdict.coverage), (count, Coverage::Exhausted));
        }
    }
}

/// Only late does it show that the first thread's load may come after what others do. By then its choice has been shared
/// out: who is tried in place of the load must not sleep where another value is tried.
#[test]
fn who_begins_late_does_not_sleep_elsewhere() {
    let model = || {
        let shared = Arc::new([const { AtomicUsize::new(0) }; 4]);
        let thread = |work: fn(&[AtomicUsize; 4])| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || work(&shared))
        };
        let threads = [
            thread(|[a, _, _, own]| {
                a.load(SeqCst);
                own.store(raddle::choice(6), SeqCst);
            }),
            thread(|[a, x, ..]| {
                if x.load(SeqCst) == 1 {
                    a.store(1, SeqCst)
                }
            }),
            thread(|[_, x, ..]| x.store(1, SeqCst)),
            thread(|[a, _, y, _]| {
                if y.load(SeqCst) == 1 {
                    a.store(2, SeqCst)
                }
            }),
            thread(|[_, _, y, _]| y.store(1, SeqCst)),
        ];
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    };
    // None of the two stores to `a`, one of them before or after the load, or both in any order with it.
    for verdict in verdicts(|check| check, model) {
        assert_eq!((verdict.executions, verdict.coverage), ((1 + 2 + 2 + 6) * 6, Coverage::Exhausted));
    }
}

#[test]
fn the_first_failure_is_the_same() {
    let fails = |kind: FailureKind, message: &str, model: fn()| {
        let found = verdicts(|check| check, model);
        for verdict in &found {
            expect(verdict, kind, message);
            replays(verdict, model);
        }
        for verdict in verdicts(|check| check.smallest(500), model) {
            expect(&verdict, kind, message);
            replays(&verdict, model);
        }
        found
    };
    // Many executions fail, in many of the parts, which take turns.
    fails(Panic, "an update is lost", || {
        std::thread::sleep(std::time::Duration::from_micros(200));
        let total = Arc::new(AtomicUsize::new(0));
        let add = |_| {
            let total = Arc::clone(&total);
            thread::spawn(move || (0..2).for_each(|_| total.store(total.load(SeqCst) + 1, SeqCst)))
        };
        let threads: Vec<_> = (0..3).map(add).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(total.load(SeqCst) > 2, "an update is lost");
    });
    fails(Deadlock, "waits", || {
        let locks = Arc::new([const { Mutex::new(0) }; 3]);
        let philosopher = |at: usize| {
            let locks = Arc::clone(&locks);
            thread::spawn(move || {
                let mut left = locks[at].lock().unwrap();
                let mut right = locks[(at + 1) % 3].lock().unwrap();
                *left += 1;
                *right += 1;
            })
        };
        let threads: Vec<_> = (0..3).map(philosopher).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    fails(Leak, "", || {
        let (turn, lock) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(0)));
        let (theirs, other) = (Arc::clone(&turn), Arc::clone(&lock));
        let thread = thread::spawn(move || {
            (0..3).for_each(|n| theirs.store(theirs.load(SeqCst) + n, SeqCst));
            let guard = other.lock().unwrap();
            if theirs.load(SeqCst) == 4 {
                std::mem::forget(guard);
            }
        });
        (0..3).for_each(|_| turn.store(turn.load(SeqCst) + 1, SeqCst));
        thread.join().unwrap();
    });
}

/// The outcomes, in parts of each size.
fn outcomes<T: Ord + Clone + Send + std::fmt::Debug + 'static>(
    model: impl Fn() -> T + Clone + Send + Sync + 'static,
) -> Option<Outcomes<T>> {
    let mut all = None;
    for rounds in ROUNDS.into_iter().filter(|_| shuttle()) {
        let outcomes = |workers| check(rounds).workers(workers).outcomes(model.clone()).unwrap();
        let alone = outcomes(1);
        for workers in [2, 8] {
            let again = outcomes(workers);
            assert_eq!(again.all, alone.all, "{workers} workers, {rounds:?}");
            assert_eq!(told(&again.verdict), told(&alone.verdict));
        }
        all = Some(alone);
    }
    all
}

#[test]
fn outcomes_and_their_counts_are_the_same() {
    let model = || {
        let total = Arc::new(AtomicUsize::new(0));
        let add = |_| {
            let total = Arc::clone(&total);
            thread::spawn(move || (0..2).for_each(|_| total.store(total.load(SeqCst) + 1, SeqCst)))
        };
        let threads: Vec<_> = (0..2).map(add).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let total = total.load(SeqCst);
        assert!(total > 2, "two are lost");
        total
    };
    if let Some(outcomes) = outcomes(model) {
        assert_eq!(outcomes.returned().collect::<Vec<_>>(), [&3, &4]);
        assert_eq!(outcomes.all.iter().map(|outcome| outcome.count).sum::<u64>(), 34);
    }
}

/// Only some schedules try the lock: whoever runs one of them first, all start over with that.
#[test]
fn what_one_learns_all_know() {
    let model = || {
        let (lock, flag) = (Arc::new(Mutex::new(0)), Arc::new(AtomicUsize::new(0)));
        let (theirs, raised) = (Arc::clone(&lock), Arc::clone(&flag));
        let other = thread::spawn(move || {
            (0..2).for_each(|_| raised.store(raised.load(SeqCst) + 1, SeqCst));
            *theirs.lock().unwrap() += 1;
        });
        flag.store(flag.load(SeqCst) + 1, SeqCst);
        let seen = if flag.load(SeqCst) == 2 { lock.try_lock().is_ok() } else { other.is_finished() };
        other.join().unwrap();
        seen
    };
    if let Some(outcomes) = outcomes(model) {
        assert_eq!(outcomes.returned().collect::<Vec<_>>(), [&false, &true]);
    }
}

#[test]
fn statics_belong_to_the_execution_of_each_worker() {
    static TOTAL: OnceLock<AtomicUsize> = OnceLock::new();
    let model = || {
        let add = || {
            let total = TOTAL.get_or_init(|| AtomicUsize::new(0));
            total.store(total.load(SeqCst) + 1, SeqCst);
        };
        let threads = [thread::spawn(add), thread::spawn(add)];
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        TOTAL.get().unwrap().load(SeqCst)
    };
    if let Some(outcomes) = outcomes(model) {
        assert_eq!(outcomes.returned().collect::<Vec<_>>(), [&1, &2]);
    }
}

#[test]
fn a_budget_ends_at_the_same_execution() {
    for budget in [1, 40, 333, 1_000] {
        for verdict in verdicts(|check| check.executions(budget), || load_store_counter((3, 2))) {
            assert_eq!(verdict.executions + verdict.redundant, budget);
            assert_eq!(verdict.coverage, Coverage::Truncated { by: Limit::Executions });
        }
    }
    for verdict in verdicts(|check| check.executions(328), || load_store_counter((2, 3))) {
        assert_eq!((verdict.executions, verdict.coverage), (328, Coverage::Exhausted));
    }
}

#[test]
fn time_may_be_over() {
    for workers in [1, 2].into_iter().filter(|_| shuttle()) {
        let check = check((8, 8)).executions(u64::MAX).workers(workers).time(std::time::Duration::from_millis(30));
        let verdict = check.run(|| load_store_counter((4, 4))).unwrap();
        assert_eq!(verdict.coverage, Coverage::Truncated { by: Limit::Time });
    }
}

#[test]
fn a_model_that_does_not_repeat_itself_is_found_out() {
    for workers in [1, 2, 8].into_iter().filter(|_| shuttle()) {
        let runs = std::sync::atomic::AtomicUsize::new(0);
        let verdict = check((4, 3)).workers(workers).run(move || {
            load_store_counter((2, 2));
            assert!(runs.fetch_add(1, SeqCst) != 20, "only once");
        });
        assert_eq!(verdict.unwrap().failure.unwrap().kind, Nondeterminism);
    }
}

#[test]
fn a_check_within_a_model_is_an_error_in_every_worker() {
    if !shuttle() {
        return;
    }
    for workers in [1, 2, 8].into_iter().filter(|_| shuttle()) {
        let verdict = check((4, 3)).workers(workers).run(|| {
            load_store_counter((2, 2));
            let nested = Check::new("nested").strategy(Strategy::Dpor).workers(2).run(|| {});
            assert!(matches!(nested, Err(Error::Nested(_))), "{nested:?}");
        });
        assert!(verdict.unwrap().passed());
    }
    let none = check((4, 3)).workers(0).run(|| {});
    assert!(matches!(none, Err(Error::Argument(_))), "{none:?}");
}

#[test]
fn progress_is_told_where_the_check_is_awaited() {
    for strategy in strategies().into_iter().chain(compiled(&[Strategy::Stress])) {
        for workers in [1, 2] {
            let told = Arc::new(std::sync::Mutex::new(Vec::new()));
            let (mine, here) = (Arc::clone(&told), std::thread::current().id());
            let tell = move |progress| {
                assert_eq!(std::thread::current().id(), here);
                mine.lock().unwrap().push(progress);
            };
            let check = Check::new("model").strategy(strategy).schedules(300).workers(workers);
            let every = std::time::Duration::from_millis(2);
            let verdict = check.progress(every, tell).run(|| load_store_counter((2, 2))).unwrap();
            let told = told.lock().unwrap();
            let last = told.last().expect("the end is told");
            assert_eq!((last.executions, last.redundant), (verdict.executions, verdict.redundant));
            assert_eq!(last.estimate, Some(verdict.executions as f64), "{strategy}");
            assert!(told.windows(2).all(|pair| pair[0].elapsed <= pair[1].elapsed));
        }
    }
}
