//! What a check asks of every execution, what a model has taught about itself, and why an execution ends early.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::{Error, FailureKind, Panicked, Waiting};

/// What a model has taught about itself. Facts widen what counts as an event, so when a new one shows, the model starts
/// over with it; a token carries the facts that its execution was found with.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Some lock is tried: then giving a lock back is visible, and a scheduling point.
    pub(crate) tries: bool,
    /// Some thread sees a channel hung up: then dropping a sender or receiver is a scheduling point.
    pub(crate) hangs_up: bool,
    /// Some thread sees a channel hung up that it would have seen otherwise while some of those who hang up have yet to:
    /// then dropping any sender or receiver is a scheduling point, not only the last one (loom world).
    pub(crate) parts: bool,
    /// Somebody can tell whether a thread waits at a channel: then beginning to wait is an event.
    pub(crate) meets: bool,
    /// Some thread is asked whether it has finished: then ending is a scheduling point.
    pub(crate) asks_finished: bool,
    /// Somebody looks whether a once is complete, without waiting: then completing is a scheduling point.
    pub(crate) peeks: bool,
    /// Somebody asks who leads at a barrier: then every leader is explored.
    pub(crate) asks_leader: bool,
    /// More threads come to a barrier than it lets through at once: then coming to one is a scheduling point.
    pub(crate) crowds: bool,
    /// A lock is given back while a thread panics, and used again: loom's own locks do not survive that (loom world).
    pub(crate) spoils: bool,
    /// Types (by hash of their name) whose reference counts the program can observe.
    pub(crate) counted: BTreeSet<u32>,
    /// Places (by hash) at which a round of an endless busy loop ends, and after how many rounds the loop repeats itself.
    pub(crate) loops: BTreeMap<u32, u16>,
    /// Objects that are to be made when an execution begins (loom world), and how many: an atomic's type, as a number,
    /// with its first value, or [`CELL`].
    pub(crate) prepared: BTreeMap<(u8, u64), u16>,
}

/// What stands for a cell among [`Facts::prepared`].
#[cfg(raddle_loom)]
pub(crate) const CELL: (u8, u64) = (u8::MAX, 0);

/// What a check asks of every execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Steps after which an execution is given up.
    pub(crate) max_steps: u64,
    /// Timers that may fire, in one execution, although something else could go on.
    pub(crate) firings: u32,
    /// Waits that may end, in one execution, although nobody ends them.
    pub(crate) spurious: u32,
    /// Time moves only when nothing else can go on, to the earliest deadline.
    pub(crate) timed: bool,
    /// Steps that commute are not tried in both orders: whatever tells one order from another has to be a step from the
    /// start, since the order that would show it may not be tried.
    pub(crate) reduces: bool,
    /// What is overlooked, to see whether a test notices.
    #[cfg(raddle_internals)]
    pub(crate) weakening: Option<super::classes::Weakening>,
}

/// Why the execution ends early.
pub(crate) enum Stop {
    /// The program failed.
    Failure { kind: FailureKind, message: String, waiting: Vec<Waiting>, panics: Vec<Panicked> },
    /// The tool cannot go on; the message says why and what to do.
    Error(Error),
    /// A new fact: start over.
    Learned,
    /// Nothing is left to be seen: a thread would go on reading what is no longer the latest (loom world), or all that can
    /// come is equivalent to what has been explored.
    Behind,
}
