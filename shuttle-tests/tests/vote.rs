//! `vote`, sampled and, at the small size, exhaustive: voters, and a main that decides as soon as it can. And every way
//! in which it can end.
#![cfg(not(loom))]

use std::collections::BTreeSet;

use raddle::{
    Check, End, FailureKind, Kind, Strategy,
    patterns::{
        Input,
        vote::{
            self, Elect, broadcast_after_unlock, busy_lock, channel, channel_buffered, channel_done, channel_drain,
            channel_off_by_one, condvar, if_for_while, no_broadcast, polling, racy, racy_cell, signal,
            unlocked_broadcast,
        },
    },
    sync::Arc,
    thread,
};
use shuttle_tests::verify;

use crate::common::{ends, ends_within, lines, outcomes};

#[test]
fn racy_vote_is_lost_or_hangs() {
    verify("vote/racy");
}

#[test]
fn racy_cell_vote_is_a_data_race() {
    verify("vote/racy-cell");
}

#[test]
fn no_broadcast_vote_sleeps_for_ever() {
    verify("vote/no-broadcast");
}

#[test]
fn unlocked_broadcast_vote_sleeps_for_ever() {
    verify("vote/unlocked-broadcast");
}

#[test]
fn if_for_while_vote_is_decided_too_early() {
    verify("vote/if-for-while");
}

#[test]
fn channel_vote_leaves_voters_behind() {
    verify("vote/channel");
}

#[test]
fn channel_off_by_one_vote_leaves_voters_behind() {
    verify("vote/channel-off-by-one");
}

#[test]
fn busy_lock_vote_is_right_and_busy() {
    verify("vote/busy-lock");
}

#[test]
fn polling_vote_is_right_and_late() {
    verify("vote/polling");
}

#[test]
fn condvar_vote_is_right_and_asleep_until_then() {
    verify("vote/condvar");
}

#[test]
fn signal_vote_is_right_with_one_waiter() {
    verify("vote/signal");
}

#[test]
fn broadcast_after_unlock_vote_is_right() {
    verify("vote/broadcast-after-unlock");
}

#[test]
fn channel_drain_vote_is_right_and_late() {
    verify("vote/channel-drain");
}

#[test]
fn channel_buffered_vote_leaves_nobody_behind() {
    verify("vote/channel-buffered");
}

#[test]
fn channel_done_vote_leaves_nobody_behind() {
    verify("vote/channel-done");
}

/// Whatever so many voters may say.
fn any_votes(voters: usize, needed: usize) -> impl Iterator<Item = Input> {
    let votes = move |bits: usize| (0..voters).map(|voter| bits >> voter & 1).collect();
    (0..1 << voters).map(move |bits| Input { work: votes(bits), goal: needed })
}

/// More than an election takes. A hang is found after 10,000 otherwise, and there are many.
const STEPS: u64 = 400;

/// Two voters, two votes needed: how many say yes, and what main decides, or how else it ends.
fn decisions<E: Elect>() -> BTreeSet<String> {
    let decided = |input: Input| {
        let yes = vote::yes_votes(&input);
        ends_within(STEPS, move || vote::run::<E>(&input)).into_iter().map(move |end| {
            let word = end.replace("true", "win").replace("false", "lost");
            format!("{yes} yes: {word}")
        })
    };
    any_votes(2, 2).flat_map(decided).collect()
}

#[test]
fn racy_vote_ends_in_every_way_but_wins_with_too_few_votes() {
    let right = ["0 yes: lost", "1 yes: lost", "2 yes: win"];
    let wrong = ["2 yes: lost", "0 yes: Livelock", "1 yes: Livelock", "2 yes: Livelock"];
    assert_eq!(decisions::<racy::Election>(), &lines(right) | &lines(wrong));
}

/// A fourth voter never comes to an end, so main leaves its loop only if it has seen two yes votes: where it then decides that
/// it is lost, the count has gone backwards in between.
#[test]
fn racy_count_goes_backwards() {
    let election = || {
        let election = Arc::new(racy::Election::new(4, 2));
        for _ in 0..3 {
            let election = Arc::clone(&election);
            thread::spawn(move || election.vote(true));
        }
        election.decide()
    };
    // One voter is preempted between its load and its store, and main between its loop and its last look.
    let outcomes = Check::new("three yes votes").steps(STEPS).preemptions(2).outcomes(election);
    let outcomes = outcomes.expect("the check can be done");
    assert!(outcomes.returned().eq(&[false, true]));
    assert!(outcomes.failures().all(|outcome| matches!(outcome.end, End::Failed { kind: FailureKind::Livelock, .. })));
}

#[test]
fn plain_counts_are_two_data_races() {
    let races = |votes| ends(move || vote::run::<racy_cell::Election>(&Input::new(votes, 1)));
    // Who says no writes one of them.
    assert_eq!(races(&[0]), lines(["DataRace"]));
    assert_eq!(races(&[1]), lines(["DataRace"]));
}

#[test]
fn votes_under_a_lock_are_decided_in_one_way() {
    let right = lines(["0 yes: lost", "1 yes: lost", "2 yes: win"]);
    assert_eq!(decisions::<condvar::Election>(), right);
    assert_eq!(decisions::<broadcast_after_unlock::Election>(), right);
    assert_eq!(decisions::<signal::Election>(), right);
    assert_eq!(decisions::<busy_lock::Election>(), right);
    assert_eq!(decisions::<polling::Election>(), right);
}

