//! `std::thread`, in every world.
//!
//! Without feature `model` everything here is std's. With it, a thread is std's outside any model and the engine's
//! inside one. In a model:
//!
//! - A panic fails the execution, unless `join` returns it or the code catches it.
//! - When main returns, the others run on until all have ended. One that is then blocked for ever is a Leak.
//! - `yield_now` and `sleep` are scheduling points; durations mean nothing. A thread that goes round a loop and changes
//!   nothing waits until something that it has read changes.
//! - The loom world runs at most five threads in an execution, main and ended ones included.
//!
//! In the std world, inside a model, threads are std's too. The first two points hold there as well; and threads that
//! all wait for each other are a Deadlock, as soon as the last of them waits.
//!
//! And with feature `model` alone: [`dump`](dump()) tells what all threads do and wait for, in every world, and [`watched`]
//! runs a program for real so that it can be told.

#[cfg(not(raddle_model))]
pub use std::thread::{
    AccessError, Builder, JoinHandle, LocalKey, Result, Scope, ScopedJoinHandle, Thread, ThreadId,
    available_parallelism, current, panicking, park, park_timeout, scope, sleep, spawn, yield_now,
};

#[cfg(raddle_model)]
mod dump;
#[cfg(raddle_model)]
mod handle;
#[cfg(raddle_model)]
mod local;
#[cfg(raddle_model)]
mod scoped;
#[cfg(raddle_model)]
mod spawn;
#[cfg(raddle_model)]
mod watched;

#[cfg(raddle_model)]
pub(crate) use self::{dump::Asks, handle::require_std, spawn::boot};
#[cfg(raddle_model)]
pub use self::{
    dump::{Dump, Dumped, Frame, Group, Reason, Stack, dump, record_stacks},
    handle::{Thread, ThreadId, current, panicking, park, park_timeout, sleep, yield_now},
    local::LocalKey,
    scoped::{Scope, ScopedJoinHandle, scope},
    spawn::{Builder, JoinHandle, spawn},
    watched::watched,
};
#[cfg(raddle_model)]
pub use std::thread::{AccessError, Result, available_parallelism};
