//! Every way in which a model ends, and the smallest form of a failure.

use crate::common::*;
use raddle::{
    Check, End, FailureKind, Outcomes, Strategy, Token,
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
