//! `counter`: threads add to one number, and main reads the total.
//!
//! An input's `work` says how often each thread increments; `goal` is not used.
//!
//! Source: MIT 6.824, lecture 5, `mutex/bad` and `mutex/basic`.

pub mod atomic;
pub mod mutex;
pub mod naive;
pub mod racy_cell;
pub mod racy_read;
pub mod sleep;

mod cases;

use super::{Input, Pattern};
use crate::{
    sync::Arc,
    thread::{self, JoinHandle},
};

/// The property: once main has waited for the threads, the total is the number of increments.
pub trait Count: Send + Sync + 'static {
    /// A counter at 0.
    fn new() -> Self;

    /// Adds 1.
    fn increment(&self);

    /// What the counter shows.
    fn total(&self) -> usize;

    /// How main waits for the threads.
    fn wait(threads: Vec<JoinHandle<()>>) {
        for thread in threads {
            thread.join().expect("an increment does not panic");
        }
    }
}

/// Each thread increments as often as its work says; main waits, and reads the total.
pub fn scenario<C: Count>(input: &Input) {
    let (total, made) = (run::<C>(input), input.work.iter().sum::<usize>());
    assert!(total == made, "the total is {total} after {made} increments");
}

/// The scenario of a program with a data race, which says nothing of the total: it has none.
pub fn scenario_without_race<C: Count>(input: &Input) {
    run::<C>(input);
}

/// The scenario without the assertion: returns the total.
pub fn run<C: Count>(input: &Input) -> usize {
    let counter = Arc::new(C::new());
    let increment = |&times: &usize| {
        let counter = Arc::clone(&counter);
        thread::spawn(move || {
            for _ in 0..times {
                counter.increment();
            }
        })
    };
    let threads = input.work.iter().map(increment).collect();
    C::wait(threads);
    counter.total()
}

/// The pattern.
pub const PATTERN: Pattern =
    Pattern { name: "counter", about: "Read, add and write back is three steps", cases: cases::CASES };
