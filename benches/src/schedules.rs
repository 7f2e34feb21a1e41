//! How many schedules it takes each strategy to find a bug.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use comfy_table::CellAlignment;
use raddle::{
    Check, FailureKind, Strategy, Verdict, World,
    patterns::{Case, Size, cases},
};

use crate::{
    cli::{Options, Outcome, table},
    reorder::reorder,
};

/// Schedules drawn, at most, from each seed; executions, where all are explored.
const SCHEDULES: u64 = 10_000;
/// Seeds: 0 and up.
const SEEDS: u64 = 20;
/// The same with `--quick`.
const QUICK: (u64, u64) = (300, 3);

/// What the columns are.
const STRATEGIES: [Strategy; 6] =
    [Strategy::Random, Strategy::Pct { depth: 3 }, Strategy::Urw, Strategy::Pos, Strategy::Surw, Strategy::Dpor];

/// A program with a bug.
enum Buggy {
    /// With its large input.
    Case(&'static Case),
    /// `reorder` of SCTBench, with so many threads that set.
    Reorder(usize),
}

impl Buggy {
    fn all() -> impl Iterator<Item = Buggy> {
        let broken = cases().filter(|case| !case.symptoms(World::Shuttle).is_empty()).map(Buggy::Case);
        broken.chain([3, 5].map(Buggy::Reorder))
    }

    fn name(&self) -> String {
        match self {
            Buggy::Case(case) => case.sized(Size::Large),
            Buggy::Reorder(setters) => format!("reorder {setters}"),
        }
    }

    fn check(&self, strategy: Strategy) -> Check {
        match self {
            Buggy::Case(case) => case.check_sized(Size::Large, strategy),
            Buggy::Reorder(_) => Check::new(self.name()).strategy(strategy),
        }
    }

    fn run(&self, check: Check) -> Verdict {
        let verdict = match *self {
            Buggy::Case(case) => case.run(check, case.input(Size::Large)),
            Buggy::Reorder(setters) => check.run(move || reorder(setters)),
        };
        verdict.unwrap_or_else(|why| panic!("{} cannot be checked: {why}", self.name()))
    }

    /// Whether it failed as it should.
    fn expects(&self, verdict: &Verdict) -> bool {
        match (self, &verdict.failure) {
            (_, None) => false,
            (Buggy::Case(case), Some(_)) => case.judge_sized(Size::Large, verdict).is_ok(),
            (Buggy::Reorder(_), Some(failure)) => {
                failure.kind == FailureKind::Panic && failure.message.contains("one without the other")
            }
        }
    }
}

/// What became of one strategy.
struct Searched {
    /// For each seed, the schedules up to the failure.
    found: Vec<Option<u64>>,
    /// What it found in place of the bug.
    other: Option<String>,
}

/// The programs of the table.
pub fn names() -> impl Iterator<Item = String> {
    Buggy::all().map(|buggy| buggy.name())
}

/// The table.
pub fn run(options: &Options) -> Outcome {
    let (schedules, seeds) = if options.quick { QUICK } else { (SCHEDULES, SEEDS) };
    let wanted: Vec<Buggy> = Buggy::all().filter(|buggy| options.wants("schedules-to-bug", &buggy.name())).collect();
    let jobs: Vec<(usize, Strategy)> =
        (0..wanted.len()).flat_map(|at| STRATEGIES.map(|strategy| (at, strategy))).collect();
    let searched = in_parallel(jobs.len(), |job| {
        let (at, strategy) = jobs[job];
        search(&wanted[at], strategy, schedules, seeds)
    });
    let mut rows = table(&["program", "random", "pct-3", "urw", "pos", "surw", "dpor"]);
    let mut problems = Vec::new();
    for (buggy, searched) in wanted.iter().zip(searched.chunks(STRATEGIES.len())) {
        let cells = searched.iter().map(|searched| shown(searched, schedules));
        rows.add_row(std::iter::once(buggy.name()).chain(cells));
        let others = searched.iter().zip(STRATEGIES).filter_map(|(searched, strategy)| {
            searched.other.as_ref().map(|other| format!("{} ({strategy}): not the bug: {other}", buggy.name()))
        });
        problems.extend(others);
    }
    for column in rows.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let about = format!(
        "schedules-to-bug: schedules up to the first failure that has the bug's kind and message: median and mean of \
         {seeds} seeds, of {schedules} schedules at most each; in brackets how many seeds found it, if not all. dpor \
         has no seed: its executions up to there"
    );
    let notes = vec![
        "a seed that finds nothing counts as its schedules: a mean with > is at least that".to_owned(),
        "cases of the catalogue are checked with their large inputs, in the shuttle world".to_owned(),
        "trials, which urw and surw make one of, and executions that are equivalent to others are not counted"
            .to_owned(),
    ];
    Outcome { about, table: rows, notes, problems }
}

fn search(buggy: &Buggy, strategy: Strategy, schedules: u64, seeds: u64) -> Searched {
    let seeds = if strategy == Strategy::Dpor { 1 } else { seeds };
    let mut other = None;
    let found = (0..seeds)
        .map(|seed| {
            let check = buggy.check(strategy).seed(seed).schedules(schedules).executions(schedules);
            let verdict = buggy.run(check);
            let found = buggy.expects(&verdict);
            if let Some(failure) = verdict.failure.filter(|_| !found) {
                other = Some(format!("{}: {}", failure.kind, failure.message));
            }
            found.then_some(verdict.executions)
        })
        .collect();
    Searched { found, other }
}

/// `median, mean (hits)`.
fn shown(Searched { found, .. }: &Searched, schedules: u64) -> String {
    let hits = found.iter().flatten().count();
    let mut all: Vec<u64> = found.iter().map(|found| found.unwrap_or(u64::MAX)).collect();
    all.sort_unstable();
    let median = match all[(all.len() - 1) / 2] {
        u64::MAX => format!(">{schedules}"),
        median => median.to_string(),
    };
    let mean = all.iter().map(|n| *n.min(&schedules)).sum::<u64>() as f64 / all.len() as f64;
    match (all.len(), hits) {
        (1, _) => median,
        (_, 0) => "- (0)".to_owned(),
        (all, hits) if all == hits => format!("{median}, {mean:.1}"),
        (_, hits) => format!("{median}, >{mean:.0} ({hits})"),
    }
}

/// Does so many jobs, on as many threads as there are processors. The results are in the jobs' order.
fn in_parallel<R: Send>(jobs: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    thread::scope(|s| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            s.spawn(|| {
                loop {
                    let job = next.fetch_add(1, Relaxed);
                    if job >= jobs {
                        break;
                    }
                    let result = work(job);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((job, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(job, _)| *job);
    done.into_iter().map(|(_, result)| result).collect()
}
