//! What a thread touches at channels: which of its steps there commute with others'.
//!
//! Sends on a channel are ordered, and so are receives, but a send and a receive commute unless the one makes the other
//! possible. Whoever may do something else instead of waiting also depends on what makes an arm ready, or not ready. That
//! ends are dropped commutes with that others are, and is seen only where a side without ends makes a difference. A channel
//! of Go's is like others of its capacity, as long as nobody can tell who waits; but anybody may close it.

use super::{Arm, Core, Deal, Rules, Side, Way};
use crate::world::footprint::{Access, Footprint, Place};

impl Core {
    /// What a thread's deal touches: whatever it could come to now, for all of that is one step; or, if it can come to
    /// nothing yet, what it might touch.
    pub(crate) fn touch_deal(&self, me: usize, touched: &mut Footprint) {
        let (alternatives, _) = self.alternatives(me);
        if alternatives.is_empty() {
            match self.deal(me).arrived {
                true => self.touch_outcome(me, None, touched),
                false => self.touch_arrival(me, touched),
            }
        }
        alternatives.into_iter().for_each(|taken| self.touch_outcome(me, Some(taken), touched));
    }

    /// What the deal touches if it comes to this: an arm, and how.
    fn touch_outcome(&self, me: usize, taken: Option<(usize, Way)>, touched: &mut Footprint) {
        let deal = self.deal(me);
        for (at, &arm) in deal.arms.iter().enumerate() {
            let way = taken.filter(|(taken, way)| *taken == at && *way != Way::Nothing).map(|(_, way)| way);
            let taken_so = match way {
                _ if deal.looks => None,
                None if taken.is_some() => None,
                way => Some(way),
            };
            match taken_so {
                Some(Some(Way::Meet(partner, _) | Way::Take(Some((partner, _))))) => {
                    self.touch_partner(partner, touched)
                }
                Some(None) => {
                    let partners = self.partners(me, arm.object, arm.side.other());
                    partners.for_each(|(partner, _)| self.touch_partner(partner, touched));
                }
                _ => {}
            }
            self.touch_arm(deal, arm, taken_so, touched);
            // What comes after the first that is ready makes no difference, unless it was ready when that was not.
            if deal.biased && way.is_some() && !(deal.waits && deal.arrived) {
                break;
            }
        }
        if deal.arrived && deal.waits && !deal.looks {
            // It waits there no longer.
            self.touch_partner(me, touched);
        }
    }

    /// A thread begins to wait where others can meet it, and has found no arm that it could take.
    fn touch_arrival(&self, me: usize, touched: &mut Footprint) {
        let deal = self.deal(me);
        for &arm in &deal.arms {
            self.touch_arm(deal, arm, None, touched);
            if self.meets_at(arm.object) && !deal.looks {
                touched.touch(Place::Waits(arm.object, arm.side), Access::Adds);
            }
        }
    }

    /// A thread that waits is met, or waits no longer: it is gone from all of its channels.
    fn touch_partner(&self, partner: usize, touched: &mut Footprint) {
        for &Arm { object, side, .. } in &self.deal(partner).arms {
            let channel = self.channel(object);
            if channel.timer.is_some() {
                touched.touch(Place::Object(object), Access::Changes);
            } else if self.meets_at(object)
                && self.deal(partner).came.is_none()
                && (self.facts.meets || side == Side::Send)
            {
                touched.touch(Place::Waits(object, side), Access::Changes);
            }
        }
    }

