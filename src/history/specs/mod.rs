//! Specifications that are there: of a register, a map, a queue, a stack, a set, a counter, a lock and a bank.
//!
//! Operations on `u8` can be made up (they are [`Arbitrary`](proptest::arbitrary::Arbitrary)): of a few values each, so
//! that threads meet.

mod bank;
mod counter;
mod key_value;
mod lock;
mod queue;
mod register;
mod set;
mod stack;

use std::hash::{DefaultHasher, Hash, Hasher};

pub use self::{
    bank::{Bank, BankAnswer, BankOperation},
    counter::{Counter, CounterAnswer, CounterOperation},
    key_value::{KeyValue, KeyValueAnswer, KeyValueOperation},
    lock::{Lock, LockAnswer, LockOperation},
    queue::{Queue, QueueAnswer, QueueOperation},
    register::{Register, RegisterAnswer, RegisterOperation},
    set::{Set, SetOperation},
    stack::{Stack, StackAnswer, StackOperation},
};

/// The part that a key is. Which number it is makes no difference.
fn part(key: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// Operations of a type are made up by a strategy.
macro_rules! arbitrary {
    ($operation:ty, $strategy:expr) => {
        impl proptest::arbitrary::Arbitrary for $operation {
            type Parameters = ();
            type Strategy = proptest::strategy::BoxedStrategy<$operation>;

            fn arbitrary_with((): ()) -> Self::Strategy {
                proptest::strategy::Strategy::boxed($strategy)
            }
        }
    };
}
use arbitrary;
