//! Channels at the waist: a message changes hands in one step.
//!
//! Every channel operation, be it a send, a receive or a select over many, is a [`Deal`]: some *arms* (a channel and a
//! direction each), of which one is taken, and what happens if none can be. The messages themselves stay in the facade;
//! here they are *tickets*.
//!
//! **Meeting.** At a channel without room (a rendezvous) two threads go on together. A thread that has announced such
//! an operation might be waiting already, or might be about to: nobody can tell, so the receiver alone brings about the
//! meeting, as one event, with any sender that is there. Where somebody *can* tell (by `try_send`, a deadline, a default
//! arm, a bias, `ready`, or by another arm that can be taken), beginning to wait becomes an event of its own
//! ([`Arrive`](super::event::Kind::Arrive)), and whoever comes second brings the meeting about. That is a fact,
//! [`Facts::meets`](super::facts::Facts). Without it, a search that reduces has senders met in the order of their coming.
//!
//! **Hanging up.** That a sender or receiver is dropped is an event only if the model ever sees a channel hung up
//! ([`Facts::hangs_up`](super::facts::Facts)): dropping it as early as possible shows that, if anything does. In the
//! loom world, where a thread may come late to what is no event, it also is one if somebody might have seen it, had it
//! come earlier; and there only the last sender, or receiver, is of interest.

mod acts;
mod taking;
#[cfg(raddle_shuttle)]
mod touches;

use std::collections::VecDeque;

use smallvec::SmallVec;

use super::{
    clock::Clock,
    core::{Core, Status, mix},
    object::State,
};
pub(crate) use crate::channel::terms::{How, Outcome, Rules, Side};
use crate::time::Instant;

/// One operation that a thread would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arm {
    pub(crate) object: usize,
    pub(crate) side: Side,
    /// Its number in the program's list.
    pub(crate) index: usize,
}

/// A thread's operation at one or more channels.
#[derive(Clone, Debug)]
pub(crate) struct Deal {
    pub(crate) arms: SmallVec<[Arm; 2]>,
    /// What a message that it sends is known by.
    pub(crate) ticket: u64,
    /// That message is in the channel's store; else it follows, once the arm is taken.
    pub(crate) given: bool,
    /// The first arm that can be taken is.
    pub(crate) biased: bool,
    /// It only looks which arm could be taken.
    pub(crate) looks: bool,
    /// It waits until an arm can be taken, or until the deadline.
    pub(crate) waits: bool,
    pub(crate) deadline: Option<u64>,
    /// Others can tell that it waits, or nobody ever can.
    pub(crate) arrived: bool,
    /// Another thread has taken an arm for it.
    pub(crate) made: Option<Made>,
    /// How many had come to send at this rendezvous before, where those are met in the order in which they come.
    pub(crate) came: Option<u32>,
}

/// What another thread has done for a thread that waited.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    arm: usize,
    how: How,
    clock: Clock,
}

/// A way in which an arm could be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// There is room.
    Put,
    /// There is a message; a thread that waits with another one then moves up.
    Take(Option<(usize, usize)>),
    /// With this thread, and its arm.
    Meet(usize, usize),
    /// The other side has hung up.
    HungUp,
    /// The timer fires; `true` if it must have fired by now.
    Fire(bool),
    /// No arm is taken: the default, or the deadline.
    Nothing,
}

/// When time sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timer {
    /// The next time; `None` if there is no more.
    pub(crate) due: Option<u64>,
    pub(crate) period: Option<u64>,
}

