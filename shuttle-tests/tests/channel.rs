//! `channel`, sampled and, at the small size, exhaustive: what a channel makes wait, and the same buffer built by hand.
//! And every way in which it can end.
#![cfg(not(loom))]

use std::collections::BTreeSet;

use raddle::{
    FailureKind, Kind, Strategy,
    patterns::{
        Input,
        channel::{
            self, Buffer, Exchange, Kick, Produce, Wait, buffer, buffer_if_for_while, buffer_notify_all,
            buffer_one_condvar, buffered, kick, kick_blocking, kick_condvar, kick_slot, producer_consumer, unbuffered,
            unbuffered_deadlock, wait, wait_too_few, wait_too_many,
        },
        find,
    },
};
use shuttle_tests::verify;

use crate::common::{ends, lines};

#[test]
fn unbuffered_deadlock_channel_waits_for_itself() {
    verify("channel/unbuffered-deadlock");
}

#[test]
fn wait_too_few_channel_leaves_one_behind() {
    verify("channel/wait-too-few");
}

#[test]
fn wait_too_many_channel_waits_for_nobody() {
    verify("channel/wait-too-many");
}

#[test]
fn buffer_if_for_while_channel_takes_what_is_not_there() {
    verify("channel/buffer-if-for-while");
}

#[test]
fn buffer_one_condvar_channel_wakes_the_wrong_one() {
    verify("channel/buffer-one-condvar");
}

#[test]
fn unbuffered_spin_channel_hangs() {
    verify("channel/unbuffered-spin");
}

#[test]
fn kick_channel_kicks_nobody() {
    verify("channel/kick");
}

#[test]
fn kick_blocking_channel_waits_for_who_is_not_waiting() {
    verify("channel/kick-blocking");
}

#[test]
fn kick_slot_channel_kicks_one_of_two() {
    verify("channel/kick-slot");
}

#[test]
fn unbuffered_channel_completes_a_send_when_it_is_received() {
    verify("channel/unbuffered");
}

#[test]
fn buffered_channel_completes_a_send_when_there_is_room() {
    verify("channel/buffered");
}

#[test]
fn producer_consumer_channel_hands_over_every_item_once() {
    verify("channel/producer-consumer");
}

#[test]
fn wait_channel_waits_for_every_call() {
    verify("channel/wait");
}

#[test]
fn buffer_channel_keeps_nobody_waiting() {
    verify("channel/buffer");
}

#[test]
fn buffer_notify_all_channel_wakes_the_right_one_too() {
    verify("channel/buffer-notify-all");
}

#[test]
fn kick_condvar_channel_kicks_whoever_waits() {
    verify("channel/kick-condvar");
}

/// How many values are left in the buffer, if so many are received and sent; and how else it ends.
fn left<P: Exchange>(receives: &'static [usize], sends: usize) -> BTreeSet<String> {
    ends(move || P::run(receives, sends, &Default::default()))
}

#[test]
fn a_buffer_keeps_what_is_not_received() {
    assert_eq!(left::<unbuffered::Program>(&[1], 1), lines(["0"]));
    assert_eq!(left::<buffered::Program>(&[1], 2), lines(["1"]));
    // The second one is received soon, or has not been yet.
    assert_eq!(left::<buffered::Program>(&[2], 2), lines(["0", "1"]));
}

#[test]
fn a_send_without_a_receiver_or_room_waits_for_ever() {
    assert_eq!(left::<unbuffered::Program>(&[1], 2), lines(["Deadlock {main:send}"]));
    assert_eq!(left::<buffered::Program>(&[1], 3), lines(["Deadlock {main:send}"]));
}

#[test]
fn main_waits_for_itself_whoever_spins() {
    assert_eq!(left::<unbuffered_deadlock::Program>(&[], 1), lines(["Deadlock {main:send}"]));
    // Of what spins for ever there is one execution, which is cut off.
    let case = find("channel/unbuffered-spin").expect("the catalogue has it");
    let failure =
        case.run(case.check(Strategy::Dpor), &case.small).expect("it can be checked").failure.expect("it hangs");
    let [main] = &failure.waiting[..] else { panic!("one waits, and not {:?}", failure.waiting) };
    assert_eq!((failure.kind, &*main.thread, main.operation), (FailureKind::Livelock, "main", Kind::Send));
}

