//! What the key/value server does: one map, and a lock that is held for the whole of each call.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{rpc::Service, sync::Mutex};

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

/// A key/value store.
#[derive(Debug, Default)]
pub struct Store {
    values: Mutex<BTreeMap<String, String>>,
}

impl Service for Store {
    type Request = Request;
    type Answer = Answer;
    type Refusal = Refusal;

    fn handle(&self, request: Request) -> Result<Answer, Refusal> {
        let mut values = self.values.lock().expect("nobody panics");
        match request {
            Request::Get { key } => return Ok(Answer::Value(values.get(&key).cloned())),
            Request::Put { key, value } => drop(values.insert(key, value)),
            Request::Append { key, value } => values.entry(key).or_default().push_str(&value),
            Request::Swap { key, old, new } => {
                let found = values.get(&key);
                if found != old.as_ref() {
                    return Err(Refusal::Found(found.cloned()));
                }
                values.insert(key, new);
            }
        }
        Ok(Answer::Stored)
    }
}
