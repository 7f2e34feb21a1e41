//! What `select!` chooses, and what it leaves alone.

use std::fmt::Debug;

use super::{
    Duration,
    channel::{bounded, never, select, unbounded},
    conforms, late, soon, thread,
};

conforms![
    always(the_ready_arm_is_taken, "[(1, 0, 0), (2, 0, 0)]"),
    exactly(any_ready_arm_may_be_taken_and_the_others_are_left_alone, ["(1, 0, 1)", "(2, 1, 0)"]),
    exactly(any_of_two_sends_may_be_made_and_the_other_is_not, ["(1, 1, 0)", "(2, 0, 1)"]),
    exactly(a_send_and_a_receive_may_both_be_ready, ["(1, 0, 0)", "(2, 1, 1)"]),
    exactly(the_same_receive_may_stand_in_two_arms, ["(1, 7)", "(2, 7)"]),
    exactly(the_same_send_may_stand_in_two_arms, ["(1, [1])", "(2, [2])"]),
    exactly(both_directions_of_one_channel_may_be_ready, ["[0, 2]", "[1]"]),
    always(only_one_direction_of_one_place_is_ready, "(1, 2, 1)"),
    always(a_select_does_not_meet_itself, r#""nobody""#),
    exactly(two_selects_over_both_directions_meet_once, ["(1, 10)", "(20, 2)"]),
    always(a_select_waits_for_an_arm_to_become_ready, "2"),
    exactly(a_select_waits_for_room_or_a_message, ["(1, [5])", "(7, [])"]),
    always(an_arm_whose_channel_is_disconnected_is_ready, "(Err(RecvError), Err(3))"),
    exactly(a_disconnected_arm_competes_with_a_ready_one, ["Ok(1)", "Err(RecvError)"]),
    always(what_is_left_in_a_disconnected_channel_comes_first, "[Ok(1), Err(RecvError)]"),
    always(the_last_sender_to_go_wakes_a_select, "(1, Err(RecvError))"),
    always(the_last_receiver_to_go_wakes_a_select, "Err(5)"),
    always(the_default_is_taken_if_nothing_is_ready, "[0, 1]"),
    atomic(the_default_may_be_taken_while_something_is_ready, ["true"], ["true", "false"]),
    exactly(the_default_is_taken_unless_a_partner_waits, ["(0, Err(1))", "(1, Ok(()))"]),
    always(a_closed_channel_or_its_message_keeps_the_default_away, "true"),
    always(the_timed_default_is_taken_if_nothing_becomes_ready, "[0, 0]"),
    always(the_timed_default_is_not_taken_if_something_is_ready, "1"),
    exactly(the_timed_default_races_with_a_message, ["(0, [1])", "(1, [])"]),
    exactly(the_timed_default_races_with_a_rendezvous, ["(0, Err(1))", "(1, Ok(()))"]),
    exactly(a_losing_arm_leaves_its_partner_waiting, ["(1, Ok(()), Err(2))", "(2, Err(1), Ok(()))"]),
    exactly(two_selects_share_two_messages, ["(1, 2)", "(2, 1)"]),
    exactly(two_selects_meet_each_other, ["(10, 10)", "(20, 20)"]),
    exactly(a_selects_partner_is_any_of_two, ["[1, 2]", "[2, 1]"]),
    blocks(a_select_over_channels_that_never_are_ready_blocks),
    blocks(a_select_over_both_directions_of_one_rendezvous_blocks),
];

fn the_ready_arm_is_taken() -> impl Debug {
    let ((s1, r1), (s2, r2)) = (unbounded(), bounded(1));
    [1, 2].map(|ready| {
        if ready == 1 {
            s1.send(ready).unwrap()
        } else {
            s2.send(ready).unwrap()
        }
        let taken = select! {
            recv(r1) -> message => message.unwrap(),
            recv(r2) -> message => message.unwrap(),
        };
        (taken, r1.len(), r2.len())
    })
}

fn any_ready_arm_may_be_taken_and_the_others_are_left_alone() -> impl Debug {
    let ((s1, r1), (s2, r2)) = (unbounded(), bounded(1));
    s1.send(1).unwrap();
    s2.send(2).unwrap();
    let taken = select! {
        recv(r1) -> message => message.unwrap(),
        recv(r2) -> message => message.unwrap(),
    };
    (taken, r1.len(), r2.len())
}

fn any_of_two_sends_may_be_made_and_the_other_is_not() -> impl Debug {
    let ((s1, r1), (s2, r2)) = (unbounded(), bounded(1));
    let taken = select! {
        send(s1, 1) -> sent => sent.map(|()| 1).unwrap(),
        send(s2, 2) -> sent => sent.map(|()| 2).unwrap(),
    };
    (taken, r1.len(), r2.len())
}

fn a_send_and_a_receive_may_both_be_ready() -> impl Debug {
    let ((s1, r1), (s2, r2)) = (unbounded(), bounded(1));
    s1.send(1).unwrap();
    let taken = select! {
        recv(r1) -> message => message.unwrap(),
        send(s2, 2) -> sent => sent.map(|()| 2).unwrap(),
    };
    (taken, r1.len(), r2.len())
}

fn the_same_receive_may_stand_in_two_arms() -> impl Debug {
    let (s, r) = unbounded();
    s.send(7).unwrap();
    let taken = select! {
        recv(r) -> message => (1, message.unwrap()),
        recv(r) -> message => (2, message.unwrap()),
    };
    assert!(r.is_empty());
    taken
}

fn the_same_send_may_stand_in_two_arms() -> impl Debug {
    let (s, r) = bounded(2);
    let taken = select! {
        send(s, 1) -> sent => sent.map(|()| 1).unwrap(),
        send(s, 2) -> sent => sent.map(|()| 2).unwrap(),
    };
    (taken, r.try_iter().collect::<Vec<_>>())
}

fn both_directions_of_one_channel_may_be_ready() -> impl Debug {
    let (s, r) = bounded(2);
    s.send(0).unwrap();
    select! {
        send(s, 2) -> sent => sent.unwrap(),
        recv(r) -> message => s.send(message.unwrap() + 1).unwrap(),
    }
    r.try_iter().collect::<Vec<i32>>()
}

fn only_one_direction_of_one_place_is_ready() -> impl Debug {
    let (s, r) = bounded(1);
    let step = || {
        select! {
            send(s, ()) -> sent => sent.map(|()| 1).unwrap(),
            recv(r) -> message => message.map(|()| 2).unwrap(),
        }
    };
    (step(), step(), step())
}

fn a_select_does_not_meet_itself() -> impl Debug {
    let (s, r) = bounded(0);
    select! {
        send(s, ()) -> _ => "sent",
        recv(r) -> _ => "received",
        default(soon()) => "nobody",
    }
}

fn two_selects_over_both_directions_meet_once() -> impl Debug {
    let (s, r) = bounded(0);
    let meet = |mine: i32| {
        select! {
            send(s, mine) -> sent => sent.map(|()| mine).unwrap(),
            recv(r) -> theirs => theirs.unwrap() * 10,
        }
    };
    thread::scope(|scope| {
        let other = scope.spawn(|| meet(2));
        (meet(1), other.join().unwrap())
    })
}

fn a_select_waits_for_an_arm_to_become_ready() -> impl Debug {
    let ((_s1, r1), (s2, r2)) = (unbounded::<i32>(), bounded(0));
    let sender = thread::spawn(move || s2.send(2).unwrap());
    let taken = select! {
        recv(r1) -> message => message.unwrap(),
        recv(r2) -> message => message.unwrap(),
    };
    sender.join().unwrap();
    taken
}

/// One thread makes room, the other sends.
fn a_select_waits_for_room_or_a_message() -> impl Debug {
    let ((full, room), (s, r)) = (bounded(1), bounded(1));
    full.send(0).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| room.recv().unwrap());
        scope.spawn(|| s.send(7).unwrap());
        let taken = select! {
            send(full, 5) -> sent => sent.map(|()| 1).unwrap(),
            recv(r) -> message => message.unwrap(),
        };
        if taken == 1 {
            r.recv().unwrap();
            (1, vec![room.recv().unwrap()])
        } else {
            (taken, vec![])
        }
    })
}

