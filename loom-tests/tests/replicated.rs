//! `replicated`, every execution: every call has its answer, and nobody is left behind with another.
#![cfg(not(shuttle))]

use loom_tests::verify;

#[test]
fn one_server_replicated_waits_for_ever() {
    verify("replicated/one-server");
}

#[test]
fn falls_off_replicated_returns_without_an_answer() {
    verify("replicated/falls-off");
}

#[test]
fn capacity_zero_replicated_leaves_late_answers_behind() {
    verify("replicated/capacity-zero");
}

#[test]
fn capacity_one_replicated_leaves_late_answers_behind() {
    verify("replicated/capacity-one");
}

#[test]
fn timer_left_replicated_leaves_its_timer_armed() {
    verify("replicated/timer-left");
}

#[test]
fn prefer_race_replicated_is_a_data_race() {
    verify("replicated/prefer-race");
}

#[test]
fn wrong_id_replicated_takes_one_server_for_another() {
    verify("replicated/wrong-id");
}

#[test]
fn capacity_enough_replicated_leaves_nobody_behind() {
    verify("replicated/capacity-enough");
}

#[test]
fn timeouts_replicated_asks_the_next_server() {
    verify("replicated/timeouts");
}

#[test]
fn prefer_replicated_begins_with_who_has_answered() {
    verify("replicated/prefer");
}
