//! `raft`, every execution: servers, their locks, and elections.
#![cfg(not(shuttle))]

use loom_tests::verify;

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
