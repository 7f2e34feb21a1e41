//! `bank`, every execution: transfers between two accounts, and audits.
#![cfg(not(shuttle))]

use loom_tests::verify;

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