    /// An arm. `taken`, if it is taken or might be: in which way, if that is known.
    fn touch_arm(&self, deal: &Deal, arm: Arm, taken: Option<Option<Way>>, touched: &mut Footprint) {
        let Arm { object, side, .. } = arm;
        // It can do nothing but wait for the one arm.
        let patient = deal.arms.len() == 1 && deal.waits && deal.arrived && deal.deadline.is_none() && !deal.looks;
        let channel = self.channel(object);
        if channel.timer.is_some() {
            return touched.touch(Place::Object(object), Access::Changes);
        }
        let go = channel.rules == Rules::HandOver;
        let closed = go && channel.hung_up(Side::Receive);
        if self.meets_at(object) {
            if channel.capacity != Some(0) {
                // Who waits here decides what becomes of the queue.
                touched.touch(Place::Object(object), Access::Changes);
            }
            match side {
                // Another one that receives might have met in its place.
                Side::Receive if closed && self.met_in_order(object) => {
                    touched.touch(Place::Head(object), Access::Reads);
                }
                // Senders are met in the order of their coming.
                Side::Receive if self.met_in_order(object) => {
                    touched.touch(Place::Head(object), Access::Changes);
                    touched.touch(Place::Sent(object, channel.taken), Access::Awaits);
                }
                _ => touched.touch(Place::Waits(object, side.other()), Access::Reads),
            }
            // Whoever is met has not hung up; but anybody may close a channel of Go's.
            let met = matches!(taken, Some(Some(Way::Meet(..))));
            match go {
                true => touched.touch(Place::Gone(object, side.other()), Access::Reads),
                false if met => {}
                false => touched.touch(Place::Gone(object, side.other()), waits_or_reads(patient)),
            }
            return;
        }
        let way = taken.flatten();
        let takes = taken.is_some() && way.is_none_or(|way| matches!(way, Way::Put | Way::Take(_)));
        match side {
            Side::Send => {
                touched.touch(Place::Gone(object, Side::Receive), Access::Reads);
                if channel.hung_up(Side::Receive) {
                    if deal.waits {
                        // It may have waited for room: earlier there was some.
                        touched.touch(Place::Tail(object), Access::Reads);
                        if closed {
                            touched.touch(Place::Head(object), Access::Reads);
                        }
                    }
                    return;
                }
                let number = channel.taken + channel.queue.len() as u32;
                // The receive that has made room.
                let room = channel.capacity.and_then(|capacity| number.checked_sub(capacity as u32));
                if takes {
                    touched.touch(Place::Tail(object), Access::Changes);
                    touched.touch(Place::Sent(object, number), Access::Changes);
                    room.into_iter()
                        .for_each(|room| touched.touch(Place::Taken(object, room), waits_or_reads(patient)));
                }
                if !patient {
                    touched.touch(Place::Tail(object), Access::Reads);
                    if channel.full() {
                        touched.touch(Place::Head(object), Access::Reads);
                    }
                    room.into_iter().for_each(|room| touched.touch(Place::Taken(object, room), Access::Reads));
                }
            }
            Side::Receive => {
                let number = channel.taken;
                let empty = channel.queue.is_empty();
                if takes {
                    touched.touch(Place::Head(object), Access::Changes);
                    touched.touch(Place::Sent(object, number), waits_or_reads(patient));
                    if channel.capacity.is_some() {
                        touched.touch(Place::Taken(object, number), Access::Changes);
                    }
                }
                touched.touch(Place::Head(object), Access::Reads);
                if empty {
                    touched.touch(Place::Gone(object, Side::Send), waits_or_reads(patient));
                }
                if !patient {
                    touched.touch(Place::Sent(object, number), Access::Reads);
                    if empty {
                        touched.touch(Place::Tail(object), Access::Reads);
                    }
                }
            }
        }
    }

    /// Whether who waits at the channel can be met there. (Where a channel of Go's has room, that is seen only if somebody
    /// can tell who waits.)
    fn meets_at(&self, object: usize) -> bool {
        let channel = self.channel(object);
        channel.capacity == Some(0) || (channel.rules == Rules::HandOver && self.facts.meets)
    }

    /// Whether nobody can tell who waits at a rendezvous.
    fn met_in_order(&self, object: usize) -> bool {
        self.settings.reduces && !self.facts.meets && self.channel(object).capacity == Some(0)
    }

    /// A sender comes to where it may be met.
    pub(crate) fn touch_coming(&self, object: usize, touched: &mut Footprint) {
        if self.met_in_order(object) {
            touched.touch(Place::Tail(object), Access::Changes);
            touched.touch(Place::Sent(object, self.channel(object).came), Access::Changes);
        } else {
            touched.touch(Place::Waits(object, Side::Send), Access::Adds);
        }
    }

    /// The channel is looked at: how many messages there are.
    pub(crate) fn touch_length(&self, object: usize, touched: &mut Footprint) {
        let channel = self.channel(object);
        if channel.timer.is_some() || channel.rules == Rules::HandOver {
            touched.touch(Place::Object(object), Access::Reads);
        } else if channel.capacity != Some(0) {
            touched.touch(Place::Head(object), Access::Reads);
            touched.touch(Place::Tail(object), Access::Reads);
            if channel.discards() {
                touched.touch(Place::Gone(object, Side::Receive), Access::Reads);
            }
        }
    }

    /// The thread's message is there, whose place was taken before.
    pub(crate) fn touch_message(&self, me: usize, touched: &mut Footprint) {
        if let Some((_, object, number)) = self.threads[me].took_place {
            touched.touch(Place::Object(object), Access::Changes);
            touched.touch(Place::Sent(object, number), Access::Changes);
        }
    }

    /// A channel of Go's is closed.
    pub(crate) fn touch_close(&self, object: usize, touched: &mut Footprint) {
        // If it is closed already, nothing changes.
        let access = if self.channel(object).hung_up(Side::Receive) { Access::Reads } else { Access::Changes };
        for place in [Place::Object(object), Place::Gone(object, Side::Send), Place::Gone(object, Side::Receive)] {
            touched.touch(place, access);
        }
    }

    /// An end of the channel is dropped.
    pub(crate) fn touch_end(&self, object: usize, side: Side, touched: &mut Footprint) {
        touched.touch(Place::Gone(object, side), Access::Adds);
        if self.channel(object).drops {
            // Whoever drops the last end drops what is left there.
            touched.touch(Place::Left(object), Access::Changes);
        }
    }
}

fn waits_or_reads(patient: bool) -> Access {
    if patient { Access::Awaits } else { Access::Reads }
}
