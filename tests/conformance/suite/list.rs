//! Unbounded channels: `unbounded()`.

use std::fmt::Debug;

use super::{
    Drops, Duration, Instant,
    channel::{TrySendError, unbounded},
    conforms, join, late, soon, thread,
};

conforms![
    always(any_number_of_messages_is_kept_in_order, "([70, 70, 0], true)"),
    always(
        both_ends_tell_how_many_messages_wait,
        "[(0, true, false, None), (1, false, false, None), (2, false, false, None), (1, false, false, None)]"
    ),
    always(a_send_never_waits, "[Ok(()), Ok(()), Ok(()), Ok(())]"),
    always(a_receive_waits_until_there_is_a_message, "Ok(7)"),
    always(a_receive_gives_up_after_a_while, "(Err(Empty), Err(Timeout), Err(Timeout))"),
    always(a_message_that_is_there_is_received_though_the_deadline_has_passed, "(Ok(1), Ok(2))"),
    always(a_timeout_that_no_clock_can_tell_never_comes, "Ok(1)"),
    exactly(
        a_timeout_races_with_the_message_and_neither_loses_it,
        ["(Ok(1), Err(Disconnected))", "(Err(Timeout), Ok(1))"]
    ),
    exactly(a_timeout_races_with_the_end_of_the_senders, ["Err(Timeout)", "Err(Disconnected)"]),
    exactly(try_recv_sees_the_message_or_not, ["(Ok(1), Err(Empty))", "(Err(Empty), Ok(1))"]),
    always(a_send_without_receivers_gives_the_message_back, "[Err(1), Err(2), Err(3), Err(4)]"),
    always(
        what_was_sent_before_the_last_sender_went_is_received_first,
        "(2, Ok(1), Ok(2), Err(RecvError), Err(Disconnected), Err(Disconnected), Err(Disconnected))"
    ),
    always(the_last_sender_to_go_wakes_every_waiting_receiver, "(Err(RecvError), Err(RecvError))"),
    exactly(two_senders_keep_their_own_order_only, ["[1, 2, 10]", "[1, 10, 2]", "[10, 1, 2]"]),
    exactly(two_receivers_share_what_one_sender_sends, ["([1, 2], [])", "([1], [2])", "([2], [1])", "([], [1, 2])"]),
    exactly(a_length_counts_what_has_been_sent_so_far, ["0", "1", "2"]),
    always(what_is_left_behind_is_dropped_with_the_last_receiver_of_an_unbounded_channel, "(0, 2, Err(()), 3)"),
    exactly(a_message_that_races_with_the_last_receiver_is_dropped_once, ["(true, 1)", "(false, 1)"]),
    blocks(a_receive_from_an_empty_channel_whose_sender_lives_blocks),
];

/// More than fits in one block of crossbeam's.
fn any_number_of_messages_is_kept_in_order() -> impl Debug {
    let (s, r) = unbounded();
    (0..70).for_each(|n| s.send(n).unwrap());
    let before = [s.len(), r.len()];
    let ordered = (0..70).all(|n| r.recv() == Ok(n));
    ([before[0], before[1], r.len()], ordered)
}

