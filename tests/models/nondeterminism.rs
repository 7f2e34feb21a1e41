//! A model that does not repeat itself is told so: what it did, and what the same schedule gave when it was run again.

use std::sync::atomic::{AtomicUsize as StdUsize, Ordering::SeqCst as Once};

use crate::common::*;
use raddle::{
    Check, Failure,
    FailureKind::{Nondeterminism, Panic},
    Strategy, Verdict,
    sync::{
        Arc,
        atomic::{AtomicPtr, AtomicUsize, Ordering::*},
    },
    thread,
};

/// Something that is not modelled: how often the model has run.
#[derive(Clone, Default)]
struct Runs(std::sync::Arc<StdUsize>);

impl Runs {
    fn next(&self) -> usize {
        self.0.fetch_add(1, Once)
    }
}

fn told(verdict: &Verdict, how: &str) -> Failure {
    expect(verdict, Nondeterminism, "is not modelled");
    expect(verdict, Nondeterminism, how);
    verdict.failure.clone().unwrap()
}

#[test]
fn a_model_that_fails_every_fifth_time_is_told_so() {
    for strategy in strategies() {
        let runs = Runs::default();
        let verdict = run(strategy, move || {
            let number = runs.next();
            let counter = Arc::new(AtomicUsize::new(0));
            let theirs = Arc::clone(&counter);
            let other = thread::spawn(move || theirs.fetch_add(1, SeqCst));
            counter.fetch_add(1, SeqCst);
            other.join().unwrap();
            assert!(number % 5 != 4, "the fifth");
        });
        // The exhaustive strategies have done with it before that.
        if verdict.passed() {
            assert!(verdict.executions < 5, "{strategy}: {}", raddle::render(&verdict));
            continue;
        }
        let failure = told(&verdict, "it failed with Panic: the fifth; run again, it passed");
        assert!(!failure.steps.is_empty());
        assert!(verdict.executions <= 5, "{strategy}: {}", verdict.executions);
    }
}

#[test]
fn the_execution_that_confirms_is_not_counted() {
    for strategy in strategies() {
        let fails = |runs: Option<Runs>| {
            run(strategy, move || {
                let atomic = AtomicUsize::new(0);
                atomic.store(1, SeqCst);
                assert!(runs.as_ref().is_some_and(|runs| runs.next() > 0), "always, or the first time");
            })
        };
        let (always, once) = (fails(None), fails(Some(Runs::default())));
        expect(&always, Panic, "always");
        // URW and SURW draw one execution for their estimates, so that here the first that counts is the second.
        if matches!(strategy, Strategy::Urw | Strategy::Surw) {
            assert!(once.passed());
            continue;
        }
        told(&once, "run again, it passed");
        assert_eq!((always.executions, always.failures, always.steps), (1, 1, once.steps), "{strategy}");
        assert_eq!((once.executions, once.failures), (1, 1), "{strategy}");
    }
}

#[test]
fn a_message_that_changes_is_told() {
    for strategy in strategies() {
        let runs = Runs::default();
        let verdict = run(strategy, move || panic!("run {}", runs.next()));
        let failure = told(&verdict, "; run again, it failed with Panic: run ");
        assert!(failure.message.contains("it failed with Panic: run "), "{}", failure.message);
    }
}

#[test]
fn steps_that_change_are_told() {
    for strategy in strategies() {
        let runs = Runs::default();
        let verdict = run(strategy, move || {
            let atomic = AtomicUsize::new(0);
            atomic.store(runs.next(), SeqCst);
            panic!("always");
        });
        told(&verdict, "; run again, step 1 was `store atomic#1 <- ");
        let runs = Runs::default();
        let verdict = run(strategy, move || {
            let atomic = AtomicUsize::new(0);
            for _ in 0..runs.next() {
                atomic.load(SeqCst);
            }
            panic!("always");
        });
        told(&verdict, "and had been its end");
    }
}

/// It never fails, and in every execution but the first there is somebody else at the beginning, who is soon gone.
#[test]
fn a_search_tells_who_is_new_on_a_way_that_it_has_been() {
    for strategy in strategies().into_iter().filter(|strategy| matches!(strategy, Strategy::Dfs | Strategy::Dpor)) {
        let runs = Runs::default();
        let verdict = run(strategy, move || {
            let new = runs.next() > 0;
            let counter = Arc::new(AtomicUsize::new(0));
            let add = |times: usize| {
                let counter = Arc::clone(&counter);
                thread::spawn(move || {
                    for _ in 0..times {
                        counter.fetch_add(1, SeqCst);
                    }
                })
            };
            for other in [add(usize::from(new)), add(2), add(2)] {
                other.join().unwrap();
            }
        });
        expect(&verdict, Nondeterminism, "is not modelled");
        assert_eq!(verdict.executions, 2, "{strategy}");
    }
}

