//! What an execution has put into statics, once it is over.
//!
//! A `OnceLock` or a `LazyLock` that outlives an execution starts afresh in the next, so what it holds belongs to the
//! execution, not to it. When the execution is over, and none of its threads is left, such values are dropped, the last
//! to come first. std never drops what a static holds: the destructors are no part of the execution, and nothing that
//! they do is recorded or fails it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Abort, Execution, core::Guard, once::Stored};

/// Destructors may use, and fill, statics and thread-locals.
const ROUNDS: u32 = 5;

/// Operations of one destructor, after which it is taken to wait for somebody.
const MOST_STEPS: u32 = 100_000;

impl Execution {
    /// The execution is over: drops what it leaves behind.
    pub(crate) fn drop_statics(&self) {
        self.aborting.set(true);
        self.over.set(true);
        self.set_me(0);
        self.core.borrow_mut().threads.iter_mut().for_each(|thread| thread.unwinding = false);
        for _ in 0..ROUNDS {
            let values = self.left_behind();
            if values.is_empty() {
                break;
            }
            for value in values {
                // SAFETY: every thread of the execution has ended, and so has what it borrowed. The value comes from an
                // object that has outlived an execution, as only what is `'static` can: it borrows nothing. A reference
                // that was smuggled out is the limit that `OnceLock` tells of.
                self.destroy(|| unsafe { value.destroy() });
            }
        }
        // What hosts would have run again may own primitives.
        let simulated = std::mem::take(&mut self.core.borrow_mut().simulated);
        self.destroy(|| drop(simulated));
        let locals = self.core.borrow_mut().threads.first_mut().map(|main| std::mem::take(&mut main.locals));
        self.destroy(|| drop(locals));
    }

    /// The values of onces that outlive this execution, the last first. What is bound to this execution alone is left
    /// out: it was forgotten by the program, and may borrow from what is gone; or it is a static that no execution has
    /// used before, and keeps its value for ever, as std's do.
    fn left_behind(&self) -> Vec<Stored> {
        let mut core = self.core.borrow_mut();
        let filled = std::mem::take(&mut core.filled);
        let outlives = |object: &usize| core.by_address.values().any(|other| other == object);
        let filled: Vec<usize> = filled.into_iter().rev().filter(outlives).collect();
        filled.into_iter().filter_map(|object| core.once(object).take()).collect()
    }

    fn destroy(&self, drop_value: impl FnOnce()) {
        // A panic in there is the program's own affair.
        drop(catch_unwind(AssertUnwindSafe(drop_value)));
        if let Some(main) = self.core.borrow_mut().threads.first_mut() {
            main.unwinding = false;
            main.abort_steps = 0;
        }
    }

    /// An operation of a destructor, when the execution is over. Nobody is left to wait for.
    pub(super) fn pass(&self, me: usize, guard: Option<Guard<'_>>) {
        let hopeless = {
            let mut core = self.core.borrow_mut();
            core.threads[me].abort_steps += 1;
            core.threads[me].abort_steps > MOST_STEPS
        };
        if (hopeless || guard.is_some_and(|guard| !guard(&self.core.borrow()))) && !std::thread::panicking() {
            self.resume(Box::new(Abort));
        }
    }
}
