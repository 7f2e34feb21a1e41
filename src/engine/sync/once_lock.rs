//! `OnceLock`.

use std::{fmt, panic::Location};

use super::turn::{Taken, Turn};
use crate::world::{
    self, Execution, Here,
    binding::Binding,
    event::{Kind, ObjectKind},
    once::{Entered, Stored},
    real,
};

/// A value that is set once: [`std::sync::OnceLock`] in every world.
///
/// In a model, `get_or_init` is what [`Once::call_once_force`](super::Once::call_once_force) is. `set` is one event, and
/// so is `get`; in the loom world a `get` that nothing orders after the value may find none, although it is set, as in
/// std. What was done to the value before it was set is ordered before what is done by whoever finds it.
///
/// A static starts afresh in every execution: the values of different executions, and of models that run at the same
/// time, have nothing to do with each other. What a static held is dropped once the execution is over, the last that
/// was set first, as std never does: so no model sees it, operations in the destructor are no events, and a panic there
/// is no failure. A reference to it must not be kept for longer than the execution, although its type says that it can
/// (in a static of std's, say). The very first execution of the process that uses a static leaves its value there, as
/// std does.
pub struct OnceLock<T> {
    raw: Raw,
    /// The value in the std world; in a model it is on the heap, and known to the execution.
    std: std::sync::OnceLock<T>,
}

/// The part of it that does not depend on `T`, so that `OnceLock<T>` itself has no `Drop`.
struct Raw {
    binding: Binding,
    turn: Turn,
}

impl Drop for Raw {
    fn drop(&mut self) {
        let Some(ex) = world::current() else { return };
        let value = self.binding.bound(ex).and_then(|object| ex.once_take(object));
        if let Some(value) = value {
            // SAFETY: whoever referred to the value has borrowed the lock. What the value borrows is still there: to the
            // compiler the lock's field `std` may hold it.
            unsafe { value.destroy() }
        }
    }
}

impl<T> OnceLock<T> {
    /// Without a value. See [`std::sync::OnceLock::new`].
    #[track_caller]
    pub const fn new() -> OnceLock<T> {
        OnceLock { raw: Raw { binding: Binding::new(), turn: Turn::new() }, std: std::sync::OnceLock::new() }
    }

