//! `RwLock`.

use std::{
    cell::UnsafeCell,
    fmt,
    marker::PhantomData,
    mem::ManuallyDrop,
    ops::{Deref, DerefMut},
    panic::{Location, RefUnwindSafe, UnwindSafe},
    ptr::NonNull,
    sync::{
        LockResult, PoisonError, TryLockError, TryLockResult,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use super::poison::{self, free};
use crate::world::{
    self, Execution, Here,
    binding::Binding,
    event::{Kind, ObjectKind},
    lock::Mode,
    real,
};

/// One writer or many readers: [`std::sync::RwLock`] in every world.
///
/// In a model, taking the lock is a scheduling point and one event. std leaves it open who is preferred; so does the
/// model: a free lock may go to any reader or writer, and a thread that reads may read again although a writer waits
/// (std says that this might block or panic: only real threads show that). A static is an error, as with
/// [`Mutex`](super::Mutex).
pub struct RwLock<T: ?Sized> {
    raw: Raw,
    poison: poison::Flag,
    data: UnsafeCell<T>,
}

/// The part of a lock that does not depend on `T`, so that `RwLock<T>` itself has no `Drop`.
struct Raw {
    binding: Binding,
    std: std::sync::RwLock<()>,
    /// How many threads of a run wait to write: as with std's, nobody else reads meanwhile.
    writers: AtomicUsize,
}

/// A thread of a run that waits to write.
struct Writer<'a>(&'a Raw);

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        self.0.writers.fetch_sub(1, SeqCst);
        real::wake(&self.0.binding, ObjectKind::RwLock);
    }
}

// SAFETY: as std's.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
// SAFETY: readers share `T`, and a writer has it alone.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}
impl<T: ?Sized> UnwindSafe for RwLock<T> {}
impl<T: ?Sized> RefUnwindSafe for RwLock<T> {}

/// Shared access to what a [`RwLock`] protects: [`std::sync::RwLockReadGuard`].
#[must_use = "if unused the RwLock will immediately unlock"]
#[clippy::has_significant_drop]
pub struct RwLockReadGuard<'a, T: ?Sized + 'a> {
    /// What the lock protects: a reader of a subtype is a reader of the type, as with std's.
    data: NonNull<T>,
    held: Held<std::sync::RwLockReadGuard<'a, ()>>,
    not_send: PhantomData<*const ()>,
}

/// Exclusive access to what a [`RwLock`] protects: [`std::sync::RwLockWriteGuard`].
#[must_use = "if unused the RwLock will immediately unlock"]
#[clippy::has_significant_drop]
pub struct RwLockWriteGuard<'a, T: ?Sized + 'a> {
    lock: &'a RwLock<T>,
    held: Held<std::sync::RwLockWriteGuard<'a, ()>>,
    poison: poison::Guard,
    /// The data was borrowed mutably.
    written: bool,
    not_send: PhantomData<*const ()>,
}

/// By which world a lock is held.
enum Held<S> {
    Std(S),
    /// By a run on real threads.
    Run(real::Owned<S>),
    Model {
        object: usize,
        location: &'static Location<'static>,
    },
}

// SAFETY: a shared guard gives shared access to `T` only.
unsafe impl<T: ?Sized + Sync> Sync for RwLockReadGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Sync> Sync for RwLockWriteGuard<'_, T> {}

impl<T> RwLock<T> {
    /// A new lock, unlocked. See [`std::sync::RwLock::new`].
    #[track_caller]
    pub const fn new(value: T) -> RwLock<T> {
        RwLock {
            raw: Raw { binding: Binding::new(), std: std::sync::RwLock::new(()), writers: AtomicUsize::new(0) },
            poison: poison::Flag::new(),
            data: UnsafeCell::new(value),
        }
    }

    /// The value. See [`std::sync::RwLock::into_inner`].
    ///
    /// # Errors
    /// With the value, if the lock is poisoned.
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.poison.get();
        let value = self.data.into_inner();
        if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
    }
}

