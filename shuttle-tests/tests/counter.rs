//! `counter`, sampled and, at the small size, exhaustive: threads add to one number. And every way in which it can end.
#![cfg(not(loom))]

use std::collections::BTreeSet;

use raddle::patterns::{
    Input,
    counter::{self, Count, atomic, mutex, naive, racy_cell, racy_read, sleep},
};
use shuttle_tests::verify;

use crate::common::{ends, lines};

#[test]
fn naive_counter_loses_an_update() {
    verify("counter/naive");
}

#[test]
fn racy_cell_counter_is_a_data_race() {
    verify("counter/racy-cell");
}

#[test]
fn racy_read_counter_is_a_data_race() {
    verify("counter/racy-read");
}

#[test]
fn sleep_counter_is_read_too_early() {
    verify("counter/sleep");
}

#[test]
fn mutex_counter_keeps_every_update() {
    verify("counter/mutex");
}

#[test]
fn atomic_counter_keeps_every_update() {
    verify("counter/atomic");
}

/// The total that main reads of two threads that increment once, and how else it ends.
fn totals<C: Count>() -> BTreeSet<String> {
    ends(|| counter::run::<C>(&Input::new(&[1, 1], 0)))
}

#[test]
fn an_increment_of_two_steps_may_be_lost_and_one_of_one_step_is_not() {
    assert_eq!(totals::<naive::Counter>(), lines(["1", "2"]));
    assert_eq!(totals::<mutex::Counter>(), lines(["2"]));
    assert_eq!(totals::<atomic::Counter>(), lines(["2"]));
}

/// Each increment is right. As many are in the total as have been made by then: any number.
#[test]
fn whoever_sleeps_may_read_any_total() {
    assert_eq!(totals::<sleep::Counter>(), lines(["0", "1", "2"]));
}

#[test]
fn plain_memory_is_a_data_race_in_every_execution() {
    assert_eq!(totals::<racy_cell::Counter>(), lines(["DataRace"]));
    assert_eq!(totals::<racy_read::Counter>(), lines(["DataRace"]));
}
