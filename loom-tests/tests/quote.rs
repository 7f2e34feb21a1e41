//! `quote`, every execution: strings are read to their end, and no further.
#![cfg(not(shuttle))]

use loom_tests::verify;

#[test]
fn shadowed_quote_reads_for_ever() {
    verify("quote/shadowed");
}

#[test]
fn no_status_quote_never_hears_the_last_word() {
    verify("quote/no-status");
}

#[test]
fn stop_early_quote_leaves_the_goroutine_behind() {
    verify("quote/stop-early");
}

#[test]
fn go_on_quote_waits_for_nobody() {
    verify("quote/go-on");
}

#[test]
fn data_state_quote_reads_a_string() {
    verify("quote/data-state");
}

#[test]
fn escape_flag_quote_reads_a_string() {
    verify("quote/escape-flag");
}

#[test]
fn code_state_quote_reads_a_string() {
    verify("quote/code-state");
}

#[test]
fn explicit_state_quote_says_what_is_to_be_said() {
    verify("quote/explicit-state");
}

#[test]
fn goroutine_quote_says_what_is_to_be_said() {
    verify("quote/goroutine");
}

#[test]
fn closing_quote_leaves_nobody_behind() {
    verify("quote/closing");
}
