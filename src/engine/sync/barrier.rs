//! `Barrier`.

use std::{
    fmt,
    panic::Location,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use crate::world::{
    self, Here,
    binding::Binding,
    event::{Kind, ObjectKind},
    real,
};

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
    /// In the std world: how many have come, and how many rounds are over.
    come: Mutex<(usize, u64)>,
    over: Condvar,
    size: usize,
}

/// What [`Barrier::wait`] returns: [`std::sync::BarrierWaitResult`].
pub struct BarrierWaitResult(bool);

impl Barrier {
    /// A barrier for `n` threads. See [`std::sync::Barrier::new`].
    #[track_caller]
    pub const fn new(n: usize) -> Barrier {
        Barrier {
            binding: Binding::new(),
            come: Mutex::new((0, 0)),
            over: Condvar::new(),
            size: if n == 0 { 1 } else { n },
        }
    }

    /// Waits until all have come. See [`std::sync::Barrier::wait`].
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        BarrierWaitResult(match world::here() {
            Here::Model(ex) => ex.barrier_wait(ex.barrier_object(&self.binding), self.size, Location::caller()),
            Here::Run => self.wait_std(true, Location::caller()),
            Here::Outside => {
                self.binding.std(ObjectKind::Barrier);
                self.wait_std(false, Location::caller())
            }
        })
    }

    /// As std's own does it: the last to come leads.
    fn wait_std(&self, in_run: bool, location: &'static Location<'static>) -> bool {
        let round = {
            let mut come = self.come();
            come.0 += 1;
            if come.0 == self.size {
                *come = (0, come.1 + 1);
                drop(come);
                self.over.notify_all();
                if in_run {
                    real::wake(&self.binding, ObjectKind::Barrier);
                }
                return true;
            }
            come.1
        };
        let wait = || {
            drop(self.over.wait_while(self.come(), |come| come.1 == round).unwrap_or_else(PoisonError::into_inner));
        };
        match in_run {
            true => {
                let over = || (self.come().1 != round).then_some(());
                real::block(&self.binding, (ObjectKind::Barrier, Kind::Wait), location, over, wait);
            }
            false => wait(),
        }
        false
    }

    fn come(&self) -> MutexGuard<'_, (usize, u64)> {
        self.come.lock().unwrap_or_else(PoisonError::into_inner)
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