impl Raw {
    fn object(&self, ex: &Execution) -> usize {
        ex.lock_object(&self.binding, ObjectKind::RwLock)
    }

    /// Takes the lock in whichever world this is.
    #[track_caller]
    fn take<'a, S>(
        &'a self,
        mode: Mode,
        std: impl FnOnce(&'a std::sync::RwLock<()>) -> LockResult<S>,
        attempt: impl Fn(&'a std::sync::RwLock<()>) -> TryLockResult<S>,
    ) -> Held<S> {
        let location = Location::caller();
        let kind = if mode == Mode::Read { Kind::Read } else { Kind::Write };
        let std = || std(&self.std).unwrap_or_else(PoisonError::into_inner);
        match world::here() {
            Here::Model(ex) => {
                let object = self.object(ex);
                ex.lock(object, mode, kind, location);
                Held::Model { object, location }
            }
            Here::Run => {
                let mut writer = None;
                let attempt = || {
                    let lets = mode == Mode::Write || self.writers.load(SeqCst) == 0;
                    let held = lets.then(|| free(attempt(&self.std))).flatten();
                    if held.is_none() && mode == Mode::Write && writer.is_none() {
                        self.writers.fetch_add(1, SeqCst);
                        writer = Some(Writer(self));
                    }
                    held
                };
                Held::Run(real::lock(&self.binding, (ObjectKind::RwLock, kind), location, attempt, std))
            }
            Here::Outside => {
                self.binding.std(ObjectKind::RwLock);
                Held::Std(std())
            }
        }
    }

    /// Takes the lock if it is free.
    #[track_caller]
    fn try_take<'a, S>(
        &'a self,
        mode: Mode,
        std: impl FnOnce(&'a std::sync::RwLock<()>) -> TryLockResult<S>,
    ) -> Option<Held<S>> {
        let location = Location::caller();
        match world::here() {
            Here::Model(ex) => {
                let object = self.object(ex);
                let kind = if mode == Mode::Read { Kind::TryRead } else { Kind::TryWrite };
                ex.try_lock(object, mode, kind, location).then_some(Held::Model { object, location })
            }
            Here::Run => real::try_lock(&self.binding, ObjectKind::RwLock, || free(std(&self.std))).map(Held::Run),
            Here::Outside => {
                self.binding.std(ObjectKind::RwLock);
                free(std(&self.std)).map(Held::Std)
            }
        }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        match world::here() {
            Here::Model(ex) => ex.drop_lock(&self.binding),
            Here::Run if free(self.std.try_write()).is_none() => real::forgotten(&self.binding, ObjectKind::RwLock),
            Here::Run | Here::Outside => {}
        }
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until nobody writes, and reads. See [`std::sync::RwLock::read`].
    ///
    /// # Errors
    /// With the guard, if the lock is poisoned.
    #[track_caller]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        let held = self.raw.take(Mode::Read, std::sync::RwLock::read, std::sync::RwLock::try_read);
        self.poison.wrap(self.reader(held))
    }

    /// Reads if nobody writes. See [`std::sync::RwLock::try_read`].
    ///
    /// # Errors
    /// If somebody writes; with the guard, if the lock is poisoned.
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        let held = self.raw.try_take(Mode::Read, std::sync::RwLock::try_read).ok_or(TryLockError::WouldBlock)?;
        Ok(self.poison.wrap(self.reader(held))?)
    }

