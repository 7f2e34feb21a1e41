//! Thread-locals.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    thread::AccessError,
};

use crate::world;

/// A value of each thread's own: [`std::thread::LocalKey`] in every world.
///
/// In a model each thread of each execution has a value of its own, which is dropped, in the order of first use, when
/// the thread ends. No scheduling point.
pub struct LocalKey<T: 'static> {
    std: &'static std::thread::LocalKey<T>,
    init: fn() -> T,
}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    pub const fn __new(std: &'static std::thread::LocalKey<T>, init: fn() -> T) -> LocalKey<T> {
        LocalKey { std, init }
    }

    /// See [`std::thread::LocalKey::with`].
    ///
    /// # Panics
    /// If the value has been dropped, as the thread ends.
    pub fn with<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        self.try_with(f).expect("cannot access a Thread Local Storage value during or after destruction")
    }

    /// See [`std::thread::LocalKey::try_with`].
    ///
    /// # Errors
    /// If the value has been dropped, as the thread ends.
    pub fn try_with<F, R>(&'static self, f: F) -> Result<R, AccessError>
    where
        F: FnOnce(&T) -> R,
    {
        if world::current().is_none() {
            return self.std.try_with(f);
        }
        if self.find().is_none() {
            let value = (self.init)();
            // The initialiser may have used the key itself: the first value stays.
            if self.find().is_none() {
                self.put(value);
            }
        }
        match self.find().flatten() {
            // SAFETY: the value is boxed, and stays until its thread, which is this one, ends.
            Some(value) => Ok(f(unsafe { &*value })),
            None => Err(gone()),
        }
    }

    /// The running thread's value, in a model: `None` if it has not been made, `Some(None)` if it has been dropped.
    fn find(&self) -> Option<Option<*const T>> {
        let ex = world::current()?;
        let (core, key) = (ex.core.borrow(), std::ptr::from_ref(self).addr());
        let (_, value) = core.threads[ex.me()].locals.iter().find(|(k, _)| *k == key)?;
        Some(value.as_ref().map(|value| std::ptr::from_ref(value.downcast_ref::<T>().expect("a key has one type"))))
    }

    /// Gives the running thread its value, in a model.
    fn put(&self, value: T) {
        if let Some(ex) = world::current() {
            let value: Box<dyn Any> = Box::new(value);
            let key = std::ptr::from_ref(self).addr();
            ex.core.borrow_mut().threads[ex.me()].locals.push((key, Some(value)));
        }
    }

    /// In a model: the value is the thread's first one, without the initialiser, or is set by `set`.
    fn with_first(&'static self, value: T, set: impl FnOnce(&T, T)) {
        match self.find() {
            None => self.put(value),
            Some(_) => self.with(|present| set(present, value)),
        }
    }
}

impl<T: 'static> LocalKey<Cell<T>> {
    /// See [`std::thread::LocalKey::set`]. A value that is set first is not initialised.
    pub fn set(&'static self, value: T) {
        match world::current() {
            Some(_) => self.with_first(Cell::new(value), |cell, value| cell.set(value.into_inner())),
            None => self.std.set(value),
        }
    }

    /// See [`std::thread::LocalKey::get`].
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// See [`std::thread::LocalKey::take`].
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }

    /// See [`std::thread::LocalKey::replace`].
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> LocalKey<RefCell<T>> {
    /// See [`std::thread::LocalKey::with_borrow`].
    pub fn with_borrow<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        self.with(|cell| f(&cell.borrow()))
    }

    /// See [`std::thread::LocalKey::with_borrow_mut`].
    pub fn with_borrow_mut<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&mut T) -> R,
    {
        self.with(|cell| f(&mut cell.borrow_mut()))
    }

    /// See [`std::thread::LocalKey::set`]. A value that is set first is not initialised.
    pub fn set(&'static self, value: T) {
        match world::current() {
            Some(_) => self.with_first(RefCell::new(value), |cell, value| _ = cell.replace(value.into_inner())),
            None => self.std.set(value),
        }
    }

    /// See [`std::thread::LocalKey::take`].
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }

    /// See [`std::thread::LocalKey::replace`].
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> std::fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

/// std's error, which only std can make: by asking a thread-local of a thread for itself while it is dropped.
fn gone() -> AccessError {
    struct Asks;
    impl Drop for Asks {
        fn drop(&mut self) {
            let error = ASKED.try_with(|_| ()).expect_err("a thread-local is gone while it is dropped");
            *ANSWER.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
        }
    }
    std::thread_local! {
        static ASKED: Asks = const { Asks };
    }
    static ANSWER: std::sync::Mutex<Option<AccessError>> = std::sync::Mutex::new(None);
    let answer = || *ANSWER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if answer().is_none() {
        let asked = std::thread::spawn(|| ASKED.with(|_| ())).join();
        asked.expect("a thread that only makes a thread-local succeeds");
    }
    answer().expect("the thread has ended, and with it its thread-locals")
}

/// Declares thread-locals: [`std::thread_local!`] in every world, `const` initialisers included.
#[macro_export]
macro_rules! thread_local {
    () => {};
    ($(#[$attr:meta])* $vis:vis static $name:ident : $t:ty = const $init:block $(; $($rest:tt)*)?) => {
        $crate::thread_local! { $(#[$attr])* $vis static $name: $t = $init $(; $($rest)*)? }
    };
    ($(#[$attr:meta])* $vis:vis static $name:ident : $t:ty = $init:expr $(; $($rest:tt)*)?) => {
        $(#[$attr])*
        $vis static $name: $crate::thread::LocalKey<$t> = {
            fn init() -> $t {
                $init
            }
            ::std::thread_local! {
                static STD: $t = init();
            }
            $crate::thread::LocalKey::__new(&STD, init)
        };
        $($crate::thread_local! { $($rest)* })?
    };
}
