//! `counter`, every execution: threads add to one number.
#![cfg(not(shuttle))]

use loom_tests::verify;

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
