//! A sign of life: how many steps the models of this process have taken.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Steps of some models in this process. Each counter has cache lines of its own: processors that write next to each other
/// would wait for each other at every step.
#[repr(align(128))]
pub(super) struct Beat(AtomicU64);

/// An execution beats one of these.
static BEATS: [Beat; 16] = [const { Beat(AtomicU64::new(0)) }; 16];

impl Beat {
    pub(super) fn next() -> &'static Beat {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        &BEATS[NEXT.fetch_add(1, Relaxed) % BEATS.len()]
    }

    /// A step has been taken. Not a read-modify-write: models on other threads may hide a beat, but not all of them.
    #[inline]
    pub(super) fn beat(&self) {
        self.0.store(self.0.load(Relaxed) + 1, Relaxed);
    }
}

/// Steps of all models in this process: a watchdog sees whether they come to a halt.
pub(crate) fn beats() -> u64 {
    BEATS.iter().map(|Beat(steps)| steps.load(Relaxed)).fold(0, u64::wrapping_add)
}
