//! The command line, and what is printed.

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use comfy_table::{Table, presets};

use crate::{catalogue, exhaust, exploration, histories, measure::Effort, memory, overhead, rpc, schedules, workers};

/// Measures what the shims cost against raw loom and raw shuttle, how far exploration reaches (TraceForge beside it), and how
/// soon bugs are found.
#[derive(Parser)]
pub struct Options {
    /// Only the programs whose name, after the table's ("shuttle: mutex counter 4x10"), contains this.
    filter: Option<String>,
    /// List the programs instead.
    #[arg(long)]
    list: bool,
    /// Fewer and shorter rounds, fewer seeds and schedules: rough numbers within seconds.
    #[arg(long)]
    pub quick: bool,
    /// Raw explorations to their end, though that takes hours, and memory over a million executions.
    #[arg(long)]
    pub long: bool,
}

/// One table.
pub struct Outcome {
    /// What it shows.
    pub about: String,
    /// The rows.
    pub table: Table,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// What is not as it must be.
    pub problems: Vec<String>,
}

/// How a table is made.
type Measure = fn(&Options) -> Outcome;

impl Options {
    /// Whether a program of a table is asked for.
    pub fn wants(&self, table: &str, program: &str) -> bool {
        self.filter.as_ref().is_none_or(|filter| format!("{table}: {program}").contains(filter))
    }

    /// How much work goes into a number.
    pub fn effort(&self) -> Effort {
        match self.quick {
            true => Effort { rounds: 3, turn: Duration::from_millis(20) },
            false => Effort { rounds: 11, turn: Duration::from_millis(100) },
        }
    }
}

/// An empty table with a header.
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY).set_header(header);
    table
}

/// Measures what is asked for. The exit code is 1 if a number of executions is not as it must be, 2 if nothing was
/// asked for.
pub fn main() -> ExitCode {
    let options = Options::parse();
    let programs: [(&str, Vec<String>, Measure); 10] = [
        ("loom", overhead::loom_names().map(str::to_owned).collect(), overhead::loom),
        ("shuttle", overhead::shuttle_names().map(str::to_owned).collect(), overhead::shuttle),
        ("exploration", exploration::names().map(str::to_owned).collect(), exploration::run),
        ("rate", exploration::rated_names().map(str::to_owned).collect(), exploration::rates),
        ("workers", workers::names().map(str::to_owned).collect(), workers::run),
        ("catalogue", catalogue::names().collect(), catalogue::run),
        ("memory", memory::names().map(str::to_owned).collect(), memory::run),
        ("rpc", rpc::names().map(str::to_owned).collect(), rpc::run),
        ("history", histories::names().map(str::to_owned).collect(), histories::run),
        ("schedules-to-bug", schedules::names().collect(), schedules::run),
    ];
    let wanted: Vec<(&str, Vec<String>, Measure)> = programs
        .into_iter()
        .map(|(table, programs, measure)| {
            (table, programs.into_iter().filter(|program| options.wants(table, program)).collect(), measure)
        })
        .filter(|(_, programs, _): &(_, Vec<String>, _)| !programs.is_empty())
        .collect();
    if wanted.is_empty() {
        eprintln!("no program is called {:?}: --list shows them", options.filter.unwrap_or_default());
        return ExitCode::from(2);
    }
    if options.list {
        for (table, programs, _) in wanted {
            programs.iter().for_each(|program| println!("{table}: {program}"));
        }
        return ExitCode::SUCCESS;
    }
    if cfg!(debug_assertions) {
        eprintln!("this is not an optimised build, and its numbers mean little: cargo run --release -p benches");
    }
    exhaust::quiet();
    let mut failed = false;
    for (_, _, measure) in wanted {
        let Outcome { about, table, notes, problems } = measure(&options);
        println!("{about}\n{table}");
        notes.iter().for_each(|note| println!("- {note}"));
        problems.iter().for_each(|problem| println!("! {problem}"));
        println!();
        failed |= !problems.is_empty();
    }
    println!(
        "Ratios and their times: medians of {} rounds in turn, in processor time; in brackets the least and the most. \
         Again: cargo run --release -p benches [-- --quick] [-- --long] [-- FILTER]",
        options.effort().rounds
    );
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
