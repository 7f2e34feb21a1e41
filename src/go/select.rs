//! `select` over Go's channels.

use std::{cell::RefCell, fmt, rc::Rc};

use super::{
    chan::{Chan, Inner, closed},
    real,
};
#[cfg(raddle_model)]
use crate::{
    channel::store,
    world::{
        self,
        channel::{Arm, Deal, How, Side},
        event::Kind,
    },
};

/// A list of operations of which one is done: the dynamic form of [`select!`](crate::go::select!).
pub struct Select<'a>(Vec<Operation<'a>>);

/// The place of a value that may be received.
pub struct Receipt<T>(Rc<RefCell<Option<T>>>);

/// An operation, by world. A nil channel's is never done.
enum Operation<'a> {
    Nil,
    Real(Box<dyn Real + 'a>),
    #[cfg(raddle_model)]
    Model(Box<dyn Model + 'a>),
}

/// An operation on real threads.
trait Real {
    fn arm(&mut self) -> &mut dyn real::Arm;

    /// It was done, and the channel was `open`.
    fn done(&mut self, open: bool);

    /// What it is, for reports.
    #[cfg(raddle_model)]
    fn kind(&self) -> Kind;

    /// Its channel's number.
    #[cfg(raddle_model)]
    fn number(&self) -> u32;
}

/// An operation in a model.
#[cfg(raddle_model)]
trait Model {
    fn arm(&self) -> Arm;

    /// It was done, with this ticket.
    fn done(&mut self, ticket: u64, how: How, location: &'static std::panic::Location<'static>);
}

impl<T> Receipt<T> {
    /// The value, if the receive was done; `None` if it was and the channel is closed, or if it was not.
    pub fn take(&self) -> Option<T> {
        self.0.borrow_mut().take()
    }
}

struct Receiving<'a, T> {
    arm: real::Receive<'a, T>,
    place: Rc<RefCell<Option<T>>>,
}

struct Sending<'a, T>(real::Send<'a, T>);

impl<T> Real for Receiving<'_, T> {
    fn arm(&mut self) -> &mut dyn real::Arm {
        &mut self.arm
    }

    fn done(&mut self, _open: bool) {
        *self.place.borrow_mut() = self.arm.message.take();
    }

    #[cfg(raddle_model)]
    fn kind(&self) -> Kind {
        Kind::Receive
    }

    #[cfg(raddle_model)]
    fn number(&self) -> u32 {
        self.arm.channel.number()
    }
}

impl<T> Real for Sending<'_, T> {
    fn arm(&mut self) -> &mut dyn real::Arm {
        &mut self.0
    }

    fn done(&mut self, open: bool) {
        if !open {
            closed();
        }
    }

    #[cfg(raddle_model)]
    fn kind(&self) -> Kind {
        Kind::Send
    }

    #[cfg(raddle_model)]
    fn number(&self) -> u32 {
        self.0.channel.number()
    }
}

#[cfg(raddle_model)]
struct Modelled<'a, T> {
    channel: &'a store::Channel<T>,
    /// To be sent.
    message: Option<T>,
    /// Where what is received goes.
    place: Option<Rc<RefCell<Option<T>>>>,
}

