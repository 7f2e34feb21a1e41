//! Channels without a buffer: `bounded(0)`, where a send and a receive meet.

use std::fmt::Debug;

use super::{
    Drops, Duration, Instant,
    channel::bounded,
    conforms, join, late, soon,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
};

conforms![
    always(a_channel_without_a_buffer_is_empty_and_full, "(0, true, true, Some(0))"),
    always(a_send_and_a_receive_meet, "(Ok(()), Ok(1))"),
    always(a_send_ends_only_when_its_message_is_taken, "(true, Ok(1))"),
    always(a_receive_ends_only_when_a_message_is_offered, "true"),
    always(
        alone_nobody_is_met,
        "(Err((true, 1)), Err(Empty), Err((true, 2)), Err((true, 3)), Err(Timeout), Err(Timeout))"
    ),
    always(messages_are_handed_over_in_order, "[1, 2, 3]"),
    exactly(try_send_meets_only_a_receiver_that_waits, ["(Ok(()), Ok(1))", "(Err(1), Err(RecvError))"]),
    exactly(try_recv_meets_only_a_sender_that_waits, ["(Ok(1), Ok(()))", "(Err(Empty), Err(1))"]),
    always(two_who_only_try_never_meet, "(Err(1), Err(Empty))"),
    exactly(a_send_that_times_out_takes_its_message_back, ["(Ok(()), Ok(1))", "(Err(1), Err(RecvError))"]),
    exactly(a_receive_that_times_out_takes_nothing, ["(Ok(1), Ok(()))", "(Err(Timeout), Err(1))"]),
    exactly(
        two_timeouts_leave_both_sides_agreed,
        [
            "(Ok(()), Ok(1))",
            "(Err((1, true)), Err(Timeout))",
            "(Err((1, true)), Err(Disconnected))",
            "(Err((1, false)), Err(Timeout))",
        ]
    ),
    always(a_timeout_that_no_clock_can_tell_never_comes, "(Ok(()), Ok(1))"),
    always(a_send_without_receivers_gives_the_message_back, "[Err(1), Err(2), Err(3), Err(4)]"),
    always(a_receive_without_senders_errs, "(Err(RecvError), Err(Disconnected), Err(Disconnected), Err(Disconnected))"),
    always(the_last_receiver_to_go_wakes_every_waiting_sender, "(Err(1), Err(2))"),
    always(the_last_sender_to_go_wakes_every_waiting_receiver, "(Err(RecvError), Err(Disconnected))"),
    exactly(either_of_two_senders_is_met_first, ["[1, 2]", "[2, 1]"]),
    exactly(either_of_two_receivers_is_met_first, ["(Ok(1), Ok(2))", "(Ok(2), Ok(1))"]),
    exactly(of_two_senders_one_meets_the_only_receive, ["(Ok(1), Ok(()), Err(2))", "(Ok(2), Err(1), Ok(()))"]),
    exactly(every_pair_of_partners_can_meet, ["(Ok(1), Ok(2))", "(Ok(2), Ok(1))"]),
    always(a_message_is_dropped_once_whether_it_is_taken_or_not, "(1, 1)"),
    always(a_message_is_received_and_sent_on_in_one_expression, "Ok(3)"),
    blocks(a_send_that_nobody_receives_blocks),
    blocks(a_receive_that_nobody_sends_to_blocks),
];

fn a_channel_without_a_buffer_is_empty_and_full() -> impl Debug {
    let (s, r) = bounded::<i32>(0);
    let told = (r.len(), r.is_empty(), r.is_full(), r.capacity());
    assert_eq!((s.len(), s.is_empty(), s.is_full(), s.capacity()), told);
    told
}

fn a_send_and_a_receive_meet() -> impl Debug {
    let (s, r) = bounded(0);
    thread::scope(|scope| {
        let sender = scope.spawn(|| s.send(1));
        let received = r.recv();
        (sender.join().unwrap(), received)
    })
}

