//! `std::sync::mpsc::channel`: many senders, one receiver, no bound.

use std::{
    fmt::Debug,
    panic::{RefUnwindSafe, UnwindSafe},
};

use super::{
    Drops, Duration, conforms, join, late, same, says, soon,
    sync::mpsc::{
        IntoIter, Iter, Receiver, RecvError, RecvTimeoutError, SendError, Sender, TryIter, TryRecvError, channel,
    },
    thread,
};

conforms![
    always(any_number_of_messages_is_kept_in_order, "true"),
    always(a_receive_waits_until_there_is_a_message, "Ok(7)"),
    always(a_receive_gives_up_after_a_while, "(Err(Empty), Err(Timeout), Err(Timeout))"),
    always(a_message_that_is_there_is_received_at_once, "(Ok(1), Ok(2), Err(Empty))"),
    always(a_timeout_that_no_clock_can_tell_never_comes, "Ok(1)"),
    exactly(
        a_timeout_races_with_the_message_and_neither_loses_it,
        ["(Ok(1), Err(Disconnected))", "(Err(Timeout), Ok(1))"]
    ),
    exactly(a_timeout_races_with_the_end_of_the_senders, ["Err(Timeout)", "Err(Disconnected)"]),
    exactly(try_recv_sees_the_message_or_not, ["(Ok(1), Err(Disconnected))", "(Err(Empty), Ok(1))"]),
    exactly(try_recv_sees_the_end_of_the_senders_or_not, ["Err(Empty)", "Err(Disconnected)"]),
    always(a_send_without_a_receiver_gives_the_message_back, "Err(1)"),
    exactly(a_send_races_with_the_end_of_the_receiver, ["Ok(())", "Err(1)"]),
    always(
        what_was_sent_before_the_last_sender_went_is_received_first,
        "(Ok(1), Ok(2), Err(RecvError), Err(Disconnected), Err(Disconnected))"
    ),
    always(the_last_sender_to_go_wakes_the_receiver, "Err(RecvError)"),
    always(only_the_last_sender_to_go_disconnects, "(Ok(2), Err(RecvError))"),
    exactly(two_senders_keep_their_own_order_only, ["[1, 2, 10]", "[1, 10, 2]", "[10, 1, 2]"]),
    always(one_sender_can_be_used_by_two_threads, "[1, 2]"),
    always(iterators_end_with_the_channel, "([1, 2], None, [], 0)"),
    always(an_iterator_waits_for_messages, "[1, 2]"),
    exactly(try_iter_takes_what_is_there_so_far, ["([], [1, 2])", "([1], [2])", "([1, 2], [])"]),
    always(what_is_left_behind_is_dropped_with_the_receiver, "(0, 2, Err(()), 3)"),
    exactly(a_message_that_races_with_the_end_of_the_receiver_is_dropped_once, ["(true, 1)", "(false, 1)"]),
    always(a_panic_of_the_sender_disconnects, "(Ok(1), Err(RecvError))"),
    always(
        errors_say_why,
        r#"["sending on a closed channel", "receiving on a closed channel", "receiving on an empty channel", "receiving on a closed channel", "timed out waiting on channel", "channel is empty and sending half is closed"]"#
    ),
    always(a_disconnection_stays_one_in_every_form, "(Disconnected, Disconnected, 1)"),
    always(errors_can_be_copied_and_compared, "[true, true, true, true, false, false, false]"),
    always(ends_are_shown_by_their_names, r#"["Sender { .. }", "Receiver { .. }"]"#),
    always(ends_can_be_sent_if_the_messages_can_be_sent, "()"),
    always(a_sender_can_be_sent_along, "Ok(7)"),
    blocks(a_receive_from_an_empty_channel_whose_sender_lives_blocks),
];

fn any_number_of_messages_is_kept_in_order() -> impl Debug {
    let (s, r) = channel();
    (0..70).for_each(|n| s.send(n).unwrap());
    (0..70).all(|n| r.recv() == Ok(n))
}

fn a_receive_waits_until_there_is_a_message() -> impl Debug {
    let (s, r) = channel();
    let receiver = thread::spawn(move || r.recv());
    s.send(7).unwrap();
    receiver.join().unwrap()
}

fn a_receive_gives_up_after_a_while() -> impl Debug {
    let (_s, r) = channel::<i32>();
    (r.try_recv(), r.recv_timeout(soon()), r.recv_timeout(Duration::ZERO))
}

fn a_message_that_is_there_is_received_at_once() -> impl Debug {
    let (s, r) = channel();
    (1..=2).for_each(|n| s.send(n).unwrap());
    (r.recv_timeout(Duration::ZERO), r.try_recv(), r.try_recv())
}

fn a_timeout_that_no_clock_can_tell_never_comes() -> impl Debug {
    let (s, r) = channel();
    let receiver = thread::spawn(move || r.recv_timeout(Duration::MAX));
    s.send(1).unwrap();
    receiver.join().unwrap()
}

fn a_timeout_races_with_the_message_and_neither_loses_it() -> impl Debug {
    let (s, r) = channel();
    let sender = thread::spawn(move || s.send(1).unwrap());
    let first = r.recv_timeout(late());
    sender.join().unwrap();
    (first, r.try_recv())
}

fn a_timeout_races_with_the_end_of_the_senders() -> impl Debug {
    let (s, r) = channel::<i32>();
    let sender = thread::spawn(move || drop(s));
    let received = r.recv_timeout(late());
    sender.join().unwrap();
    received
}

fn try_recv_sees_the_message_or_not() -> impl Debug {
    let (s, r) = channel();
    let sender = thread::spawn(move || s.send(1).unwrap());
    let first = r.try_recv();
    sender.join().unwrap();
    (first, r.try_recv())
}

fn try_recv_sees_the_end_of_the_senders_or_not() -> impl Debug {
    let (s, r) = channel::<i32>();
    let sender = thread::spawn(move || drop(s));
    let tried = r.try_recv();
    sender.join().unwrap();
    tried
}

fn a_send_without_a_receiver_gives_the_message_back() -> impl Debug {
    let (s, r) = channel();
    drop(r);
    s.send(1).map_err(|error| error.0)
}

fn a_send_races_with_the_end_of_the_receiver() -> impl Debug {
    let (s, r) = channel();
    let receiver = thread::spawn(move || drop(r));
    let sent = s.send(1).map_err(|error| error.0);
    receiver.join().unwrap();
    sent
}

fn what_was_sent_before_the_last_sender_went_is_received_first() -> impl Debug {
    let (s, r) = channel();
    (1..=2).for_each(|n| s.send(n).unwrap());
    drop(s);
    (r.recv(), r.try_recv(), r.recv(), r.try_recv(), r.recv_timeout(late()))
}

fn the_last_sender_to_go_wakes_the_receiver() -> impl Debug {
    let (s, r) = channel::<i32>();
    let receiver = thread::spawn(move || r.recv());
    drop(s);
    receiver.join().unwrap()
}

fn only_the_last_sender_to_go_disconnects() -> impl Debug {
    let (s, r) = channel();
    let also = s.clone();
    let one = thread::spawn(move || drop(s));
    let two = thread::spawn(move || also.send(2).unwrap());
    let received = (r.recv(), r.recv());
    join([one, two]);
    received
}

fn two_senders_keep_their_own_order_only() -> impl Debug {
    let (s, r) = channel();
    let also = s.clone();
    let one = thread::spawn(move || (1..=2).for_each(|n| s.send(n).unwrap()));
    let two = thread::spawn(move || also.send(10).unwrap());
    let all: Vec<i32> = r.iter().collect();
    join([one, two]);
    all
}

fn one_sender_can_be_used_by_two_threads() -> impl Debug {
    let (s, r) = channel();
    thread::scope(|scope| {
        scope.spawn(|| s.send(1).unwrap());
        s.send(2).unwrap();
    });
    let mut all: Vec<i32> = r.try_iter().collect();
    all.sort_unstable();
    all
}

fn iterators_end_with_the_channel() -> impl Debug {
    let (s, r) = channel();
    (1..=2).for_each(|n| s.send(n).unwrap());
    drop(s);
    let mut iter = r.iter();
    let all: Vec<i32> = iter.by_ref().collect();
    let next = iter.next();
    let tried: Vec<i32> = r.try_iter().collect();
    for n in &r {
        assert_eq!(n, 0, "there is none");
    }
    (all, next, tried, r.into_iter().count())
}

fn an_iterator_waits_for_messages() -> impl Debug {
    let (s, r) = channel();
    let sender = thread::spawn(move || (1..=2).for_each(|n| s.send(n).unwrap()));
    let mut all: Vec<i32> = Vec::new();
    for n in r {
        all.push(n);
    }
    sender.join().unwrap();
    all
}

fn try_iter_takes_what_is_there_so_far() -> impl Debug {
    let (s, r) = channel();
    let sender = thread::spawn(move || (1..=2).for_each(|n| s.send(n).unwrap()));
    let first: Vec<i32> = r.try_iter().collect();
    sender.join().unwrap();
    (first, r.iter().collect::<Vec<i32>>())
}

fn what_is_left_behind_is_dropped_with_the_receiver() -> impl Debug {
    let drops = Drops::default();
    let (s, r) = channel();
    (0..2).for_each(|_| assert!(s.send(drops.value()).is_ok()));
    let before = drops.count();
    drop(r);
    let after = drops.count();
    let refused = s.send(drops.value()).map_err(drop);
    (before, after, refused, drops.count())
}

fn a_message_that_races_with_the_end_of_the_receiver_is_dropped_once() -> impl Debug {
    let drops = Drops::default();
    let message = drops.value();
    let (s, r) = channel();
    let receiver = thread::spawn(move || drop(r));
    let sent = s.send(message).is_ok();
    receiver.join().unwrap();
    (sent, drops.count())
}

fn a_panic_of_the_sender_disconnects() -> impl Debug {
    let (s, r) = channel();
    let sender = thread::spawn(move || {
        s.send(1).unwrap();
        panic!("the sender panics");
    });
    let received = (r.recv(), r.recv());
    assert!(sender.join().is_err());
    received
}

/// A message that cannot be shown.
struct Opaque;

fn errors_say_why() -> impl Debug {
    [
        says(&SendError(Opaque)),
        says(&RecvError),
        says(&TryRecvError::Empty),
        says(&TryRecvError::Disconnected),
        says(&RecvTimeoutError::Timeout),
        says(&RecvTimeoutError::Disconnected),
    ]
    .map(|(_, display)| display)
}

fn a_disconnection_stays_one_in_every_form() -> impl Debug {
    (TryRecvError::from(RecvError), RecvTimeoutError::from(RecvError), SendError(1).0)
}

fn errors_can_be_copied_and_compared() -> impl Debug {
    [
        same(SendError(1)),
        same(RecvError),
        same(TryRecvError::Empty),
        same(RecvTimeoutError::Timeout),
        SendError(1) == SendError(2),
        TryRecvError::Empty == TryRecvError::Disconnected,
        RecvTimeoutError::Timeout == RecvTimeoutError::Disconnected,
    ]
}

fn ends_are_shown_by_their_names() -> impl Debug {
    let (s, r) = channel::<i32>();
    [format!("{s:?}"), format!("{r:?}")]
}

/// That it compiles is what is told.
fn ends_can_be_sent_if_the_messages_can_be_sent() -> impl Debug {
    fn shared<T: Send + Sync + Clone>() {}
    fn sent<T: Send>() {}
    fn safe<T: UnwindSafe + RefUnwindSafe>() {}
    fn iterates<T: Iterator + Debug>() {}
    shared::<Sender<std::cell::Cell<u8>>>();
    sent::<Receiver<std::cell::Cell<u8>>>();
    safe::<(Sender<&'static mut u8>, Receiver<&'static mut u8>)>();
    iterates::<Iter<'static, u8>>();
    iterates::<TryIter<'static, u8>>();
    iterates::<IntoIter<u8>>();
}

fn a_sender_can_be_sent_along() -> impl Debug {
    let (requests, server) = channel::<Sender<i32>>();
    let server = thread::spawn(move || server.recv().unwrap().send(7).unwrap());
    let (answer, answers) = channel();
    requests.send(answer).unwrap();
    let answer = answers.recv();
    server.join().unwrap();
    answer
}

fn a_receive_from_an_empty_channel_whose_sender_lives_blocks() -> impl Debug {
    let (_s, r) = channel::<i32>();
    r.recv()
}
