//! Channels.

use super::*;

#[test]
fn ch1_a_channel_has_the_capacity_that_it_was_made_with_and_counts_what_is_queued() {
    shows([[(0, 0), (0, 2), (1, 2), (2, 2), (1, 2)]], || {
        let (unbuffered, c) = (Chan::<u8>::new(0), Chan::new(2));
        let told = |c: &Chan<u8>| (c.len(), c.capacity());
        let mut all = [told(&unbuffered), told(&c), (0, 0), (0, 0), (0, 0)];
        c.send(1);
        all[2] = told(&c);
        c.send(2);
        all[3] = told(&c);
        c.recv();
        all[4] = told(&c);
        all
    });
}

#[test]
fn ch2_a_capacity_beyond_all_memory_is_refused() {
    always_fails(Panic, "makechan: size out of range", || drop(Chan::<u8>::new(usize::MAX)));
    always_fails(Panic, "makechan: size out of range", || drop(Chan::<u64>::new(usize::MAX / 8)));
    // What has no size needs no memory, and a buffer none before it is filled.
    shows([(usize::MAX, 1 << 40)], || (Chan::<()>::new(usize::MAX).capacity(), Chan::<u8>::new(1 << 40).capacity()));
}

#[test]
fn ch3_values_without_a_size_are_counted_too() {
    for capacity in [0, 1, 2] {
        shows([3], move || {
            let c = Chan::new(capacity);
            let d = c.clone();
            go(move || {
                (0..3).for_each(|_| d.send(()));
                d.close();
            });
            c.iter().count()
        });
    }
}

#[test]
fn ch4_an_unbuffered_send_ends_when_a_receiver_takes_the_value() {
    always_fails(Deadlock, "main in send of channel#1", || Chan::new(0).send(1));
    always_fails(Deadlock, "main in recv of channel#1", || _ = Chan::<u8>::new(0).recv());
    shows([1], || {
        let c = Chan::new(0);
        let d = c.clone();
        go(move || d.send(1));
        c.recv().unwrap()
    });
}

#[test]
fn ch5_a_buffered_send_waits_only_where_the_buffer_is_full_and_a_receive_where_it_is_empty() {
    shows([vec![1, 2]], || {
        let c = Chan::new(2);
        c.send(1);
        c.send(2);
        c.close();
        c.iter().collect()
    });
    always_fails(Deadlock, "main in send of channel#1", || {
        let c = Chan::new(1);
        c.send(1);
        c.send(2);
    });
    always_fails(Deadlock, "main in recv of channel#1", || {
        let c = Chan::new(1);
        c.send(1);
        c.recv();
        c.recv();
    });
}

#[test]
fn ch6_one_receiver_sees_what_one_sender_sent_in_order() {
    for capacity in [0, 1, 2] {
        shows([[1, 2, 3]], move || {
            let c = Chan::new(capacity);
            let d = c.clone();
            go(move || (1..=3).for_each(|n| d.send(n)));
            [(); 3].map(|()| c.recv().unwrap())
        });
    }
}

#[test]
fn ch6_several_senders_and_receivers_lose_and_double_nothing() {
    shows([[1, 2], [2, 1]], || {
        let c = Chan::new(1);
        for n in [1, 2] {
            let c = c.clone();
            go(move || c.send(n));
        }
        let theirs = c.clone();
        let other = thread::spawn(move || theirs.recv().unwrap());
        [c.recv().unwrap(), other.join().unwrap()]
    });
}

#[test]
fn ch7_a_receive_moves_up_the_value_of_a_sender_that_waits() {
    let program = |pause| {
        let c = Chan::new(1);
        c.send(1);
        let d = c.clone();
        go(move || d.send(2));
        thread::sleep(pause);
        let first = c.recv().unwrap();
        let queued = c.len();
        (first, queued, c.recv().unwrap())
    };
    // If the sender waits, the buffer is as full as it was.
    settles((1, 1, 2), program);
    shows([(1, 0, 2), (1, 1, 2)], move || program(Duration::ZERO));
}

#[test]
fn ch7_nobody_overtakes_a_sender_that_waits() {
    let program = |pause| {
        let c = Chan::new(1);
        c.send(1);
        let d = c.clone();
        go(move || d.send(2));
        thread::sleep(pause);
        let first = c.recv().unwrap();
        let room = select! {
            send(c, 3) => true,
            default => false,
        };
        let rest = if room { vec![c.recv().unwrap(), c.recv().unwrap()] } else { vec![c.recv().unwrap()] };
        (first, rest)
    };
    settles((1, vec![2]), program);
    shows([(1, vec![2]), (1, vec![3, 2])], move || program(Duration::ZERO));
}

#[test]
fn ch8_a_value_is_handed_to_a_receiver_that_waits_past_the_buffer() {
    let program = |pause| {
        let (c, got) = (Chan::new(1), Chan::new(1));
        let (theirs, told) = (c.clone(), got.clone());
        go(move || told.send(theirs.recv()));
        thread::sleep(pause);
        c.send(1);
        let queued = c.len();
        let mine = select! {
            recv(c) -> value => value,
            default => None,
        };
        c.close();
        (queued, mine, got.recv().unwrap())
    };
    settles((0, None, Some(1)), program);
    // A receiver that comes later finds the value queued, or gone.
    shows([(0, None, Some(1)), (1, None, Some(1)), (1, Some(1), None)], move || program(Duration::ZERO));
}

