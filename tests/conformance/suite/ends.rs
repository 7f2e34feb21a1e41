//! The two ends of a channel: clones, identity, what they promise to the compiler.

use std::{
    cell::Cell,
    fmt::Debug,
    iter::FusedIterator,
    panic::{RefUnwindSafe, UnwindSafe},
};

use super::{
    channel::{IntoIter, Iter, Receiver, Select, Sender, TryIter, bounded, never, unbounded},
    conforms, join, thread,
};

conforms![
    always(ends_of_one_channel_are_of_the_same_channel, "[(true, true), (true, true), (true, true)]"),
    always(ends_of_two_channels_are_not, "[(false, false), (false, false), (false, false)]"),
    always(ends_of_two_kinds_of_channel_are_not, "[false, false, false, false]"),
    always(a_channel_lives_as_long_as_one_clone_of_each_end, "[(Ok(2), Err(3)), (Ok(2), Err(3))]"),
    always(clones_share_what_the_channel_holds, "[Ok(1), Ok(2), Ok(3)]"),
    always(one_sender_can_be_used_by_two_threads, "[1, 2]"),
    exactly(one_receiver_can_be_used_by_two_threads, ["(Ok(1), Ok(2))", "(Ok(2), Ok(1))"]),
    always(of_two_senders_that_go_the_last_disconnects, "(Ok(1), Err(RecvError))"),
    exactly(of_two_receivers_that_go_the_last_disconnects, ["Ok(())", "Err(1)"]),
    always(
        ends_are_shown_by_their_names,
        r#"("Sender { .. }", "Receiver { .. }", "Receiver { .. }", "Receiver { .. } ")"#
    ),
    always(ends_can_be_sent_and_shared_if_the_messages_can_be_sent, "()"),
    always(ends_can_be_sent_through_a_channel, "Ok(7)"),
    always(a_channel_that_holds_its_own_end_stays_connected, "(Empty, 1)"),
    always(a_receiver_left_in_a_channel_goes_with_it, "Err(2)"),
];

fn ends_of_one_channel_are_of_the_same_channel() -> impl Debug {
    [bounded::<i32>(0), bounded(1), unbounded()]
        .map(|(s, r)| (s.same_channel(&s.clone()) && s.same_channel(&s), r.same_channel(&r.clone())))
}

fn ends_of_two_channels_are_not() -> impl Debug {
    let two = [bounded::<i32>(0), bounded(1), unbounded()].into_iter().zip([bounded(0), bounded(1), unbounded()]);
    two.map(|((s1, r1), (s2, r2))| (s1.same_channel(&s2), r1.same_channel(&r2))).collect::<Vec<_>>()
}

fn ends_of_two_kinds_of_channel_are_not() -> impl Debug {
    let (zero, one, list) = (bounded::<i32>(0), bounded(1), unbounded());
    [
        zero.0.same_channel(&one.0),
        one.0.same_channel(&list.0),
        list.1.same_channel(&zero.1),
        never().same_channel(&zero.1),
    ]
}

fn a_channel_lives_as_long_as_one_clone_of_each_end() -> impl Debug {
    [bounded(1), unbounded()].map(|(s, r)| {
        let (s2, r2) = (s.clone(), r.clone());
        drop((s, r));
        s2.send(2).unwrap();
        let received = r2.recv();
        drop(r2);
        (received, s2.send(3).map_err(|error| error.0))
    })
}

fn clones_share_what_the_channel_holds() -> impl Debug {
    let (s, r) = unbounded();
    let s2 = s.clone();
    s.send(1).unwrap();
    s2.send(2).unwrap();
    let r2 = r.clone();
    s.send(3).unwrap();
    [r2.recv(), r.recv(), r2.recv()]
}

fn one_sender_can_be_used_by_two_threads() -> impl Debug {
    let (s, r) = bounded(2);
    thread::scope(|scope| {
        let other = scope.spawn(|| s.send(1).unwrap());
        s.send(2).unwrap();
        other.join().unwrap();
    });
    let mut all: Vec<i32> = r.try_iter().collect();
    all.sort_unstable();
    all
}

fn one_receiver_can_be_used_by_two_threads() -> impl Debug {
    let (s, r) = bounded(0);
    thread::scope(|scope| {
        let (one, two) = (scope.spawn(|| r.recv()), scope.spawn(|| r.recv()));
        (1..=2).for_each(|n| s.send(n).unwrap());
        (one.join().unwrap(), two.join().unwrap())
    })
}

fn of_two_senders_that_go_the_last_disconnects() -> impl Debug {
    let (s, r) = bounded(1);
    let also = s.clone();
    let one = thread::spawn(move || drop(s));
    let two = thread::spawn(move || also.send(1).unwrap());
    let received = (r.recv(), r.recv());
    join([one, two]);
    received
}

fn of_two_receivers_that_go_the_last_disconnects() -> impl Debug {
    let (s, r) = bounded(1);
    let also = r.clone();
    let one = thread::spawn(move || drop(r));
    let two = thread::spawn(move || drop(also));
    let sent = s.send(1).map_err(|error| error.0);
    join([one, two]);
    sent
}

fn ends_are_shown_by_their_names() -> impl Debug {
    let (s, r) = bounded::<i32>(1);
    (format!("{s:?}"), format!("{r:?}"), format!("{:?}", never::<i32>()), format!("{r:<16?}"))
}

/// That it compiles is what is told.
fn ends_can_be_sent_and_shared_if_the_messages_can_be_sent() -> impl Debug {
    fn shared<T: Send + Sync>() {}
    fn safe<T: UnwindSafe + RefUnwindSafe>() {}
    fn ended<T: FusedIterator + Debug>() {}
    fn iterates<T: Iterator + Debug>() {}
    // A cell can be sent and not be shared; a mutable reference is not safe to unwind through.
    shared::<(Sender<Cell<u8>>, Receiver<Cell<u8>>, Select<'static>)>();
    safe::<(Sender<&'static mut u8>, Receiver<&'static mut u8>)>();
    ended::<Iter<'static, u8>>();
    ended::<IntoIter<u8>>();
    iterates::<TryIter<'static, u8>>();
}

fn ends_can_be_sent_through_a_channel() -> impl Debug {
    let (requests, server) = bounded::<Sender<i32>>(0);
    let server = thread::spawn(move || server.recv().unwrap().send(7).unwrap());
    let (answer, answers) = bounded(1);
    requests.send(answer).unwrap();
    let answer = answers.recv();
    server.join().unwrap();
    answer
}

struct Own {
    _end: Sender<Own>,
}

fn a_channel_that_holds_its_own_end_stays_connected() -> impl Debug {
    let (s, r) = unbounded();
    s.send(Own { _end: s.clone() }).unwrap_or_else(|_| unreachable!("there is a receiver"));
    drop(s);
    let held = r.len();
    let own = r.recv().unwrap();
    let connected = r.try_recv().map(|_| ()).unwrap_err();
    drop(own);
    (connected, held)
}

fn a_receiver_left_in_a_channel_goes_with_it() -> impl Debug {
    let (outer_s, outer_r) = unbounded();
    let (s, r) = bounded(1);
    outer_s.send(r).unwrap();
    drop(outer_r);
    s.send(2).map_err(|error| error.into_inner())
}
