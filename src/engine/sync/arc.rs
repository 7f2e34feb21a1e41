//! `Arc` and `Weak`.

use std::{
    any::Any,
    borrow::Borrow,
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    mem::ManuallyDrop,
    ops::Deref,
    panic::Location,
    pin::Pin,
};

use super::arc_from::CloneShared;
use crate::world::{self, event::Value};

/// Shared ownership: [`std::sync::Arc`] in every world.
///
/// Dropping a reference orders what its owner did before the destructor of the value, and before a `get_mut`,
/// `try_unwrap`, `into_inner`, `make_mut` or `Weak::upgrade` that sees it: no false data race where the last owner's
/// destructor touches an `UnsafeCell`. Cloning and dropping are no events, so they multiply no executions, *unless* the
/// program can observe them: as soon as it asks for a count of references to a type, or the destructor of the type
/// does an operation of these modules, the model starts over with that type's counts as events.
///
/// In the loom world a count that is read orders the drops before it, which std does not promise: code that relies on
/// `strong_count` alone is a data race that only the shuttle world shows.
///
/// It is a type of its own, which std's special treatment does not reach. Without feature `model` it is std's. With it,
/// these are missing: the coercion to `Arc<dyn Trait>` (write `Arc::from_std(std_arc)` with a coerced
/// [`std::sync::Arc`]), and to `Weak<dyn Trait>` (downgrade such an `Arc`); `Arc<Self>` as a method's receiver (write an
/// associated function); a [`Waker`](std::task::Waker) made from an `Arc`; and values that are not initialised
/// (`new_uninit` and its relatives).
pub struct Arc<T: ?Sized> {
    inner: ManuallyDrop<std::sync::Arc<T>>,
    /// Where this reference was made: dropping it has no place of its own.
    made: &'static Location<'static>,
}

/// A reference that does not keep the value alive: [`std::sync::Weak`] in every world. See [`Arc`].
pub struct Weak<T: ?Sized> {
    inner: std::sync::Weak<T>,
    /// Where this reference was made.
    made: &'static Location<'static>,
}

fn name<T: ?Sized>() -> &'static str {
    std::any::type_name::<T>()
}

impl<T> Arc<T> {
    /// See [`std::sync::Arc::new`].
    #[track_caller]
    pub fn new(value: T) -> Arc<T> {
        Arc::fresh(std::sync::Arc::new(value))
    }

    /// See [`std::sync::Arc::pin`].
    #[track_caller]
    pub fn pin(value: T) -> Pin<Arc<T>> {
        // SAFETY: the value is behind the pointer and never moves while it is shared, as with std's.
        unsafe { Pin::new_unchecked(Arc::new(value)) }
    }

    /// See [`std::sync::Arc::new_cyclic`].
    #[track_caller]
    pub fn new_cyclic<F>(make: F) -> Arc<T>
    where
        F: FnOnce(&Weak<T>) -> T,
    {
        let made = Location::caller();
        Arc::fresh(std::sync::Arc::new_cyclic(|weak| make(&Weak { inner: weak.clone(), made })))
    }

    /// See [`std::sync::Arc::try_unwrap`].
    ///
    /// # Errors
    /// With the reference, if it is not the only one.
    #[track_caller]
    pub fn try_unwrap(this: Arc<T>) -> Result<T, Arc<T>> {
        let location = Location::caller();
        let unwrap = |this: Arc<T>| {
            let made = this.made;
            std::sync::Arc::try_unwrap(this.give()).map_err(|inner| Arc { inner: ManuallyDrop::new(inner), made })
        };
        match world::current() {
            Some(ex) => ex.count_read(this.address(), name::<T>(), location, || {
                let result = unwrap(this);
                let done = result.is_ok();
                (result, Value::Done(done), done)
            }),
            None => unwrap(this),
        }
    }

