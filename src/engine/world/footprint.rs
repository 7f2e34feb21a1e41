//! What a step depends on: which steps commute, and which have to be tried in both orders.
//!
//! Two steps of different threads are *dependent* if both touch the same [`Place`], and one of them changes it. Whatever is
//! not certain counts as dependent: that costs executions, and misses nothing. A step that is no scheduling point commutes
//! with everything, or the waist would have made it one.

use smallvec::SmallVec;

use super::{
    channel::Side,
    core::{Core, Status, place},
    event::Kind,
    object::{Object, State},
    once::Phase,
};

/// What steps may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// An object's state; of a lock, who takes it in which order.
    Object(usize),
    /// That a lock is given back, where others can see that.
    Given(usize),
    /// Who waits at a channel, to be met there.
    Waits(usize, Side),
    /// Which message comes next in a channel.
    Tail(usize),
    /// Who takes the next message out of it.
    Head(usize),
    /// That a channel's message with this number is there.
    Sent(usize, u32),
    /// That it has been taken.
    Taken(usize, u32),
    /// That a side of a channel has hung up.
    Gone(usize, Side),
    /// What is left in a channel when all its ends are dropped.
    Left(usize),
    /// A thread's park token.
    Token(usize),
    /// Whether a thread has ended.
    End(usize),
    /// Whether a host still has that life.
    Life(usize, u32),
    /// Whether a crash has cut a connection.
    Cut(usize),
    /// What may go wrong.
    Faults,
    /// Time, and what is left of the limits on early firings and spurious wake-ups.
    Time,
}

#[cfg(raddle_internals)]
impl Place {
    /// The name of its kind.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Place::Object(_) => "object",
            Place::Given(_) => "given",
            Place::Waits(..) => "waits",
            Place::Tail(_) => "tail",
            Place::Head(_) => "head",
            Place::Sent(..) => "sent",
            Place::Taken(..) => "taken",
            Place::Gone(..) => "gone",
            Place::Left(_) => "left",
            Place::Token(_) => "token",
            Place::End(_) => "end",
            Place::Life(..) => "life",
            Place::Cut(_) => "cut",
            Place::Faults => "faults",
            Place::Time => "time",
        }
    }
}

/// How a step touches a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    /// It waits for the last change, and commutes with it as far as it can be taken without.
    Awaits,
    Reads,
    /// It changes the place as others do that add to it, in whichever order.
    Adds,
    Changes,
}

impl Access {
    /// Whether it makes a difference which of the two comes first.
    pub(crate) fn conflicts(self, other: Access) -> bool {
        let waits = self == Access::Awaits || other == Access::Awaits;
        !waits && (self != other || self == Access::Changes)
    }
}

/// What one step touches.
#[derive(Default, Debug)]
pub(crate) struct Footprint {
    /// Each place once.
    pub(crate) places: SmallVec<[(Place, Access); 2]>,
    /// The step ended the execution: what others would have done comes before it, or does not happen.
    pub(crate) last: bool,
}

impl Clone for Footprint {
    fn clone(&self) -> Footprint {
        // SmallVec's own goes one by one.
        Footprint { places: SmallVec::from_slice(&self.places), last: self.last }
    }
}

impl Footprint {
    pub(crate) fn touch(&mut self, place: Place, access: Access) {
        match self.places.iter_mut().find(|(other, _)| *other == place) {
            // Whoever reads what it adds to does not commute with those that add.
            Some((_, before)) if access.conflicts(*before) => *before = Access::Changes,
            Some((_, before)) => *before = access.max(*before),
            None => self.places.push((place, access)),
        }
    }

    /// Whether it is that of a step at channels that might have touched something else, had another come before.
    pub(crate) fn deals(&self) -> bool {
        self.places.iter().any(|(place, _)| matches!(place, Place::Waits(..) | Place::Tail(_) | Place::Head(_)))
    }

    /// What either of two steps touches.
    pub(crate) fn extend(&mut self, other: &Footprint) {
        if self.places.is_empty() {
            self.places = SmallVec::from_slice(&other.places);
        } else {
            other.places.iter().for_each(|&(place, access)| self.touch(place, access));
        }
        self.last |= other.last;
    }

    /// Whether the two steps, of different threads, have to be tried in both orders.
    pub(crate) fn depends_on(&self, other: &Footprint) -> bool {
        self.last
            || other.last
            || self
                .places
                .iter()
                .any(|(place, mine)| other.places.iter().any(|(at, theirs)| at == place && mine.conflicts(*theirs)))
    }
}

#[cfg(raddle_shuttle)]
impl Core {
    /// The objects that the thread's pending operation is an operation of: one, or a channel for each of its arms.
    pub(crate) fn used(&self, me: usize) -> SmallVec<[usize; 2]> {
        let thread = &self.threads[me];
        match &thread.deal {
            None => thread.op.object.into_iter().collect(),
            Some(deal) => {
                let mut objects: SmallVec<[usize; 2]> = deal.arms.iter().map(|arm| arm.object).collect();
                objects.sort_unstable();
                objects.dedup();
                objects
            }
        }
    }

    /// Where the object was made, and what it is: the same in every execution.
    pub(crate) fn made_at(&self, object: usize) -> u32 {
        let Object { kind, created, .. } = self.objects[object];
        place(created) ^ kind as u32
    }

