//! Every way in which a model ends, and the smallest form of a failure.

use crate::common::*;
use raddle::{
    Check, End, FailureKind, Outcomes, Step, Strategy, Token, Why,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
};

/// Everything is gathered, by the slow search too, and each token gives the outcome that it stands for.
fn gathers<T: Ord + Clone + Send + std::fmt::Debug + 'static>(
    model: impl Fn() -> T + Clone + Send + Sync + 'static,
) -> Option<Outcomes<T>> {
    let all = |strategy| Check::new("model").strategy(strategy).outcomes(model.clone()).unwrap();
    let strategies = compiled(&[Strategy::Dpor, Strategy::Dfs]);
    let [dpor, dfs] = strategies[..] else { return None };
    let (reduced, slow) = (all(dpor), all(dfs));
    let ends = |outcomes: &Outcomes<T>| outcomes.all.iter().map(|o| o.end.clone()).collect::<Vec<_>>();
    assert_eq!(ends(&reduced), ends(&slow));
    for outcomes in [&reduced, &slow] {
        let counted: u64 = outcomes.all.iter().map(|o| o.count).sum();
        assert_eq!(counted, outcomes.verdict.executions);
        for outcome in &outcomes.all {
            let token: Token = outcome.token.parse().unwrap();
            let model = model.clone();
            let again = Check::new("model").replay(&token, move || drop(model())).unwrap();
            match (&outcome.end, again.failure) {
                (End::Returned(_), None) => {}
                (End::Failed { kind, message, .. }, Some(again)) => {
                    assert_eq!((kind, message, &outcome.steps), (&again.kind, &again.message, &again.steps));
                }
                (end, again) => panic!("{end:?} is replayed as {again:?}"),
            }
        }
    }
    Some(reduced)
}

fn counter() -> usize {
    let total = Arc::new(AtomicUsize::new(0));
    let add = |_| {
        let total = Arc::clone(&total);
        thread::spawn(move || total.store(total.load(SeqCst) + 1, SeqCst))
    };
    let threads: Vec<_> = (0..2).map(add).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    total.load(SeqCst)
}

#[test]
fn values_are_counted_by_class() {
    if let Some(outcomes) = gathers(counter) {
        let counts: Vec<(usize, u64)> =
            outcomes.returned().copied().zip(outcomes.all.iter().map(|o| o.count)).collect();
        assert_eq!(counts, [(1, 2), (2, 2)]);
        assert!(outcomes.verdict.passed());
    }
}

#[test]
fn a_failure_does_not_end_the_search() {
    let model = || {
        let (a, b) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
        let (c, d) = (Arc::clone(&a), Arc::clone(&b));
        let other = thread::spawn(move || {
            let _first = d.lock().unwrap();
            *c.lock().unwrap() += 1;
        });
        {
            let _first = a.lock().unwrap();
            let seen = *b.lock().unwrap();
            drop(_first);
            other.join().unwrap();
            let total = *a.lock().unwrap();
            assert_eq!(total, 1);
            seen
        }
    };
    if let Some(outcomes) = gathers(model) {
        assert_eq!(outcomes.returned().collect::<Vec<_>>(), [&0]);
        let [failure] = &outcomes.failures().collect::<Vec<_>>()[..] else { panic!("{:?}", outcomes.all) };
        let End::Failed { kind, waiting, .. } = &failure.end else { unreachable!("it is a failure") };
        assert_eq!((*kind, waiting.len()), (FailureKind::Deadlock, 2));
        assert!(!outcomes.verdict.passed() && outcomes.verdict.failures == 1);
    }
}

#[test]
fn who_is_left_and_who_panics_are_outcomes_of_their_own() {
    let model = || {
        let (sender, receiver) = mpsc::sync_channel(0);
        let flag = Arc::new(AtomicUsize::new(0));
        let theirs = Arc::clone(&flag);
        thread::spawn(move || {
            theirs.store(1, SeqCst);
            sender.send(1).unwrap();
        });
        if flag.load(SeqCst) == 0 {
            // The sender is left behind.
            std::mem::forget(receiver);
            return 0;
        }
        assert!(receiver.recv() == Ok(2), "it is 1");
        1
    };
    if let Some(outcomes) = gathers(model) {
        let kinds: Vec<FailureKind> = outcomes
            .failures()
            .map(|o| match o.end {
                End::Failed { kind, .. } => kind,
                End::Returned(_) => unreachable!("it is a failure"),
            })
            .collect();
        assert_eq!(kinds, [FailureKind::Panic, FailureKind::Leak]);
    }
}

#[test]
fn a_failure_is_made_as_small_as_it_can_be() {
    let model = || assert_eq!(counter(), 2);
    for strategy in compiled(&[Strategy::Random, Strategy::Pct { depth: 3 }, Strategy::Pos, Strategy::Dpor]) {
        let verdict = Check::new("model").strategy(strategy).smallest(1_000).run(model).unwrap();
        expect(&verdict, FailureKind::Panic, "left: 1");
        replays(&verdict, model);
        let threads: Vec<u32> = verdict.failure.unwrap().steps.iter().map(|step| step.thread).collect();
        // One preemption, of the thread that has loaded and not stored.
        let smallest = [[0, 0, 1, 2, 2, 2, 1, 1, 0, 0, 0], [0, 0, 2, 1, 1, 1, 0, 2, 2, 0, 0]];
        assert!(smallest.iter().any(|smallest| threads == smallest), "{strategy}: {threads:?}");
    }
}

#[test]
fn outcomes_are_gathered_where_executions_go_on_after_failures() {
    for strategy in compiled(&[Strategy::Exhaustive, Strategy::Stress]) {
        let refused = Check::new("model").strategy(strategy).outcomes(|| 1).unwrap_err();
        assert!(refused.to_string().contains("outcomes are gathered in the shuttle world"), "{refused}");
    }
}