#[test]
fn branches_that_change_are_told() {
    for strategy in strategies() {
        let runs = Runs::default();
        let verdict = run(strategy, move || {
            let number = runs.next();
            let counter = Arc::new(AtomicUsize::new(0));
            let theirs = Arc::clone(&counter);
            let other = thread::spawn(move || {
                theirs.fetch_add(1, SeqCst);
                for _ in 0..number % 3 {
                    theirs.fetch_add(1, SeqCst);
                }
            });
            for _ in 0..3 - number % 2 {
                counter.fetch_add(1, SeqCst);
            }
            other.join().unwrap();
            assert!(number % 7 != 5, "unlucky");
        });
        told(&verdict, "the same schedule gave another execution");
    }
}

#[test]
fn threads_that_change_are_told() {
    for strategy in strategies() {
        let runs = Runs::default();
        let verdict = run(strategy, move || {
            let number = runs.next();
            let counter = Arc::new(AtomicUsize::new(0));
            let others: Vec<_> = (0..1 + number % 3)
                .map(|_| {
                    let theirs = Arc::clone(&counter);
                    thread::spawn(move || theirs.fetch_add(1, SeqCst))
                })
                .collect();
            counter.fetch_add(1, SeqCst);
            others.into_iter().for_each(|other| drop(other.join()));
            assert!(number < 9, "the tenth");
        });
        told(&verdict, "the same schedule gave another execution");
    }
}

#[test]
fn a_thread_that_ends_before_loom_goes_on_with_it_is_told() {
    for strategy in compiled(&[Strategy::Exhaustive]) {
        let runs = Runs::default();
        let verdict = run(strategy, move || {
            let first = runs.next() == 0;
            let (shared, private) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            // Main is the first to use them: so nothing is learned, and the first run counts.
            shared.store(0, SeqCst);
            private.store(0, SeqCst);
            let (one, two) = (Arc::clone(&shared), Arc::clone(&shared));
            let long = thread::spawn(move || {
                if first {
                    private.store(1, SeqCst);
                    private.store(2, SeqCst);
                    one.store(1, SeqCst);
                }
            });
            let short = thread::spawn(move || two.store(2, SeqCst));
            long.join().unwrap();
            short.join().unwrap();
        });
        let failure = told(&verdict, "it went other ways than the one before");
        assert_eq!((verdict.executions, failure.steps.len()), (2, 0), "nobody can say what it did");
    }
}

#[test]
fn addresses_that_are_given_out_again_are_not_taken_for_it() {
    for strategy in strategies() {
        let kept = std::sync::Mutex::new(Vec::new());
        let verdict = run(strategy, move || {
            let pointer = AtomicPtr::new(std::ptr::null_mut::<u64>());
            for n in 0..4 {
                let new = Box::into_raw(Box::new(n));
                let old = pointer.swap(new, AcqRel);
                if !old.is_null() {
                    // SAFETY: it came from a box, and nobody else has it any more.
                    let old = unsafe { Box::from_raw(old) };
                    let mut kept = kept.lock().unwrap();
                    // So that each run finds other addresses free.
                    if kept.len() % 3 == 0 {
                        kept.push(old);
                    } else {
                        kept.push(Box::new(0));
                    }
                }
            }
            // SAFETY: as above.
            drop(unsafe { Box::from_raw(pointer.load(Acquire)) });
            panic!("always");
        });
        expect(&verdict, Panic, "always");
    }
}

#[test]
fn a_schedule_that_gave_two_executions_can_be_run_again() {
    for strategy in strategies() {
        let runs = Runs::default();
        let model = move || panic!("run {}", runs.next());
        let failure = told(&run(strategy, model.clone()), "run again");
        let token = failure.token.expect("it tells the schedule").parse().expect("a token");
        let again = Check::new("model").replay(&token, model).expect("nothing has changed but the message");
        expect(&again, Panic, "run ");
        assert_eq!(again.executions, 1);
    }
}
