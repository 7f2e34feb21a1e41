//! `vote`: voters run at once, and main decides as soon as it can: won once enough have said yes, lost once all have
//! voted and too few did.
//!
//! An input's `work` has a number for each voter: 1 votes yes. `goal` is the number of yes votes that is needed.
//!
//! Source: MIT 6.824, lecture 2 (2021), `vote-count-1` to `vote-count-6`; lecture 5 (2020), the first four and `chan`.
//! There each voter first sleeps for a random time and then answers at random; here every order of events, and every
//! input, stands for itself.

pub mod broadcast_after_unlock;
pub mod busy_lock;
pub mod channel;
pub mod channel_buffered;
pub mod channel_done;
pub mod channel_drain;
pub mod channel_off_by_one;
pub mod condvar;
pub mod if_for_while;
pub mod no_broadcast;
pub mod polling;
pub mod racy;
pub mod racy_cell;
pub mod signal;
pub mod unlocked_broadcast;

mod cases;

use super::{Input, Pattern};
use crate::{sync::Arc, thread};

/// The property: whatever the order of the votes, main decides, and it is won if and only if enough voters say yes.
pub trait Elect: Send + Sync + 'static {
    /// An election in which nobody has voted yet.
    fn new(voters: usize, needed: usize) -> Self;

    /// Adds a vote. Each voter calls it once.
    fn vote(&self, yes: bool);

    /// Waits until enough voters have said yes or all have voted, and returns whether it is won.
    fn decide(&self) -> bool;
}

/// Each voter votes as its work says, and main decides. Main does not wait for the voters.
pub fn scenario<E: Elect>(input: &Input) {
    let won = run::<E>(input);
    let (yes, needed) = (yes_votes(input), input.goal);
    let word = if won { "won" } else { "lost" };
    assert!(won == (yes >= needed), "{word}, with {yes} yes votes and {needed} needed");
}

/// The scenario of a program with a data race, which says nothing of what main decides: it has none.
pub fn scenario_without_race<E: Elect>(input: &Input) {
    run::<E>(input);
}

/// The scenario without the assertion: returns what main decides.
pub fn run<E: Elect>(input: &Input) -> bool {
    let election = Arc::new(E::new(input.work.len(), input.goal));
    for &vote in &*input.work {
        let election = Arc::clone(&election);
        thread::spawn(move || election.vote(vote == 1));
    }
    election.decide()
}

/// How many voters say yes.
pub fn yes_votes(input: &Input) -> usize {
    input.work.iter().filter(|vote| **vote == 1).count()
}

/// The pattern.
pub const PATTERN: Pattern =
    Pattern { name: "vote", about: "Waiting for a condition that others make true", cases: cases::CASES };
