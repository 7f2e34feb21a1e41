//! `std::sync::atomic`, in every world.
//!
//! In a model every operation is a scheduling point and one event. In the loom world a load may return any store that
//! C11 allows, as far as loom models it: no load buffering, and `SeqCst` accesses count as `AcqRel` (`SeqCst` fences
//! are modelled). A read-modify-write may read an older store than the latest, if nothing orders the two; loom does not
//! see that what it writes then comes before the later store, so that a load after all of them may return it, which C11
//! forbids. A thread that pauses after such a read does not read so again. In the shuttle world a load returns the latest
//! store, whatever the orderings; the orderings still decide what happens before what, and so which accesses to an
//! [`UnsafeCell`](crate::cell::UnsafeCell) race.
//!
//! In a trace, pointers are numbered as they are stored: one that no atomic holds is a new one, whatever was at its address
//! before. What the program itself makes of an address that is used again (an ABA problem, say) depends on the allocator.
//!
//! A weak compare-exchange never fails spuriously in a model. With feature `model`, `as_ptr`, `from_ptr` and `from_mut`
//! are missing, since what goes around the atomic cannot be seen, and so is the arithmetic of `AtomicPtr`
//! (`fetch_ptr_add` and its relatives) and the deprecated `compare_and_swap` (write `compare_exchange`). An atomic is larger than its value. A static one starts afresh in every execution.

pub use std::sync::atomic::Ordering;

#[cfg(not(raddle_model))]
pub use std::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, AtomicU8, AtomicU16, AtomicU32,
    AtomicU64, AtomicUsize, compiler_fence, fence,
};

#[cfg(raddle_model)]
pub use self::model::*;

#[cfg(raddle_model)]
mod model {
    use std::{fmt, panic::Location, sync::atomic::Ordering};

    use crate::world::{
        self,
        binding::Binding,
        event::ObjectKind,
        memory::Cell64,
        scalar::{AtomicOp, Scalar, check_ordering},
    };

    pub use std::sync::atomic::compiler_fence;

    /// An atomic fence: [`std::sync::atomic::fence`]. An event, but no scheduling point.
    ///
    /// # Panics
    /// On [`Ordering::Relaxed`].
    #[track_caller]
    pub fn fence(order: Ordering) {
        match world::current() {
            Some(ex) => ex.fence(order, Location::caller()),
            None => std::sync::atomic::fence(order),
        }
    }

    /// What the failure ordering of an operation that only has one is: never used.
    const UNUSED: Ordering = Ordering::Relaxed;

