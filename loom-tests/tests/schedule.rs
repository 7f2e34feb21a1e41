//! `schedule`, every execution: tasks for servers, in seventeen versions.
#![cfg(not(shuttle))]

use loom_tests::verify;

#[test]
fn s1_small_schedule_waits_for_room() {
    verify("schedule/s1-small");
}

#[test]
fn s2_schedule_calls_the_wrong_task() {
    verify("schedule/s2");
}

#[test]
fn s3_schedule_is_a_data_race() {
    verify("schedule/s3");
}

#[test]
fn s4_schedule_returns_too_early() {
    verify("schedule/s4");
}

#[test]
fn s5_a_schedule_is_a_data_race() {
    verify("schedule/s5-a");
}

#[test]
fn s5_schedule_returns_too_early() {
    verify("schedule/s5");
}

#[test]
fn s6_schedule_returns_too_early() {
    verify("schedule/s6");
}

#[test]
fn s7_schedule_returns_too_early() {
    verify("schedule/s7");
}

#[test]
fn s10_schedule_waits_for_the_wrong_number() {
    verify("schedule/s10");
}

#[test]
fn s11_schedule_does_not_listen() {
    verify("schedule/s11");
}

#[test]
fn s15_schedule_closes_too_early() {
    verify("schedule/s15");
}

#[test]
fn s16_small_schedule_has_no_room() {
    verify("schedule/s16-small");
}

#[test]
fn s16_unbuffered_schedule_has_no_room() {
    verify("schedule/s16-unbuffered");
}

#[test]
fn s17_closed_schedule_calls_nobody() {
    verify("schedule/s17-closed");
}

#[test]
fn s1_schedule_has_room_for_all() {
    verify("schedule/s1");
}

#[test]
fn s8_schedule_takes_all_servers_in_the_end() {
    verify("schedule/s8");
}

#[test]
fn s9_schedule_has_a_worker_for_each_server() {
    verify("schedule/s9");
}

#[test]
fn s12_schedule_listens_while_it_speaks() {
    verify("schedule/s12");
}

#[test]
fn s13_schedule_speaks_in_a_goroutine() {
    verify("schedule/s13");
}

#[test]
fn s14_schedule_has_room_for_all_tasks() {
    verify("schedule/s14");
}

#[test]
fn s16_schedule_closes_when_all_is_done() {
    verify("schedule/s16");
}

#[test]
fn s17_schedule_tells_its_acceptor_to_end() {
    verify("schedule/s17");
}