fn a_send_ends_only_when_its_message_is_taken() -> impl Debug {
    let (s, r) = bounded(0);
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

fn a_receive_ends_only_when_a_message_is_offered() -> impl Debug {
    let (s, r) = bounded(0);
    let sending = AtomicBool::new(false);
    thread::scope(|scope| {
        let receiver = scope.spawn(|| r.recv().is_ok() && sending.load(SeqCst));
        sending.store(true, SeqCst);
        s.send(1).unwrap();
        receiver.join().unwrap()
    })
}

fn alone_nobody_is_met() -> impl Debug {
    let (s, r) = bounded(0);
    (
        s.try_send(1).map_err(|error| (error.is_full(), error.into_inner())),
        r.try_recv(),
        s.send_timeout(2, soon()).map_err(|error| (error.is_timeout(), error.into_inner())),
        s.send_deadline(3, Instant::now()).map_err(|error| (error.is_timeout(), error.into_inner())),
        r.recv_timeout(soon()),
        r.recv_deadline(Instant::now()),
    )
}

fn messages_are_handed_over_in_order() -> impl Debug {
    let (s, r) = bounded(0);
    let sender = thread::spawn(move || (1..=3).for_each(|n| s.send(n).unwrap()));
    let all: Vec<i32> = r.iter().collect();
    sender.join().unwrap();
    all
}

fn try_send_meets_only_a_receiver_that_waits() -> impl Debug {
    let (s, r) = bounded(0);
    let receiver = thread::spawn(move || r.recv());
    let tried = s.try_send(1).map_err(|error| error.into_inner());
    drop(s);
    (tried, receiver.join().unwrap())
}

fn try_recv_meets_only_a_sender_that_waits() -> impl Debug {
    let (s, r) = bounded(0);
    let sender = thread::spawn(move || s.send(1).map_err(|error| error.into_inner()));
    let tried = r.try_recv();
    drop(r);
    (tried, sender.join().unwrap())
}

fn two_who_only_try_never_meet() -> impl Debug {
    let (s, r) = bounded(0);
    thread::scope(|scope| {
        let sender = scope.spawn(|| s.try_send(1).map_err(|error| error.into_inner()));
        let tried = r.try_recv();
        (sender.join().unwrap(), tried)
    })
}

fn a_send_that_times_out_takes_its_message_back() -> impl Debug {
    let (s, r) = bounded(0);
    let receiver = thread::spawn(move || r.recv());
    let sent = s.send_timeout(1, late()).map_err(|error| error.into_inner());
    drop(s);
    (sent, receiver.join().unwrap())
}

fn a_receive_that_times_out_takes_nothing() -> impl Debug {
    let (s, r) = bounded(0);
    let sender = thread::spawn(move || s.send(1).map_err(|error| error.into_inner()));
    let received = r.recv_timeout(late());
    drop(r);
    (received, sender.join().unwrap())
}

fn two_timeouts_leave_both_sides_agreed() -> impl Debug {
    let (s, r) = bounded(0);
    let receiver = thread::spawn(move || r.recv_timeout(late()));
    let sent = s.send_timeout(1, late()).map_err(|error| {
        let timed_out = error.is_timeout();
        (error.into_inner(), timed_out)
    });
    drop(s);
    (sent, receiver.join().unwrap())
}

fn a_timeout_that_no_clock_can_tell_never_comes() -> impl Debug {
    let (s, r) = bounded(0);
    let receiver = thread::spawn(move || r.recv_timeout(Duration::MAX));
    let sent = s.send_timeout(1, Duration::MAX);
    (sent, receiver.join().unwrap())
}

fn a_send_without_receivers_gives_the_message_back() -> impl Debug {
    let (s, r) = bounded(0);
    drop(r);
    [
        s.send(1).map_err(|error| error.into_inner()),
        s.try_send(2).map_err(|error| error.into_inner()),
        s.send_timeout(3, late()).map_err(|error| error.into_inner()),
        s.send_deadline(4, Instant::now() + late()).map_err(|error| error.into_inner()),
    ]
}

fn a_receive_without_senders_errs() -> impl Debug {
    let (s, r) = bounded::<i32>(0);
    drop(s);
    (r.recv(), r.try_recv(), r.recv_timeout(late()), r.recv_deadline(Instant::now() + late()))
}

fn the_last_receiver_to_go_wakes_every_waiting_sender() -> impl Debug {
    let (s, r) = bounded(0);
    let also = s.clone();
    let one = thread::spawn(move || s.send(1).map_err(|error| error.into_inner()));
    let two = thread::spawn(move || also.send_timeout(2, Duration::MAX).map_err(|error| error.into_inner()));
    drop(r);
    (one.join().unwrap(), two.join().unwrap())
}

fn the_last_sender_to_go_wakes_every_waiting_receiver() -> impl Debug {
    let (s, r) = bounded::<i32>(0);
    let also = r.clone();
    let one = thread::spawn(move || r.recv());
    let two = thread::spawn(move || also.recv_timeout(Duration::MAX));
    drop(s);
    (one.join().unwrap(), two.join().unwrap())
}

fn either_of_two_senders_is_met_first() -> impl Debug {
    let (s, r) = bounded(0);
    let also = s.clone();
    let one = thread::spawn(move || s.send(1).unwrap());
    let two = thread::spawn(move || also.send(2).unwrap());
    let all: Vec<i32> = r.iter().collect();
    join([one, two]);
    all
}

fn either_of_two_receivers_is_met_first() -> impl Debug {
    let (s, r) = bounded(0);
    let also = r.clone();
    let one = thread::spawn(move || r.recv());
    let two = thread::spawn(move || also.recv());
    (1..=2).for_each(|n| s.send(n).unwrap());
    (one.join().unwrap(), two.join().unwrap())
}

fn of_two_senders_one_meets_the_only_receive() -> impl Debug {
    let (s, r) = bounded(0);
    let also = s.clone();
    let one = thread::spawn(move || s.send(1).map_err(|error| error.into_inner()));
    let two = thread::spawn(move || also.send(2).map_err(|error| error.into_inner()));
    let received = r.recv();
    drop(r);
    (received, one.join().unwrap(), two.join().unwrap())
}

fn every_pair_of_partners_can_meet() -> impl Debug {
    let (s, r) = bounded(0);
    thread::scope(|scope| {
        scope.spawn(|| s.send(1).unwrap());
        scope.spawn(|| s.send(2).unwrap());
        let other = scope.spawn(|| r.recv());
        (r.recv(), other.join().unwrap())
    })
}

fn a_message_is_dropped_once_whether_it_is_taken_or_not() -> impl Debug {
    let (taken, refused) = (Drops::default(), Drops::default());
    let (s, r) = bounded(0);
    thread::scope(|scope| {
        let receiver = scope.spawn(|| r.recv().map(drop).unwrap());
        assert!(s.send(taken.value()).is_ok());
        receiver.join().unwrap();
        let back = s.send_timeout(refused.value(), soon()).unwrap_err();
        assert_eq!(refused.count(), 0, "it has come back");
        drop(back);
    });
    (taken.count(), refused.count())
}

/// Three threads in a row, each adds one.
fn a_message_is_received_and_sent_on_in_one_expression() -> impl Debug {
    let (first, mut left) = bounded(0);
    let threads = [(); 2].map(|()| {
        let (s, right) = bounded(0);
        let received = std::mem::replace(&mut left, right);
        thread::spawn(move || s.send(received.recv().unwrap() + 1).unwrap())
    });
    first.send(1).unwrap();
    let last = left.recv();
    join(threads);
    last
}

fn a_send_that_nobody_receives_blocks() -> impl Debug {
    let (s, _r) = bounded(0);
    s.send(1)
}

fn a_receive_that_nobody_sends_to_blocks() -> impl Debug {
    let (_s, r) = bounded::<i32>(0);
    r.recv()
}
