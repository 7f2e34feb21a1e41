//! Through the shims.

use raddle::{
    cell::UnsafeCell,
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
