//! Time at the waist.
//!
//! Time is a number that goes up when a timer fires. In an ordinary model durations mean nothing: a timer that is armed
//! may fire at any point, whatever the others do, so the timeout and the event that it races with are both explored. It
//! is *early* if something else could have gone on instead. Early firings are limited in each execution, or a loop that
//! tries again would have no end; where the limit has kept a timer back, the exploration is bounded by it. When nothing
//! else can go on, any armed timer fires.
//!
//! A thread that asks a timer again and again, and waits busily, waits for it too: it fires when nothing else can go on.
//!
//! In a *timed* model, time moves only when nothing else can go on, and then to the earliest deadline.

use std::time::Duration;

use super::{
    Execution,
    core::{Core, Status, Thread},
    event::{Kind, ObjectKind},
    facts::Settings,
    is_pause,
    object::State,
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

    /// Whether nothing but the limit on early firings keeps a timer that is due then from firing now.
    pub(crate) fn keeps_back(&self, due: Option<u64>) -> bool {
        due.is_some() && !self.settings.timed && !self.may_fire(due)
    }

    /// Whether a timer that is due then has fired, as far as the thread can tell. What others have waited for is not yet
    /// over for a thread that has not looked at the time since.
    pub(crate) fn must_have_fired(&self, thread: usize, due: Option<u64>) -> bool {
        let now = if self.settings.timed { self.now } else { self.threads[thread].time };
        due.is_some_and(|due| due <= now)
    }

    /// It fires: time has come that far.
    pub(crate) fn fire(&mut self, thread: usize, due: Option<u64>) {
        let Some(due) = due else { return };
        if due > self.now {
            if !self.forced && (self.any_enabled_but(thread) || self.has_other_arms(thread)) {
                self.early += 1;
            }
            self.now = due;
        }
        self.threads[thread].time = self.threads[thread].time.max(due);
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
            self.by_itself = true;
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
        let polled = if is_pause(t.op.kind) && t.deadline.is_none() { self.polled(thread) } else { None };
        timers.chain(t.deadline).chain(t.patience).chain(polled).min()
    }

    /// When the next of the timers is due that the thread has asked in vain, and that have not fired for it.
    pub(crate) fn polled(&self, thread: usize) -> Option<u64> {
        let t = &self.threads[thread];
        let dues = t.progress.objects().filter_map(|object| match &self.objects[object].state {
            State::Channel(channel) => channel.timer.and_then(|timer| timer.due),
            _ => None,
        });
        dues.filter(|due| *due > t.time).min()
    }

    /// Whether a timer that the thread has asked in vain comes due: when nothing else can go on, or because time has
    /// come that far.
    pub(crate) fn comes_due(&self, thread: usize) -> bool {
        self.polled(thread).is_some_and(|due| self.forced || due <= self.now)
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
    #[inline]
    pub(crate) fn note_kept_back(&mut self) {
        let Settings { firings, spurious, timed, .. } = self.settings;
        let fires = !timed && self.early >= firings;
        let wakes = spurious > 0 && self.spurious >= spurious;
        if fires || wakes {
            self.note_who_is_kept_back(fires, wakes);
        }
    }

    fn note_who_is_kept_back(&mut self, fires: bool, wakes: bool) {
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

    /// Forgets that limits have kept something back.
    #[cfg(raddle_shuttle)]
    pub(crate) fn forget_kept(&mut self) {
        (self.kept_back, self.kept_asleep) = (false, false);
    }
}

impl Execution {
    /// The time on the model's clock after so long; `None` if that is beyond all time.
    pub(crate) fn later(&self, duration: Duration) -> Option<u64> {
        self.core.borrow().now.checked_add(u64::try_from(duration.as_nanos()).ok()?)
    }

    /// Nanoseconds since the model began, for a thread that asks.
    pub(crate) fn now(&self) -> u64 {
        let core = &mut *self.core.borrow_mut();
        core.threads[self.me()].time = core.now;
        if core.settings.reduces && !core.asks_time {
            // What the time is depends on timers: the steps so far were told apart without that.
            core.asks_time = true;
            core.learned = true;
        }
        core.now
    }
}
