//! Busy-waiting.
//!
//! A thread that goes round a loop and changes nothing learns nothing new until somebody else changes an object that
//! it has read. Exploring further rounds before that would never end and show nothing, so the thread waits:
//!
//! - A *round* ends at `spin_loop`, `yield_now` or `sleep`; without these, where the thread has done the same sequence
//!   of reads (same places, same objects, same results) twice in a row.
//! - A round that changed nothing, and after which all that the thread has read is as it was, is *vain*.
//! - A loop that gives up after a few rounds must not wait: its giving up is behaviour to be explored. So vain rounds
//!   are rounds like any others, until [`PATIENCE`] of them in a row have ended at one place. Then the loop is taken to
//!   be endless, and it is known how many rounds its *period* has: one as a rule, more if it polls several things in
//!   turn. That is a fact ([`Facts::loops`](super::facts::Facts)), and the model starts over with it.
//! - In an endless loop, after a period of vain rounds, the thread waits until an object that it has read in them
//!   changes.
//! - An armed timer that it has read is a change to come (see [`timer`](super::timer)). And a select of such a thread,
//!   once nobody else can go on, takes each of its arms in its turn: chance would come to them all.
//! - A round that has read what is no longer the latest (loom world) is not vain: the next one reads anew. If a
//!   read-modify-write then still returns what is old, the execution is left: to go on so shows nothing.
//! - If only such threads are left, they are let through, one at a time, until somebody changes something or
//!   [`VAIN_LIMIT`] rounds have been in vain. Then nobody will ever end the loop: Livelock. It takes [`VAIN_STEPS`] if
//!   one of the loops pauses nowhere, for it may be one that reads a lot and ends by itself.
//!
//! That a loop waits which changes something in each of its rounds, nobody can tell. So the explorers are *fair*: no
//! thread pauses (by `spin_loop`, `yield_now` or `sleep`) after more than [`PATIENCE`] rounds in a row that were not in
//! vain while another thread could go on, nor goes on then to read what is no longer the latest.
//!
//! What this leaves out: a loop that gives up after more than [`PATIENCE`] rounds is seen to give up only where nobody
//! else can take a step; one function that is called here to wait for ever and there for a few rounds is one loop.

use std::panic::Location;

use smallvec::SmallVec;

use super::core::{Core, Op, mix, place};

/// Rounds in vain, with nobody else able to run, before a busy loop is called a Livelock.
pub(crate) const VAIN_LIMIT: u32 = 1_000;

/// Times that timers fire, with nobody else able to run and nothing changing, before that is called a Livelock.
const VAIN_FIRINGS: u32 = 10_000;

/// Steps in vain, with nobody else able to run, before that is called a Livelock, if one of the loops never says that it
/// waits: it may only read a lot.
const VAIN_STEPS: u64 = 10_000;

/// A loop that goes more rounds than this in vain is taken to be endless.
pub(crate) const PATIENCE: usize = 32;

/// The longest period, in reads, that is recognised in a loop without `spin_loop`, `yield_now` or `sleep`.
const LONGEST_PERIOD: usize = 32;

/// What a thread has read, and which aspect of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// An object's value.
    Value(usize),
    /// Whether a lock is free.
    Lock(usize),
    /// Whether a thread has finished.
    Thread(usize),
}

#[derive(Default, Debug)]
pub(crate) struct Progress {
    /// What was read since the last round that was not in vain, with its version then.
    reads: SmallVec<[(Seen, u32); 4]>,
    /// The thread changed something in this round.
    changed: bool,
    /// A read returned a value that is no longer the latest (loom world): another round may see more.
    stale: bool,
    /// In this round, a read-modify-write returned such a value: the object, and its version (loom world).
    behind: Option<(usize, u32)>,
    /// The same of the round before.
    was_behind: Option<(usize, u32)>,
    /// Hashes of the reads since the last round or change, latest last.
    history: Vec<u64>,
    /// What this round has read, as one hash.
    round: u64,
    /// The vain rounds in a row, where none of them ended at a place that is known: place, and what was read.
    trail: Vec<(u32, u64)>,
    /// How many vain rounds there were in a row.
    vain: u32,
    /// Let through although nothing changed.
    pub(crate) pass: bool,
    /// A round without `spin_loop`, `yield_now` or `sleep` has ended here; it counts at the next operation.
    pub(crate) ended: Option<&'static Location<'static>>,
}

