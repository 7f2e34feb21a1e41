use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::history::Spec;

/// A number, 0 in the beginning, that wraps around.
#[derive(Clone, Copy, Debug)]
pub struct Counter;

/// What can be asked of a [`Counter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CounterOperation {
    /// How much is it?
    Get,
    /// Adds so much.
    Add(i64),
    /// Adds so much: how much was it before?
    FetchAdd(i64),
}

/// What a [`Counter`] answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CounterAnswer {
    /// How much it is, or was.
    Value(i64),
    /// To an add.
    Added,
}

impl Spec for Counter {
    type State = i64;
    type Operation = CounterOperation;
    type Answer = CounterAnswer;

    fn initial() -> i64 {
        0
    }

    fn apply(count: &mut i64, operation: &CounterOperation) -> CounterAnswer {
        let before = *count;
        match operation {
            CounterOperation::Get => CounterAnswer::Value(before),
            CounterOperation::Add(n) => {
                *count = before.wrapping_add(*n);
                CounterAnswer::Added
            }
            CounterOperation::FetchAdd(n) => {
                *count = before.wrapping_add(*n);
                CounterAnswer::Value(before)
            }
        }
    }
}

super::arbitrary!(
    CounterOperation,
    prop_oneof![
        Just(CounterOperation::Get),
        (1..3_i64).prop_map(CounterOperation::Add),
        (1..3_i64).prop_map(CounterOperation::FetchAdd),
    ]
);
