//! `std::sync`, in every world.
//!
//! Without feature `model` everything here *is* std's. With it, each type is std's outside any model and the engine's
//! inside one; what it does not model is said in its docs.

pub mod atomic;

#[cfg(not(raddle_model))]
pub use std::sync::{
    Arc, Condvar, LockResult, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError,
    TryLockResult, Weak,
};

#[cfg(raddle_model)]
mod arc;
#[cfg(raddle_model)]
mod arc_from;
#[cfg(raddle_model)]
mod condvar;
#[cfg(raddle_model)]
mod mutex;
#[cfg(raddle_model)]
mod poison;
#[cfg(raddle_model)]
mod rwlock;

#[cfg(raddle_model)]
pub(crate) use self::poison::panicking;
#[cfg(raddle_model)]
pub use self::{
    arc::{Arc, Weak},
    condvar::Condvar,
    mutex::{Mutex, MutexGuard},
    rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard},
};
#[cfg(raddle_model)]
pub use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};
