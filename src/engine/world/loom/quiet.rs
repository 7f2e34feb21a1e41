//! Tokens that order nothing: events that depend on each other, and let loom see no happens-before in that.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use ::loom::sync::Mutex;

use super::{
    super::scalar::{AtomicOp, Scalar},
    Engine, Object,
    atomics::LoomAtomic,
    static_edge,
};

/// What loom has of a once, or of a barrier.
#[derive(Debug)]
pub(super) struct Quiet {
    /// Never changes.
    token: LoomAtomic,
    /// Raised when the once is complete, if anybody looks.
    flag: Option<LoomAtomic>,
}

impl Engine {
    /// Gives an object a quiet token, and a flag if it is said whether that is raised. `Err` if one has to be prepared.
    pub(crate) fn bind_quiet(&self, object: usize, flag: Option<bool>) -> Result<(), (u8, u64)> {
        let token = self.spare(Scalar::Bool, 0)?;
        let flag = flag.map(|raised| self.spare(Scalar::Bool, u64::from(raised))).transpose()?;
        self.put(object, Object::Quiet(Quiet { token, flag }));
        Ok(())
    }

    /// An event on a quiet token that depends on all others.
    pub(super) fn update(&self, quiet: &Quiet) {
        // An update that never succeeds is to loom a write like any other, but publishes nothing.
        let _ = quiet.token.apply(AtomicOp::CompareExchange { current: 1, new: 1 }, Relaxed, Relaxed);
    }

    fn quiet(&self, object: usize) -> Option<&Quiet> {
        match self.get(object, || Object::Mutex(Mutex::new(()))) {
            Object::Quiet(quiet) => Some(quiet),
            // A token stands in for it.
            _ => None,
        }
    }

    /// An event that depends on updates only.
    pub(crate) fn look(&self, object: usize) {
        if let Some(quiet) = self.quiet(object) {
            let _ = quiet.token.apply(AtomicOp::Load, Relaxed, Relaxed);
        }
    }

    /// Raises the flag.
    pub(crate) fn raise(&self, object: usize) {
        if let Some(flag) = self.quiet(object).and_then(|quiet| quiet.flag.as_ref()) {
            let _ = flag.apply(AtomicOp::Store(1), Release, Relaxed);
        }
    }

    /// Whether the flag is raised, as far as the thread sees it. `None` if a token stands in for it.
    pub(crate) fn raised(&self, object: usize) -> Option<bool> {
        let flag = self.quiet(object)?.flag.as_ref()?;
        Some(flag.apply(AtomicOp::Load, Acquire, Relaxed) == Ok(1))
    }

    /// The object is as new: it gets another engine side at its next use.
    pub(crate) fn forget(&self, object: usize) {
        if self.has(object) {
            self.put(object, Object::Unused);
        }
    }

    /// Whoever opens a barrier sees what those did who have come.
    pub(crate) fn acquire_readers(&self, object: usize) {
        let read = self.locks.borrow_mut().get_mut(&object).map(|(_, read)| std::mem::take(read));
        for edge in read.into_iter().flatten() {
            static_edge(edge).get();
        }
    }
}
