//! `bank`, sampled and, at the small size, exhaustive: transfers between two accounts, and audits. And every way in
//! which it can end.
#![cfg(not(loom))]

use std::{cell::Cell, collections::BTreeSet};

use raddle::patterns::{
    Input,
    bank::{self, Transfer, fixed, per_field, two_locks, two_locks_ordered},
};
use shuttle_tests::verify;

use crate::common::{ends, lines};

#[test]
fn per_field_bank_shows_half_a_transfer() {
    verify("bank/per-field");
}

#[test]
fn two_locks_bank_deadlocks() {
    verify("bank/two-locks");
}

#[test]
fn fixed_bank_shows_whole_transfers_only() {
    verify("bank/fixed");
}

#[test]
fn two_locks_ordered_bank_never_deadlocks() {
    verify("bank/two-locks-ordered");
}

/// What an audit sees, and what there is in the end, with 10 in each account at first and a transfer of 1 each way.
fn sums<B: Transfer>() -> BTreeSet<String> {
    ends(|| {
        let audited = Cell::new(0);
        let last = bank::run::<B>(&Input::new(&[1, 1], 1), 10, |sum| audited.set(sum));
        (audited.get(), last.iter().sum::<i64>())
    })
}

#[test]
fn per_field_bank_shows_up_to_two_too_little_and_never_too_much() {
    assert_eq!(sums::<per_field::Bank>(), lines(["(18, 20)", "(19, 20)", "(20, 20)"]));
}

#[test]
fn banks_that_lock_all_that_they_change_show_one_sum() {
    assert_eq!(sums::<fixed::Bank>(), lines(["(20, 20)"]));
    assert_eq!(sums::<two_locks_ordered::Bank>(), lines(["(20, 20)"]));
}

/// What is in each account in the end, with 10 in each at first, two transfers from alice to bob and one back.
fn left<B: Transfer>() -> BTreeSet<String> {
    ends(|| bank::run::<B>(&Input::new(&[2, 1], 0), 10, |_| {}))
}

#[test]
fn a_transfer_takes_from_the_one_account_and_gives_to_the_other() {
    assert_eq!(left::<per_field::Bank>(), lines(["[9, 11]"]));
    assert_eq!(left::<fixed::Bank>(), lines(["[9, 11]"]));
    assert_eq!(left::<two_locks_ordered::Bank>(), lines(["[9, 11]"]));
}

/// Main audits, if it can: it takes both locks too, alice's first, as t1 does.
#[test]
fn two_locks_bank_shows_one_sum_or_none() {
    let deadlocks = ["{main:join, t1:lock, t2:lock}", "{main:lock, t1:lock, t2:lock}", "{main:lock, t2:lock}"];
    let deadlocks = deadlocks.iter().map(|waiting| format!("Deadlock {waiting}")).collect();
    assert_eq!(sums::<two_locks::Bank>(), &lines(["(20, 20)"]) | &deadlocks);
}
