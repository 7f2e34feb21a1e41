//! `Condvar`.

use std::{
    fmt,
    panic::{Location, RefUnwindSafe, UnwindSafe},
    sync::{LockResult, PoisonError},
};

use super::mutex::{Held, MutexGuard};
use crate::world::{self, Here, binding::Binding, event::ObjectKind, real};

/// A condition variable: [`std::sync::Condvar`] in every world.
///
/// In a model, giving up the lock and beginning to wait is one event, so no notification falls between the two.
/// `notify_one` may wake any waiter, and each is explored (loom's own wakes the first; shuttle's any). A notification
/// that nobody waits for is lost. Waits never wake spuriously in a model, although std allows it.
///
/// In the loom world a notification is ordered before the wake-up, which std does not promise: code that relies on it
/// alone, without the lock, is a data race that only the shuttle world shows.
///
/// # Panics
/// In the std world, as std's: if it is used with more than one mutex.
pub struct Condvar {
    binding: Binding,
    std: std::sync::Condvar,
}

impl UnwindSafe for Condvar {}
impl RefUnwindSafe for Condvar {}

impl Condvar {
    /// A new condition variable. See [`std::sync::Condvar::new`].
    #[track_caller]
    pub const fn new() -> Condvar {
        Condvar { binding: Binding::new(), std: std::sync::Condvar::new() }
    }

    /// Gives up the lock, waits for a notification, and takes the lock again. See [`std::sync::Condvar::wait`].
    ///
    /// # Errors
    /// With the guard, if the mutex is poisoned.
    #[track_caller]
    pub fn wait<'a, T>(&self, mut guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        let lock = guard.lock;
        let written = guard.written;
        let held = std::mem::replace(&mut guard.held, Held::Nothing);
        drop(guard);
        let held = match held {
            Held::Model { object, .. } => {
                let location = Location::caller();
                let ex = world::current().expect("a guard of a model stays in the model");
                ex.wait(ex.condvar_object(&self.binding), object, written, location);
                Held::Model { object, location }
            }
            Held::Run(held) => match real::wait(&self.binding, held, Location::caller()) {
                Ok(()) => lock.raw.lock_in_run(Location::caller()),
                Err(held) => {
                    // std gives the mutex back, and tells nobody.
                    lock.raw.binding.std(ObjectKind::Mutex);
                    self.wait_std(held.into_std())
                }
            },
            Held::Std(held) => self.wait_std(held),
            Held::Nothing => unreachable!("a guard holds its lock"),
        };
        lock.wrap(lock.guard(held))
    }

    #[track_caller]
    fn wait_std<'a>(&self, held: std::sync::MutexGuard<'a, ()>) -> Held<'a> {
        self.binding.std(ObjectKind::Condvar);
        Held::Std(self.std.wait(held).unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until `condition` is false. See [`std::sync::Condvar::wait_while`].
    ///
    /// # Errors
    /// With the guard, if the mutex is poisoned.
    #[track_caller]
    pub fn wait_while<'a, T, F>(&self, mut guard: MutexGuard<'a, T>, mut condition: F) -> LockResult<MutexGuard<'a, T>>
    where
        F: FnMut(&mut T) -> bool,
    {
        while condition(&mut *guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// Wakes one waiter, any one. See [`std::sync::Condvar::notify_one`].
    #[track_caller]
    pub fn notify_one(&self) {
        self.notify(false, std::sync::Condvar::notify_one);
    }

    /// Wakes every waiter. See [`std::sync::Condvar::notify_all`].
    #[track_caller]
    pub fn notify_all(&self) {
        self.notify(true, std::sync::Condvar::notify_all);
    }

    #[track_caller]
    fn notify(&self, all: bool, std: fn(&std::sync::Condvar)) {
        match world::here() {
            Here::Model(ex) => ex.notify(ex.condvar_object(&self.binding), all, Location::caller()),
            Here::Run if real::notify(&self.binding, all) => {}
            Here::Run | Here::Outside => {
                self.binding.std(ObjectKind::Condvar);
                std(&self.std);
            }
        }
    }
}

impl Default for Condvar {
    #[track_caller]
    fn default() -> Condvar {
        Condvar::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}