fn an_arm_whose_channel_is_disconnected_is_ready() -> impl Debug {
    let ((s1, r1), (s2, r2)) = (bounded::<i32>(0), bounded(0));
    drop((s1, r2));
    let received = select! {
        recv(r1) -> message => message,
        recv(never()) -> message => message,
    };
    let sent = select! {
        send(s2, 3) -> sent => sent.map_err(|error| error.0),
        recv(never::<()>()) -> _ => Ok(()),
    };
    (received, sent)
}

fn a_disconnected_arm_competes_with_a_ready_one() -> impl Debug {
    let ((s1, r1), (s2, r2)) = (unbounded::<i32>(), bounded(1));
    drop(s1);
    s2.send(1).unwrap();
    select! {
        recv(r1) -> message => message,
        recv(r2) -> message => message,
    }
}

fn what_is_left_in_a_disconnected_channel_comes_first() -> impl Debug {
    let (s, r) = bounded(1);
    s.send(1).unwrap();
    drop(s);
    [(); 2].map(|()| {
        select! {
            recv(r) -> message => message,
            recv(never()) -> message => message,
        }
    })
}

fn the_last_sender_to_go_wakes_a_select() -> impl Debug {
    let ((s1, r1), (_s2, r2)) = (bounded::<i32>(0), unbounded::<i32>());
    let sender = thread::spawn(move || drop(s1));
    let taken = select! {
        recv(r1) -> message => (1, message),
        recv(r2) -> message => (2, message),
    };
    sender.join().unwrap();
    taken
}

