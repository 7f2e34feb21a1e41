//! `channel`, every execution: what a channel makes wait, and the same buffer built by hand.
#![cfg(not(shuttle))]

use loom_tests::verify;

#[test]
fn unbuffered_deadlock_channel_waits_for_itself() {
    verify("channel/unbuffered-deadlock");
}

#[test]
fn wait_too_few_channel_leaves_one_behind() {
    verify("channel/wait-too-few");
}

#[test]
fn wait_too_many_channel_waits_for_nobody() {
    verify("channel/wait-too-many");
}

#[test]
fn buffer_if_for_while_channel_takes_what_is_not_there() {
    verify("channel/buffer-if-for-while");
}

#[test]
fn buffer_one_condvar_channel_wakes_the_wrong_one() {
    verify("channel/buffer-one-condvar");
}

#[test]
fn unbuffered_spin_channel_hangs() {
    verify("channel/unbuffered-spin");
}

#[test]
fn kick_channel_kicks_nobody() {
    verify("channel/kick");
}

#[test]
fn kick_blocking_channel_waits_for_who_is_not_waiting() {
    verify("channel/kick-blocking");
}

#[test]
fn kick_slot_channel_kicks_one_of_two() {
    verify("channel/kick-slot");
}

#[test]
fn unbuffered_channel_completes_a_send_when_it_is_received() {
    verify("channel/unbuffered");
}

#[test]
fn buffered_channel_completes_a_send_when_there_is_room() {
    verify("channel/buffered");
}

#[test]
fn producer_consumer_channel_hands_over_every_item_once() {
    verify("channel/producer-consumer");
}

#[test]
fn wait_channel_waits_for_every_call() {
    verify("channel/wait");
}

#[test]
fn buffer_channel_keeps_nobody_waiting() {
    verify("channel/buffer");
}

#[test]
fn buffer_notify_all_channel_wakes_the_right_one_too() {
    verify("channel/buffer-notify-all");
}

#[test]
fn kick_condvar_channel_kicks_whoever_waits() {
    verify("channel/kick-condvar");
}
