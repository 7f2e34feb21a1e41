//! Whether memory grows while an exploration goes on.

use std::{
    fs,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use comfy_table::CellAlignment;
use raddle::{Check, FailureKind, Strategy};

use crate::{
    cli::{Options, Outcome, table},
    worlds::shims::programs,
};

const LONG: &str = "dpor, load-store counter 2x7";
const STUCK: &str = "dpor, a check for each deadlock";
const LOOM: &str = "loom, load-store counter 2x5";

/// The rows.
pub fn names() -> impl Iterator<Item = &'static str> {
    [LONG, STUCK, LOOM].into_iter()
}

/// Executions since the row began.
static EXECUTIONS: AtomicU64 = AtomicU64::new(0);
/// What was resident, in KiB, after a tenth of them.
static EARLY: AtomicU64 = AtomicU64::new(0);
/// After how many.
static TENTH: AtomicU64 = AtomicU64::new(0);

fn begins() {
    if EXECUTIONS.fetch_add(1, Relaxed) + 1 == TENTH.load(Relaxed) {
        EARLY.store(resident(), Relaxed);
    }
}

/// KiB of this process that are in memory. 0 where the system does not say.
fn resident() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|pages| pages.split(' ').nth(1)?.parse::<u64>().ok());
    // SAFETY: it only asks.
    pages.unwrap_or(0) * unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as u64 / 1024
}

/// The table.
pub fn run(options: &Options) -> Outcome {
    let mut rows = table(&["what", "executions", "KiB resident\nafter a tenth", "at the end"]);
    let executions = if options.long { 1_000_000 } else { 100_000 };
    for name in names().filter(|name| options.wants("memory", name)) {
        EXECUTIONS.store(0, Relaxed);
        TENTH.store(executions / 10, Relaxed);
        match name {
            LONG => explore(Strategy::Dpor, executions, 7),
            LOOM => explore(Strategy::Exhaustive, executions, 5),
            _ => {
                while EXECUTIONS.load(Relaxed) < executions {
                    deadlock();
                }
            }
        }
        rows.add_row([
            name.to_owned(),
            EXECUTIONS.load(Relaxed).to_string(),
            EARLY.load(Relaxed).to_string(),
            resident().to_string(),
        ]);
    }
    for column in rows.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let notes = vec![
        "a stuck execution ends its check, and is run again to confirm it: the second row counts both".to_owned(),
        "a million executions: --long".to_owned(),
    ];
    Outcome { about: "memory: does it grow?".to_owned(), table: rows, notes, problems: Vec::new() }
}

/// More executions than are wanted, of which so many are run.
fn explore(strategy: Strategy, executions: u64, times: usize) {
    let check = Check::new("memory").strategy(strategy).executions(executions);
    let verdict = check.run(move || {
        begins();
        programs::load_store_counter(2, times);
    });
    let verdict = verdict.expect("the program can be checked");
    assert!(verdict.failure.is_none(), "{}", raddle::render(&verdict));
}

/// Two threads, each of which waits for what the other holds, in some order.
fn deadlock() {
    use raddle::{
        sync::{Arc, Mutex},
        thread,
    };
    let check = Check::new("memory").strategy(Strategy::Dpor);
    let verdict = check.run(|| {
        begins();
        let locks = Arc::new((Mutex::new(0), Mutex::new(0)));
        let theirs = Arc::clone(&locks);
        let other = thread::spawn(move || {
            let _second = theirs.1.lock().unwrap();
            let _first = theirs.0.lock().unwrap();
        });
        let first = locks.0.lock().unwrap();
        let second = locks.1.lock().unwrap();
        drop((first, second));
        other.join().unwrap();
    });
    let failure = verdict.expect("the program can be checked").failure.expect("some order deadlocks");
    assert_eq!(failure.kind, FailureKind::Deadlock);
}