fn the_last_receiver_to_go_wakes_a_select() -> impl Debug {
    let (s, r) = bounded(1);
    s.send(0).unwrap();
    let receiver = thread::spawn(move || drop(r));
    let sent = select! {
        send(s, 5) -> sent => sent.map_err(|error| error.0),
        recv(never::<()>()) -> _ => Ok(()),
    };
    receiver.join().unwrap();
    sent
}

fn the_default_is_taken_if_nothing_is_ready() -> impl Debug {
    let ((s1, r1), (s2, _r2)) = (unbounded(), bounded(0));
    [false, true].map(|ready| {
        if ready {
            s1.send(1).unwrap();
        }
        select! {
            recv(r1) -> message => message.unwrap(),
            send(s2, 2) -> _ => 2,
            default => 0,
        }
    })
}

/// The second message is there before the first is taken, so at every moment there is one. But crossbeam looks at one arm
/// after the other, and may look at the second too early and at the first too late.
fn the_default_may_be_taken_while_something_is_ready() -> impl Debug {
    let ((s1, r1), (s2, r2)) = (bounded(1), bounded(1));
    s1.send(1).unwrap();
    thread::scope(|scope| {
        let other = scope.spawn(|| {
            select! {
                recv(r1) -> message => message.is_ok(),
                recv(r2) -> message => message.is_ok(),
                default => false,
            }
        });
        s2.send(2).unwrap();
        let _ = r1.try_recv();
        other.join().unwrap()
    })
}

fn the_default_is_taken_unless_a_partner_waits() -> impl Debug {
    let (s, r) = bounded(0);
    let sender = thread::spawn(move || s.send(1).map_err(|error| error.0));
    let taken = select! {
        recv(r) -> message => message.unwrap(),
        recv(never()) -> message => message.unwrap(),
        default => 0,
    };
    drop(r);
    (taken, sender.join().unwrap())
}

fn a_closed_channel_or_its_message_keeps_the_default_away() -> impl Debug {
    let (s, r) = bounded(1);
    s.send(1).unwrap();
    thread::scope(|scope| {
        let other = scope.spawn(|| {
            select! {
                recv(r) -> _ => true,
                default => false,
            }
        });
        drop(s);
        let _ = r.recv();
        other.join().unwrap()
    })
}

