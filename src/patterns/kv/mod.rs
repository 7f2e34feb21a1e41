//! `kv`: the lecture's key/value server, without the network: its handlers, called by several clients at once.
//!
//! What an input means: `work` has a number for each client, how many calls it makes; `goal` is how many keys there are. A
//! client appends a letter of its own to a key, gets what is there, and goes on to the next key; in the end main gets every
//! key.
//!
//! What becomes of calls on the way to the server is told by [`rpc`](super::rpc).
//!
//! Source: MIT 6.824 lecture 2, `kv.go`: a lock is held for the whole of a handler.

pub mod mutex;
pub mod one_key;
pub mod two_sections;
pub mod unlocked;

mod cases;

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use serde::{Deserialize, Serialize};

pub use self::mutex::Store;
use super::{Input, Pattern};
use crate::{
    history::{Recorder, Spec},
    rpc::Service,
    sync::Arc,
    thread,
};

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Request {
    /// What is stored under the key.
    Get {
        /// The key.
        key: String,
    },
    /// Stores the value.
    Put {
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// Stores what is there, with the value behind it. What is not there is empty.
    Append {
        /// The key.
        key: String,
        /// What comes behind.
        value: String,
    },
    /// Compares and swaps: stores the new value if the old one is there.
    Swap {
        /// The key.
        key: String,
        /// What must be there: `None` is nothing.
        old: Option<String>,
        /// What is stored.
        new: String,
    },
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Answer {
    /// To `Get`: what is stored.
    Value(Option<String>),
    /// To all others: it is stored.
    Stored,
}

/// A no.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Refusal {
    /// To `Swap`: this is there, and not what must be. Nothing has changed.
    Found(Option<String>),
}

/// What is stored, when nobody shares it: the specification.
#[derive(Debug)]
pub struct Map;

impl Spec for Map {
    type State = BTreeMap<String, String>;
    type Operation = Request;
    type Answer = Result<Answer, Refusal>;

    fn initial() -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    fn apply(map: &mut BTreeMap<String, String>, request: &Request) -> Result<Answer, Refusal> {
        match request {
            Request::Get { key } => return Ok(Answer::Value(map.get(key).cloned())),
            Request::Put { key, value } => drop(map.insert(key.clone(), value.clone())),
            Request::Append { key, value } => map.entry(key.clone()).or_default().push_str(value),
            Request::Swap { key, old, new } => {
                let found = map.get(key);
                if found != old.as_ref() {
                    return Err(Refusal::Found(found.cloned()));
                }
                map.insert(key.clone(), new.clone());
            }
        }
        Ok(Answer::Stored)
    }

    fn part(request: &Request) -> Option<u64> {
        let (Request::Get { key } | Request::Put { key, .. } | Request::Append { key, .. } | Request::Swap { key, .. }) =
            request;
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        Some(hasher.finish())
    }
}

/// A server's handlers.
pub trait Serve: Service<Request = Request, Answer = Answer, Refusal = Refusal> {
    /// With nothing stored.
    fn new() -> Self;
}

/// The property: one order of all calls, in which each is where it was made, explains every answer.
pub fn scenario<S: Serve>(input: &Input) {
    let (store, recorder) = (Arc::new(S::new()), Arc::new(Recorder::new()));
    let keys = input.goal.max(1);
    let call = |client: usize, request: Request| {
        let (store, recorder) = (Arc::clone(&store), Arc::clone(&recorder));
        move || recorder.record(client, request, |request| store.handle(request.clone()))
    };
    let appends = |(client, &calls): (usize, &usize)| {
        let letter = char::from(b'a' + (client % 26) as u8).to_string();
        let request = |at: usize| match (key(at / 2 % keys), at % 2) {
            (key, 0) => Request::Append { key, value: letter.clone() },
            (key, _) => Request::Get { key },
        };
        let all: Vec<_> = (0..calls).map(|at| call(client + 1, request(at))).collect();
        thread::spawn(move || all.into_iter().for_each(|call| drop(call())))
    };
    let clients: Vec<_> = input.work.iter().enumerate().map(appends).collect();
    clients.into_iter().for_each(|client| client.join().expect("a client does not panic"));
    let told: Vec<_> = (0..keys).map(|at| call(0, Request::Get { key: key(at) })()).collect();
    let explained = recorder.history().check::<Map>().holds();
    assert!(explained, "no order of the calls explains what main is told: {told:?}");
}

fn key(at: usize) -> String {
    format!("k{at}")
}

/// The pattern.
pub const PATTERN: Pattern = Pattern { name: "kv", about: "One lock for the whole of a handler", cases: cases::CASES };
