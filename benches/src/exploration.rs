//! How far exploration reaches: executions, and time, to exhaust the standard programs, on each engine.

use std::time::Duration;

use comfy_table::CellAlignment;

use crate::{
    cli::{Options, Outcome, table},
    exhaust::{self, Cap},
    measure::{Comparison, compare},
    reached::{Measured, Reached, measure},
    standard::standard,
    worlds::{Program, loom_arc, program},
};

/// A program, on all that can run it.
struct Explored {
    program: Program,
    /// Threads, main included.
    threads: usize,
    /// Whether TraceForge has what it needs.
    forged: bool,
}

/// One line of [`standard!`], of a function of `programs.rs` or of `further.rs`.
macro_rules! explored {
    (programs, $name:expr, $threads:expr, $($call:tt)*) => {
        Explored { program: program!($name, programs::$($call)*), threads: $threads + 1, forged: true }
    };
    (further, $name:expr, $threads:expr, $($call:tt)*) => {
        Explored { program: program!($name, further::$($call)*), threads: $threads + 1, forged: false }
    };
}

const PROGRAMS: &[Explored] = &standard!(explored);

/// The same with loom's own `Arc` in place of std's, as loom's users write them: its counts are events.
const WITH_LOOMS_ARC: &[Explored] = &[
    Explored {
        program: Program {
            name: "load-store counter 3x1, loom's Arc",
            loom: || loom_arc::programs::load_store_counter(3, 1),
            ..program!("", programs::load_store_counter(3, 1))
        },
        threads: 4,
        forged: false,
    },
    Explored {
        program: Program {
            name: "mutex counter 3x2, loom's Arc",
            loom: || loom_arc::programs::mutex_counter(3, 2),
            ..program!("", programs::mutex_counter(3, 2))
        },
        threads: 4,
        forged: false,
    },
];

/// How many times as long as `dpor` loom must take, where its own `Arc` is used.
const AIM: f64 = 1_000.0;

/// The programs whose executions per second are compared.
const RATED: &[Program] = &[
    program!("load-store counter 2x3", programs::load_store_counter(2, 3)),
    program!("load-store counter 3x2", programs::load_store_counter(3, 2)),
    program!("mutex counter 2x3", programs::mutex_counter(2, 3)),
    program!("mutex counter 3x2", programs::mutex_counter(3, 2)),
    program!("fetch_add counter 3x2", further::fetch_add_counter(3, 2)),
    program!("1 writer, 6 readers", programs::readers_and_writer(6)),
    program!("reorder 3", programs::reorder(3)),
    program!("fibonacci 4", programs::fibonacci(4)),
];

/// The threads that loom can have.
const LOOM_THREADS: usize = 5;
/// The part of raw shuttle's executions per second that must be left.
const LEAST_RATE: f64 = 0.7;

fn all() -> impl Iterator<Item = &'static Explored> {
    PROGRAMS.iter().chain(WITH_LOOMS_ARC)
}

/// The programs of the exploration table.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().map(|explored| explored.program.name)
}

/// The programs of the rate table.
pub fn rated_names() -> impl Iterator<Item = &'static str> {
    RATED.iter().map(|program| program.name)
}

fn cap(options: &Options) -> Cap {
    match (options.quick, options.long) {
        (_, true) => Cap { executions: 20_000_000, time: Duration::from_secs(1_800) },
        (true, _) => Cap { executions: 20_000, time: Duration::from_secs(1) },
        _ => Cap { executions: 200_000, time: Duration::from_secs(40) },
    }
}

