use std::{fmt::Debug, hash::Hash, marker::PhantomData};

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::history::Spec;

/// Last in, first out; empty in the beginning.
#[derive(Clone, Copy, Debug)]
pub struct Stack<T>(PhantomData<T>);

/// What can be asked of a [`Stack`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StackOperation<T> {
    /// Takes off the topmost.
    Pop,
    /// Puts one on top.
    Push(T),
}

/// What a [`Stack`] answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StackAnswer<T> {
    /// To a push.
    Pushed,
    /// To a pop: the topmost.
    Popped(T),
    /// To a pop: there is none.
    Empty,
}

impl<T: Clone + Debug + Eq + Hash> Spec for Stack<T> {
    type State = Vec<T>;
    type Operation = StackOperation<T>;
    type Answer = StackAnswer<T>;

    fn initial() -> Vec<T> {
        Vec::new()
    }

    fn apply(stack: &mut Vec<T>, operation: &StackOperation<T>) -> StackAnswer<T> {
        match operation {
            StackOperation::Pop => stack.pop().map_or(StackAnswer::Empty, StackAnswer::Popped),
            StackOperation::Push(value) => {
                stack.push(value.clone());
                StackAnswer::Pushed
            }
        }
    }
}

super::arbitrary!(StackOperation<u8>, prop_oneof![Just(StackOperation::Pop), (0..4_u8).prop_map(StackOperation::Push)]);
