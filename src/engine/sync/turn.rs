//! Who initialises, in a run on real threads.

use std::{
    panic::Location,
    sync::atomic::{
        AtomicBool, AtomicU8,
        Ordering::{Acquire, Relaxed, Release, SeqCst},
    },
};

use crate::world::{
    binding::Binding,
    event::{Kind, ObjectKind},
    real,
};

/// Taken by the thread of a run that is to initialise. The others wait for it, where the run sees them, before they turn
/// to std's primitive, which holds the truth.
pub(super) struct Turn(AtomicBool);

/// A turn, until it is over. Nothing, if there is none to wait for.
pub(super) struct Taken<'a>(Option<&'a AtomicBool>);

impl Turn {
    pub(super) const fn new() -> Turn {
        Turn(AtomicBool::new(false))
    }

    /// Waits for its turn, or until it is `done`. What several runs or others use is std's alone: there is no turn.
    #[track_caller]
    pub(super) fn wait(
        &self,
        binding: &Binding,
        op: (ObjectKind, Kind),
        location: &'static Location<'static>,
        done: impl Fn() -> bool,
    ) -> real::Owned<Taken<'_>> {
        let attempt = || match done() {
            true => Some(Taken(None)),
            false => self.0.compare_exchange(false, true, SeqCst, Relaxed).is_ok().then(|| Taken(Some(&self.0))),
        };
        real::lock(binding, op, location, attempt, || Taken(None))
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Some(turn) = self.0 {
            turn.store(false, SeqCst);
        }
    }
}

/// How the last initialiser of a `Once` has ended, if it has not returned.
pub(super) struct Ended(AtomicU8);

const PANICKED: u8 = 1;
const CUT_OFF: u8 = 2;

impl Ended {
    pub(super) const fn new() -> Ended {
        Ended(AtomicU8::new(0))
    }

    pub(super) fn by_panic(&self) -> bool {
        self.0.load(Acquire) == PANICKED
    }

    /// Its run has ended early: that poisons nothing, although std's own is poisoned.
    pub(super) fn early(&self) -> bool {
        self.0.load(Acquire) == CUT_OFF
    }

    /// Runs an initialiser, and notes how it ends.
    pub(super) fn note(&self, f: impl FnOnce()) {
        self.0.store(0, Release);
        let unwinds = Unwinds(self);
        f();
        std::mem::forget(unwinds);
    }
}

struct Unwinds<'a>(&'a Ended);

impl Drop for Unwinds<'_> {
    fn drop(&mut self) {
        let how = if real::ends_early() { CUT_OFF } else { PANICKED };
        self.0.0.store(how, Release);
    }
}
