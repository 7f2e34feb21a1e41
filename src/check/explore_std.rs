//! The std world: the model on real threads, again and again.
//!
//! A run that hangs hangs the check: only a check in a child process ([`Check::isolated`](super::Check::isolated)) can
//! report it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU64, Ordering::SeqCst},
};

use super::{Coverage, Error, Failure, FailureKind, Limit, Model, Plan, outcome::Explored};
use crate::world::panics::message_of;

/// Runs that have been begun: for a watchdog that wonders whether one hangs.
pub(crate) static RUNS: AtomicU64 = AtomicU64::new(0);

pub(crate) fn explore(plan: &Plan, model: &Model) -> Result<Explored, Error> {
    if plan.replay.is_some() {
        return Err(Error::Argument("a run on real threads cannot be replayed".to_owned()));
    }
    let mut explored =
        Explored { failure: None, coverage: Coverage::Sampled { schedules: 0 }, executions: 0, steps: 0, failures: 0 };
    while explored.executions < plan.budget {
        if plan.late() {
            explored.coverage = Coverage::Truncated { by: Limit::Time };
            return Ok(explored);
        }
        explored.executions += 1;
        explored.coverage = Coverage::Sampled { schedules: explored.executions };
        RUNS.fetch_add(1, SeqCst);
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| model())) {
            explored.failures += 1;
            explored.failure.get_or_insert_with(|| Failure {
                kind: FailureKind::Panic,
                message: message_of(&*payload),
                panics: Vec::new(),
                waiting: Vec::new(),
                threads: Vec::new(),
                steps: Vec::new(),
                token: None,
            });
        }
    }
    Ok(explored)
}
