//! How far an exploration has come, while it goes on.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use super::Check;

/// How far an exploration has come: see [`Check::progress`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Progress {
    /// Complete executions so far.
    pub executions: u64,
    /// Executions besides these that turned out to be equivalent to others (strategy `dpor`).
    pub redundant: u64,
    /// About how many complete executions there are in all; `None` as long as nothing can be told, and in the loom world.
    /// Of a tree that is searched, every branch of a node counts as an equal part of what begins there, and the rest is
    /// taken to be like what has been seen: Knuth's estimate ("Estimating the efficiency of backtrack programs", 1975), of
    /// the paths that were searched in place of random ones. It is exact at the end, and may be far off before: what is
    /// tried first may be large or small, and `dpor` learns only on the way what it has to try.
    pub estimate: Option<f64>,
    /// Time on the wall.
    pub elapsed: Duration,
}

impl Progress {
    /// Executions in a second, redundant ones included.
    pub fn rate(&self) -> f64 {
        (self.executions + self.redundant) as f64 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// Who is told of progress, and how often.
#[derive(Clone)]
pub(crate) struct Listener {
    pub(crate) every: Duration,
    pub(crate) tell: Arc<dyn Fn(Progress) + Send + Sync>,
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listener({:?})", self.every)
    }
}

/// What an exploration counts for those who listen. Nothing that it finds depends on this.
#[derive(Debug)]
pub(crate) struct Meter {
    start: Instant,
    counts: Mutex<Counts>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) executions: u64,
    pub(crate) redundant: u64,
    /// How much of everything that is, of 1; 0 if that is not known.
    pub(crate) done: f64,
}

impl Meter {
    pub(crate) fn new(start: Instant) -> Meter {
        Meter { start, counts: Mutex::default() }
    }

    /// What has been counted, to be changed.
    pub(crate) fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn progress(&self) -> Progress {
        let Counts { executions, redundant, done } = *self.counts();
        let estimate = (executions > 0 && done > 0.0).then(|| executions as f64 / done.min(1.0));
        Progress { executions, redundant, estimate, elapsed: self.start.elapsed() }
    }
}

impl Check {
    /// Tells of the progress of a long exploration: about so often, on the thread that has called [`run`](Check::run) and
    /// waits, and once more at the end, if the check could be done. It does not change what is found. In an isolated check
    /// the process that asks for it is told.
    ///
    /// ```
    /// # #[cfg(feature = "model")] {
    /// use std::time::Duration;
    /// use raddle::{Check, Progress};
    ///
    /// let tell = |progress: Progress| eprintln!("{} executions of {:?}", progress.executions, progress.estimate);
    /// Check::new("nothing happens").progress(Duration::from_millis(100), tell).run(|| {}).unwrap();
    /// # }
    /// ```
    pub fn progress(mut self, every: Duration, tell: impl Fn(Progress) + Send + Sync + 'static) -> Check {
        // Whoever wants it all the time shall not keep a processor busy.
        self.listener = Some(Listener { every: every.max(Duration::from_millis(1)), tell: Arc::new(tell) });
        self
    }
}

#[cfg(all(test, raddle_shuttle))]
mod tests;
