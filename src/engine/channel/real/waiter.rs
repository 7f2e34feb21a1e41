//! Threads that wait at channels, and how they are told.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
#[cfg(raddle_model)]
use std::time::Duration;

#[cfg(raddle_model)]
use super::CHANNELS;
use super::{Arm, Held, lock};
#[cfg(raddle_model)]
use crate::world::real;
use crate::{
    channel::terms::{Asked, Outcome},
    time::Instant,
};

/// A thread that waits.
pub(super) struct Waiter {
    pub(super) ticket: u64,
    pub(super) given: bool,
    pub(super) looks: bool,
    pub(super) told: Mutex<Told>,
    bell: Condvar,
    /// The thread, if it is one of a run.
    #[cfg(raddle_model)]
    place: Option<real::Place>,
}

/// What a thread that waits has been told.
#[derive(Default)]
pub(super) struct Told {
    /// Another thread has taken this arm for it.
    pub(super) made: Outcome,
    /// Something has changed: it is to look again.
    pub(super) changed: bool,
}

impl Waiter {
    pub(super) fn new(asked: &Asked) -> Arc<Waiter> {
        Arc::new(Waiter {
            ticket: asked.ticket,
            given: asked.given,
            looks: asked.looks,
            told: Mutex::default(),
            bell: Condvar::new(),
            #[cfg(raddle_model)]
            place: real::here_if_any(),
        })
    }

    pub(super) fn made(&self) -> Outcome {
        lock(&self.told).made
    }

    #[cfg(raddle_model)]
    fn is_told(&self) -> bool {
        let told = lock(&self.told);
        told.changed || told.made.is_some()
    }
}

/// Wakes threads that have been told something.
pub(super) fn wake(told: Vec<Arc<Waiter>>) {
    for waiter in told {
        #[cfg(raddle_model)]
        if let Some(place) = &waiter.place {
            place.told();
            continue;
        }
        waiter.bell.notify_one();
    }
}

/// Sleeps until the thread has been told something, or until then.
pub(super) fn sleep(held: Held, waiter: &Waiter, arms: &[Arm<'_>], until: Option<Instant>, asked: &Asked) -> Held {
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    #[cfg(raddle_model)]
    if waiter.place.is_some() {
        drop(held);
        let ours = || arms.iter().all(|(channel, _)| real::owns(&channel.binding));
        // Whom the run does not see may change what is not the run's alone: such a wait counts as running.
        let left = left.or_else(|| (!ours()).then_some(Duration::from_secs(3_600)));
        let object = match arms {
            [(channel, _)] => channel.object(),
            _ => None,
        };
        let news = || waiter.is_told() || (left.is_none() && !ours());
        real::await_news(asked.kind, object, arms.is_empty(), left, asked.location, news);
        return lock(&CHANNELS);
    }
    let _ = (arms, asked);
    match left {
        None => waiter.bell.wait(held).unwrap_or_else(PoisonError::into_inner),
        Some(left) => waiter.bell.wait_timeout(held, left).unwrap_or_else(PoisonError::into_inner).0,
    }
}
