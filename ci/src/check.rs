//! `raddle check`.

use std::{
    io::IsTerminal as _,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use comfy_table::Table;
use indicatif::{ProgressBar, ProgressStyle};
use raddle::{
    Coverage, Error, Limit, Progress, Strategy, Verdict, World,
    patterns::{Case, Expect, Size},
};
use serde_json::json;

use crate::{CheckArgs, Failure, job::Job, list::expected, select, table, tell};

/// After this time it is told how far a job has come.
const LONG: Duration = Duration::from_secs(1);

/// A job and what became of it.
struct Done {
    case: &'static Case,
    size: Size,
    job: Job,
    verdict: Result<Verdict, Error>,
}

pub(crate) fn check(arguments: &CheckArgs) -> Result<(), Failure> {
    let cases = select::select(arguments.filter.as_deref())?;
    let size = if arguments.large { Size::Large } else { Size::Small };
    let strategies = strategies(arguments)?;
    let jobs: Vec<(&'static Case, Job)> = cases
        .iter()
        .flat_map(|case| strategies.iter().map(move |strategy| (*case, *strategy)))
        .filter(|(case, strategy)| case.absent(strategy.world()).is_none())
        .map(|(case, strategy)| (case, Job::new(case, size, strategy, arguments.schedules, arguments.seed)))
        .collect();
    if jobs.is_empty() {
        let world = strategies.first().map_or(World::Std, |strategy| strategy.world());
        let why = cases.iter().find_map(|case| case.absent(world)).unwrap_or("there is nothing to check");
        return Err(Failure::Usage(format!("nothing was checked in the {world} world: {why}")));
    }
    let done = run_all(jobs, size);
    if arguments.json {
        for done in &done {
            tell(format_args!("{}\n", as_json(done)))?;
        }
    } else {
        tell(format_args!("{}\n", summary(&cases, &done)))?;
    }
    conclude(&done)
}

/// The strategies asked for.
fn strategies(arguments: &CheckArgs) -> Result<Vec<Strategy>, Failure> {
    let compiled = World::compiled();
    let absent =
        |world: World| Failure::Usage(format!("this build does not compile the {world} world: build it without --cfg"));
    // Nobody explores everything of a large input.
    let suits = |strategy: &Strategy| !arguments.large || strategy.samples() || *strategy == Strategy::Stress;
    let large = |of: String| Failure::Usage(format!("with --large schedules are drawn, and {of} draws none"));
    if let Some(strategy) = arguments.strategy {
        if arguments.world.is_some_and(|world| world != strategy.world()) {
            return Err(Failure::Usage(format!("strategy {strategy} belongs to the {} world", strategy.world())));
        }
        if !suits(&strategy) {
            return Err(large(strategy.to_string()));
        }
        return compiled.contains(&strategy.world()).then(|| vec![strategy]).ok_or_else(|| absent(strategy.world()));
    }
    let worlds: Vec<World> = match arguments.world {
        Some(world) if compiled.contains(&world) => vec![world],
        Some(world) => return Err(absent(world)),
        None => compiled.iter().rev().copied().collect(),
    };
    let strategies: Vec<Strategy> =
        worlds.iter().flat_map(|world| Strategy::defaults(*world)).copied().filter(suits).collect();
    match strategies.is_empty() {
        true => Err(large("the loom world".to_owned())),
        false => Ok(strategies),
    }
}

/// How far a job has come.
fn how_far(progress: &Progress) -> String {
    let Progress { executions, redundant, estimate, .. } = *progress;
    let about = match estimate {
        Some(total) if total > executions as f64 => format!(" of about {total:.0}"),
        _ => String::new(),
    };
    let redundant = if redundant > 0 { format!(" and {redundant} redundant") } else { String::new() };
    format!("{executions}{about} executions{redundant}, {:.0} a second", progress.rate())
}

/// Runs the jobs, as many at a time as there are processors; the results are in the jobs' order.
fn run_all(jobs: Vec<(&'static Case, Job)>, size: Size) -> Vec<Done> {
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(jobs.len() as u64) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Result<Verdict, Error>)>> = Mutex::default();
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(jobs.len());
    std::thread::scope(|s| {
        for _ in 0..workers {
            s.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Relaxed);
                    let Some((case, job)) = jobs.get(at) else { break };
                    let name = format!("{} {}", case.name(), job.strategy());
                    bar.set_message(name.clone());
                    let verdict = match bar.is_hidden() {
                        true => job.run(),
                        false => {
                            let bar = bar.clone();
                            job.run_telling(move |progress| {
                                if progress.elapsed >= LONG {
                                    bar.set_message(format!("{name}: {}", how_far(&progress)));
                                }
                            })
                        }
                    };
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((at, verdict));
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    jobs.into_iter().zip(results).map(|((case, job), (_, verdict))| Done { case, size, job, verdict }).collect()
}

fn as_json(done: &Done) -> serde_json::Value {
    let Done { case, size, job, verdict } = done;
    let world = job.world();
    let should = match case.expect(world) {
        Some(Expect::Fails(_)) => "fail",
        Some(_) => "pass",
        None => expected(case),
    };
    match verdict {
        Ok(verdict) => {
            let failure = verdict.failure.as_ref();
            json!({
                "case": case.sized(*size),
                "world": world.name(),
                "strategy": job.strategy().to_string(),
                "expected": should,
                "verdict": verdict.word(),
                "kind": failure.map(|failure| failure.kind.name()),
                "message": failure.map(|failure| &failure.message),
                "coverage": verdict.coverage.to_string(),
                "executions": verdict.executions,
                "steps": verdict.steps,
                "elapsed_ms": verdict.elapsed.as_millis() as u64,
                "seed": verdict.seed,
                "token": failure.and_then(|failure| failure.token.as_ref()),
            })
        }
        // A check that could not be done has neither passed nor failed.
        Err(why) => json!({
            "case": case.sized(*size),
            "world": world.name(),
            "strategy": job.strategy().to_string(),
            "expected": should,
            "verdict": null,
            "kind": "Error",
            "message": why.to_string(),
            "coverage": null,
            "executions": 0,
            "steps": 0,
            "elapsed_ms": 0,
            "seed": null,
            "token": null,
        }),
    }
}

/// What a column of the table holds, the strategy that it is named for, and whose cases they are.
type Column = (&'static str, Option<Strategy>, fn(Strategy) -> bool);

/// Exploring, exploring weak memory, drawing schedules, running.
const COLUMNS: [Column; 4] = [
    ("dpor", Some(Strategy::Dpor), |strategy| strategy.world() == World::Shuttle && !strategy.samples()),
    ("loom", Some(Strategy::Exhaustive), |strategy| strategy.world() == World::Loom),
    ("sampled", None, Strategy::samples),
    ("stress on real threads", Some(Strategy::Stress), |strategy| strategy.world() == World::Std),
];

/// A row a case; a cell a way to check it.
fn summary(cases: &[&'static Case], done: &[Done]) -> Table {
    let header: Vec<&str> =
        ["pattern", "variant", "expected"].into_iter().chain(COLUMNS.map(|(name, ..)| name)).collect();
    let mut table = table::new(&header);
    for case in cases {
        let cell = |(_, named, holds): Column| {
            if let Some(why) = named.and_then(|strategy| case.absent(strategy.world())) {
                return format!("not checked: {why}");
            }
            let lines: Vec<String> = done
                .iter()
                .filter(|done| std::ptr::eq(done.case, *case) && holds(done.job.strategy()))
                .map(|done| match (done.job.strategy(), told(done)) {
                    (strategy, line) if named == Some(strategy) => line,
                    (strategy, line) => format!("{strategy}: {line}"),
                })
                .collect();
            if lines.is_empty() { "-".to_owned() } else { lines.join("\n") }
        };
        let row = [case.pattern, case.variant, expected(case)].map(str::to_owned);
        table.add_row(row.into_iter().chain(COLUMNS.map(cell)));
    }
    table
}

fn told(done: &Done) -> String {
    let verdict = match &done.verdict {
        Ok(verdict) => verdict,
        Err(why) => return format!("ERROR: {why}"),
    };
    let mark = match done.case.judge_sized(done.size, verdict) {
        Ok(()) => "",
        Err(_) => "UNEXPECTED: ",
    };
    let text = match (&verdict.failure, verdict.world) {
        (None, World::Std) => format!("0 of {}", verdict.executions),
        // A run that does not end is the last.
        (Some(failure), World::Std) => match verdict.coverage {
            Coverage::Truncated { by: Limit::Failure } => format!("{} in run {}", failure.kind, verdict.executions),
            _ => format!("{} of {}", verdict.failures, verdict.executions),
        },
        (None, _) => format!("passed, {}, {} executions", verdict.coverage, verdict.executions),
        (Some(failure), _) => {
            let what = if verdict.strategy.samples() { "schedule" } else { "execution" };
            format!("{} in {what} {}", failure.kind, verdict.executions)
        }
    };
    format!("{mark}{text}")
}

fn conclude(done: &[Done]) -> Result<(), Failure> {
    let mut unmet = Vec::new();
    let mut errors = Vec::new();
    for Done { case, size, job, verdict } in done {
        let name = || format!("{} ({}, {})", case.sized(*size), job.world(), job.strategy());
        match verdict {
            Err(why) => errors.push(format!("{}: {why}", name())),
            Ok(verdict) => {
                if let Err(mismatch) = case.judge_sized(*size, verdict) {
                    unmet.push(format!("{}: {mismatch}", name()));
                }
            }
        }
    }
    match (errors.is_empty(), unmet.is_empty()) {
        (true, true) => Ok(()),
        (true, false) => Err(Failure::Unmet(unmet.join("\n"))),
        (false, _) => Err(Failure::Tool(errors.into_iter().chain(unmet).collect::<Vec<_>>().join("\n"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_job_says_how_far_it_has_come() {
        let progress = |text: &str| serde_json::from_str::<Progress>(text).expect("it is well-formed");
        let elapsed = r#""elapsed": {"secs": 2, "nanos": 0}"#;
        let half = format!(r#"{{"executions": 500, "redundant": 0, "estimate": 1000.4, {elapsed}}}"#);
        assert_eq!(how_far(&progress(&half)), "500 of about 1000 executions, 250 a second");
        let unknown = format!(r#"{{"executions": 5, "redundant": 3, "estimate": null, {elapsed}}}"#);
        assert_eq!(how_far(&progress(&unknown)), "5 executions and 3 redundant, 4 a second");
    }
}
