//! Time at the waist.
//!
//! Time is a number that goes up when a timer fires. In an ordinary model durations mean nothing: a timer that is armed
//! may fire at any point, whatever the others do, so the timeout and the event that it races with are both explored. It
//! is *early* if something else could have gone on instead. Early firings are limited in each execution, or a loop that
//! tries again would have no end; where the limit has kept a timer back, the exploration is bounded by it. When nothing
//! else can go on, any armed timer fires.
//!
//! In a *timed* model, time moves only when nothing else can go on, and then to the earliest deadline.

use super::{
    Execution,
    core::{Core, Status},
};

impl Core {
    /// Whether something that is due then may happen now.
    pub(crate) fn may_fire(&self, due: Option<u64>) -> bool {
        let Some(due) = due else { return false };
        due <= self.now || (!self.settings.timed && (self.forced || self.early < self.settings.firings))
    }

    /// It fires: time has come that far.
    pub(crate) fn fire(&mut self, thread: usize, due: Option<u64>) {
        let Some(due) = due else { return };
        if due > self.now {
            if !self.forced && self.any_enabled_but(thread) {
                self.early += 1;
            }
            self.now = due;
        }
    }

    /// The earliest time at which a waiting thread would go on by itself.
    pub(crate) fn armed(&self, thread: usize) -> Option<u64> {
        let t = &self.threads[thread];
        if t.status != Status::Pending {
            return None;
        }
        let timers = t.deal.iter().flat_map(|deal| {
            let dues = deal.arms.iter().filter_map(|arm| self.channel(arm.object).timer.and_then(|timer| timer.due));
            dues.chain(deal.deadline)
        });
        timers.chain(t.deadline).min()
    }

    /// Whether some thread would go on by itself.
    pub(crate) fn anything_armed(&self) -> bool {
        (0..self.threads.len()).any(|thread| self.armed(thread).is_some())
    }

    /// Nothing else can go on: timers may fire.
    pub(crate) fn let_time_pass(&mut self) {
        let due = (0..self.threads.len()).filter_map(|thread| self.armed(thread)).min();
        match self.settings.timed {
            true => self.now = self.now.max(due.unwrap_or(0)),
            false => self.forced = true,
        }
    }

    /// Notes whether a timer was kept from firing while something else went on.
    pub(crate) fn note_kept_back(&mut self) {
        if !self.settings.timed
            && self.early >= self.settings.firings
            && (0..self.threads.len()).any(|t| self.armed(t).is_some() && !self.enabled(t))
        {
            self.kept_back = true;
        }
    }
}

impl Execution {
    /// Nanoseconds since the model began.
    pub(crate) fn now(&self) -> u64 {
        self.core.borrow().now
    }
}
