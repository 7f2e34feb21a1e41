//! What a second worker is good for.

use std::time::{Duration, Instant};

use comfy_table::CellAlignment;
use raddle::{Check, Coverage, Strategy, Verdict};

use crate::{
    cli::{Options, Outcome, table},
    measure::median,
    worlds::{Program, program},
};

/// Programs that take one worker a second or more.
const PROGRAMS: &[Program] = &[
    program!("load-store counter 2x6", programs::load_store_counter(2, 6)),
    program!("mutex counter 4x3", programs::mutex_counter(4, 3)),
    program!("fibonacci 7", programs::fibonacci(7)),
];

/// How many times as fast two workers must be.
const LEAST: f64 = 1.7;

/// The programs.
pub fn names() -> impl Iterator<Item = &'static str> {
    PROGRAMS.iter().map(|program| program.name)
}

fn explore(program: &Program, workers: usize) -> (Duration, Verdict) {
    let check = Check::new("benchmark").strategy(Strategy::Dpor).executions(u64::MAX).workers(workers);
    let start = Instant::now();
    let verdict = check.run(program.shims).expect("the program can be checked");
    let took = start.elapsed();
    assert!(verdict.passed(), "{}", raddle::render(&verdict));
    assert_eq!(verdict.coverage, Coverage::Exhausted);
    (took, verdict)
}

/// Two checks with one worker each, side by side: what two processors do, if they are to be had.
fn side_by_side(program: &Program) -> Duration {
    let start = Instant::now();
    std::thread::scope(|s| {
        for _ in 0..2 {
            s.spawn(|| explore(program, 1));
        }
    });
    start.elapsed()
}

/// The table. Time is on the wall here: processor time is no less with two. If something else uses the processors, two
/// workers are not twice as many as one; so they are also compared with two checks at a time, which do twice the work and
/// are kept waiting as they are.
pub fn run(options: &Options) -> Outcome {
    let mut rows = table(&[
        "program",
        "executions",
        "redundant",
        "one worker",
        "two",
        "one / two",
        "two checks\nat a time",
        "these / two",
        "",
    ]);
    let mut problems = Vec::new();
    for program in PROGRAMS.iter().filter(|program| options.wants("workers", program.name)) {
        let rounds = if options.quick { 1 } else { 5 };
        let mut counted = Vec::new();
        let mut count = |(took, Verdict { executions, redundant, .. }): (Duration, Verdict)| {
            counted.push((executions, redundant));
            took.as_secs_f64()
        };
        let rounds: Vec<[f64; 3]> = (0..rounds)
            .map(|_| [count(explore(program, 1)), count(explore(program, 2)), side_by_side(program).as_secs_f64()])
            .collect();
        let (executions, redundant) = counted[0];
        if counted.iter().any(|more| *more != counted[0]) {
            problems.push(format!("{}: the counts differ: {counted:?}", program.name));
        }
        let [one, two, both] = [0, 1, 2].map(|at| median(rounds.iter().map(|round| round[at])));
        let ratio = |at: usize| {
            let ratios = || rounds.iter().map(move |round| round[at] / round[1]);
            (median(ratios()), ratios().fold(f64::INFINITY, f64::min), ratios().fold(0.0, f64::max))
        };
        let [ratio, (beside, ..)] = [ratio(0), ratio(2)];
        let (ratio, least, most) = ratio;
        rows.add_row([
            program.name.to_owned(),
            executions.to_string(),
            redundant.to_string(),
            format!("{one:.2} s"),
            format!("{two:.2} s"),
            format!("{ratio:.2}  ({least:.2} to {most:.2})"),
            format!("{both:.2} s"),
            format!("{beside:.2}"),
            if ratio >= LEAST { "met" } else { "MISSED" }.to_owned(),
        ]);
    }
    for column in rows.column_iter_mut().skip(1).take(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let about = format!("workers: dpor with one worker and with two, time on the wall, in turn (at least {LEAST})");
    Outcome { about, table: rows, notes: Vec::new(), problems }
}
