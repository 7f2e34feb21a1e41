//! What tests of several patterns need: inputs drawn by proptest, and every way in which a program ends.
//!
//! Every draw comes from fixed seeds, so a run of these tests is like any other. An input with which a fixed variant
//! fails is kept in `proptest-regressions`, and tried first from then on.
#![cfg(not(loom))]

use std::{collections::BTreeSet, fmt::Debug};

use proptest::{
    prelude::any,
    strategy::Strategy,
    test_runner::{Config, FileFailurePersistence, TestCaseError, TestRng, TestRunner},
};
use raddle::{
    Check, Coverage, End, FailureKind, Outcome,
    Strategy::Random,
    patterns::{Case, Input, Pattern, find},
};
use regex::Regex;

const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/inputs.txt");
/// Inputs that each fixed variant is tried with, and schedules for each.
const INPUTS: u32 = 48;
const SCHEDULES: u64 = 20;

pub fn runner(config: Config) -> TestRunner {
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    TestRunner::new_with_rng(config, rng)
}

/// These cases hold, with any of these inputs, in any schedule.
pub fn hold<'a>(cases: impl IntoIterator<Item = &'a Case>, inputs: impl Strategy<Value = (Vec<usize>, usize)>) {
    let inputs = (inputs, any::<u64>());
    for case in cases {
        let persistence = FileFailurePersistence::Direct(REGRESSIONS);
        let config = Config { cases: INPUTS, failure_persistence: Some(Box::new(persistence)), ..Config::default() };
        let held = runner(config).run(&inputs, |((work, goal), seed)| {
            let input = Input { work: work.into(), goal };
            let verdict = case.run(case.check(Random).seed(seed).schedules(SCHEDULES), &input);
            let verdict = verdict.map_err(|why| TestCaseError::fail(why.to_string()))?;
            case.judge(&verdict).map_err(|why| TestCaseError::fail(format!("{} {why}", case.name())))
        });
        held.unwrap_or_else(|why| panic!("{}: {why}", case.name()));
    }
}

/// The fixed variants of a pattern.
pub fn fixed(pattern: &'static Pattern) -> impl Iterator<Item = &'static Case> {
    pattern.cases.iter().filter(|case| !case.broken())
}

/// The cases with these names.
pub fn named(names: &[&str]) -> Vec<&'static Case> {
    names.iter().map(|name| find(name).unwrap_or_else(|| panic!("there is no case {name:?}"))).collect()
}

/// Every way in which a program can end, with any schedule, and no other: a line each. A value is written as it is; who
/// waits for what when nobody can go on, as `Deadlock {main:recv, t1:lock}`; another failure as its message without places.
/// A data race is the last that happens, whichever access comes to be the second: it is just `DataRace`.
#[track_caller]
pub fn ends<T: Ord + Debug + Send + 'static>(program: impl Fn() -> T + Send + Sync + 'static) -> BTreeSet<String> {
    outcomes(program).iter().map(|outcome| line(&outcome.end)).collect()
}

/// The same, with the smallest execution of each.
#[track_caller]
pub fn outcomes<T: Ord + Send + 'static>(program: impl Fn() -> T + Send + Sync + 'static) -> Vec<Outcome<T>> {
    explore(Check::new("ends"), program)
}

/// As [`ends`], for a program that may hang in a busy loop, which is just `Livelock`: found after so many steps, which must
/// be more than it takes to end.
#[track_caller]
pub fn ends_within<T: Ord + Debug + Send + 'static>(
    steps: u64,
    program: impl Fn() -> T + Send + Sync + 'static,
) -> BTreeSet<String> {
    let end = |outcome: &Outcome<T>| match &outcome.end {
        End::Failed { kind: FailureKind::Livelock, .. } => "Livelock".to_owned(),
        end => line(end),
    };
    explore(Check::new("ends").steps(steps), program).iter().map(end).collect()
}

#[track_caller]
fn explore<T: Ord + Send + 'static>(check: Check, program: impl Fn() -> T + Send + Sync + 'static) -> Vec<Outcome<T>> {
    // More timers than any of the programs has.
    let outcomes = check.firings(16).outcomes(program).expect("the check can be done");
    assert_eq!(outcomes.verdict.coverage, Coverage::Exhausted);
    outcomes.all
}

fn line<T: Debug>(end: &End<T>) -> String {
    match end {
        End::Returned(value) => format!("{value:?}"),
        End::Failed { kind: kind @ FailureKind::DataRace, .. } => kind.to_string(),
        End::Failed { kind, message, waiting } if waiting.is_empty() => {
            let place = Regex::new(r" \(made at [^)]*\)").expect("it is one");
            format!("{kind}: {}", place.replace(message, ""))
        }
        End::Failed { kind, waiting, .. } => {
            // `t1 in recv of channel#2 at …`
            let who = |waiting: &String| {
                let words: Vec<&str> = waiting.split(' ').take(3).collect();
                format!("{}:{}", words[0], words[2])
            };
            format!("{kind} {{{}}}", waiting.iter().map(who).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A set of such lines.
pub fn lines<const N: usize>(lines: [&str; N]) -> BTreeSet<String> {
    lines.map(str::to_owned).into()
}
