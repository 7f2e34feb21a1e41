//! Channels at the waist: a message changes hands in one step.
//!
//! Every channel operation, be it a send, a receive or a select over many, is a [`Deal`]: some *arms* (a channel and a
//! direction each), of which one is taken, and what happens if none can be. The messages themselves stay in the facade;
//! here they are *tickets*.
//!
//! **Meeting.** At a channel without room (a rendezvous) two threads go on together. A thread that has announced such
//! an operation might be waiting already, or might be about to: nobody can tell, so the receiver alone brings about the
//! meeting, as one event, with any sender that is there. Where somebody *can* tell (by `try_send`, a deadline, a default
//! arm, a bias, `ready`), beginning to wait becomes an event of its own ([`Kind::Arrive`]), and whoever comes second
//! brings the meeting about. That is a fact, [`Facts::meets`](super::core::Facts).
//!
//! **Hanging up.** That a sender or receiver is dropped is an event only if the model ever sees a channel hung up
//! ([`Facts::hangs_up`](super::core::Facts)): dropping it as early as possible shows that, if anything does. In the
//! loom world it always is an event.

use std::{collections::VecDeque, panic::Location};

use smallvec::SmallVec;

use super::{
    Branch, Effect, Execution, World,
    clock::Clock,
    core::{Core, Op, State, Status},
    event::{Kind, ObjectKind, Value},
    progress::Seen,
};

/// The direction of an operation, and the two ends of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Send,
    Receive,
}

/// Whose rules a channel follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rules {
    /// crossbeam's: a thread that waited competes with those that come later.
    Compete,
    /// std's: the same, but a bounded channel too discards what nobody will receive.
    Discard,
    /// Go's: what a thread waits for is handed to it, and sending on a closed channel panics.
    HandOver,
}

/// One operation that a thread would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arm {
    pub(crate) object: usize,
    pub(crate) side: Side,
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
}

/// What another thread has done for a thread that waited.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    arm: usize,
    how: How,
    clock: Clock,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// The message with the deal's own ticket is sent.
    Sent,
    /// The message with this ticket is received, once [`Execution::collect`] returns.
    Received(u64),
    /// The other side has hung up.
    HungUp,
    /// The timer fired that was due then.
    Fired(u64),
    /// It only looked.
    Seen,
}

/// What a deal came to: the arm and how, or `None` if no arm was taken.
pub(crate) type Outcome = Option<(usize, How)>;

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
    /// Places that no message has been in yet.
    fresh: usize,
    /// What those published who made room: the k-th receive comes before the (k + capacity)-th send.
    room: VecDeque<Clock>,
    /// How many senders and receivers there are.
    handles: [usize; 2],
    /// What those published who hung up.
    gone: [Clock; 2],
    /// There were messages that nobody will receive, and they have gone.
    discarded: bool,
    /// Time sends on it.
    pub(crate) timer: Option<Timer>,
}

