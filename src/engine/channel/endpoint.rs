//! The two ends of a channel.

use std::{
    fmt,
    panic::{Location, RefUnwindSafe, UnwindSafe},
    sync::Arc,
    time::Duration,
};

use super::{
    RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError,
    iter::{IntoIter, Iter, TryIter},
    store::{self, End, check_std},
    terms::{Asked, Kind, Miss, Patience},
};
use crate::{
    time::Instant,
    world::{self, Here},
};

/// The end that sends: [`crossbeam_channel::Sender`] in every world.
pub struct Sender<T> {
    pub(super) inner: SenderIn<T>,
    created: &'static Location<'static>,
}

/// The end that receives: [`crossbeam_channel::Receiver`] in every world.
pub struct Receiver<T> {
    pub(super) inner: ReceiverIn<T>,
    created: &'static Location<'static>,
}

/// By world.
pub(super) enum SenderIn<T> {
    Std(crossbeam_channel::Sender<T>),
    /// A model's, or a run's.
    Ours(End<T>),
}

/// By world.
pub(super) enum ReceiverIn<T> {
    Std(crossbeam_channel::Receiver<T>),
    /// Time sends on it, and this makes a message of it.
    Time(crossbeam_channel::Receiver<std::time::Instant>, fn(std::time::Instant) -> T),
    /// A model's, or a run's.
    Ours(End<T>),
    /// Nothing ever comes: it belongs to no world.
    Never(crossbeam_channel::Receiver<T>),
}

impl<T> UnwindSafe for Sender<T> {}
impl<T> RefUnwindSafe for Sender<T> {}
impl<T> UnwindSafe for Receiver<T> {}
impl<T> RefUnwindSafe for Receiver<T> {}

impl<T> Sender<T> {
    pub(super) fn std(std: crossbeam_channel::Sender<T>, created: &'static Location<'static>) -> Sender<T> {
        Sender { inner: SenderIn::Std(std), created }
    }

    pub(super) fn ours(end: End<T>, created: &'static Location<'static>) -> Sender<T> {
        Sender { inner: SenderIn::Ours(end), created }
    }

    /// The end, where it may be used.
    pub(super) fn here(&self) -> &SenderIn<T> {
        if let SenderIn::Std(_) = self.inner {
            check_std(self.created);
        }
        &self.inner
    }

    /// Sends, waiting for room or for a receiver. See [`crossbeam_channel::Sender::send`].
    ///
    /// # Errors
    /// With the message, if every receiver is gone.
    #[track_caller]
    pub fn send(&self, msg: T) -> Result<(), SendError<T>> {
        match self.here() {
            SenderIn::Std(std) => std.send(msg),
            SenderIn::Ours(end) => end
                .channel
                .send(msg, Patience::FOREVER, Kind::Send, Location::caller())
                .map_err(|(msg, _)| SendError(msg)),
        }
    }

    /// Sends if that needs no waiting. See [`crossbeam_channel::Sender::try_send`].
    ///
    /// # Errors
    /// With the message, if there is no room, nobody waits to receive, or every receiver is gone.
    #[track_caller]
    pub fn try_send(&self, msg: T) -> Result<(), TrySendError<T>> {
        match self.here() {
            SenderIn::Std(std) => std.try_send(msg),
            SenderIn::Ours(end) => {
                end.channel.send(msg, Patience::Nothing, Kind::TrySend, Location::caller()).map_err(|(msg, why)| {
                    match why {
                        Miss::Nothing => TrySendError::Full(msg),
                        Miss::HungUp => TrySendError::Disconnected(msg),
                    }
                })
            }
        }
    }

    /// Sends, waiting so long. See [`crossbeam_channel::Sender::send_timeout`].
    ///
    /// # Errors
    /// With the message, if the time is over or every receiver is gone.
    #[track_caller]
    pub fn send_timeout(&self, msg: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        match self.here() {
            SenderIn::Std(std) => std.send_timeout(msg, timeout),
            SenderIn::Ours(end) => send_within(end, msg, Patience::within(timeout)),
        }
    }

    /// Sends, waiting until then. See [`crossbeam_channel::Sender::send_deadline`].
    ///
    /// # Errors
    /// With the message, if the time is over or every receiver is gone.
    #[track_caller]
    pub fn send_deadline(&self, msg: T, deadline: Instant) -> Result<(), SendTimeoutError<T>> {
        match self.here() {
            SenderIn::Std(std) => std.send_deadline(msg, deadline.std()),
            SenderIn::Ours(end) => send_within(end, msg, Patience::Until(Some(deadline))),
        }
    }

    /// Whether there is no message. See [`crossbeam_channel::Sender::is_empty`].
    #[track_caller]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is no room; always, at a rendezvous. See [`crossbeam_channel::Sender::is_full`].
    #[track_caller]
    pub fn is_full(&self) -> bool {
        self.capacity() == Some(self.len())
    }

