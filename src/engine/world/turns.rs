//! Whose turn it is, and why a thread went on no further: what a report says of each context switch.
//!
//! In the shuttle world a thread has the *turn* once the scheduler has let it go on, until it lets another. A step that
//! commutes with all others needs no turn: it is taken *in passing*, and whoever had the turn keeps it. loom decides for
//! itself when to switch, so there whoever took the last step had the turn.
//!
//! Reasons are noted where an execution is to be told: when it is run again, and where all are gathered. Exploration only
//! needs to know whose turn it is.

use super::{
    core::{Core, Op, Status},
    object::State,
    once::{OnceState, Phase},
    pause::is_pause,
};
use crate::check::{Switch, Why};

/// Whose turn it is, and what the next event tells of it.
#[derive(Default)]
pub(crate) struct Turns {
    /// Who has the turn (shuttle world).
    pub(crate) holder: Option<usize>,
    /// Reasons are noted.
    pub(crate) tells: bool,
    /// It has been told why the holder went on no further.
    told: bool,
    /// What the next event tells.
    next: Option<Switch>,
    /// What events tell: by number, in order.
    switches: Vec<(usize, Switch)>,
}

impl Turns {
    /// Before an execution.
    pub(super) fn reset(&mut self) {
        self.switches.clear();
        *self = Turns { tells: self.tells, switches: std::mem::take(&mut self.switches), ..Turns::default() };
    }

    /// What the event of this number tells.
    pub(crate) fn switch(&self, event: usize) -> Option<Switch> {
        let at = self.switches.binary_search_by_key(&event, |(event, _)| *event).ok()?;
        Some(self.switches[at].1)
    }
}

impl Core {
    /// Who holds the lock, or runs the initialiser, that the operation is about.
    pub(super) fn holder(&self, op: &Op) -> Option<usize> {
        op.object.and_then(|object| match &self.objects[object].state {
            State::Lock(lock) => lock.writer.or(lock.readers.iter().min().copied()),
            State::Once(OnceState { phase: Phase::Running(initialiser), .. }) => Some(*initialiser),
            _ => None,
        })
    }

    /// Why the thread does not go on; `None` if it could.
    fn why_stopped(&self, thread: usize) -> Option<Why> {
        let t = &self.threads[thread];
        let operation = t.op.kind;
        match t.status {
            Status::Finished => Some(Why::Ended),
            Status::Pending if !self.enabled(thread) => Some(Why::Waits {
                operation,
                object: self.object_ref(&t.op),
                held_by: self.holder(&t.op).map(|holder| holder as u32),
            }),
            Status::Pending if is_pause(operation) => Some(Why::Pauses { operation }),
            Status::Pending if self.had_its_turn(thread) => Some(Why::GivesWay),
            _ => None,
        }
    }

    /// Which of the threads has the turn, unless it pauses: to let another one go on preempts it.
    #[cfg(raddle_shuttle)]
    pub(crate) fn goes_on(&self, threads: &[usize]) -> Option<usize> {
        let holder = self.turns.holder?;
        let at = threads.iter().position(|thread| *thread == holder)?;
        (!is_pause(self.threads[holder].op.kind)).then_some(at)
    }

    /// The scheduler lets a thread go on.
    #[cfg(raddle_shuttle)]
    pub(super) fn give_turn(&mut self, next: usize) {
        let before = self.turns.holder.replace(next);
        let Some(before) = before.filter(|before| self.turns.tells && *before != next) else { return };
        if !std::mem::take(&mut self.turns.told) {
            let why = self.why_stopped(before).unwrap_or(Why::Preempted);
            self.turns.next.get_or_insert(Switch { thread: before as u32, why });
        }
    }

    /// The thread is about to act: notes why whoever took the last step does not go on.
    #[inline]
    pub(super) fn note_switch(&mut self, me: usize) {
        if !self.turns.tells || self.turns.next.is_some() {
            return;
        }
        let holder = self.turns.holder;
        let Some(last) = self.events.last().map(|event| event.thread as usize).filter(|last| *last != me) else {
            return;
        };
        let why = match (self.why_stopped(last), holder) {
            (Some(why), _) => {
                self.turns.told |= holder == Some(last);
                why
            }
            (None, None) => Why::Preempted,
            // It keeps the turn: this step comes in passing.
            (None, Some(holder)) if holder == last => return,
            (None, Some(_)) => Why::Passing,
        };
        self.turns.next = Some(Switch { thread: last as u32, why });
    }

    /// The next event is one of thread `me`.
    #[inline]
    pub(super) fn tell_switch(&mut self, me: usize) {
        if !self.turns.tells {
            return;
        }
        let number = self.events.len();
        let turns = &mut self.turns;
        if turns.holder == Some(me) {
            turns.told = false;
        }
        let switch = turns.next.take().filter(|switch| switch.thread as usize != me);
        turns.switches.extend(switch.map(|switch| (number, switch)));
    }
}
