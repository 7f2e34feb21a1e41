//! `kv`, every execution: the key/value server's handlers, called by several clients at once.
#![cfg(not(shuttle))]

use loom_tests::verify;

#[test]
fn unlocked_kv_is_a_data_race() {
    verify("kv/unlocked");
}

#[test]
fn two_sections_kv_loses_an_append() {
    verify("kv/two-sections");
}

#[test]
fn one_key_kv_answers_for_another_key() {
    verify("kv/one-key");
}

#[test]
fn mutex_kv_is_linearizable() {
    verify("kv/mutex");
}
