//! On raw shuttle, which has no `UnsafeCell`: plain memory is plain there, and no race on it is found.

use ::shuttle::{
    sync::{
        Arc, Condvar, Mutex, RwLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

#[path = "../programs.rs"]
#[allow(clippy::duplicate_mod, reason = "the same program, in each world")]
pub mod programs;

#[path = "../further.rs"]
#[allow(clippy::duplicate_mod, reason = "the same program, in each world")]
pub mod further;

/// std's, with the interface of the others.
struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    fn new(value: T) -> UnsafeCell<T> {
        UnsafeCell(std::cell::UnsafeCell::new(value))
    }

    fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get().cast_const())
    }

    fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}
