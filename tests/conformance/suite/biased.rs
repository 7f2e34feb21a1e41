//! What `select_biased!` chooses.

use std::fmt::Debug;

use super::{
    channel::{bounded, never, select_biased, unbounded},
    conforms, late, thread,
};

conforms![
    always(the_first_ready_arm_wins_if_biased, "[1, 2, 3, 0]"),
    always(a_biased_select_chooses_among_sends_too, "(2, 0, 1)"),
    exactly(a_biased_select_that_waits_takes_what_comes, ["1", "2"]),
    atomic(a_biased_select_that_looks_in_turn_may_see_the_second_first, ["1"], ["1", "2"]),
    exactly(a_biased_select_may_time_out, ["0", "1"]),
];

fn the_first_ready_arm_wins_if_biased() -> impl Debug {
    let ((s1, r1), (s2, r2), (s3, r3)) = (unbounded(), bounded(1), bounded(3));
    s1.send(1).unwrap();
    s2.send(2).unwrap();
    s3.send(3).unwrap();
    [(); 4].map(|()| {
        select_biased! {
            recv(r1) -> message => message.unwrap(),
            recv(r2) -> message => message.unwrap(),
            recv(r3) -> message => message.unwrap(),
            default => 0,
        }
    })
}

fn a_biased_select_chooses_among_sends_too() -> impl Debug {
    let ((s1, r1), (s2, r2), (s3, _r3)) = (bounded(0), bounded(1), bounded(1));
    let taken = select_biased! {
        send(s1, 1) -> _ => 1,
        send(s2, 2) -> _ => 2,
        send(s3, 3) -> _ => 3,
    };
    (taken, r1.len(), r2.len())
}

/// The second arm's message is sent first.
fn a_biased_select_that_waits_takes_what_comes() -> impl Debug {
    let ((s1, r1), (s2, r2)) = (unbounded(), unbounded());
    thread::scope(|scope| {
        scope.spawn(|| {
            s2.send(2).unwrap();
            s1.send(1).unwrap();
        });
        select_biased! {
            recv(r1) -> message => message.unwrap(),
            recv(r2) -> message => message.unwrap(),
        }
    })
}

/// The first arm's message is sent first. Looked at together the first arm wins, but crossbeam looks at one arm after
/// the other, and both messages may come between.
fn a_biased_select_that_looks_in_turn_may_see_the_second_first() -> impl Debug {
    let ((s1, r1), (s2, r2)) = (unbounded(), unbounded());
    thread::scope(|scope| {
        scope.spawn(|| {
            s1.send(1).unwrap();
            s2.send(2).unwrap();
        });
        select_biased! {
            recv(r1) -> message => message.unwrap(),
            recv(r2) -> message => message.unwrap(),
        }
    })
}

fn a_biased_select_may_time_out() -> impl Debug {
    let (s, r) = unbounded();
    thread::scope(|scope| {
        scope.spawn(|| s.send(1).unwrap());
        select_biased! {
            recv(never()) -> message => message.unwrap(),
            recv(r) -> message => message.unwrap(),
            default(late()) => 0,
        }
    })
}
