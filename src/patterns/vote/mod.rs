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

use super::{Case, Expect, Input, Pattern, Stress, Symptom};
use crate::{FailureKind, sync::Arc, thread};

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
    Pattern { name: "vote", about: "Waiting for a condition that others make true", cases: CASES };

const SMALL: Input = Input::new(&[1, 1], 2);
const ONE_VOTER: Input = Input::new(&[1], 1);
/// As many yes votes as are needed: one that is lost is missed.
const LARGE: Input = Input::new(&[1, 0, 1, 0, 1, 0, 1, 0, 1, 0], 5);
const LOST_OR_HANGING: Expect = Expect::Fails(&[
    Symptom {
        kind: FailureKind::Panic,
        message: "lost, with 2 yes votes and 2 needed",
        meaning: "both voters read the same count, and the second to write wrote over the first one's vote",
    },
    Symptom {
        kind: FailureKind::Livelock,
        message: "busy-waiting for a change that nobody is left to make: main in ",
        meaning: "both voters read the same number of finished ones: it never reaches 2, and main spins for ever",
    },
]);
const RACE: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::DataRace,
    message: "data race on cell#",
    meaning: "a voter writes a count, main reads it, and nothing orders the two",
}]);
const ASLEEP: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::Deadlock,
    message: "every thread waits: main in wait of condvar#",
    meaning: "main sleeps although all have voted: nobody is left to wake it",
}]);
const TOO_EARLY: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::Panic,
    message: "lost, with 2 yes votes and 2 needed",
    meaning: "the first vote woke main, which decided before the second",
}]);
const LEFT_BEHIND: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::Leak,
    message: "in send of channel#1 at src/patterns/vote/channel",
    meaning: "main has decided and receives no more, and a voter still waits to be heard",
}]);

