//! Bounded channels: `bounded(n)`.

use std::fmt::Debug;

use super::{
    Drops, Duration, Instant,
    channel::{Receiver, Sender, TrySendError, bounded},
    conforms, join, late, said, soon, thread,
};

conforms![
    always(messages_come_out_in_the_order_in_which_they_went_in, "[Ok(1), Ok(2), Ok(3), Err(Empty)]"),
    always(
        both_ends_tell_how_full_the_channel_is,
        "[(0, true, false, Some(2)), (1, false, false, Some(2)), (2, false, true, Some(2)), (1, false, false, Some(2))]"
    ),
    always(a_full_channel_gives_the_message_back, "(Some(2), Ok(1), Ok(()), Ok(3))"),
    always(a_send_waits_until_there_is_room, "(Ok(1), Ok(2), Ok(()))"),
    always(a_receive_waits_until_there_is_a_message, "Ok(7)"),
    always(a_producer_and_a_consumer_take_turns, "[1, 2, 3]"),
    always(a_send_to_a_full_channel_gives_up_after_a_while, "(Err((true, 2)), Err((true, 3)), Ok(1), Err(Empty))"),
    always(a_receive_from_an_empty_channel_gives_up_after_a_while, "(Err(Timeout), Err(Timeout), Err(Timeout))"),
    always(what_can_be_done_at_once_is_done_though_the_deadline_has_passed, "(Ok(()), Ok(1), Ok(()), Ok(2))"),
    always(a_timeout_that_no_clock_can_tell_never_comes, "(Ok(()), Ok(1), Ok(2))"),
    exactly(
        a_timeout_races_with_the_message_and_neither_loses_it,
        ["(Ok(1), Err(Disconnected))", "(Err(Timeout), Ok(1))"]
    ),
    exactly(
        a_timeout_races_with_room_and_the_message_is_sent_or_comes_back,
        ["(Ok(()), Ok(1), Ok(2))", "(Err(2), Ok(1), Err(Empty))"]
    ),
    always(a_send_without_receivers_gives_the_message_back, "[Err(1), Err(2), Err(3), Err(4)]"),
    always(a_full_channel_without_receivers_is_disconnected_rather_than_full, "(Err(2), true, false)"),
    always(
        what_was_sent_before_the_last_sender_went_is_received_first,
        "(2, Ok(1), Ok(2), Err(RecvError), Err(Disconnected), Err(Disconnected), Err(Disconnected))"
    ),
    always(the_last_sender_to_go_wakes_a_waiting_receiver, "(Err(RecvError), Err(Disconnected))"),
    always(the_last_sender_to_go_wakes_every_waiting_receiver, "(Err(RecvError), Err(Disconnected))"),
    always(the_last_receiver_to_go_wakes_every_waiting_sender, "(Err(2), Err(3))"),
    exactly(the_last_receiver_may_go_before_or_after_a_send, ["Ok(())", "Err(1)"]),
    exactly(a_sender_that_goes_races_with_try_recv, ["Err(Empty)", "Err(Disconnected)"]),
    exactly(either_of_two_receivers_gets_a_message, ["(Ok(1), Ok(2))", "(Ok(2), Ok(1))"]),
    exactly(two_senders_keep_their_own_order_only, ["[1, 2, 10]", "[1, 10, 2]", "[10, 1, 2]"]),
    exactly(room_belongs_to_whoever_comes_first, ["(true, [3, 2])", "(false, [2])"]),
    exactly(a_message_belongs_to_whoever_comes_first, ["(Ok(1), Err(RecvError))", "(Err(Disconnected), Ok(1))"]),
    always(what_is_left_behind_is_dropped_with_the_last_end_of_a_bounded_channel, "[(0, 2), (0, 2)]"),
    always(a_capacity_beyond_all_memory_is_refused, r#""bounded channel capacity is too large""#),
    blocks(a_receive_from_an_empty_channel_whose_sender_lives_blocks),
    blocks(a_send_to_a_full_channel_whose_receiver_lives_blocks),
];

fn full() -> (Sender<i32>, Receiver<i32>) {
    let (s, r) = bounded(1);
    s.send(1).unwrap();
    (s, r)
}

fn messages_come_out_in_the_order_in_which_they_went_in() -> impl Debug {
    let (s, r) = bounded(3);
    (1..=3).for_each(|n| s.send(n).unwrap());
    [(); 4].map(|()| r.try_recv())
}

fn both_ends_tell_how_full_the_channel_is() -> impl Debug {
    let (s, r) = bounded(2);
    let tell = || {
        let told = (r.len(), r.is_empty(), r.is_full(), r.capacity());
        assert_eq!((s.len(), s.is_empty(), s.is_full(), s.capacity()), told);
        told
    };
    let mut told = vec![tell()];
    for n in 0..2 {
        s.send(n).unwrap();
        told.push(tell());
    }
    r.recv().unwrap();
    told.push(tell());
    told
}

fn a_full_channel_gives_the_message_back() -> impl Debug {
    let (s, r) = full();
    let back = match s.try_send(2) {
        Err(TrySendError::Full(n)) => Some(n),
        _ => None,
    };
    (back, r.try_recv(), s.try_send(3), r.try_recv())
}

fn a_send_waits_until_there_is_room() -> impl Debug {
    let (s, r) = full();
    thread::scope(|scope| {
        let sender = scope.spawn(|| s.send(2));
        (r.recv(), r.recv(), sender.join().unwrap())
    })
}

fn a_receive_waits_until_there_is_a_message() -> impl Debug {
    let (s, r) = bounded(1);
    thread::scope(|scope| {
        let receiver = scope.spawn(|| r.recv());
        s.send(7).unwrap();
        receiver.join().unwrap()
    })
}

fn a_producer_and_a_consumer_take_turns() -> impl Debug {
    let (s, r) = bounded(1);
    let producer = thread::spawn(move || (1..=3).for_each(|n| s.send(n).unwrap()));
    let all: Vec<i32> = r.iter().collect();
    producer.join().unwrap();
    all
}

fn a_send_to_a_full_channel_gives_up_after_a_while() -> impl Debug {
    let (s, r) = full();
    let timeout = s.send_timeout(2, soon()).map_err(|error| (error.is_timeout(), error.into_inner()));
    let deadline = s.send_deadline(3, Instant::now() + soon());
    let deadline = deadline.map_err(|error| (error.is_timeout(), error.into_inner()));
    (timeout, deadline, r.try_recv(), r.try_recv())
}

fn a_receive_from_an_empty_channel_gives_up_after_a_while() -> impl Debug {
    let (_s, r) = bounded::<i32>(1);
    (r.recv_timeout(soon()), r.recv_deadline(Instant::now() + soon()), r.recv_timeout(Duration::ZERO))
}

fn what_can_be_done_at_once_is_done_though_the_deadline_has_passed() -> impl Debug {
    let (s, r) = bounded(1);
    let now = Instant::now();
    (s.send_deadline(1, now), r.recv_deadline(now), s.send_timeout(2, Duration::ZERO), r.recv_timeout(Duration::ZERO))
}

fn a_timeout_that_no_clock_can_tell_never_comes() -> impl Debug {
    let for_ever = Duration::MAX;
    let (s, r) = full();
    thread::scope(|scope| {
        let sender = scope.spawn(|| s.send_timeout(2, for_ever));
        let received = (r.recv_timeout(for_ever), r.recv_timeout(for_ever));
        (sender.join().unwrap(), received.0, received.1)
    })
}

fn a_timeout_races_with_the_message_and_neither_loses_it() -> impl Debug {
    let (s, r) = bounded(1);
    let sender = thread::spawn(move || s.send(1).unwrap());
    let first = r.recv_timeout(late());
    sender.join().unwrap();
    (first, r.try_recv())
}

fn a_timeout_races_with_room_and_the_message_is_sent_or_comes_back() -> impl Debug {
    let (s, r) = full();
    thread::scope(|scope| {
        let receiver = scope.spawn(|| r.recv());
        let sent = s.send_timeout(2, late()).map_err(|error| error.into_inner());
        (sent, receiver.join().unwrap(), r.try_recv())
    })
}

fn a_send_without_receivers_gives_the_message_back() -> impl Debug {
    let (s, r) = bounded(4);
    drop(r);
    [
        s.send(1).map_err(|error| error.into_inner()),
        s.try_send(2).map_err(|error| error.into_inner()),
        s.send_timeout(3, late()).map_err(|error| error.into_inner()),
        s.send_deadline(4, Instant::now() + late()).map_err(|error| error.into_inner()),
    ]
}

fn a_full_channel_without_receivers_is_disconnected_rather_than_full() -> impl Debug {
    let (s, r) = full();
    drop(r);
    let error = s.try_send(3).unwrap_err();
    (s.send(2).map_err(|error| error.0), error.is_disconnected(), error.is_full())
}

fn what_was_sent_before_the_last_sender_went_is_received_first() -> impl Debug {
    let (s, r) = bounded(2);
    (1..=2).for_each(|n| s.send(n).unwrap());
    drop(s);
    let timeout = Instant::now() + late();
    (r.len(), r.recv(), r.try_recv(), r.recv(), r.try_recv(), r.recv_timeout(late()), r.recv_deadline(timeout))
}

fn the_last_sender_to_go_wakes_a_waiting_receiver() -> impl Debug {
    let (s, r) = bounded::<i32>(1);
    let sender = thread::spawn(move || drop(s));
    let woken = r.recv();
    sender.join().unwrap();
    (woken, r.recv_timeout(late()))
}

fn the_last_sender_to_go_wakes_every_waiting_receiver() -> impl Debug {
    let (s, r) = bounded::<i32>(1);
    let also = r.clone();
    let one = thread::spawn(move || r.recv());
    let two = thread::spawn(move || also.recv_timeout(Duration::MAX));
    drop(s);
    (one.join().unwrap(), two.join().unwrap())
}

fn the_last_receiver_to_go_wakes_every_waiting_sender() -> impl Debug {
    let (s, r) = full();
    let also = s.clone();
    let one = thread::spawn(move || s.send(2).map_err(|error| error.0));
    let two = thread::spawn(move || also.send(3).map_err(|error| error.0));
    drop(r);
    (one.join().unwrap(), two.join().unwrap())
}

fn the_last_receiver_may_go_before_or_after_a_send() -> impl Debug {
    let (s, r) = bounded(1);
    let receiver = thread::spawn(move || drop(r));
    let sent = s.send(1).map_err(|error| error.0);
    receiver.join().unwrap();
    sent
}

fn a_sender_that_goes_races_with_try_recv() -> impl Debug {
    let (s, r) = bounded::<i32>(1);
    let sender = thread::spawn(move || drop(s));
    let tried = r.try_recv();
    sender.join().unwrap();
    tried
}

fn either_of_two_receivers_gets_a_message() -> impl Debug {
    let (s, r) = bounded(2);
    (1..=2).for_each(|n| s.send(n).unwrap());
    thread::scope(|scope| {
        let other = scope.spawn(|| r.recv());
        (r.recv(), other.join().unwrap())
    })
}

fn two_senders_keep_their_own_order_only() -> impl Debug {
    let (s, r) = bounded(1);
    let also = s.clone();
    let one = thread::spawn(move || (1..=2).for_each(|n| s.send(n).unwrap()));
    let two = thread::spawn(move || also.send(10).unwrap());
    let all: Vec<i32> = r.iter().collect();
    join([one, two]);
    all
}

/// Nobody holds a place for a sender that waits: it may be overtaken.
fn room_belongs_to_whoever_comes_first() -> impl Debug {
    let (s, r) = full();
    let also = s.clone();
    let waiting = thread::spawn(move || also.send(2).unwrap());
    r.recv().unwrap();
    let tried = s.try_send(3).is_ok();
    drop(s);
    let rest: Vec<i32> = r.iter().collect();
    waiting.join().unwrap();
    (tried, rest)
}

/// Nor a message for a receiver.
fn a_message_belongs_to_whoever_comes_first() -> impl Debug {
    let (s, r) = bounded(1);
    let also = r.clone();
    let waiting = thread::spawn(move || also.recv());
    s.send(1).unwrap();
    drop(s);
    (r.try_recv(), waiting.join().unwrap())
}

/// Both orders in which the ends can go.
fn what_is_left_behind_is_dropped_with_the_last_end_of_a_bounded_channel() -> impl Debug {
    [true, false].map(|receiver_first| {
        let drops = Drops::default();
        let (s, r) = bounded(3);
        (0..2).for_each(|_| assert!(s.send(drops.value()).is_ok()));
        if receiver_first {
            drop(r);
            let before = drops.count();
            drop(s);
            (before, drops.count())
        } else {
            drop(s);
            let before = drops.count();
            drop(r);
            (before, drops.count())
        }
    })
}

fn a_capacity_beyond_all_memory_is_refused() -> impl Debug {
    said(|| bounded::<()>(usize::MAX))
}

fn a_receive_from_an_empty_channel_whose_sender_lives_blocks() -> impl Debug {
    let (_s, r) = bounded::<i32>(1);
    r.recv()
}

fn a_send_to_a_full_channel_whose_receiver_lives_blocks() -> impl Debug {
    let (s, _r) = full();
    s.send(2)
}
