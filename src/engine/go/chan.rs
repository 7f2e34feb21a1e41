//! Channels with Go's rules.

use std::{fmt, panic::Location, sync::Arc};

use crate::{
    channel::{
        store,
        terms::{Asked, Kind, Patience},
    },
    time::Instant,
};

/// A channel with Go's rules: see the [module](crate::go). Clones are the same channel.
pub struct Chan<T>(Option<Arc<store::Channel<T>>>);

impl<T> Chan<T> {
    /// `make(chan T, capacity)`. With capacity 0 each send meets a receive.
    ///
    /// # Panics
    /// If no memory could hold so many values: "makechan: size out of range" (CH2).
    #[cfg_attr(raddle_model, track_caller)]
    pub fn new(capacity: usize) -> Chan<T> {
        let bytes = size_of::<T>().checked_mul(capacity).and_then(|bytes| isize::try_from(bytes).ok());
        assert!(bytes.is_some(), "makechan: size out of range");
        Chan(Some(store::Channel::bare(capacity, Location::caller())))
    }

    /// The channel of a timer that is due then.
    #[cfg_attr(raddle_model, track_caller)]
    pub(super) fn timer(due: Option<Instant>, tick: fn(Instant) -> T) -> Chan<T> {
        Chan(Some(store::Channel::bare_timer(due, tick, Location::caller())))
    }

    /// The channel, unless it is nil.
    pub(super) fn inner(&self) -> Option<&Arc<store::Channel<T>>> {
        self.0.as_ref()
    }

    /// The nil channel: sending and receiving wait for ever, and no select takes its arm (CH10, SE5).
    pub const fn nil() -> Chan<T> {
        Chan(None)
    }

    /// Whether it is nil.
    pub fn is_nil(&self) -> bool {
        self.0.is_none()
    }

    /// `c <- value`: waits for room or for a receiver.
    ///
    /// # Panics
    /// If the channel is closed, or is closed meanwhile: "send on closed channel" (CH12, CH14).
    #[cfg_attr(raddle_model, track_caller)]
    pub fn send(&self, value: T) {
        match &self.0 {
            None => nil(Kind::Send),
            Some(channel) => {
                if channel.send(value, Patience::FOREVER, Kind::Send, Location::caller()).is_err() {
                    closed();
                }
            }
        }
    }

    /// `<-c`: waits for a value. `None` if the channel is closed and drained, where Go gives the zero value and false
    /// (CH11).
    #[cfg_attr(raddle_model, track_caller)]
    pub fn recv(&self) -> Option<T> {
        match &self.0 {
            None => {
                nil(Kind::Receive);
                None
            }
            Some(channel) => channel.receive(Patience::FOREVER, Kind::Receive, Location::caller()).ok(),
        }
    }

    /// `close(c)`.
    ///
    /// # Panics
    /// If it is closed already, "close of closed channel" (CH13), or nil, "close of nil channel" (CH10).
    #[cfg_attr(raddle_model, track_caller)]
    pub fn close(&self) {
        let Some(channel) = &self.0 else { panic!("close of nil channel") };
        let open = channel.close(Location::caller());
        assert!(open, "close of closed channel");
    }

    /// `len(c)`: the values queued; none on a channel without a buffer, as a timer's is (TI1). Not a synchronisation
    /// (CH19).
    #[cfg_attr(raddle_model, track_caller)]
    pub fn len(&self) -> usize {
        match &self.0 {
            Some(channel) if self.capacity() > 0 => channel.len(Location::caller()),
            _ => 0,
        }
    }

    /// Whether no value is queued.
    #[cfg_attr(raddle_model, track_caller)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `cap(c)`.
    pub fn capacity(&self) -> usize {
        self.0.as_ref().and_then(|channel| channel.capacity()).unwrap_or(0)
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
    if crate::world::current().is_some_and(|ex| ex.aborting()) {
        return;
    }
    panic!("send on closed channel")
}

/// Waits for ever.
#[cfg_attr(raddle_model, track_caller)]
fn nil(kind: Kind) {
    let (patience, location) = (Patience::FOREVER, Location::caller());
    // It comes to something only where a model's execution ends early.
    store::deal(&[], Asked { ticket: 0, given: false, biased: false, looks: false, patience, kind, location });
}

impl<T> Clone for Chan<T> {
    fn clone(&self) -> Chan<T> {
        Chan(self.0.clone())
    }
}

impl<T> PartialEq for Chan<T> {
    /// Whether both are the same channel, or nil.
    fn eq(&self, other: &Chan<T>) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(mine), Some(theirs)) => Arc::ptr_eq(mine, theirs),
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