#[derive(Debug)]
pub(crate) struct ChannelState {
    /// `None` if it is unbounded.
    pub(crate) capacity: Option<usize>,
    pub(crate) rules: Rules,
    /// Tickets of the messages, oldest first.
    queue: VecDeque<u64>,
    /// How many messages have been taken out of it, or received from those who waited at a rendezvous.
    taken: u32,
    /// How many have come to send, if it is a rendezvous.
    came: u32,
    /// A message that goes is dropped, and others can tell by whom.
    drops: bool,
    /// Places that no message has been in yet.
    fresh: usize,
    /// What those published who made room: the k-th receive comes before the (k + capacity)-th send.
    room: VecDeque<Clock>,
    /// How many senders and receivers there are.
    handles: [usize; 2],
    /// What those published who hung up.
    gone: [Clock; 2],
    /// By side: the threads to which it would have made a difference had that side hung up before, and how far they had
    /// come. Known only to a search that reduces.
    lookers: [SmallVec<[(usize, u32); 2]>; 2],
    /// There were messages that nobody will receive, and they have gone.
    discarded: bool,
    /// Time sends on it.
    pub(crate) timer: Option<Timer>,
}

impl ChannelState {
    pub(crate) fn new(capacity: Option<usize>, rules: Rules, timer: Option<Timer>, drops: bool) -> ChannelState {
        ChannelState {
            capacity,
            rules,
            queue: VecDeque::new(),
            taken: 0,
            came: 0,
            drops,
            fresh: capacity.unwrap_or(0),
            room: VecDeque::new(),
            handles: [1, 1],
            gone: Default::default(),
            lookers: Default::default(),
            discarded: false,
            timer,
        }
    }

    /// A side with no handle left has hung up, but time never does.
    fn hung_up(&self, side: Side) -> bool {
        self.handles[side as usize] == 0 && self.timer.is_none()
    }

    fn full(&self) -> bool {
        self.capacity.is_some_and(|capacity| self.queue.len() >= capacity)
    }

    /// Whether what is queued goes, because nobody will receive it. crossbeam keeps it in a bounded channel as long as
    /// there is a sender.
    fn abandoned(&self) -> bool {
        self.handles == [0, 0] || (self.discards() && self.handles[Side::Receive as usize] == 0)
    }

    /// Whether the last receiver takes what is queued with it.
    fn discards(&self) -> bool {
        self.capacity.is_none() || self.rules == Rules::Discard
    }

    /// Whether threads may meet here, rather than leave messages for each other.
    fn meeting_place(&self) -> bool {
        self.capacity == Some(0) || self.rules == Rules::HandOver
    }
}

impl Core {
    pub(crate) fn channel(&self, object: usize) -> &ChannelState {
        match &self.objects[object].state {
            State::Channel(channel) => channel,
            _ => unreachable!("the facade makes a channel a channel"),
        }
    }

    pub(crate) fn channel_mut(&mut self, object: usize) -> &mut ChannelState {
        match &mut self.objects[object].state {
            State::Channel(channel) => channel,
            _ => unreachable!("the facade makes a channel a channel"),
        }
    }

    fn deal(&self, thread: usize) -> &Deal {
        self.threads[thread].deal.as_ref().expect("a thread in a deal has one")
    }

    /// Whether another thread has taken an arm for this one.
    #[cfg(raddle_loom)]
    pub(crate) fn dealt(&self, thread: usize) -> bool {
        self.threads[thread].deal.as_ref().is_some_and(|deal| deal.made.is_some())
    }

    /// The channels that the thread's operation depends on. Where it cannot go on as yet, those are the ones where others
    /// may meet it from now on, and those of which it `missed` something: it could have gone on then.
    #[cfg(raddle_loom)]
    pub(crate) fn touches(&self, me: usize, goes_on: bool, missed: impl Fn(usize) -> bool) -> SmallVec<[usize; 4]> {
        let arms = || self.deal(me).arms.iter();
        let met = |arm: &&Arm| arm.side == Side::Send && self.channel(arm.object).capacity == Some(0);
        if !goes_on {
            let meets = !self.facts.meets;
            return arms().filter(|arm| (meets && met(arm)) || missed(arm.object)).map(|arm| arm.object).collect();
        }
        let mut objects: SmallVec<[usize; 4]> = arms().map(|arm| arm.object).collect();
        // Whoever is met is gone from its other channels. And where nobody meets, to have those who pass something to a
        // thread that waits at several channels depend on each other spares loom, which repeats what it need not where
        // steps are independent (a select over two senders: 20 executions instead of 129).
        for (thread, other) in self.threads.iter().enumerate() {
            if let Some(deal) = &other.deal
                && thread != me
                && other.there
                && deal.made.is_none()
                && deal.arms.iter().any(|theirs| arms().any(|arm| arm.object == theirs.object))
            {
                objects.extend(deal.arms.iter().map(|theirs| theirs.object));
            }
        }
        objects
    }

