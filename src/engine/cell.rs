//! `UnsafeCell`, whose data races are found.

#[cfg(raddle_model)]
use std::panic::Location;

#[cfg(raddle_model)]
use crate::world::{self, binding::Binding, event::ObjectKind};

/// Interior mutability without synchronisation: [`std::cell::UnsafeCell`], reached through `with` and `with_mut`.
///
/// In a model, two accesses of which one writes, and which nothing orders, are a DataRace, whichever comes first in the
/// execution. An access is an event but no scheduling point; it lasts as long as its closure, whatever else the closure
/// does. A thread's accesses within its own accesses are ordered, and no race, though loom alone would refuse them: that
/// no reference made from one pointer outlives an access by another is for Miri to check. Without feature `model` this is a transparent wrapper.
#[cfg_attr(not(raddle_model), repr(transparent))]
pub struct UnsafeCell<T: ?Sized> {
    #[cfg(raddle_model)]
    binding: Binding,
    inner: std::cell::UnsafeCell<T>,
}

impl<T> UnsafeCell<T> {
    /// See [`std::cell::UnsafeCell::new`].
    #[cfg_attr(raddle_model, track_caller)]
    #[inline]
    pub const fn new(value: T) -> UnsafeCell<T> {
        UnsafeCell {
            #[cfg(raddle_model)]
            binding: Binding::new(),
            inner: std::cell::UnsafeCell::new(value),
        }
    }

    /// See [`std::cell::UnsafeCell::into_inner`].
    #[inline]
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> UnsafeCell<T> {
    /// Calls `f` with a pointer that it may read through. The pointer must not be kept: the access ends with `f`.
    #[cfg_attr(raddle_model, track_caller)]
    #[inline]
    pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        let pointer = self.inner.get().cast_const();
        #[cfg(raddle_model)]
        match world::current() {
            Some(ex) => return ex.cell(&self.binding, false, Location::caller(), || f(pointer)),
            None => self.binding.std(ObjectKind::Cell),
        }
        f(pointer)
    }

    /// Calls `f` with a pointer that it may read and write through. The pointer must not be kept.
    #[cfg_attr(raddle_model, track_caller)]
    #[inline]
    pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        let pointer = self.inner.get();
        #[cfg(raddle_model)]
        match world::current() {
            Some(ex) => return ex.cell(&self.binding, true, Location::caller(), || f(pointer)),
            None => self.binding.std(ObjectKind::Cell),
        }
        f(pointer)
    }

    /// See [`std::cell::UnsafeCell::get_mut`]. No event.
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }
}

impl<T: Default> Default for UnsafeCell<T> {
    #[cfg_attr(raddle_model, track_caller)]
    fn default() -> UnsafeCell<T> {
        UnsafeCell::new(T::default())
    }
}

impl<T> From<T> for UnsafeCell<T> {
    #[cfg_attr(raddle_model, track_caller)]
    fn from(value: T) -> UnsafeCell<T> {
        UnsafeCell::new(value)
    }
}

impl<T: ?Sized> std::fmt::Debug for UnsafeCell<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnsafeCell").finish_non_exhaustive()
    }
}