    /// See [`std::sync::Arc::into_inner`].
    #[track_caller]
    pub fn into_inner(this: Arc<T>) -> Option<T> {
        let location = Location::caller();
        match world::current() {
            Some(ex) => ex.count_read(this.address(), name::<T>(), location, || {
                ex.publish_count(this.address(), this.made);
                let result = std::sync::Arc::into_inner(this.give());
                let done = result.is_some();
                (result, Value::Done(done), done)
            }),
            None => std::sync::Arc::into_inner(this.give()),
        }
    }

    /// See [`std::sync::Arc::unwrap_or_clone`].
    #[track_caller]
    pub fn unwrap_or_clone(this: Arc<T>) -> T
    where
        T: Clone,
    {
        Arc::try_unwrap(this).unwrap_or_else(|shared| (*shared).clone())
    }
}

impl<T: ?Sized> Arc<T> {
    /// Takes over a reference of std's.
    #[track_caller]
    pub fn from_std(inner: std::sync::Arc<T>) -> Arc<T> {
        Arc { inner: ManuallyDrop::new(inner), made: Location::caller() }
    }

    /// The first reference to a value.
    #[track_caller]
    pub(super) fn fresh(inner: std::sync::Arc<T>) -> Arc<T> {
        let this = Arc::from_std(inner);
        if let Some(ex) = world::current() {
            ex.new_arc(this.address());
        }
        this
    }

    /// Gives the reference out as std's. What happens to it after that is not seen.
    pub fn into_std(this: Arc<T>) -> std::sync::Arc<T> {
        this.give()
    }

    /// See [`std::sync::Arc::as_ptr`].
    pub fn as_ptr(this: &Arc<T>) -> *const T {
        std::sync::Arc::as_ptr(&this.inner)
    }

    /// See [`std::sync::Arc::into_raw`].
    pub fn into_raw(this: Arc<T>) -> *const T {
        std::sync::Arc::into_raw(this.give())
    }

    /// See [`std::sync::Arc::from_raw`].
    ///
    /// # Safety
    /// `pointer` comes from [`Arc::into_raw`], and is used once.
    #[track_caller]
    pub unsafe fn from_raw(pointer: *const T) -> Arc<T> {
        // SAFETY: the caller's promise.
        Arc::from_std(unsafe { std::sync::Arc::from_raw(pointer) })
    }

    /// See [`std::sync::Arc::increment_strong_count`].
    ///
    /// # Safety
    /// As with std's.
    #[track_caller]
    pub unsafe fn increment_strong_count(pointer: *const T) {
        // SAFETY: the caller's promise.
        let this = ManuallyDrop::new(unsafe { Arc::from_raw(pointer) });
        std::mem::forget(Arc::clone(&this));
    }

    /// See [`std::sync::Arc::decrement_strong_count`].
    ///
    /// # Safety
    /// As with std's.
    #[track_caller]
    pub unsafe fn decrement_strong_count(pointer: *const T) {
        // SAFETY: the caller's promise.
        drop(unsafe { Arc::from_raw(pointer) });
    }

    /// See [`std::sync::Arc::downgrade`].
    #[track_caller]
    pub fn downgrade(this: &Arc<T>) -> Weak<T> {
        let made = Location::caller();
        Weak { inner: this.count_up(made, || std::sync::Arc::downgrade(&this.inner)), made }
    }

    /// See [`std::sync::Arc::strong_count`].
    #[track_caller]
    pub fn strong_count(this: &Arc<T>) -> usize {
        this.look(Location::caller(), || {
            let count = std::sync::Arc::strong_count(&this.inner);
            (count, Value::Count(count as u64), false)
        })
    }

    /// See [`std::sync::Arc::weak_count`].
    #[track_caller]
    pub fn weak_count(this: &Arc<T>) -> usize {
        this.look(Location::caller(), || {
            let count = std::sync::Arc::weak_count(&this.inner);
            (count, Value::Count(count as u64), false)
        })
    }

