//! Completeness and soundness of channels: small random programs, run by the engines, on real threads by the std world's
//! own channels and by crossbeam-channel, and by an interpreter that is obviously right.
//!
//! The interpreter enumerates every interleaving of an abstract machine. Depth-first search and loom must see exactly its
//! outcomes, and the samplers and real threads nothing else. Where a program can get stuck, the engine must get stuck in
//! one of the interpreter's ways. And whatever the interpreter says, every outcome keeps the rules of `rules.rs`.
// A build that is narrowed to one world has the engine that the other build has been tested with.
#![cfg(all(feature = "model", not(any(loom, shuttle))))]

#[path = "../common/mod.rs"]
mod common;
mod facade;
#[path = "../common/fuzz.rs"]
mod fuzz;
mod program;
mod reference;
mod rules;
#[path = "../common/workers.rs"]
mod workers;

use std::{collections::BTreeSet, time::Duration};

use common::*;
use proptest::prelude::*;
use raddle::{Check, Coverage, FIRINGS, FailureKind, Strategy, Verdict};

use facade::Recorder;
use fuzz::{budget, cases, runner};
use program::{Program, program};
use reference::{Outcome, Truth, outcomes};

fn engine(program: &Program, strategy: Strategy, firings: u32) -> (Verdict, BTreeSet<Outcome>) {
    let recorder = Recorder::default();
    let seen = recorder.clone();
    let program = program.clone();
    let verdict = Check::new("program")
        .strategy(strategy)
        .executions(budget())
        .schedules(60)
        .firings(firings)
        .run(move || facade::run(&program, &seen))
        .unwrap_or_else(|why| panic!("{strategy}: {why}"));
    let mut outcomes = recorder.take();
    if let Some(failure) = &verdict.failure {
        let stuck = matches!(failure.kind, FailureKind::Deadlock | FailureKind::Leak);
        assert!(stuck, "{}", raddle::render(&verdict));
        outcomes.insert(Outcome::of_failure(failure));
    }
    (verdict, outcomes)
}

fn lines<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> String {
    outcomes.into_iter().map(|outcome| format!("  {outcome:?}\n")).collect()
}

/// Each outcome is one of the interpreter's, and keeps the rules.
fn possible(
    who: &str,
    program: &Program,
    found: &BTreeSet<Outcome>,
    expected: &BTreeSet<Outcome>,
) -> Result<(), TestCaseError> {
    for outcome in found {
        if let Outcome::Done { registers } = outcome {
            let broken = rules::broken(program, registers);
            prop_assert!(broken.is_none(), "{who}: {}: {outcome:?}", broken.unwrap());
        }
        prop_assert!(
            expected.contains(outcome),
            "{who} shows what cannot happen:\n{}expected:\n{}",
            lines([outcome]),
            lines(expected)
        );
    }
    Ok(())
}

/// Compares one program; says how many outcomes it has, or nothing if it was too large for the engine.
fn compare(program: &Program, strategy: Strategy, firings: u32) -> Result<Option<usize>, TestCaseError> {
    let expected = outcomes(program, Truth::Atomic);
    let (verdict, found) = engine(program, strategy, firings);
    possible(&strategy.to_string(), program, &found, &expected)?;
    let can_get_stuck = expected.iter().any(|outcome| matches!(outcome, Outcome::Stuck { .. }));
    let count = expected.len();
    match verdict.coverage {
        Coverage::Exhausted => {
            let missed = expected.difference(&found);
            prop_assert!(found.len() == count, "{strategy} misses:\n{}found:\n{}", lines(missed), lines(&found));
        }
        Coverage::Truncated { .. } if verdict.passed() => return Ok(None),
        // Nothing but a limit on firings keeps outcomes back.
        Coverage::Bounded { preemptions: None, firings: Some(limit), wakes: None } if limit == firings => {
            prop_assert!(firings < u32::MAX, "{strategy}: there is no limit");
        }
        Coverage::Bounded { .. } => return Ok(None),
        _ => prop_assert!(verdict.passed() || can_get_stuck),
    }
    Ok(Some(count))
}

