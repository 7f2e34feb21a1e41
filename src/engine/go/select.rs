//! `select` over Go's channels.

use std::{cell::RefCell, fmt, panic::Location, rc::Rc};

use super::chan::{Chan, closed};
use crate::channel::{
    store,
    terms::{Asked, How, Kind, Patience, Side},
};

/// A list of operations of which one is done: the dynamic form of [`select!`](crate::go::select!).
pub struct Select<'a>(Vec<Option<Box<dyn Operation + 'a>>>);

/// The place of a value that may be received.
pub struct Receipt<T>(Rc<RefCell<Option<T>>>);

/// An operation that is there: a nil channel's is not.
trait Operation {
    fn arm(&self) -> store::Arm;

    /// It was done, with this ticket.
    fn done(&mut self, ticket: u64, how: How, location: &'static Location<'static>);
}

impl<T> Receipt<T> {
    /// The value, if the receive was done; `None` if it was and the channel is closed, or if it was not.
    pub fn take(&self) -> Option<T> {
        self.0.borrow_mut().take()
    }
}

struct Receiving<'a, T> {
    channel: &'a store::Channel<T>,
    place: Rc<RefCell<Option<T>>>,
}

struct Sending<'a, T> {
    channel: &'a store::Channel<T>,
    message: Option<T>,
}

impl<T> Operation for Receiving<'_, T> {
    fn arm(&self) -> store::Arm {
        self.channel.arm(Side::Receive)
    }

    fn done(&mut self, _ticket: u64, how: How, location: &'static Location<'static>) {
        let got = self.channel.received(Some((0, how)), Kind::Receive, location).ok();
        *self.place.borrow_mut() = got;
    }
}

impl<T> Operation for Sending<'_, T> {
    fn arm(&self) -> store::Arm {
        self.channel.arm(Side::Send)
    }

    fn done(&mut self, ticket: u64, how: How, _location: &'static Location<'static>) {
        match how {
            How::Sent => self.channel.give(ticket, self.message.take().expect("a message is sent once")),
            _ => closed(),
        }
    }
}

impl<'a> Select<'a> {
    /// No operations yet. With none, [`Select::run`] waits for ever (SE4).
    pub fn new() -> Select<'a> {
        Select(Vec::new())
    }

    /// Adds `<-c`. The operation's index is the number of those before it.
    pub fn recv<T>(&mut self, c: &'a Chan<T>) -> Receipt<T> {
        let place = Rc::default();
        let receiving =
            |channel| -> Box<dyn Operation + 'a> { Box::new(Receiving { channel, place: Rc::clone(&place) }) };
        self.0.push(c.inner().map(|channel| receiving(channel)));
        Receipt(place)
    }

    /// Adds `c <- value`.
    pub fn send<T>(&mut self, c: &'a Chan<T>, value: T)
    where
        T: 'a,
    {
        let sending = |channel| -> Box<dyn Operation + 'a> { Box::new(Sending { channel, message: Some(value) }) };
        self.0.push(c.inner().map(|channel| sending(channel)));
    }

    /// Waits until an operation can be done, and does it. Returns its index.
    ///
    /// # Panics
    /// If it is a send on a closed channel.
    #[cfg_attr(raddle_model, track_caller)]
    pub fn run(self) -> usize {
        // Nothing is done only where a model's execution ends early.
        self.select(Patience::FOREVER).unwrap_or(usize::MAX)
    }

    /// Does an operation if one can be done: `select` with `default`.
    ///
    /// # Panics
    /// If it is a send on a closed channel.
    #[cfg_attr(raddle_model, track_caller)]
    pub fn try_run(self) -> Option<usize> {
        self.select(Patience::Nothing)
    }

    #[cfg_attr(raddle_model, track_caller)]
    fn select(mut self, patience: Patience) -> Option<usize> {
        let location = Location::caller();
        let there = self.0.iter_mut().enumerate().filter_map(|(at, operation)| Some((at, operation.as_mut()?)));
        let mut there: Vec<(usize, &mut Box<dyn Operation + 'a>)> = there.collect();
        let arms: Vec<store::Arm> = there.iter().map(|(at, operation)| operation.arm().numbered(*at)).collect();
        let ticket = store::ticket();
        let kind = Kind::Select;
        let asked = Asked { ticket, given: false, biased: false, looks: false, patience, kind, location };
        let (arm, how) = store::deal(&arms, asked)?;
        let (at, operation) = there.get_mut(arm)?;
        operation.done(ticket, how, location);
        Some(*at)
    }
}

impl Default for Select<'_> {
    fn default() -> Self {
        Select::new()
    }
}

impl fmt::Debug for Select<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Select { .. }")
    }
}

impl<T> fmt::Debug for Receipt<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Receipt { .. }")
    }
}
