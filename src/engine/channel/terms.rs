//! What is said of channels in every world.

use std::{panic::Location, time::Duration};

use crate::time::Instant;
#[cfg(raddle_model)]
pub(crate) use crate::world::event::Kind;

/// What an operation is, for reports: without models there are none.
#[cfg(not(raddle_model))]
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Send,
    Receive,
    Select,
}

/// The direction of an operation, and the two ends of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Send,
    Receive,
}

impl Side {
    pub(crate) fn other(self) -> Side {
        match self {
            Side::Send => Side::Receive,
            Side::Receive => Side::Send,
        }
    }
}

/// Whose rules a channel follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rules {
    /// crossbeam's: a thread that waited competes with those that come later.
    Compete,
    /// std's: the same, but a bounded channel too discards what nobody will receive.
    Discard,
    /// Go's: what a thread waits for is handed to it, and sending on a closed channel panics.
    HandOver,
}

/// How long an operation waits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience {
    /// Not at all.
    Nothing,
    /// As long as it takes, or until then.
    Until(Option<Instant>),
}

impl Patience {
    /// As long as it takes.
    pub(crate) const FOREVER: Patience = Patience::Until(None);

    /// So long.
    pub(crate) fn within(duration: Duration) -> Patience {
        Patience::Until(later(duration))
    }
}

/// The time after so long; `None` if that is beyond all time.
pub(crate) fn later(duration: Duration) -> Option<Instant> {
    #[cfg(raddle_model)]
    if let Some(ex) = crate::world::current() {
        return ex.later(duration).map(Instant::at);
    }
    Instant::now().checked_add(duration)
}

/// When time sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timer {
    /// The next time; `None` if there is no more.
    pub(crate) due: Option<Instant>,
    pub(crate) period: Option<Duration>,
}

/// Why no arm was taken, or nothing came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Miss {
    /// It would have had to wait, or to wait longer.
    Nothing,
    /// The other side has hung up.
    HungUp,
}

/// An operation at one or more channels, of which one is done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// What a message that it sends is known by.
    pub(crate) ticket: u64,
    /// That message is in the channel's store; else it follows, once the arm is taken.
    pub(crate) given: bool,
    /// The first arm that can be taken is.
    pub(crate) biased: bool,
    /// It only looks which arm could be taken.
    pub(crate) looks: bool,
    pub(crate) patience: Patience,
    pub(crate) kind: Kind,
    pub(crate) location: &'static Location<'static>,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// The message with the operation's own ticket is sent.
    Sent,
    /// The message with this ticket is received, once it has been collected.
    Received(u64),
    /// The other side has hung up.
    HungUp,
    /// The timer fired that was due then.
    Fired(Instant),
    /// It only looked.
    Seen,
}

/// What an operation came to: the arm and how, or `None` if no arm was taken.
pub(crate) type Outcome = Option<(usize, How)>;
