//! `goroutine`, sampled and, at the small size, exhaustive: what a goroutine sees of the variables around it, and how
//! somebody waits for it. And every way in which it can end.
#![cfg(not(loom))]

use std::collections::BTreeSet;

use raddle::patterns::{
    Input,
    goroutine::{
        self, Greet, Spread, bad, bad_race, closure, closure_early, closure_race, r#loop, waitgroup,
        waitgroup_notify_one,
    },
};
use shuttle_tests::verify;

use crate::common::{ends, lines};

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

#[test]
fn main_prints_what_is_written_if_it_has_waited() {
    assert_eq!(ends(closure::Program::run), lines([r#""hello world""#]));
    assert_eq!(ends(closure_early::Program::run), lines([r#""""#, r#""hello world""#]));
    assert_eq!(ends(closure_race::Program::run), lines(["DataRace"]));
}

/// The calls that two goroutines make.
fn calls<P: Spread>() -> BTreeSet<String> {
    ends(|| goroutine::calls::<P>(&Input::new(&[1, 1], 0)))
}

#[test]
fn loop_makes_each_call_once_and_bad_makes_any() {
    assert_eq!(calls::<r#loop::Program>(), lines(["[0, 1]"]));
    // The first goroutine may look before or after each step of the loop, the second one after the first.
    assert_eq!(calls::<bad::Program>(), lines(["[0, 1]", "[0, 2]", "[1, 1]", "[1, 2]", "[2, 2]"]));
    assert_eq!(calls::<bad_race::Program>(), lines(["DataRace"]));
}

#[test]
fn a_single_wake_up_leaves_one_of_two_who_wait_asleep() {
    const TWO_WAIT: Input = Input::new(&[0, 1], 0);
    assert_eq!(ends(|| goroutine::group::<waitgroup::WaitGroup>(&TWO_WAIT)), lines(["()"]));
    let one = ends(|| goroutine::group::<waitgroup_notify_one::WaitGroup>(&TWO_WAIT));
    assert_eq!(one, lines(["()", "Deadlock {main:wait}", "Leak {t1:wait}"]));
}
