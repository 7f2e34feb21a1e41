//! A channel of ours: the messages, and the handles that lead to them. What happens to them is decided at the waist in a
//! model, and by [`real`] on real threads.

#[cfg(raddle_model)]
use std::time::Duration;
use std::{
    collections::BTreeMap,
    panic::Location,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    real,
    terms::{Asked, How, Kind, Miss, Outcome, Patience, Rules, Side, Timer},
};
use crate::time::Instant;
#[cfg(raddle_model)]
use crate::world::{
    self, Execution,
    channel::{self as waist, ChannelState, Deal},
};

/// A channel of ours.
pub(crate) struct Channel<T> {
    at: At,
    #[cfg(raddle_model)]
    created: &'static Location<'static>,
    /// By ticket.
    messages: Mutex<BTreeMap<u64, T>>,
    /// What time sends.
    tick: Option<fn(Instant) -> T>,
}

/// Where it is decided what happens.
enum At {
    Real(Arc<real::Channel>),
    #[cfg(raddle_model)]
    Model {
        execution: u64,
        object: usize,
    },
}

/// The same, as the caller finds it.
enum Here<'a> {
    Real(&'a Arc<real::Channel>),
    #[cfg(raddle_model)]
    Model(&'static Execution, usize),
}

/// One end of a channel.
pub(crate) struct End<T> {
    pub(crate) channel: Arc<Channel<T>>,
    side: Side,
    made: &'static Location<'static>,
}

/// One operation that a thread would do.
#[derive(Clone)]
pub(crate) enum Arm {
    Real(Arc<real::Channel>, Side),
    #[cfg(raddle_model)]
    Model(waist::Arm),
}

impl Arm {
    /// The same, with its number in the list, for reports.
    pub(crate) fn numbered(self, index: usize) -> Arm {
        let _ = index;
        match self {
            Arm::Real(..) => self,
            #[cfg(raddle_model)]
            Arm::Model(arm) => Arm::Model(waist::Arm { index, ..arm }),
        }
    }
}

#[cfg(raddle_model)]
impl Arm {
    /// A message whose place was taken will never be there: its thread unwinds.
    pub(crate) fn give_up(&self, ticket: u64) {
        if let Arm::Real(channel, _) = self {
            channel.fill(ticket);
        }
    }
}

/// What the next message is known by.
pub(crate) fn ticket() -> u64 {
    #[cfg(raddle_model)]
    if let Some(ex) = world::current() {
        return ex.ticket();
    }
    real::ticket()
}

/// Does one of the operations.
pub(crate) fn deal(arms: &[Arm], asked: Asked) -> Outcome {
    #[cfg(raddle_model)]
    if let Some(ex) = world::current() {
        let arms = arms.iter().map(|arm| match arm {
            Arm::Model(arm) => *arm,
            Arm::Real(..) => unreachable!("a channel of the std world has no arm in a model"),
        });
        let deal = Deal { ticket: asked.ticket, given: asked.given, ..Deal::new(arms, asked.patience) };
        let deal = Deal { looks: asked.looks, biased: asked.biased, ..deal };
        return ex.deal(asked.kind, deal, asked.location);
    }
    let real = |arm| match arm {
        &Arm::Real(ref channel, side) => (&**channel, side),
        #[cfg(raddle_model)]
        Arm::Model(_) => panic!("operations of a model are of no use outside it"),
    };
    real::deal(&arms.iter().map(real).collect::<Vec<_>>(), &asked)
}

#[cfg(raddle_model)]
impl Deal {
    /// One operation, or several of which one is done.
    pub(crate) fn new(arms: impl IntoIterator<Item = waist::Arm>, patience: Patience) -> Deal {
        let (waits, deadline) = match patience {
            Patience::Nothing => (false, None),
            Patience::Until(deadline) => (true, deadline.map(Instant::nanos)),
        };
        Deal {
            arms: arms.into_iter().collect(),
            ticket: 0,
            given: false,
            biased: false,
            looks: false,
            waits,
            deadline,
            arrived: false,
            made: None,
            came: None,
        }
    }
}

/// A channel of the std world is of no use in a model.
#[cfg(raddle_model)]
pub(crate) fn check_std(created: &'static Location<'static>) {
    if let Some(ex) = world::current() {
        let message = format!(
            "a channel made at {created} was made outside any model and is now used in a {} model: make it inside the model",
            ex.world
        );
        ex.error(message.clone());
        panic!("{message}");
    }
}

/// A message whose fate is open: if it was not sent, it is taken out again, and goes when nothing is locked.
struct Unsent<'a, T>(&'a Channel<T>, u64);