/// What main decides when the only vote that is needed has come, and a second voter never comes.
fn decides_early<E: Elect>() -> BTreeSet<String> {
    ends_within(STEPS, || {
        let election = Arc::new(E::new(2, 1));
        let voting = Arc::clone(&election);
        thread::spawn(move || voting.vote(true));
        election.decide()
    })
}

#[test]
fn main_waits_for_no_vote_that_does_not_matter_unless_it_drains() {
    assert_eq!(decides_early::<condvar::Election>(), lines(["true"]));
    assert_eq!(decides_early::<broadcast_after_unlock::Election>(), lines(["true"]));
    assert_eq!(decides_early::<signal::Election>(), lines(["true"]));
    assert_eq!(decides_early::<busy_lock::Election>(), lines(["true"]));
    assert_eq!(decides_early::<polling::Election>(), lines(["true"]));
    assert_eq!(decides_early::<channel_buffered::Election>(), lines(["true"]));
    assert_eq!(decides_early::<channel_done::Election>(), lines(["true"]));
    assert_eq!(decides_early::<channel_drain::Election>(), lines(["Deadlock {main:recv}"]));
}

#[test]
fn a_wake_up_that_is_lost_or_taken_for_the_last_is_the_only_other_way() {
    let right = lines(["0 yes: lost", "1 yes: lost", "2 yes: win"]);
    let asleep = ["0 yes: Deadlock {main:wait}", "1 yes: Deadlock {main:wait}", "2 yes: Deadlock {main:wait}"];
    assert_eq!(decisions::<no_broadcast::Election>(), &right | &lines(asleep));
    assert_eq!(decisions::<unlocked_broadcast::Election>(), &right | &lines(asleep));
    assert_eq!(decisions::<if_for_while::Election>(), &right | &lines(["2 yes: lost"]));
}

/// What main decides, how many votes it receives, and how many voters it leaves behind, with any votes.
fn heard<E: Elect>(voters: usize, needed: usize) -> BTreeSet<(&'static str, usize, usize)> {
    let mut seen = BTreeSet::new();
    for input in any_votes(voters, needed) {
        let word = if vote::yes_votes(&input) >= needed { "win" } else { "lost" };
        // The scenario holds main to that, so there is no other failure than leaks.
        for outcome in outcomes(move || vote::scenario::<E>(&input)) {
            let heard = outcome.steps.iter().filter(|step| step.thread == 0 && step.kind == Kind::Receive).count();
            let left = match &outcome.end {
                End::Returned(()) => 0,
                End::Failed { kind: FailureKind::Leak, waiting, .. } => {
                    assert!(waiting.iter().all(|waiting| waiting.contains(" in send of ")), "{waiting:?}");
                    waiting.len()
                }
                End::Failed { message, .. } => panic!("{message}"),
            };
            seen.insert((word, heard, left));
        }
    }
    seen
}

#[test]
fn channel_vote_leaves_behind_whom_main_did_not_hear() {
    let golden = [("win", 1, 2), ("win", 2, 1), ("win", 3, 0), ("lost", 3, 0)];
    assert_eq!(heard::<channel::Election>(3, 1), golden.into());
    let golden = [("win", 2, 2), ("win", 3, 1), ("win", 4, 0), ("lost", 4, 0)];
    assert_eq!(heard::<channel::Election>(4, 2), golden.into());
}

#[test]
fn channel_off_by_one_vote_hears_one_more() {
    let golden = [("win", 2, 2), ("win", 3, 1), ("win", 4, 0), ("lost", 4, 0)];
    assert_eq!(heard::<channel_off_by_one::Election>(4, 1), golden.into());
}

/// Whom main leaves behind, with any votes.
fn left<E: Elect>(voters: usize, needed: usize) -> BTreeSet<String> {
    any_votes(voters, needed).flat_map(|input| ends(move || vote::scenario::<E>(&input))).collect()
}

#[test]
fn mended_channel_votes_leave_nobody_behind() {
    for (voters, needed) in [(3, 1), (4, 2)] {
        assert_eq!(left::<channel_buffered::Election>(voters, needed), lines(["()"]));
        assert_eq!(left::<channel_drain::Election>(voters, needed), lines(["()"]));
    }
    // With four voters it has 3,700 executions for each of the sixteen inputs.
    assert_eq!(left::<channel_done::Election>(3, 1), lines(["()"]));
}

/// How many of the lecture's ten voters are left behind when at least five say yes, in so many schedules each.
fn left_of_ten<E: Elect>() -> BTreeSet<usize> {
    let left = |(yes, seed)| {
        let votes = (0..10).map(|voter| usize::from(voter < yes)).collect();
        let input = Input { work: votes, goal: 5 };
        let check = Check::new("ten voters").strategy(Strategy::Random).seed(seed).schedules(1);
        let verdict = check.run(move || vote::scenario::<E>(&input)).expect("the check can be done");
        verdict.failure.map_or(0, |failure| {
            assert_eq!(failure.kind, FailureKind::Leak, "{}", failure.message);
            failure.waiting.len()
        })
    };
    (5..=10).flat_map(|yes| (0..60).map(move |seed| (yes, seed))).map(left).collect()
}

#[test]
fn channel_votes_leave_up_to_five_of_ten_behind() {
    assert_eq!(left_of_ten::<channel::Election>(), (0..=5).collect());
    assert_eq!(left_of_ten::<channel_off_by_one::Election>(), (0..=4).collect());
}
