//! `leak`, every execution: who waits for something that will not come.
#![cfg(not(shuttle))]

use loom_tests::verify;

#[test]
fn dump_leak_is_told_as_one_group() {
    verify("leak/dump");
}

#[test]
fn same_values_leak_leaves_the_walkers_behind() {
    verify("leak/same-values");
}

#[test]
fn dump_told_leak_leaves_nobody_behind() {
    verify("leak/dump-told");
}

#[test]
fn same_values_told_leak_leaves_nobody_behind() {
    verify("leak/same-values-told");
}