/// What to do at the end of a round.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// Go on.
    Go,
    /// Go on, and do not read the same old values again.
    Reread,
    /// Wait for a change.
    Wait,
    /// A fact was learned: start over.
    Learned,
}

impl Core {
    fn version(&self, seen: Seen) -> u32 {
        match seen {
            Seen::Value(object) => self.objects[object].version,
            Seen::Lock(object) => self.objects[object].lock_version,
            Seen::Thread(thread) => self.threads[thread].version,
        }
    }

    /// The thread has taken a step. A pause after a round in vain is not counted: such rounds are dealt with.
    pub(crate) fn has_stepped(&mut self, me: usize, pause: bool) {
        let (last, pauses) = self.pauses;
        let before = if last == me { pauses } else { 0 };
        self.pauses = (me, before + usize::from(pause && self.threads[me].progress.vain == 0));
    }

    /// Whether it is the others' turn, if any of them can go on.
    pub(crate) fn had_its_turn(&self, thread: usize) -> bool {
        self.pauses.0 == thread && self.pauses.1 >= PATIENCE
    }

    /// The thread has read, and changed nothing. `result` stands for what it saw; `stale` if a newer value exists.
    pub(crate) fn has_read(&mut self, me: usize, op: &Op, seen: Seen, result: u64, stale: bool) {
        let version = self.version(seen);
        let progress = &mut self.threads[me].progress;
        progress.stale |= stale;
        if !progress.reads.iter().any(|(read, _)| *read == seen) {
            progress.reads.push((seen, version));
        }
        // An address leaves the upper bits free.
        let place = op.location as *const _ as u64 ^ (op.kind as u64) << 56;
        let object = match seen {
            Seen::Value(n) => 3 * n as u64,
            Seen::Lock(n) => 3 * n as u64 + 1,
            Seen::Thread(n) => 3 * n as u64 + 2,
        };
        let read = mix(mix(place, object), result);
        progress.round = mix(progress.round, read);
        if progress.repeats(read) {
            progress.ended = Some(op.location);
        }
    }

    /// A read-modify-write of the thread has returned a value that is no longer the latest. True if it did so in the
    /// round before, and nobody has changed the object since: loom's rule that a load does not return after a pause
    /// what it returned before, if there is something newer, knows no read-modify-writes.
    pub(crate) fn is_behind(&mut self, me: usize, object: usize) -> bool {
        let behind = Some((object, self.objects[object].version));
        let progress = &mut self.threads[me].progress;
        progress.behind = behind;
        progress.was_behind == behind
    }

    /// The thread has changed something that others can see.
    pub(crate) fn has_changed(&mut self, me: usize) {
        self.vain_rounds = 0;
        self.begin_round(me, false);
        self.threads[me].progress.changed = true;
    }

    /// The end of a round at `location`.
    pub(crate) fn round(&mut self, me: usize, location: &'static Location<'static>) -> Round {
        let progress = &mut self.threads[me].progress;
        progress.was_behind = progress.behind.take();
        if progress.stale {
            self.begin_round(me, false);
            return Round::Reread;
        }
        let progress = &self.threads[me].progress;
        let vain = !progress.changed
            && !progress.reads.is_empty()
            && progress.reads.iter().all(|&(seen, version)| self.version(seen) == version);
        if !vain {
            self.begin_round(me, false);
            return Round::Go;
        }
        let place = place(location);
        let period = self.facts.loops.get(&place).copied();
        let progress = &mut self.threads[me].progress;
        progress.vain += 1;
        match period {
            Some(period) if progress.vain >= u32::from(period) => return Round::Wait,
            Some(_) => {}
            None => {
                let round = progress.round;
                progress.trail.push((place, round));
                if progress.trail.iter().filter(|(other, _)| *other == place).count() > PATIENCE {
                    let period = period_of(&progress.trail);
                    let tail = progress.trail.split_off(progress.trail.len() - period);
                    self.facts.loops.extend(tail.iter().map(|(place, _)| (*place, period as u16)));
                    return Round::Learned;
                }
            }
        }
        self.begin_round(me, true);
        Round::Go
    }

