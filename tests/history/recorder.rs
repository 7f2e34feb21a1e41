//! What a recorder sees in each world, and what the reduction would overlook without it.

use std::{
    collections::BTreeSet,
    sync::{Mutex as Untracked, atomic::AtomicUsize as Count},
};

use crate::common::*;
use raddle::{
    Check, FailureKind, Strategy,
    history::{
        Event, History, Recorder,
        specs::{Register, RegisterAnswer, RegisterAnswer::*, RegisterOperation, RegisterOperation::*},
    },
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering::*},
    },
    thread,
};

type Operation = RegisterOperation<u8>;
type Answer = RegisterAnswer<u8>;

/// Whoever reads never looks where others write.
#[derive(Default)]
struct Stale {
    written: AtomicU8,
    read: AtomicU8,
}

impl Stale {
    fn apply(&self, operation: &Operation) -> Answer {
        match operation {
            Write(value) => {
                self.written.store(*value, SeqCst);
                Written
            }
            _ => Value(self.read.load(SeqCst)),
        }
    }
}

/// A client reads, and another one writes. What is done around each is given.
fn reads_and_writes(
    apply: impl Fn(&Operation) -> Answer + Sync,
    record: impl Fn(usize, Operation, &dyn Fn(&Operation) -> Answer) + Sync,
) {
    thread::scope(|s| {
        s.spawn(|| record(1, Read, &apply));
        s.spawn(|| record(2, Write(1), &apply));
    });
}

fn recorded() {
    let (stale, recorder) = (Stale::default(), Recorder::new());
    reads_and_writes(
        |operation| stale.apply(operation),
        |client, operation, run| {
            recorder.record(client, operation, run);
        },
    );
    recorder.history().assert_linearizable::<Register<u8>>();
}

/// As [`recorded`], but nothing of the recording is a step of the model.
fn recorded_in_secret() {
    let (stale, events) = (Stale::default(), Untracked::new(Vec::new()));
    reads_and_writes(
        |operation| stale.apply(operation),
        |client, operation, run| {
            events.lock().unwrap().push(Event::Invoke { client, operation });
            let answer = run(&operation);
            events.lock().unwrap().push(Event::Return { client, answer });
        },
    );
    let history = History::new(events.into_inner().unwrap()).unwrap();
    history.assert_linearizable::<Register<u8>>();
}

#[test]
fn that_an_operation_has_returned_is_a_step_which_the_reduction_sees() {
    let message = "not linearizable: Read -> Value(0) of client 1 cannot be placed";
    for verdict in fails_with(&exhaustive(), FailureKind::Panic, message, recorded) {
        assert!(verdict.failure.unwrap().message.contains("There it would be Read -> Value(1)"));
    }
    // Nothing tells the two orders apart, and the one that is run is not the one that shows it. Not even the search without
    // reduction would: a thread that has done nothing yet is no step that could be delayed.
    for strategy in exhaustive() {
        let verdict = Check::new("secret").strategy(strategy).run(recorded_in_secret).unwrap();
        assert!(verdict.passed(), "{strategy}: {}", raddle::render(&verdict));
    }
}

/// Who did what, was told what, and had been told when others began: all that a specification can ask for.
fn told_apart(history: &History<Operation, Answer>) -> String {
    let mut calls: Vec<_> = history.calls().iter().collect();
    calls.sort_by_key(|call| (call.client, call.invoked));
    let comes_after = |call: usize| {
        let over = |before: &usize| calls[*before].returned.is_some_and(|at| at < calls[call].invoked);
        (0..calls.len()).filter(over).collect::<Vec<_>>()
    };
    let tell =
        |call: usize| format!("{:?} {:?} after {:?}", calls[call].operation, calls[call].answer, comes_after(call));
    (0..calls.len()).map(tell).collect::<Vec<_>>().join("; ")
}

/// Two clients, two operations each, on what `apply` does.
fn histories<T: Sync>(shared: &T, apply: impl Fn(&T, &Operation) -> Answer + Sync) -> History<Operation, Answer> {
    let recorder = Recorder::new();
    thread::scope(|s| {
        for (client, operations) in [(1, [Write(1), Read]), (2, [Read, Write(2)])] {
            let (recorder, apply) = (&recorder, &apply);
            s.spawn(move || {
                for operation in operations {
                    recorder.record(client, operation, |operation| apply(shared, operation));
                }
            });
        }
    });
    recorder.history()
}

fn atomic(value: &AtomicU8, operation: &Operation) -> Answer {
    match operation {
        Write(new) => {
            value.store(*new, SeqCst);
            Written
        }
        _ => Value(value.load(SeqCst)),
    }
}

