//! A program that is watched as it runs for real.

use crate::{
    check::Failure,
    world::{self, panics, real},
};

/// Runs a program once, on real threads, and waits until all its threads have ended: so [`dump`](super::dump()) knows its
/// threads, from anywhere in the process. Returns what has ended it, if not all is well: as in a check in the std world,
/// threads that all wait for each other are a Deadlock, one that waits for ever when the rest has ended is a Leak, and a panic
/// that nobody joins is a Panic, which is printed nowhere else.
///
/// # Panics
/// Inside a model, if the operating system cannot make a thread, and in a narrowed build, which has no std world.
#[track_caller]
pub fn watched(program: impl FnOnce() + Send + 'static) -> Option<Failure> {
    assert!(world::current().is_none(), "thread::watched is for real threads: a model's are watched already");
    super::require_std("thread::watched");
    let _hooked = panics::hook();
    match real::run(Box::new(program)) {
        Ok(ended) => ended.failure,
        Err(why) => panic!("{why}"),
    }
}