    /// What the thread sees of others that have not hung up: its operation would be another one if they had.
    #[cfg(raddle_loom)]
    fn looks(&self, me: usize) -> SmallVec<[(usize, Side); 2]> {
        let sees = |arm: &&Arm| {
            let mut ready = false;
            if arm.side == Side::Receive {
                self.ways(me, **arm, |_| {
                    ready = true;
                    true
                });
            }
            !ready
        };
        self.deal(me).arms.iter().filter(sees).map(|arm| (arm.object, arm.side.other())).collect()
    }

    /// Threads that wait to do `side` at the channel, and with which arm.
    fn partners(&self, me: usize, object: usize, side: Side) -> impl Iterator<Item = (usize, usize)> {
        let meets = self.facts.meets;
        self.threads
            .iter()
            .enumerate()
            .filter(move |(t, thread)| *t != me && thread.status == Status::Pending && thread.there)
            .filter_map(move |(t, thread)| thread.deal.as_ref().map(|deal| (t, deal)))
            .filter(move |(_, deal)| deal.made.is_none() && !deal.looks && deal.waits && (deal.arrived || !meets))
            .flat_map(move |(t, deal)| {
                let arms = deal.arms.iter().enumerate();
                let found = arms.filter(move |(_, arm)| (arm.object, arm.side) == (object, side));
                let found = found.map(move |(at, _)| (t, at));
                // All of them become ready at once.
                found.take(if deal.biased { 1 } else { usize::MAX })
            })
    }

    /// The ways in which an arm could be taken now, until `found` returns true.
    fn ways(&self, me: usize, arm: Arm, mut found: impl FnMut(Way) -> bool) {
        let channel = self.channel(arm.object);
        let meets = self.facts.meets;
        match arm.side {
            Side::Send if channel.hung_up(Side::Receive) => {
                found(Way::HungUp);
            }
            Side::Send => {
                let meeting = meets && channel.meeting_place();
                let mut met = false;
                if meeting {
                    for (partner, at) in self.partners(me, arm.object, Side::Receive) {
                        met = true;
                        if found(Way::Meet(partner, at)) {
                            return;
                        }
                    }
                }
                if !met && !channel.full() {
                    found(Way::Put);
                }
            }
            Side::Receive => {
                if let Some(timer) = &channel.timer {
                    if timer.due.is_some() && self.may_fire(timer.due) {
                        found(Way::Fire(self.must_have_fired(me, timer.due)));
                    }
                    return;
                }
                // Who waits to send on a closed channel panics, and is not met any more.
                let closed = channel.hung_up(Side::Receive);
                if let Some(first) = channel.queue.front() {
                    // Else the message is on its way: whoever took the place has yet to fill it.
                    if self.filled(*first) {
                        let mut up = false;
                        if meets && channel.rules == Rules::HandOver && !closed {
                            for partner in self.partners(me, arm.object, Side::Send) {
                                up = true;
                                if found(Way::Take(Some(partner))) {
                                    return;
                                }
                            }
                        }
                        if !up {
                            found(Way::Take(None));
                        }
                    }
                    return;
                }
                if channel.capacity == Some(0) && !closed {
                    let next =
                        |(partner, _): &(usize, usize)| self.deal(*partner).came.is_none_or(|n| n == channel.taken);
                    for (partner, at) in self.partners(me, arm.object, Side::Send).filter(next) {
                        if found(Way::Meet(partner, at)) {
                            return;
                        }
                    }
                }
                if channel.hung_up(Side::Send) {
                    found(Way::HungUp);
                }
            }
        }
    }

