//! Readiness: `Select::ready` and its kin name an operation and leave it to be done.

use std::fmt::Debug;

use super::{
    channel::{Receiver, Select, TryRecvError, bounded, never, unbounded},
    conforms, late, thread,
};

conforms![
    exactly(any_ready_operation_may_be_named, ["0", "1"]),
    always(a_biased_select_names_the_lowest_index, "(1, Ok(1), Ok(1))"),
    always(ready_takes_nothing, "(0, 1, 0, Ok(4))"),
    always(ready_waits_for_a_message, "(1, Ok(2))"),
    always(ready_waits_for_a_sender_without_a_buffer, "(0, Ok(6))"),
    exactly(try_ready_finds_a_sender_that_waits, ["(Some(1), Ok(()))", "(None, Err(1))"]),
    exactly(try_ready_finds_a_receiver_that_waits, ["(Some(Ok(())), Ok(1))", "(None, Err(RecvError))"]),
    always(ready_waits_for_room, "(0, Ok(()))"),
    always(a_disconnection_wakes_ready, "(0, Err(Disconnected))"),
    exactly(a_ready_that_times_out_takes_nothing, ["(Ok(0), [1])", "(Err(ReadyTimeoutError), [1])"]),
    exactly(what_is_ready_for_two_is_taken_by_one, ["(Ok(1), Err(Empty))", "(Err(Empty), Ok(1))"]),
    exactly(try_ready_says_whether_a_message_is_there, ["Ok(0)", "Err(TryReadyError)"]),
    exactly(messages_are_gathered_by_readiness, ["[1, 2]", "[2, 1]"]),
    blocks(ready_over_never_blocks),
];

fn holding(message: i32) -> Receiver<i32> {
    let (s, r) = unbounded();
    s.send(message).unwrap();
    r
}

fn any_ready_operation_may_be_named() -> impl Debug {
    let (r1, r2) = (holding(1), holding(2));
    let mut select = Select::new();
    select.recv(&r1);
    select.recv(&r2);
    select.ready()
}

fn a_biased_select_names_the_lowest_index() -> impl Debug {
    let (r1, r2, r3) = (never::<i32>(), holding(2), holding(3));
    let mut select = Select::new_biased();
    for r in [&r1, &r2, &r3] {
        select.recv(r);
    }
    (select.ready(), select.try_ready(), select.ready_timeout(late()))
}

fn ready_takes_nothing() -> impl Debug {
    let r = holding(4);
    let mut select = Select::new();
    select.recv(&r);
    (select.ready(), r.len(), select.ready(), r.try_recv())
}

fn ready_waits_for_a_message() -> impl Debug {
    let (r1, (s2, r2)) = (never::<i32>(), unbounded());
    let sender = thread::spawn(move || s2.send(2).unwrap());
    let mut select = Select::new();
    for r in [&r1, &r2] {
        select.recv(r);
    }
    let index = select.ready();
    sender.join().unwrap();
    (index, r2.try_recv())
}

fn ready_waits_for_a_sender_without_a_buffer() -> impl Debug {
    let (s, r) = bounded(0);
    let sender = thread::spawn(move || s.send(6).unwrap());
    let mut select = Select::new();
    select.recv(&r);
    let received = (select.ready(), r.try_recv());
    sender.join().unwrap();
    received
}

fn try_ready_finds_a_sender_that_waits() -> impl Debug {
    let (s, r) = bounded(0);
    let sender = thread::spawn(move || s.send(1).map_err(|error| error.into_inner()));
    let mut select = Select::new();
    select.recv(&r);
    let taken = select.try_ready().ok().map(|_| r.try_recv().unwrap());
    drop(select);
    drop(r);
    (taken, sender.join().unwrap())
}

fn try_ready_finds_a_receiver_that_waits() -> impl Debug {
    let (s, r) = bounded(0);
    let receiver = thread::spawn(move || r.recv());
    let mut select = Select::new();
    select.send(&s);
    let sent = select.try_ready().ok().map(|_| s.try_send(1));
    drop(select);
    drop(s);
    (sent, receiver.join().unwrap())
}

fn ready_waits_for_room() -> impl Debug {
    let (s, r) = bounded(1);
    s.send(1).unwrap();
    thread::scope(|scope| {
        let receiver = scope.spawn(|| r.recv().unwrap());
        let mut select = Select::new();
        select.send(&s);
        let index = select.ready();
        receiver.join().unwrap();
        (index, s.try_send(2))
    })
}

fn a_disconnection_wakes_ready() -> impl Debug {
    let ((s1, r1), r2) = (unbounded::<i32>(), never::<i32>());
    let sender = thread::spawn(move || drop(s1));
    let mut select = Select::new();
    for r in [&r1, &r2] {
        select.recv(r);
    }
    let index = select.ready();
    sender.join().unwrap();
    (index, r1.try_recv())
}

fn a_ready_that_times_out_takes_nothing() -> impl Debug {
    let (s, r) = bounded(1);
    let sender = thread::spawn(move || s.send(1).unwrap());
    let mut select = Select::new();
    select.recv(&r);
    let ready = select.ready_timeout(late());
    sender.join().unwrap();
    (ready, r.try_iter().collect::<Vec<_>>())
}

/// What is ready may be gone when it is tried.
fn what_is_ready_for_two_is_taken_by_one() -> impl Debug {
    let (s, r) = unbounded();
    s.send(1).unwrap();
    let take = || {
        let mut select = Select::new();
        select.recv(&r);
        select.try_ready().map_or(Err(TryRecvError::Empty), |_| r.try_recv())
    };
    thread::scope(|scope| {
        let other = scope.spawn(take);
        (take(), other.join().unwrap())
    })
}

fn try_ready_says_whether_a_message_is_there() -> impl Debug {
    let (s, r) = bounded(1);
    thread::scope(|scope| {
        scope.spawn(|| s.send(1).unwrap());
        let mut select = Select::new();
        select.recv(&r);
        select.try_ready()
    })
}

fn messages_are_gathered_by_readiness() -> impl Debug {
    let (senders, rs): (Vec<_>, Vec<_>) = (0..2).map(|_| bounded(0)).unzip();
    let threads: Vec<_> =
        senders.into_iter().zip(1..).map(|(s, n)| thread::spawn(move || s.send(n).unwrap())).collect();
    let mut select = Select::new();
    for r in &rs {
        select.recv(r);
    }
    let mut all: Vec<i32> = Vec::new();
    while all.len() < 2 {
        let index = select.ready();
        match rs[index].try_recv() {
            Ok(n) => {
                all.push(n);
                select.remove(index);
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => unreachable!("a sender goes when it has sent"),
        }
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    all
}

fn ready_over_never_blocks() -> impl Debug {
    let r = never::<i32>();
    let mut select = Select::new();
    select.recv(&r);
    select.ready()
}
