//! What becomes of a channel, and of whoever waits there, when an arm is taken.

use super::{Arm, Clock, Core, Deal, How, Instant, Made, Outcome, Side, Way};

impl Core {
    pub(super) fn filled(&self, ticket: u64) -> bool {
        self.in_flight.get(&ticket).is_some_and(Option::is_some)
    }

    /// What a thread publishes now.
    pub(super) fn publish(&mut self, thread: usize) -> Clock {
        let mut clock = Clock::default();
        self.threads[thread].view.release(thread, &mut clock);
        clock
    }

    /// A message is on its way, and is there once its sender has given it.
    fn send_off(&mut self, thread: usize) -> u64 {
        let Deal { ticket, given, .. } = *self.deal(thread);
        let clock = given.then(|| self.publish(thread));
        self.in_flight.insert(ticket, clock);
        self.threads[thread].took_place = None;
        ticket
    }

    /// What the thread sends is queued.
    fn queue(&mut self, thread: usize, object: usize, ticket: u64) {
        let channel = self.channel_mut(object);
        let number = channel.taken + channel.queue.len() as u32;
        channel.queue.push_back(ticket);
        self.threads[thread].took_place = Some((self.decided, object, number));
    }

    /// Takes an arm. `None` if none is taken.
    pub(super) fn take_arm(&mut self, me: usize, at: usize, way: Way) -> Outcome {
        if way == Way::Nothing {
            let deadline = self.deal(me).deadline;
            if self.deal(me).waits {
                self.fire(me, deadline);
            }
            return None;
        }
        let Deal { looks, ref arms, .. } = *self.deal(me);
        let Arm { object, side, .. } = arms[at];
        if let Way::Fire(_) = way {
            let due = self.channel(object).timer.and_then(|timer| timer.due);
            self.fire(me, due);
            if !looks {
                let timer = self.channel_mut(object).timer.as_mut().expect("a timer fires");
                timer.due = timer.period.and_then(|period| timer.due.map(|due| due + period));
                return Some((at, How::Fired(Instant::at(due.expect("a timer that fires is due")))));
            }
        }
        if looks {
            return Some((at, How::Seen));
        }
        let how = match way {
            Way::Put => {
                let ticket = self.send_off(me);
                self.take_place(me, object);
                self.queue(me, object, ticket);
                How::Sent
            }
            Way::Take(up) => {
                let clock = self.publish(me);
                let channel = self.channel_mut(object);
                let ticket = channel.queue.pop_front().expect("there is a message");
                channel.taken += 1;
                if let Some((partner, arm)) = up {
                    let theirs = self.send_off(partner);
                    self.queue(partner, object, theirs);
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
                    self.channel_mut(object).taken += 1;
                    self.complete(partner, arm, How::Sent, clock);
                    How::Received(ticket)
                }
                Side::Send => {
                    let ticket = self.send_off(me);
                    let clock = self.publish(partner);
                    if self.channel(object).capacity == Some(0) {
                        self.threads[me].view.acquire(&clock);
                    } else {
                        // As if it had been queued: a later send is after this receive.
                        self.take_place(me, object);
                        self.channel_mut(object).room.push_back(clock);
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

    /// Takes a place in the buffer, after whoever has made room.
    fn take_place(&mut self, me: usize, object: usize) {
        let channel = self.channel_mut(object);
        if channel.fresh > 0 {
            channel.fresh -= 1;
        } else if let Some(clock) = channel.room.pop_front() {
            self.threads[me].view.acquire(&clock);
        }
    }

    /// Takes an arm for a thread that waits: it goes on with nothing more to decide.
    fn complete(&mut self, thread: usize, arm: usize, how: How, clock: Clock) {
        let thread = &mut self.threads[thread];
        thread.branches = false;
        thread.deal.as_mut().expect("a partner is in a deal").made = Some(Made { arm, how, clock });
    }
}