    /// What the thread's pending operation may touch. Nothing, if the thread has none, or one that is no scheduling point.
    pub(crate) fn footprint(&self, me: usize) -> Footprint {
        let mut touched = Footprint::default();
        let thread = &self.threads[me];
        if thread.status != Status::Pending || !thread.branches {
            return touched;
        }
        let op = &thread.op;
        let unseen = self.unseen(me);
        if !thread.also.is_empty() && !self.alive(me) {
            // All that comes of it is that the thread finds its host crashed. What is still there to be taken in, the crash
            // has cut off from all others.
            if !unseen {
                touched.touch(thread.home.place(), Access::Reads);
            }
            return touched;
        }
        let access = match (op.kind, op.object.map(|object| &self.objects[object].state)) {
            (Kind::Load | Kind::Read | Kind::TryRead | Kind::Look | Kind::Get | Kind::IsCompleted, _) => Access::Reads,
            (Kind::Connect | Kind::FileOpen | Kind::FileRead, _) => Access::Reads,
            // Who had returned is what somebody who begins can see.
            (Kind::Invoke, _) => Access::Reads,
            (Kind::Return, _) => Access::Adds,
            // It waits for the initialiser, or finds the once complete, as it stays.
            (Kind::Wait, Some(State::Once(_))) => Access::Reads,
            (Kind::CallOnce | Kind::GetOrInit | Kind::Force | Kind::Set, Some(State::Once(once))) => match once.phase {
                Phase::Complete => Access::Reads,
                Phase::Running(initialiser) if initialiser != me => Access::Reads,
                _ => Access::Changes,
            },
            _ => Access::Changes,
        };
        if let Some(object) = op.object {
            let lock = matches!(self.objects[object].state, State::Lock(_));
            let channel = matches!(self.objects[object].state, State::Channel(_));
            match op.kind {
                Kind::Look if channel => self.touch_length(object, &mut touched),
                // A sender comes: see below for what others do.
                Kind::Arrive => self.touch_coming(object, &mut touched),
                Kind::HangUp if let Some(side) = op.side => self.touch_end(object, side, &mut touched),
                Kind::HangUp => self.touch_close(object, &mut touched),
                _ if thread.deal.is_some() => {}
                Kind::Allow => touched.touch(Place::Faults, Access::Changes),
                // See below.
                Kind::Crash => {}
                Kind::Send => self.touch_message(me, &mut touched),
                Kind::Unlock | Kind::ReadUnlock | Kind::WriteUnlock | Kind::Downgrade => {
                    touched.touch(Place::Given(object), Access::Adds);
                }
                _ => touched.touch(Place::Object(object), access),
            }
            match op.kind {
                Kind::Lock | Kind::Read | Kind::Write => touched.touch(Place::Given(object), Access::Awaits),
                _ if lock => touched.touch(Place::Given(object), Access::Reads),
                _ => {}
            }
        }
        match op.kind {
            Kind::Crash => self.touch_host(me, &mut touched),
            Kind::StreamRead if op.object.is_some_and(|pipe| self.has_message(pipe)) => {}
            Kind::StreamRead | Kind::StreamWrite => {
                op.object.iter().for_each(|&pipe| touched.touch(Place::Cut(pipe), Access::Reads));
            }
            Kind::Park => touched.touch(Place::Token(me), Access::Changes),
            Kind::Unpark => op.peer.iter().for_each(|&thread| touched.touch(Place::Token(thread), Access::Changes)),
            Kind::IsFinished => op.peer.iter().for_each(|&thread| touched.touch(Place::End(thread), Access::Reads)),
            Kind::Exit => touched.touch(Place::End(me), Access::Changes),
            // It gives up a lock, which others may try.
            Kind::Wait if self.facts.tries => {
                let mine =
                    |object: &usize| matches!(&self.objects[*object].state, State::Lock(l) if l.writer == Some(me));
                (0..self.objects.len()).filter(mine).for_each(|lock| touched.touch(Place::Given(lock), Access::Adds));
            }
            _ => {}
        }
        if thread.deal.is_some() {
            self.touch_deal(me, &mut touched);
        }
        let also = thread.also.iter().filter(|(place, _)| !(unseen && matches!(place, Place::Life(..))));
        also.for_each(|&(place, access)| touched.touch(place, access));
        let wakes = matches!(op.kind, Kind::Wait | Kind::Park) && self.settings.spurious > 0;
        let timer = |object: usize| matches!(&self.objects[object].state, State::Channel(c) if c.timer.is_some());
        let looks = op.kind == Kind::Look && op.object.is_some_and(timer);
        let times = looks || matches!(op.kind, Kind::Sleep | Kind::Arm);
        // Who waits for an answer loses patience only when nothing else can go on.
        let armed = self.armed(me).is_some() && (thread.patience.is_none() || self.forced);
        if armed || wakes || times {
            touched.touch(Place::Time, Access::Changes);
        } else if self.asks_time {
            touched.touch(Place::Time, Access::Reads);
        }
        #[cfg(raddle_internals)]
        if let Some(weakening) = self.settings.weakening {
            weakening.weaken(op.kind, &mut touched);
        }
        touched
    }
}
