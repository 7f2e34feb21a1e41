//! On raw loom, with std's `Arc`, whose reference counts are no events.

use std::sync::Arc;

use ::loom::{
    cell::UnsafeCell,
    sync::{
        Condvar, Mutex, RwLock,
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
