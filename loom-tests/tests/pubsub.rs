//! `pubsub`, every execution: servers that send to whoever has subscribed.
#![cfg(not(shuttle))]

use loom_tests::verify;

#[test]
fn mutex_cancel_pubsub_waits_for_who_leaves() {
    verify("pubsub/mutex-cancel");
}

#[test]
fn loop_cancel_pubsub_waits_for_who_leaves() {
    verify("pubsub/loop-cancel");
}

#[test]
fn loop_endless_pubsub_is_left_behind() {
    verify("pubsub/loop-endless");
}

#[test]
fn helper_index_pubsub_looks_into_an_empty_queue() {
    verify("pubsub/helper-index");
}

#[test]
fn helper_spin_pubsub_sends_what_nobody_published() {
    verify("pubsub/helper-spin");
}

#[test]
fn helper_and_pubsub_gives_up_before_it_has_begun() {
    verify("pubsub/helper-and");
}

#[test]
fn helper_deaf_pubsub_leaves_its_helper_behind() {
    verify("pubsub/helper-deaf");
}

#[test]
fn helper_resubscribe_pubsub_has_two_helpers_for_a_channel() {
    verify("pubsub/helper-resubscribe");
}

#[test]
fn mutex_pubsub_delivers_in_order() {
    verify("pubsub/mutex");
}

#[test]
fn loop_pubsub_delivers_in_order() {
    verify("pubsub/loop");
}

#[test]
fn drop_pubsub_counts_what_is_missed() {
    verify("pubsub/drop");
}

#[test]
fn helper_pubsub_delivers_in_order() {
    verify("pubsub/helper");
}

#[test]
fn helper_remember_pubsub_has_one_helper_for_a_channel() {
    verify("pubsub/helper-remember");
}