impl ChannelState {
    pub(crate) fn new(capacity: Option<usize>, rules: Rules, timer: Option<Timer>) -> ChannelState {
        ChannelState {
            capacity,
            rules,
            queue: VecDeque::new(),
            fresh: capacity.unwrap_or(0),
            room: VecDeque::new(),
            handles: [1, 1],
            gone: Default::default(),
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
        let discards = self.capacity.is_none() || self.rules == Rules::Discard;
        self.handles == [0, 0] || (discards && self.handles[Side::Receive as usize] == 0)
    }

    /// Whether threads may meet here, rather than leave messages for each other.
    fn meeting_place(&self) -> bool {
        self.capacity == Some(0) || self.rules == Rules::HandOver
    }
}

impl Side {
    fn other(self) -> Side {
        match self {
            Side::Send => Side::Receive,
            Side::Receive => Side::Send,
        }
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
    pub(crate) fn dealt(&self, thread: usize) -> bool {
        self.threads[thread].deal.as_ref().is_some_and(|deal| deal.made.is_some())
    }

    /// Threads that wait to do `side` at the channel, and with which arm.
    fn partners(&self, me: usize, object: usize, side: Side) -> impl Iterator<Item = (usize, usize)> {
        let meets = self.facts.meets;
        self.threads
            .iter()
            .enumerate()
            .filter(move |(t, thread)| *t != me && thread.status == Status::Pending)
            .filter_map(move |(t, thread)| thread.deal.as_ref().map(|deal| (t, deal)))
            .filter(move |(_, deal)| deal.made.is_none() && !deal.looks && deal.waits && (deal.arrived || !meets))
            .flat_map(move |(t, deal)| {
                let arms = deal.arms.iter().enumerate();
                let found = arms.filter(move |(_, arm)| **arm == Arm { object, side }).map(move |(at, _)| (t, at));
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
                        found(Way::Fire(timer.due <= Some(self.now)));
                    }
                    return;
                }
                if let Some(first) = channel.queue.front() {
                    // Else the message is on its way: whoever took the place has yet to fill it.
                    if self.filled(*first) {
                        let mut up = false;
                        if meets && channel.rules == Rules::HandOver {
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
                if channel.capacity == Some(0) {
                    for (partner, at) in self.partners(me, arm.object, Side::Send) {
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

    /// What the thread's deal could come to now: each with its arm.
    fn alternatives(&self, me: usize) -> SmallVec<[(usize, Way); 4]> {
        let deal = self.deal(me);
        let mut all = SmallVec::new();
        let mut sure = false;
        for (at, &arm) in deal.arms.iter().enumerate() {
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
        all
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

    fn filled(&self, ticket: u64) -> bool {
        self.in_flight.get(&ticket).is_some_and(Option::is_some)
    }

    /// What a thread publishes now.
    fn publish(&mut self, thread: usize) -> Clock {
        let mut clock = Clock::default();
        self.threads[thread].view.release(thread, &mut clock);
        clock
    }

    /// A message is on its way, and is there once its sender has given it.
    fn send_off(&mut self, thread: usize) -> u64 {
        let Deal { ticket, given, .. } = *self.deal(thread);
        let clock = given.then(|| self.publish(thread));
        self.in_flight.insert(ticket, clock);
        ticket
    }

    /// Takes an arm. `None` if none is taken.
    fn take_arm(&mut self, me: usize, at: usize, way: Way) -> Outcome {
        if way == Way::Nothing {
            let deadline = self.deal(me).deadline;
            if self.deal(me).waits {
                self.fire(me, deadline);
            }
            return None;
        }
        let Deal { looks, ref arms, .. } = *self.deal(me);
        let Arm { object, side } = arms[at];
        if let Way::Fire(_) = way {
            let due = self.channel(object).timer.and_then(|timer| timer.due);
            self.fire(me, due);
            if !looks {
                let timer = self.channel_mut(object).timer.as_mut().expect("a timer fires");
                timer.due = timer.period.and_then(|period| timer.due.map(|due| due + period));
                return Some((at, How::Fired(due.expect("a timer that fires is due"))));
            }
        }
        if looks {
            return Some((at, How::Seen));
        }
        let how = match way {
            Way::Put => {
                let ticket = self.send_off(me);
                let channel = self.channel_mut(object);
                channel.queue.push_back(ticket);
                if channel.fresh > 0 {
                    channel.fresh -= 1;
                } else if let Some(clock) = channel.room.pop_front() {
                    self.threads[me].view.acquire(&clock);
                }
                How::Sent
            }
            Way::Take(up) => {
                let clock = self.publish(me);
                let channel = self.channel_mut(object);
                let ticket = channel.queue.pop_front().expect("there is a message");
                if let Some((partner, arm)) = up {
                    let theirs = self.send_off(partner);
                    self.channel_mut(object).queue.push_back(theirs);
                    self.complete(partner, arm, How::Sent, clock);
                } else if channel.capacity.is_some() {
                    channel.room.push_back(clock);
                }
                How::Received(ticket)
            }
            Way::Meet(partner, arm) => match side {
                Side::Receive => {
                    let ticket = self.send_off(partner);
                    let clock = self.publish(me);
                    self.complete(partner, arm, How::Sent, clock);
                    How::Received(ticket)
                }
                Side::Send => {
                    let ticket = self.send_off(me);
                    if self.channel(object).capacity == Some(0) {
                        let clock = self.publish(partner);
                        self.threads[me].view.acquire(&clock);
                    }
                    self.complete(partner, arm, How::Received(ticket), Clock::default());
                    How::Sent
                }
            },
            Way::HungUp => {
                let gone = self.channel(object).gone[side.other() as usize].clone();
                self.threads[me].view.acquire(&gone);
                How::HungUp
            }
            Way::Fire(_) | Way::Nothing => unreachable!("dealt with above"),
        };
        Some((at, how))
    }

    /// Takes an arm for a thread that waits: it goes on with nothing more to decide.
    fn complete(&mut self, thread: usize, arm: usize, how: How, clock: Clock) {
        let thread = &mut self.threads[thread];
        thread.branches = false;
        thread.deal.as_mut().expect("a partner is in a deal").made = Some(Made { arm, how, clock });
    }
}

impl Execution {
    /// A new channel, with one sender and one receiver.
    pub(crate) fn new_channel(&self, state: ChannelState, created: &'static Location<'static>) -> usize {
        self.core.borrow_mut().add_object(ObjectKind::Channel, created, State::Channel(state))
    }

    /// What the next message is known by.
    pub(crate) fn ticket(&self) -> u64 {
        let mut core = self.core.borrow_mut();
        core.tickets += 1;
        core.tickets
    }

    /// Does one of the deal's operations. An execution that ends early finds every channel hung up.
    pub(crate) fn deal(&self, kind: Kind, deal: Deal, location: &'static Location<'static>) -> Outcome {
        let mut op = Op::new(kind, location);
        if let [arm] = deal.arms[..] {
            op = op.on(arm.object);
        }
        let me = self.me();
        if self.aborting() {
            self.announce(op, None, Branch::Silent);
            return Some((0, How::HungUp));
        }
        let (waits, tells) = {
            let core = self.core.borrow();
            let meeting = deal.arms.iter().any(|arm| core.channel(arm.object).meeting_place());
            let tells = !deal.waits || deal.looks || deal.biased || deal.deadline.is_some();
            if meeting && tells && !core.facts.meets {
                drop(core);
                self.learn(me, |facts| facts.meets = true);
                return Some((0, How::HungUp));
            }
            (deal.waits, meeting && !deal.looks && core.facts.meets)
        };
        self.end_due_round(me);
        self.core.borrow_mut().threads[me].deal = Some(Deal { arrived: !tells, ..deal });
        let mut outcome = None;
        if tells || !waits {
            self.announce(op, None, Branch::Point);
            outcome = self.attempt(me, op);
            if outcome.is_none() && waits {
                let arrive = Op { kind: Kind::Arrive, ..op };
                self.core.borrow_mut().threads[me].deal.as_mut().expect("it has just been made").arrived = true;
                self.record(me, &arrive, Value::None, Effect::Nothing);
            }
        }
        if outcome.is_none() && waits {
            self.announce(op, Some(&|core| core.can_deal(me)), Branch::Point);
            outcome = self.attempt(me, op);
        }
        self.core.borrow_mut().threads[me].deal = None;
        outcome.unwrap_or(Some((0, How::HungUp)))
    }

    /// Takes an arm if one can be taken, or none if that is to be. `None` if the thread has to wait.
    fn attempt(&self, me: usize, op: Op) -> Option<Outcome> {
        if self.aborting() {
            return Some(Some((0, How::HungUp)));
        }
        let made = self.core.borrow_mut().threads[me].deal.as_mut().and_then(|deal| deal.made.take());
        if let Some(Made { arm, how, clock }) = made {
            self.core.borrow_mut().threads[me].view.acquire(&clock);
            self.tell(me, op, Some((arm, how)), true);
            return Some(Some((arm, how)));
        }
        let alternatives = self.core.borrow().alternatives(me);
        let at = match alternatives.len() {
            0 => return None,
            // Arms that are only looked at are told apart like any others.
            n => self.choose(n),
        };
        let (arm, way) = alternatives[at];
        if way == Way::HungUp && !self.sees_hanging_up() {
            self.learn(me, |facts| facts.hangs_up = true);
            return Some(Some((0, How::HungUp)));
        }
        let outcome = self.core.borrow_mut().take_arm(me, arm, way);
        self.tell(me, op, outcome, false);
        Some(outcome)
    }

    /// Records what a deal came to. `made` if another thread's event has changed the channel already.
    fn tell(&self, me: usize, op: Op, outcome: Outcome, made: bool) {
        let (value, effect) = {
            let mut core = self.core.borrow_mut();
            let deal = core.deal(me);
            let arms = deal.arms.clone();
            let value = match outcome {
                Some((arm, _)) if arms.len() > 1 => Value::Arm(arm as u32),
                Some((_, How::Sent)) => Value::Message(deal.ticket),
                Some((_, How::Received(ticket))) => Value::Message(ticket),
                Some((_, How::HungUp)) => Value::HungUp,
                Some((_, How::Fired(_))) => Value::Fired,
                Some((_, How::Seen)) => Value::Done(true),
                None if deal.waits => Value::Fired,
                None => Value::Done(false),
            };
            let object = |arm: usize| Seen::Value(arms[arm].object);
            let effect = match outcome {
                _ if made => Effect::Nothing,
                Some((arm, How::Sent | How::Received(_))) => Effect::Change(Some(object(arm))),
                // Nothing has changed: a loop that does this again and again waits busily.
                outcome => {
                    let code = match outcome {
                        None => 0,
                        Some((arm, how)) => 2 + 2 * arm as u64 + u64::from(how == How::HungUp),
                    };
                    for arm in 1..arms.len() {
                        core.has_read(me, &op, object(arm), code, false);
                    }
                    match arms.is_empty() {
                        true => Effect::Nothing,
                        false => Effect::Read(object(0), code, false),
                    }
                }
            };
            (value, effect)
        };
        self.record(me, &op, value, effect);
    }

    /// Waits until a message that was received is there, and takes it out of the account.
    pub(crate) fn collect(&self, ticket: u64, kind: Kind, location: &'static Location<'static>) {
        let me = self.me();
        if !self.aborting() && !self.core.borrow().filled(ticket) {
            self.announce(Op::new(kind, location), Some(&|core| core.filled(ticket)), Branch::Silent);
        }
        let clock = self.core.borrow_mut().in_flight.remove(&ticket).flatten();
        if let Some(clock) = clock {
            self.core.borrow_mut().threads[me].view.acquire(&clock);
            #[cfg(raddle_loom)]
            if let Some(engine) = self.loom()
                && !self.aborting()
            {
                engine.acquire_message(ticket);
            }
        }
    }

    /// A message whose place was taken before is there now.
    pub(crate) fn fill(&self, ticket: u64) {
        if self.aborting() {
            return;
        }
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom() {
            engine.release_message(ticket);
        }
        {
            let mut core = self.core.borrow_mut();
            let clock = core.publish(self.me());
            if let Some(message) = core.in_flight.get_mut(&ticket) {
                *message = Some(clock);
            }
        }
        self.wake();
    }

    /// Whether hanging up is an event. In the loom world it always is: there a thread may come late to what is no event.
    fn sees_hanging_up(&self) -> bool {
        self.world == World::Loom || self.core.borrow().facts.hangs_up
    }

    /// One more sender or receiver.
    pub(crate) fn one_more(&self, object: usize, side: Side) {
        self.core.borrow_mut().channel_mut(object).handles[side as usize] += 1;
    }

    /// One sender or receiver less. Returns the messages that nobody will receive, to be dropped.
    pub(crate) fn hang_up(&self, object: usize, side: Side, location: &'static Location<'static>) -> VecDeque<u64> {
        let op = Op::new(Kind::HangUp, location).on(object);
        let seen = self.sees_hanging_up() && !self.aborting();
        if seen {
            self.announce(op, None, Branch::Point);
        }
        let me = self.me();
        let (last, left) = {
            let mut core = self.core.borrow_mut();
            let clock = core.publish(me);
            let channel = core.channel_mut(object);
            channel.gone[side as usize].join(&clock);
            channel.handles[side as usize] = channel.handles[side as usize].saturating_sub(1);
            let last = channel.handles[side as usize] == 0;
            let left = if channel.abandoned() { std::mem::take(&mut channel.queue) } else { VecDeque::new() };
            channel.discarded |= !left.is_empty();
            (last, left)
        };
        if seen {
            let effect = if last { Effect::Change(Some(Seen::Value(object))) } else { Effect::Nothing };
            self.record(me, &op, Value::None, effect);
        } else if last {
            self.wake();
        }
        left
    }

    /// Closes a channel for senders, as Go does. False if it was closed before.
    pub(crate) fn close(&self, object: usize, location: &'static Location<'static>) -> bool {
        let op = Op::new(Kind::HangUp, location).on(object);
        let me = self.announce(op, None, Branch::Point);
        let open = {
            let mut core = self.core.borrow_mut();
            let clock = core.publish(me);
            let channel = core.channel_mut(object);
            let open = channel.handles != [0, 0];
            channel.gone[Side::Send as usize].join(&clock);
            channel.handles = [0, 0];
            open
        };
        let effect = if open { Effect::Change(Some(Seen::Value(object))) } else { Effect::Nothing };
        self.record(me, &op, Value::Done(open), effect);
        open
    }

    /// Arms, or disarms, a timer. True if it was armed, and had not delivered.
    pub(crate) fn rearm(&self, object: usize, due: Option<u64>, location: &'static Location<'static>) -> bool {
        self.step(Op::new(Kind::Arm, location).on(object), None, Branch::Point, |core, _| {
            let timer = core.channel_mut(object).timer.as_mut().expect("a timer's channel has one");
            let was = std::mem::replace(&mut timer.due, due).is_some();
            (was, Value::Done(was), Effect::Change(Some(Seen::Value(object))))
        })
    }

    /// How many messages there are, for `len`, `is_empty` and `is_full`.
    pub(crate) fn queued(&self, object: usize, location: &'static Location<'static>) -> usize {
        let me = self.me();
        let meets = {
            let core = self.core.borrow();
            core.facts.meets || core.channel(object).rules != Rules::HandOver
        };
        if !meets {
            self.learn(me, |facts| facts.meets = true);
        }
        let op = Op::new(Kind::Look, location).on(object);
        let me = self.announce(op, None, Branch::Point);
        if self.core.borrow().channel(object).discarded && !self.sees_hanging_up() {
            // Whoever looks earlier sees what has gone since.
            self.learn(me, |facts| facts.hangs_up = true);
            return 0;
        }
        let timer = self.core.borrow().channel(object).timer;
        let length = match timer {
            None => self.core.borrow().channel(object).queue.len(),
            // Looking settles whether it has fired.
            Some(Timer { due, .. }) => {
                let (is_due, may) = {
                    let core = self.core.borrow();
                    (due.is_some_and(|due| due <= core.now), core.may_fire(due))
                };
                let fires = is_due || (may && self.choose(2) == 1);
                if fires {
                    self.core.borrow_mut().fire(me, due);
                }
                usize::from(fires)
            }
        };
        self.record(me, &op, Value::Count(length as u64), Effect::Read(Seen::Value(object), length as u64, false));
        length
    }
}
