//! What the shims cost: the same program on a raw engine and through the shims.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
};

use comfy_table::{CellAlignment, Table};
use raddle::{Check, Coverage, Strategy};

use crate::{
    channels,
    cli::{Options, Outcome, table},
    measure::{Comparison, compare},
    worlds::{Program, program},
};

/// A program that loom explores, and how it maps to what the shims make of it.
struct LoomProgram {
    program: Program,
    maps: Maps,
}

/// Whether loom sees the same operations through the shims as by hand.
enum Maps {
    /// It does, so the number of executions must be the same.
    OneToOne,
    /// It does not, and why.
    Otherwise(&'static str),
}

const LOOM: &[LoomProgram] = &[
    LoomProgram { program: program!("mutex counter 2x2", programs::mutex_counter(2, 2)), maps: Maps::OneToOne },
    LoomProgram { program: program!("mutex counter 3x1", programs::mutex_counter(3, 1)), maps: Maps::OneToOne },
    LoomProgram {
        program: program!("load-store counter 2x2", programs::load_store_counter(2, 2)),
        maps: Maps::OneToOne,
    },
    LoomProgram { program: program!("message passing, 3 messages", further::message_passing(3)), maps: Maps::OneToOne },
    LoomProgram {
        program: program!("condvar hand-off, 3 values", further::condvar_hand_off(3)),
        maps: Maps::Otherwise(
            "loom's Condvar wakes waiters in order and shares the park token, so the shims wait on a token of their own",
        ),
    },
    LoomProgram { program: program!("2 readers, 1 writer", programs::readers_and_writer(2)), maps: Maps::OneToOne },
];

/// A program on raw shuttle and through the shims.
struct Sampled {
    name: &'static str,
    raw: fn(),
    shims: fn(),
}

const fn sampled(program: Program) -> Sampled {
    Sampled { name: program.name, raw: program.shuttle, shims: program.shims }
}

const fn on_channels(name: &'static str, raw: fn()) -> Sampled {
    Sampled { name, raw, shims: channels::many_to_many }
}

const SHUTTLE: &[Sampled] = &[
    sampled(program!("message passing", further::message_passing(1))),
    sampled(program!("condvar hand-off", further::condvar_hand_off(1))),
    sampled(program!("load-store counter 2x2", programs::load_store_counter(2, 2))),
    sampled(program!("2 readers, 1 writer", programs::readers_and_writer(2))),
    sampled(program!("mutex counter 4x10", programs::mutex_counter(4, 10))),
    sampled(program!("mutex counter 8x100", programs::mutex_counter(8, 100))),
    sampled(program!("mutex counter 100x10", programs::mutex_counter(100, 10))),
    on_channels("channel, 4 to 4, by shuttle's mpsc", channels::raw::mpsc),
    on_channels("channel, 4 to 4, by a condvar", channels::raw::condvar),
];

/// What loom's time may grow by.
const MOST_LOOM: f64 = 1.2;
/// The part of shuttle's schedules per second that must be left.
const LEAST_SHUTTLE: f64 = 0.8;

/// The programs of the loom table.
pub fn loom_names() -> impl Iterator<Item = &'static str> {
    LOOM.iter().map(|measured| measured.program.name)
}

/// The programs of the shuttle table.
pub fn shuttle_names() -> impl Iterator<Item = &'static str> {
    SHUTTLE.iter().map(|program| program.name)
}

/// The loom table.
pub fn loom(options: &Options) -> Outcome {
    let mut rows = table(&[
        "program",
        "executions\nraw",
        "executions\nshims",
        "same",
        "µs an execution\nraw",
        "shims",
        "ratio",
        "",
    ]);
    let mut notes = Vec::new();
    let mut problems = Vec::new();
    for LoomProgram { program, maps } in LOOM.iter().filter(|m| options.wants("loom", m.program.name)) {
        let (raw, shims) = (explore_raw(program.loom), explore_shims(program.shims, Strategy::Exhaustive));
        let same = match maps {
            Maps::OneToOne => {
                if raw != shims {
                    problems.push(format!("{}: {raw} executions by hand, {shims} through the shims", program.name));
                }
                if raw == shims { "yes" } else { "NO" }
            }
            Maps::Otherwise(why) => {
                notes.push(format!("{}: {why}", program.name));
                "does not map"
            }
        };
        let Comparison { raw: raw_time, shims: shims_time, ratio, spread } = compare(
            options.effort(),
            |n| (0..n).map(|_| explore_raw(program.loom)).sum(),
            |n| (0..n).map(|_| explore_shims(program.shims, Strategy::Exhaustive)).sum(),
        );
        rows.add_row([
            program.name.to_owned(),
            raw.to_string(),
            shims.to_string(),
            same.to_owned(),
            format!("{:.1}", raw_time * 1e6),
            format!("{:.1}", shims_time * 1e6),
            shown(ratio, spread),
            met(ratio <= MOST_LOOM),
        ]);
    }
    align(&mut rows, &[1, 2, 4, 5]);
    let about = format!(
        "loom: overhead of the shims, every execution explored (ratio of time per execution, at most {MOST_LOOM})"
    );
    Outcome { about, table: rows, notes, problems }
}

