//! `rpc`, sampled and, at the small size, exhaustive: calls whose messages are lost, and whose server crashes.
#![cfg(not(loom))]

use raddle::{
    Coverage, Strategy,
    patterns::{Input, find},
};
use shuttle_tests::verify;

#[test]
fn once_retry_rpc_runs_a_call_twice() {
    verify("rpc/once-retry");
}

#[test]
fn at_least_once_rpc_runs_a_call_twice() {
    verify("rpc/at-least-once");
}

#[test]
fn new_id_rpc_runs_a_call_twice() {
    verify("rpc/new-id");
}

#[test]
fn eager_eviction_rpc_runs_a_call_twice() {
    verify("rpc/eager-eviction");
}

#[test]
fn no_eviction_rpc_keeps_every_reply() {
    verify("rpc/no-eviction");
}

#[test]
fn crash_rpc_loses_a_call() {
    verify("rpc/crash");
}

#[test]
fn no_replies_rpc_runs_a_call_twice() {
    verify("rpc/no-replies");
}

#[test]
fn log_after_reply_rpc_loses_a_call() {
    verify("rpc/log-after-reply");
}

#[test]
fn no_sync_rpc_loses_a_call() {
    verify("rpc/no-sync");
}

#[test]
fn once_rpc_runs_a_call_once_or_not_at_all() {
    verify("rpc/once");
}

#[test]
fn at_most_once_rpc_runs_a_call_once() {
    verify("rpc/at-most-once");
}

#[test]
fn exactly_once_rpc_survives_a_crash() {
    verify("rpc/exactly-once");
}

#[test]
#[ignore = "takes minutes: see ci/long.sh"]
fn exactly_once_rpc_holds_for_two_clients_with_two_calls_each() {
    let case = find("rpc/exactly-once").expect("the catalogue has it");
    let check = case.check(Strategy::Dpor).executions(u64::MAX);
    let verdict = case.run(check, &Input::new(&[2, 2], 1)).expect("it can be checked");
    println!("{}, two clients, two calls each: {}, {} executions", case.name(), verdict.coverage, verdict.executions);
    assert!(verdict.passed() && verdict.coverage == Coverage::Exhausted, "{}", raddle::render(&verdict));
}
