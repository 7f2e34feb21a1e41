//! Time at the waist.
//!
//! Time is a number that goes up when a timer fires. In an ordinary model durations mean nothing: a timer that is armed
//! may fire at any point, whatever the others do, so the timeout and the event that it races with are both explored. It
//! is *early* if something else could have gone on instead. Early firings are limited in each execution, or a loop that
//! tries again would have no end; where the limit has kept a timer back, the exploration is bounded by it. When nothing
//! else can go on, any armed timer fires.
//!
//! In a *timed* model, time moves only when nothing else can go on, and then to the earliest deadline.

use std::time::Duration;

use super::{
    Execution,
    core::{Core, Settings, Status, Thread},
    event::{Kind, ObjectKind},
};

/// Which limits have kept something back.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kept {
    pub(crate) firings: bool,
    pub(crate) wakes: bool,
}

impl Kept {
    /// As well as what was kept back before.
    pub(crate) fn or(self, other: Kept) -> Kept {
        Kept { firings: self.firings || other.firings, wakes: self.wakes || other.wakes }
    }
}

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

    /// Whether a thread may wake although nobody wakes it.
    pub(crate) fn may_wake(&self) -> bool {
        self.spurious < self.settings.spurious
    }

    /// Whether a thread that waits, until then if ever, may go on by itself.
    pub(crate) fn may_go_on(&self, deadline: Option<u64>) -> bool {
        self.may_wake() || self.may_fire(deadline)
    }

    /// It does. True if that is because of the deadline.
    pub(crate) fn go_on(&mut self, thread: usize, deadline: Option<u64>) -> bool {
        let fires = self.may_fire(deadline);
        if fires {
            self.fire(thread, deadline);
        } else {
            self.spurious += 1;
        }
        fires
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

    /// Notes whether a limit has kept a thread from going on by itself, while something else goes on.
    pub(crate) fn note_kept_back(&mut self) {
        let Settings { firings, spurious, timed, .. } = self.settings;
        let fires = !timed && self.early >= firings;
        let wakes = spurious > 0 && self.spurious >= spurious;
        if !fires && !wakes {
            return;
        }
        let kept = |which: &dyn Fn(usize) -> bool| (0..self.threads.len()).any(|t| which(t) && !self.enabled(t));
        let waits = |t: usize| {
            let Thread { status, op, .. } = &self.threads[t];
            let condvar = || op.object.is_some_and(|object| self.objects[object].kind == ObjectKind::Condvar);
            *status == Status::Pending && (op.kind == Kind::Park || (op.kind == Kind::Wait && condvar()))
        };
        let (back, asleep) = (fires && kept(&|t| self.armed(t).is_some()), wakes && kept(&waits));
        self.kept_back |= back;
        self.kept_asleep |= asleep;
    }

    /// The limits that have kept something back in this execution.
    pub(crate) fn kept(&self) -> Kept {
        Kept { firings: self.kept_back, wakes: self.kept_asleep }
    }
}

impl Execution {
    /// The time on the model's clock after so long; `None` if that is beyond all time.
    pub(crate) fn later(&self, duration: Duration) -> Option<u64> {
        self.now().checked_add(u64::try_from(duration.as_nanos()).ok()?)
    }

    /// Nanoseconds since the model began.
    pub(crate) fn now(&self) -> u64 {
        self.core.borrow().now
    }
}
