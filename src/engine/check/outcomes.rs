//! Every way in which a model can end.
#![cfg_attr(not(raddle_shuttle), allow(dead_code, reason = "only shuttle's executions are gathered"))]

use std::{
    any::Any,
    cell::RefCell,
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Check, Error, Failure, FailureKind, Model, Step, Strategy, Verdict, Waiting, report};

/// Every way in which a model ends, and how often: see [`Check::outcomes`].
#[derive(Clone, Debug)]
pub struct Outcomes<T> {
    /// What was explored, and how much of it; its failure is the smallest of all.
    pub verdict: Verdict,
    /// First what the model returned, in ascending order; then failures, by kind, message and who waits for what.
    pub all: Vec<Outcome<T>>,
}

impl<T> Outcomes<T> {
    /// What the model returned, in ascending order.
    pub fn returned(&self) -> impl Iterator<Item = &T> {
        self.all.iter().filter_map(|outcome| match &outcome.end {
            End::Returned(value) => Some(value),
            End::Failed { .. } => None,
        })
    }

    /// How it failed.
    pub fn failures(&self) -> impl Iterator<Item = &Outcome<T>> {
        self.all.iter().filter(|outcome| matches!(outcome.end, End::Failed { .. }))
    }
}

/// One way in which a model ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome<T> {
    /// What came out.
    pub end: End<T>,
    /// How many of the complete executions ended so.
    pub count: u64,
    /// The names of the threads of the smallest of them (fewest preemptions, then fewest steps), by number.
    pub threads: Vec<String>,
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// The line that replays it.
    pub token: String,
}

impl<T> Outcome<T> {
    /// The steps of the smallest execution that ends so: a column a thread, time downward.
    pub fn interleaving(&self) -> String {
        report::table(&self.threads, &self.steps, &[])
    }
}

/// What comes out of an execution.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End<T> {
    /// The model returned this.
    Returned(T),
    /// It failed.
    Failed {
        /// How.
        kind: FailureKind,
        /// The panic's message, or what happened.
        message: String,
        /// Who waits for what, and where, if it was stuck.
        waiting: Vec<String>,
    },
}

impl<T> End<T> {
    /// What comes out of an execution with this failure, if any, in which the model has returned this, if it has.
    pub(super) fn of(failure: Option<&Failure>, returned: Option<T>) -> Option<End<T>> {
        let Some(failure) = failure else { return returned.map(End::Returned) };
        let waiting = failure.stuck().iter().map(Waiting::to_string).collect();
        Some(End::Failed { kind: failure.kind, message: failure.message.clone(), waiting })
    }
}

impl<T: fmt::Debug> fmt::Display for End<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Returned(value) => write!(f, "{value:?}"),
            End::Failed { kind, message, .. } => write!(f, "{kind}: {message}"),
        }
    }
}

/// How large an execution is: its preemptions, and its steps.
pub(crate) type Size = (u32, u64);

/// An execution as it is told.
pub(crate) struct Run {
    pub(crate) threads: Vec<String>,
    pub(crate) steps: Vec<Step>,
    pub(crate) token: String,
}

/// What takes note of how executions end.
pub(crate) trait Gather {
    /// The execution with a number has ended, with this failure if any. `run` tells it, if it is the first of its kind or the
    /// smallest; of those that are as small, the one with the lowest number counts, in whatever order they end. True if
    /// none has ended so before.
    fn ended(&mut self, failure: Option<&Failure>, size: Size, number: u64, run: &mut dyn FnMut() -> Run) -> bool;

    /// The exploration starts over: nothing that has ended counts.
    fn starts_over(&mut self);

    /// Whether it asks for the classes of executions.
    fn tells_classes(&self) -> bool {
        false
    }

    /// The class of the execution that ends next, and what the model has taught.
    #[cfg(raddle_internals)]
    fn class(&mut self, _class: crate::world::classes::Class, _facts: &crate::world::facts::Facts) {}
}

/// A [`Gather`] that the exploration shares with whoever asked for it.
#[derive(Clone)]
pub(crate) struct Gatherer(pub(super) Arc<Mutex<dyn Gather + Send>>);

impl Gatherer {
    pub(crate) fn lock(&self) -> MutexGuard<'_, dyn Gather + Send + 'static> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tells_classes(&self) -> bool {
        self.lock().tells_classes()
    }
}

impl fmt::Debug for Gatherer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gatherer")
    }
}

