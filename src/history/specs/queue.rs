use std::{collections::VecDeque, fmt::Debug, hash::Hash, marker::PhantomData};

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::history::Spec;

/// First in, first out; empty in the beginning, and with room for so many. A channel, if nobody hangs up.
///
/// Operations that wait are recorded as those that try, and never get [`QueueAnswer::Full`] or [`QueueAnswer::Empty`].
#[derive(Clone, Copy, Debug)]
pub struct Queue<T, const CAPACITY: usize = { usize::MAX }>(PhantomData<T>);

/// What can be asked of a [`Queue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum QueueOperation<T> {
    /// Takes out the first.
    Dequeue,
    /// Puts in a last one.
    Enqueue(T),
}

/// What a [`Queue`] answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum QueueAnswer<T> {
    /// To an enqueue: it is in.
    Enqueued,
    /// To an enqueue: there is no room.
    Full,
    /// To a dequeue: the first.
    Dequeued(T),
    /// To a dequeue: there is none.
    Empty,
}

impl<T: Clone + Debug + Eq + Hash, const CAPACITY: usize> Spec for Queue<T, CAPACITY> {
    type State = VecDeque<T>;
    type Operation = QueueOperation<T>;
    type Answer = QueueAnswer<T>;

    fn initial() -> VecDeque<T> {
        VecDeque::new()
    }

    fn apply(queue: &mut VecDeque<T>, operation: &QueueOperation<T>) -> QueueAnswer<T> {
        match operation {
            QueueOperation::Dequeue => queue.pop_front().map_or(QueueAnswer::Empty, QueueAnswer::Dequeued),
            QueueOperation::Enqueue(_) if queue.len() >= CAPACITY => QueueAnswer::Full,
            QueueOperation::Enqueue(value) => {
                queue.push_back(value.clone());
                QueueAnswer::Enqueued
            }
        }
    }
}

super::arbitrary!(
    QueueOperation<u8>,
    prop_oneof![Just(QueueOperation::Dequeue), (0..4_u8).prop_map(QueueOperation::Enqueue)]
);