/// The exploration table.
pub fn run(options: &Options) -> Outcome {
    let mut rows = table(&[
        "program",
        "loom\nexecutions",
        "time",
        "shuttle dfs\nexecutions",
        "time",
        "TraceForge\nexecutions",
        "time",
        "dpor\nexecutions",
        "time",
        "loom\n/ dpor",
        "dfs\n/ dpor",
        "TraceForge\n/ dpor",
        "",
    ]);
    let cap = cap(options);
    let mut problems = Vec::new();
    for Explored { program, threads, forged } in all().filter(|e| options.wants("exploration", e.program.name)) {
        let fits = *threads <= LOOM_THREADS;
        let others = [
            fits.then(|| measure(|| exhaust::loom(program.loom, cap))),
            Some(measure(|| exhaust::shuttle(program.shuttle, cap))),
            forged.then(|| exhaust::traceforge(program.name, cap)).flatten(),
        ];
        let dpor = measure(|| exhaust::dpor(program.shims));
        let mut row = vec![program.name.to_owned()];
        for measured in &others {
            row.extend(measured.as_ref().map_or(["-".to_owned(), "-".to_owned()], cells));
        }
        row.extend(cells(&dpor));
        let ratio = |other: &Option<Measured>| other.as_ref().map(|other| other.seconds / dpor.seconds);
        row.extend(others.iter().map(|other| match (ratio(other), other) {
            (Some(ratio), Some(Measured { reached: Reached { exhausted: false, .. }, .. })) => format!("> {ratio:.1}"),
            (Some(ratio), _) => format!("{ratio:.1}"),
            (None, _) => "-".to_owned(),
        }));
        let faster = others.iter().filter_map(ratio).all(|ratio| ratio > 1.0);
        let aimed = WITH_LOOMS_ARC.iter().any(|explored| explored.program.name == program.name);
        let enough = !aimed || ratio(&others[0]).is_some_and(|ratio| ratio >= AIM);
        row.push(if faster && enough { "met" } else { "MISSED" }.to_owned());
        rows.add_row(row);
        for Measured { reached, .. } in others.iter().flatten() {
            if reached.exhausted && reached.executions < dpor.reached.executions {
                problems.push(format!(
                    "{}: {} executions by dpor, {} elsewhere",
                    program.name, dpor.reached.executions, reached.executions
                ));
            }
        }
    }
    for column in rows.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let about = "exploration: executions to exhaust a program, and processor time (met: dpor is faster than each, and \
                 1,000 times as fast as loom on two programs with loom's own Arc)"
        .to_owned();
    let mut notes = vec![
        format!(
            ">: given up, loom after {} s, the others after {} executions; --long goes on for longer, for hours",
            cap.time.as_secs(),
            cap.executions
        ),
        "loom explores weak memory too, and runs at most five threads; the others are sequentially consistent".to_owned(),
        "TraceForge has no fetch_add. Its locks and atomics are threads that messages are sent to, which are told apart by \
         their order, loads too. n + m: m executions were blocked, as its read-write lock that was read is never free again"
            .to_owned(),
    ];
    if !exhaust::has_traceforge() {
        notes.push(
            "TraceForge cannot be linked with loom, and is not here: cargo build --release -p benches".to_owned(),
        );
    }
    Outcome { about, table: rows, notes, problems }
}

/// Executions, and time.
pub fn cells(Measured { reached: Reached { executions, blocked, exhausted }, seconds }: &Measured) -> [String; 2] {
    let (more, counted) = (if *exhausted { "" } else { "> " }, executions - blocked);
    let blocked = if *blocked > 0 { format!(" + {blocked}") } else { String::new() };
    let time = match seconds {
        0.1.. => format!("{seconds:.1} s"),
        0.01.. => format!("{:.0} ms", seconds * 1e3),
        _ => format!("{:.2} ms", seconds * 1e3),
    };
    [format!("{more}{counted}{blocked}"), format!("{more}{time}")]
}

/// The rate table.
pub fn rates(options: &Options) -> Outcome {
    let mut rows = table(&["program", "executions/s\nshuttle dfs", "executions/s\ndpor", "ratio", ""]);
    for program in RATED.iter().filter(|program| options.wants("rate", program.name)) {
        // A search on raw shuttle runs as many executions as `dpor` needs: both begin as often.
        let cap = Cap { executions: exhaust::dpor(program.shims).executions, time: Duration::MAX };
        let Comparison { raw, shims, ratio, spread: (least, most) } = compare(
            options.effort(),
            |n| (0..n).map(|_| exhaust::shuttle(program.shuttle, cap).executions).sum(),
            |n| (0..n).map(|_| exhaust::dpor(program.shims).executions).sum(),
        );
        rows.add_row([
            program.name.to_owned(),
            format!("{:.0}", 1.0 / raw),
            format!("{:.0}", 1.0 / shims),
            format!("{:.2}  ({:.2} to {:.2})", 1.0 / ratio, 1.0 / most, 1.0 / least),
            if 1.0 / ratio >= LEAST_RATE { "met" } else { "MISSED" }.to_owned(),
        ]);
    }
    for column in rows.column_iter_mut().skip(1).take(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let about =
        format!("rate: executions per second, of raw shuttle's depth-first search and dpor (at least {LEAST_RATE})");
    Outcome { about, table: rows, notes: Vec::new(), problems: Vec::new() }
}
