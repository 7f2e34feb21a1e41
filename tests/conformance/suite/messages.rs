//! What is sent: values of every kind, each moved once and dropped once, in every kind of channel.

use std::fmt::Debug;

use super::{
    Drops, Instant,
    channel::{Receiver, Select, Sender, bounded, never, select, unbounded},
    conforms, late, soon, thread,
};

conforms![
    always(messages_without_a_size_are_counted, "[3, 3, 0]"),
    always(large_messages_arrive_whole, "[true, true, true]"),
    always(messages_need_not_be_cloned, "[6, 6, 6]"),
    always(messages_may_borrow, r#"["borrowed", "borrowed", "borrowed"]"#),
    always(messages_may_be_channels_of_themselves, "3"),
    always(a_message_that_is_received_is_dropped_by_the_receiver, "[(0, 1), (0, 1), (0, 1)]"),
    always(a_message_that_is_refused_is_dropped_with_its_error, "[(0, 5), (0, 5), (0, 5)]"),
    always(messages_left_behind_are_dropped, "[3, 3]"),
    always(a_select_moves_its_message_once, "(1, 1)"),
    always(an_arm_that_is_not_taken_keeps_its_message, "(1, 2)"),
    exactly(a_message_that_races_with_its_receiver_is_dropped_once, ["(true, 1)", "(false, 1)"]),
    exactly(a_message_that_times_out_is_dropped_once, ["(true, 1)", "(false, 1)"]),
];

/// A channel of each kind.
fn kinds<T>() -> [(Sender<T>, Receiver<T>); 3] {
    [unbounded(), bounded(3), bounded(0)]
}

/// Sends from one thread to another.
fn sent<T: Send, R: Send>((s, r): (Sender<T>, Receiver<T>), message: T, receive: impl Fn(T) -> R + Sync) -> R {
    thread::scope(|scope| {
        let receiver = scope.spawn(|| receive(r.recv().unwrap()));
        s.send(message).unwrap_or_else(|_| unreachable!("there is a receiver"));
        receiver.join().unwrap()
    })
}

fn messages_without_a_size_are_counted() -> impl Debug {
    kinds().map(|(s, r)| {
        for _ in 0..3 {
            let _ = s.try_send(());
        }
        let count = r.len();
        assert_eq!(r.try_iter().count(), count);
        count
    })
}

fn large_messages_arrive_whole() -> impl Debug {
    let message: [u64; 128] = std::array::from_fn(|n| n as u64);
    kinds().map(|ends| sent(ends, message, move |received| received == message))
}

fn messages_need_not_be_cloned() -> impl Debug {
    kinds::<Box<dyn FnOnce(i32) -> i32 + Send>>().map(|ends| sent(ends, Box::new(|n| n * 2), |twice| twice(3)))
}

fn messages_may_borrow() -> impl Debug {
    let text = "borrowed".to_owned();
    kinds::<&str>().map(|ends| sent(ends, &text, str::to_owned))
}

enum Link {
    Next(Receiver<Link>),
    End,
}

fn messages_may_be_channels_of_themselves() -> impl Debug {
    let chain = (0..3).fold(Link::End, |link, _| {
        let (s, r) = bounded(1);
        s.send(link).unwrap_or_else(|_| unreachable!("there is room"));
        Link::Next(r)
    });
    let (mut link, mut length) = (chain, 0);
    while let Link::Next(r) = link {
        length += 1;
        link = r.recv().unwrap();
    }
    length
}

fn a_message_that_is_received_is_dropped_by_the_receiver() -> impl Debug {
    kinds().map(|ends| {
        let drops = Drops::default();
        let message = drops.value();
        let before = sent(ends, message, |message| {
            let before = drops.count();
            drop(message);
            before
        });
        (before, drops.count())
    })
}

fn a_message_that_is_refused_is_dropped_with_its_error() -> impl Debug {
    kinds().map(|(s, r)| {
        drop(r);
        let drops = Drops::default();
        let errors = (
            s.send(drops.value()).unwrap_err(),
            s.try_send(drops.value()).unwrap_err(),
            s.send_timeout(drops.value(), soon()).unwrap_err(),
            s.send_deadline(drops.value(), Instant::now()).unwrap_err(),
            select! { send(s, drops.value()) -> sent => sent.unwrap_err() },
        );
        let before = drops.count();
        drop(errors);
        (before, drops.count())
    })
}

fn messages_left_behind_are_dropped() -> impl Debug {
    [unbounded(), bounded(3)].map(|(s, r)| {
        let drops = Drops::default();
        (0..3).for_each(|_| assert!(s.send(drops.value()).is_ok()));
        drop((s, r));
        drops.count()
    })
}

fn a_select_moves_its_message_once() -> impl Debug {
    let (by_macro, by_select) = (Drops::default(), Drops::default());
    let (s, r) = bounded(0);
    thread::scope(|scope| {
        scope.spawn(|| r.iter().take(2).for_each(drop));
        select! {
            send(s, by_macro.value()) -> sent => assert!(sent.is_ok()),
            recv(never::<()>()) -> _ => {}
        }
        let mut select = Select::new();
        select.send(&s);
        assert!(select.select().send(&s, by_select.value()).is_ok());
    });
    (by_macro.count(), by_select.count())
}

fn an_arm_that_is_not_taken_keeps_its_message() -> impl Debug {
    let drops = Drops::default();
    let (one, two) = (drops.value(), drops.value());
    let ((s1, _kept), (s2, r2)) = (bounded(0), bounded(1));
    let before = select! {
        send(s1, one) -> _ => 0,
        send(s2, two) -> sent => {
            assert!(sent.is_ok());
            drop(r2.recv());
            let before = drops.count();
            drop(one);
            before
        }
    };
    (before, drops.count())
}

fn a_message_that_races_with_its_receiver_is_dropped_once() -> impl Debug {
    let drops = Drops::default();
    let message = drops.value();
    let (s, r) = bounded(0);
    let receiver = thread::spawn(move || drop(r.try_recv()));
    let sent = s.send(message).is_ok();
    receiver.join().unwrap();
    (sent, drops.count())
}

fn a_message_that_times_out_is_dropped_once() -> impl Debug {
    let drops = Drops::default();
    let message = drops.value();
    let (s, r) = bounded(0);
    let receiver = thread::spawn(move || drop(r.recv()));
    let sent = s.send_timeout(message, late()).is_ok();
    drop(s);
    receiver.join().unwrap();
    (sent, drops.count())
}
