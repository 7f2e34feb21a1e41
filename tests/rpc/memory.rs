//! The largest allocations: of a thread meanwhile, and of all.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

thread_local! {
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

/// The largest piece of memory that any thread has ever asked for.
pub static LARGEST_OF_ALL: AtomicUsize = AtomicUsize::new(0);

struct Watched;

fn note(size: usize) {
    LARGEST_OF_ALL.fetch_max(size, Relaxed);
    let _ = LARGEST.try_with(|largest| largest.set(largest.get().max(size)));
}

// SAFETY: all is done by `System`; an atomic and a thread-local cell without a destructor are all that is touched
// beside it.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: as promised by the caller.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size);
        // SAFETY: as promised by the caller.
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(old, layout) }
    }
}

#[global_allocator]
static WATCHED: Watched = Watched;

/// What `work` returns, and the largest piece of memory that this thread asked for meanwhile.
pub fn largest<T>(work: impl FnOnce() -> T) -> (T, usize) {
    LARGEST.set(0);
    let value = work();
    (value, LARGEST.get())
}
