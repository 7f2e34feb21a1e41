//! What `loom-tests` and `shuttle-tests` have in common: how a case is verified, and what a suite must hold.

use std::{fs, path::Path};

use super::{Case, Expect, Mismatch, PATTERNS, Seed, cases};
use crate::{Check, Coverage, Strategy, Verdict, World, render};

/// Schedules that no strategy need exceed with a large input.
const MOST_SCHEDULES: u64 = 1_000;
/// Steps that a strategy may spend on a large input: as many schedules are drawn as take so many.
const STEPS: u64 = 100_000;

/// Explores a case's small input exhaustively and, in the shuttle world, with every sampling strategy, and demands what
/// the case expects of each. Where it should hold, everything must have been explored; only the naive search may give up
/// where there is more than it is given to explore, for `dpor` tells what there is.
///
/// # Errors
/// With a report that names the case.
pub fn verify(case: &Case, world: World) -> Result<Vec<Verdict>, String> {
    if let Some(why) = case.absent(world) {
        return Err(format!("{} is absent from the {world} world: {why}", case.name()));
    }
    let naive = (world == World::Shuttle).then_some(Strategy::Dfs);
    let strategies = Strategy::defaults(world).iter().copied().chain(naive);
    let verify = |strategy| {
        let verdict = run(case, case.check(strategy), &case.small)?;
        match case.judge(&verdict) {
            Err(Mismatch::Truncated(_)) if strategy == Strategy::Dfs => return Ok(verdict),
            judged => judged.map_err(|why| report(case, &verdict, &why))?,
        }
        let exhausts = matches!(verdict.strategy, Strategy::Exhaustive | Strategy::Dfs | Strategy::Dpor);
        if exhausts && verdict.passed() && verdict.coverage != Coverage::Exhausted {
            return Err(format!("{} should be exhausted by {strategy}, and is {}", case.name(), verdict.coverage));
        }
        Ok(verdict)
    };
    strategies.map(verify).collect()
}

/// Samples a case's large input with every default strategy of a world that samples. A case that should fail must do so
/// with one of them at least, and as expected.
///
/// # Errors
/// With a report that names the case.
pub fn verify_large(case: &Case, world: World) -> Result<Vec<Verdict>, String> {
    let mut verdicts = Vec::new();
    let mut missed = Vec::new();
    for &strategy in Strategy::defaults(world).iter().filter(|strategy| strategy.samples()) {
        let trial = run(case, case.check_large(strategy).schedules(1), &case.large)?;
        let schedules = (STEPS / trial.steps.max(1)).clamp(1, MOST_SCHEDULES);
        let verdict = run(case, case.check_large(strategy).schedules(schedules), &case.large)?;
        match case.judge_shape(&verdict) {
            Ok(()) => {}
            Err(Mismatch::Passed) => missed.push(format!("{strategy} ({schedules} schedules)")),
            Err(why) => return Err(report(case, &verdict, &why)),
        }
        verdicts.push(verdict);
    }
    match missed.len() == verdicts.len() {
        true => {
            Err(format!("{} should fail with its large input, and none finds it: {}", case.name(), missed.join(", ")))
        }
        false => Ok(verdicts),
    }
}

fn run(case: &Case, check: Check, input: &super::Input) -> Result<Verdict, String> {
    case.run(check, input).map_err(|why| format!("{} could not be checked: {why}", case.name()))
}

fn report(case: &Case, verdict: &Verdict, why: &Mismatch) -> String {
    format!("{} ({}, {}) {why}\n\n{}", case.name(), verdict.world, verdict.strategy, render(verdict))
}

/// A line for each verdict: what was found, and after how many executions.
pub fn closing_note(verdicts: &[Verdict]) -> String {
    let line = |verdict: &Verdict| {
        let Verdict { case, strategy, coverage, executions, .. } = verdict;
        let kind = verdict.failure.as_ref().map_or_else(String::new, |failure| format!(" with {}", failure.kind));
        format!("{case} {}{kind}: {strategy}, {coverage}, {executions} executions\n", verdict.word())
    };
    verdicts.iter().map(line).collect()
}

/// What a world's suite lacks: for each case that is not absent from the world its test and, if it fails there, its stored
/// seed. `root` is the repository's root. Each line names the case.
pub fn missing(root: &Path, world: World) -> Vec<String> {
    let mut missing = Vec::new();
    let main = format!("{world}-tests/tests/main.rs");
    let modules = fs::read_to_string(root.join(&main)).unwrap_or_default();
    for pattern in PATTERNS.iter().filter(|pattern| pattern.cases.iter().any(|case| case.absent(world).is_none())) {
        let module = format!("mod {};", pattern.name);
        if !modules.lines().any(|line| line == module) {
            missing.push(format!("{}: {main} has no line {module:?}", pattern.name));
        }
    }
    for case in cases().filter(|case| case.absent(world).is_none()) {
        let file = format!("{world}-tests/tests/{}.rs", case.pattern);
        let source = fs::read_to_string(root.join(&file)).unwrap_or_default();
        if !has_test(&source, case) {
            missing.push(format!(
                "{}: {file} has no #[test] fn {} that verifies {:?}",
                case.name(),
                case.test,
                case.name()
            ));
        }
        if matches!(case.expect(world), Some(Expect::Fails(_)))
            && let Err(why) = Seed::load(root, case, world)
        {
            missing.push(format!("{} has no stored seed in the {world} world: {why}", case.name()));
        }
    }
    missing
}

/// Whether a suite's source has the case's test: a function of that name under `#[test]` and no other attribute, whose
/// body begins with the case's name as an argument.
#[must_use]
pub fn has_test(source: &str, case: &Case) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let head = format!("fn {}() {{", case.test);
    let argument = format!("(\"{}\")", case.name());
    lines.windows(4).any(|window| {
        let [before, attribute, name, body] = window else { return false };
        let test = !before.starts_with("#[") && *attribute == "#[test]" && *name == head;
        test && body.contains(&argument) && !body.starts_with("//")
    })
}

/// Stored seeds that belong to no case that fails in the world. `root` is the repository's root.
pub fn strays(root: &Path, world: World) -> Vec<String> {
    let known: Vec<String> = cases()
        .filter(|case| matches!(case.expect(world), Some(Expect::Fails(_))))
        .map(|case| Seed::path(case, world))
        .collect();
    let mut strays = Vec::new();
    let mut folders = vec![format!("{world}-tests/seeds")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).into_iter().flatten().flatten() {
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                folders.push(path);
            } else if !known.contains(&path) {
                strays.push(path);
            }
        }
    }
    strays.sort();
    strays
}

/// Replays each stored seed of a world. Returns the failures that were reproduced, and what is wrong with the others.
pub fn replay_all(root: &Path, world: World) -> (Vec<Verdict>, Vec<String>) {
    let (mut replayed, mut wrong) = (Vec::new(), Vec::new());
    for case in cases().filter(|case| matches!(case.expect(world), Some(Expect::Fails(_)))) {
        match Seed::load(root, case, world).and_then(|seed| seed.replay(case)) {
            Ok(verdict) => replayed.push(verdict),
            Err(why) => wrong.push(why.to_string()),
        }
    }
    (replayed, wrong)
}