#[test]
fn ch9_any_of_those_who_wait_may_be_served() {
    for capacity in [0, 1] {
        shows([[1, 2], [2, 1]], move || {
            let c = Chan::new(capacity);
            for n in [1, 2] {
                let c = c.clone();
                go(move || c.send(n));
            }
            [(); 2].map(|()| c.recv().unwrap())
        });
    }
}

#[test]
fn ch10_a_nil_channel_never_does_anything() {
    always_fails(Deadlock, "main in recv at ", || _ = Chan::<u8>::nil().recv());
    always_fails(Deadlock, "main in send at ", || Chan::nil().send(1));
    always_fails(Deadlock, "main in recv at ", || Chan::<u8>::nil().iter().for_each(drop));
    always_fails(Panic, "close of nil channel", || Chan::<u8>::nil().close());
    shows([(0, 0)], || (Chan::<u8>::nil().len(), Chan::<u8>::nil().capacity()));
}

#[test]
fn ch11_a_closed_channel_is_drained_first_and_then_gives_nothing_for_ever() {
    shows([[Some(1), Some(2), None, None, None]], || {
        let c = Chan::new(2);
        c.send(1);
        c.send(2);
        c.close();
        [(); 5].map(|()| c.recv())
    });
    shows([[None, None]], || {
        let c = Chan::<u8>::new(0);
        c.close();
        [(); 2].map(|()| c.recv())
    });
}

#[test]
fn ch12_ch13_sending_on_a_closed_channel_panics_and_closing_it_again_does_too() {
    for capacity in [0, 1] {
        always_fails(Panic, "send on closed channel", move || {
            let c = Chan::new(capacity);
            c.close();
            c.send(1);
        });
        always_fails(Panic, "send on closed channel", move || {
            let c = Chan::new(capacity);
            c.close();
            select! {
                send(c, 1) => {}
                default => {}
            }
        });
        always_fails(Panic, "close of closed channel", move || {
            let c = Chan::<u8>::new(capacity);
            c.close();
            c.close();
        });
    }
}

#[test]
fn ch14_closing_wakes_every_receiver() {
    shows([None], || {
        let (c, done) = (Chan::<u8>::new(0), Chan::new(2));
        for _ in 0..2 {
            let (c, done) = (c.clone(), done.clone());
            go(move || done.send(c.recv()));
        }
        c.close();
        done.recv().unwrap().or(done.recv().unwrap())
    });
}

#[test]
fn ch14_closing_wakes_every_sender_which_panics_and_is_not_served() {
    always_fails(Panic, "send on closed channel", || {
        let c = Chan::new(0);
        let d = c.clone();
        go(move || d.send(1));
        c.close();
    });
    let sends: [fn(&Chan<u8>); 2] = [
        |c| c.send(1),
        |c| {
            select! {
                send(c, 1) => {}
                recv(Chan::<u8>::nil()) -> _ => {}
            }
        },
    ];
    for send in sends {
        shows([(None, [true, true])], move || {
            let c = Chan::new(0);
            let senders = [(); 2].map(|()| {
                let c = c.clone();
                thread::spawn(move || panics(|| send(&c)))
            });
            c.close();
            (c.recv(), senders.map(|sender| sender.join().unwrap()))
        });
    }
}

#[test]
fn ch14_closing_leaves_what_is_queued() {
    shows([(1, Some(1), 0, None)], || {
        let c = Chan::new(2);
        c.send(1);
        c.close();
        (c.len(), c.recv(), c.len(), c.recv())
    });
}

#[test]
fn ch15_a_loop_over_a_channel_ends_when_it_is_closed_and_drained() {
    for capacity in [0, 1] {
        shows(["abc".to_owned()], move || {
            let c = Chan::new(capacity);
            let d = c.clone();
            go(move || {
                ('a'..='c').for_each(|letter| d.send(letter));
                d.close();
            });
            let mut all = String::new();
            for letter in &c {
                all.push(letter);
            }
            all
        });
    }
    always_fails(Deadlock, "main in recv of channel#1", || {
        let c = Chan::new(1);
        c.send(1);
        c.iter().for_each(drop);
    });
}

#[test]
fn ch17_a_send_begins_when_the_channel_and_the_value_have_been_evaluated() {
    shows([(["channel", "value"], 0)], || {
        let c = Chan::new(1);
        let order = std::cell::RefCell::new(Vec::new());
        let channel = || {
            order.borrow_mut().push("channel");
            &c
        };
        channel().send({
            order.borrow_mut().push("value");
            c.len()
        });
        let order = order.take().try_into().unwrap();
        (order, c.recv().unwrap())
    });
}

#[test]
fn ch18_a_value_is_received_and_sent_on_in_one_expression() {
    for capacity in [0, 1] {
        shows([3], move || {
            let last = Chan::new(capacity);
            let mut left = last.clone();
            for _ in 0..2 {
                let right = Chan::new(capacity);
                let (to, from) = (left, right.clone());
                go(move || to.send(from.recv().unwrap() + 1));
                left = right;
            }
            go(move || left.send(1));
            last.recv().unwrap()
        });
    }
}
