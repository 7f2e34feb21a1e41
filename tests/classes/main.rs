//! Dpor runs one execution of each class: random programs over every primitive, whose classes are counted one by one.
//!
//! The truth is depth-first search without any reduction. Once as it is: it shows what can come out. And once with dpor's
//! steps: of each of its executions the class is told from the footprints of what the steps came to, compared two by two.
//! Dpor must see the same outcomes, by tokens that replay them, and run each class, and none twice.
// A build that is narrowed to one world has the engine that the other build has been tested with.
#![cfg(all(feature = "model", not(any(loom, shuttle))))]

#[path = "../common/mod.rs"]
mod common;
mod facade;
#[path = "../common/fuzz.rs"]
mod fuzz;
mod program;
mod sabotage;

use std::{cell::Cell, collections::BTreeSet};

use proptest::prelude::*;
use raddle::{Check, Coverage, End, FailureKind, Outcomes, Strategy, Verdict, internals::Classes};

use fuzz::{budget, cases, runner, size};
use program::{Family, Patience, Program, program};

/// Executions after which a program is too large.
fn most() -> u64 {
    budget().max(5_000)
}

type Registers = Vec<Vec<u8>>;

fn check(strategy: Strategy, most: u64) -> Check {
    Check::new("program").strategy(strategy).executions(most).firings(u32::MAX)
}

fn classes(program: &Program, strategy: Strategy, most: u64) -> Classes<Registers> {
    let program = program.clone();
    check(strategy, most).classes(move || facade::run(&program)).unwrap()
}

fn outcomes(program: &Program, strategy: Strategy) -> Outcomes<Registers> {
    let program = program.clone();
    check(strategy, most()).outcomes(move || facade::run(&program)).unwrap()
}

/// Whether nothing was left out.
fn complete(verdict: &Verdict) -> bool {
    !matches!(verdict.coverage, Coverage::Truncated { .. })
}

/// A failure's text without what equivalent executions tell differently: the numbers of objects, which are those of their
/// first uses, and which two of the accesses that nothing orders met first.
fn unordered(text: &str) -> String {
    let mut parts = text.split('#');
    let first = parts.next().unwrap_or_default().to_owned();
    let text = parts.fold(first, |told, part| told + part.trim_start_matches(|c: char| c.is_ascii_digit()));
    match text.split_once("): ").filter(|_| text.starts_with("data race")) {
        None => text,
        Some((race, _)) => race.to_owned(),
    }
}

fn end(end: &End<Registers>) -> End<Registers> {
    match end {
        End::Failed { kind, message, waiting } => {
            let waiting = waiting.iter().map(|line| unordered(line)).collect();
            End::Failed { kind: *kind, message: unordered(message), waiting }
        }
        returned => returned.clone(),
    }
}

fn ends(outcomes: &Outcomes<Registers>) -> BTreeSet<End<Registers>> {
    outcomes.all.iter().map(|outcome| end(&outcome.end)).collect()
}

/// Each outcome's token replays to that outcome.
fn replays(program: &Program, outcomes: &Outcomes<Registers>) -> Result<(), TestCaseError> {
    for outcome in &outcomes.all {
        let token = outcome.token.parse().unwrap();
        let (again, seen) = (program.clone(), std::sync::Arc::new(std::sync::Mutex::new(None)));
        let told = seen.clone();
        let verdict = check(outcomes.verdict.strategy, most())
            .replay(&token, move || {
                let registers = facade::run(&again);
                *told.lock().unwrap() = Some(registers);
            })
            .map_err(|why| TestCaseError::fail(why.to_string()))?;
        match &outcome.end {
            End::Returned(registers) => {
                prop_assert!(verdict.failure.is_none(), "{}", raddle::render(&verdict));
                let seen = seen.lock().unwrap();
                prop_assert_eq!(seen.as_ref(), Some(registers), "a replay differs");
            }
            End::Failed { kind, message, .. } => {
                let failure = verdict.failure.as_ref().map(|failure| (failure.kind, &failure.message));
                prop_assert_eq!(failure, Some((*kind, message)), "a replay differs");
            }
        }
    }
    Ok(())
}