    /// Waits until nobody reads or writes, and writes. See [`std::sync::RwLock::write`].
    ///
    /// # Errors
    /// With the guard, if the lock is poisoned.
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let held = self.raw.take(Mode::Write, std::sync::RwLock::write, std::sync::RwLock::try_write);
        self.poison.wrap(self.writer(held))
    }

    /// Writes if nobody reads or writes. See [`std::sync::RwLock::try_write`].
    ///
    /// # Errors
    /// If the lock is taken; with the guard, if it is poisoned.
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        let held = self.raw.try_take(Mode::Write, std::sync::RwLock::try_write).ok_or(TryLockError::WouldBlock)?;
        Ok(self.poison.wrap(self.writer(held))?)
    }

    fn reader<'a>(&'a self, held: Held<std::sync::RwLockReadGuard<'a, ()>>) -> RwLockReadGuard<'a, T> {
        let data = NonNull::new(self.data.get()).expect("a cell is somewhere");
        RwLockReadGuard { data, held, not_send: PhantomData }
    }

    fn writer<'a>(&'a self, held: Held<std::sync::RwLockWriteGuard<'a, ()>>) -> RwLockWriteGuard<'a, T> {
        RwLockWriteGuard { lock: self, held, poison: self.poison.guard(), written: false, not_send: PhantomData }
    }

    /// Whether the lock is poisoned. See [`std::sync::RwLock::is_poisoned`]. No event, and no scheduling point.
    pub fn is_poisoned(&self) -> bool {
        self.poison.get()
    }

    /// Clears the poison. See [`std::sync::RwLock::clear_poison`]. No scheduling point.
    pub fn clear_poison(&self) {
        self.poison.clear();
    }

    /// The value, without locking. See [`std::sync::RwLock::get_mut`].
    ///
    /// # Errors
    /// With the value, if the lock is poisoned.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let poisoned = self.poison.get();
        let value = self.data.get_mut();
        if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
    }
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// Reads on, and nobody writes in between. See [`std::sync::RwLockWriteGuard::downgrade`]. In a model it is an event,
    /// and a scheduling point where giving the lock back is one.
    #[track_caller]
    pub fn downgrade(s: Self) -> RwLockReadGuard<'a, T> {
        let this = ManuallyDrop::new(s);
        // SAFETY: `this` is not used again, and never dropped.
        let held = match unsafe { std::ptr::read(&this.held) } {
            Held::Std(held) => Held::Std(std::sync::RwLockWriteGuard::downgrade(held)),
            Held::Run(held) => Held::Run(held.map(std::sync::RwLockWriteGuard::downgrade)),
            Held::Model { object, .. } => {
                let location = Location::caller();
                let ex = world::current().expect("a guard of a model stays in the model");
                ex.downgrade(object, this.written, location);
                Held::Model { object, location }
            }
        };
        this.lock.reader(held)
    }
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the lock is held for reading, and borrowed.
        unsafe { self.data.as_ref() }
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the lock is held for writing.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.written = true;
        // SAFETY: the lock is held for writing, and the guard is borrowed mutably.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    fn drop(&mut self) {
        if let Held::Model { object, location } = self.held
            && let Some(ex) = world::current()
        {
            ex.unlock(object, Mode::Read, false, Kind::ReadUnlock, location);
        }
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
    fn drop(&mut self) {
        self.lock.poison.done(&self.poison);
        if let Held::Model { object, location } = self.held
            && let Some(ex) = world::current()
        {
            ex.unlock(object, Mode::Write, self.written, Kind::WriteUnlock, location);
        }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    /// Does not look at the value in a model: printing is no event.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("RwLock");
        match world::current() {
            Some(_) => shown.field("data", &format_args!("<in a model>")),
            None => match self.try_read() {
                Ok(guard) => shown.field("data", &&*guard),
                Err(TryLockError::Poisoned(guard)) => shown.field("data", &&**guard.get_ref()),
                Err(TryLockError::WouldBlock) => shown.field("data", &format_args!("<locked>")),
            },
        };
        shown.field("poisoned", &self.poison.get()).finish_non_exhaustive()
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> RwLock<T> {
        RwLock::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    #[track_caller]
    fn from(value: T) -> RwLock<T> {
        RwLock::new(value)
    }
}

macro_rules! shows {
    ($($guard:ident)*) => {$(
        impl<T: ?Sized + fmt::Debug> fmt::Debug for $guard<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<T: ?Sized + fmt::Display> fmt::Display for $guard<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(f)
            }
        }
    )*};
}

shows!(RwLockReadGuard RwLockWriteGuard);