    /// How many messages there are. See [`crossbeam_channel::Sender::len`].
    #[track_caller]
    pub fn len(&self) -> usize {
        match self.here() {
            SenderIn::Std(std) => std.len(),
            SenderIn::Ours(end) => end.channel.len(Location::caller()),
        }
    }

    /// For how many messages there is room. See [`crossbeam_channel::Sender::capacity`].
    pub fn capacity(&self) -> Option<usize> {
        match self.here() {
            SenderIn::Std(std) => std.capacity(),
            SenderIn::Ours(end) => end.channel.capacity(),
        }
    }

    /// Whether both send on one channel. See [`crossbeam_channel::Sender::same_channel`].
    pub fn same_channel(&self, other: &Sender<T>) -> bool {
        match (&self.inner, &other.inner) {
            (SenderIn::Std(mine), SenderIn::Std(theirs)) => mine.same_channel(theirs),
            (SenderIn::Ours(mine), SenderIn::Ours(theirs)) => Arc::ptr_eq(&mine.channel, &theirs.channel),
            _ => false,
        }
    }
}

#[track_caller]
fn send_within<T>(end: &End<T>, msg: T, patience: Patience) -> Result<(), SendTimeoutError<T>> {
    end.channel.send(msg, patience, Kind::Send, Location::caller()).map_err(|(msg, why)| match why {
        Miss::Nothing => SendTimeoutError::Timeout(msg),
        Miss::HungUp => SendTimeoutError::Disconnected(msg),
    })
}

impl<T> Receiver<T> {
    pub(super) fn std(std: crossbeam_channel::Receiver<T>, created: &'static Location<'static>) -> Receiver<T> {
        Receiver { inner: ReceiverIn::Std(std), created }
    }

    pub(super) fn time(
        std: crossbeam_channel::Receiver<std::time::Instant>,
        message: fn(std::time::Instant) -> T,
        created: &'static Location<'static>,
    ) -> Receiver<T> {
        Receiver { inner: ReceiverIn::Time(std, message), created }
    }

    pub(super) fn ours(end: End<T>, created: &'static Location<'static>) -> Receiver<T> {
        Receiver { inner: ReceiverIn::Ours(end), created }
    }

    pub(super) const fn never(std: crossbeam_channel::Receiver<T>, created: &'static Location<'static>) -> Receiver<T> {
        Receiver { inner: ReceiverIn::Never(std), created }
    }

    /// The end, where it may be used.
    pub(super) fn here(&self) -> &ReceiverIn<T> {
        if let ReceiverIn::Std(_) | ReceiverIn::Time(..) = self.inner {
            check_std(self.created);
        }
        &self.inner
    }