/// Whether executions fail before everybody has come to rest. A race is found as soon as both accesses have been made, in
/// whichever order and however late the second; a panic as soon as its thread is joined. How far the other threads have
/// come by then tells classes apart, and is of no interest: dpor runs some of them, maybe twice, and shows each failure.
fn fail_early(ends: &[End<Registers>]) -> bool {
    matches!(ends, [End::Failed { kind: FailureKind::DataRace | FailureKind::Panic, .. }, ..])
}

/// How many classes there are, executions of depth-first search, and redundant ones of dpor; nothing if the program is too
/// large.
fn compare(program: &Program) -> Result<Option<[u64; 3]>, TestCaseError> {
    let naive = outcomes(program, Strategy::Dfs);
    if !complete(&naive.verdict) {
        return Ok(None);
    }
    let all = classes(program, Strategy::Dfs, most());
    if !complete(&all.verdict) {
        return Ok(None);
    }
    let (reduced, dpor) = (classes(program, Strategy::Dpor, most()), outcomes(program, Strategy::Dpor));
    prop_assert!(complete(&reduced.verdict), "dpor needs more executions than depth-first search");
    prop_assert_eq!(ends(&naive), ends(&dpor), "dpor's outcomes differ");
    replays(program, &dpor)?;
    prop_assert_eq!(&all.facts, &reduced.facts, "dpor has not learned the same");
    let differ = |ends: &[End<Registers>]| ends.iter().map(end).collect::<BTreeSet<_>>().len() > 1;
    let differing = all.all.iter().find(|(_, (ends, _))| differ(ends));
    prop_assert!(differing.is_none(), "equivalent executions differ: {differing:?}");
    let number = |classes: &Classes<Registers>| classes.all.len() as u64;
    let twice = reduced.all.iter().find(|(_, (ends, count))| *count > 1 && !fail_early(ends));
    prop_assert!(twice.is_none(), "of {} classes, dpor runs one twice: {twice:?}", number(&all));
    let missed = all.all.iter().filter(|(class, (ends, _))| !fail_early(ends) && !reduced.all.contains_key(class));
    let missed: Vec<_> = missed.collect();
    prop_assert!(missed.is_empty(), "of {} classes, dpor runs {}, and not {missed:?}", number(&all), number(&reduced));
    let more = reduced.all.keys().find(|class| !all.all.contains_key(class));
    prop_assert!(more.is_none(), "dpor runs what there is not: {more:?}");
    Ok(Some([number(&all), naive.verdict.executions, dpor.verdict.redundant]))
}

fn family(family: Family, default: u32) {
    let (compared, sums, more) = (Cell::new(0), Cell::new([0; 3]), Cell::new(0));
    let result = runner(default).run(&program(family, size()), |program| {
        if let Some(counts) = compare(&program)? {
            compared.set(compared.get() + 1);
            let sum = sums.get();
            sums.set([0, 1, 2].map(|at| sum[at] + counts[at]));
            more.set(more.get() + u32::from(counts[0] > counts[1]));
        }
        Ok(())
    });
    if let Err(why) = result {
        panic!("{why}");
    }
    let (all, compared, [classes, dfs, redundant]) = (cases(default), compared.get(), sums.get());
    println!(
        "{family:?}: {compared} of {all} programs, {classes} classes, {redundant} redundant executions, {dfs} of dfs; \
         {} programs have more classes than executions of dfs",
        more.get()
    );
    assert!(compared * 10 >= all * 6, "only {compared} of {all} programs were small enough");
}

#[test]
fn each_class_of_programs_on_memory_is_run_once() {
    family(Family::Memory, 150);
}

#[test]
fn each_class_of_programs_on_locks_is_run_once() {
    family(Family::Locks, 120);
}

#[test]
fn each_class_of_programs_on_threads_is_run_once() {
    family(Family::Threads, 150);
}

#[test]
fn each_class_of_programs_on_onces_is_run_once() {
    family(Family::Onces, 120);
}

#[test]
fn each_class_of_programs_on_channels_is_run_once() {
    family(Family::Channels, 150);
}

#[test]
fn each_class_of_programs_on_channels_with_go_s_rules_is_run_once() {
    family(Family::Go, 200);
}