    macro_rules! atomic {
        ($atomic:ident $(<$t:ident>)?, $value:ty, $scalar:expr, $into:expr, $from:expr) => {
            #[doc = concat!("[`std::sync::atomic::", stringify!($atomic), "`] in every world. See the [module](crate::sync::atomic).")]
            pub struct $atomic $(<$t>)? {
                binding: Binding,
                /// The value in the std world, and what it begins with in a model.
                std: std::sync::atomic::$atomic $(<$t>)?,
            }

            impl $(<$t>)? $atomic $(<$t>)? {
                #[doc = concat!("See [`std::sync::atomic::", stringify!($atomic), "::new`].")]
                #[track_caller]
                pub const fn new(value: $value) -> Self {
                    Self { binding: Binding::new(), std: std::sync::atomic::$atomic::new(value) }
                }

                fn cell(&self) -> Cell64<'_> {
                    let initial = self.std.load(Ordering::Relaxed);
                    Cell64 { binding: &self.binding, scalar: $scalar, initial: $into(initial) }
                }

                /// The operation in a model, or what std says outside any.
                #[track_caller]
                fn act<R>(
                    &self,
                    op: impl FnOnce() -> AtomicOp,
                    success: Ordering,
                    failure: Ordering,
                    model: impl FnOnce(Result<u64, u64>) -> R,
                    std: impl FnOnce(&std::sync::atomic::$atomic $(<$t>)?) -> R,
                ) -> R {
                    match world::current() {
                        Some(ex) => model(ex.atomic(self.cell(), op(), success, failure, Location::caller())),
                        None => {
                            self.binding.std(ObjectKind::Atomic);
                            check_ordering(op(), success, failure);
                            std(&self.std)
                        }
                    }
                }

                #[doc = concat!("See [`std::sync::atomic::", stringify!($atomic), "::load`].")]
                ///
                /// # Panics
                /// On a release ordering.
                #[track_caller]
                pub fn load(&self, order: Ordering) -> $value {
                    self.act(|| AtomicOp::Load, order, UNUSED, |r| old(r, $from), |a| a.load(order))
                }

                #[doc = concat!("See [`std::sync::atomic::", stringify!($atomic), "::store`].")]
                ///
                /// # Panics
                /// On an acquire ordering.
                #[track_caller]
                pub fn store(&self, value: $value, order: Ordering) {
                    self.act(|| AtomicOp::Store($into(value)), order, UNUSED, |_| (), |a| a.store(value, order));
                }

                #[doc = concat!("See [`std::sync::atomic::", stringify!($atomic), "::swap`].")]
                #[track_caller]
                pub fn swap(&self, value: $value, order: Ordering) -> $value {
                    self.act(|| AtomicOp::Swap($into(value)), order, UNUSED, |r| old(r, $from), |a| a.swap(value, order))
                }

                #[doc = concat!("See [`std::sync::atomic::", stringify!($atomic), "::compare_exchange`].")]
                ///
                /// # Errors
                /// With the value found, if it is not `current`.
                ///
                /// # Panics
                /// On a release failure ordering.
                #[track_caller]
                pub fn compare_exchange(
                    &self,
                    current: $value,
                    new: $value,
                    success: Ordering,
                    failure: Ordering,
                ) -> Result<$value, $value> {
                    self.act(
                        || AtomicOp::CompareExchange { current: $into(current), new: $into(new) },
                        success,
                        failure,
                        |r| r.map($from).map_err($from),
                        |a| a.compare_exchange(current, new, success, failure),
                    )
                }

                #[doc = concat!("See [`std::sync::atomic::", stringify!($atomic), "::compare_exchange_weak`].")]
                /// Never fails spuriously in a model.
                ///
                /// # Errors
                /// With the value found, if it is not `current`.
                ///
                /// # Panics
                /// On a release failure ordering.
                #[track_caller]
                pub fn compare_exchange_weak(
                    &self,
                    current: $value,
                    new: $value,
                    success: Ordering,
                    failure: Ordering,
                ) -> Result<$value, $value> {
                    self.act(
                        || AtomicOp::CompareExchange { current: $into(current), new: $into(new) },
                        success,
                        failure,
                        |r| r.map($from).map_err($from),
                        |a| a.compare_exchange_weak(current, new, success, failure),
                    )
                }

                #[doc = concat!("See [`std::sync::atomic::", stringify!($atomic), "::fetch_update`]: a load, and a weak")]
                /// compare-exchange for every attempt.
                ///
                /// # Errors
                /// With the value found, if `f` returned `None`.
                #[track_caller]
                pub fn fetch_update<F>(
                    &self,
                    set_order: Ordering,
                    fetch_order: Ordering,
                    mut f: F,
                ) -> Result<$value, $value>
                where
                    F: FnMut($value) -> Option<$value>,
                {
                    let mut previous = self.load(fetch_order);
                    while let Some(next) = f(previous) {
                        match self.compare_exchange_weak(previous, next, set_order, fetch_order) {
                            Ok(found) => return Ok(found),
                            Err(found) => previous = found,
                        }
                    }
                    Err(previous)
                }

                #[doc = concat!("See [`std::sync::atomic::", stringify!($atomic), "::try_update`].")]
                ///
                /// # Errors
                /// With the value found, if `f` returned `None`.
                #[track_caller]
                pub fn try_update(
                    &self,
                    set_order: Ordering,
                    fetch_order: Ordering,
                    f: impl FnMut($value) -> Option<$value>,
                ) -> Result<$value, $value> {
                    self.fetch_update(set_order, fetch_order, f)
                }

                #[doc = concat!("See [`std::sync::atomic::", stringify!($atomic), "::update`].")]
                #[track_caller]
                pub fn update(
                    &self,
                    set_order: Ordering,
                    fetch_order: Ordering,
                    mut f: impl FnMut($value) -> $value,
                ) -> $value {
                    match self.fetch_update(set_order, fetch_order, |value| Some(f(value))) {
                        Ok(before) | Err(before) => before,
                    }
                }

                #[doc = concat!("See [`std::sync::atomic::", stringify!($atomic), "::get_mut`].")]
                #[track_caller]
                pub fn get_mut(&mut self) -> &mut $value {
                    self.settle();
                    self.std.get_mut()
                }

                #[doc = concat!("See [`std::sync::atomic::", stringify!($atomic), "::into_inner`].")]
                #[track_caller]
                pub fn into_inner(mut self) -> $value {
                    self.settle();
                    *self.std.get_mut()
                }

                /// Takes the value back from the execution that it was bound to.
                #[track_caller]
                fn settle(&mut self) {
                    match world::current() {
                        Some(ex) => {
                            let latest = ex.atomic_latest(self.cell());
                            if matches!($scalar, Scalar::Pointer) {
                                ex.pointer_gone(self.cell());
                            }
                            *self.std.get_mut() = $from(latest);
                            self.binding.unbind();
                        }
                        None => self.binding.never_modelled(ObjectKind::Atomic),
                    }
                }
            }

            impl $(<$t>)? fmt::Debug for $atomic $(<$t>)? {
                /// Shows the latest value; in a model this is no event.
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    let value: $value = match world::current() {
                        Some(ex) => $from(ex.atomic_latest(self.cell())),
                        None => self.std.load(Ordering::Relaxed),
                    };
                    fmt::Debug::fmt(&value, f)
                }
            }

