//! Whether loom still runs the model.
//!
//! loom follows a path blindly. Led to a thread that has ended, as may be where the model does not repeat itself or its
//! code has changed since the token was made, it goes round for ever, and there is no way to stop it but the end of the
//! process: the OS thread is left to itself. So whoever waits for it looks whether a thread of the model ever runs again.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::Duration,
};

use super::Failure;

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(100);
/// Looks in a row at which loom has the word, and has not given it to a thread in between, before it is given up.
const LOOKS: u32 = 50;

/// What the OS thread of a model in the loom world tells of itself.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Goes up whenever loom is given the word, and whenever it gives it back: odd while it has it.
    turns: AtomicU64,
    pub(crate) executions: AtomicU64,
    pub(crate) steps: AtomicU64,
    /// The failure that is about to be confirmed.
    pub(crate) found: Mutex<Option<Failure>>,
}

/// loom has the word until this is dropped.
#[cfg(raddle_loom)]
pub(crate) struct Away<'a>(&'a Watch);

#[cfg(raddle_loom)]
impl Drop for Away<'_> {
    fn drop(&mut self) {
        self.0.back();
    }
}

#[cfg(raddle_loom)]
impl Watch {
    /// loom is given the word: it decides which thread runs.
    pub(crate) fn away(&self) -> Away<'_> {
        self.leave();
        Away(self)
    }

    /// As [`away`](Watch::away), for a thread that does not come back.
    pub(crate) fn leave(&self) {
        self.turns.store((self.turns.load(Relaxed) + 1) | 1, Relaxed);
    }

    /// A thread of the model runs.
    pub(crate) fn back(&self) {
        self.turns.store((self.turns.load(Relaxed) + 1) & !1, Relaxed);
    }
}

impl Watch {
    /// Waits until whoever holds the sender has ended, and says whether loom has lost its way before that. `meanwhile` is
    /// called at each look.
    pub(crate) fn stalls(&self, ended: &Receiver<()>, meanwhile: &mut dyn FnMut()) -> bool {
        let (mut last, mut looks) = (0, 0);
        while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
            meanwhile();
            let turns = self.turns.load(Relaxed);
            looks = if turns == last && turns % 2 == 1 { looks + 1 } else { 0 };
            last = turns;
            if looks >= LOOKS {
                return true;
            }
        }
        false
    }
}
