//! `vote`, every execution: voters, and a main that decides as soon as it can.
#![cfg(not(shuttle))]

use loom_tests::verify;

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
