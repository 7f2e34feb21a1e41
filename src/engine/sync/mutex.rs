//! `Mutex`.

use std::{
    cell::UnsafeCell,
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
    panic::{Location, RefUnwindSafe, UnwindSafe},
    sync::{LockResult, PoisonError, TryLockError, TryLockResult},
};

use super::poison::{self, free};
use crate::world::{
    self, Execution, Here,
    binding::Binding,
    event::{Kind, ObjectKind},
    lock::Mode,
    real,
};

/// Mutual exclusion: [`std::sync::Mutex`] in every world.
///
/// In a model, `lock` is a scheduling point and one event; giving the lock back is an event, and a scheduling point
/// only if the model ever tries a lock (nobody else can tell). Any waiting thread may get a free lock: no fairness is
/// modelled, as std promises none. Locking a mutex that the thread holds already is a Deadlock.
///
/// A static `Mutex` cannot start afresh in the next execution, since `T` is gone: that is an error which points to
/// `LazyLock`. In the loom world the lock is loom's own, unless the model tries locks, or takes one again that a panic
/// has given back.
pub struct Mutex<T: ?Sized> {
    pub(super) raw: Raw,
    poison: poison::Flag,
    data: UnsafeCell<T>,
}

/// The part of a mutex that does not depend on `T`, so that `Mutex<T>` itself has no `Drop`.
pub(super) struct Raw {
    pub(super) binding: Binding,
    std: std::sync::Mutex<()>,
}

// SAFETY: the lock gives one thread at a time access to the data, as std's does.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}
impl<T: ?Sized> UnwindSafe for Mutex<T> {}
impl<T: ?Sized> RefUnwindSafe for Mutex<T> {}

/// Access to what a [`Mutex`] protects, until it is dropped: [`std::sync::MutexGuard`].
#[must_use = "if unused the Mutex will immediately unlock"]
#[clippy::has_significant_drop]
pub struct MutexGuard<'a, T: ?Sized + 'a> {
    pub(super) lock: &'a Mutex<T>,
    pub(super) held: Held<'a>,
    pub(super) poison: poison::Guard,
    /// The data was borrowed mutably.
    pub(super) written: bool,
    not_send: PhantomData<*const ()>,
}

/// By which world a lock is held.
pub(super) enum Held<'a> {
    Std(std::sync::MutexGuard<'a, ()>),
    /// By a run on real threads.
    Run(real::Owned<std::sync::MutexGuard<'a, ()>>),
    Model {
        object: usize,
        location: &'static Location<'static>,
    },
    /// Given up: nothing to give back.
    Nothing,
}

// SAFETY: a shared guard gives shared access to `T` only.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

impl<T> Mutex<T> {
    /// A new mutex, unlocked. See [`std::sync::Mutex::new`].
    #[track_caller]
    pub const fn new(value: T) -> Mutex<T> {
        Mutex {
            raw: Raw { binding: Binding::new(), std: std::sync::Mutex::new(()) },
            poison: poison::Flag::new(),
            data: UnsafeCell::new(value),
        }
    }

    /// The value. See [`std::sync::Mutex::into_inner`].
    ///
    /// # Errors
    /// With the value, if the mutex is poisoned.
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.poison.get();
        let value = self.data.into_inner();
        if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
    }
}

impl Raw {
    fn object(&self, ex: &Execution) -> usize {
        ex.lock_object(&self.binding, ObjectKind::Mutex)
    }

    fn lock_std(&self) -> std::sync::MutexGuard<'_, ()> {
        self.std.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the lock in a run on real threads.
    pub(super) fn lock_in_run(&self, location: &'static Location<'static>) -> Held<'_> {
        let op = (ObjectKind::Mutex, Kind::Lock);
        Held::Run(real::lock(&self.binding, op, location, || free(self.std.try_lock()), || self.lock_std()))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        match world::here() {
            Here::Model(ex) => ex.drop_lock(&self.binding),
            Here::Run if free(self.std.try_lock()).is_none() => real::forgotten(&self.binding, ObjectKind::Mutex),
            Here::Run | Here::Outside => {}
        }
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits for the lock and takes it. See [`std::sync::Mutex::lock`].
    ///
    /// # Errors
    /// With the guard, if the mutex is poisoned.
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let held = match world::here() {
            Here::Model(ex) => {
                let object = self.raw.object(ex);
                let location = Location::caller();
                ex.lock(object, Mode::Write, Kind::Lock, location);
                Held::Model { object, location }
            }
            Here::Run => self.raw.lock_in_run(Location::caller()),
            Here::Outside => {
                self.raw.binding.std(ObjectKind::Mutex);
                Held::Std(self.raw.lock_std())
            }
        };
        self.poison.wrap(self.guard(held))
    }

    /// Takes the lock if it is free. See [`std::sync::Mutex::try_lock`]. Never fails spuriously in a model.
    ///
    /// # Errors
    /// If the lock is taken; with the guard, if the mutex is poisoned.
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let Raw { binding, std } = &self.raw;
        let held = match world::here() {
            Here::Model(ex) => {
                let object = self.raw.object(ex);
                let location = Location::caller();
                let taken = ex.try_lock(object, Mode::Write, Kind::TryLock, location);
                taken.then_some(Held::Model { object, location })
            }
            Here::Run => real::try_lock(binding, ObjectKind::Mutex, || free(std.try_lock())).map(Held::Run),
            Here::Outside => {
                binding.std(ObjectKind::Mutex);
                free(std.try_lock()).map(Held::Std)
            }
        };
        Ok(self.poison.wrap(self.guard(held.ok_or(TryLockError::WouldBlock)?))?)
    }

    /// Whether the mutex is poisoned. See [`std::sync::Mutex::is_poisoned`]. No event, and no scheduling point.
    pub fn is_poisoned(&self) -> bool {
        self.poison.get()
    }

    /// Clears the poison. See [`std::sync::Mutex::clear_poison`]. No scheduling point.
    pub fn clear_poison(&self) {
        self.poison.clear();
    }

    /// The value, without locking. See [`std::sync::Mutex::get_mut`].
    ///
    /// # Errors
    /// With the value, if the mutex is poisoned.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let poisoned = self.poison.get();
        let value = self.data.get_mut();
        if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
    }

    pub(super) fn guard<'a>(&'a self, held: Held<'a>) -> MutexGuard<'a, T> {
        MutexGuard { lock: self, held, poison: self.poison.guard(), written: false, not_send: PhantomData }
    }

    pub(super) fn wrap<'a>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.poison.wrap(guard)
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the lock is held.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.written = true;
        // SAFETY: the lock is held, and the guard is borrowed mutably.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        if !matches!(self.held, Held::Nothing) {
            self.lock.poison.done(&self.poison);
        }
        if let Held::Model { object, location } = self.held
            && let Some(ex) = world::current()
        {
            ex.unlock(object, Mode::Write, self.written, Kind::Unlock, location);
        }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    /// Does not look at the value in a model: printing is no event.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Mutex");
        match world::current() {
            Some(_) => shown.field("data", &format_args!("<in a model>")),
            None => match self.try_lock() {
                Ok(guard) => shown.field("data", &&*guard),
                Err(TryLockError::Poisoned(guard)) => shown.field("data", &&**guard.get_ref()),
                Err(TryLockError::WouldBlock) => shown.field("data", &format_args!("<locked>")),
            },
        };
        shown.field("poisoned", &self.poison.get()).finish_non_exhaustive()
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Mutex<T> {
        Mutex::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    #[track_caller]
    fn from(value: T) -> Mutex<T> {
        Mutex::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
