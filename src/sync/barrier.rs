//! `Barrier`.

use std::{fmt, panic::Location};

use crate::world::{self, binding::Binding, event::ObjectKind};

/// A place where threads wait for each other: [`std::sync::Barrier`] in every world.
///
/// In a model, coming to a barrier is one event, and orders what the threads of a round did before it before what each
/// of them does after it. It is a scheduling point only if more threads come to the barrier, in the whole execution,
/// than it lets through at once; else nobody can tell in which order they came. A static one starts afresh in every
/// execution.
///
/// std says that an arbitrary thread of a round is the leader (its own is the last to come). So each of them is
/// explored, if the program asks.
pub struct Barrier {
    binding: Binding,
    std: std::sync::Barrier,
    size: usize,
}

/// What [`Barrier::wait`] returns: [`std::sync::BarrierWaitResult`].
pub struct BarrierWaitResult(bool);

impl Barrier {
    /// A barrier for `n` threads. See [`std::sync::Barrier::new`].
    #[track_caller]
    pub const fn new(n: usize) -> Barrier {
        Barrier { binding: Binding::new(), std: std::sync::Barrier::new(n), size: if n == 0 { 1 } else { n } }
    }

    /// Waits until all have come. See [`std::sync::Barrier::wait`].
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        BarrierWaitResult(match world::current() {
            Some(ex) => ex.barrier_wait(ex.barrier_object(&self.binding), self.size, Location::caller()),
            None => {
                self.binding.std(ObjectKind::Barrier);
                self.std.wait().is_leader()
            }
        })
    }
}

impl BarrierWaitResult {
    /// Whether this thread leads: one of each round does. See [`std::sync::BarrierWaitResult::is_leader`]. No event.
    pub fn is_leader(&self) -> bool {
        if let Some(ex) = world::current() {
            ex.asks_leader();
        }
        self.0
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").finish_non_exhaustive()
    }
}

impl fmt::Debug for BarrierWaitResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BarrierWaitResult").field("is_leader", &self.is_leader()).finish()
    }
}
