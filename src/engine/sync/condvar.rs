//! `Condvar`.

use std::{
    fmt,
    panic::{Location, RefUnwindSafe, UnwindSafe},
    sync::{LockResult, PoisonError},
    time::Duration,
};

use super::mutex::{Held, MutexGuard};
use crate::{
    time::Instant,
    world::{self, Here, binding::Binding, event::ObjectKind, real},
};

/// A condition variable: [`std::sync::Condvar`] in every world.
///
/// In a model, giving up the lock and beginning to wait is one event, so no notification falls between the two.
/// `notify_one` may wake any waiter, and each is explored (loom's own wakes the first; shuttle's any). A notification
/// that nobody waits for is lost. A wait with a timeout may time out at any point ([`time`](crate::time)). Waits wake
/// spuriously, as std allows, only where [`Check::spurious`](crate::Check::spurious) asks for that.
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

/// Whether a wait ended by its timeout: [`std::sync::WaitTimeoutResult`] in every world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// See [`std::sync::WaitTimeoutResult::timed_out`].
    #[must_use]
    pub fn timed_out(&self) -> bool {
        self.0
    }
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
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        let (guard, _) =
            self.wait_until(guard, None, |std, held| (std.wait(held).unwrap_or_else(PoisonError::into_inner), false));
        guard.lock.wrap(guard)
    }

    /// Waits no longer than this. See [`std::sync::Condvar::wait_timeout`].
    ///
    /// # Errors
    /// With the guard, if the mutex is poisoned.
    #[track_caller]
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        dur: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let (guard, timed_out) = self.wait_until(guard, Some(dur), |std, held| {
            let (held, timed_out) = std.wait_timeout(held, dur).unwrap_or_else(PoisonError::into_inner);
            (held, timed_out.timed_out())
        });
        let timed_out = WaitTimeoutResult(timed_out);
        match guard.lock.wrap(guard) {
            Ok(guard) => Ok((guard, timed_out)),
            Err(poisoned) => Err(PoisonError::new((poisoned.into_inner(), timed_out))),
        }
    }

    /// Waits until `condition` is false, but no longer than this. See [`std::sync::Condvar::wait_timeout_while`].
    ///
    /// # Errors
    /// With the guard, if the mutex is poisoned.
    #[track_caller]
    pub fn wait_timeout_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        dur: Duration,
        mut condition: F,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)>
    where
        F: FnMut(&mut T) -> bool,
    {
        let start = Instant::now();
        loop {
            if !condition(&mut *guard) {
                return Ok((guard, WaitTimeoutResult(false)));
            }
            let left = dur.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok((guard, WaitTimeoutResult(true)));
            }
            guard = self.wait_timeout(guard, left)?.0;
        }
    }

    #[track_caller]
    fn wait_until<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        timeout: Option<Duration>,
        std: impl FnOnce(&std::sync::Condvar, std::sync::MutexGuard<'a, ()>) -> (std::sync::MutexGuard<'a, ()>, bool),
    ) -> (MutexGuard<'a, T>, bool) {
        let lock = guard.lock;
        let written = guard.written;
        let held = std::mem::replace(&mut guard.held, Held::Nothing);
        drop(guard);
        let (held, timed_out) = match held {
            Held::Model { object, .. } => {
                let location = Location::caller();
                let ex = world::current().expect("a guard of a model stays in the model");
                let deadline = timeout.and_then(|timeout| ex.later(timeout));
                let timed_out = ex.wait(ex.condvar_object(&self.binding), object, written, deadline, location);
                (Held::Model { object, location }, timed_out)
            }
            Held::Run(held) => match real::wait(&self.binding, held, timeout, Location::caller()) {
                Ok(timed_out) => (lock.raw.lock_in_run(Location::caller()), timed_out),
                Err(held) => {
                    // std gives the mutex back, and tells nobody.
                    lock.raw.binding.std(ObjectKind::Mutex);
                    self.wait_std(held.into_std(), std)
                }
            },
            Held::Std(held) => self.wait_std(held, std),
            Held::Nothing => unreachable!("a guard holds its lock"),
        };
        (lock.guard(held), timed_out)
    }

    #[track_caller]
    fn wait_std<'a>(
        &self,
        held: std::sync::MutexGuard<'a, ()>,
        std: impl FnOnce(&std::sync::Condvar, std::sync::MutexGuard<'a, ()>) -> (std::sync::MutexGuard<'a, ()>, bool),
    ) -> (Held<'a>, bool) {
        self.binding.std(ObjectKind::Condvar);
        let (held, timed_out) = std(&self.std, held);
        (Held::Std(held), timed_out)
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
