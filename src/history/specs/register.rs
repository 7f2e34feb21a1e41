use std::{fmt::Debug, hash::Hash, marker::PhantomData};

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::history::Spec;

/// One value, which begins as `T`'s default.
#[derive(Clone, Copy, Debug)]
pub struct Register<T>(PhantomData<T>);

/// What can be asked of a [`Register`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RegisterOperation<T> {
    /// What is its value?
    Read,
    /// It gets this value.
    Write(T),
    /// If it has the first value, it gets the second.
    CompareExchange(T, T),
}

/// What a [`Register`] answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RegisterAnswer<T> {
    /// To a read.
    Value(T),
    /// To a write.
    Written,
    /// To a compare-exchange: whether it had the first value.
    Exchanged(bool),
}

impl<T: Clone + Debug + Default + Eq + Hash> Spec for Register<T> {
    type State = T;
    type Operation = RegisterOperation<T>;
    type Answer = RegisterAnswer<T>;

    fn initial() -> T {
        T::default()
    }

    fn apply(value: &mut T, operation: &RegisterOperation<T>) -> RegisterAnswer<T> {
        match operation {
            RegisterOperation::Read => RegisterAnswer::Value(value.clone()),
            RegisterOperation::Write(new) => {
                *value = new.clone();
                RegisterAnswer::Written
            }
            RegisterOperation::CompareExchange(old, new) => {
                let had = value == old;
                if had {
                    *value = new.clone();
                }
                RegisterAnswer::Exchanged(had)
            }
        }
    }
}

super::arbitrary!(
    RegisterOperation<u8>,
    prop_oneof![
        Just(RegisterOperation::Read),
        (1..4_u8).prop_map(RegisterOperation::Write),
        (0..4_u8, 1..4_u8).prop_map(|(old, new)| RegisterOperation::CompareExchange(old, new)),
    ]
);
