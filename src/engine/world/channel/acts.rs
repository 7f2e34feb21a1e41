//! What a thread does at channels: it announces its deal, takes an arm, waits, hangs up.

use std::{collections::VecDeque, panic::Location};

use super::{Arm, ChannelState, Deal, How, Made, Outcome, Rules, Side, Timer, Way};
use crate::world::{
    Branch, Effect, Engine, Execution,
    core::Op,
    event::{Kind, ObjectKind, Value},
    object::State,
    progress::Seen,
};

impl Execution {
    /// A new channel, with one sender and one receiver.
    pub(crate) fn new_channel(&self, state: ChannelState, created: &'static Location<'static>) -> usize {
        let object = self.core.borrow_mut().add_object(ObjectKind::Channel, created, State::Channel(state));
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom() {
            engine.new_channel(object);
        }
        object
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
        let (waits, tells, comes) = {
            let core = self.core.borrow();
            let meeting = deal.arms.iter().any(|arm| core.channel(arm.object).meeting_place());
            let tells = !deal.waits || deal.looks || deal.biased || deal.deadline.is_some();
            // Nobody can say of a thread that need not wait that it waits.
            let tells = tells || (deal.arms.len() > 1 && (core.settings.reduces || core.ready_alone(me, &deal)));
            if meeting && tells && !core.facts.meets {
                drop(core);
                self.learn(me, |facts| facts.meets = true);
                return Some((0, How::HungUp));
            }
            let tells = meeting && !deal.looks && core.facts.meets;
            // Who has come decides whom a receiver can meet: a sender that comes without a step of its own would come
            // with whatever step it took before.
            let rendezvous = |arm: &Arm| arm.side == Side::Send && core.channel(arm.object).capacity == Some(0);
            let comes = !tells && core.settings.reduces && deal.arms.iter().any(rendezvous);
            (deal.waits, tells, comes)
        };
        let came = if comes { self.come(op) } else { None };
        self.end_due_round(me);
        self.core.borrow_mut().threads[me].deal = Some(Deal { arrived: !tells, came, ..deal });
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
        let (alternatives, kept) = self.core.borrow().alternatives(me);
        self.core.borrow_mut().kept_back |= kept;
        let at = match alternatives.len() {
            0 => {
                self.note_lookers(me, None);
                return None;
            }
            // Arms that are only looked at are told apart like any others.
            n => {
                let turn = self.core.borrow().turn(me, n);
                turn.unwrap_or_else(|| self.choose(n))
            }
        };
        let (arm, way) = alternatives[at];
        self.note_lookers(me, Some((arm, way)));
        if way == Way::HungUp && !self.sees_hanging_up() {
            self.learn(me, |facts| facts.hangs_up = true);
            return Some(Some((0, How::HungUp)));
        }
        #[cfg(raddle_loom)]
        if !self.engine_deals(me, arm, way) {
            self.learn(me, |facts| facts.parts = true);
            return Some(Some((0, How::HungUp)));
        }
        let outcome = self.core.borrow_mut().take_arm(me, arm, way);
        self.tell(me, op, outcome, false);
        Some(outcome)
    }

    /// Tells loom's side what a deal comes to: who sees whom, and whom it sees that has not hung up. False if it would
    /// have come to something else before one who has, and loom has not seen that one.
    #[cfg(raddle_loom)]
    fn engine_deals(&self, me: usize, arm: usize, way: Way) -> bool {
        let Some(engine) = self.loom() else { return true };
        let partner = match way {
            Way::Meet(partner, _) | Way::Take(Some((partner, _))) => Some(partner),
            _ => None,
        };
        partner.into_iter().for_each(|partner| engine.meets(me, partner));
        let core = self.core.borrow();
        for thread in partner.into_iter().chain([me]) {
            core.looks(thread).into_iter().for_each(|(object, side)| engine.looks_at(thread, object, side));
        }
        if way == Way::HungUp {
            let deal = core.deal(me);
            let super::Arm { object, side, .. } = deal.arms[arm];
            engine.acquire_gone(object, side.other());
            // Who can do nothing but wait for a message would have waited.
            let only_waits = side == Side::Receive && deal.waits && deal.arms.len() == 1 && deal.deadline.is_none();
            return only_waits || core.facts.parts || !engine.drops_apart(me, object, side.other());
        }
        true
    }

    /// A sender comes to where it can do nothing but wait to be met. Nobody can tell: so at a rendezvous those who come are
    /// met in that order, and every order of their coming is tried. Returns its number there.
    fn come(&self, op: Op) -> Option<u32> {
        let me = self.announce(Op { kind: Kind::Arrive, ..op }, None, Branch::Point);
        let mut core = self.core.borrow_mut();
        debug_assert!(core.threads[me].deal.is_none());
        let channel = core.channel_mut(op.object?);
        let number = channel.came;
        channel.came += 1;
        (channel.capacity == Some(0)).then_some(number)
    }

    /// Notes the channels at which hanging up would have made a difference: see [`Core::note_looker`].
    fn note_lookers(&self, me: usize, taken: Option<(usize, Way)>) {
        let core = &mut *self.core.borrow_mut();
        for at in 0..core.deal(me).arms.len() {
            let arm = core.deal(me).arms[at];
            core.note_looker(me, arm, matches!(taken, Some((taken, Way::Meet(..))) if taken == at));
        }
    }