    /// See [`std::sync::Arc::get_mut`].
    #[track_caller]
    pub fn get_mut(this: &mut Arc<T>) -> Option<&mut T> {
        let address = this.address();
        let location = Location::caller();
        match world::current() {
            Some(ex) => ex.count_read(address, name::<T>(), location, || {
                let result = std::sync::Arc::get_mut(&mut this.inner);
                let done = result.is_some();
                (result, Value::Done(done), done)
            }),
            None => std::sync::Arc::get_mut(&mut this.inner),
        }
    }

    /// See [`std::sync::Arc::ptr_eq`].
    pub fn ptr_eq(this: &Arc<T>, other: &Arc<T>) -> bool {
        std::sync::Arc::ptr_eq(&this.inner, &other.inner)
    }

    fn address(&self) -> usize {
        Arc::as_ptr(self).addr()
    }

    /// The reference inside, without the events of dropping it.
    fn give(self) -> std::sync::Arc<T> {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` is never used again.
        unsafe { ManuallyDrop::take(&mut this.inner) }
    }

    fn count_up<R>(&self, location: &'static Location<'static>, act: impl FnOnce() -> R) -> R {
        match world::current() {
            Some(ex) => ex.count_up(self.address(), name::<T>(), location, act),
            None => act(),
        }
    }

    fn look<R>(&self, location: &'static Location<'static>, act: impl FnOnce() -> (R, Value, bool)) -> R {
        match world::current() {
            Some(ex) => ex.count_read(self.address(), name::<T>(), location, act),
            None => act().0,
        }
    }
}

impl<T: ?Sized + CloneShared> Arc<T> {
    /// See [`std::sync::Arc::make_mut`].
    #[track_caller]
    pub fn make_mut(this: &mut Arc<T>) -> &mut T {
        if Arc::strong_count(this) != 1 {
            *this = Arc::fresh(T::clone_shared(this));
        }
        this.look(Location::caller(), || ((), Value::Done(true), true));
        // The only strong reference: std moves the value away from any weak ones.
        T::make_mut(&mut this.inner)
    }
}

impl Arc<dyn Any + Send + Sync> {
    /// See [`std::sync::Arc::downcast`].
    ///
    /// # Errors
    /// With the reference, if the value is of another type.
    #[track_caller]
    pub fn downcast<T: Any + Send + Sync>(self) -> Result<Arc<T>, Arc<dyn Any + Send + Sync>> {
        self.give().downcast().map(Arc::from_std).map_err(Arc::from_std)
    }
}

impl<T: ?Sized> Drop for Arc<T> {
    fn drop(&mut self) {
        /// Drops the reference whatever happens to the event before it.
        struct Inner<'a, T: ?Sized>(&'a mut ManuallyDrop<std::sync::Arc<T>>);
        impl<T: ?Sized> Drop for Inner<'_, T> {
            fn drop(&mut self) {
                // SAFETY: `Arc::drop` runs once, and uses the reference no more.
                unsafe { ManuallyDrop::drop(self.0) }
            }
        }
        let (address, made) = (self.address(), self.made);
        let inner = Inner(&mut self.inner);
        let Some(ex) = world::current() else { return };
        let counts = || (std::sync::Arc::strong_count(inner.0), std::sync::Arc::weak_count(inner.0));
        ex.count_down(address, name::<T>(), made, counts);
        let last = std::sync::Arc::strong_count(inner.0) == 1;
        let _destroying = if last { ex.destroying(name::<T>()) } else { None };
        drop(inner);
    }
}

impl<T: ?Sized> Clone for Arc<T> {
    #[track_caller]
    fn clone(&self) -> Arc<T> {
        let location = Location::caller();
        let inner = self.count_up(location, || std::sync::Arc::clone(&self.inner));
        Arc { inner: ManuallyDrop::new(inner), made: location }
    }
}

impl<T: ?Sized> Deref for Arc<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T> Weak<T> {
    /// See [`std::sync::Weak::new`].
    #[track_caller]
    pub const fn new() -> Weak<T> {
        Weak { inner: std::sync::Weak::new(), made: Location::caller() }
    }
}

impl<T: ?Sized> Weak<T> {
    /// See [`std::sync::Weak::upgrade`].
    #[track_caller]
    pub fn upgrade(&self) -> Option<Arc<T>> {
        let made = Location::caller();
        let upgrade = || self.inner.upgrade().map(|inner| Arc { inner: ManuallyDrop::new(inner), made });
        self.look(made, || {
            let result = upgrade();
            let done = result.is_some();
            (result, Value::Done(done), done)
        })
    }

    /// See [`std::sync::Weak::strong_count`].
    #[track_caller]
    pub fn strong_count(&self) -> usize {
        self.look(Location::caller(), || {
            let count = self.inner.strong_count();
            (count, Value::Count(count as u64), false)
        })
    }

    /// See [`std::sync::Weak::weak_count`].
    #[track_caller]
    pub fn weak_count(&self) -> usize {
        self.look(Location::caller(), || {
            let count = self.inner.weak_count();
            (count, Value::Count(count as u64), false)
        })
    }

    /// See [`std::sync::Weak::ptr_eq`].
    pub fn ptr_eq(&self, other: &Weak<T>) -> bool {
        self.inner.ptr_eq(&other.inner)
    }

    /// See [`std::sync::Weak::as_ptr`].
    pub fn as_ptr(&self) -> *const T {
        self.inner.as_ptr()
    }

    /// See [`std::sync::Weak::into_raw`].
    pub fn into_raw(self) -> *const T {
        let this = ManuallyDrop::new(self);
        // The reference lives on in the pointer.
        this.as_ptr()
    }

    /// See [`std::sync::Weak::from_raw`].
    ///
    /// # Safety
    /// `pointer` comes from [`Weak::into_raw`], and is used once.
    #[track_caller]
    pub unsafe fn from_raw(pointer: *const T) -> Weak<T> {
        // SAFETY: the caller's promise; std's `into_raw` gives the same pointer as its `as_ptr`.
        Weak { inner: unsafe { std::sync::Weak::from_raw(pointer) }, made: Location::caller() }
    }

    fn look<R>(&self, location: &'static Location<'static>, act: impl FnOnce() -> (R, Value, bool)) -> R {
        match world::current() {
            Some(ex) => ex.count_read(self.as_ptr().addr(), name::<T>(), location, act),
            None => act().0,
        }
    }
}

impl<T: ?Sized> Clone for Weak<T> {
    #[track_caller]
    fn clone(&self) -> Weak<T> {
        let made = Location::caller();
        let inner = || self.inner.clone();
        let inner = match world::current() {
            Some(ex) => ex.count_up(self.as_ptr().addr(), name::<T>(), made, inner),
            None => inner(),
        };
        Weak { inner, made }
    }
}

impl<T: ?Sized> Drop for Weak<T> {
    fn drop(&mut self) {
        if let Some(ex) = world::current() {
            ex.weak_down(self.as_ptr().addr(), name::<T>(), self.made);
        }
    }
}

impl<T> Default for Weak<T> {
    #[track_caller]
    fn default() -> Weak<T> {
        Weak::new()
    }
}

impl<T: ?Sized> fmt::Debug for Weak<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(Weak)")
    }
}

impl<T: ?Sized> AsRef<T> for Arc<T> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T: ?Sized> Borrow<T> for Arc<T> {
    fn borrow(&self) -> &T {
        self
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Arc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for Arc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized> fmt::Pointer for Arc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Pointer::fmt(&*self.inner, f)
    }
}

impl<T: ?Sized + PartialEq> PartialEq for Arc<T> {
    fn eq(&self, other: &Arc<T>) -> bool {
        **self == **other
    }
}

impl<T: ?Sized + Eq> Eq for Arc<T> {}

impl<T: ?Sized + PartialOrd> PartialOrd for Arc<T> {
    fn partial_cmp(&self, other: &Arc<T>) -> Option<Ordering> {
        (**self).partial_cmp(&**other)
    }
}

impl<T: ?Sized + Ord> Ord for Arc<T> {
    fn cmp(&self, other: &Arc<T>) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl<T: ?Sized + Hash> Hash for Arc<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}
