//! `timer`: a goroutine does something every second, until it is cancelled, if it can be.
//!
//! An input's `work` has a number for each such goroutine; which one does not matter. `goal` says how often main looks
//! whether it is cancelled, after it has cancelled it.
//!
//! Source: MIT 6.824, lecture 5, `time/sleep` and `time/sleep-cancel`. There main sleeps for three seconds in the end,
//! so that the goroutine can end too; here it waits to be told.

pub mod sleep;
pub mod sleep_cancel;
pub mod sleep_cancel_fixed;
pub mod sleep_cancel_racy;

mod cases;

use std::time::Duration;

use super::{Input, Pattern};
use crate::{
    go::{Chan, go},
    thread,
};

/// A second of the lecture's. It is shorter here, for runs on real threads; in a model it is any time.
pub const SECOND: Duration = Duration::from_millis(10);

/// What a goroutine does every second.
pub trait Periodic: Send + Sync + 'static {
    /// Not cancelled.
    fn new() -> Self;

    /// Ticks every second.
    fn periodic(&self);
}

/// It can be cancelled.
pub trait Cancel: Periodic {
    /// Has it return at its next tick.
    fn cancel(&self);

    /// Whether it is cancelled.
    fn cancelled(&self) -> bool;
}

/// Starts the goroutines, sleeps, and returns. The property: they end.
pub fn leave<T: Periodic>(input: &Input) {
    thread::sleep(SECOND);
    let task: &'static T = Box::leak(Box::new(T::new()));
    for _ in &*input.work {
        go(move || task.periodic());
    }
    thread::sleep(5 * SECOND);
}

/// Starts the goroutines, sleeps, and cancels them. The property: they end, and keep nothing.
pub fn cancel<T: Cancel>(input: &Input) {
    thread::sleep(SECOND);
    // As the lecture's package-level variables, it stays for ever.
    let task: &'static T = Box::leak(Box::new(T::new()));
    let ended = Chan::new(0);
    for _ in &*input.work {
        let ended = ended.clone();
        go(move || {
            task.periodic();
            ended.send(true);
        });
    }
    thread::sleep(5 * SECOND);
    task.cancel();
    for _ in 0..input.goal {
        assert!(task.cancelled(), "it was cancelled, and is not");
    }
    for _ in &*input.work {
        ended.recv();
    }
}

/// The pattern.
pub const PATTERN: Pattern =
    Pattern { name: "timer", about: "Whoever starts something periodic must be able to end it", cases: cases::CASES };