thread_local! {
    /// What the last execution on this OS thread has returned.
    static RETURNED: RefCell<Option<Box<dyn Any>>> = const { RefCell::new(None) };
}

/// Drops what a redundant execution has returned, if it was the last on this OS thread: when that ends, its destructors
/// would run outside any model.
pub(crate) fn forget_returned() {
    RETURNED.take();
}

/// What has been seen so far.
struct Seen<T> {
    all: BTreeMap<End<T>, (Rank, Outcome<()>, Option<Failure>)>,
}

/// Of executions that end alike, the one with the lowest is told.
type Rank = (Size, u64);

impl<T: Ord + 'static> Gather for Seen<T> {
    fn ended(&mut self, failure: Option<&Failure>, size: Size, number: u64, run: &mut dyn FnMut() -> Run) -> bool {
        let returned = RETURNED.take().and_then(|value| value.downcast().ok()).map(|value| *value);
        // Nothing is left to be seen in an execution that loops for ever: it counts with those that it would join.
        let Some(end) = End::of(failure, returned) else { return false };
        let mut outcome = || {
            let Run { threads, steps, token } = run();
            Outcome { end: End::Returned(()), count: 1, threads, steps, token }
        };
        match self.all.get_mut(&end) {
            None => {
                let told = outcome();
                let failure = failure.cloned().map(|failure| Failure { token: Some(told.token.clone()), ..failure });
                self.all.insert(end, ((size, number), told, failure));
                true
            }
            Some((smallest, seen, kept)) => {
                let count = seen.count + 1;
                if (size, number) < *smallest {
                    *smallest = (size, number);
                    *seen = outcome();
                    *kept = failure.cloned().map(|failure| Failure { token: Some(seen.token.clone()), ..failure });
                }
                seen.count = count;
                false
            }
        }
    }

    fn starts_over(&mut self) {
        self.all.clear();
    }
}

impl Check {
    /// Explores the model to the end, failures or not, and returns every way in which it can end: the values that it
    /// returns, and how it fails. Unless another strategy is chosen, that is [`Strategy::Dpor`]: then the counts are
    /// numbers of equivalence classes.
    ///
    /// ```
    /// # #[cfg(feature = "model")] {
    /// # if !raddle::World::compiled().contains(&raddle::World::Shuttle) { return }
    /// use raddle::{Check, sync::atomic::{AtomicU32, Ordering::SeqCst}, thread};
    ///
    /// let outcomes = Check::new("two increments").outcomes(|| {
    ///     let total = AtomicU32::new(0);
    ///     thread::scope(|s| {
    ///         for _ in 0..2 {
    ///             s.spawn(|| total.store(total.load(SeqCst) + 1, SeqCst));
    ///         }
    ///     });
    ///     total.load(SeqCst)
    /// }).unwrap();
    /// assert!(outcomes.returned().eq(&[1, 2]));
    /// # }
    /// ```
    ///
    /// If `RADDLE_REPLAY` holds a token of a check of this name, that one execution is run instead.
    ///
    /// # Errors
    /// As [`run`](Check::run); and if the strategy is none of the shuttle world's, whose executions alone can all be told
    /// and go on after a failure, or if the check is isolated: what the model returns stays in its process.
    pub fn outcomes<T, F>(mut self, model: F) -> Result<Outcomes<T>, Error>
    where
        T: Ord + Send + 'static,
        F: Fn() -> T + Send + Sync + 'static,
    {
        let model: Model = Arc::new(move || RETURNED.set(Some(Box::new(model()))));
        let seen = Arc::new(Mutex::new(Seen { all: BTreeMap::new() }));
        self.strategy.get_or_insert(Strategy::Dpor);
        let mut verdict = self.run_gathering(model, Gatherer(seen.clone()))?;
        let seen = std::mem::take(&mut seen.lock().unwrap_or_else(PoisonError::into_inner).all);
        let failing = || seen.values().filter_map(|((size, _), told, failure)| Some((size, told, failure.as_ref()?)));
        verdict.failures = failing().map(|(_, told, _)| told.count).sum();
        if verdict.failure.is_none() {
            verdict.failure = failing().min_by_key(|(size, ..)| **size).map(|(_, _, failure)| failure.clone());
        }
        let all = seen
            .into_iter()
            .map(|(end, (_, Outcome { count, threads, steps, token, .. }, _))| Outcome {
                end,
                count,
                threads,
                steps,
                token,
            })
            .collect();
        Ok(Outcomes { verdict, all })
    }
}
