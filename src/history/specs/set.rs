use std::{collections::BTreeSet, fmt::Debug, hash::Hash, marker::PhantomData};

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::history::Spec;

/// A set, empty in the beginning. Each element is decided by itself. It answers whether the element is new, or was there.
#[derive(Clone, Copy, Debug)]
pub struct Set<T>(PhantomData<T>);

/// What can be asked of a [`Set`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SetOperation<T> {
    /// Is it there?
    Contains(T),
    /// Puts it in: is it new?
    Insert(T),
    /// Takes it out: was it there?
    Remove(T),
}

impl<T: Clone + Debug + Ord + Hash> Spec for Set<T> {
    type State = BTreeSet<T>;
    type Operation = SetOperation<T>;
    type Answer = bool;

    fn initial() -> BTreeSet<T> {
        BTreeSet::new()
    }

    fn apply(set: &mut BTreeSet<T>, operation: &SetOperation<T>) -> bool {
        match operation {
            SetOperation::Contains(element) => set.contains(element),
            SetOperation::Insert(element) => set.insert(element.clone()),
            SetOperation::Remove(element) => set.remove(element),
        }
    }

    fn part(operation: &SetOperation<T>) -> Option<u64> {
        match operation {
            SetOperation::Contains(element) | SetOperation::Insert(element) | SetOperation::Remove(element) => {
                Some(super::part(element))
            }
        }
    }
}

super::arbitrary!(
    SetOperation<u8>,
    prop_oneof![
        (0..3_u8).prop_map(SetOperation::Contains),
        (0..3_u8).prop_map(SetOperation::Insert),
        (0..3_u8).prop_map(SetOperation::Remove),
    ]
);
