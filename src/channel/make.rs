//! Where channels come from.

use std::{panic::Location, time::Duration};

use super::{
    endpoint::{Receiver, Sender},
    store::Channel,
    terms::{Rules, Timer, later},
};
use crate::{
    time::Instant,
    world::{self, Here},
};

/// A channel that holds as many messages as it is given memory for. See [`crossbeam_channel::unbounded`].
#[track_caller]
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    make(None, crossbeam_channel::unbounded)
}

/// A channel that holds so many messages; with 0, each send meets a receive. See [`crossbeam_channel::bounded`].
#[track_caller]
pub fn bounded<T>(cap: usize) -> (Sender<T>, Receiver<T>) {
    make(Some(cap), || crossbeam_channel::bounded(cap))
}

#[track_caller]
fn make<T>(
    capacity: Option<usize>,
    std: impl FnOnce() -> (crossbeam_channel::Sender<T>, crossbeam_channel::Receiver<T>),
) -> (Sender<T>, Receiver<T>) {
    let created = Location::caller();
    match world::here() {
        Here::Model(_) | Here::Run => {
            let (send, receive) = Channel::pair(capacity, Rules::Compete, created);
            (Sender::ours(send, created), Receiver::ours(receive, created))
        }
        Here::Outside => {
            crate::thread::require_std("a channel");
            let (send, receive) = std();
            (Sender::std(send, created), Receiver::std(receive, created))
        }
    }
}

/// Delivers one message, the time, when so much of it has passed. See [`crossbeam_channel::after`].
///
/// In a model it may come due at any point.
#[track_caller]
pub fn after(duration: Duration) -> Receiver<Instant> {
    timer(|| Timer { due: later(duration), period: None }, || crossbeam_channel::after(duration))
}

/// Delivers one message, the time, at that time. See [`crossbeam_channel::at`].
#[track_caller]
pub fn at(when: Instant) -> Receiver<Instant> {
    timer(|| Timer { due: Some(when), period: None }, || crossbeam_channel::at(when.std()))
}

/// Delivers the time again and again. See [`crossbeam_channel::tick`].
///
/// In a model it may come due at any point, as often as [`Check::firings`](crate::Check::firings) allows and whenever
/// nothing else can go on.
#[track_caller]
pub fn tick(duration: Duration) -> Receiver<Instant> {
    timer(|| Timer { due: later(duration), period: Some(duration) }, || crossbeam_channel::tick(duration))
}

/// Never delivers a message, and never hangs up. See [`crossbeam_channel::never`].
#[track_caller]
pub fn never<T>() -> Receiver<T> {
    let created = Location::caller();
    match world::here() {
        Here::Model(_) | Here::Run => {
            let never = Timer { due: None, period: None };
            Receiver::ours(Channel::timer(never, |_| unreachable!("it is never due"), created), created)
        }
        Here::Outside => {
            crate::thread::require_std("a channel");
            Receiver::std(crossbeam_channel::never(), created)
        }
    }
}

#[track_caller]
fn timer(
    ours: impl FnOnce() -> Timer,
    std: impl FnOnce() -> crossbeam_channel::Receiver<std::time::Instant>,
) -> Receiver<Instant> {
    let created = Location::caller();
    match world::here() {
        Here::Model(_) | Here::Run => Receiver::ours(Channel::timer(ours(), |due| due, created), created),
        Here::Outside => {
            crate::thread::require_std("a channel");
            Receiver::time(std(), Instant::from_std, created)
        }
    }
}