#[test]
fn producers_are_received_in_any_order_and_each_one_s_items_in_its_own() {
    let orders = ["[(0, 0), (0, 1), (1, 0)]", "[(0, 0), (1, 0), (0, 1)]", "[(1, 0), (0, 0), (0, 1)]"];
    assert_eq!(ends(|| producer_consumer::Program::run(&[2, 1])), lines(orders));
}

/// How main waits for four calls. With the lecture's five there are 14,400 executions.
fn waits<P: Wait>() -> BTreeSet<String> {
    ends(|| channel::wait::<P>(&Input::new(&[1; 4], 0)))
}

#[test]
fn four_calls_take_four_receives() {
    assert_eq!(waits::<wait::Program>(), lines(["()"]));
    assert_eq!(waits::<wait_too_many::Program>(), lines(["Deadlock {main:recv}"]));
    // One is left behind, unless main has gone on before the last call.
    let left = ["Leak {t1:send}", "Leak {t2:send}", "Leak {t3:send}", "Leak {t4:send}"];
    let early = ["Panic: main goes on after 3 of 4 calls"];
    assert_eq!(waits::<wait_too_few::Program>(), &lines(left) | &lines(early));
}

/// How it ends if one puts in two values, and two take one each.
fn buffers<B: Buffer>() -> BTreeSet<String> {
    ends(|| channel::buffer::<B>(&Input::new(&[2, 1, 1], 1)))
}

#[test]
fn a_buffer_built_by_hand_wakes_the_right_one_and_tests_again() {
    assert_eq!(buffers::<buffer::Bounded>(), lines(["()"]));
    assert_eq!(buffers::<buffer_notify_all::Bounded>(), lines(["()"]));
    assert_eq!(
        buffers::<buffer_if_for_while::Bounded>(),
        lines(["()", "Panic: a value is taken from an empty buffer"])
    );
    let asleep = ["Deadlock {main:join, t1:wait, t2:wait}", "Deadlock {main:join, t1:wait, t3:wait}"];
    assert_eq!(buffers::<buffer_one_condvar::Bounded>(), &lines(["()"]) | &lines(asleep));
}

/// How it ends with so many workers that take an item each.
fn kicks<K: Kick>(workers: &'static [usize]) -> BTreeSet<String> {
    ends(move || channel::kick::<K>(&Input::new(workers, 0)))
}

#[test]
fn a_kick_on_a_channel_is_lost_or_waits_and_a_condition_variable_s_is_not() {
    for workers in [&[1][..], &[2], &[1, 1]] {
        assert_eq!(kicks::<kick_condvar::Queue>(workers), lines(["()"]), "{workers:?}");
    }
    assert_eq!(kicks::<kick::Queue>(&[1]), lines(["()", "Deadlock {main:join, t1:recv}"]));
    assert_eq!(kicks::<kick_blocking::Queue>(&[1]), lines(["()", "Deadlock {main:send}"]));
    // One slot keeps one kick: enough for one worker.
    assert_eq!(kicks::<kick_slot::Queue>(&[1]), lines(["()"]));
    assert_eq!(kicks::<kick_slot::Queue>(&[2]), lines(["()"]));
    let one_waits = ["Deadlock {main:join, t1:recv}", "Deadlock {main:join, t2:recv}"];
    assert_eq!(kicks::<kick_slot::Queue>(&[1, 1]), &lines(["()"]) | &lines(one_waits));
}

#[test]
fn an_item_is_taken_once() {
    let takes = |takes: usize| {
        ends(move || {
            let queue = kick_condvar::Queue::new();
            queue.put();
            (0..takes).for_each(|_| queue.take());
        })
    };
    assert_eq!(takes(1), lines(["()"]));
    assert_eq!(takes(2), lines(["Deadlock {main:wait}"]));
}