fn the_timed_default_is_taken_if_nothing_becomes_ready() -> impl Debug {
    let (_s, r) = unbounded();
    let one = select! {
        recv(r) -> message => message.unwrap(),
        default(soon()) => 0,
    };
    let two = select! {
        recv(r) -> message => message.unwrap(),
        recv(never()) -> message => message.unwrap(),
        default(soon()) => 0,
    };
    [one, two]
}

fn the_timed_default_is_not_taken_if_something_is_ready() -> impl Debug {
    let (s, r) = unbounded();
    s.send(1).unwrap();
    select! {
        recv(never()) -> message => message.unwrap(),
        recv(r) -> message => message.unwrap(),
        default(Duration::ZERO) => 0,
    }
}

fn the_timed_default_races_with_a_message() -> impl Debug {
    let (s, r) = unbounded();
    let sender = thread::spawn(move || s.send(1).unwrap());
    let taken = select! {
        recv(r) -> message => message.unwrap(),
        recv(never()) -> message => message.unwrap(),
        default(late()) => 0,
    };
    sender.join().unwrap();
    (taken, r.try_iter().collect::<Vec<_>>())
}

fn the_timed_default_races_with_a_rendezvous() -> impl Debug {
    let (s, r) = bounded(0);
    let sender = thread::spawn(move || s.send(1).map_err(|error| error.0));
    let taken = select! {
        recv(r) -> message => message.unwrap(),
        recv(never()) -> message => message.unwrap(),
        default(late()) => 0,
    };
    drop(r);
    (taken, sender.join().unwrap())
}

fn a_losing_arm_leaves_its_partner_waiting() -> impl Debug {
    let ((s1, r1), (s2, r2)) = (bounded(0), bounded(0));
    let one = thread::spawn(move || s1.send(1).map_err(|error| error.0));
    let two = thread::spawn(move || s2.send(2).map_err(|error| error.0));
    let taken = select! {
        recv(r1) -> message => message.unwrap(),
        recv(r2) -> message => message.unwrap(),
    };
    drop((r1, r2));
    (taken, one.join().unwrap(), two.join().unwrap())
}

fn two_selects_share_two_messages() -> impl Debug {
    let ((s1, r1), (s2, r2)) = (bounded(1), bounded(1));
    s1.send(1).unwrap();
    s2.send(2).unwrap();
    let take = || {
        select! {
            recv(r1) -> message => message.unwrap(),
            recv(r2) -> message => message.unwrap(),
        }
    };
    thread::scope(|scope| {
        let other = scope.spawn(take);
        (take(), other.join().unwrap())
    })
}

/// Both sides wait in a select over the same two channels.
fn two_selects_meet_each_other() -> impl Debug {
    let ((s1, r1), (s2, r2)) = (bounded(0), bounded(0));
    thread::scope(|scope| {
        let sender = scope.spawn(|| {
            select! {
                send(s1, 10) -> sent => sent.map(|()| 10).unwrap(),
                send(s2, 20) -> sent => sent.map(|()| 20).unwrap(),
            }
        });
        let received = select! {
            recv(r1) -> message => message.unwrap(),
            recv(r2) -> message => message.unwrap(),
        };
        (received, sender.join().unwrap())
    })
}

fn a_selects_partner_is_any_of_two() -> impl Debug {
    let (s, r) = bounded(0);
    thread::scope(|scope| {
        for mine in [1, 2] {
            let s = &s;
            scope.spawn(move || {
                select! {
                    send(s, mine) -> sent => sent.unwrap(),
                    recv(never::<()>()) -> _ => {}
                }
            });
        }
        [r.recv().unwrap(), r.recv().unwrap()]
    })
}

fn a_select_over_channels_that_never_are_ready_blocks() -> impl Debug {
    select! {
        recv(never::<i32>()) -> message => message,
        recv(never::<i32>()) -> message => message,
    }
}

fn a_select_over_both_directions_of_one_rendezvous_blocks() -> impl Debug {
    let (s, r) = bounded(0);
    select! {
        send(s, 1) -> _ => 1,
        recv(r) -> message => message.unwrap(),
    }
}
