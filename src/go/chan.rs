//! Channels with Go's rules.

use std::{fmt, sync::Arc, time::Instant};

use super::{real, select::one};
#[cfg(raddle_model)]
use crate::{
    channel::store,
    world::{self, channel::Rules},
};

/// A channel with Go's rules: see the [module](crate::go). Clones are the same channel.
pub struct Chan<T>(pub(super) Inner<T>);

/// By world.
pub(super) enum Inner<T> {
    Nil,
    Real(Arc<real::Channel<T>>),
    #[cfg(raddle_model)]
    Model(Arc<store::Channel<T>>),
}

impl<T> Chan<T> {
    /// `make(chan T, capacity)`. With capacity 0 each send meets a receive.
    #[cfg_attr(raddle_model, track_caller)]
    pub fn new(capacity: usize) -> Chan<T> {
        #[cfg(raddle_model)]
        if let Some(ex) = world::current() {
            let created = std::panic::Location::caller();
            return Chan(Inner::Model(store::Channel::bare(ex, capacity, Rules::HandOver, created)));
        }
        Chan::real(capacity, None, None)
    }

    pub(super) fn real(capacity: usize, due: Option<Instant>, tick: Option<fn(Instant) -> T>) -> Chan<T> {
        #[cfg(raddle_model)]
        crate::thread::require_std("a channel");
        Chan(Inner::Real(Arc::new(real::Channel::new(capacity, due, tick))))
    }

    /// The nil channel: sending and receiving wait for ever, and no select takes its arm (CH10, SE5).
    pub const fn nil() -> Chan<T> {
        Chan(Inner::Nil)
    }

    /// Whether it is nil.
    pub fn is_nil(&self) -> bool {
        matches!(self.0, Inner::Nil)
    }

    /// `c <- value`: waits for room or for a receiver.
    ///
    /// # Panics
    /// If the channel is closed, or is closed meanwhile: "send on closed channel" (CH12, CH14).
    #[cfg_attr(raddle_model, track_caller)]
    pub fn send(&self, value: T) {
        #[cfg(raddle_model)]
        if let Inner::Model(channel) = &self.0 {
            let (patience, kind) = (store::Patience::Until(None), world::event::Kind::Send);
            let sent = channel.send(value, patience, kind, std::panic::Location::caller());
            if sent.is_err() {
                closed();
            }
            return;
        }
        one(|select| {
            select.send(self, value);
        });
    }

    /// `<-c`: waits for a value. `None` if the channel is closed and drained, where Go gives the zero value and false
    /// (CH11).
    #[cfg_attr(raddle_model, track_caller)]
    pub fn recv(&self) -> Option<T> {
        #[cfg(raddle_model)]
        if let Inner::Model(channel) = &self.0 {
            let (patience, kind) = (store::Patience::Until(None), world::event::Kind::Receive);
            return channel.receive(patience, kind, std::panic::Location::caller()).ok();
        }
        let mut receipt = None;
        one(|select| receipt = Some(select.recv(self)));
        receipt.and_then(|receipt| receipt.take())
    }

    /// `close(c)`.
    ///
    /// # Panics
    /// If it is closed already, "close of closed channel" (CH13), or nil, "close of nil channel" (CH10).
    #[cfg_attr(raddle_model, track_caller)]
    pub fn close(&self) {
        let open = match &self.0 {
            Inner::Nil => panic!("close of nil channel"),
            Inner::Real(channel) => channel.close(),
            #[cfg(raddle_model)]
            Inner::Model(channel) => channel.close(std::panic::Location::caller()),
        };
        assert!(open, "close of closed channel");
    }

    /// `len(c)`: the values queued. Not a synchronisation (CH19).
    #[cfg_attr(raddle_model, track_caller)]
    pub fn len(&self) -> usize {
        match &self.0 {
            Inner::Nil => 0,
            Inner::Real(channel) => channel.len(),
            #[cfg(raddle_model)]
            Inner::Model(channel) => channel.len(std::panic::Location::caller()),
        }
    }

    /// Whether no value is queued.
    #[cfg_attr(raddle_model, track_caller)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `cap(c)`.
    pub fn capacity(&self) -> usize {
        match &self.0 {
            Inner::Nil => 0,
            Inner::Real(channel) => channel.capacity(),
            #[cfg(raddle_model)]
            Inner::Model(channel) => channel.capacity().unwrap_or(0),
        }
    }

    /// `for v := range c`: values until the channel is closed and drained (CH15).
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(self)
    }
}

/// A value was sent on a closed channel. In an execution that ends early every channel counts as closed: there it is
/// nothing.
#[cfg_attr(raddle_model, track_caller)]
pub(super) fn closed() {
    #[cfg(raddle_model)]
    if world::current().is_some_and(|ex| ex.aborting()) {
        return;
    }
    panic!("send on closed channel")
}

impl<T> Clone for Chan<T> {
    fn clone(&self) -> Chan<T> {
        Chan(match &self.0 {
            Inner::Nil => Inner::Nil,
            Inner::Real(channel) => Inner::Real(Arc::clone(channel)),
            #[cfg(raddle_model)]
            Inner::Model(channel) => Inner::Model(Arc::clone(channel)),
        })
    }
}

impl<T> PartialEq for Chan<T> {
    /// Whether both are the same channel, or nil.
    fn eq(&self, other: &Chan<T>) -> bool {
        match (&self.0, &other.0) {
            (Inner::Nil, Inner::Nil) => true,
            (Inner::Real(mine), Inner::Real(theirs)) => Arc::ptr_eq(mine, theirs),
            #[cfg(raddle_model)]
            (Inner::Model(mine), Inner::Model(theirs)) => Arc::ptr_eq(mine, theirs),
            _ => false,
        }
    }
}

impl<T> Eq for Chan<T> {}

impl<T> fmt::Debug for Chan<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(if self.is_nil() { "Chan(nil)" } else { "Chan { .. }" })
    }
}

/// The values of a channel, each waited for, until it is closed and drained.
#[derive(Debug)]
pub struct Iter<'a, T>(&'a Chan<T>);

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    #[cfg_attr(raddle_model, track_caller)]
    fn next(&mut self) -> Option<T> {
        self.0.recv()
    }
}

impl<'a, T> IntoIterator for &'a Chan<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}
