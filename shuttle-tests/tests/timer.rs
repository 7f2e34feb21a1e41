//! `timer`, sampled and, at the small size, exhaustive: a goroutine does something every second, until it is cancelled.
//! And every way in which it can end.
#![cfg(not(loom))]

use std::collections::BTreeSet;

use raddle::{
    Check, FailureKind, Strategy,
    patterns::{
        Input,
        timer::{self, Cancel, Periodic, sleep_cancel, sleep_cancel_fixed, sleep_cancel_racy},
    },
};
use shuttle_tests::verify;

use crate::common::{ends, lines};

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

/// How it ends if main locks so often once it has cancelled the goroutine, which is t1.
fn cancelled<T: Cancel>(locks: usize) -> BTreeSet<String> {
    ends(move || timer::cancel::<T>(&Input { work: [1].as_slice().into(), goal: locks }))
}

/// Where all are done, the lock is still taken.
#[test]
fn whoever_locks_later_waits_for_ever_for_a_goroutine_that_has_kept_the_lock() {
    let kept = "Leak: t1 ended while it owns mutex#2";
    assert_eq!(cancelled::<sleep_cancel::Task>(0), lines([kept]));
    // t1 waits to say that it has ended, which the lecture's does not.
    assert_eq!(cancelled::<sleep_cancel::Task>(1), lines([kept, "Deadlock {main:lock, t1:send}"]));
    for locks in [0, 1, 2] {
        assert_eq!(cancelled::<sleep_cancel_fixed::Task>(locks), lines(["()"]));
    }
    assert_eq!(cancelled::<sleep_cancel_racy::Task>(0), lines(["DataRace"]));
}

#[test]
fn nobody_is_cancelled_who_has_not_been_and_so_goes_on() {
    let check = Check::new("nobody cancels").strategy(Strategy::Random).schedules(1).steps(200);
    let verdict = check.run(|| {
        let task = sleep_cancel_fixed::Task::new();
        assert!(!task.cancelled());
        task.periodic();
    });
    let failure = verdict.expect("the check can be done").failure;
    assert_eq!(failure.map(|failure| failure.kind), Some(FailureKind::Livelock));
}
