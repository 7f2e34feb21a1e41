//! `std::sync`, in every world.
//!
//! Without feature `model` everything here *is* std's. With it, each type is std's outside any model and the engine's
//! inside one; what it does not model is said in its docs.

pub mod atomic;
pub mod mpsc;

#[cfg(not(raddle_model))]
#[allow(deprecated, reason = "whatever std has")]
pub use std::sync::{
    Arc, Barrier, BarrierWaitResult, Condvar, LazyLock, LockResult, Mutex, MutexGuard, ONCE_INIT, Once, OnceLock,
    OnceState, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError, TryLockResult, WaitTimeoutResult,
    Weak,
};

#[cfg(raddle_model)]
mod arc;
#[cfg(raddle_model)]
mod arc_from;
#[cfg(raddle_model)]
mod barrier;
#[cfg(raddle_model)]
mod condvar;
#[cfg(raddle_model)]
mod lazy_lock;
#[cfg(raddle_model)]
mod mutex;
#[cfg(raddle_model)]
mod once;
#[cfg(raddle_model)]
mod once_lock;
#[cfg(raddle_model)]
mod poison;
#[cfg(raddle_model)]
mod rwlock;
#[cfg(raddle_model)]
mod turn;

#[cfg(raddle_model)]
pub(crate) use self::poison::panicking;
#[cfg(raddle_model)]
#[allow(deprecated, reason = "whatever std has")]
pub use self::{
    arc::{Arc, Weak},
    barrier::{Barrier, BarrierWaitResult},
    condvar::{Condvar, WaitTimeoutResult},
    lazy_lock::LazyLock,
    mutex::{Mutex, MutexGuard},
    once::{ONCE_INIT, Once, OnceState},
    once_lock::OnceLock,
    rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard},
};
#[cfg(raddle_model)]
pub use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};
