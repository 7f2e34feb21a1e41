//! Iterating over what is received.

use std::fmt::Debug;

use super::{
    channel::{bounded, unbounded},
    conforms, thread,
};

conforms![
    always(iter_ends_with_the_channel_and_stays_ended, "([1, 2], None, None)"),
    always(try_iter_ends_when_nothing_is_there_and_may_go_on, "([1], None, Some(2))"),
    always(a_receiver_can_be_looped_over_and_used_again, "(3, Err(RecvError))"),
    always(a_receiver_can_be_looped_over_by_value, "[1, 2]"),
    always(an_iterator_by_value_takes_the_receiver_with_it, "(Some(1), Err(9))"),
    always(an_iterator_waits_for_messages, "[1, 2]"),
    always(an_iterator_over_a_rendezvous_takes_one_message_at_a_time, "([1], Err(2))"),
    exactly(two_iterators_share_the_messages, ["([1, 2], [])", "([1], [2])", "([2], [1])", "([], [1, 2])"]),
    exactly(try_iter_takes_what_is_there_so_far, ["([], [1, 2])", "([1], [2])", "([1, 2], [])"]),
    always(iterators_are_shown_by_their_names, r#"("Iter { .. }", "TryIter { .. }", "IntoIter { .. }")"#),
];

fn iter_ends_with_the_channel_and_stays_ended() -> impl Debug {
    let (s, r) = unbounded();
    (1..=2).for_each(|n| s.send(n).unwrap());
    drop(s);
    let mut iter = r.iter();
    let all: Vec<i32> = iter.by_ref().collect();
    (all, iter.next(), r.iter().next())
}

fn try_iter_ends_when_nothing_is_there_and_may_go_on() -> impl Debug {
    let (s, r) = unbounded();
    s.send(1).unwrap();
    let mut iter = r.try_iter();
    let all: Vec<i32> = iter.by_ref().collect();
    let ended = iter.next();
    s.send(2).unwrap();
    (all, ended, iter.next())
}

fn a_receiver_can_be_looped_over_and_used_again() -> impl Debug {
    let (s, r) = bounded(2);
    (1..=2).for_each(|n| s.send(n).unwrap());
    drop(s);
    let mut sum = 0;
    for n in &r {
        sum += n;
    }
    (sum, r.recv())
}

fn a_receiver_can_be_looped_over_by_value() -> impl Debug {
    let (s, r) = unbounded();
    (1..=2).for_each(|n| s.send(n).unwrap());
    drop(s);
    let mut all = Vec::new();
    for n in r {
        all.push(n);
    }
    all
}

fn an_iterator_by_value_takes_the_receiver_with_it() -> impl Debug {
    let (s, r) = unbounded();
    (1..=2).for_each(|n| s.send(n).unwrap());
    let first = r.into_iter().find(|n| *n == 1);
    (first, s.send(9).map_err(|error| error.into_inner()))
}

fn an_iterator_waits_for_messages() -> impl Debug {
    let (s, r) = bounded(1);
    let sender = thread::spawn(move || (1..=2).for_each(|n| s.send(n).unwrap()));
    let all: Vec<i32> = r.into_iter().collect();
    sender.join().unwrap();
    all
}

fn an_iterator_over_a_rendezvous_takes_one_message_at_a_time() -> impl Debug {
    let (s, r) = bounded(0);
    let sender = thread::spawn(move || {
        s.send(1).unwrap();
        s.send(2).map_err(|error| error.into_inner())
    });
    let all: Vec<i32> = r.into_iter().take(1).collect();
    (all, sender.join().unwrap())
}

fn two_iterators_share_the_messages() -> impl Debug {
    let (s, r) = bounded(2);
    (1..=2).for_each(|n| s.send(n).unwrap());
    drop(s);
    thread::scope(|scope| {
        let other = scope.spawn(|| r.iter().collect::<Vec<i32>>());
        (r.iter().collect::<Vec<i32>>(), other.join().unwrap())
    })
}

fn try_iter_takes_what_is_there_so_far() -> impl Debug {
    let (s, r) = unbounded();
    let sender = thread::spawn(move || (1..=2).for_each(|n| s.send(n).unwrap()));
    let first: Vec<i32> = r.try_iter().collect();
    sender.join().unwrap();
    (first, r.iter().collect::<Vec<i32>>())
}

fn iterators_are_shown_by_their_names() -> impl Debug {
    let (_s, r) = unbounded::<i32>();
    (format!("{:?}", r.iter()), format!("{:?}", r.try_iter()), format!("{:?}", r.into_iter()))
}
