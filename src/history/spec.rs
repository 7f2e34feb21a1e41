//! What an object does when nobody shares it.

use std::{fmt::Debug, hash::Hash};

/// A sequential specification: how an object answers if one operation comes after the other. See [`specs`](super::specs)
/// for those that are there. It answers in one way only: where an object may answer in several, the operation that is recorded
/// has to say which it was.
///
/// ```
/// use raddle::history::{Event::*, History, Spec};
///
/// /// Gives out tickets: 0, 1, 2.
/// struct Tickets;
///
/// impl Spec for Tickets {
///     type State = u32;
///     type Operation = ();
///     type Answer = u32;
///
///     fn initial() -> u32 {
///         0
///     }
///
///     fn apply(next: &mut u32, (): &()) -> u32 {
///         *next += 1;
///         *next - 1
///     }
/// }
///
/// let (ask, told) = (|client| Invoke { client, operation: () }, |client, answer| Return { client, answer });
/// let overlapping = History::new([ask(0), ask(1), told(0, 1), told(1, 0)]).unwrap();
/// assert!(overlapping.check::<Tickets>().holds());
/// let one_by_one = History::new([ask(0), told(0, 1), ask(1), told(1, 0)]).unwrap();
/// assert!(!one_by_one.check::<Tickets>().holds());
/// ```
pub trait Spec {
    /// The object.
    type State: Clone + Eq + Hash;
    /// What can be asked of it, with the arguments.
    type Operation: Clone + Debug;
    /// What it answers.
    type Answer: Clone + Debug + PartialEq;

    /// The object as it is in the beginning.
    fn initial() -> Self::State;

    /// The operation happens, and is answered. One that would have to wait here must leave the state as it is, and return
    /// an answer that nobody records.
    fn apply(state: &mut Self::State, operation: &Self::Operation) -> Self::Answer;

    /// Operations on different parts of the object (the keys of a map) have nothing to do with each other, and each part is
    /// decided by itself, which is much faster. `None`, as by default: the operation may meet any other. Parts that share a
    /// number are decided as one.
    fn part(operation: &Self::Operation) -> Option<u64> {
        let _ = operation;
        None
    }
}
