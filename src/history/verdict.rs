//! What is decided of a history.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Call, table::told};

/// What a history may be asked to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Consistency {
    /// Each operation happens at one moment between its invocation and its return.
    Linearizable,
    /// The operations happen in some order, which for each client is its own.
    Sequential,
}

impl fmt::Display for Consistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Consistency::Linearizable => "linearizable",
            Consistency::Sequential => "sequentially consistent",
        })
    }
}

/// What is decided of a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision<O, A> {
    /// It has the property.
    Holds {
        /// An order that explains it: places in [`History::calls`](super::History::calls). Pending operations that are not
        /// there need not have happened.
        order: Vec<usize>,
    },
    /// It does not have it.
    Fails(Box<Refutation<O, A>>),
    /// The limit was reached first: nothing is said.
    Unknown {
        /// The limit.
        configurations: u64,
    },
}

impl<O, A> Decision<O, A> {
    /// Whether the history has the property, for certain.
    pub fn holds(&self) -> bool {
        matches!(self, Decision::Holds { .. })
    }

    /// Why the history does not have the property, if that is certain.
    pub fn refutation(&self) -> Option<&Refutation<O, A>> {
        match self {
            Decision::Fails(refutation) => Some(refutation),
            Decision::Holds { .. } | Decision::Unknown { .. } => None,
        }
    }
}

/// An operation in an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Placed<A> {
    /// Which one: its place in [`Refutation::prefix`].
    pub call: usize,
    /// What it answers there.
    pub answer: A,
}

/// Why a history does not have a property: what comes before a moment can be explained, and the operation that returns then
/// cannot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refutation<O, A> {
    /// The property.
    pub consistency: Consistency,
    /// The longest prefix of the history that is linearizable, or of the [part](super::Spec::part) that is not: what had
    /// been invoked by then. An operation that returned only later is pending in it. (Where the limit is reached, a shorter
    /// one.) For sequential consistency, which prefixes need not have: the most operations that could be put in order.
    pub prefix: Vec<Call<O, A>>,
    /// An order that explains the prefix.
    pub order: Vec<Placed<A>>,
    /// The operation that cannot be placed: the first to return after the prefix. For sequential consistency the first of
    /// those that come next.
    pub operation: Call<O, A>,
    /// What it would have answered in this order. In another one it may be something else, but never what it did.
    pub would_answer: A,
}

impl<O: fmt::Debug, A: fmt::Debug> fmt::Display for Refutation<O, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Refutation { consistency, prefix, order, operation: Call { client, operation, answer, .. }, would_answer } =
            self;
        writeln!(f, "not {consistency}: {} of client {client} cannot be placed", told(operation, answer.as_ref()))?;
        match order.is_empty() {
            true => writeln!(f, "Nothing needs to have happened before.")?,
            false => writeln!(f, "What had returned before can be explained by this order:")?,
        }
        for Placed { call, answer } in order {
            let Call { client, operation, answer: recorded, .. } = &prefix[*call];
            let pending = if recorded.is_some() { "" } else { " (pending)" };
            writeln!(f, "  client {client}: {}{pending}", told(operation, Some(answer)))?;
        }
        write!(f, "There it would be {}, and in no order is it as it was.", told(operation, Some(would_answer)))
    }
}
