//! Poisoning, as `std::sync::poison` has it: a lock whose guard is dropped by a panic is poisoned.

use std::{
    sync::{
        LockResult, PoisonError, TryLockError, TryLockResult,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
};

use crate::world::{self, real};

/// Whether a lock is poisoned. Plain, since whoever reads it holds the lock or asks in passing.
#[derive(Debug)]
pub(super) struct Flag(AtomicBool);

impl Flag {
    pub(super) const fn new() -> Flag {
        Flag(AtomicBool::new(false))
    }

    pub(super) fn get(&self) -> bool {
        self.0.load(Relaxed)
    }

    pub(super) fn clear(&self) {
        self.0.store(false, Relaxed);
    }

    /// What a guard notes when it is made.
    pub(super) fn guard(&self) -> Guard {
        Guard { panicking: panicking() }
    }

    /// A guard is dropped: if a panic has begun since it was made, the lock is poisoned. A run on real threads that ends
    /// early poisons nothing: what outlives it goes on.
    pub(super) fn done(&self, guard: &Guard) {
        if !guard.panicking && panicking() && !real::ends_early() {
            self.0.store(true, Relaxed);
        }
    }

    pub(super) fn wrap<T>(&self, value: T) -> LockResult<T> {
        if self.get() { Err(PoisonError::new(value)) } else { Ok(value) }
    }
}

#[derive(Debug)]
pub(super) struct Guard {
    panicking: bool,
}

/// What std's lock gives, whose own poison nobody asks for: `None` if it is taken.
pub(super) fn free<G>(tried: TryLockResult<G>) -> Option<G> {
    match tried {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(guard)) => Some(guard.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Whether the running thread, of a model or real, is panicking.
pub(crate) fn panicking() -> bool {
    match world::current() {
        Some(ex) => ex.unwinding(ex.me()),
        None => thread::panicking(),
    }
}
