use std::{collections::BTreeMap, fmt::Debug, hash::Hash, marker::PhantomData};

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::history::Spec;

/// A map, empty in the beginning. Each key is decided by itself.
#[derive(Clone, Copy, Debug)]
pub struct KeyValue<K, V>(PhantomData<(K, V)>);

/// What can be asked of a [`KeyValue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyValueOperation<K, V> {
    /// What is the value of the key?
    Get(K),
    /// The key gets this value.
    Put(K, V),
    /// The key is there no longer.
    Delete(K),
}

/// What a [`KeyValue`] answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyValueAnswer<V> {
    /// To a get: the value, if the key is there.
    Value(Option<V>),
    /// To a put or a delete.
    Done,
}

impl<K, V> Spec for KeyValue<K, V>
where
    K: Clone + Debug + Ord + Hash,
    V: Clone + Debug + Eq + Hash,
{
    type State = BTreeMap<K, V>;
    type Operation = KeyValueOperation<K, V>;
    type Answer = KeyValueAnswer<V>;

    fn initial() -> BTreeMap<K, V> {
        BTreeMap::new()
    }

    fn apply(map: &mut BTreeMap<K, V>, operation: &KeyValueOperation<K, V>) -> KeyValueAnswer<V> {
        match operation {
            KeyValueOperation::Get(key) => return KeyValueAnswer::Value(map.get(key).cloned()),
            KeyValueOperation::Put(key, value) => drop(map.insert(key.clone(), value.clone())),
            KeyValueOperation::Delete(key) => drop(map.remove(key)),
        }
        KeyValueAnswer::Done
    }

    fn part(operation: &KeyValueOperation<K, V>) -> Option<u64> {
        match operation {
            KeyValueOperation::Get(key) | KeyValueOperation::Put(key, _) | KeyValueOperation::Delete(key) => {
                Some(super::part(key))
            }
        }
    }
}

super::arbitrary!(
    KeyValueOperation<u8, u8>,
    prop_oneof![
        (0..2_u8).prop_map(KeyValueOperation::Get),
        (0..2_u8, 0..4_u8).prop_map(|(key, value)| KeyValueOperation::Put(key, value)),
        (0..2_u8).prop_map(KeyValueOperation::Delete),
    ]
);
