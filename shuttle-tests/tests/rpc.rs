//! `rpc`, sampled and, at the small size, exhaustive: calls whose messages are lost, and whose server crashes.
#![cfg(not(loom))]

use raddle::{
    Check, Strategy,
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

/// Two clients, two calls each, and one thing that goes wrong.
fn two_by_two(case: &str, bound: Option<u32>) {
    let case = find(case).expect("the catalogue has it");
    let check = case.check(Strategy::Dpor).executions(u64::MAX);
    let check = bound.into_iter().fold(check, Check::preemptions);
    let verdict = case.run(check, &Input::new(&[2, 2], 1)).expect("it can be checked");
    println!("{}, two clients, two calls: {}, {} executions", case.name(), verdict.coverage, verdict.executions);
    assert!(verdict.passed() && !verdict.truncated(), "{}", raddle::render(&verdict));
}

#[test]
#[ignore = "takes minutes: see ci/long.sh"]
fn once_rpc_holds_for_two_clients() {
    two_by_two("rpc/once", None);
}

#[test]
#[ignore = "takes minutes: see ci/long.sh"]
fn at_most_once_rpc_holds_for_two_clients() {
    two_by_two("rpc/at-most-once", None);
}
