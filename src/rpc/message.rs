//! What client and server say to each other.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a client may expect of a call, and what it does for it.
///
/// | | sent again | runs | if no reply comes |
/// |---|---|---|---|
/// | `Once` | no | once or not at all | an error; it may have run |
/// | `AtLeastOnce` | yes | any number of times | the same, after so many attempts |
/// | `AtMostOnce` | yes | once or not at all, while the server lives | the same |
/// | `ExactlyOnce` | yes | once or not at all, crashes included | the same |
///
/// Nobody can do better than the last column: a client that gives up does not know. "Exactly once" holds for a client that
/// goes on until it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// Sent once, as Go's `net/rpc` does: whether to try again is the application's business.
    Once,
    /// Sent again until it is answered. It may run several times.
    AtLeastOnce,
    /// Sent again, under one number. The server remembers its replies, and forgets them when it ends.
    AtMostOnce,
    /// As [`Delivery::AtMostOnce`], by a server that writes a log before it replies.
    ExactlyOnce,
}

impl Delivery {
    /// Whether a call is sent again if no reply comes.
    #[must_use]
    pub fn resends(self) -> bool {
        self != Delivery::Once
    }

    /// Whether the server must know a call that it has run before.
    #[must_use]
    pub fn remembers(self) -> bool {
        matches!(self, Delivery::AtMostOnce | Delivery::ExactlyOnce)
    }
}

/// Which call: no two calls of all clients have the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CallId {
    /// The client, never 0.
    pub client: u64,
    /// Its calls, from 1. A client has one call on its way at a time, so a number says that all calls before are over for
    /// it, answered or given up: nobody asks for their replies again.
    pub sequence: u64,
}

impl CallId {
    /// No call: what is said of the connection.
    pub const NONE: CallId = CallId { client: 0, sequence: 0 };
}

/// What is sent to a server, and what its log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call<'a> {
    /// Which call.
    pub id: CallId,
    /// What the client expects.
    pub delivery: Delivery,
    /// Whether it may have been sent before.
    pub resent: bool,
    /// The request.
    pub body: &'a [u8],
}

/// What is sent to a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The call that is answered. [`CallId::NONE`]: the connection is refused, and will be closed.
    pub id: CallId,
    /// What has become of it.
    pub outcome: Outcome,
}

/// What has become of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It has run: the service's answer.
    Answer(Vec<u8>),
    /// It has run: the service's refusal.
    No(Vec<u8>),
    /// It has run, and what the service said is too long to be sent.
    TooLong,
    /// This message of it has not run.
    Refused(Refused),
}

impl Outcome {
    /// How much the service has said, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Outcome::Answer(bytes) | Outcome::No(bytes) => bytes.len(),
            Outcome::TooLong | Outcome::Refused(_) => 0,
        }
    }
}

/// Why a server does not run what it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
#[non_exhaustive]
pub enum Refused {
    /// It cannot be read.
    #[error("the server cannot read it: both sides must be built from the same types")]
    Malformed,
    /// It is too long.
    #[error("it is longer than the server's limit of {limit} bytes: send less, or raise the server's `limit`")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// It did not come in time.
    #[error("it came too slowly: raise the server's `timeout`")]
    TooSlow,
    /// There are too many connections.
    #[error("the server has as many connections as it takes: try again later, or raise its `connections`")]
    Busy,
    /// The client has made a later call since.
    #[error("the server has seen a later call of this client: each client needs an id of its own")]
    Stale,
    /// Whether the call has run before cannot be told.
    #[error("the server has forgotten this client, and cannot tell whether the call has run: raise its `clients`")]
    Forgotten,
    /// Exactly-once needs a log.
    #[error("the server keeps no log, so exactly-once is not to be had: give it a `log`")]
    NoLog,
    /// The log cannot be written any more.
    #[error("the server cannot write its log: see to its disk, and start it again")]
    LogFailed,
    /// A call has panicked.
    #[error("an earlier call has panicked in the service: start it again")]
    Panicked,
}
