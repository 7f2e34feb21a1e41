//! Exploring a program to its end, on each engine.

use std::{
    env,
    path::PathBuf,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use raddle::{Check, Coverage, Strategy, Verdict};

use crate::{
    overhead::on_fresh_thread,
    reached::{Measured, Reached},
};

/// Where an exploration of a raw engine is given up.
#[derive(Clone, Copy)]
pub struct Cap {
    /// After so many executions: of raw shuttle and TraceForge, which cannot be stopped by time.
    pub executions: u64,
    /// After so much time: of raw loom, which asks only every some executions.
    pub time: Duration,
}

/// On raw loom.
pub fn loom(program: fn(), cap: Cap) -> Reached {
    on_fresh_thread(move || {
        let count = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&count);
        let start = Instant::now();
        let mut builder = loom::model::Builder::new();
        builder.max_duration = Some(cap.time);
        builder.checkpoint_interval = 1_000;
        builder.check(move || {
            counter.fetch_add(1, Relaxed);
            program();
        });
        let executions = count.load(Relaxed);
        Reached { exhausted: start.elapsed() < cap.time, ..Reached::all(executions) }
    })
}

/// Takes away the panic hook that raw shuttle sets once, and that prints whatever unwinds, loom's threads at their ends too.
pub fn quiet() {
    on_fresh_thread(|| shuttle::check_dfs(|| {}, None));
    drop(std::panic::take_hook());
}

/// By raw shuttle's depth-first search.
pub fn shuttle(program: fn(), cap: Cap) -> Reached {
    on_fresh_thread(move || {
        let scheduler = shuttle::scheduler::DfsScheduler::new(Some(cap.executions as usize), false);
        let mut config = shuttle::Config::new();
        config.silence_warnings = true;
        let executions = shuttle::Runner::new(scheduler, config).run(program) as u64;
        Reached { exhausted: executions < cap.executions, ..Reached::all(executions) }
    })
}

/// The executable that explores on TraceForge: it has generator 0.7 where loom has 0.8, and the two define the same
/// symbols, so no executable can have both.
fn traceforge_executable() -> PathBuf {
    env::current_exe().expect("it runs").with_file_name("exhaust-traceforge")
}

/// Whether TraceForge can be measured.
pub fn has_traceforge() -> bool {
    traceforge_executable().exists()
}

/// On raw TraceForge, in a process of its own. `None` if that has not been built.
pub fn traceforge(program: &str, cap: Cap) -> Option<Measured> {
    if !has_traceforge() {
        return None;
    }
    let child = Command::new(traceforge_executable()).args([program, &cap.executions.to_string()]).output();
    let out = child.expect("it runs");
    assert!(out.status.success(), "{program} on TraceForge: {}", String::from_utf8_lossy(&out.stderr));
    let out = String::from_utf8_lossy(&out.stdout);
    let line = out.lines().last().unwrap_or_default();
    Some(line.parse().unwrap_or_else(|()| panic!("{program} on TraceForge: {line:?}")))
}

/// Through the shims.
pub fn shims(check: Check, program: fn()) -> Reached {
    let verdict = check.executions(u64::MAX).run(program).expect("the program can be checked");
    assert!(verdict.passed(), "{}", raddle::render(&verdict));
    assert_eq!(verdict.coverage, Coverage::Exhausted);
    of(&verdict)
}

/// What a verdict tells.
pub fn of(verdict: &Verdict) -> Reached {
    Reached { executions: verdict.executions + verdict.redundant, blocked: verdict.redundant, exhausted: true }
}

/// The same, by `dpor`.
pub fn dpor(program: fn()) -> Reached {
    shims(Check::new("benchmark").strategy(Strategy::Dpor), program)
}
