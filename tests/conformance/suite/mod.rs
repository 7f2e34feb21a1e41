//! The models, and what they share.
//!
//! Counters of what is dropped are std's in every world: they are no part of what is explored, and are read only when
//! every other thread has ended.

mod array;
mod biased;
mod dynamic;
mod ends;
mod errors;
mod go;
mod iter;
mod list;
mod messages;
mod mpsc;
mod mpsc_sync;
mod order;
mod panics;
mod ready;
mod select;
mod select_macro;
mod timers;
mod zero;

use std::{
    error::Error,
    panic::{UnwindSafe, catch_unwind},
    sync::{
        Arc as StdArc,
        atomic::{AtomicUsize as StdAtomicUsize, Ordering::SeqCst},
    },
};

use crate::rule::conforms;

use super::{
    cell, channel, check, sync, thread,
    time::{Duration, Instant},
};

/// A time that a real run lets pass.
fn soon() -> Duration {
    Duration::from_millis(1)
}

/// A time that no real run reaches.
fn late() -> Duration {
    Duration::from_secs(3_600)
}

/// How many values have been dropped.
#[derive(Clone, Default)]
struct Drops(StdArc<StdAtomicUsize>);

/// A value whose drop counts.
struct Counted(Drops);

impl Drops {
    fn value(&self) -> Counted {
        Counted(self.clone())
    }

    fn count(&self) -> usize {
        self.0.load(SeqCst)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, SeqCst);
    }
}

/// Waits for the threads, none of which may have panicked.
fn join<T, const N: usize>(threads: [thread::JoinHandle<T>; N]) -> [T; N] {
    threads.map(|thread| thread.join().unwrap())
}

/// What a panic says.
fn said<R>(f: impl FnOnce() -> R + UnwindSafe) -> String {
    let payload = catch_unwind(|| drop(f())).expect_err("it must panic");
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).expect("a panic with a text")
}

/// What an error says.
fn says(error: &impl Error) -> (String, String) {
    assert!(error.source().is_none());
    (format!("{error:?}"), error.to_string())
}

/// Whether a copy is equal to what it was made from.
fn same<E: Copy + Eq>(error: E) -> bool {
    let copy = error;
    copy == error
}