fn both_ends_tell_how_many_messages_wait() -> impl Debug {
    let (s, r) = unbounded();
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

fn a_send_never_waits() -> impl Debug {
    let (s, _r) = unbounded();
    [
        s.send(1).map_err(TrySendError::from),
        s.try_send(2),
        s.send_timeout(3, Duration::ZERO).map_err(|error| TrySendError::Full(error.into_inner())),
        s.send_deadline(4, Instant::now()).map_err(|error| TrySendError::Full(error.into_inner())),
    ]
}

fn a_receive_waits_until_there_is_a_message() -> impl Debug {
    let (s, r) = unbounded();
    thread::scope(|scope| {
        let receiver = scope.spawn(|| r.recv());
        s.send(7).unwrap();
        receiver.join().unwrap()
    })
}

fn a_receive_gives_up_after_a_while() -> impl Debug {
    let (_s, r) = unbounded::<i32>();
    (r.try_recv(), r.recv_timeout(soon()), r.recv_deadline(Instant::now() + soon()))
}

fn a_message_that_is_there_is_received_though_the_deadline_has_passed() -> impl Debug {
    let (s, r) = unbounded();
    (1..=2).for_each(|n| s.send(n).unwrap());
    (r.recv_deadline(Instant::now()), r.recv_timeout(Duration::ZERO))
}

fn a_timeout_that_no_clock_can_tell_never_comes() -> impl Debug {
    let (s, r) = unbounded();
    thread::scope(|scope| {
        let receiver = scope.spawn(|| r.recv_timeout(Duration::MAX));
        s.send_timeout(1, Duration::MAX).unwrap();
        receiver.join().unwrap()
    })
}

fn a_timeout_races_with_the_message_and_neither_loses_it() -> impl Debug {
    let (s, r) = unbounded();
    let sender = thread::spawn(move || s.send(1).unwrap());
    let first = r.recv_deadline(Instant::now() + late());
    sender.join().unwrap();
    (first, r.try_recv())
}

fn a_timeout_races_with_the_end_of_the_senders() -> impl Debug {
    let (s, r) = unbounded::<i32>();
    let sender = thread::spawn(move || drop(s));
    let received = r.recv_timeout(late());
    sender.join().unwrap();
    received
}

fn try_recv_sees_the_message_or_not() -> impl Debug {
    let (s, r) = unbounded();
    thread::scope(|scope| {
        let sender = scope.spawn(|| s.send(1).unwrap());
        let tried = r.try_recv();
        sender.join().unwrap();
        (tried, r.try_recv())
    })
}

fn a_send_without_receivers_gives_the_message_back() -> impl Debug {
    let (s, r) = unbounded();
    drop(r);
    [
        s.send(1).map_err(|error| error.into_inner()),
        s.try_send(2).map_err(|error| error.into_inner()),
        s.send_timeout(3, late()).map_err(|error| error.into_inner()),
        s.send_deadline(4, Instant::now() + late()).map_err(|error| error.into_inner()),
    ]
}

fn what_was_sent_before_the_last_sender_went_is_received_first() -> impl Debug {
    let (s, r) = unbounded();
    (1..=2).for_each(|n| s.send(n).unwrap());
    drop(s);
    let timeout = Instant::now() + late();
    (r.len(), r.recv(), r.try_recv(), r.recv(), r.try_recv(), r.recv_timeout(late()), r.recv_deadline(timeout))
}

fn the_last_sender_to_go_wakes_every_waiting_receiver() -> impl Debug {
    let (s, r) = unbounded::<i32>();
    let also = r.clone();
    let one = thread::spawn(move || r.recv());
    let two = thread::spawn(move || also.recv());
    drop(s);
    (one.join().unwrap(), two.join().unwrap())
}

fn two_senders_keep_their_own_order_only() -> impl Debug {
    let (s, r) = unbounded();
    let also = s.clone();
    let one = thread::spawn(move || (1..=2).for_each(|n| s.send(n).unwrap()));
    let two = thread::spawn(move || also.send(10).unwrap());
    let all: Vec<i32> = r.iter().collect();
    join([one, two]);
    all
}

fn two_receivers_share_what_one_sender_sends() -> impl Debug {
    let (s, r) = unbounded();
    let also = r.clone();
    let other = thread::spawn(move || also.iter().collect::<Vec<i32>>());
    (1..=2).for_each(|n| s.send(n).unwrap());
    drop(s);
    let mine: Vec<i32> = r.iter().collect();
    (mine, other.join().unwrap())
}

fn a_length_counts_what_has_been_sent_so_far() -> impl Debug {
    let (s, r) = unbounded();
    thread::scope(|scope| {
        scope.spawn(|| (1..=2).for_each(|n| s.send(n).unwrap()));
        r.len()
    })
}

/// A bounded channel keeps them until its last end goes.
fn what_is_left_behind_is_dropped_with_the_last_receiver_of_an_unbounded_channel() -> impl Debug {
    let drops = Drops::default();
    let (s, r) = unbounded();
    (0..2).for_each(|_| assert!(s.send(drops.value()).is_ok()));
    let before = drops.count();
    drop(r);
    let after = drops.count();
    let refused = s.send(drops.value()).map_err(drop);
    (before, after, refused, drops.count())
}

fn a_message_that_races_with_the_last_receiver_is_dropped_once() -> impl Debug {
    let drops = Drops::default();
    let value = drops.value();
    let (s, r) = unbounded();
    let receiver = thread::spawn(move || drop(r));
    let sent = s.send(value).is_ok();
    receiver.join().unwrap();
    (sent, drops.count())
}

fn a_receive_from_an_empty_channel_whose_sender_lives_blocks() -> impl Debug {
    let (_s, r) = unbounded::<i32>();
    r.recv()
}
