//! `schedule`, sampled and, at the small size, exhaustive: tasks for servers, in seventeen versions.
#![cfg(not(loom))]

use std::{
    collections::BTreeSet,
    sync::{Arc as Plain, Mutex},
};

use proptest::{collection::vec, prelude::Strategy};
use raddle::{
    go::Chan,
    patterns::{
        Input,
        schedule::{
            Accept, Calls, Name, Schedule, arriving, s2, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15, s16, s16_small,
            s16_unbuffered, s17, s17_closed,
        },
    },
    sync::Arc,
};
use shuttle_tests::verify;

use crate::common::{ends, hold, lines, named};

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

/// How many of the tasks are done when a scheduler returns, and how the program ends.
fn all<P: Fn(&Arc<Calls>) + Send + Sync + 'static>(calls: fn(&Input) -> Calls, input: Input, run: P) -> Ends {
    let returned: Plain<Mutex<BTreeSet<usize>>> = Plain::default();
    let returning = Plain::clone(&returned);
    let ends = ends(move || {
        let calls = Arc::new(calls(&input));
        run(&calls);
        let finished = calls.finished();
        returning.lock().unwrap().insert(finished);
    });
    let finished = returned.lock().unwrap().iter().copied().collect();
    (finished, ends)
}

type Ends = (Vec<usize>, BTreeSet<String>);

/// Of a scheduler for so many servers and tasks.
fn list<P: Schedule>(servers: usize, tasks: usize) -> Ends {
    let input = Input { work: vec![0; servers].into(), goal: tasks };
    all(Calls::new, input, move |calls| P::schedule(&calls.names(), tasks, calls))
}

/// Of one for servers that arrive, the first of which fails so often.
fn stream<P: Accept>(servers: usize, tasks: usize, failures: usize) -> Ends {
    let mut work = vec![0; servers];
    work[0] = failures;
    let input = Input { work: work.into(), goal: tasks };
    all(Calls::new, input, move |calls| P::schedule(&arriving::<P>(calls), tasks, calls))
}

/// Of one whose calls never return.
fn hanging<P: Schedule>(servers: usize, tasks: usize) -> BTreeSet<String> {
    let input = Input { work: vec![0; servers].into(), goal: tasks };
    all(Calls::hanging, input, move |calls| P::schedule(&calls.names(), tasks, calls)).1
}

/// Every execution ends so, with so many tasks done if the scheduler returns.
fn only<const N: usize>(finished: &[usize], ends: [&str; N]) -> Ends {
    (finished.to_vec(), lines(ends))
}

#[test]
fn schedulers_that_do_not_wait_return_with_any_number_of_tasks_done() {
    assert_eq!(list::<s6::Scheduler>(2, 3), only(&[0, 1, 2, 3], ["()"]));
    assert_eq!(list::<s7::Scheduler>(2, 3), only(&[1, 2, 3], ["()"]));
    assert_eq!(list::<s8::Scheduler>(2, 3), only(&[3], ["()"]));
    assert_eq!(list::<s9::Scheduler>(2, 2), only(&[2], ["()"]));
}

#[test]
fn s2_schedule_calls_any_task() {
    assert_eq!(list::<s2::Scheduler>(1, 1), only(&[0, 1], ["()", "Panic: task 1 is called, and there are 1"]));
    let (finished, ends) = list::<s2::Scheduler>(1, 2);
    assert_eq!(finished, [0, 1, 2]);
    assert_eq!(ends, lines(["()", "Panic: task 1 is done twice", "Panic: task 2 is called, and there are 2"]));
}

/// In the sixth version the last two wait for a server.
#[test]
fn goroutines_are_as_many_as_tasks_until_main_takes_the_servers() {
    assert_eq!(hanging::<s6::Scheduler>(2, 4), lines(["Leak {t1:recv, t2:recv, t3:recv, t4:recv}"]));
    assert_eq!(hanging::<s7::Scheduler>(2, 4), lines(["Deadlock {main:recv, t1:recv, t2:recv}"]));
}

