//! The std world: the model on real threads, again and again.
//!
//! A run whose threads all wait for each other has failed, and ends. One that is blocked outside the facade, or never
//! comes to an end, hangs the check: only a check in a child process ([`Check::isolated`](super::Check::isolated)) can
//! report it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use super::{Coverage, Error, Limit, Model, Plan, ended::Explored};
use crate::world::real;

/// Runs that have been begun: for a watchdog that wonders whether one hangs.
pub(crate) static RUNS: AtomicU64 = AtomicU64::new(0);

pub(crate) fn explore(plan: &Plan, model: &Model) -> Result<Explored, Error> {
    if plan.replay.is_some() {
        return Err(Error::Argument("a run on real threads cannot be replayed".to_owned()));
    }
    let mut explored = Explored {
        failure: None,
        coverage: Coverage::Sampled { schedules: 0 },
        executions: 0,
        steps: 0,
        failures: 0,
        redundant: 0,
    };
    while explored.executions < plan.budget {
        if plan.late() {
            explored.coverage = Coverage::Truncated { by: Limit::Time };
            return Ok(explored);
        }
        explored.executions += 1;
        explored.coverage = Coverage::Sampled { schedules: explored.executions };
        RUNS.fetch_add(1, SeqCst);
        let model = Arc::clone(model);
        let ended = real::run(Box::new(move || model())).map_err(Error::Tool)?;
        if let Some(meter) = &plan.meter {
            let mut counts = meter.counts();
            counts.executions += 1;
            counts.done = counts.executions as f64 / plan.budget as f64;
        }
        if let Some(failure) = ended.failure {
            explored.failures += 1;
            explored.failure.get_or_insert(failure);
        }
        if ended.leaves_threads {
            explored.coverage = Coverage::Truncated { by: Limit::Failure };
            return Ok(explored);
        }
    }
    Ok(explored)
}
