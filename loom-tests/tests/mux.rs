//! `mux`, every execution: each call has its own reply, and the receive loop waits for nobody.
#![cfg(not(shuttle))]

use loom_tests::verify;

#[test]
fn no_delete_mux_never_frees_a_tag() {
    verify("mux/no-delete");
}

#[test]
fn nil_send_mux_waits_for_ever() {
    verify("mux/nil-send");
}

#[test]
fn register_late_mux_does_not_expect_the_reply() {
    verify("mux/register-late");
}

#[test]
fn unbuffered_mux_waits_for_the_caller() {
    verify("mux/unbuffered");
}

#[test]
fn send_twice_mux_enters_send_twice() {
    verify("mux/send-twice");
}

#[test]
fn recv_twice_mux_enters_recv_twice() {
    verify("mux/recv-twice");
}

#[test]
fn no_shutdown_mux_leaves_its_loops_behind() {
    verify("mux/no-shutdown");
}

#[test]
fn unsolicited_mux_panics_at_a_second_reply() {
    verify("mux/unsolicited");
}

#[test]
fn cancel_split_mux_sends_to_a_cancelled_call() {
    verify("mux/cancel-split");
}

#[test]
fn delete_mux_gives_each_call_its_reply() {
    verify("mux/delete");
}

#[test]
fn cancel_mux_gives_each_call_its_reply_or_none() {
    verify("mux/cancel");
}
