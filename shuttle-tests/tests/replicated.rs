//! `replicated`, sampled and, at the small size, exhaustive: every call has its answer, and nobody is left behind with
//! another. And every way in which it can end.
#![cfg(not(loom))]

use std::collections::BTreeSet;

use raddle::patterns::{
    Input,
    replicated::{
        self, Replicate, Told, capacity_enough, capacity_one, capacity_zero, falls_off, one_server, prefer, timeouts,
    },
};
use shuttle_tests::verify;

use crate::common::{ends, lines};

#[test]
fn one_server_replicated_waits_for_ever() {
    verify("replicated/one-server");
}

#[test]
fn falls_off_replicated_returns_without_an_answer() {
    verify("replicated/falls-off");
}

#[test]
fn capacity_zero_replicated_leaves_late_answers_behind() {
    verify("replicated/capacity-zero");
}

#[test]
fn capacity_one_replicated_leaves_late_answers_behind() {
    verify("replicated/capacity-one");
}

#[test]
fn timer_left_replicated_leaves_its_timer_armed() {
    verify("replicated/timer-left");
}

#[test]
fn prefer_race_replicated_is_a_data_race() {
    verify("replicated/prefer-race");
}

#[test]
fn wrong_id_replicated_takes_one_server_for_another() {
    verify("replicated/wrong-id");
}

#[test]
fn capacity_enough_replicated_leaves_nobody_behind() {
    verify("replicated/capacity-enough");
}

#[test]
fn timeouts_replicated_asks_the_next_server() {
    verify("replicated/timeouts");
}

#[test]
fn prefer_replicated_begins_with_who_has_answered() {
    verify("replicated/prefer");
}

/// How calls end with these servers: what is asked for each and who answers, or how else.
fn told<C: Replicate>(servers: &'static [usize], callers: usize, rounds: usize) -> BTreeSet<String> {
    let told = move || replicated::run::<C>(&Input::new(servers, callers), rounds);
    ends(move || told().into_iter().map(|Told { asked, answered }| (asked, answered)).collect::<Vec<_>>())
}

/// How many are left behind, at most.
fn left<C: Replicate>(servers: &'static [usize]) -> usize {
    let left = |end: &String| end.strip_prefix("Leak {").map_or(0, |left| left.split(", ").count());
    told::<C>(servers, 1, 1).iter().map(left).max().unwrap_or(0)
}

#[test]
fn with_room_for_c_answers_n_less_1_less_c_are_left_behind() {
    for (n, servers) in [(1, &[0][..]), (2, &[0, 0]), (3, &[0, 0, 0])] {
        let most = |room: usize| (n - 1_usize).saturating_sub(room);
        assert_eq!(left::<capacity_zero::Client>(servers), most(0), "{n} servers");
        assert_eq!(left::<capacity_one::Client>(servers), most(1), "{n} servers");
        assert_eq!(left::<capacity_enough::Client>(servers), 0, "{n} servers");
        assert_eq!(left::<timeouts::Client>(servers), 0, "{n} servers");
    }
}

#[test]
fn three_servers_are_asked_in_turn_and_any_that_was_asked_may_answer() {
    let one = ["[([0], Some(0))]"];
    let two = ["[([0, 1], Some(0))]", "[([0, 1], Some(1))]"];
    let three = ["[([0, 1, 2], Some(0))]", "[([0, 1, 2], Some(1))]", "[([0, 1, 2], Some(2))]"];
    let any = &(&lines(one) | &lines(two)) | &lines(three);
    assert_eq!(told::<timeouts::Client>(&[0, 0, 0], 1, 1), any);
    assert_eq!(told::<capacity_enough::Client>(&[0, 0, 0], 1, 1), any);
    assert_eq!(told::<prefer::Client>(&[0, 0, 0], 1, 1), any);
    // Of three answers main takes one, and one finds room.
    let left = lines(["Leak {t1:send}", "Leak {t2:send}", "Leak {t3:send}"]);
    assert_eq!(told::<capacity_one::Client>(&[0, 0, 0], 1, 1), &(&lines(one) | &lines(two)) | &left);
    let left = ["Leak {t1:send}", "Leak {t2:send}", "Leak {t1:send, t2:send}", "Leak {t1:send, t3:send}"];
    let left = &lines(left) | &lines(["Leak {t2:send, t3:send}"]);
    assert_eq!(told::<capacity_zero::Client>(&[0, 0, 0], 1, 1), &lines(one) | &left);
}

#[test]
fn a_server_that_hangs_is_passed_over_and_all_that_hang_are_waited_for() {
    assert_eq!(told::<timeouts::Client>(&[1, 0], 1, 1), lines(["[([0, 1], Some(1))]"]));
    assert_eq!(told::<timeouts::Client>(&[1, 1], 1, 1), lines(["Deadlock {main:recv, t1:recv, t2:recv}"]));
    assert_eq!(told::<timeouts::Client>(&[], 1, 1), lines(["Deadlock {main:recv}"]));
    assert_eq!(told::<one_server::Client>(&[1, 0], 1, 1), lines(["Deadlock {main:recv, t1:recv}"]));
    assert_eq!(told::<falls_off::Client>(&[0], 1, 1), lines(["[([0], Some(0))]", "Panic: the call has no answer"]));
}

#[test]
fn the_next_call_begins_with_the_server_that_has_answered() {
    // The second call may time out as well, though an answer is about to come.
    let second = ["[([0, 1], Some(1)), ([1], Some(1))]", "[([0, 1], Some(1)), ([1, 0], Some(1))]"];
    assert_eq!(told::<prefer::Client>(&[1, 0], 1, 2), lines(second));
    let forgotten = lines(["[([0, 1], Some(1)), ([0, 1], Some(1))]"]);
    assert_eq!(told::<timeouts::Client>(&[1, 0], 1, 2), forgotten);
}
