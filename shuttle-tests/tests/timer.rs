//! `timer`, sampled and, at the small size, exhaustive: a goroutine does something every second, until it is cancelled.
#![cfg(not(loom))]

use shuttle_tests::verify;

#[test]
fn sleep_timer_ticks_for_ever() {
    verify("timer/sleep");
}

#[test]
fn sleep_cancel_timer_keeps_the_lock() {
    verify("timer/sleep-cancel");
}

#[test]
fn sleep_cancel_racy_timer_is_a_data_race() {
    verify("timer/sleep-cancel-racy");
}

#[test]
fn sleep_cancel_fixed_timer_ends_and_keeps_nothing() {
    verify("timer/sleep-cancel-fixed");
}
