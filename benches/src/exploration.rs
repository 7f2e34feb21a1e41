//! How far exploration reaches: executions, and time, to exhaust the standard programs.

use std::time::Instant;

use comfy_table::CellAlignment;
use raddle::Strategy;

use crate::{
    cli::{Options, Outcome, table},
    overhead::explore_shims,
    worlds::{Program, program},
};

/// A program, and which explorations of it take so long that they are left out unless asked for.
struct Explored {
    program: Program,
    long: &'static [Strategy],
}

const PROGRAMS: &[Explored] = &[
    Explored { program: program!("load-store counter 2x1", load_store_counter(2, 1)), long: &[] },
    Explored { program: program!("load-store counter 2x2", load_store_counter(2, 2)), long: &[] },
    Explored { program: program!("load-store counter 2x3", load_store_counter(2, 3)), long: &[] },
    Explored { program: program!("load-store counter 3x1", load_store_counter(3, 1)), long: &[Strategy::Exhaustive] },
    Explored { program: program!("mutex counter 2x1", mutex_counter(2, 1)), long: &[] },
    Explored { program: program!("mutex counter 2x2", mutex_counter(2, 2)), long: &[] },
    Explored { program: program!("mutex counter 2x3", mutex_counter(2, 3)), long: &[] },
    Explored { program: program!("mutex counter 3x1", mutex_counter(3, 1)), long: &[] },
    Explored { program: program!("mutex counter 3x2", mutex_counter(3, 2)), long: &[Strategy::Exhaustive] },
];

/// What the columns are.
const STRATEGIES: [Strategy; 2] = [Strategy::Exhaustive, Strategy::Dfs];

/// The programs of the table.
pub fn names() -> impl Iterator<Item = &'static str> {
    PROGRAMS.iter().map(|explored| explored.program.name)
}

/// The table.
pub fn run(options: &Options) -> Outcome {
    let mut rows = table(&["program", "loom\nexecutions", "time", "dfs\nexecutions", "time"]);
    let mut notes = Vec::new();
    for Explored { program, long } in PROGRAMS.iter().filter(|e| options.wants("exploration", e.program.name)) {
        let mut row = vec![program.name.to_owned()];
        for strategy in STRATEGIES {
            if long.contains(&strategy) && !options.long {
                notes.push(format!("{} in {strategy}: only with --long", program.name));
                row.extend(["-".to_owned(), "-".to_owned()]);
                continue;
            }
            let start = Instant::now();
            let executions = explore_shims(program.shims, strategy);
            row.push(executions.to_string());
            row.push(format!("{:.1} ms", start.elapsed().as_secs_f64() * 1e3));
        }
        rows.add_row(row);
    }
    for column in rows.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let about = "exploration: executions to exhaust a program through the shims (loom: weak memory, reduced; dfs: \
                 sequentially consistent, not reduced), time on the wall"
        .to_owned();
    Outcome { about, table: rows, notes, problems: Vec::new() }
}
