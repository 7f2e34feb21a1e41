//! What a server remembers of the calls that it has run.

use std::collections::BTreeMap;

use super::message::{Call, CallId, Outcome, Refused};

/// What is known of a call that has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It has not run.
    New,
    /// It has, and this became of it.
    Again(Outcome),
    /// It must not run.
    Refused(Refused),
}

/// A reply cache: which calls have run, and what became of them. It is asked and told under one lock.
pub trait Replies: Send + 'static {
    /// What is known of the call.
    fn look(&mut self, call: &Call<'_>) -> Seen;

    /// The call has run.
    fn keep(&mut self, id: CallId, outcome: &Outcome);
}

/// The last reply of each client, of so many clients.
///
/// A client has one call on its way at a time. So a new number says that it asks for no earlier reply again: that one is
/// forgotten, and an earlier number that still comes is a message that was under way for long, and is refused.
///
/// A client that vanishes says nothing. It is forgotten when there are too many clients, or their replies are too long: the
/// one first whose last call is the longest ago. If it comes back with a call that it may have sent before, nobody can say
/// whether that has run, and it is told so: [`Refused::Forgotten`]. A client whose very first message comes when so many
/// others have come and gone that it has been forgotten meanwhile would be taken for a new one: `clients` must be more than
/// come while a message is under way.
///
/// Which are forgotten depends on the calls that have run, and their order, alone: the same after a log is replayed.
#[derive(Debug)]
pub struct Latest {
    clients: usize,
    bytes: usize,
    /// What is kept, by client.
    kept: BTreeMap<u64, Kept>,
    /// The clients by their last call, oldest first.
    ages: BTreeMap<u64, u64>,
    /// How many calls have been kept.
    age: u64,
    /// How long the replies are, all together.
    size: usize,
    /// Whether a client has been forgotten.
    forgotten: bool,
}

#[derive(Debug)]
struct Kept {
    sequence: u64,
    age: u64,
    outcome: Outcome,
}

impl Latest {
    /// Remembers at most so many clients (one at least), whose replies are at most so long together. The last reply is
    /// kept however long it is.
    #[must_use]
    pub fn new(clients: usize, bytes: usize) -> Latest {
        Latest {
            clients: clients.max(1),
            bytes,
            kept: BTreeMap::new(),
            ages: BTreeMap::new(),
            age: 0,
            size: 0,
            forgotten: false,
        }
    }

    /// How many clients are remembered.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.kept.len()
    }

    fn forget(&mut self, client: u64) {
        if let Some(kept) = self.kept.remove(&client) {
            self.ages.remove(&kept.age);
            self.size -= kept.outcome.size();
        }
    }
}

impl Replies for Latest {
    fn look(&mut self, call: &Call<'_>) -> Seen {
        let CallId { client, sequence } = call.id;
        match self.kept.get(&client) {
            Some(kept) if sequence == kept.sequence => Seen::Again(kept.outcome.clone()),
            Some(kept) if sequence < kept.sequence => Seen::Refused(Refused::Stale),
            None if self.forgotten && (call.resent || sequence > 1) => Seen::Refused(Refused::Forgotten),
            _ => Seen::New,
        }
    }

    fn keep(&mut self, CallId { client, sequence }: CallId, outcome: &Outcome) {
        self.forget(client);
        self.age += 1;
        self.size += outcome.size();
        self.ages.insert(self.age, client);
        self.kept.insert(client, Kept { sequence, age: self.age, outcome: outcome.clone() });
        while self.kept.len() > self.clients || (self.size > self.bytes && self.kept.len() > 1) {
            let oldest = self.ages.first_key_value().map(|(_, client)| *client);
            self.forget(oldest.expect("each client that is kept has an age"));
            self.forgotten = true;
        }
    }
}
