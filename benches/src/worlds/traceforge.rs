//! On raw TraceForge, whose locks and atomics are threads that messages are sent to. Its locks are tokio's in shape: here
//! they are given std's.

use std::{
    convert::Infallible,
    sync::{Arc, atomic::Ordering},
};

use ::traceforge::{
    sync::{self, MutexGuard, RwLockReadGuard, RwLockWriteGuard, atomic::AtomicUsize},
    thread,
};

#[path = "../programs.rs"]
#[allow(clippy::duplicate_mod, reason = "the same program, in each world")]
pub mod programs;

struct Mutex<T>(sync::Mutex<T>);

impl<T> Mutex<T> {
    fn new(value: T) -> Mutex<T> {
        Mutex(sync::Mutex::new(value))
    }

    fn lock(&self) -> Result<MutexGuard<'_, T>, Infallible> {
        Ok(self.0.blocking_lock())
    }
}

struct RwLock<T>(sync::RwLock<T>);

impl<T> RwLock<T> {
    fn new(value: T) -> RwLock<T> {
        RwLock(sync::RwLock::new(value))
    }

    fn read(&self) -> Result<RwLockReadGuard<'_, T>, Infallible> {
        Ok(self.0.blocking_read())
    }

    fn write(&self) -> Result<RwLockWriteGuard<'_, T>, Infallible> {
        Ok(self.0.blocking_write())
    }
}