    /// Receives, waiting for a message. See [`crossbeam_channel::Receiver::recv`].
    ///
    /// # Errors
    /// If there is no message, and every sender is gone.
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        match self.here() {
            ReceiverIn::Std(std) => std.recv(),
            ReceiverIn::Time(std, message) => std.recv().map(message),
            ReceiverIn::Ours(end) => {
                end.channel.receive(Patience::FOREVER, Kind::Receive, Location::caller()).map_err(|_| RecvError)
            }
            ReceiverIn::Never(std) => nothing(Patience::Until(None), Kind::Receive, RecvError, || std.recv()),
        }
    }

    /// Receives if that needs no waiting. See [`crossbeam_channel::Receiver::try_recv`].
    ///
    /// # Errors
    /// If there is no message; whether every sender is gone too.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        match self.here() {
            ReceiverIn::Std(std) => std.try_recv(),
            ReceiverIn::Time(std, message) => std.try_recv().map(message),
            ReceiverIn::Ours(end) => {
                end.channel.receive(Patience::Nothing, Kind::TryReceive, Location::caller()).map_err(|why| match why {
                    Miss::Nothing => TryRecvError::Empty,
                    Miss::HungUp => TryRecvError::Disconnected,
                })
            }
            ReceiverIn::Never(std) => {
                nothing(Patience::Nothing, Kind::TryReceive, TryRecvError::Empty, || std.try_recv())
            }
        }
    }

    /// Receives, waiting so long. See [`crossbeam_channel::Receiver::recv_timeout`].
    ///
    /// # Errors
    /// If no message has come in time, or every sender is gone.
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        match self.here() {
            ReceiverIn::Std(std) => std.recv_timeout(timeout),
            ReceiverIn::Time(std, message) => std.recv_timeout(timeout).map(message),
            ReceiverIn::Ours(end) => receive_within(end, Patience::within(timeout)),
            ReceiverIn::Never(std) => {
                nothing(Patience::within(timeout), Kind::Receive, RecvTimeoutError::Timeout, || {
                    std.recv_timeout(timeout)
                })
            }
        }
    }

    /// Receives, waiting until then. See [`crossbeam_channel::Receiver::recv_deadline`].
    ///
    /// # Errors
    /// If no message has come in time, or every sender is gone.
    #[track_caller]
    pub fn recv_deadline(&self, deadline: Instant) -> Result<T, RecvTimeoutError> {
        match self.here() {
            ReceiverIn::Std(std) => std.recv_deadline(deadline.std()),
            ReceiverIn::Time(std, message) => std.recv_deadline(deadline.std()).map(message),
            ReceiverIn::Ours(end) => receive_within(end, Patience::Until(Some(deadline))),
            ReceiverIn::Never(std) => {
                nothing(Patience::Until(Some(deadline)), Kind::Receive, RecvTimeoutError::Timeout, || {
                    std.recv_deadline(deadline.std())
                })
            }
        }
    }

    /// Whether there is no message. See [`crossbeam_channel::Receiver::is_empty`].
    #[track_caller]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is no room; always, at a rendezvous. See [`crossbeam_channel::Receiver::is_full`].
    #[track_caller]
    pub fn is_full(&self) -> bool {
        self.capacity() == Some(self.len())
    }

    /// How many messages there are. See [`crossbeam_channel::Receiver::len`].
    #[track_caller]
    pub fn len(&self) -> usize {
        match self.here() {
            ReceiverIn::Std(std) => std.len(),
            ReceiverIn::Time(std, _) => std.len(),
            ReceiverIn::Ours(end) => end.channel.len(Location::caller()),
            ReceiverIn::Never(std) => std.len(),
        }
    }

    /// For how many messages there is room. See [`crossbeam_channel::Receiver::capacity`].
    pub fn capacity(&self) -> Option<usize> {
        match self.here() {
            ReceiverIn::Std(std) => std.capacity(),
            ReceiverIn::Time(std, _) => std.capacity(),
            ReceiverIn::Ours(end) => end.channel.capacity(),
            ReceiverIn::Never(std) => std.capacity(),
        }
    }

    /// Messages, each waited for, until every sender is gone. See [`crossbeam_channel::Receiver::iter`].
    pub fn iter(&self) -> Iter<'_, T> {
        Iter::new(self)
    }

    /// Messages, as long as there are any. See [`crossbeam_channel::Receiver::try_iter`].
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter::new(self)
    }

    /// Whether both receive from one channel. See [`crossbeam_channel::Receiver::same_channel`].
    pub fn same_channel(&self, other: &Receiver<T>) -> bool {
        match (&self.inner, &other.inner) {
            (ReceiverIn::Std(mine), ReceiverIn::Std(theirs)) => mine.same_channel(theirs),
            (ReceiverIn::Time(mine, _), ReceiverIn::Time(theirs, _)) => mine.same_channel(theirs),
            (ReceiverIn::Ours(mine), ReceiverIn::Ours(theirs)) => Arc::ptr_eq(&mine.channel, &theirs.channel),
            (ReceiverIn::Never(mine), ReceiverIn::Never(theirs)) => mine.same_channel(theirs),
            _ => false,
        }
    }
}

/// Receives what never comes.
#[track_caller]
fn nothing<T, E>(patience: Patience, kind: Kind, error: E, std: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    if let Here::Outside = world::here() {
        return std();
    }
    let (ticket, location) = (store::ticket(), Location::caller());
    store::deal(&[], Asked { ticket, given: false, biased: false, looks: false, patience, kind, location });
    Err(error)
}

#[track_caller]
fn receive_within<T>(end: &End<T>, patience: Patience) -> Result<T, RecvTimeoutError> {
    end.channel.receive(patience, Kind::Receive, Location::caller()).map_err(|why| match why {
        Miss::Nothing => RecvTimeoutError::Timeout,
        Miss::HungUp => RecvTimeoutError::Disconnected,
    })
}

impl<T> Clone for Sender<T> {
    #[track_caller]
    fn clone(&self) -> Sender<T> {
        let inner = match &self.inner {
            SenderIn::Std(std) => SenderIn::Std(std.clone()),
            SenderIn::Ours(end) => SenderIn::Ours(end.another()),
        };
        Sender { inner, created: self.created }
    }
}

impl<T> Clone for Receiver<T> {
    #[track_caller]
    fn clone(&self) -> Receiver<T> {
        let inner = match &self.inner {
            ReceiverIn::Std(std) => ReceiverIn::Std(std.clone()),
            ReceiverIn::Time(std, message) => ReceiverIn::Time(std.clone(), *message),
            ReceiverIn::Ours(end) => ReceiverIn::Ours(end.another()),
            ReceiverIn::Never(std) => ReceiverIn::Never(std.clone()),
        };
        Receiver { inner, created: self.created }
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter::new(self)
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Sender { .. }")
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Receiver { .. }")
    }
}
