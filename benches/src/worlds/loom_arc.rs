//! On raw loom, with loom's own `Arc`, as its users write a program: its reference counts are events.

use ::loom::{
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

#[path = "../programs.rs"]
#[allow(clippy::duplicate_mod, dead_code, reason = "the same program, in each world; some are run here")]
pub mod programs;
