//! Histories of operations, and whether they are linearizable.
//!
//! Several clients use one object: a queue, a map, a service. What each was told, and when, is a [`History`]. It is
//! *linearizable* (Herlihy and Wing, 1990) if every operation can be placed at one moment between its invocation and
//! its return so that, one after the other, they answer as a [`Spec`] says: what the object does when nobody shares it.
//!
//! ```
//! use raddle::{history::{Recorder, specs::{Register, RegisterAnswer::*, RegisterOperation::*}}, thread};
//!
//! # let test = || {
//! let shared = raddle::sync::Mutex::new(0);
//! let recorder = Recorder::new();
//! thread::scope(|s| {
//!     s.spawn(|| recorder.record(1, Write(7), |_| {
//!         *shared.lock().unwrap() = 7;
//!         Written
//!     }));
//!     s.spawn(|| recorder.record(2, Read, |_| Value(*shared.lock().unwrap())));
//! });
//! recorder.history().assert_linearizable::<Register<i32>>();
//! # };
//! # let _ = &test;
//! # #[cfg(feature = "model")]
//! # raddle::check("a register behind a lock", test);
//! ```
//!
//! This works in every world, and on real threads outside any: in a test, put it into `raddle::check("...", || { ... })`.
//! For the code under test alone there is `raddle::check_linearizable` (feature `model`), which makes up what the threads
//! do.
//!
//! An operation that never returned may have happened or not, at any moment after its invocation.
//!
//! **How it is decided.** [`History::check`] searches for an order as Wing and Gong do (1993), and with Lowe remembers each
//! *configuration* that it has been in: which operations are placed, and the state ("Testing for linearizability", 2016).
//! Operations that do not overlap are in a row (a *lane*), so that a configuration is one number a lane and a state. A
//! history is decided in parts where [`Spec::part`] says so, since linearizability is a property of each object by itself.
//! The problem is NP-complete, so there is a limit on configurations, and past it the answer is [`Decision::Unknown`]: never
//! a guess.
//!
//! [`History::check_sequential`] asks for less: *sequential consistency* (Lamport, 1979), an order in which each client's
//! own operations keep theirs, whenever others returned. It is no property of each object by itself, so there are no parts.

#[cfg(raddle_model)]
mod linearizable;
mod recorder;
mod search;
mod spec;
pub mod specs;
mod table;
mod verdict;

use std::{collections::HashMap, fmt};

use serde::{Deserialize, Serialize};

#[cfg(raddle_model)]
pub use self::linearizable::{Counterexample, Linearizable, Passed, Scenario, Subject, check_linearizable};
pub use self::{
    recorder::Recorder,
    search::CONFIGURATIONS,
    spec::Spec,
    verdict::{Consistency, Decision, Placed, Refutation},
};

/// Something that was seen of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Event<O, A> {
    /// A client begins an operation.
    Invoke {
        /// Who.
        client: usize,
        /// What it asks for, with its arguments.
        operation: O,
    },
    /// The operation that the client has begun is over.
    Return {
        /// Who.
        client: usize,
        /// What it was told.
        answer: A,
    },
}

/// An operation from its invocation to its return. Times are places in the list of [events](History::events).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Call<O, A> {
    /// Who.
    pub client: usize,
    /// What it asked for.
    pub operation: O,
    /// What it was told; `None` while it is pending.
    pub answer: Option<A>,
    /// When it began.
    pub invoked: usize,
    /// When it was over; `None` while it is pending.
    pub returned: Option<usize>,
}

/// What several clients have done, in the order of time. Each does one thing at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<Event<O, A>>", into = "Vec<Event<O, A>>")]
#[serde(bound(serialize = "O: Clone + Serialize, A: Clone + Serialize"))]
pub struct History<O, A> {
    /// In the order of their invocations.
    calls: Vec<Call<O, A>>,
}

/// What is wrong with a list of events.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistoryError {
    /// A client has begun an operation while another one of its own was pending.
    #[error(
        "event {event}: client {client} begins an operation, and its last has not returned. A client does one thing at a \
         time: if it has given that up, let it go on under another number, for the operation may still happen"
    )]
    Overlaps {
        /// The place of the event, from 0.
        event: usize,
        /// Who.
        client: usize,
    },
    /// A client has been answered that had not asked.
    #[error("event {event}: client {client} is answered, and has no operation under way: record its invocation first")]
    NotInvoked {
        /// The place of the event, from 0.
        event: usize,
        /// Who.
        client: usize,
    },
}