    /// Records what a deal came to. `made` if another thread's event has changed the channel already.
    fn tell(&self, me: usize, op: Op, outcome: Outcome, made: bool) {
        let (value, effect) = {
            let mut core = self.core.borrow_mut();
            let deal = core.deal(me);
            let arms = deal.arms.clone();
            let value = match outcome {
                Some((arm, _)) if arms.len() > 1 => Value::Arm(arms[arm].index as u32),
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
                    // Without arms there is nothing to come, as long as the thread lives.
                    let first = if arms.is_empty() { Seen::Thread(me) } else { object(0) };
                    Effect::Read(first, code, false)
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
        let late = self.core.borrow().follows_late(self.me());
        if let Some(object) = late {
            let location = self.core.borrow().threads[self.me()].op.location;
            self.announce(Op::new(Kind::Send, location).on(object), None, Branch::Point);
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

    /// Whether hanging up is an event.
    fn sees_hanging_up(&self) -> bool {
        let core = self.core.borrow();
        core.facts.hangs_up
    }

    /// The same for one who hangs up in the loom world. Until somebody sees a channel hung up, it is none: but whoever
    /// could have, in another order, counts. And where others of the side are left, it is none until somebody could tell.
    #[cfg(raddle_loom)]
    fn engine_hangs_up(&self, engine: &crate::world::loom::Engine, me: usize, object: usize, side: Side) -> bool {
        let mut core = self.core.borrow_mut();
        let channel = core.channel(object);
        let left = channel.handles[side as usize];
        if left == 0 || (left > 1 && !core.facts.parts) || channel.timer.is_some() {
            return false;
        }
        // Where all are events, so is who drops what is queued.
        let settled = channel.queue.is_empty() || !core.facts.parts;
        let abandoned = channel.handles[side.other() as usize] == 0 && settled;
        let could_be_seen = engine.was_looked_at(me, object, side);
        if !could_be_seen && (abandoned || !core.facts.hangs_up) {
            return false;
        }
        core.learned |= !core.facts.hangs_up;
        core.facts.hangs_up = true;
        true
    }

    /// Tells loom's side that a sender or receiver goes. `seen` if that is an event.
    #[cfg(raddle_loom)]
    fn engine_gone(&self, me: usize, object: usize, side: Side, seen: bool) {
        let Some(engine) = self.loom().filter(|_| !self.aborting()) else { return };
        let mut core = self.core.borrow_mut();
        let channel = core.channel(object);
        let last = channel.handles[side as usize] <= 1;
        let queued = !channel.queue.is_empty();
        engine.release_gone(object, side);
        if !seen {
            engine.drops_silently(me, object, side);
        }
        if last {
            engine.acquire_gone(object, side);
        }
        if last && queued {
            // Whoever hangs up last drops what is queued.
            engine.acquire_gone(object, side.other());
            engine.looks_at(me, object, side.other());
            if !core.facts.parts && engine.drops_apart(me, object, side) {
                core.learned = true;
                core.facts.hangs_up = true;
                core.facts.parts = true;
            }
        }
    }

    /// One more sender or receiver.
    pub(crate) fn one_more(&self, object: usize, side: Side) {
        self.core.borrow_mut().channel_mut(object).handles[side as usize] += 1;
    }

    /// One sender or receiver less. Returns the messages that nobody will receive, to be dropped.
    pub(crate) fn hang_up(&self, object: usize, side: Side, location: &'static Location<'static>) -> VecDeque<u64> {
        let op = Op { side: Some(side), ..Op::new(Kind::HangUp, location).on(object) };
        let me = self.me();
        let seen = match &self.engine {
            _ if self.aborting() => false,
            #[cfg(raddle_loom)]
            Engine::Loom(engine) => self.engine_hangs_up(engine, me, object, side),
            #[cfg(raddle_shuttle)]
            Engine::Shuttle(_) => self.sees_hanging_up(),
        };
        if seen {
            self.announce(op, None, Branch::Point);
        }
        #[cfg(raddle_loom)]
        self.engine_gone(me, object, side, seen);
        let (last, left, by_another) = {
            let mut core = self.core.borrow_mut();
            let clock = core.publish(me);
            let channel = core.channel_mut(object);
            let by_another = !channel.gone.iter().all(|gone| gone.within(&clock));
            channel.gone[side as usize].join(&clock);
            channel.handles[side as usize] = channel.handles[side as usize].saturating_sub(1);
            let last = channel.handles[side as usize] == 0;
            let left = if channel.abandoned() { std::mem::take(&mut channel.queue) } else { VecDeque::new() };
            channel.discarded |= !left.is_empty();
            (last, left, by_another)
        };
        if last && !seen && !self.aborting() {
            let mut core = self.core.borrow_mut();
            // What is queued might have been dropped by another thread, had that one come last.
            let drops = core.settings.reduces && core.channel(object).drops && by_another && !left.is_empty();
            if drops || core.may_see_gone(object, side) {
                // Another order shows it. Nobody can be stopped here: who drops an end may be unwinding.
                core.facts.hangs_up = true;
                core.learned = true;
            }
        }
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
            if open {
                channel.gone[Side::Send as usize].join(&clock);
            }
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
        if self.core.borrow().channel(object).discards() {
            self.core.borrow_mut().note_looker(me, Arm { object, side: Side::Send, index: 0 }, false);
        }
        if self.core.borrow().channel(object).discarded && !self.sees_hanging_up() {
            // Whoever looks earlier sees what has gone since.
            self.learn(me, |facts| facts.hangs_up = true);
            return 0;
        }
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom() {
            engine.looks_at(me, object, Side::Receive);
        }
        let timer = self.core.borrow().channel(object).timer;
        let length = match timer {
            None => self.core.borrow().channel(object).queue.len(),
            // Looking settles whether it has fired.
            Some(Timer { due, .. }) => {
                let (is_due, may) = {
                    let mut core = self.core.borrow_mut();
                    core.kept_back |= core.keeps_back(due);
                    (core.must_have_fired(me, due), core.may_fire(due))
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
