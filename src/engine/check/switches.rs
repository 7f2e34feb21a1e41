//! Why each context switch of an execution happened.

use serde::{Deserialize, Serialize};

use super::{Kind, ObjectKind, ObjectRef, Waiting};

/// A context switch: which thread went on no further, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// The thread that another one took over from.
    pub thread: u32,
    /// Why it did.
    pub why: Why,
}

/// Why a thread went on no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Why {
    /// It has ended.
    Ended,
    /// It could not go on.
    Waits {
        /// What it waits to do.
        operation: Kind,
        /// To what.
        object: Option<ObjectRef>,
        /// The thread that holds the lock, or runs the initialiser.
        held_by: Option<u32>,
    },
    /// It asked to let others go first: `yield_now`, `sleep`, `spin_loop`.
    Pauses {
        /// How.
        operation: Kind,
    },
    /// It has paused so often, while others could go on, that it was their turn.
    GivesWay,
    /// Its step was none that the others can tell the time of, so it came at once, whoever's turn it was (shuttle world).
    Passing,
    /// It could have gone on: the scheduler chose another.
    Preempted,
}

impl Why {
    /// The reason in a few words that go with the thread's name: `waits for mutex#2, held by t1`. `threads` are the names
    /// of the execution's threads, by number.
    pub fn told(&self, threads: &[String]) -> String {
        let name = |number: u32| threads.get(number as usize).map_or_else(|| format!("t{number}"), String::clone);
        match *self {
            Why::Ended => "ended".to_owned(),
            Why::Waits { operation, object, held_by } => {
                let thread = object.filter(|object| object.kind == ObjectKind::Thread);
                waits(operation, object, thread.map(|thread| name(thread.number)), held_by.map(name))
            }
            Why::Pauses { operation } => pauses(operation).to_owned(),
            Why::GivesWay => "has paused again and again".to_owned(),
            Why::Passing => "in passing".to_owned(),
            Why::Preempted => "preempted".to_owned(),
        }
    }
}

impl Waiting {
    /// What the thread waits for, in the words of [`Why::told`].
    pub(super) fn told(&self, threads: &[String]) -> String {
        let thread = self.object.filter(|object| object.kind == ObjectKind::Thread);
        let thread = thread.and_then(|thread| threads.get(thread.number as usize).cloned());
        waits(self.operation, self.object, thread, self.held_by.clone())
    }
}

fn pauses(operation: Kind) -> &'static str {
    match operation {
        Kind::Sleep => "sleeps",
        Kind::Yield => "yields",
        _ => "spins",
    }
}

/// `thread` is the object's name, if it is a thread.
fn waits(operation: Kind, object: Option<ObjectRef>, thread: Option<String>, held_by: Option<String>) -> String {
    let what = object.map_or_else(|| "others".to_owned(), |object| object.to_string());
    match (operation, held_by) {
        (Kind::Join, _) => format!("waits for {} to end", thread.unwrap_or(what)),
        (Kind::Park, _) => "is parked".to_owned(),
        (Kind::Rest, _) => "has returned".to_owned(),
        (Kind::Sleep, _) => "sleeps".to_owned(),
        (Kind::Yield | Kind::SpinLoop, _) => "waits for a change".to_owned(),
        (Kind::Send, _) => format!("waits to send to {what}"),
        (Kind::Receive, _) => format!("waits to receive from {what}"),
        (Kind::Accept, _) => format!("waits for a connection at {what}"),
        (Kind::StreamRead, _) => format!("waits to read {what}"),
        (Kind::Select | Kind::Ready, _) => "waits in a select".to_owned(),
        (Kind::Lock | Kind::Read | Kind::Write, Some(holder)) => format!("waits for {what}, held by {holder}"),
        (_, Some(holder)) => format!("waits for {what}, which {holder} initialises"),
        (_, None) => format!("waits for {what}"),
    }
}