#[cfg(raddle_model)]
impl<T> Model for Modelled<'_, T> {
    fn arm(&self) -> Arm {
        self.channel.arm(if self.place.is_some() { Side::Receive } else { Side::Send })
    }

    fn done(&mut self, ticket: u64, how: How, location: &'static std::panic::Location<'static>) {
        match &self.place {
            Some(place) => {
                let got = self.channel.received(Some((0, how)), Kind::Receive, location);
                *place.borrow_mut() = got.ok();
            }
            None if how == How::Sent => {
                self.channel.give(ticket, self.message.take().expect("a message is sent once"));
            }
            None => closed(),
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
        let theirs = Rc::clone(&place);
        self.0.push(match &c.0 {
            Inner::Nil => Operation::Nil,
            Inner::Real(channel) => {
                Operation::Real(Box::new(Receiving { arm: real::Receive::new(channel), place: theirs }))
            }
            #[cfg(raddle_model)]
            Inner::Model(channel) => {
                Operation::Model(Box::new(Modelled { channel, message: None, place: Some(theirs) }))
            }
        });
        Receipt(place)
    }

    /// Adds `c <- value`.
    pub fn send<T>(&mut self, c: &'a Chan<T>, value: T)
    where
        T: 'a,
    {
        self.0.push(match &c.0 {
            Inner::Nil => Operation::Nil,
            Inner::Real(channel) => Operation::Real(Box::new(Sending(real::Send::new(channel, value)))),
            #[cfg(raddle_model)]
            Inner::Model(channel) => {
                Operation::Model(Box::new(Modelled { channel, message: Some(value), place: None }))
            }
        });
    }

    /// Waits until an operation can be done, and does it. Returns its index.
    ///
    /// # Panics
    /// If it is a send on a closed channel.
    #[cfg_attr(raddle_model, track_caller)]
    pub fn run(self) -> usize {
        // Nothing is done only where a model's execution ends early.
        self.select(true).unwrap_or(usize::MAX)
    }

    /// Does an operation if one can be done: `select` with `default`.
    ///
    /// # Panics
    /// If it is a send on a closed channel.
    #[cfg_attr(raddle_model, track_caller)]
    pub fn try_run(self) -> Option<usize> {
        self.select(false)
    }

    #[cfg_attr(raddle_model, track_caller)]
    fn select(mut self, wait: bool) -> Option<usize> {
        #[cfg(raddle_model)]
        if let Some(ex) = world::current() {
            return self.deal(ex, wait, std::panic::Location::caller());
        }
        let place = self.place();
        let mut arms: Vec<(usize, &mut Box<dyn Real + 'a>)> = Vec::new();
        for (at, operation) in self.0.iter_mut().enumerate() {
            if let Operation::Real(operation) = operation {
                arms.push((at, operation));
            }
        }
        let done = {
            let mut arms: Vec<&mut dyn real::Arm> = arms.iter_mut().map(|(_, operation)| operation.arm()).collect();
            real::select(&mut arms, wait, &place)
        };
        let (arm, open) = done?;
        let (at, operation) = &mut arms[arm];
        operation.done(open);
        Some(*at)
    }

    /// Where the calling thread waits.
    #[cfg_attr(raddle_model, track_caller)]
    fn place(&self) -> real::Place {
        real::Place {
            #[cfg(raddle_model)]
            kind: match &self.0[..] {
                [Operation::Real(operation)] => operation.kind(),
                _ => Kind::Select,
            },
            #[cfg(raddle_model)]
            number: match &self.0[..] {
                [Operation::Real(operation)] => operation.number(),
                _ => 0,
            },
            #[cfg(raddle_model)]
            location: std::panic::Location::caller(),
        }
    }

    #[cfg(raddle_model)]
    fn deal(
        &mut self,
        ex: &world::Execution,
        wait: bool,
        location: &'static std::panic::Location<'static>,
    ) -> Option<usize> {
        let mut arms: Vec<(usize, &mut Box<dyn Model + 'a>)> = Vec::new();
        for (at, operation) in self.0.iter_mut().enumerate() {
            match operation {
                Operation::Model(operation) => arms.push((at, operation)),
                Operation::Nil => {}
                Operation::Real(_) => {
                    ex.error("a channel made outside any model is used in one: make it inside the model".to_owned());
                }
            }
        }
        let patience = if wait { store::Patience::Until(None) } else { store::Patience::Nothing };
        let ticket = ex.ticket();
        let numbered = arms.iter().map(|(at, operation)| Arm { index: *at, ..operation.arm() });
        let deal = Deal { ticket, ..Deal::new(numbered, patience) };
        let (arm, how) = ex.deal(Kind::Select, deal, location)?;
        let (at, operation) = arms.get_mut(arm)?;
        operation.done(ticket, how, location);
        Some(*at)
    }
}

/// One operation alone.
#[cfg_attr(raddle_model, track_caller)]
pub(super) fn one<'a>(add: impl FnOnce(&mut Select<'a>)) {
    let mut select = Select::new();
    add(&mut select);
    select.run();
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
