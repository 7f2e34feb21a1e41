//! How far exploration reaches: executions, and time, to exhaust the standard programs.

use std::time::Instant;

use comfy_table::CellAlignment;
use raddle::Strategy;

use crate::{
    channels,
    cli::{Options, Outcome, table},
    overhead::explore_shims,
    worlds::{Program, program},
};

/// A program, and which explorations of it take so long that they are left out unless asked for.
struct Explored {
    name: &'static str,
    shims: fn(),
    long: &'static [Strategy],
}

const fn explored(program: Program) -> Explored {
    Explored { name: program.name, shims: program.shims, long: &[] }
}

const fn on_channels(name: &'static str, shims: fn()) -> Explored {
    Explored { name, shims, long: &[] }
}

const LOOM: &[Strategy] = &[Strategy::Exhaustive];

const PROGRAMS: &[Explored] = &[
    explored(program!("load-store counter 2x1", load_store_counter(2, 1))),
    explored(program!("load-store counter 2x2", load_store_counter(2, 2))),
    explored(program!("load-store counter 2x3", load_store_counter(2, 3))),
    Explored { long: LOOM, ..explored(program!("load-store counter 3x1", load_store_counter(3, 1))) },
    explored(program!("mutex counter 2x1", mutex_counter(2, 1))),
    explored(program!("mutex counter 2x2", mutex_counter(2, 2))),
    explored(program!("mutex counter 2x3", mutex_counter(2, 3))),
    explored(program!("mutex counter 3x1", mutex_counter(3, 1))),
    Explored { long: LOOM, ..explored(program!("mutex counter 3x2", mutex_counter(3, 2))) },
    on_channels("rendezvous of two threads", channels::rendezvous),
    on_channels("two values through bounded(1)", channels::two_through_one),
    on_channels("select over two senders", channels::select_two),
];

/// What the columns are.
const STRATEGIES: [Strategy; 3] = [Strategy::Exhaustive, Strategy::Dfs, Strategy::Dpor];

/// The programs of the table.
pub fn names() -> impl Iterator<Item = &'static str> {
    PROGRAMS.iter().map(|explored| explored.name)
}

/// The table.
pub fn run(options: &Options) -> Outcome {
    let mut rows =
        table(&["program", "loom\nexecutions", "time", "dfs\nexecutions", "time", "dpor\nexecutions", "time"]);
    let mut notes = Vec::new();
    for Explored { name, shims, long } in PROGRAMS.iter().filter(|e| options.wants("exploration", e.name)) {
        let mut row = vec![name.to_string()];
        for strategy in STRATEGIES {
            if long.contains(&strategy) && !options.long {
                notes.push(format!("{name} in {strategy}: only with --long"));
                row.extend(["-".to_owned(), "-".to_owned()]);
                continue;
            }
            let start = Instant::now();
            let executions = explore_shims(*shims, strategy);
            row.push(executions.to_string());
            row.push(format!("{:.1} ms", start.elapsed().as_secs_f64() * 1e3));
        }
        rows.add_row(row);
    }
    for column in rows.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let about = "exploration: executions to exhaust a program through the shims (loom: weak memory, reduced; dfs: \
                 sequentially consistent, not reduced; dpor: the same, reduced), time on the wall"
        .to_owned();
    Outcome { about, table: rows, notes, problems: Vec::new() }
}