impl<T> Unsent<'_, T> {
    fn take(&self) -> Option<T> {
        self.0.messages().remove(&self.1)
    }
}

impl<T> Drop for Unsent<'_, T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl<T> Channel<T> {
    /// A new channel, made at `created`, with an end for each side.
    #[track_caller]
    pub(crate) fn pair(capacity: Option<usize>, rules: Rules, created: &'static Location<'static>) -> (End<T>, End<T>) {
        let channel = Channel::make(capacity, rules, None, None, created);
        let end = |side| End { channel: Arc::clone(&channel), side, made: created };
        (end(Side::Send), end(Side::Receive))
    }

    /// A channel without ends: it is closed by hand.
    #[track_caller]
    pub(crate) fn bare(capacity: usize, created: &'static Location<'static>) -> Arc<Channel<T>> {
        Channel::make(Some(capacity), Rules::HandOver, None, None, created)
    }

    /// A channel without ends on which time sends.
    #[track_caller]
    pub(crate) fn bare_timer(
        due: Option<Instant>,
        tick: fn(Instant) -> T,
        created: &'static Location<'static>,
    ) -> Arc<Channel<T>> {
        Channel::make(Some(0), Rules::HandOver, Some(Timer { due, period: None }), Some(tick), created)
    }

    /// A channel on which time sends.
    #[track_caller]
    pub(crate) fn timer(timer: Timer, tick: fn(Instant) -> T, created: &'static Location<'static>) -> End<T> {
        let channel = Channel::make(Some(1), Rules::Compete, Some(timer), Some(tick), created);
        End { channel, side: Side::Receive, made: created }
    }

    #[track_caller]
    fn make(
        capacity: Option<usize>,
        rules: Rules,
        timer: Option<Timer>,
        tick: Option<fn(Instant) -> T>,
        created: &'static Location<'static>,
    ) -> Arc<Channel<T>> {
        Arc::new(Channel {
            at: At::make(capacity, rules, timer, std::mem::needs_drop::<T>(), created),
            #[cfg(raddle_model)]
            created,
            messages: Mutex::default(),
            tick,
        })
    }

    fn messages(&self) -> MutexGuard<'_, BTreeMap<u64, T>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it is decided what happens.
    ///
    /// # Panics
    /// If the channel belongs elsewhere than the caller does.
    fn here(&self) -> Here<'_> {
        match &self.at {
            At::Real(channel) => {
                #[cfg(raddle_model)]
                check_std(self.created);
                Here::Real(channel)
            }
            #[cfg(raddle_model)]
            &At::Model { execution, object } => match current(execution) {
                Some(ex) => Here::Model(ex, object),
                None => self.over(),
            },
        }
    }

    /// # Panics
    /// Since the channel's execution is not the one that runs.
    #[cfg(raddle_model)]
    fn over(&self) -> ! {
        let message = format!(
            "a channel made at {} belongs to an execution that is over: what a model does ends with its execution. Make \
             the channel inside the model, and give results out through std types (std::sync::Mutex, std::sync::mpsc)",
            self.created
        );
        if let Some(ex) = world::current() {
            ex.error(message.clone());
        }
        panic!("{message}");
    }

    pub(crate) fn arm(&self, side: Side) -> Arm {
        match self.here() {
            Here::Real(channel) => Arm::Real(Arc::clone(channel), side),
            #[cfg(raddle_model)]
            Here::Model(_, object) => Arm::Model(waist::Arm { object, side, index: 0 }),
        }
    }

    /// Sends, or gives the message back with the reason.
    pub(crate) fn send(
        &self,
        message: T,
        patience: Patience,
        kind: Kind,
        location: &'static Location<'static>,
    ) -> Result<(), (T, Miss)> {
        let arm = self.arm(Side::Send);
        let ticket = ticket();
        self.messages().insert(ticket, message);
        let unsent = Unsent(self, ticket);
        let asked = Asked { ticket, given: true, biased: false, looks: false, patience, kind, location };
        let miss = match deal(&[arm], asked) {
            Some((_, How::Sent)) => {
                std::mem::forget(unsent);
                return Ok(());
            }
            Some(_) => Miss::HungUp,
            None => Miss::Nothing,
        };
        Err((unsent.take().expect("a message that was not sent is still there"), miss))
    }

    /// Receives.
    pub(crate) fn receive(
        &self,
        patience: Patience,
        kind: Kind,
        location: &'static Location<'static>,
    ) -> Result<T, Miss> {
        let asked = Asked { ticket: 0, given: false, biased: false, looks: false, patience, kind, location };
        let outcome = deal(&[self.arm(Side::Receive)], asked);
        self.received(outcome, kind, location)
    }

    /// What a receive came to.
    pub(crate) fn received(
        &self,
        outcome: Outcome,
        kind: Kind,
        location: &'static Location<'static>,
    ) -> Result<T, Miss> {
        match outcome {
            Some((_, How::Received(ticket))) => {
                match self.here() {
                    Here::Real(channel) => channel.collect(ticket, kind, location),
                    #[cfg(raddle_model)]
                    Here::Model(ex, _) => ex.collect(ticket, kind, location),
                }
                // Nothing comes where the execution ends early.
                self.messages().remove(&ticket).ok_or(Miss::HungUp)
            }
            Some((_, How::Fired(due))) => Ok(self.tick.expect("only a timer fires")(due)),
            Some(_) => Err(Miss::HungUp),
            None => Err(Miss::Nothing),
        }
    }

    /// Gives the message of a send whose place was taken before.
    pub(crate) fn give(&self, ticket: u64, message: T) {
        self.messages().insert(ticket, message);
        match self.here() {
            Here::Real(channel) => {
                if !channel.fill(ticket) {
                    drop(Unsent(self, ticket));
                }
            }
            #[cfg(raddle_model)]
            Here::Model(ex, _) => ex.fill(ticket),
        }
    }

    /// How many messages there are.
    pub(crate) fn len(&self, location: &'static Location<'static>) -> usize {
        let _ = location;
        match self.here() {
            Here::Real(channel) => channel.len(),
            #[cfg(raddle_model)]
            Here::Model(ex, object) => ex.queued(object, location),
        }
    }

    pub(crate) fn capacity(&self) -> Option<usize> {
        match self.here() {
            Here::Real(channel) => channel.capacity(),
            #[cfg(raddle_model)]
            Here::Model(ex, object) => ex.core.borrow().channel(object).capacity,
        }
    }

    /// Arms, or disarms, the timer that sends on it. True if it was armed.
    pub(crate) fn rearm(&self, due: Option<Instant>, location: &'static Location<'static>) -> bool {
        let _ = location;
        match self.here() {
            Here::Real(channel) => channel.rearm(due),
            #[cfg(raddle_model)]
            Here::Model(ex, object) => ex.rearm(object, due.map(Instant::nanos), location),
        }
    }

    /// Closes the channel as Go does. False if it was closed already.
    pub(crate) fn close(&self, location: &'static Location<'static>) -> bool {
        let _ = location;
        match self.here() {
            Here::Real(channel) => channel.close(),
            #[cfg(raddle_model)]
            Here::Model(ex, object) => ex.close(object, location),
        }
    }
}