#[test]
fn each_class_of_programs_on_timers_is_run_once() {
    family(Family::Timers, 80);
}

/// Each of them once showed that a class was missed, run twice, or told apart from one that is the same.
#[test]
fn each_class_of_programs_that_were_hard_is_run_once() {
    use program::Op::*;
    let select = |arms: &[(usize, bool)], patience| Select(arms.to_vec(), patience);
    let inside = |op| Some(Box::new(op));
    let (forever, never) = (Patience::Forever, Patience::Never);
    let programs = [
        ([Some(0); 2], vec![vec![Read(inside(Once(None, false)))], vec![TryRead(inside(Once(None, false)))]]),
        ([Some(0); 2], vec![vec![Send(0)], vec![TryWrite(inside(select(&[(0, false), (1, false)], never)))]]),
        ([Some(1), Some(0)], vec![vec![ReceiveTimeout(0), select(&[(0, true)], never)], vec![Send(0)]]),
        ([Some(0), Some(1)], vec![vec![Len(1)], vec![select(&[(1, true), (0, false)], never)]]),
        ([Some(0); 2], vec![vec![TrySend(0)], vec![Receive(1)], vec![TryReceive(1)], vec![Send(1)]]),
        ([Some(1); 2], vec![vec![Receive(1), TryReceive(0)], vec![Receive(0)], vec![select(&[(0, true)], never)]]),
        ([Some(0); 2], vec![vec![Receive(1)], vec![Drop(0, false), Send(1)], vec![Drop(1, true)], vec![TryReceive(0)]]),
        ([Some(0); 2], vec![vec![select(&[(1, false), (0, false)], forever)], vec![Send(1)], vec![Drop(0, true)]]),
        ([Some(0), None], vec![vec![Drop(0, false), select(&[(0, false), (1, true)], forever)], vec![TryReceive(1)]]),
        ([Some(0); 2], vec![vec![IsCompleted, GetOrInit(None), Once(None, false)], vec![Once(inside(Add(0)), false)]]),
        (
            [Some(0), Some(1)],
            vec![
                vec![select(&[(0, false), (1, false)], Patience::Biased)],
                vec![select(&[(1, true), (0, true)], forever), Receive(1)],
            ],
        ),
        ([Some(0); 2], vec![vec![TryWrite(None)], vec![Read(None)]]),
        ([Some(0); 2], vec![vec![Unpark(0)], vec![Done, Done]]),
        ([Some(0); 2], vec![vec![Notify(false)], vec![Notify(false), Done], vec![Done, Wait]]),
        ([Some(0); 2], vec![vec![Read(None)], vec![Add(0), Done], vec![Done], vec![WaitAll]]),
        ([Some(0); 2], vec![vec![Load(0), CellRead, Load(0)], vec![Lock(0, inside(CellWrite))]]),
        ([Some(0); 2], vec![vec![Lock(0, inside(CellRead)), CellWrite], vec![Load(0), CellWrite]]),
    ];
    let close = |channel| Drop(channel, true);
    let go = [
        ([Some(0); 2], vec![vec![Receive(0), Send(0)], vec![close(0), select(&[(0, true)], forever)]]),
        ([Some(0), Some(1)], vec![vec![Send(1), Receive(1)], vec![Receive(1)], vec![close(1)]]),
        ([Some(0); 2], vec![vec![Receive(0), close(0)], vec![close(1), Receive(0)], vec![Send(0)]]),
        (
            [Some(0), Some(1)],
            vec![vec![close(1), Receive(0), select(&[(1, false)], forever), Send(1)], vec![close(0), close(1)]],
        ),
        (
            [Some(0); 2],
            vec![
                vec![close(0), close(1)],
                vec![close(1)],
                vec![Receive(1), select(&[(0, false), (0, false)], forever)],
            ],
        ),
    ];
    let programs = programs.into_iter().map(|program| (false, program)).chain(go.map(|program| (true, program)));
    for (go, (channels, threads)) in programs {
        let program = Program { channels: channels.to_vec(), go, threads };
        let compared = compare(&program).unwrap_or_else(|why| panic!("{program:?}{why}"));
        assert!(compared.is_some(), "{program:?}is too large");
    }
}
