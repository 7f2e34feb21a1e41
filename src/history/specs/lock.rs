use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::history::Spec;

/// A lock, free in the beginning. Whoever holds it may give it back on behalf of another one: it is told apart only whether it
/// is held.
#[derive(Clone, Copy, Debug)]
pub struct Lock;

/// What can be asked of a [`Lock`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LockOperation {
    /// Takes it, if it is free.
    TryAcquire,
    /// Takes it, and waits until it is free.
    Acquire,
    /// Gives it back.
    Release,
}

/// What a [`Lock`] answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LockAnswer {
    /// It is taken.
    Acquired,
    /// Somebody holds it. To an [`Acquire`](LockOperation::Acquire), which waits, nobody says so.
    Busy,
    /// It was given back.
    Released,
    /// It was free already.
    NotHeld,
}

impl Spec for Lock {
    type State = bool;
    type Operation = LockOperation;
    type Answer = LockAnswer;

    fn initial() -> bool {
        false
    }

    fn apply(held: &mut bool, operation: &LockOperation) -> LockAnswer {
        let was_held = *held;
        *held = !matches!(operation, LockOperation::Release);
        match (operation, was_held) {
            (LockOperation::TryAcquire | LockOperation::Acquire, false) => LockAnswer::Acquired,
            (LockOperation::TryAcquire | LockOperation::Acquire, true) => LockAnswer::Busy,
            (LockOperation::Release, true) => LockAnswer::Released,
            (LockOperation::Release, false) => LockAnswer::NotHeld,
        }
    }
}

super::arbitrary!(LockOperation, prop_oneof![Just(LockOperation::TryAcquire), Just(LockOperation::Release)]);
