//! A channel of a model: the messages, and the handles that lead to them. What happens to them is decided at the waist.

use std::{
    collections::BTreeMap,
    panic::Location,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::world::{
    self, Execution,
    channel::{Arm, ChannelState, Deal, How, Outcome, Rules, Side, Timer},
    event::Kind,
};

/// How long an operation waits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience {
    /// Not at all.
    Nothing,
    /// As long as it takes, or until this time on the model's clock.
    Until(Option<u64>),
}

/// Why no arm was taken, or nothing came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Miss {
    /// It would have had to wait, or to wait longer.
    Nothing,
    /// The other side has hung up.
    HungUp,
}

/// A channel of a model.
pub(crate) struct Channel<T> {
    execution: u64,
    object: usize,
    created: &'static Location<'static>,
    /// By ticket.
    messages: Mutex<BTreeMap<u64, T>>,
    /// What time sends.
    tick: Option<fn(u64) -> T>,
}

/// One end of a channel.
pub(crate) struct End<T> {
    pub(crate) channel: Arc<Channel<T>>,
    side: Side,
    made: &'static Location<'static>,
}

impl Deal {
    /// One operation, or several of which one is done.
    pub(crate) fn new(arms: impl IntoIterator<Item = Arm>, patience: Patience) -> Deal {
        let (waits, deadline) = match patience {
            Patience::Nothing => (false, None),
            Patience::Until(deadline) => (true, deadline),
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
        }
    }
}

/// A channel of the std world is of no use in a model.
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

impl<T> Channel<T> {
    /// A new channel, made at `created`, with an end for each side.
    pub(crate) fn pair(
        ex: &Execution,
        capacity: Option<usize>,
        rules: Rules,
        created: &'static Location<'static>,
    ) -> (End<T>, End<T>) {
        let channel = Channel::make(ex, ChannelState::new(capacity, rules, None), None, created);
        let end = |side| End { channel: Arc::clone(&channel), side, made: created };
        (end(Side::Send), end(Side::Receive))
    }

    /// A channel without ends: it is closed by hand.
    pub(crate) fn bare(
        ex: &Execution,
        capacity: usize,
        rules: Rules,
        created: &'static Location<'static>,
    ) -> Arc<Channel<T>> {
        Channel::make(ex, ChannelState::new(Some(capacity), rules, None), None, created)
    }

    /// A channel without ends on which time sends.
    pub(crate) fn bare_timer(
        ex: &Execution,
        timer: Timer,
        tick: fn(u64) -> T,
        created: &'static Location<'static>,
    ) -> Arc<Channel<T>> {
        Channel::make(ex, ChannelState::new(Some(0), Rules::HandOver, Some(timer)), Some(tick), created)
    }

    /// A channel on which time sends.
    pub(crate) fn timer(
        ex: &Execution,
        timer: Timer,
        tick: fn(u64) -> T,
        created: &'static Location<'static>,
    ) -> End<T> {
        let state = ChannelState::new(Some(1), Rules::Compete, Some(timer));
        End { channel: Channel::make(ex, state, Some(tick), created), side: Side::Receive, made: created }
    }

    fn make(
        ex: &Execution,
        state: ChannelState,
        tick: Option<fn(u64) -> T>,
        created: &'static Location<'static>,
    ) -> Arc<Channel<T>> {
        let object = ex.new_channel(state, created);
        Arc::new(Channel { execution: ex.id(), object, created, messages: Mutex::default(), tick })
    }

    fn messages(&self) -> MutexGuard<'_, BTreeMap<u64, T>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The execution that the channel belongs to, if that is the one that runs.
    fn here(&self) -> Option<&'static Execution> {
        world::current().filter(|ex| ex.id() == self.execution)
    }

    /// The same.
    ///
    /// # Panics
    /// If another one runs, or none.
    fn execution(&self) -> &'static Execution {
        if let Some(ex) = self.here() {
            return ex;
        }
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
        self.execution();
        Arm { object: self.object, side, index: 0 }
    }

    /// Sends, or gives the message back with the reason.
    pub(crate) fn send(
        &self,
        message: T,
        patience: Patience,
        kind: Kind,
        location: &'static Location<'static>,
    ) -> Result<(), (T, Miss)> {
        let ex = self.execution();
        let ticket = ex.ticket();
        self.messages().insert(ticket, message);
        let deal = Deal { ticket, given: true, ..Deal::new([self.arm(Side::Send)], patience) };
        let miss = match ex.deal(kind, deal, location) {
            Some((_, How::Sent)) => return Ok(()),
            Some(_) => Miss::HungUp,
            None => Miss::Nothing,
        };
        Err((self.messages().remove(&ticket).expect("a message that was not sent is still there"), miss))
    }

    /// Receives.
    pub(crate) fn receive(
        &self,
        patience: Patience,
        kind: Kind,
        location: &'static Location<'static>,
    ) -> Result<T, Miss> {
        let outcome = self.execution().deal(kind, Deal::new([self.arm(Side::Receive)], patience), location);
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
                self.execution().collect(ticket, kind, location);
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
        self.execution().fill(ticket);
    }

    pub(crate) fn len(&self, location: &'static Location<'static>) -> usize {
        self.execution().queued(self.object, location)
    }

    pub(crate) fn capacity(&self) -> Option<usize> {
        self.execution().core.borrow().channel(self.object).capacity
    }

    /// Arms, or disarms, the timer that sends on it. True if it was armed.
    pub(crate) fn rearm(&self, due: Option<u64>, location: &'static Location<'static>) -> bool {
        self.execution().rearm(self.object, due, location)
    }

    /// Closes the channel as Go does. False if it was closed already.
    pub(crate) fn close(&self, location: &'static Location<'static>) -> bool {
        self.execution().close(self.object, location)
    }
}

impl<T> End<T> {
    #[track_caller]
    pub(crate) fn another(&self) -> End<T> {
        if let Some(ex) = self.channel.here() {
            ex.one_more(self.channel.object, self.side);
        }
        End { channel: Arc::clone(&self.channel), side: self.side, made: Location::caller() }
    }
}

impl<T> Drop for End<T> {
    fn drop(&mut self) {
        if let Some(ex) = self.channel.here() {
            for ticket in ex.hang_up(self.channel.object, self.side, self.made) {
                // A message's destructor may do anything: the store is free again by then.
                let message = self.channel.messages().remove(&ticket);
                drop(message);
            }
        }
    }
}