    /// What the thread's deal could come to now: each with its arm. And whether there would be more if there were no
    /// limit on early firings.
    fn alternatives(&self, me: usize) -> (SmallVec<[(usize, Way); 4]>, bool) {
        let deal = self.deal(me);
        let mut all = SmallVec::new();
        let (mut sure, mut kept) = (false, false);
        for (at, &arm) in deal.arms.iter().enumerate() {
            kept |= self.channel(arm.object).timer.is_some_and(|timer| self.keeps_back(timer.due));
            self.ways(me, arm, |way| {
                all.push((at, way));
                sure |= way != Way::Fire(false);
                // Whoever only looks sees that the arm can be taken, not how.
                deal.looks
            });
            if deal.biased && sure {
                break;
            }
        }
        if !sure && deal.waits && !deal.arrived {
            // Time may pass only once others can tell that the thread waits: they may come first.
            all.clear();
        } else if !sure && (!deal.waits || self.may_fire(deal.deadline)) {
            all.push((0, Way::Nothing));
        }
        (all, kept)
    }

    /// Whether an arm could be taken now, whether or not somebody waits to meet the thread.
    fn ready_alone(&self, me: usize, deal: &Deal) -> bool {
        let mut ready = false;
        for &arm in &deal.arms {
            self.ways(me, arm, |way| {
                ready |= !matches!(way, Way::Meet(..));
                ready
            });
        }
        ready
    }

    /// Whether the thread is in a deal of which an arm could be taken that is no timer's.
    pub(crate) fn has_other_arms(&self, me: usize) -> bool {
        let mut others = false;
        for &arm in self.threads[me].deal.iter().flat_map(|deal| &deal.arms) {
            self.ways(me, arm, |way| {
                others |= !matches!(way, Way::Fire(_));
                others
            });
        }
        others
    }

    /// Which of `n` alternatives is taken by a thread that goes round in vain while nobody else can go on: each in its
    /// turn, for all of them have been explored in an earlier round. `None` if the thread has yet to explore them.
    fn turn(&self, me: usize, n: usize) -> Option<usize> {
        let vain = self.vain_rounds > 0 && self.threads[me].progress.in_vain();
        vain.then(|| (mix(u64::from(self.vain_rounds), self.events.len() as u64) % n as u64) as usize)
    }

    /// Whether the thread's deal could come to something now.
    fn can_deal(&self, me: usize) -> bool {
        let deal = self.deal(me);
        let mut some = deal.made.is_some() || !deal.waits || self.may_fire(deal.deadline);
        for &arm in &deal.arms {
            if some {
                break;
            }
            self.ways(me, arm, |_| {
                some = true;
                true
            });
        }
        some
    }

    /// Notes to whom it would have made a difference had a side hung up before: a search that reduces may not try that
    /// order. `met` if the thread meets another, which has not.
    fn note_looker(&mut self, me: usize, arm: Arm, met: bool) {
        if !self.settings.reduces || self.facts.hangs_up {
            return;
        }
        let count = self.threads[me].view.now.get(me);
        let channel = self.channel_mut(arm.object);
        let other = arm.side.other();
        let has_messages = arm.side == Side::Receive && !channel.queue.is_empty();
        if !met && !has_messages && !channel.hung_up(other) {
            let lookers = &mut channel.lookers[other as usize];
            lookers.retain(|(thread, _)| *thread != me);
            lookers.push((me, count));
        }
    }

    /// Whether somebody who was told apart by that might have come after all ends of a side were dropped.
    fn may_see_gone(&self, object: usize, side: Side) -> bool {
        let channel = self.channel(object);
        let gone = &channel.gone[side as usize];
        channel.lookers[side as usize].iter().any(|&(thread, count)| gone.get(thread) < count)
    }

    /// The channel, if a message that the thread gives to it is there by a step of its own: where steps are not tried in
    /// both orders, and its place was taken by another step.
    fn follows_late(&self, me: usize) -> Option<usize> {
        let (turn, channel, _) = self.threads[me].took_place?;
        (self.settings.reduces && turn != self.decided).then_some(channel)
    }
}