/// Only a schedule that is tried late shows that the lock is tried: then everything starts over.
#[test]
fn what_was_gathered_before_a_fact_was_learned_does_not_count() {
    let model = || {
        let (lock, flag) = (Arc::new(Mutex::new(0)), Arc::new(AtomicUsize::new(0)));
        let (theirs, raised) = (Arc::clone(&lock), Arc::clone(&flag));
        let other = thread::spawn(move || {
            *theirs.lock().unwrap() += 1;
            raised.store(1, SeqCst);
        });
        let seen = if flag.load(SeqCst) == 0 { lock.try_lock().is_ok() } else { *lock.lock().unwrap() == 1 };
        other.join().unwrap();
        seen
    };
    if let Some(outcomes) = gathers(model) {
        assert_eq!(outcomes.returned().collect::<Vec<_>>(), [&false, &true]);
    }
}

#[test]
fn a_model_that_draws_numbers_fails_as_it_was_found() {
    let model = || assert!(raddle::rand::random::<u64>() == 0, "some number");
    for strategy in compiled(&[Strategy::Random]) {
        let verdict = Check::new("model").strategy(strategy).smallest(100).run(model).unwrap();
        expect(&verdict, FailureKind::Panic, "some number");
        replays(&verdict, model);
    }
}

/// How often another thread goes on.
fn switches(steps: &[Step]) -> usize {
    steps.windows(2).filter(|pair| pair[0].thread != pair[1].thread).count()
}

fn preemptions(steps: &[Step]) -> usize {
    steps.iter().filter(|step| step.switch.is_some_and(|switch| switch.why == Why::Preempted)).count()
}

#[test]
fn where_there_is_too_much_to_try_a_schedule_is_cut_down() {
    // Without any preemption there are more than 5,000 orders: too many to be tried.
    let model = || {
        let total = Arc::new(AtomicUsize::new(0));
        let add = |_| {
            let total = Arc::clone(&total);
            thread::spawn(move || (0..3).for_each(|_| total.store(total.load(SeqCst) + 1, SeqCst)))
        };
        let threads: Vec<_> = (0..8).map(add).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(total.load(SeqCst) == 24, "an update is lost");
    };
    for strategy in compiled(&[Strategy::Random]) {
        let check = || Check::new("model").strategy(strategy);
        let found = check().run(model).unwrap();
        let cut = check().smallest(400).run(model).unwrap();
        expect(&cut, FailureKind::Panic, "an update is lost");
        replays(&cut, model);
        assert_eq!((cut.executions, cut.steps), (found.executions, found.steps), "what it takes is not counted");
        let [cut, found] = [cut, found].map(|verdict| switches(&verdict.failure.unwrap().steps));
        assert!(2 * cut < found, "{cut} of {found}");
    }
}

/// Two threads add one to a number twice each.
fn twice() -> usize {
    let total = Arc::new(AtomicUsize::new(0));
    let add = |_| {
        let total = Arc::clone(&total);
        thread::spawn(move || (0..2).for_each(|_| total.store(total.load(SeqCst) + 1, SeqCst)))
    };
    let threads: Vec<_> = (0..2).map(add).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    total.load(SeqCst)
}

#[test]
fn each_outcome_is_told_by_its_smallest_execution() {
    // The first of 1,000 samples that ends so is seldom the smallest.
    for strategy in compiled(&[Strategy::Dfs, Strategy::Random]) {
        let outcomes = Check::new("model").strategy(strategy).outcomes(twice).unwrap();
        let told: Vec<_> = outcomes.all.iter().map(|o| (o.end.clone(), preemptions(&o.steps))).collect();
        let smallest = [(2, 1), (3, 2), (4, 0)].map(|(value, preemptions)| (End::Returned(value), preemptions));
        assert_eq!(told, smallest, "{strategy}");
    }
}

#[test]
fn a_failure_is_not_made_another_one() {
    let model = || match twice() {
        2 => panic!("two are lost"),
        3 => panic!("one is lost"),
        _ => {}
    };
    for strategy in compiled(&[Strategy::Random]) {
        for seed in 0..8 {
            let check = || Check::new("model").strategy(strategy).seed(seed);
            let message = check().run(model).unwrap().failure.unwrap().message;
            let smallest = check().smallest(1_000).run(model).unwrap();
            expect(&smallest, FailureKind::Panic, &message);
        }
    }
}

/// One preemption is enough, early on; a search that goes back from the end meets more, later, before. That the other
/// thread has started is no preemption of main, nor that main goes on then.
#[test]
fn fewer_preemptions_are_tried_first() {
    let model = || {
        let shared = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let theirs = Arc::clone(&shared);
        let add = |total: &AtomicUsize| total.store(total.load(SeqCst) + 1, SeqCst);
        let other = thread::spawn(move || {
            add(&theirs[0]);
            theirs[1].store(1, SeqCst);
            theirs[1].store(2, SeqCst);
        });
        add(&shared[0]);
        let seen = [(); 3].map(|()| shared[1].load(SeqCst));
        other.join().unwrap();
        assert!(shared[0].load(SeqCst) == 2 && seen != [0, 1, 2], "it fails");
    };
    for strategy in compiled(&[Strategy::Random, Strategy::Dpor]) {
        let smallest = Check::new("model").strategy(strategy).smallest(2_000).run(model).unwrap();
        expect(&smallest, FailureKind::Panic, "it fails");
        let steps = smallest.failure.unwrap().steps;
        assert_eq!((preemptions(&steps), switches(&steps)), (1, 2), "{strategy}");
    }
}