#[test]
fn main_waits_for_ever_for_a_server_that_hangs_or_for_none_at_all() {
    assert_eq!(hanging::<s8::Scheduler>(1, 1), lines(["Deadlock {main:recv, t1:recv}"]));
    assert_eq!(list::<s8::Scheduler>(0, 1), only(&[], ["Deadlock {main:recv}"]));
    assert_eq!(list::<s9::Scheduler>(0, 1), only(&[], ["Deadlock {main:send}"]));
    let none = Input::new(&[], 1);
    let arrives = all(Calls::new, none, |calls| s17::Scheduler::schedule(&Chan::new(0), 1, calls));
    assert_eq!(arrives, only(&[], ["Deadlock {main:recv, t1:select}"]));
}

#[test]
fn a_server_that_is_listed_twice_has_two_tasks_at_once() {
    let twice: [Name; 2] = [1, 1];
    let ends = all(Calls::new, Input::new(&[0], 2), move |calls| s8::Scheduler::schedule(&twice, 2, calls));
    assert_eq!(ends, only(&[2], ["()", "Panic: server 1 has two tasks at once"]));
}

#[test]
fn s10_schedule_returns_at_any_time_and_always_leaves_its_acceptor_behind() {
    let (finished, ends) = stream::<s10::Scheduler>(2, 2, 0);
    assert_eq!(finished, [0, 1, 2]);
    assert_eq!(ends, lines(["Leak {t1:recv, t2:send}", "Leak {t1:recv, t2:send, t3:send}", "Leak {t1:recv, t3:send}"]));
}

#[test]
fn s11_schedule_works_with_no_more_tasks_than_servers_and_never_with_more() {
    assert_eq!(stream::<s11::Scheduler>(1, 1, 0), only(&[1], ["()"]));
    assert_eq!(stream::<s11::Scheduler>(1, 2, 0), only(&[], ["Deadlock {main:send, t2:send}"]));
    assert_eq!(stream::<s11::Scheduler>(2, 2, 0), only(&[2], ["()"]));
    assert_eq!(stream::<s11::Scheduler>(2, 3, 0), only(&[], ["Deadlock {main:send, t2:send, t3:send}"]));
}

#[test]
fn s12_to_s14_schedules_do_all_tasks() {
    for (servers, tasks) in [(1, 2), (2, 2), (1, 3)] {
        assert_eq!(stream::<s12::Scheduler>(servers, tasks, 0), only(&[tasks], ["()"]));
        assert_eq!(stream::<s13::Scheduler>(servers, tasks, 0), only(&[tasks], ["()"]));
        assert_eq!(stream::<s14::Scheduler>(servers, tasks, 0), only(&[tasks], ["()"]));
    }
}

#[test]
fn a_task_is_put_back_if_there_is_room_and_the_work_is_open() {
    let stuck = "Deadlock {main:recv, t2:send}";
    assert_eq!(stream::<s15::Scheduler>(1, 2, 1), only(&[2], ["()", "Panic: send on closed channel"]));
    assert_eq!(stream::<s16::Scheduler>(1, 2, 1), only(&[2], ["()"]));
    assert_eq!(stream::<s16_small::Scheduler>(1, 2, 1), only(&[2], ["()", stuck]));
    assert_eq!(stream::<s16_unbuffered::Scheduler>(1, 2, 1), only(&[], ["Deadlock {main:send, t2:send}"]));
    assert_eq!(stream::<s17::Scheduler>(1, 2, 1), only(&[2], ["()"]));
}

#[test]
fn servers_without_a_name_are_given_tasks() {
    let (_, ends) = stream::<s17_closed::Scheduler>(1, 1, 0);
    assert_eq!(ends, lines(["()", "Panic: 3 workers are started for 1 servers", "Panic: task 0 is given to nobody"]));
}

#[test]
fn fixed_schedulers_do_any_number_of_tasks_on_any_number_of_servers() {
    let calm = (1..=4_usize, 0..=5_usize).prop_map(|(servers, tasks)| (vec![0; servers], tasks));
    hold(named(&["schedule/s1", "schedule/s8", "schedule/s9"]), calm.clone());
    hold(named(&["schedule/s12", "schedule/s13", "schedule/s14"]), calm);
    hold(named(&["schedule/s16", "schedule/s17"]), (vec(0..=3_usize, 1..=4), 0..=5_usize));
}