const CASES: &[Case] = &[
    Case {
        pattern: "vote",
        variant: "racy",
        about: "plain counts and an empty loop: votes are lost, or main hangs",
        source: "MIT 6.824 lecture 2, vote-count-1",
        code: include_str!("racy.rs"),
        aliases: &["vote-count-1", "condvar/vote-count-1"],
        counterpart: Some("condvar"),
        test: "racy_vote_is_lost_or_hangs",
        loom: LOST_OR_HANGING,
        shuttle: LOST_OR_HANGING,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<racy::Election>,
        small: SMALL,
        large: LARGE,
    },
    Case {
        pattern: "vote",
        variant: "racy-cell",
        about: "plain counts: two data races",
        source: "MIT 6.824 lecture 2, vote-count-1 as the race detector sees it",
        code: include_str!("racy_cell.rs"),
        aliases: &[],
        counterpart: Some("condvar"),
        test: "racy_cell_vote_is_a_data_race",
        loom: RACE,
        shuttle: RACE,
        stress: Stress::Undefined,
        limits: None,
        model: scenario_without_race::<racy_cell::Election>,
        small: ONE_VOTER,
        large: LARGE,
    },
    Case {
        pattern: "vote",
        variant: "no-broadcast",
        about: "nobody wakes main: a lost wake-up",
        source: "MIT 6.824 lecture 2, vote-count-4 without Broadcast",
        code: include_str!("no_broadcast.rs"),
        aliases: &[],
        counterpart: Some("condvar"),
        test: "no_broadcast_vote_sleeps_for_ever",
        loom: ASLEEP,
        shuttle: ASLEEP,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<no_broadcast::Election>,
        small: ONE_VOTER,
        large: LARGE,
    },
    Case {
        pattern: "vote",
        variant: "unlocked-broadcast",
        about: "the broadcast comes between test and wait: a lost wake-up",
        source: "MIT 6.824 lecture 2, vote-count-4 with update and Broadcast outside the lock",
        code: include_str!("unlocked_broadcast.rs"),
        aliases: &[],
        counterpart: Some("condvar"),
        test: "unlocked_broadcast_vote_sleeps_for_ever",
        loom: ASLEEP,
        shuttle: ASLEEP,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<unlocked_broadcast::Election>,
        small: ONE_VOTER,
        large: LARGE,
    },
    Case {
        pattern: "vote",
        variant: "if-for-while",
        about: "one wake-up is taken for the last: main decides too early",
        source: "MIT 6.824 lecture 2, vote-count-4 with if for for",
        code: include_str!("if_for_while.rs"),
        aliases: &[],
        counterpart: Some("condvar"),
        test: "if_for_while_vote_is_decided_too_early",
        loom: TOO_EARLY,
        shuttle: TOO_EARLY,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<if_for_while::Election>,
        small: SMALL,
        large: LARGE,
    },
    Case {
        pattern: "vote",
        variant: "channel",
        about: "main stops receiving: the voters that are left wait for ever",
        source: "MIT 6.824 lecture 2, vote-count-5",
        code: include_str!("channel.rs"),
        aliases: &["vote-count-5"],
        counterpart: Some("channel-done"),
        test: "channel_vote_leaves_voters_behind",
        loom: LEFT_BEHIND,
        shuttle: LEFT_BEHIND,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<channel::Election>,
        small: Input::new(&[1, 1], 1),
        large: LARGE,
    },
    Case {
        pattern: "vote",
        variant: "channel-off-by-one",
        about: "main receives one yes vote too many, and leaves the rest waiting for ever",
        source: "MIT 6.824 lecture 5 (2020), condvar/chan",
        code: include_str!("channel_off_by_one.rs"),
        aliases: &["condvar/chan"],
        counterpart: Some("channel-done"),
        test: "channel_off_by_one_vote_leaves_voters_behind",
        loom: LEFT_BEHIND,
        shuttle: LEFT_BEHIND,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<channel_off_by_one::Election>,
        small: Input::new(&[1, 1, 1], 1),
        // With as many yes votes as are needed, it waits for them all.
        large: Input::new(&[1; 10], 5),
    },
    Case {
        pattern: "vote",
        variant: "busy-lock",
        about: "right, but main locks again and again",
        source: "MIT 6.824 lecture 2, vote-count-2",
        code: include_str!("busy_lock.rs"),
        aliases: &["vote-count-2", "condvar/vote-count-2"],
        counterpart: Some("racy"),
        test: "busy_lock_vote_is_right_and_busy",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<busy_lock::Election>,
        small: SMALL,
        large: LARGE,
    },
    Case {
        pattern: "vote",
        variant: "polling",
        about: "right, but main looks every 50 ms",
        source: "MIT 6.824 lecture 2, vote-count-3",
        code: include_str!("polling.rs"),
        aliases: &["vote-count-3", "condvar/vote-count-3"],
        counterpart: Some("racy"),
        test: "polling_vote_is_right_and_late",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<polling::Election>,
        small: SMALL,
        large: LARGE,
    },
    Case {
        pattern: "vote",
        variant: "condvar",
        about: "test and wait under the lock, in a loop; broadcast after each vote",
        source: "MIT 6.824 lecture 2, vote-count-4",
        code: include_str!("condvar.rs"),
        aliases: &["vote-count-4", "condvar/vote-count-4", "condvar/cond"],
        counterpart: Some("racy"),
        test: "condvar_vote_is_right_and_asleep_until_then",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<condvar::Election>,
        small: SMALL,
        large: LARGE,
    },
    Case {
        pattern: "vote",
        variant: "signal",
        about: "one waiter needs one wake-up",
        source: "MIT 6.824 lecture 2, vote-count-4 with Signal for Broadcast",
        code: include_str!("signal.rs"),
        aliases: &[],
        counterpart: Some("condvar"),
        test: "signal_vote_is_right_with_one_waiter",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<signal::Election>,
        small: SMALL,
        large: LARGE,
    },
    Case {
        pattern: "vote",
        variant: "broadcast-after-unlock",
        about: "the update is under the lock, the broadcast need not be",
        source: "MIT 6.824 lecture 2, vote-count-4 with Broadcast after Unlock",
        code: include_str!("broadcast_after_unlock.rs"),
        aliases: &[],
        counterpart: Some("condvar"),
        test: "broadcast_after_unlock_vote_is_right",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<broadcast_after_unlock::Election>,
        small: SMALL,
        large: LARGE,
    },
    Case {
        pattern: "vote",
        variant: "channel-drain",
        about: "main receives every vote, and so waits for the slowest",
        source: "MIT 6.824 lecture 2, vote-count-6",
        code: include_str!("channel_drain.rs"),
        aliases: &["vote-count-6"],
        counterpart: Some("channel"),
        test: "channel_drain_vote_is_right_and_late",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<channel_drain::Election>,
        small: SMALL,
        large: LARGE,
    },
    Case {
        pattern: "vote",
        variant: "channel-buffered",
        about: "room for every vote: no voter waits",
        source: "MIT 6.824 lecture 2, vote-count-5 with a buffer for all votes",
        code: include_str!("channel_buffered.rs"),
        aliases: &[],
        counterpart: Some("channel"),
        test: "channel_buffered_vote_leaves_nobody_behind",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<channel_buffered::Election>,
        small: Input::new(&[1, 1], 1),
        large: LARGE,
    },
    Case {
        pattern: "vote",
        variant: "channel-done",
        about: "a closed channel tells the voters that it is over",
        source: "MIT 6.824 lecture 2, vote-count-5 with a done channel",
        code: include_str!("channel_done.rs"),
        aliases: &[],
        counterpart: Some("channel"),
        test: "channel_done_vote_leaves_nobody_behind",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<channel_done::Election>,
        small: Input::new(&[1, 1], 1),
        large: LARGE,
    },
];
