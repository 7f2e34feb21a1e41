//! Completeness and soundness: small random programs, run by the engines and by an interpreter that is obviously right.
//!
//! The interpreter enumerates every interleaving of an abstract machine under sequential consistency. Depth-first search
//! must see exactly its outcomes; loom too, for programs whose atomics are all read-modify-writes; and the samplers and
//! real threads must see nothing else. Where a program can get stuck, the engine must get stuck in one of the
//! interpreter's ways.
// A build that is narrowed to one world has the engine that the other build has been tested with.
#![cfg(all(feature = "model", not(any(loom, shuttle))))]

mod bounded;
#[path = "../common/mod.rs"]
mod common;
mod facade;
#[path = "../common/fuzz.rs"]
mod fuzz;
mod program;
mod reference;
#[path = "../common/workers.rs"]
mod workers;

use std::collections::BTreeSet;

use common::*;
use proptest::prelude::*;
use raddle::{Check, Coverage, FailureKind, Strategy, Verdict};

use facade::Recorder;
use fuzz::{budget, cases, runner};
use program::{Op, Program, program};
use reference::{Outcome, outcomes};

fn engine(program: &Program, strategy: Strategy) -> (Verdict, BTreeSet<Outcome>) {
    let recorder = Recorder::default();
    let seen = recorder.clone();
    let program = program.clone();
    let verdict = Check::new("program")
        .strategy(strategy)
        .executions(budget())
        .schedules(60)
        .run(move || facade::run(&program, &seen))
        .unwrap_or_else(|why| panic!("{strategy}: {why}"));
    let mut outcomes = recorder.take();
    if let Some(failure) = &verdict.failure {
        let stuck = matches!(failure.kind, FailureKind::Deadlock | FailureKind::Leak | FailureKind::Livelock);
        assert!(stuck, "{}", raddle::render(&verdict));
        outcomes.insert(Outcome::of_failure(failure));
    }
    (verdict, outcomes)
}

/// Compares one program; says how many outcomes it has, or nothing if it was too large for the engine.
fn compare(program: &Program, strategy: Strategy) -> Result<Option<usize>, TestCaseError> {
    let expected = outcomes(program);
    let count = expected.len();
    let (verdict, found) = engine(program, strategy);
    for outcome in &found {
        prop_assert!(
            expected.contains(outcome),
            "{strategy} shows what cannot happen: {outcome:?}\nexpected: {expected:#?}\n{}",
            raddle::render(&verdict)
        );
    }
    let can_get_stuck = expected.iter().any(|outcome| matches!(outcome, Outcome::Stuck { .. }));
    match verdict.coverage {
        Coverage::Exhausted => prop_assert_eq!(found, expected, "{} misses something", strategy),
        Coverage::Truncated { .. } if verdict.passed() => return Ok(None),
        Coverage::Bounded { .. } => return Ok(None),
        _ => prop_assert!(verdict.passed() || can_get_stuck),
    }
    Ok(Some(count))
}

fn differential(strategy: Strategy, default: u32, programs: impl proptest::strategy::Strategy<Value = Program>) {
    let (compared, rich) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let result = runner(default).run(&programs, |program| {
        if let Some(outcomes) = compare(&program, strategy)? {
            compared.set(compared.get() + 1);
            rich.set(rich.get() + u32::from(outcomes > 1));
        }
        Ok(())
    });
    if let Err(why) = result {
        panic!("{why}");
    }
    let all = cases(default);
    println!("{strategy}: {} of {all} programs compared, {} with several outcomes", compared.get(), rich.get());
    assert!(rich.get() * 10 >= all * 3, "only {} of {all} programs had several outcomes", rich.get());
    assert!(compared.get() * 10 >= all * 8, "only {} of {all} programs were small enough", compared.get());
}

#[test]
fn depth_first_search_sees_exactly_what_can_happen() {
    for strategy in compiled(&[Strategy::Dfs, Strategy::Dpor]) {
        differential(strategy, 600, program(true));
    }
}

#[test]
fn workers_change_nothing() {
    if shuttle() {
        workers::agree(250, program(true), |check, program| {
            let recorder = Recorder::default();
            let (seen, program) = (recorder.clone(), program.clone());
            let all = check.outcomes(move || facade::run(&program, &seen)).unwrap_or_else(|why| panic!("{why}"));
            (all, recorder.take())
        });
    }
}

#[test]
fn loom_sees_exactly_what_can_happen_without_loads_and_stores() {
    for strategy in compiled(&[Strategy::Exhaustive]) {
        differential(strategy, 300, program(false));
    }
}

#[test]
fn the_samplers_see_nothing_that_cannot_happen() {
    for strategy in samplers() {
        differential(strategy, 200, program(true));
    }
}

#[test]
fn real_threads_do_nothing_that_cannot_happen() {
    // A loop that nobody ends would go on for ever, and so would a wait for a once, which is std's own; nobody reads while a writer waits, which the interpreter does
    // not know: it matters where a thread that reads waits for something else.
    let ends = |program: &Program| {
        let any = |holds: fn(&Op) -> bool| program.threads.iter().flatten().any(|op| op.any(&holds));
        let reads = any(|op| matches!(op, Op::Read(body) | Op::TryRead(body) if !body.is_empty()));
        let writes = any(|op| matches!(op, Op::Write(_) | Op::TryWrite(_)));
        let waits = any(|op| matches!(op, Op::Once(..) | Op::WaitOnce));
        let spins = outcomes(program).iter().any(|outcome| matches!(outcome, Outcome::Stuck { kind: "Livelock", .. }));
        !(spins || waits || reads && writes)
    };
    for strategy in compiled(&[Strategy::Stress]) {
        let programs = proptest::strategy::Strategy::prop_filter(program(true), "real threads may not end", ends);
        differential(strategy, 200, programs);
    }
}
