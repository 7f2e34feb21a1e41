//! A bug that few orders show.

use raddle::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
};

/// Steps that it takes main to spawn a thread, as it does on pthreads. Through the shims spawning is no step.
const SPAWN: usize = 5;

/// Threads set one thing, then another; the last one checks that it never sees one without the other (`reorder_N` of
/// SCTBench).
///
/// # Panics
/// If it does.
pub fn reorder(setters: usize) {
    let (a, b) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|s| {
        let own = AtomicUsize::new(0);
        for _ in 0..setters {
            s.spawn(|| {
                a.store(1, SeqCst);
                b.store(1, SeqCst);
            });
            (0..SPAWN).for_each(|n| own.store(n, SeqCst));
        }
        s.spawn(|| {
            let seen = (a.load(SeqCst), b.load(SeqCst));
            assert!(seen.0 == seen.1, "one without the other: {seen:?}");
        });
    });
}
