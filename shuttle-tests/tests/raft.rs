//! `raft`, sampled and, at the small size, exhaustive: servers, their locks, and elections.
#![cfg(not(loom))]

use std::collections::BTreeSet;

use proptest::collection::vec;
use raddle::{
    Kind,
    patterns::{
        Input,
        raft::{Server, double_check, leaders, rpc, rpc_late, rpc_locked, stale_tally},
    },
};
use shuttle_tests::verify;

use crate::common::{ends, hold, lines, named, outcomes};

#[test]
fn rpc_locked_raft_waits_for_those_who_wait() {
    verify("raft/rpc-locked");
}

#[test]
fn rpc_late_raft_asks_for_a_candidate_that_there_is_not() {
    verify("raft/rpc-late");
}

#[test]
fn stale_tally_raft_has_two_leaders() {
    verify("raft/stale-tally");
}

#[test]
fn unlocked_raft_is_a_data_race() {
    verify("raft/unlocked");
}

#[test]
fn two_sections_raft_votes_twice() {
    verify("raft/two-sections");
}

#[test]
fn two_tests_raft_goes_back_to_an_earlier_term() {
    verify("raft/two-tests");
}

#[test]
fn apply_locked_raft_waits_for_its_service() {
    verify("raft/apply-locked");
}

#[test]
fn rpc_raft_waits_without_its_lock() {
    verify("raft/rpc");
}

#[test]
fn double_check_raft_has_one_leader_a_term() {
    verify("raft/double-check");
}

#[test]
fn apply_raft_is_asked_meanwhile() {
    verify("raft/apply");
}

/// Two servers that start an election each, every handler in a goroutine of its own: t1 and t2 ask, t3 and t4 answer.
fn asking<S: Server>() -> BTreeSet<String> {
    ends(|| leaders::<S>(&Input::new(&[1, 1], 1)))
}

#[test]
fn asking_with_the_lock_held_ends_well_or_with_all_waiting() {
    let deadlock = "Deadlock {main:wait, t1:recv, t2:recv, t3:lock, t4:lock}";
    assert_eq!(asking::<rpc_locked::Server>(), lines(["{}", deadlock]));
    assert_eq!(asking::<rpc_late::Server>(), lines(["{}"]));
    assert_eq!(asking::<rpc::Server>(), lines(["{}"]));
}

/// One server of two starts an election: how many locks its goroutine takes.
fn locks<S: Server>() -> usize {
    let outcomes = outcomes(|| leaders::<S>(&Input::new(&[1, 0], 0)));
    let [only] = &outcomes[..] else { panic!("it ends in {} ways", outcomes.len()) };
    only.steps.iter().filter(|step| step.kind == Kind::Lock && step.thread == 1).count()
}

/// The lock of whom it asks and, if votes are counted, its own.
#[test]
fn a_reply_that_tells_of_no_later_term_takes_no_lock() {
    assert_eq!(locks::<rpc::Server>(), 1);
    assert_eq!(locks::<double_check::Server>(), 2);
}

/// Three servers, two of which start an election: who leads which term.
fn leading<S: Server>() -> BTreeSet<String> {
    ends(|| leaders::<S>(&Input::new(&[1, 1, 0], 0)))
}

#[test]
fn a_stale_tally_makes_two_leaders_in_one_term_and_the_double_check_none() {
    let golden = lines(["{(0, 1)}", "{(1, 1)}", "{(0, 1), (1, 2)}", "{(0, 2), (1, 1)}", "{(1, 2)}", "{(0, 2)}"]);
    assert_eq!(leading::<double_check::Server>(), golden);
    // An election of term 1 that is not the last one has the vote of whoever starts the other: without the second look
    // it is always won, in term 1 or, too late, in term 2.
    let stale = lines(["{(0, 1)}", "{(1, 1)}", "{(0, 1), (1, 2)}", "{(0, 2), (1, 1)}", "{(0, 2), (1, 2)}"]);
    assert_eq!(leading::<stale_tally::Server>(), stale);
}

#[test]
fn fixed_rafts_hold_with_any_elections() {
    hold(named(&["raft/rpc", "raft/double-check"]), (vec(0..=2_usize, 1..=4), 0..=1_usize));
    hold(named(&["raft/apply"]), (vec(0..=3_usize, 0..=3), 0..=4_usize));
}
