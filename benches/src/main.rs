//! What the shims cost, in time and in executions, and how soon bugs are found.
//!
//! `cargo run --release -p benches` prints nine tables:
//!
//! - **loom**: the same program on raw loom and through the shims: executions, time per execution, ratio.
//! - **shuttle**: the same on raw shuttle, with its random scheduler: schedules per second, ratio.
//! - **exploration**: how many executions it takes to exhaust a program, on raw loom, raw shuttle and raw TraceForge, and by
//!   `dpor`, and how long.
//! - **rate**: executions per second, of raw shuttle's depth-first search and `dpor`.
//! - **workers**: `dpor` with one worker and with two, time on the wall.
//! - **catalogue**: as exploration, on the catalogue and on channels, in the loom world and by `dpor`.
//! - **memory**: what is resident, early in a long exploration and at its end.
//! - **rpc**: calls over loopback, beside a hand-written echo of the same frames: time per call, ratio.
//! - **history**: how long it takes to decide whether a history is linearizable.
//! - **schedules-to-bug**: how many schedules it takes each strategy to find each bug of the catalogue.
//!
//! What counts are the ratios. Both sides of one are measured in one run, turn by turn, in processor time, and the
//! median of the rounds is shown: what else the machine does hardly matters. Nothing here is a test, and no time makes
//! it fail; only a number of executions that is not the expected one does, and a failure that is not the bug's.

#[cfg(not(any(loom, shuttle)))]
mod catalogue;
#[cfg(not(any(loom, shuttle)))]
mod channels;
#[cfg(not(any(loom, shuttle)))]
mod cli;
#[cfg(not(any(loom, shuttle)))]
mod exhaust;
#[cfg(not(any(loom, shuttle)))]
mod exploration;
#[cfg(not(any(loom, shuttle)))]
mod histories;
#[cfg(not(any(loom, shuttle)))]
mod measure;
#[cfg(not(any(loom, shuttle)))]
mod memory;
#[cfg(not(any(loom, shuttle)))]
mod overhead;
#[cfg(not(any(loom, shuttle)))]
mod reached;
#[cfg(not(any(loom, shuttle)))]
mod reorder;
#[cfg(not(any(loom, shuttle)))]
mod rpc;
#[cfg(not(any(loom, shuttle)))]
mod schedules;
#[cfg(not(any(loom, shuttle)))]
mod standard;
#[cfg(not(any(loom, shuttle)))]
mod workers;
#[cfg(not(any(loom, shuttle)))]
mod worlds;

#[cfg(not(any(loom, shuttle)))]
fn main() -> std::process::ExitCode {
    cli::main()
}

#[cfg(any(loom, shuttle))]
fn main() {
    eprintln!(
        "the benchmarks compare two worlds, and this build is narrowed to one: build without --cfg loom or shuttle"
    );
    std::process::exit(2);
}
