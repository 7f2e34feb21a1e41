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
///
/// # Panics
/// If crossbeam could not count so many.
#[track_caller]
pub fn bounded<T>(cap: usize) -> (Sender<T>, Receiver<T>) {
    // crossbeam's words: it counts laps above the places.
    let laps = cap.checked_add(1).and_then(usize::checked_next_power_of_two).and_then(|places| places.checked_mul(2));
    assert!(laps.is_some(), "bounded channel capacity is too large");
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
/// In a model it may come due at any point; if that is beyond the model's clock (584 years), never.
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

/// Never delivers a message, and never hangs up. It may be used in every world, wherever it was made. See
/// [`crossbeam_channel::never`].
#[track_caller]
#[must_use]
pub const fn never<T>() -> Receiver<T> {
    Receiver::never(crossbeam_channel::never(), Location::caller())
}

#[track_caller]
fn timer(
    ours: impl FnOnce() -> Timer,
    std: impl FnOnce() -> crossbeam_channel::Receiver<std::time::Instant>,
) -> Receiver<Instant> {
    let created = Location::caller();
    match world::here() {
        Here::Model(_) | Here::Run => match ours() {
            // No clock can tell when.
            Timer { due: None, .. } => never(),
            timer => Receiver::ours(Channel::timer(timer, |due| due, created), created),
        },
        Here::Outside => {
            crate::thread::require_std("a channel");
            match std() {
                timer if timer.capacity() == Some(0) => never(),
                timer => Receiver::time(timer, Instant::from_std, created),
            }
        }
    }
}
