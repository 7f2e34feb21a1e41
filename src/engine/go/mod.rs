//! What Go programs lean on, so that the lectures' programs can be written as they are: [`go()`](go()), channels with
//! Go's rules, `select!`, [`WaitGroup`], [`Timer`]. In every world.
//!
//! Where Go differs from crossbeam and std:
//!
//! - A channel is closed by [`Chan::close`], not by dropping its ends. Sending on a closed channel, and closing one
//!   again, panics.
//! - A [nil](Chan::nil) channel never does anything.
//! - A thread that waits at a channel is served by whoever comes next: nobody overtakes it (statements CH7 and CH8).
//! - `select!` evaluates every operand on entry, and a send on a closed channel may be selected, and then panics.
//! - A panic in a goroutine ends the program: [`go()`](go()) has no handle that could return it.
//!
//! Where this differs from Go: `break` in an arm of `select!` leaves the loop around it (SE11); a model goes on when its
//! main has returned, until all others rest, so that who is left behind is seen (PE1, PE4); what Go's race detector
//! reports of a channel itself, a close that nothing orders after a send (MM14) or an `Add` at the same time as a `Wait`
//! (WG3), is explored in both orders instead. In the loom world a channel's events order each other more than Go says: an
//! operation that was done in vain comes after those before it, and a race that only this orders is found in the shuttle
//! world (MM13, CH19). There are no channels of one direction, tickers or contexts.
//!
//! Which waiting thread is served, and which ready arm a select takes, Go leaves open; in a model every possibility is
//! explored. In the std world waiting threads are served in their order, as Go's own runtime does it, and all
//! channels that are built here share one lock: right, not fast.
//!
//! Sources: the Go programming language specification and memory model; the documentation of packages sync and time. The
//! numbers (CH7) are those of the statements in `tests/models/go/statements.rs`, each of which a test shows.

mod chan;
mod macros;
mod select;
mod timer;
mod wait_group;

pub use self::{
    chan::{Chan, Iter},
    select::{Receipt, Select},
    timer::{Stopper, Timer, after, after_func},
    wait_group::WaitGroup,
};
pub use crate::__go_select as select;

/// Starts a goroutine: a thread that nobody can join. See Go's specification, "Go statements".
///
/// # Panics
/// A panic of `f` that is not caught fails the execution of a model, and ends the process outside any.
#[cfg_attr(raddle_model, track_caller)]
pub fn go(f: impl FnOnce() + Send + 'static) {
    #[cfg(raddle_model)]
    if !matches!(crate::world::here(), crate::world::Here::Outside) {
        drop(crate::thread::spawn(f));
        return;
    }
    crate::thread::spawn(move || {
        // As Go's runtime: the panic's message has been printed.
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).is_err() {
            std::process::exit(2);
        }
    });
}