    /// The value, if it is set. See [`std::sync::OnceLock::get`].
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        self.look(ObjectKind::OnceLock)
    }

    /// The value, if it is set. See [`std::sync::OnceLock::get_mut`]. No event.
    #[track_caller]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.reach(ObjectKind::OnceLock)
    }

    /// Waits until the value is set. See [`std::sync::OnceLock::wait`].
    #[track_caller]
    pub fn wait(&self) -> &T {
        match self.model(ObjectKind::OnceLock) {
            Some((ex, object)) => {
                ex.once_wait(object, true, Location::caller());
                self.value(ex, object)
            }
            None => self.wait_std(Location::caller()),
        }
    }

    /// Sets the value. See [`std::sync::OnceLock::set`].
    ///
    /// # Errors
    /// With the value, if one is set already.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        match self.model(ObjectKind::OnceLock) {
            Some((ex, object)) => match ex.once_enter(object, Kind::Set, true, Location::caller()) {
                Entered::First(initialiser) => {
                    let value = Box::new(value);
                    initialiser.complete(|once| once.put(Stored::new(value)));
                    Ok(())
                }
                Entered::Complete | Entered::Poisoned => Err(value),
            },
            None => {
                let _turn = self.turn(ObjectKind::OnceLock, Kind::Set, Location::caller());
                self.std.set(value)
            }
        }
    }

    /// The value; if none is set, `f` makes it. See [`std::sync::OnceLock::get_or_init`].
    #[track_caller]
    pub fn get_or_init<F>(&self, f: F) -> &T
    where
        F: FnOnce() -> T,
    {
        match self.model(ObjectKind::OnceLock) {
            Some((ex, object)) => {
                self.init(ex, object, Kind::GetOrInit, true, f).expect("one that is poisoned is initialised again")
            }
            None => self.init_std(ObjectKind::OnceLock, Kind::GetOrInit, f),
        }
    }

    /// The value, if it is set. See [`std::sync::OnceLock::into_inner`]. No event.
    #[track_caller]
    pub fn into_inner(mut self) -> Option<T> {
        self.take()
    }

    /// Takes the value out, if it is set. See [`std::sync::OnceLock::take`]. No event.
    #[track_caller]
    pub fn take(&mut self) -> Option<T> {
        match world::current() {
            Some(ex) => {
                let object = ex.plain_once(&self.raw.binding, ObjectKind::OnceLock);
                Some(*ex.once_take(object)?.into_box()?)
            }
            None => {
                self.raw.binding.never_modelled(ObjectKind::OnceLock);
                self.std.take()
            }
        }
    }

    /// Where it belongs, in a model.
    #[track_caller]
    pub(super) fn model(&self, kind: ObjectKind) -> Option<(&'static Execution, usize)> {
        match world::here() {
            Here::Model(ex) => Some((ex, ex.once_object(&self.raw.binding, kind))),
            Here::Run => None,
            Here::Outside => {
                self.raw.binding.std(kind);
                None
            }
        }
    }

    /// In a run on real threads, waits until no other thread of it makes the value.
    #[track_caller]
    fn turn(&self, kind: ObjectKind, op: Kind, location: &'static Location<'static>) -> Option<real::Owned<Taken<'_>>> {
        let waits = matches!(world::here(), Here::Run) && self.std.get().is_none();
        waits.then(|| self.raw.turn.wait(&self.raw.binding, (kind, op), location, || self.std.get().is_some()))
    }

    /// The value in the std world, which `f` makes if it is not there.
    #[track_caller]
    pub(super) fn init_std(&self, kind: ObjectKind, op: Kind, f: impl FnOnce() -> T) -> &T {
        let _turn = self.turn(kind, op, Location::caller());
        self.std.get_or_init(f)
    }

    #[track_caller]
    fn wait_std(&self, location: &'static Location<'static>) -> &T {
        let op = (ObjectKind::OnceLock, Kind::Wait);
        match (world::here(), self.std.get()) {
            (Here::Run, None) => real::block(&self.raw.binding, op, location, || self.std.get(), || self.std.wait()),
            _ => self.std.wait(),
        }
    }

    /// What it is, and where it was made.
    pub(super) fn made(&self, kind: ObjectKind) -> String {
        self.raw.binding.made(kind)
    }

    /// The value of this execution, which is there.
    fn value(&self, ex: &Execution, object: usize) -> &T {
        let value = ex.once_value(object).expect("who finds a value, finds it");
        // SAFETY: the value stays on the heap until the lock is dropped, or it is taken: the borrow of the lock
        // excludes both. In a static it stays until the execution is over, which the type's docs ask to respect.
        unsafe { value.as_ref() }
    }

    #[track_caller]
    pub(super) fn look(&self, kind: ObjectKind) -> Option<&T> {
        match self.model(kind) {
            Some((ex, object)) => ex.once_peek(object, Kind::Get, Location::caller()).then(|| self.value(ex, object)),
            None => self.std.get(),
        }
    }

    #[track_caller]
    pub(super) fn reach(&mut self, kind: ObjectKind) -> Option<&mut T> {
        match world::current() {
            Some(ex) => {
                let object = ex.plain_once(&self.raw.binding, kind);
                // SAFETY: as in `value`, and the lock is borrowed mutably.
                ex.once_value(object).map(|mut value| unsafe { value.as_mut() })
            }
            None => {
                self.raw.binding.never_modelled(kind);
                self.std.get_mut()
            }
        }
    }

    /// The value in a model, which `f` makes if it is not there. `None` if an `f` has panicked, unless `force`.
    #[track_caller]
    pub(super) fn init(
        &self,
        ex: &Execution,
        object: usize,
        kind: Kind,
        force: bool,
        f: impl FnOnce() -> T,
    ) -> Option<&T> {
        match ex.once_enter(object, kind, force, Location::caller()) {
            Entered::First(initialiser) => {
                let value = Box::new(f());
                initialiser.complete(|once| once.put(Stored::new(value)));
            }
            Entered::Complete => {}
            Entered::Poisoned => return None,
        }
        Some(self.value(ex, object))
    }
}

impl<T: fmt::Debug> OnceLock<T> {
    pub(super) fn show(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_tuple(name);
        match (world::current(), self.std.get()) {
            (Some(_), _) => shown.field(&format_args!("<in a model>")),
            (None, Some(value)) => shown.field(value),
            (None, None) => shown.field(&format_args!("<uninit>")),
        };
        shown.finish()
    }
}

impl<T> Default for OnceLock<T> {
    #[track_caller]
    fn default() -> OnceLock<T> {
        OnceLock::new()
    }
}

impl<T> From<T> for OnceLock<T> {
    /// No event.
    #[track_caller]
    fn from(value: T) -> OnceLock<T> {
        let lock = OnceLock::new();
        match world::current() {
            Some(ex) => {
                let object = ex.plain_once(&lock.raw.binding, ObjectKind::OnceLock);
                ex.once_given(object, Stored::new(Box::new(value)));
            }
            None => drop(lock.set(value)),
        }
        lock
    }
}

impl<T: Clone> Clone for OnceLock<T> {
    #[track_caller]
    fn clone(&self) -> OnceLock<T> {
        self.get().cloned().map_or_else(OnceLock::new, OnceLock::from)
    }
}

impl<T: PartialEq> PartialEq for OnceLock<T> {
    #[track_caller]
    fn eq(&self, other: &OnceLock<T>) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceLock<T> {}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    /// Does not look at the value in a model: printing is no event.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show("OnceLock", f)
    }
}
