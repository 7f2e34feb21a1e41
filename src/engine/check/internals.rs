//! For raddle's own tests: classes of executions, counted one by one, and a dpor that overlooks something.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    Check, Error, Failure, Model, Verdict,
    outcomes::{End, Gather, Gatherer, Run, Size},
};
pub use crate::world::classes::{Class, Weakening};
use crate::world::facts::Facts;

/// What an exploration has shown, class by class.
#[derive(Debug)]
pub struct Classes<T> {
    /// What was explored, and how much of it.
    pub verdict: Verdict,
    /// How the executions of each class end, in ascending order; and how many there were.
    pub all: BTreeMap<Class, (Vec<End<T>>, u64)>,
    /// What the model has taught about itself.
    pub facts: String,
}

struct Seen<T> {
    slot: Arc<Mutex<Option<T>>>,
    all: BTreeMap<Class, (Vec<End<T>>, u64)>,
    /// That of the execution that has just ended.
    class: Option<Class>,
    facts: String,
}

impl<T: Ord> Gather for Seen<T> {
    fn ended(&mut self, failure: Option<&Failure>, _: Size, _: u64, _: &mut dyn FnMut() -> Run) -> bool {
        let returned = self.slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        let class = self.class.take().expect("the class is told before");
        let (ends, count) = self.all.entry(class).or_default();
        *count += 1;
        if let Some(end) = End::of(failure, returned)
            && let Err(at) = ends.binary_search(&end)
        {
            ends.insert(at, end);
        }
        false
    }

    fn starts_over(&mut self) {
        self.all.clear();
    }

    fn tells_classes(&self) -> bool {
        true
    }

    fn class(&mut self, class: Class, facts: &Facts) {
        self.class = Some(class);
        if self.facts.is_empty() || self.all.is_empty() {
            self.facts = format!("{facts:?}");
        }
    }
}

impl Check {
    /// As [`outcomes`](Check::outcomes), class by class. Whatever the strategy, the steps are those of dpor.
    ///
    /// # Errors
    /// As `outcomes`.
    pub fn classes<T, F>(self, model: F) -> Result<Classes<T>, Error>
    where
        T: Ord + Debug + Send + 'static,
        F: Fn() -> T + Send + Sync + 'static,
    {
        let slot = Arc::new(Mutex::new(None));
        let returned = Arc::clone(&slot);
        let model: Model = Arc::new(move || {
            let value = model();
            *returned.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        });
        let seen = Arc::new(Mutex::new(Seen { slot, all: BTreeMap::new(), class: None, facts: String::new() }));
        let verdict = self.run_gathering(model, Gatherer(seen.clone()))?;
        let seen = &mut *seen.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Classes { verdict, all: std::mem::take(&mut seen.all), facts: std::mem::take(&mut seen.facts) })
    }

    /// Has dpor overlook something.
    pub fn weakened(mut self, weakening: Weakening) -> Check {
        self.weakening = Some(weakening);
        self
    }
}