    /// Whether one of the threads, which are all in vain, is in a loop that pauses nowhere, and not for too long yet.
    pub(crate) fn may_be_reading(&self, busy: &[usize]) -> bool {
        self.in_vain_for_less_than(VAIN_STEPS) && busy.iter().any(|&t| self.threads[t].progress.ended.is_some())
    }

    /// Whether timers may still bring a change.
    pub(crate) fn may_be_timed(&self) -> bool {
        self.vain_rounds <= VAIN_FIRINGS && self.in_vain_for_less_than(u64::MAX)
    }

    /// Whether that many steps have yet to be taken in vain. The verdict comes before the step limit.
    fn in_vain_for_less_than(&self, steps: u64) -> bool {
        let taken = (self.events.len() - self.vain_since) as u64;
        taken < steps.min(self.settings.max_steps / 2)
    }

    /// Starts a new round; after one `in_vain`, what was read before still counts.
    pub(crate) fn begin_round(&mut self, me: usize, in_vain: bool) {
        let progress = &mut self.threads[me].progress;
        progress.history.clear();
        progress.round = 0;
        progress.changed = false;
        progress.stale = false;
        progress.pass = false;
        progress.ended = None;
        if !in_vain {
            progress.reads.clear();
            progress.trail.clear();
            progress.vain = 0;
        }
    }

    /// Whether something that the thread has read in vain has changed.
    pub(crate) fn sees_change(&self, me: usize) -> bool {
        let progress = &self.threads[me].progress;
        let changed = || progress.reads.iter().any(|&(seen, version)| self.version(seen) != version);
        progress.pass || changed() || self.comes_due(me)
    }
}

impl Progress {
    /// Whether the thread has gone round in vain.
    pub(crate) fn in_vain(&self) -> bool {
        self.vain > 0
    }

    /// The objects whose values have been read since the last round that was not in vain.
    pub(crate) fn objects(&self) -> impl Iterator<Item = usize> {
        self.reads.iter().filter_map(|(seen, _)| match seen {
            Seen::Value(object) => Some(*object),
            _ => None,
        })
    }

    /// As new, but with its allocations.
    pub(crate) fn emptied(mut self) -> Progress {
        self.reads.clear();
        self.history.clear();
        self.trail.clear();
        Progress { reads: self.reads, history: self.history, trail: self.trail, ..Progress::default() }
    }

    /// Notes a read; true if the thread has now done the same sequence of reads twice in a row.
    fn repeats(&mut self, read: u64) -> bool {
        let history = &mut self.history;
        let from = history.len().saturating_sub(LONGEST_PERIOD);
        let last = history[from..].iter().rposition(|&earlier| earlier == read).map(|at| at + from);
        history.push(read);
        let Some(last) = last else { return false };
        let period = history.len() - 1 - last;
        let end = history.len();
        if end < 2 * period || history[end - 2 * period..end - period] != history[end - period..] {
            return false;
        }
        history.clear();
        true
    }
}

/// The period with which the trail ends, in rounds. Without one, it is as long as it can be.
fn period_of(trail: &[(u32, u64)]) -> usize {
    let tail = &trail[trail.len().saturating_sub(PATIENCE)..];
    let repeats = |period: &usize| (*period..tail.len()).all(|at| tail[at] == tail[at - period]);
    (1..=PATIENCE / 2).find(repeats).unwrap_or(PATIENCE / 2)
}