/// The shuttle table.
pub fn shuttle(options: &Options) -> Outcome {
    let mut rows = table(&["program", "schedules/s\nraw", "schedules/s\nshims", "ratio", ""]);
    for program in SHUTTLE.iter().filter(|program| options.wants("shuttle", program.name)) {
        let Comparison { raw, shims, ratio, spread: (least, most) } =
            compare(options.effort(), |n| sample_raw(program.raw, n), |n| sample_shims(program.shims, n));
        let (ratio, spread) = (1.0 / ratio, (1.0 / most, 1.0 / least));
        rows.add_row([
            program.name.to_owned(),
            format!("{:.0}", 1.0 / raw),
            format!("{:.0}", 1.0 / shims),
            shown(ratio, spread),
            met(ratio >= LEAST_SHUTTLE),
        ]);
    }
    align(&mut rows, &[1, 2]);
    let about = format!(
        "shuttle: overhead of the shims, random schedules (ratio of schedules per second, at least {LEAST_SHUTTLE})"
    );
    let notes = vec![
        "raw shuttle switches before a lock is given back and at spawn and join too; the shims do not, because what \
         others can see is the same without"
            .to_owned(),
        "through the shims races on UnsafeCell are looked for; raw shuttle has none".to_owned(),
    ];
    Outcome { about, table: rows, notes, problems: Vec::new() }
}

/// The ratio, and its least and most.
fn shown(ratio: f64, (least, most): (f64, f64)) -> String {
    format!("{ratio:.2}  ({least:.2} to {most:.2})")
}

fn met(met: bool) -> String {
    if met { "met" } else { "MISSED" }.to_owned()
}

fn align(table: &mut Table, right: &[usize]) {
    for &column in right {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// Explores a program on raw loom, and counts the executions.
fn explore_raw(program: fn()) -> u64 {
    on_fresh_thread(move || {
        let count = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&count);
        loom::model::Builder::new().check(move || {
            counter.fetch_add(1, Relaxed);
            program();
        });
        count.load(Relaxed)
    })
}

/// The same through the shims.
pub fn explore_shims(program: fn(), strategy: Strategy) -> u64 {
    let check = Check::new("benchmark").strategy(strategy).executions(u64::MAX);
    let verdict = check.run(program).expect("the program can be checked");
    assert!(verdict.passed(), "{}", raddle::render(&verdict));
    assert_eq!(verdict.coverage, Coverage::Exhausted);
    verdict.executions
}

/// Runs a program under so many random schedules on raw shuttle.
fn sample_raw(program: fn(), schedules: u64) -> u64 {
    on_fresh_thread(move || {
        let scheduler = shuttle::scheduler::RandomScheduler::new_from_seed(raddle::SEED, schedules as usize);
        let mut config = shuttle::Config::new();
        config.silence_warnings = true;
        shuttle::Runner::new(scheduler, config).run(program) as u64
    })
}

/// The same through the shims.
fn sample_shims(program: fn(), schedules: u64) -> u64 {
    let check = Check::new("benchmark").strategy(Strategy::Random).schedules(schedules);
    let verdict = check.run(program).expect("the program can be checked");
    assert!(verdict.passed(), "{}", raddle::render(&verdict));
    verdict.executions
}

/// A check through the shims runs on a thread of its own, so the raw engines do too.
pub fn on_fresh_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    thread::spawn(work).join().expect("no program fails")
}
