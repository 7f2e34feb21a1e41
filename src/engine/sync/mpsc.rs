//! `std::sync::mpsc`, in every world.
//!
//! In a model these are the channels of [`channel`](crate::channel) with std's interface: see there what is explored.
//! A channel belongs to the world that it was made in. In a model on real threads it keeps std's rules, and is built here
//! so that waits are seen.

pub use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};

#[cfg(not(raddle_model))]
pub use std::sync::mpsc::{IntoIter, Iter, Receiver, Sender, SyncSender, TryIter, channel, sync_channel};

#[cfg(raddle_model)]
pub use self::model::*;

#[cfg(raddle_model)]
mod model {
    use std::{
        cell::Cell,
        fmt,
        marker::PhantomData,
        panic::{Location, RefUnwindSafe, UnwindSafe},
        sync::mpsc,
        time::Duration,
    };

    use super::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};
    use crate::{
        channel::{
            store::{Channel, End, check_std},
            terms::{Kind, Miss, Patience, Rules},
        },
        world::{self, Here},
    };

    /// The end of a [`channel`] that sends: [`std::sync::mpsc::Sender`] in every world.
    pub struct Sender<T>(Either<mpsc::Sender<T>, End<T>>);

    /// The end of a [`sync_channel`] that sends: [`std::sync::mpsc::SyncSender`] in every world.
    pub struct SyncSender<T>(Either<mpsc::SyncSender<T>, End<T>>);

    /// The end that receives: [`std::sync::mpsc::Receiver`] in every world.
    pub struct Receiver<T> {
        inner: Either<mpsc::Receiver<T>, End<T>>,
        not_sync: PhantomData<Cell<()>>,
    }

    /// By world.
    enum Either<S, M> {
        Std(S, &'static Location<'static>),
        /// A model's, or a run's.
        Ours(M),
    }

    impl<S, M> Either<S, M> {
        /// The end, in the world where it may be used.
        fn here(&self) -> &Either<S, M> {
            if let Either::Std(_, created) = self {
                check_std(created);
            }
            self
        }
    }

    impl<T> UnwindSafe for Sender<T> {}
    impl<T> RefUnwindSafe for Sender<T> {}
    impl<T> UnwindSafe for SyncSender<T> {}
    impl<T> RefUnwindSafe for SyncSender<T> {}
    impl<T> UnwindSafe for Receiver<T> {}
    impl<T> RefUnwindSafe for Receiver<T> {}

    /// A channel that holds as many messages as it is given memory for. See [`std::sync::mpsc::channel`].
    #[track_caller]
    pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
        let (send, inner) = make(None, mpsc::channel);
        (Sender(send), Receiver { inner, not_sync: PhantomData })
    }

    /// A channel that holds so many messages; with 0, each send meets a receive. See [`std::sync::mpsc::sync_channel`].
    #[track_caller]
    pub fn sync_channel<T>(bound: usize) -> (SyncSender<T>, Receiver<T>) {
        let (send, inner) = make(Some(bound), || mpsc::sync_channel(bound));
        (SyncSender(send), Receiver { inner, not_sync: PhantomData })
    }

    type Ends<S, T> = (Either<S, End<T>>, Either<mpsc::Receiver<T>, End<T>>);

    #[track_caller]
    fn make<S, T>(capacity: Option<usize>, std: impl FnOnce() -> (S, mpsc::Receiver<T>)) -> Ends<S, T> {
        let created = Location::caller();
        match world::here() {
            Here::Model(_) | Here::Run => {
                let (send, receive) = Channel::pair(capacity, Rules::Discard, created);
                (Either::Ours(send), Either::Ours(receive))
            }
            Here::Outside => {
                crate::thread::require_std("a channel");
                let (send, receive) = std();
                (Either::Std(send, created), Either::Std(receive, created))
            }
        }
    }

    #[track_caller]
    fn send<T>(end: &End<T>, t: T) -> Result<(), SendError<T>> {
        let sent = end.channel.send(t, Patience::FOREVER, Kind::Send, Location::caller());
        sent.map_err(|(t, _)| SendError(t))
    }

    impl<T> Sender<T> {
        /// Sends. See [`std::sync::mpsc::Sender::send`].
        ///
        /// # Errors
        /// With the message, if the receiver is gone.
        #[track_caller]
        pub fn send(&self, t: T) -> Result<(), SendError<T>> {
            match self.0.here() {
                Either::Std(std, _) => std.send(t),
                Either::Ours(end) => send(end, t),
            }
        }
    }

    impl<T> SyncSender<T> {
        /// Sends, waiting for room or for the receiver. See [`std::sync::mpsc::SyncSender::send`].
        ///
        /// # Errors
        /// With the message, if the receiver is gone.
        #[track_caller]
        pub fn send(&self, t: T) -> Result<(), SendError<T>> {
            match self.0.here() {
                Either::Std(std, _) => std.send(t),
                Either::Ours(end) => send(end, t),
            }
        }

        /// Sends if that needs no waiting. See [`std::sync::mpsc::SyncSender::try_send`].
        ///
        /// # Errors
        /// With the message, if there is no room, the receiver does not wait, or it is gone.
        #[track_caller]
        pub fn try_send(&self, t: T) -> Result<(), TrySendError<T>> {
            match self.0.here() {
                Either::Std(std, _) => std.try_send(t),
                Either::Ours(end) => {
                    let sent = end.channel.send(t, Patience::Nothing, Kind::TrySend, Location::caller());
                    sent.map_err(|(t, why)| match why {
                        Miss::Nothing => TrySendError::Full(t),
                        Miss::HungUp => TrySendError::Disconnected(t),
                    })
                }
            }
        }
    }

    impl<T> Receiver<T> {
        /// Receives, waiting for a message. See [`std::sync::mpsc::Receiver::recv`].
        ///
        /// # Errors
        /// If there is no message, and every sender is gone.
        #[track_caller]
        pub fn recv(&self) -> Result<T, RecvError> {
            match self.inner.here() {
                Either::Std(std, _) => std.recv(),
                Either::Ours(end) => {
                    end.channel.receive(Patience::FOREVER, Kind::Receive, Location::caller()).map_err(|_| RecvError)
                }
            }
        }

        /// Receives if that needs no waiting. See [`std::sync::mpsc::Receiver::try_recv`].
        ///
        /// # Errors
        /// If there is no message; whether every sender is gone too.
        #[track_caller]
        pub fn try_recv(&self) -> Result<T, TryRecvError> {
            match self.inner.here() {
                Either::Std(std, _) => std.try_recv(),
                Either::Ours(end) => {
                    let got = end.channel.receive(Patience::Nothing, Kind::TryReceive, Location::caller());
                    got.map_err(|why| match why {
                        Miss::Nothing => TryRecvError::Empty,
                        Miss::HungUp => TryRecvError::Disconnected,
                    })
                }
            }
        }

        /// Receives, waiting so long. See [`std::sync::mpsc::Receiver::recv_timeout`].
        ///
        /// # Errors
        /// If no message has come in time, or every sender is gone.
        #[track_caller]
        pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
            match self.inner.here() {
                Either::Std(std, _) => std.recv_timeout(timeout),
                Either::Ours(end) => {
                    let got = end.channel.receive(Patience::within(timeout), Kind::Receive, Location::caller());
                    got.map_err(|why| match why {
                        Miss::Nothing => RecvTimeoutError::Timeout,
                        Miss::HungUp => RecvTimeoutError::Disconnected,
                    })
                }
            }
        }

        /// Messages, each waited for, until every sender is gone. See [`std::sync::mpsc::Receiver::iter`].
        pub fn iter(&self) -> Iter<'_, T> {
            Iter(self)
        }

        /// Messages, as long as there are any. See [`std::sync::mpsc::Receiver::try_iter`].
        pub fn try_iter(&self) -> TryIter<'_, T> {
            TryIter(self)
        }
    }

    /// Messages, each waited for: [`std::sync::mpsc::Iter`].
    #[derive(Debug)]
    pub struct Iter<'a, T: 'a>(&'a Receiver<T>);

    /// Messages, as long as there are any: [`std::sync::mpsc::TryIter`].
    #[derive(Debug)]
    pub struct TryIter<'a, T: 'a>(&'a Receiver<T>);

    /// As [`Iter`], but it owns the receiver: [`std::sync::mpsc::IntoIter`].
    #[derive(Debug)]
    pub struct IntoIter<T>(Receiver<T>);

    impl<T> Iterator for Iter<'_, T> {
        type Item = T;

        #[track_caller]
        fn next(&mut self) -> Option<T> {
            self.0.recv().ok()
        }
    }

    impl<T> Iterator for TryIter<'_, T> {
        type Item = T;

        #[track_caller]
        fn next(&mut self) -> Option<T> {
            self.0.try_recv().ok()
        }
    }

    impl<T> Iterator for IntoIter<T> {
        type Item = T;

        #[track_caller]
        fn next(&mut self) -> Option<T> {
            self.0.recv().ok()
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
            IntoIter(self)
        }
    }

    macro_rules! sender {
        ($($name:ident)*) => {$(
            impl<T> Clone for $name<T> {
                #[track_caller]
                fn clone(&self) -> $name<T> {
                    $name(match &self.0 {
                        Either::Std(std, created) => Either::Std(std.clone(), created),
                        Either::Ours(end) => Either::Ours(end.another()),
                    })
                }
            }

            impl<T> fmt::Debug for $name<T> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.debug_struct(stringify!($name)).finish_non_exhaustive()
                }
            }
        )*};
    }

    sender!(Sender SyncSender);

    impl<T> fmt::Debug for Receiver<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("Receiver").finish_non_exhaustive()
        }
    }
}