impl At {
    #[track_caller]
    fn make(
        capacity: Option<usize>,
        rules: Rules,
        timer: Option<Timer>,
        drops: bool,
        created: &'static Location<'static>,
    ) -> At {
        let _ = (drops, created);
        #[cfg(raddle_model)]
        {
            if let Some(ex) = world::current() {
                let nanos = |period: Duration| u64::try_from(period.as_nanos()).unwrap_or(u64::MAX);
                let timer = timer.map(|Timer { due, period }| waist::Timer {
                    due: due.map(Instant::nanos),
                    period: period.map(nanos),
                });
                let object = ex.new_channel(ChannelState::new(capacity, rules, timer, drops), created);
                return At::Model { execution: ex.id(), object };
            }
            crate::thread::require_std("a channel");
        }
        At::Real(Arc::new(real::Channel::new(capacity, rules, timer)))
    }
}

/// The execution, if it is the one that runs.
#[cfg(raddle_model)]
fn current(execution: u64) -> Option<&'static Execution> {
    world::current().filter(|ex| ex.id() == execution)
}

impl<T> End<T> {
    #[track_caller]
    pub(crate) fn another(&self) -> End<T> {
        match &self.channel.at {
            At::Real(channel) => channel.one_more(self.side),
            #[cfg(raddle_model)]
            &At::Model { execution, object } => {
                if let Some(ex) = current(execution) {
                    ex.one_more(object, self.side);
                }
            }
        }
        End { channel: Arc::clone(&self.channel), side: self.side, made: Location::caller() }
    }
}

impl<T> Drop for End<T> {
    fn drop(&mut self) {
        let left = match &self.channel.at {
            At::Real(channel) => channel.hang_up(self.side),
            #[cfg(raddle_model)]
            &At::Model { execution, object } => match current(execution) {
                Some(ex) => ex.hang_up(object, self.side, self.made),
                None => return,
            },
        };
        for ticket in left {
            // A message's destructor may do anything: the store is free again by then.
            drop(Unsent(&self.channel, ticket));
        }
    }
}
