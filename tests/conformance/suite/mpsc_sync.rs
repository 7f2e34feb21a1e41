//! `std::sync::mpsc::sync_channel`: bounded, or without a buffer.

use std::{
    fmt::Debug,
    panic::{RefUnwindSafe, UnwindSafe},
};

use super::{
    Drops, Duration, conforms, join, late, says, soon,
    sync::{
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc::{SendError, SyncSender, TrySendError, sync_channel},
    },
    thread,
};

conforms![
    always(messages_come_out_in_the_order_in_which_they_went_in, "[Ok(1), Ok(2), Err(Empty)]"),
    always(a_full_channel_gives_the_message_back, "(Some(2), Ok(1), Ok(()), Ok(3))"),
    always(a_send_waits_until_there_is_room, "(Ok(1), Ok(2), Ok(()))"),
    always(a_producer_and_a_consumer_take_turns, "[1, 2, 3]"),
    always(a_send_without_a_receiver_gives_the_message_back, "[(Err(1), Err((2, true))), (Err(1), Err((2, true)))]"),
    always(a_full_channel_without_a_receiver_is_disconnected_rather_than_full, "true"),
    always(
        what_was_sent_before_the_last_sender_went_is_received_first,
        "(Ok(1), Ok(2), Err(RecvError), Err(Disconnected), Err(Disconnected))"
    ),
    always(the_receiver_to_go_wakes_every_sender_that_waits_for_room, "(Err(2), Err(3))"),
    always(the_receiver_to_go_wakes_every_sender_that_waits_to_meet, "(Err(2), Err(3))"),
    always(the_last_sender_to_go_wakes_the_receiver, "[Err(RecvError), Err(RecvError)]"),
    exactly(the_receiver_may_go_before_or_after_a_send, ["Ok(())", "Err(1)"]),
    exactly(try_send_finds_room_or_not, ["(true, [2])", "(false, [])"]),
    exactly(two_senders_keep_their_own_order_only, ["[1, 2, 10]", "[1, 10, 2]", "[10, 1, 2]"]),
    exactly(room_belongs_to_whoever_comes_first, ["(true, [3, 2])", "(false, [2])"]),
    exactly(
        a_timeout_races_with_the_message_and_neither_loses_it,
        ["(Ok(1), Err(Disconnected))", "(Err(Timeout), Ok(1))"]
    ),
    always(a_send_and_a_receive_meet, "(Ok(()), Ok(1))"),
    always(a_send_without_a_buffer_ends_only_when_its_message_is_taken, "(true, Ok(1))"),
    always(alone_nobody_is_met, "(true, Err(Empty), Err(Timeout))"),
    exactly(try_send_meets_only_a_receiver_that_waits, ["(true, Ok(1))", "(false, Err(RecvError))"]),
    exactly(try_recv_meets_only_a_sender_that_waits, ["(Ok(1), Ok(()))", "(Err(Empty), Err(1))"]),
    exactly(a_receive_that_times_out_meets_nobody, ["(Ok(1), Ok(()))", "(Err(Timeout), Err(1))"]),
    exactly(either_of_two_senders_is_met_first, ["[1, 2]", "[2, 1]"]),
    always(what_is_left_behind_is_dropped_with_the_receiver, "(0, 2, Err(()), 3)"),
    always(a_message_is_dropped_once_whether_it_is_taken_or_not, "[(1, 1), (1, 1)]"),
    always(errors_say_why, r#"["sending on a full channel", "sending on a closed channel"]"#),
    always(a_disconnection_stays_one_in_every_form, "true"),
    always(a_sender_can_be_shared_and_shown, r#""SyncSender { .. }""#),
    blocks(a_send_to_a_full_channel_whose_receiver_lives_blocks),
    blocks(a_send_that_nobody_receives_blocks),
];

fn messages_come_out_in_the_order_in_which_they_went_in() -> impl Debug {
    let (s, r) = sync_channel(2);
    (1..=2).for_each(|n| s.send(n).unwrap());
    [(); 3].map(|()| r.try_recv())
}

fn a_full_channel_gives_the_message_back() -> impl Debug {
    let (s, r) = sync_channel(1);
    s.send(1).unwrap();
    let back = match s.try_send(2) {
        Err(TrySendError::Full(n)) => Some(n),
        _ => None,
    };
    (back, r.try_recv(), s.try_send(3), r.try_recv())
}

fn a_send_waits_until_there_is_room() -> impl Debug {
    let (s, r) = sync_channel(1);
    s.send(1).unwrap();
    let sender = thread::spawn(move || s.send(2));
    (r.recv(), r.recv(), sender.join().unwrap())
}

fn a_producer_and_a_consumer_take_turns() -> impl Debug {
    let (s, r) = sync_channel(1);
    let producer = thread::spawn(move || (1..=3).for_each(|n| s.send(n).unwrap()));
    let all: Vec<i32> = r.iter().collect();
    producer.join().unwrap();
    all
}

fn a_send_without_a_receiver_gives_the_message_back() -> impl Debug {
    [0, 1].map(|bound| {
        let (s, r) = sync_channel(bound);
        drop(r);
        let tried = s.try_send(2).map_err(|error| match error {
            TrySendError::Disconnected(n) => (n, true),
            TrySendError::Full(n) => (n, false),
        });
        (s.send(1).map_err(|error| error.0), tried)
    })
}

fn a_full_channel_without_a_receiver_is_disconnected_rather_than_full() -> impl Debug {
    let (s, r) = sync_channel(1);
    s.send(1).unwrap();
    drop(r);
    s.try_send(2) == Err(TrySendError::Disconnected(2))
}

fn what_was_sent_before_the_last_sender_went_is_received_first() -> impl Debug {
    let (s, r) = sync_channel(2);
    (1..=2).for_each(|n| s.send(n).unwrap());
    drop(s);
    (r.recv(), r.try_recv(), r.recv(), r.try_recv(), r.recv_timeout(late()))
}

fn the_receiver_to_go_wakes_every_sender_that_waits_for_room() -> impl Debug {
    let (s, r) = sync_channel(1);
    s.send(1).unwrap();
    let also = s.clone();
    let one = thread::spawn(move || s.send(2).map_err(|error| error.0));
    let two = thread::spawn(move || also.send(3).map_err(|error| error.0));
    drop(r);
    (one.join().unwrap(), two.join().unwrap())
}

fn the_receiver_to_go_wakes_every_sender_that_waits_to_meet() -> impl Debug {
    let (s, r) = sync_channel(0);
    let also = s.clone();
    let one = thread::spawn(move || s.send(2).map_err(|error| error.0));
    let two = thread::spawn(move || also.send(3).map_err(|error| error.0));
    drop(r);
    (one.join().unwrap(), two.join().unwrap())
}

fn the_last_sender_to_go_wakes_the_receiver() -> impl Debug {
    [0, 1].map(|bound| {
        let (s, r) = sync_channel::<i32>(bound);
        let receiver = thread::spawn(move || r.recv());
        drop(s.clone());
        drop(s);
        receiver.join().unwrap()
    })
}

fn the_receiver_may_go_before_or_after_a_send() -> impl Debug {
    let (s, r) = sync_channel(1);
    let receiver = thread::spawn(move || drop(r));
    let sent = s.send(1).map_err(|error| error.0);
    receiver.join().unwrap();
    sent
}

fn try_send_finds_room_or_not() -> impl Debug {
    let (s, r) = sync_channel(1);
    s.send(1).unwrap();
    let receiver = thread::spawn(move || {
        r.recv().unwrap();
        r
    });
    let tried = s.try_send(2).is_ok();
    let r = receiver.join().unwrap();
    (tried, r.try_iter().collect::<Vec<_>>())
}

fn two_senders_keep_their_own_order_only() -> impl Debug {
    let (s, r) = sync_channel(1);
    let also = s.clone();
    let one = thread::spawn(move || (1..=2).for_each(|n| s.send(n).unwrap()));
    let two = thread::spawn(move || also.send(10).unwrap());
    let all: Vec<i32> = r.iter().collect();
    join([one, two]);
    all
}

fn room_belongs_to_whoever_comes_first() -> impl Debug {
    let (s, r) = sync_channel(1);
    s.send(1).unwrap();
    let also = s.clone();
    let waiting = thread::spawn(move || also.send(2).unwrap());
    r.recv().unwrap();
    let tried = s.try_send(3).is_ok();
    drop(s);
    let rest: Vec<i32> = r.iter().collect();
    waiting.join().unwrap();
    (tried, rest)
}

fn a_timeout_races_with_the_message_and_neither_loses_it() -> impl Debug {
    let (s, r) = sync_channel(1);
    let sender = thread::spawn(move || s.send(1).unwrap());
    let first = r.recv_timeout(late());
    sender.join().unwrap();
    (first, r.try_recv())
}

fn a_send_and_a_receive_meet() -> impl Debug {
    let (s, r) = sync_channel(0);
    let receiver = thread::spawn(move || r.recv_timeout(Duration::MAX));
    (s.send(1), receiver.join().unwrap())
}

fn a_send_without_a_buffer_ends_only_when_its_message_is_taken() -> impl Debug {
    let (s, r) = sync_channel(0);
    let receiving = AtomicBool::new(false);
    thread::scope(|scope| {
        let sender = scope.spawn(|| {
            s.send(1).unwrap();
            receiving.load(SeqCst)
        });
        receiving.store(true, SeqCst);
        let received = r.recv();
        (sender.join().unwrap(), received)
    })
}

fn alone_nobody_is_met() -> impl Debug {
    let (s, r) = sync_channel(0);
    (s.try_send(1) == Err(TrySendError::Full(1)), r.try_recv(), r.recv_timeout(soon()))
}

fn try_send_meets_only_a_receiver_that_waits() -> impl Debug {
    let (s, r) = sync_channel(0);
    let receiver = thread::spawn(move || r.recv());
    let tried = s.try_send(1).is_ok();
    drop(s);
    (tried, receiver.join().unwrap())
}

fn try_recv_meets_only_a_sender_that_waits() -> impl Debug {
    let (s, r) = sync_channel(0);
    let sender = thread::spawn(move || s.send(1).map_err(|error| error.0));
    let tried = r.try_recv();
    drop(r);
    (tried, sender.join().unwrap())
}

fn a_receive_that_times_out_meets_nobody() -> impl Debug {
    let (s, r) = sync_channel(0);
    let sender = thread::spawn(move || s.send(1).map_err(|error| error.0));
    let received = r.recv_timeout(late());
    drop(r);
    (received, sender.join().unwrap())
}

fn either_of_two_senders_is_met_first() -> impl Debug {
    let (s, r) = sync_channel(0);
    let also = s.clone();
    let one = thread::spawn(move || s.send(1).unwrap());
    let two = thread::spawn(move || also.send(2).unwrap());
    let all: Vec<i32> = r.iter().collect();
    join([one, two]);
    all
}

/// Unlike crossbeam's bounded channel, which keeps it.
fn what_is_left_behind_is_dropped_with_the_receiver() -> impl Debug {
    let drops = Drops::default();
    let (s, r) = sync_channel(3);
    (0..2).for_each(|_| assert!(s.send(drops.value()).is_ok()));
    let before = drops.count();
    drop(r);
    let after = drops.count();
    let refused = s.send(drops.value()).map_err(drop);
    (before, after, refused, drops.count())
}

fn a_message_is_dropped_once_whether_it_is_taken_or_not() -> impl Debug {
    [0, 1].map(|bound| {
        let (taken, refused) = (Drops::default(), Drops::default());
        let message = taken.value();
        let (s, r) = sync_channel(bound);
        let receiver = thread::spawn(move || drop(r.recv().unwrap()));
        assert!(s.send(message).is_ok());
        receiver.join().unwrap();
        assert!(s.send(refused.value()).is_err());
        (taken.count(), refused.count())
    })
}

/// A message that cannot be shown.
struct Opaque;

fn errors_say_why() -> impl Debug {
    [says(&TrySendError::Full(Opaque)).1, says(&TrySendError::Disconnected(Opaque)).1]
}

fn a_disconnection_stays_one_in_every_form() -> impl Debug {
    TrySendError::from(SendError(1)) == TrySendError::Disconnected(1)
}

fn a_sender_can_be_shared_and_shown() -> impl Debug {
    fn shared<T: Send + Sync + Clone + UnwindSafe + RefUnwindSafe>(_: &SyncSender<T>) {}
    let (s, _r) = sync_channel::<u8>(1);
    shared(&s);
    format!("{s:?}")
}

fn a_send_to_a_full_channel_whose_receiver_lives_blocks() -> impl Debug {
    let (s, _r) = sync_channel(1);
    s.send(1).unwrap();
    s.send(2)
}

fn a_send_that_nobody_receives_blocks() -> impl Debug {
    let (s, _r) = sync_channel(0);
    s.send(1)
}
