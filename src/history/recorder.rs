//! Recording what clients do.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Event, History};

/// Records what clients do, from any world, and on real threads.
///
/// In a model it is made inside the closure, so that each execution has its own. What it records is then what is explored:
/// that an operation had returned before another one began is something that the model can tell, and so its invocation and its
/// return are steps like any other. Threads of a model switch at steps only, so what is recorded is one with the step.
/// Nothing is ordered by these, so they hide no race.
///
/// On real threads an operation is invoked before it begins, and returns after it has ended, so what is recorded overlaps
/// at least as much as what was done: a history that is not linearizable is a bug. Threads take turns to record, which
/// keeps some things from happening that would happen without.
///
/// In the loom world, weak memory shows in histories: an atomic register is not linearizable there, not even with `SeqCst`,
/// which loom takes for `AcqRel`. What locks protect is.
pub struct Recorder<O, A> {
    #[cfg(raddle_model)]
    marks: crate::Marks,
    events: Mutex<Vec<Event<O, A>>>,
}

impl<O, A> Recorder<O, A> {
    /// Nothing is recorded yet.
    #[cfg_attr(raddle_model, track_caller)]
    pub const fn new() -> Recorder<O, A> {
        Recorder {
            #[cfg(raddle_model)]
            marks: crate::Marks::new(),
            events: Mutex::new(Vec::new()),
        }
    }

    /// Records that a client begins an operation.
    #[cfg_attr(raddle_model, track_caller)]
    pub fn invoke(&self, client: usize, operation: O) {
        #[cfg(raddle_model)]
        self.marks.invoke();
        self.events().push(Event::Invoke { client, operation });
    }

    /// Records that the client's operation is over.
    #[cfg_attr(raddle_model, track_caller)]
    pub fn answer(&self, client: usize, answer: A) {
        #[cfg(raddle_model)]
        self.marks.answer();
        self.events().push(Event::Return { client, answer });
    }

    /// Does what a client asks for, and records it. If it panics, the operation stays pending, and the client is at its
    /// end: whoever goes on needs another number.
    #[cfg_attr(raddle_model, track_caller)]
    pub fn record(&self, client: usize, operation: O, run: impl FnOnce(&O) -> A) -> A
    where
        O: Clone,
        A: Clone,
    {
        self.invoke(client, operation.clone());
        let answer = run(&operation);
        self.answer(client, answer.clone());
        answer
    }

    /// What is recorded so far.
    ///
    /// # Panics
    /// If a client began an operation while its last was pending, or was answered without having asked: see
    /// [`HistoryError`](super::HistoryError).
    #[track_caller]
    pub fn history(&self) -> History<O, A>
    where
        O: Clone,
        A: Clone,
    {
        History::new(self.events().clone()).unwrap_or_else(|why| panic!("{why}"))
    }

    fn events(&self) -> MutexGuard<'_, Vec<Event<O, A>>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<O, A> Default for Recorder<O, A> {
    #[cfg_attr(raddle_model, track_caller)]
    fn default() -> Recorder<O, A> {
        Recorder::new()
    }
}

impl<O: fmt::Debug, A: fmt::Debug> fmt::Debug for Recorder<O, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("events", &self.events()).finish_non_exhaustive()
    }
}
