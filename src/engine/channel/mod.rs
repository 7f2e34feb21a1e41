//! Channels of many producers and many consumers: [crossbeam-channel](https://docs.rs/crossbeam-channel), in every
//! world. `use crossbeam_channel as channel` and `use raddle::channel` are interchangeable.
//!
//! Without feature `model` everything here *is* crossbeam-channel. With it, a channel belongs to the world that it was
//! made in: crossbeam's outside any model, a model's own inside one. In a model on real threads it keeps crossbeam's rules,
//! and is built here so that waits are seen: see [`World::Std`](crate::World::Std). In a model of another world:
//!
//! - An operation is one event. Which thread meets which at a rendezvous, and which ready arm a select takes, is
//!   explored; so is who comes first where several threads wait.
//! - As in crossbeam, a thread that waited competes with those that come later, and may be overtaken; when the last
//!   sender or receiver goes, every waiter on the other side goes on; an arm that was not taken leaves no trace.
//! - A deadline, [`after`], [`at`] and [`tick`] may come due at any point: see [`time`](crate::time).
//! - What a thread did before it sent comes before what the receiver does afterwards; the receive comes before the end
//!   of a send at a rendezvous, and before the send that takes its place in a bounded channel; hanging up comes before
//!   what it causes, which crossbeam promises at a rendezvous only. In the loom world, more than that is ordered: each
//!   operation comes after all earlier ones at the channel, so a data race that only the channel's exact guarantees leave
//!   open is seen in the shuttle world alone.
//! - In the loom world each combination of choices (partners, arms) is one exploration of its own.

#[cfg(not(raddle_model))]
pub use crossbeam_channel::{
    IntoIter, Iter, Receiver, Select, SelectedOperation, Sender, TryIter, after, at, bounded, never, select,
    select_biased, tick, unbounded,
};
pub use crossbeam_channel::{
    ReadyTimeoutError, RecvError, RecvTimeoutError, SelectTimeoutError, SendError, SendTimeoutError, TryReadyError,
    TryRecvError, TrySelectError, TrySendError,
};

#[cfg(raddle_model)]
mod endpoint;
#[cfg(raddle_model)]
mod iter;
#[cfg(raddle_model)]
mod macros;
#[cfg(raddle_model)]
mod make;
#[cfg_attr(not(raddle_model), allow(dead_code, reason = "without models only Go's channels are made here"))]
mod real;
#[cfg(raddle_model)]
mod selecting;
#[cfg_attr(not(raddle_model), allow(dead_code, reason = "as above"))]
pub(crate) mod store;
#[cfg_attr(not(raddle_model), allow(dead_code, reason = "as above"))]
pub(crate) mod terms;

#[cfg(raddle_model)]
pub use self::{
    endpoint::{Receiver, Sender},
    iter::{IntoIter, Iter, TryIter},
    macros::{__receiver, __sender},
    make::{after, at, bounded, never, tick, unbounded},
    selecting::{Select, SelectedOperation},
};
#[cfg(raddle_model)]
pub use crate::{__select as select, __select_biased as select_biased};