            impl $(<$t>)? From<$value> for $atomic $(<$t>)? {
                #[track_caller]
                fn from(value: $value) -> Self {
                    Self::new(value)
                }
            }
        };
    }

    macro_rules! fetch {
        ($atomic:ident, $value:ty, $into:expr, $from:expr, $($name:ident $op:ident)*) => {
            impl $atomic {
                $(
                    #[doc = concat!(
                        "See [`std::sync::atomic::", stringify!($atomic), "::", stringify!($name), "`]."
                    )]
                    #[track_caller]
                    pub fn $name(&self, value: $value, order: Ordering) -> $value {
                        self.act(|| AtomicOp::$op($into(value)), order, UNUSED, |r| old(r, $from), |a| a.$name(value, order))
                    }
                )*
            }
        };
    }

    macro_rules! integers {
        ($($atomic:ident $value:ident $scalar:ident;)*) => {$(
            atomic!($atomic, $value, Scalar::$scalar, |n: $value| n as u64, |bits: u64| bits as $value);
            fetch!(
                $atomic, $value, |n: $value| n as u64, |bits: u64| bits as $value,
                fetch_add Add fetch_sub Sub fetch_and And fetch_nand Nand fetch_or Or fetch_xor Xor fetch_max Max
                fetch_min Min
            );

            impl Default for $atomic {
                #[track_caller]
                fn default() -> Self {
                    Self::new(0)
                }
            }
        )*};
    }

    integers! {
        AtomicU8 u8 U8;
        AtomicU16 u16 U16;
        AtomicU32 u32 U32;
        AtomicU64 u64 U64;
        AtomicUsize usize Usize;
        AtomicI8 i8 I8;
        AtomicI16 i16 I16;
        AtomicI32 i32 I32;
        AtomicI64 i64 I64;
        AtomicIsize isize Isize;
    }

    atomic!(AtomicBool, bool, Scalar::Bool, u64::from, |bits: u64| bits != 0);
    fetch!(
        AtomicBool, bool, u64::from, |bits: u64| bits != 0,
        fetch_and And fetch_nand Nand fetch_or Or fetch_xor Xor
    );

    impl AtomicBool {
        /// See [`std::sync::atomic::AtomicBool::fetch_not`].
        #[track_caller]
        pub fn fetch_not(&self, order: Ordering) -> bool {
            self.fetch_xor(true, order)
        }
    }

    impl Default for AtomicBool {
        #[track_caller]
        fn default() -> Self {
            Self::new(false)
        }
    }

    atomic!(
        AtomicPtr<T>,
        *mut T,
        Scalar::Pointer,
        |pointer: *mut T| pointer.expose_provenance() as u64,
        |bits: u64| std::ptr::with_exposed_provenance_mut::<T>(bits as usize)
    );

    impl<T> Drop for AtomicPtr<T> {
        fn drop(&mut self) {
            if let Some(ex) = world::current() {
                ex.pointer_gone(self.cell());
            }
        }
    }

    impl<T> Default for AtomicPtr<T> {
        #[track_caller]
        fn default() -> Self {
            Self::new(std::ptr::null_mut())
        }
    }

    impl<T> fmt::Pointer for AtomicPtr<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let pointer = match world::current() {
                Some(ex) => std::ptr::with_exposed_provenance_mut::<T>(ex.atomic_latest(self.cell()) as usize),
                None => self.std.load(Ordering::Relaxed),
            };
            fmt::Pointer::fmt(&pointer, f)
        }
    }

    /// The value before an operation that cannot fail.
    fn old<T>(result: Result<u64, u64>, from: impl FnOnce(u64) -> T) -> T {
        match result {
            Ok(bits) | Err(bits) => from(bits),
        }
    }
}
