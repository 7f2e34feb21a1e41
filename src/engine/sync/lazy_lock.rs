//! `LazyLock`.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    panic::{RefUnwindSafe, UnwindSafe},
    sync::PoisonError,
};

use super::OnceLock;
use crate::world::{
    Execution,
    event::{Kind, ObjectKind},
    once::type_id,
    real,
};

/// A value that is made when it is first used: [`std::sync::LazyLock`] in every world.
///
/// In a model, using it is an event, and a scheduling point, until the value is there; then it is neither. The end of
/// the initialiser is an event, as with [`Once`](super::Once). What the initialiser did is ordered before every use.
///
/// A static starts afresh in every execution: the initialiser runs again, and [what it made](OnceLock) is dropped once
/// the execution is over. So a static lock is a `LazyLock<Mutex<T>>`. For that the initialiser has to be a function
/// pointer, as in a `LazyLock<T>`: one of another type can be called only once, so the next execution errs.
pub struct LazyLock<T, F = fn() -> T> {
    cell: OnceLock<T>,
    init: Init<F>,
}

/// The initialiser, until it is used up. The lock is held while it is taken out, and no longer.
struct Init<F>(std::sync::Mutex<Option<F>>);

impl<T: UnwindSafe, F: UnwindSafe> UnwindSafe for LazyLock<T, F> {}
impl<T: RefUnwindSafe + UnwindSafe, F: UnwindSafe> RefUnwindSafe for LazyLock<T, F> {}

impl<F> Init<F> {
    fn take(&self) -> Option<F> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The initialiser, which stays for the executions to come if it can.
    fn again<T>(&self) -> Option<F> {
        self.copy::<T>().or_else(|| self.take())
    }

    /// A copy of the initialiser, if it can be copied.
    fn copy<T>(&self) -> Option<F> {
        let init = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_pointer = type_id::<F>() == type_id::<fn() -> T>();
        // SAFETY: `F` is a function pointer, which may be copied.
        init.as_ref().filter(|_| is_pointer).map(|f| unsafe { std::ptr::read(f) })
    }
}

/// Puts the initialiser back where a run that ends early has cut it off: that poisons nothing.
struct CutOff<'a, F> {
    init: &'a Init<F>,
    again: Option<F>,
}

impl<F> Drop for CutOff<'_, F> {
    fn drop(&mut self) {
        if real::ends_early() {
            *self.init.0.lock().unwrap_or_else(PoisonError::into_inner) = self.again.take();
        }
    }
}

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    /// A value that `f` makes. See [`std::sync::LazyLock::new`].
    #[track_caller]
    pub const fn new(f: F) -> LazyLock<T, F> {
        LazyLock { cell: OnceLock::new(), init: Init(std::sync::Mutex::new(Some(f))) }
    }

    /// The value, which is made if it is not there yet. See [`std::sync::LazyLock::force`].
    ///
    /// # Panics
    /// If the initialiser panics, or has panicked.
    #[track_caller]
    pub fn force(this: &LazyLock<T, F>) -> &T {
        match this.cell.model(ObjectKind::LazyLock) {
            Some((ex, object)) => {
                let make = || this.init.again::<T>().unwrap_or_else(|| this.used_up(ex))();
                this.cell.init(ex, object, Kind::Force, false, make).unwrap_or_else(|| poisoned())
            }
            None => this.cell.init_std(ObjectKind::LazyLock, Kind::Force, || {
                let cut_off = CutOff { init: &this.init, again: this.init.copy::<T>() };
                let value = this.init.take().unwrap_or_else(|| poisoned())();
                std::mem::forget(cut_off);
                value
            }),
        }
    }

    /// The value, which is made if it is not there yet. See [`std::sync::LazyLock::force_mut`].
    ///
    /// # Panics
    /// If the initialiser panics, or has panicked.
    #[track_caller]
    pub fn force_mut(this: &mut LazyLock<T, F>) -> &mut T {
        LazyLock::force(this);
        LazyLock::get_mut(this).expect("it is there")
    }

    /// An execution before this one has used the initialiser up.
    #[track_caller]
    fn used_up(&self, ex: &Execution) -> ! {
        let message = format!(
            "{} lives longer than one execution, and its initialiser can be called only once: make it inside the \
             model, or give it a function pointer (LazyLock<T>)",
            self.cell.made(ObjectKind::LazyLock),
        );
        ex.error(message.clone());
        panic!("{message}");
    }
}

impl<T, F> LazyLock<T, F> {
    /// The value, if it is there. See [`std::sync::LazyLock::get`].
    #[track_caller]
    pub fn get(this: &LazyLock<T, F>) -> Option<&T> {
        this.cell.look(ObjectKind::LazyLock)
    }

    /// The value, if it is there. See [`std::sync::LazyLock::get_mut`]. No event.
    #[track_caller]
    pub fn get_mut(this: &mut LazyLock<T, F>) -> Option<&mut T> {
        this.cell.reach(ObjectKind::LazyLock)
    }
}

#[track_caller]
fn poisoned() -> ! {
    panic!("LazyLock instance has previously been poisoned")
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;

    #[track_caller]
    fn deref(&self) -> &T {
        LazyLock::force(self)
    }
}

impl<T, F: FnOnce() -> T> DerefMut for LazyLock<T, F> {
    #[track_caller]
    fn deref_mut(&mut self) -> &mut T {
        LazyLock::force_mut(self)
    }
}

impl<T: Default> Default for LazyLock<T> {
    #[track_caller]
    fn default() -> LazyLock<T> {
        LazyLock::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    /// Does not look at the value in a model: printing is no event.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cell.show("LazyLock", f)
    }
}
