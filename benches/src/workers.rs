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

/// The table. Time is on the wall here: processor time is no less with two.
pub fn run(options: &Options) -> Outcome {
    let mut rows = table(&["program", "executions", "redundant", "one worker", "two", "ratio", ""]);
    let mut problems = Vec::new();
    for program in PROGRAMS.iter().filter(|program| options.wants("workers", program.name)) {
        let rounds = if options.quick { 1 } else { 5 };
        let rounds: Vec<_> = (0..rounds).map(|_| [1, 2].map(|workers| explore(program, workers))).collect();
        let (_, Verdict { executions, redundant, .. }) = rounds[0][0];
        for (_, verdict) in rounds.iter().flatten() {
            if (verdict.executions, verdict.redundant) != (executions, redundant) {
                problems.push(format!("{}: {} executions, and {executions}", program.name, verdict.executions));
            }
        }
        let [one, two] = [0, 1].map(|at| median(rounds.iter().map(|round| round[at].0.as_secs_f64())));
        let ratios = || rounds.iter().map(|[one, two]| one.0.as_secs_f64() / two.0.as_secs_f64());
        let ratio = median(ratios());
        let (least, most) = (ratios().fold(f64::INFINITY, f64::min), ratios().fold(0.0, f64::max));
        rows.add_row([
            program.name.to_owned(),
            executions.to_string(),
            redundant.to_string(),
            format!("{one:.2} s"),
            format!("{two:.2} s"),
            format!("{ratio:.2}  ({least:.2} to {most:.2})"),
            if ratio >= LEAST { "met" } else { "MISSED" }.to_owned(),
        ]);
    }
    for column in rows.column_iter_mut().skip(1).take(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let about = format!("workers: dpor with one worker and with two, time on the wall, in turn (at least {LEAST})");
    Outcome { about, table: rows, notes: Vec::new(), problems }
}