fn differential(
    strategy: Strategy,
    default: u32,
    firings: u32,
    programs: impl proptest::strategy::Strategy<Value = Program>,
) {
    let (compared, rich) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let result = runner(default).run(&programs, |program| {
        if let Some(outcomes) = compare(&program, strategy, firings)? {
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
        differential(strategy, 450, u32::MAX, program(false, false));
    }
}

#[test]
fn depth_first_search_gets_stuck_only_where_that_can_happen() {
    for strategy in compiled(&[Strategy::Dfs, Strategy::Dpor]) {
        differential(strategy, 300, u32::MAX, program(true, false));
    }
}

#[test]
fn reduction_costs_executions_only_where_another_order_might_have_shown_more() {
    if !shuttle() {
        return;
    }
    let counts = std::cell::RefCell::new(Vec::new());
    let result = runner(300).run(&program(false, false), |program| {
        let [dfs, dpor] = [Strategy::Dfs, Strategy::Dpor].map(|strategy| engine(&program, strategy, u32::MAX).0);
        if [&dfs, &dpor].iter().all(|verdict| verdict.coverage == Coverage::Exhausted) {
            counts.borrow_mut().push((dfs.executions, dpor.executions));
        }
        Ok(())
    });
    if let Err(why) = result {
        panic!("{why}");
    }
    let counts = counts.take();
    let more = counts.iter().filter(|(dfs, dpor)| dpor > dfs).count();
    let (dfs, dpor) = counts.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    println!("{} programs: dfs {dfs}, dpor {dpor} executions; dpor more in {more}", counts.len());
    assert!(more * 25 <= counts.len(), "dpor needs more executions than dfs in {more} of {} programs", counts.len());
    assert!(dpor * 10 <= dfs, "dpor needs {dpor} executions, dfs {dfs}");
}

#[test]
fn a_limit_on_early_timeouts_takes_outcomes_away_and_says_so() {
    for strategy in compiled(&[Strategy::Dfs, Strategy::Dpor]) {
        differential(strategy, 200, FIRINGS, program(false, false));
        differential(strategy, 100, 0, program(false, false));
    }
}

#[test]
fn workers_change_nothing() {
    if shuttle() {
        workers::agree(120, program(true, false), |check, program| {
            let recorder = Recorder::default();
            let (seen, program) = (recorder.clone(), program.clone());
            let all = check.outcomes(move || facade::run(&program, &seen)).unwrap_or_else(|why| panic!("{why}"));
            (all, recorder.take())
        });
    }
}

#[test]
fn loom_sees_exactly_what_can_happen() {
    for strategy in compiled(&[Strategy::Exhaustive]) {
        differential(strategy, 200, u32::MAX, program(false, true));
        differential(strategy, 100, u32::MAX, program(true, true));
    }
}

#[test]
fn the_samplers_see_nothing_that_cannot_happen() {
    for strategy in samplers() {
        differential(strategy, 200, u32::MAX, program(true, false));
    }
}

#[test]
fn real_threads_see_nothing_that_cannot_happen() {
    if !raddle::World::compiled().contains(&raddle::World::Std) {
        return;
    }
    let (run, rich) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let result = runner(100).run(&program(false, false), |program| {
        let expected = outcomes(&program, Truth::Loose);
        let atomic = outcomes(&program, Truth::Atomic);
        prop_assert!(atomic.is_subset(&expected), "the loose machine cannot do what the atomic one can");
        if !expected.iter().any(|outcome| matches!(outcome, Outcome::Stuck { .. })) {
            let found = (0..30).map(|run| facade::run_for_real(&program, Duration::from_micros(run * 3))).collect();
            possible("crossbeam-channel", &program, &found, &expected)?;
            run.set(run.get() + 1);
            rich.set(rich.get() + u32::from(found.len() > 1));
        }
        Ok(())
    });
    if let Err(why) = result {
        panic!("{why}");
    }
    let all = cases(100);
    println!("real threads: {} of {all} programs run, {} with several outcomes", run.get(), rich.get());
    assert!(run.get() * 10 >= all * 8, "only {} of {all} programs cannot get stuck", run.get());
}

/// One run in the std world.
fn run_in_std(program: &Program, run: u64) -> Outcome {
    let recorder = Recorder::default();
    let (program, seen) = (program.clone(), recorder.clone());
    let timeout = Duration::from_micros(run * 3);
    let check = Check::new("program").strategy(Strategy::Stress).schedules(1);
    let verdict = check.run(move || facade::run_in_std(&program, &seen, timeout)).unwrap();
    match &verdict.failure {
        Some(failure) => {
            let stuck = matches!(failure.kind, FailureKind::Deadlock | FailureKind::Leak);
            assert!(stuck, "{}", raddle::render(&verdict));
            Outcome::of_failure(failure)
        }
        None => recorder.take().pop_first().expect("every thread has ended, and let go of what it shared"),
    }
}

#[test]
fn runs_in_the_std_world_see_nothing_that_cannot_happen_and_get_stuck_only_where_that_can_happen() {
    if !raddle::World::compiled().contains(&raddle::World::Std) {
        return;
    }
    let (stuck, rich) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let result = runner(400).run(&program(true, false), |program| {
        let expected = outcomes(&program, Truth::Atomic);
        let found: BTreeSet<_> = (0..20).map(|run| run_in_std(&program, run)).collect();
        possible("the std world", &program, &found, &expected)?;
        stuck.set(stuck.get() + u32::from(found.iter().any(|outcome| matches!(outcome, Outcome::Stuck { .. }))));
        rich.set(rich.get() + u32::from(found.len() > 1));
        Ok(())
    });
    if let Err(why) = result {
        panic!("{why}");
    }
    let all = cases(400);
    println!("the std world: {} of {all} programs got stuck, {} showed several outcomes", stuck.get(), rich.get());
    assert!(stuck.get() * 10 >= all, "only {} of {all} programs got stuck", stuck.get());
    assert!(rich.get() * 10 >= all, "only {} of {all} programs showed several outcomes", rich.get());
}
