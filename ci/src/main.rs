//! The command `raddle`.
//!
//! `cargo run --release` at the repository's root checks the whole catalogue in every compiled world. Exit status: 0 if
//! every case met its expectation, 1 if not, 2 for bad usage or input, 3 if the tool itself failed.

mod check;
mod explain;
mod generate;
mod heads;
mod job;
mod list;
mod replay;
mod select;
mod smallest;
mod table;
mod variant;

use std::{fmt, io::Write as _, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use raddle::{SCHEDULES, SEED, Strategy, World};

/// Checks concurrent programs in every world: real threads, loom, shuttle.
#[derive(Parser)]
#[command(name = "raddle", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    check: CheckArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Check the catalogue, or a part of it (the default).
    Check(CheckArgs),
    /// List the cases.
    List {
        /// One object a line: case, pattern, variant, expected, file, source, aliases.
        #[arg(long)]
        json: bool,
    },
    /// Tell a case's story: how it fails, step by step and why each switch, the diff to its fix, the code.
    Explain {
        /// A case (`counter/naive`) or an alias (`mutex/bad`).
        case: String,
        /// One object: case, expected, about, source, story, verdict, world, strategy, coverage, executions, failure,
        /// meaning, interleaving, replay, counterpart, diff, file, code.
        #[arg(long)]
        json: bool,
    },
    /// Replay the one execution that a token holds, and print its steps.
    Replay {
        /// The line that a report or a stored seed gives.
        token: String,
    },
    /// Write, or with --check compare, what is generated from the catalogue: README's table and interleaving, the
    /// docs' index, the variants' headers.
    Generate {
        /// Change nothing: fail if something is out of date.
        #[arg(long)]
        check: bool,
        /// Find a failing execution of every broken case anew, and store its seed, first.
        #[arg(long, conflicts_with = "check")]
        seeds: bool,
    },
    /// One job, in a process of its own.
    #[command(hide = true)]
    Job(job::Job),
}

/// What to check, and how.
#[derive(Args, Clone)]
struct CheckArgs {
    /// A case (`counter/naive`), an alias (`vote-count-1`), a pattern (`bank`), or a part of a name.
    filter: Option<String>,
    /// Only this world: std, loom or shuttle.
    #[arg(long)]
    world: Option<World>,
    /// Only this strategy: exhaustive, preemptions-N, random, pct-DEPTH, urw, surw, pos, dfs, dpor, stress.
    #[arg(long)]
    strategy: Option<Strategy>,
    /// The lecture's own size, in place of the smallest that shows the bug: sampled, and run on real threads.
    #[arg(long)]
    large: bool,
    /// Schedules that each sampling strategy draws.
    #[arg(long, default_value_t = SCHEDULES, value_parser = clap::value_parser!(u64).range(1..))]
    schedules: u64,
    /// The seed that schedules grow from.
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// One object a line: case, world, strategy, expected, verdict, kind, message, coverage, executions, steps,
    /// elapsed_ms, seed, token.
    #[arg(long)]
    json: bool,
}

/// Why the command ends without success.
#[derive(Debug)]
enum Failure {
    /// Some case did not meet its expectation, or something is out of date.
    Unmet(String),
    /// The arguments, or what they name, cannot be used.
    Usage(String),
    /// The tool itself failed.
    Tool(String),
}

impl Failure {
    fn status(&self) -> u8 {
        match self {
            Failure::Unmet(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Tool(_) => 3,
        }
    }
}

/// Writes to standard output.
///
/// # Errors
/// If it cannot be written to, as when nobody reads it any more.
fn tell(text: fmt::Arguments<'_>) -> Result<(), Failure> {
    let unwritten = |why| Failure::Tool(format!("standard output cannot be written to: {why}"));
    std::io::stdout().write_fmt(text).map_err(unwritten)
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Unmet(text) | Failure::Usage(text) | Failure::Tool(text) => f.write_str(text),
        }
    }
}

fn main() -> ExitCode {
    // The report is for people: panics of the tool itself are told as its failure.
    let cli = Cli::parse();
    let done = std::panic::catch_unwind(|| match cli.command {
        None => check::check(&cli.check),
        Some(Command::Check(arguments)) => check::check(&arguments),
        Some(Command::List { json }) => list::list(json),
        Some(Command::Explain { case, json }) => explain::explain(&case, json),
        Some(Command::Replay { token }) => replay::replay(&token),
        Some(Command::Generate { check, seeds }) => generate::generate(check, seeds),
        Some(Command::Job(job)) => job::child(&job),
    });
    match done {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(failure)) => {
            eprintln!("{failure}");
            ExitCode::from(failure.status())
        }
        Err(_) => ExitCode::from(3),
    }
}
