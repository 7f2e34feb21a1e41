//! `Once`.

use std::{cell::Cell, fmt, marker::PhantomData, panic::Location};

use super::turn::{Ended, Taken, Turn};
use crate::world::{
    self, Execution, Here,
    binding::Binding,
    event::{Kind, ObjectKind},
    once::Entered,
    real,
};

/// Initialisation that is run once: [`std::sync::Once`] in every world.
///
/// In a model, a call is one event, and a scheduling point unless the initialiser runs already or has returned: then it
/// waits, and what the initialiser did is ordered before its return. The end of an initialiser is an event too, and a
/// scheduling point only if the model ever looks, with `is_completed` or `OnceLock::get`, whether it has come. A static
/// one starts afresh in every execution.
///
/// A call inside the once's own initialiser is a Deadlock, on real threads too: std leaves it open whether it panics or
/// waits for ever. While an execution ends early, initialisers that it has cut off poison nothing, and run again where a
/// destructor calls, or on real threads in the next.
pub struct Once {
    binding: Binding,
    std: std::sync::Once,
    turn: Turn,
    ended: Ended,
}

/// What an initialiser is told: [`std::sync::OnceState`].
pub struct OnceState {
    poisoned: bool,
    /// std's is not `Sync`.
    not_sync: PhantomData<Cell<()>>,
}

/// A once that has not been called.
#[deprecated(since = "0.1.0", note = "use `Once::new()`, as std says of its own")]
#[expect(clippy::declare_interior_mutable_const, reason = "std has it")]
pub const ONCE_INIT: Once = Once::new();

impl Once {
    /// A once that has not been called. See [`std::sync::Once::new`].
    #[track_caller]
    #[expect(clippy::new_without_default, reason = "std's has none")]
    pub const fn new() -> Once {
        Once { binding: Binding::new(), std: std::sync::Once::new(), turn: Turn::new(), ended: Ended::new() }
    }

    /// Runs `f` unless an initialiser has run before. See [`std::sync::Once::call_once`].
    ///
    /// # Panics
    /// If an initialiser has panicked.
    #[track_caller]
    pub fn call_once<F>(&self, f: F)
    where
        F: FnOnce(),
    {
        match self.model() {
            Some((ex, object)) => match ex.once_enter(object, Kind::CallOnce, false, Location::caller()) {
                Entered::First(initialiser) => {
                    f();
                    initialiser.complete(|_| {});
                }
                Entered::Complete => {}
                Entered::Poisoned => poisoned(),
            },
            None => {
                let _turn = self.turn(Location::caller());
                let f = || self.ended.note(f);
                match self.ended.early() {
                    true => self.std.call_once_force(|_| f()),
                    false => self.std.call_once(f),
                }
            }
        }
    }

    /// Runs `f` unless an initialiser has returned before. See [`std::sync::Once::call_once_force`].
    #[track_caller]
    pub fn call_once_force<F>(&self, f: F)
    where
        F: FnOnce(&OnceState),
    {
        match self.model() {
            Some((ex, object)) => {
                if let Entered::First(initialiser) = ex.once_enter(object, Kind::CallOnce, true, Location::caller()) {
                    f(&OnceState { poisoned: initialiser.poisoned, not_sync: PhantomData });
                    initialiser.complete(|_| {});
                }
            }
            None => {
                let _turn = self.turn(Location::caller());
                self.std.call_once_force(|state| {
                    let poisoned = state.is_poisoned() && !self.ended.early();
                    self.ended.note(|| f(&OnceState { poisoned, not_sync: PhantomData }));
                });
            }
        }
    }

    /// Whether an initialiser has returned. See [`std::sync::Once::is_completed`]. If so, what it did is ordered before
    /// what comes after. In the loom world the answer may be one that is no longer true, as in std.
    #[track_caller]
    pub fn is_completed(&self) -> bool {
        match self.model() {
            Some((ex, object)) => ex.once_peek(object, Kind::IsCompleted, Location::caller()),
            None => self.std.is_completed(),
        }
    }

    /// Waits until an initialiser has returned. See [`std::sync::Once::wait`].
    ///
    /// # Panics
    /// If an initialiser has panicked.
    #[track_caller]
    pub fn wait(&self) {
        match self.model() {
            Some((ex, object)) if ex.once_wait(object, false, Location::caller()) => {}
            Some(_) => poisoned(),
            None => {
                let ended = || self.std.is_completed() || self.ended.by_panic();
                self.wait_std(Location::caller(), ended, std::sync::Once::wait);
                if !self.std.is_completed() {
                    poisoned();
                }
            }
        }
    }

    /// Waits until an initialiser has returned, however many panic before. See [`std::sync::Once::wait_force`].
    #[track_caller]
    pub fn wait_force(&self) {
        match self.model() {
            Some((ex, object)) => _ = ex.once_wait(object, true, Location::caller()),
            None => self.wait_std(Location::caller(), || self.std.is_completed(), std::sync::Once::wait_force),
        }
    }

    /// Where it belongs, in a model.
    #[track_caller]
    fn model(&self) -> Option<(&'static Execution, usize)> {
        match world::here() {
            Here::Model(ex) => Some((ex, ex.once_object(&self.binding, ObjectKind::Once))),
            Here::Run => None,
            Here::Outside => {
                self.binding.std(ObjectKind::Once);
                None
            }
        }
    }

    /// In a run on real threads, waits until no other thread of it runs an initialiser.
    #[track_caller]
    fn turn(&self, location: &'static Location<'static>) -> Option<real::Owned<Taken<'_>>> {
        let waits = matches!(world::here(), Here::Run) && !self.std.is_completed();
        let op = (ObjectKind::Once, Kind::CallOnce);
        waits.then(|| self.turn.wait(&self.binding, op, location, || self.std.is_completed()))
    }

    #[track_caller]
    fn wait_std(&self, location: &'static Location<'static>, ended: impl Fn() -> bool, std: fn(&std::sync::Once)) {
        match world::here() {
            Here::Run if !self.std.is_completed() => {
                let op = (ObjectKind::Once, Kind::Wait);
                real::block(&self.binding, op, location, || ended().then_some(()), || std(&self.std));
            }
            _ => std(&self.std),
        }
    }
}

#[track_caller]
fn poisoned() -> ! {
    panic!("Once instance has previously been poisoned")
}

impl OnceState {
    /// Whether an initialiser has panicked before. See [`std::sync::OnceState::is_poisoned`].
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").finish_non_exhaustive()
    }
}

impl fmt::Debug for OnceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceState").field("poisoned", &self.poisoned).finish()
    }
}
