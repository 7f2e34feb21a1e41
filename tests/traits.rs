//! Each type of `sync` is `Send`, `Sync` and safe to unwind through exactly where std's is.

use std::{
    cell::Cell,
    marker::PhantomData,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
};

/// Whether a type implements a trait.
macro_rules! is {
    ($type:ty: $trait:path) => {{
        #[allow(dead_code, reason = "see below")]
        trait Not {
            const IS: bool = false;
        }
        impl<T: ?Sized> Not for T {}
        #[allow(dead_code, reason = "only the type matters")]
        struct Type<T: ?Sized>(PhantomData<T>);
        // Where the type implements the trait, this hides the other.
        #[allow(dead_code, reason = "where it does not, nobody uses it")]
        impl<T: ?Sized + $trait> Type<T> {
            const IS: bool = true;
        }
        <Type<$type>>::IS
    }};
}

macro_rules! traits {
    ($type:ty) => {
        [
            is!($type: Send),
            is!($type: Sync),
            is!($type: Unpin),
            is!($type: UnwindSafe),
            is!($type: RefUnwindSafe),
        ]
    };
}

macro_rules! same {
    ($($type:ident $(<$($parameter:tt),*>)?)*) => {$(
        assert_eq!(
            traits!(raddle::sync::$type $(<$($parameter),*>)?),
            traits!(std::sync::$type $(<$($parameter),*>)?),
            "{}",
            stringify!($type $(<$($parameter),*>)?)
        );
    )*};
}

/// What differs from type to type: shared or not, sent or not, unwound through or not.
macro_rules! of {
    ($($value:ty),*) => {$({
        type V = $value;
        same! {
            Mutex<V> MutexGuard<'static, V> RwLock<V> RwLockReadGuard<'static, V> RwLockWriteGuard<'static, V>
            OnceLock<V> LazyLock<V> LazyLock<V, V> LazyLock<u8, V> PoisonError<V> TryLockError<V>
        }
    })*};
}

#[test]
fn each_type_of_sync_has_the_auto_traits_of_stds() {
    assert_eq!(traits!(Cell<u8>), [true, false, true, true, false], "what is asked is answered");
    same! { Barrier BarrierWaitResult Condvar Once OnceState }
    of!(u8, Cell<u8>, Rc<u8>, &'static mut u8, *const u8, std::sync::MutexGuard<'static, u8>, &'static Cell<u8>);
    of!(Box<dyn FnOnce()>, Box<dyn FnOnce() + Send>, std::marker::PhantomPinned, std::sync::mpsc::Sender<u8>);
}