fn locked(value: &Mutex<u8>, operation: &Operation) -> Answer {
    let mut value = value.lock().unwrap();
    match operation {
        Write(new) => {
            *value = *new;
            Written
        }
        _ => Value(*value),
    }
}

#[test]
fn every_history_that_can_be_told_apart_is_explored() {
    let by = |strategy| {
        let atomics = outcomes(strategy, || {
            let history = histories(&AtomicU8::new(0), atomic);
            history.assert_linearizable::<Register<u8>>();
            told_apart(&history)
        });
        let split = outcomes(strategy, || told_apart(&histories(&Stale::default(), Stale::apply)));
        (atomics, split)
    };
    let expected = compiled(&[Strategy::Dfs]).into_iter().map(by).next();
    for strategy in compiled(&[Strategy::Dpor]) {
        let seen = by(strategy);
        assert_eq!(Some(&seen), expected.as_ref());
        assert!(seen.0.len() > 20 && seen.1.len() > 10, "{} {}", seen.0.len(), seen.1.len());
    }
}

#[test]
fn what_a_lock_protects_is_linearizable_in_every_world() {
    let by = |strategy| {
        outcomes(strategy, || {
            let history = histories(&Mutex::new(0), locked);
            history.assert_linearizable::<Register<u8>>();
            told_apart(&history)
        })
    };
    let all: Vec<BTreeSet<String>> = exhaustive().into_iter().map(by).collect();
    assert!(all.iter().all(|seen| *seen == all[0] && seen.len() > 20));
    for strategy in samplers() {
        assert!(by(strategy).is_subset(&all[0]));
    }
}

#[test]
fn who_had_returned_is_all_that_is_told_apart() {
    // Two clients, and nothing shared: only who has returned before whom is told apart.
    for strategy in compiled(&[Strategy::Exhaustive, Strategy::Dpor]) {
        let runs = Arc::new(Count::new(0));
        let counted = Arc::clone(&runs);
        let seen = outcomes(strategy, move || {
            counted.fetch_add(1, Relaxed);
            let recorder = Recorder::new();
            thread::scope(|s| {
                for client in 1..=2 {
                    let recorder = &recorder;
                    s.spawn(move || recorder.record(client, Write(1), |_| Written));
                }
            });
            told_apart(&recorder.history())
        });
        assert_eq!(seen.len(), 3);
        eprintln!("{strategy}: {} executions", runs.load(Relaxed));
        // For dpor no more than the orders of two invocations and two returns.
        assert!(strategy != Strategy::Dpor || runs.load(Relaxed) <= 6, "{} executions", runs.load(Relaxed));
    }
}

#[test]
fn what_is_recorded_orders_nothing() {
    // Who reads begins after the write has returned, and knows that from a flag that publishes nothing.
    let model = || {
        let (plain, flag, recorder) = (Plain::default(), AtomicU8::new(0), Recorder::new());
        thread::scope(|s| {
            s.spawn(|| {
                recorder.record(1, Write(1), |_| {
                    plain.set(1);
                    Written
                });
                flag.store(1, Relaxed);
            });
            s.spawn(|| {
                if flag.load(Relaxed) == 1 {
                    recorder.record(2, Read, |_| Value(plain.get() as u8));
                }
            });
        });
    };
    fails_with(&exhaustive(), FailureKind::DataRace, "cell", model);
}

#[test]
fn what_panics_stays_pending() {
    let model = || {
        let recorder: Recorder<Operation, Answer> = Recorder::new();
        let record = || recorder.record(1, Write(1), |_| panic!("half done"));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(record)).is_err());
        recorder.record(2, Read, |_| Value(1));
        let history = recorder.history();
        assert_eq!(history.calls()[0].answer, None);
        history.assert_linearizable::<Register<u8>>();
    };
    passes(model);
    if real_threads() {
        model();
    }
}

#[test]
fn real_threads_are_recorded_too() {
    if !real_threads() {
        return;
    }
    let model = || histories(&Mutex::new(0), locked).assert_linearizable::<Register<u8>>();
    for _ in 0..100 {
        model();
    }
    passes_std(model);
}

fn passes_std(model: impl Fn() + Send + Sync + 'static) {
    let verdict = Check::new("real").strategy(Strategy::Stress).schedules(100).run(model).unwrap();
    assert!(verdict.passed(), "{}", raddle::render(&verdict));
}

#[test]
fn a_failure_replays_with_its_history() {
    for strategy in compiled(&[Strategy::Dpor, Strategy::Exhaustive]) {
        let verdict = Check::new("stale").strategy(strategy).run(recorded).unwrap();
        let failure = verdict.failure.unwrap();
        let token = failure.token.as_ref().unwrap().parse().unwrap();
        let again = Check::new("stale").replay(&token, recorded).unwrap().failure.unwrap();
        assert_eq!(again.message, failure.message);
    }
}
