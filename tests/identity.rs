//! Without features the shims are std's own types: nothing is paid for.
#![cfg(not(any(feature = "model", loom, shuttle)))]

use std::any::TypeId;

macro_rules! same {
    ($($ours:ty = $std:ty;)*) => {$(
        assert_eq!(TypeId::of::<$ours>(), TypeId::of::<$std>(), stringify!($ours));
    )*};
}

#[test]
fn every_type_of_sync_is_stds() {
    use raddle::sync;
    same! {
        sync::Arc<u8> = std::sync::Arc<u8>;
        sync::Weak<u8> = std::sync::Weak<u8>;
        sync::Mutex<u8> = std::sync::Mutex<u8>;
        sync::MutexGuard<'static, u8> = std::sync::MutexGuard<'static, u8>;
        sync::RwLock<u8> = std::sync::RwLock<u8>;
        sync::RwLockReadGuard<'static, u8> = std::sync::RwLockReadGuard<'static, u8>;
        sync::RwLockWriteGuard<'static, u8> = std::sync::RwLockWriteGuard<'static, u8>;
        sync::Condvar = std::sync::Condvar;
        sync::Barrier = std::sync::Barrier;
        sync::BarrierWaitResult = std::sync::BarrierWaitResult;
        sync::Once = std::sync::Once;
        sync::OnceState = std::sync::OnceState;
        sync::OnceLock<u8> = std::sync::OnceLock<u8>;
        sync::LazyLock<u8> = std::sync::LazyLock<u8>;
        sync::LockResult<u8> = std::sync::LockResult<u8>;
        sync::TryLockResult<u8> = std::sync::TryLockResult<u8>;
        sync::PoisonError<u8> = std::sync::PoisonError<u8>;
        sync::TryLockError<u8> = std::sync::TryLockError<u8>;
        sync::atomic::Ordering = std::sync::atomic::Ordering;
        sync::atomic::AtomicBool = std::sync::atomic::AtomicBool;
        sync::atomic::AtomicI8 = std::sync::atomic::AtomicI8;
        sync::atomic::AtomicI16 = std::sync::atomic::AtomicI16;
        sync::atomic::AtomicI32 = std::sync::atomic::AtomicI32;
        sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64;
        sync::atomic::AtomicIsize = std::sync::atomic::AtomicIsize;
        sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8;
        sync::atomic::AtomicU16 = std::sync::atomic::AtomicU16;
        sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32;
        sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64;
        sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize;
        sync::atomic::AtomicPtr<u8> = std::sync::atomic::AtomicPtr<u8>;
    }
}

#[test]
fn every_type_of_thread_is_stds() {
    use raddle::thread;
    same! {
        thread::JoinHandle<u8> = std::thread::JoinHandle<u8>;
        thread::ScopedJoinHandle<'static, u8> = std::thread::ScopedJoinHandle<'static, u8>;
        thread::Scope<'static, 'static> = std::thread::Scope<'static, 'static>;
        thread::Builder = std::thread::Builder;
        thread::Thread = std::thread::Thread;
        thread::ThreadId = std::thread::ThreadId;
        thread::LocalKey<u8> = std::thread::LocalKey<u8>;
        thread::AccessError = std::thread::AccessError;
        thread::Result<u8> = std::thread::Result<u8>;
    }
    raddle::thread_local! {
        static LOCAL: u8 = const { 7 };
    }
    let key: &std::thread::LocalKey<u8> = &LOCAL;
    assert_eq!(key.with(|n| *n), 7);
}

#[test]
fn every_type_of_mpsc_and_time_is_stds() {
    use raddle::{sync::mpsc, time};
    same! {
        mpsc::Sender<u8> = std::sync::mpsc::Sender<u8>;
        mpsc::SyncSender<u8> = std::sync::mpsc::SyncSender<u8>;
        mpsc::Receiver<u8> = std::sync::mpsc::Receiver<u8>;
        mpsc::Iter<'static, u8> = std::sync::mpsc::Iter<'static, u8>;
        mpsc::TryIter<'static, u8> = std::sync::mpsc::TryIter<'static, u8>;
        mpsc::IntoIter<u8> = std::sync::mpsc::IntoIter<u8>;
        mpsc::SendError<u8> = std::sync::mpsc::SendError<u8>;
        mpsc::RecvError = std::sync::mpsc::RecvError;
        mpsc::TryRecvError = std::sync::mpsc::TryRecvError;
        mpsc::RecvTimeoutError = std::sync::mpsc::RecvTimeoutError;
        mpsc::TrySendError<u8> = std::sync::mpsc::TrySendError<u8>;
        time::Instant = std::time::Instant;
        time::Duration = std::time::Duration;
    }
}

#[test]
fn every_type_of_channel_is_crossbeams() {
    use raddle::channel;
    same! {
        channel::Sender<u8> = crossbeam_channel::Sender<u8>;
        channel::Receiver<u8> = crossbeam_channel::Receiver<u8>;
        channel::Iter<'static, u8> = crossbeam_channel::Iter<'static, u8>;
        channel::TryIter<'static, u8> = crossbeam_channel::TryIter<'static, u8>;
        channel::IntoIter<u8> = crossbeam_channel::IntoIter<u8>;
        channel::Select<'static> = crossbeam_channel::Select<'static>;
        channel::SelectedOperation<'static> = crossbeam_channel::SelectedOperation<'static>;
        channel::SendError<u8> = crossbeam_channel::SendError<u8>;
        channel::TrySendError<u8> = crossbeam_channel::TrySendError<u8>;
        channel::SendTimeoutError<u8> = crossbeam_channel::SendTimeoutError<u8>;
        channel::RecvError = crossbeam_channel::RecvError;
        channel::TryRecvError = crossbeam_channel::TryRecvError;
        channel::RecvTimeoutError = crossbeam_channel::RecvTimeoutError;
        channel::TrySelectError = crossbeam_channel::TrySelectError;
        channel::SelectTimeoutError = crossbeam_channel::SelectTimeoutError;
        channel::TryReadyError = crossbeam_channel::TryReadyError;
        channel::ReadyTimeoutError = crossbeam_channel::ReadyTimeoutError;
    }
}

#[test]
fn an_unsafe_cell_is_a_transparent_wrapper() {
    use raddle::cell::UnsafeCell;
    assert_eq!(size_of::<UnsafeCell<[u8; 3]>>(), 3);
    assert_eq!(align_of::<UnsafeCell<u64>>(), align_of::<u64>());
    let cell = UnsafeCell::new(1);
    // SAFETY: the cell is this thread's alone.
    cell.with_mut(|place| unsafe { *place += 1 });
    // SAFETY: as above.
    assert_eq!(cell.with(|place| unsafe { *place }), 2);
}

#[test]
fn a_choice_is_below_its_bound() {
    assert!((0..100).all(|_| raddle::choice(3) < 3));
    assert_eq!(raddle::choice(1), 0);
}
