//! `goroutine`, sampled and, at the small size, exhaustive: what a goroutine sees of the variables around it, and how somebody waits for it.
#![cfg(not(loom))]

use shuttle_tests::verify;

#[test]
fn closure_race_goroutine_is_a_data_race() {
    verify("goroutine/closure-race");
}

#[test]
fn closure_early_goroutine_comes_too_late() {
    verify("goroutine/closure-early");
}

#[test]
fn bad_goroutine_sees_a_later_iteration() {
    verify("goroutine/bad");
}

#[test]
fn bad_race_goroutine_is_a_data_race() {
    verify("goroutine/bad-race");
}

#[test]
fn waitgroup_notify_one_goroutine_wakes_one_of_two() {
    verify("goroutine/waitgroup-notify-one");
}

#[test]
fn closure_goroutine_is_waited_for() {
    verify("goroutine/closure");
}

#[test]
fn loop_goroutine_makes_each_call_once() {
    verify("goroutine/loop");
}

#[test]
fn waitgroup_goroutine_lets_all_go_on() {
    verify("goroutine/waitgroup");
}