impl<O, A> History<O, A> {
    /// The history in which this was seen, in this order.
    ///
    /// # Errors
    /// If a client does two things at a time, or is answered without having asked.
    pub fn new(events: impl IntoIterator<Item = Event<O, A>>) -> Result<History<O, A>, HistoryError> {
        let mut calls: Vec<Call<O, A>> = Vec::new();
        let mut pending: HashMap<usize, usize> = HashMap::new();
        for (event, seen) in events.into_iter().enumerate() {
            match seen {
                Event::Invoke { client, operation } => {
                    if pending.insert(client, calls.len()).is_some() {
                        return Err(HistoryError::Overlaps { event, client });
                    }
                    calls.push(Call { client, operation, answer: None, invoked: event, returned: None });
                }
                Event::Return { client, answer } => {
                    let call = pending.remove(&client).ok_or(HistoryError::NotInvoked { event, client })?;
                    calls[call].answer = Some(answer);
                    calls[call].returned = Some(event);
                }
            }
        }
        Ok(History { calls })
    }

    /// The operations, in the order of their invocations.
    pub fn calls(&self) -> &[Call<O, A>] {
        &self.calls
    }
}

impl<O: Clone, A: Clone> History<O, A> {
    /// What was seen, in the order of time.
    pub fn events(&self) -> Vec<Event<O, A>> {
        let mut events: Vec<(usize, Event<O, A>)> = Vec::new();
        for call in &self.calls {
            let client = call.client;
            events.push((call.invoked, Event::Invoke { client, operation: call.operation.clone() }));
            if let (Some(at), Some(answer)) = (call.returned, &call.answer) {
                events.push((at, Event::Return { client, answer: answer.clone() }));
            }
        }
        events.sort_by_key(|(at, _)| *at);
        events.into_iter().map(|(_, event)| event).collect()
    }
}

impl<O, A> TryFrom<Vec<Event<O, A>>> for History<O, A> {
    type Error = HistoryError;

    fn try_from(events: Vec<Event<O, A>>) -> Result<History<O, A>, HistoryError> {
        History::new(events)
    }
}

impl<O: Clone, A: Clone> From<History<O, A>> for Vec<Event<O, A>> {
    fn from(history: History<O, A>) -> Vec<Event<O, A>> {
        history.events()
    }
}

impl<O: fmt::Debug, A: fmt::Debug> History<O, A> {
    /// Whether the history is linearizable, within [`CONFIGURATIONS`].
    pub fn check<S: Spec<Operation = O, Answer = A>>(&self) -> Decision<O, A> {
        self.check_within::<S>(CONFIGURATIONS)
    }

    /// Whether the history is linearizable, if no more than so many configurations tell. A refutation may take a few times
    /// as many, for the prefix that it shows.
    pub fn check_within<S: Spec<Operation = O, Answer = A>>(&self, configurations: u64) -> Decision<O, A> {
        search::linearizable::<S>(&self.calls, configurations)
    }

    /// Whether the history is sequentially consistent, within [`CONFIGURATIONS`].
    pub fn check_sequential<S: Spec<Operation = O, Answer = A>>(&self) -> Decision<O, A> {
        self.check_sequential_within::<S>(CONFIGURATIONS)
    }

    /// Whether the history is sequentially consistent, if no more than so many configurations tell.
    pub fn check_sequential_within<S: Spec<Operation = O, Answer = A>>(&self, configurations: u64) -> Decision<O, A> {
        search::sequential::<S>(&self.calls, configurations)
    }

    /// For use in tests and models: the history must be linearizable.
    ///
    /// # Panics
    /// If it is not, with the history and why; and if [`CONFIGURATIONS`] do not tell.
    #[track_caller]
    pub fn assert_linearizable<S: Spec<Operation = O, Answer = A>>(&self) {
        self.conclude(self.check::<S>());
    }

    /// As [`assert_linearizable`](History::assert_linearizable), for sequential consistency.
    ///
    /// # Panics
    /// If the history is not sequentially consistent, with the history and why; and if [`CONFIGURATIONS`] do not tell.
    #[track_caller]
    pub fn assert_sequential<S: Spec<Operation = O, Answer = A>>(&self) {
        self.conclude(self.check_sequential::<S>());
    }

    #[track_caller]
    fn conclude(&self, decision: Decision<O, A>) {
        match decision {
            Decision::Holds { .. } => {}
            Decision::Fails(refutation) => panic!("{refutation}\n\n{}", table::table(self)),
            Decision::Unknown { configurations } => {
                panic!(
                    "{configurations} configurations do not tell whether the history holds: record less, or allow more"
                )
            }
        }
    }
}
