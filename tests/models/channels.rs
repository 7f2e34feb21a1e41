//! Channels in models: who meets whom, what is explored, what a disconnection does.

use std::time::Duration;

use crate::common::*;
use raddle::{
    Check, Coverage,
    FailureKind::{Deadlock, Leak, Livelock, Panic},
    Strategy, World,
    channel::{self, TryRecvError, bounded, select, unbounded},
    go::{Chan, go},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

const SECOND: Duration = Duration::from_secs(1);

/// Executions that an exploration needs.
fn executions(strategy: Strategy, model: impl Fn() + Send + Sync + 'static) -> u64 {
    passes_with(strategy, model).executions
}

fn rendezvous() {
    let (s, r) = bounded(0);
    let sender = thread::spawn(move || s.send(7).unwrap());
    assert_eq!(r.recv(), Ok(7));
    sender.join().unwrap();
}

#[test]
fn a_rendezvous_is_one_execution() {
    passes(rendezvous);
    for strategy in exhaustive() {
        assert_eq!(executions(strategy, rendezvous), 1, "{strategy}");
    }
}

fn two_through_one() {
    let (s, r) = bounded(1);
    let sender = thread::spawn(move || {
        s.send(1).unwrap();
        s.send(2).unwrap();
    });
    assert_eq!((r.recv(), r.recv()), (Ok(1), Ok(2)));
    sender.join().unwrap();
}

#[test]
fn two_messages_pass_through_one_place_in_one_execution() {
    passes(two_through_one);
    for strategy in exhaustive() {
        assert_eq!(executions(strategy, two_through_one), 1, "{strategy}");
    }
}

fn select_of_two() {
    let ((s, a), (t, b)) = (bounded(1), bounded(1));
    let senders = [(s, 1), (t, 2)].map(|(s, value)| thread::spawn(move || s.send(value).unwrap()));
    let total = select! {
        recv(a) -> first => first.unwrap() + b.recv().unwrap(),
        recv(b) -> first => first.unwrap() + a.recv().unwrap(),
    };
    assert_eq!(total, 3);
    for sender in senders {
        sender.join().unwrap();
    }
}

/// The select comes between the sends, whichever is first, or after both, and takes either.
#[test]
fn a_select_of_two_has_one_execution_for_each_state_that_it_finds() {
    passes(select_of_two);
    if shuttle() {
        assert_eq!(executions(Strategy::Dfs, select_of_two), 6);
        assert_eq!(executions(Strategy::Dpor, select_of_two), 4);
    }
}

fn senders_at_a_rendezvous(senders: u64) {
    let (s, r) = bounded(0);
    for n in 0..senders {
        let s = s.clone();
        thread::spawn(move || s.send(n).unwrap());
    }
    assert_eq!((0..senders).map(|_| r.recv().unwrap()).sum::<u64>(), senders * (senders - 1) / 2);
}

#[test]
fn a_rendezvous_of_many_has_one_execution_for_each_order_in_which_they_are_met() {
    for (senders, orders) in [(2, 2), (3, 6), (4, 24)] {
        for strategy in compiled(&[Strategy::Dfs, Strategy::Dpor]) {
            assert_eq!(executions(strategy, move || senders_at_a_rendezvous(senders)), orders, "{strategy}");
        }
    }
}

/// Values go through a channel with room, from one thread to another.
fn stream(room: usize) {
    let (s, r) = bounded(room);
    let sender = thread::spawn(move || (0..4).for_each(|value| s.send(value).unwrap()));
    assert!(r.iter().eq(0..4));
    sender.join().unwrap();
}

#[test]
fn a_sender_and_a_receiver_commute() {
    if shuttle() {
        for room in 1..4 {
            assert_eq!(executions(Strategy::Dpor, move || stream(room)), 1);
            assert!(executions(Strategy::Dfs, move || stream(room)) > 1);
        }
    }
}

#[test]
fn every_partner_of_a_rendezvous_is_explored() {
    explores([(1, 2), (2, 1)], || {
        let (s, r) = bounded(0);
        let t = s.clone();
        let senders = [thread::spawn(move || s.send(1).unwrap()), thread::spawn(move || t.send(2).unwrap())];
        let got = (r.recv().unwrap(), r.recv().unwrap());
        for sender in senders {
            sender.join().unwrap();
        }
        got
    });
}

#[test]
fn every_ready_arm_of_a_select_is_explored() {
    explores([1, 2], || {
        let ((s, a), (t, b)) = (unbounded(), unbounded());
        s.send(1).unwrap();
        t.send(2).unwrap();
        select! {
            recv(a) -> got => got.unwrap(),
            recv(b) -> got => got.unwrap(),
        }
    });
}

#[test]
fn hanging_up_ends_a_wait_after_what_was_sent() {
    explores([vec![1, 2]], || {
        let (s, r) = bounded(1);
        let sender = thread::spawn(move || {
            s.send(1).unwrap();
            s.send(2).unwrap();
        });
        let got: Vec<i32> = r.iter().collect();
        sender.join().unwrap();
        got
    });
}

#[test]
fn whether_a_sender_has_hung_up_is_explored() {
    explores([false, true], || {
        let (s, r) = unbounded::<()>();
        let t = s.clone();
        let threads = [thread::spawn(move || drop(s)), thread::spawn(move || drop(t))];
        let got = r.try_recv();
        for thread in threads {
            thread.join().unwrap();
        }
        got == Err(TryRecvError::Disconnected)
    });
}

#[test]
fn a_timeout_and_the_message_that_it_races_with_are_both_explored() {
    explores([true, false], || {
        let (s, r) = bounded(0);
        let sender = thread::spawn(move || s.send(1).is_ok());
        let got = r.recv_timeout(SECOND).is_ok();
        drop(r);
        assert_eq!(sender.join().unwrap(), got, "both know whether the message was handed over");
        got
    });
}

#[test]
fn try_send_meets_only_a_receiver_that_waits() {
    explores([true, false], || {
        let (s, r) = bounded(0);
        let receiver = thread::spawn(move || r.recv().is_ok());
        let sent = s.try_send(1).is_ok();
        drop(s);
        assert_eq!(receiver.join().unwrap(), sent);
        sent
    });
}

#[test]
fn a_message_is_neither_lost_nor_doubled_by_a_select_that_sends_and_receives() {
    explores([(Some(1), 0), (None, 1)], || {
        let ((s, a), (t, b)) = (bounded::<i32>(0), bounded::<i32>(0));
        let other = thread::spawn(move || {
            select! {
                recv(a) -> got => got.ok(),
                send(t, 5) -> sent => { sent.unwrap(); None }
            }
        });
        let mine = select! {
            send(s, 1) -> sent => { sent.unwrap(); 0 }
            recv(b) -> got => { assert_eq!(got, Ok(5)); 1 }
        };
        (other.join().unwrap(), mine)
    });
}

#[test]
fn a_lone_rendezvous_is_a_deadlock() {
    fails(Deadlock, "main in send of channel#1", || {
        let (s, _r) = bounded(0);
        s.send(1).unwrap();
    });
}

#[test]
fn a_sender_that_nobody_receives_from_is_a_leak() {
    fails(Leak, "t1 in send of channel#1", || {
        let (s, r) = bounded(0);
        thread::spawn(move || s.send(1));
        std::mem::forget(r);
    });
}

#[test]
fn a_ticker_that_nobody_stops_is_a_livelock() {
    fails(Livelock, "main in ", || {
        let ticks = channel::tick(SECOND);
        loop {
            ticks.recv().unwrap();
        }
    });
}

#[test]
fn early_timeouts_are_limited_and_the_exploration_says_so() {
    for strategy in exhaustive() {
        let model = || {
            let (s, r) = bounded(1);
            let sender = thread::spawn(move || s.send(1).unwrap());
            while r.recv_timeout(SECOND).is_err() {}
            sender.join().unwrap();
        };
        let verdict = Check::new("retry").strategy(strategy).run(model).unwrap();
        assert!(verdict.passed(), "{}", raddle::render(&verdict));
        assert_eq!(
            verdict.coverage,
            Coverage::Bounded { preemptions: None, firings: Some(2), wakes: None },
            "{strategy}"
        );
        let never = Check::new("retry").strategy(strategy).firings(0).run(model).unwrap();
        assert_eq!(
            never.coverage,
            Coverage::Bounded { preemptions: None, firings: Some(0), wakes: None },
            "{strategy}"
        );
        assert!(never.executions < verdict.executions);
    }
}

#[test]
fn in_a_timed_model_the_earlier_timer_fires_first() {
    if !shuttle() {
        return;
    }
    let model = || {
        let (late, early) = (channel::after(2 * SECOND), channel::after(SECOND));
        let first = select! {
            recv(late) -> _ => "late",
            recv(early) -> _ => "early",
        };
        assert_eq!(first, "early");
        let start = raddle::time::Instant::now();
        thread::sleep(SECOND);
        assert_eq!(start.elapsed(), SECOND);
    };
    let verdict = Check::new("timed").strategy(Strategy::Dfs).timed().run(model).unwrap();
    assert!(verdict.passed(), "{}", raddle::render(&verdict));
    assert_eq!(verdict.coverage, Coverage::Exhausted);
    let verdict = Check::new("not timed").strategy(Strategy::Dfs).run(model).unwrap();
    expect(&verdict, Panic, "early");
    if loom() {
        let refused = Check::new("timed").world(World::Loom).timed().run(model);
        assert!(refused.unwrap_err().to_string().contains("no virtual time"));
    }
}

#[test]
fn what_was_done_before_a_send_is_seen_after_its_receive() {
    // Also by a receiver that waits for one sender and meets another.
    passes(|| {
        let (calls, done) = (Arc::new(AtomicUsize::new(0)), Chan::new(0));
        for _ in 0..2 {
            let (calls, done) = (Arc::clone(&calls), done.clone());
            go(move || {
                calls.fetch_add(1, Relaxed);
                done.send(());
            });
        }
        done.recv().unwrap();
        done.recv().unwrap();
        assert_eq!(calls.load(Relaxed), 2);
    });
}

#[test]
fn whoever_only_looks_can_meet_a_send_before_it_times_out() {
    explores([(None, false), (Some(1), true)], || {
        let (s, r) = bounded(0);
        let sender = thread::spawn(move || s.send_timeout(1, SECOND).is_ok());
        let got = r.try_recv().ok();
        std::mem::forget(r);
        (got, sender.join().unwrap())
    });
}

#[test]
fn a_biased_select_that_is_met_takes_its_first_arm() {
    explores([(0, 1)], || {
        let (s, r) = bounded(0);
        let receiver = thread::spawn(move || {
            let mut list = channel::Select::new_biased();
            list.recv(&r);
            list.recv(&r);
            let selected = list.select();
            (selected.index(), selected.recv(&r).unwrap())
        });
        s.send(1).unwrap();
        receiver.join().unwrap()
    });
}

#[test]
fn selects_that_need_not_wait_do_not_meet() {
    explores([(2, 2)], || {
        let ((s, r), (room, _kept), (more, _too)) = (bounded(0), bounded(1), bounded(1));
        let other = thread::spawn(move || {
            select! {
                send(s, 1) -> sent => { sent.unwrap(); 1 }
                send(room, 2) -> sent => { sent.unwrap(); 2 }
            }
        });
        let mine = select! {
            recv(r) -> got => got.unwrap_or(2),
            send(more, 2) -> sent => { sent.unwrap(); 2 }
        };
        (other.join().unwrap(), mine)
    });
}

#[test]
fn a_select_that_need_not_wait_meets_whoever_does() {
    explores([None, Some(1)], || {
        let ((s, r), (dead, gone)) = (bounded(0), bounded(0));
        drop(gone);
        let other = thread::spawn(move || r.recv().ok());
        select! {
            send(s, 1) -> sent => sent.unwrap(),
            send(dead, 2) -> sent => assert!(sent.is_err()),
        }
        drop(s);
        other.join().unwrap()
    });
}

/// What is left in a channel without receivers, and whether the message there has been dropped.
fn left_behind(capacity: Option<usize>) -> (usize, bool) {
    let (s, r) = capacity.map_or_else(unbounded, bounded);
    let message = std::sync::Arc::new(());
    s.send(message.clone()).unwrap();
    drop(r);
    (s.len(), std::sync::Arc::strong_count(&message) == 1)
}

#[test]
fn a_bounded_channel_keeps_what_nobody_will_receive() {
    if World::compiled().contains(&World::Std) {
        assert_eq!((left_behind(Some(1)), left_behind(None)), ((1, false), (0, true)), "crossbeam-channel does");
    }
    explores([((1, false), (0, true))], || (left_behind(Some(1)), left_behind(None)));
    passes(|| {
        let (s, r) = bounded(1);
        let message = std::sync::Arc::new(());
        s.send(message.clone()).unwrap();
        drop((r, s));
        assert_eq!(std::sync::Arc::strong_count(&message), 1, "it goes with the channel");
    });
}

#[test]
fn what_a_receiver_discards_was_there_before() {
    explores([0, 1], || {
        let (s, r) = unbounded();
        let t = s.clone();
        let other = thread::spawn(move || {
            s.send(1).unwrap();
            drop(r);
        });
        let len = t.len();
        other.join().unwrap();
        len
    });
}

#[test]
fn that_one_wait_times_out_does_not_end_another() {
    // The timer is armed later than the wait begins.
    explores([true, false], || {
        let (s, r) = bounded::<()>(0);
        let waiter = thread::spawn(move || r.recv_timeout(SECOND));
        let mut list = channel::Select::new();
        list.send(&s);
        list.ready();
        let timer = channel::after(SECOND);
        waiter.join().unwrap().unwrap_err();
        timer.try_recv().is_ok()
    });
    // A thread that has waited as long itself knows that it has fired.
    passes(|| {
        let timer = channel::after(SECOND);
        thread::sleep(SECOND);
        timer.try_recv().unwrap();
    });
}

#[test]
fn a_poll_that_a_limit_keeps_from_firing_is_reported() {
    for strategy in exhaustive() {
        let poll = || assert!(channel::after(SECOND).try_recv().is_err());
        let verdict = Check::new("poll").strategy(strategy).firings(0).run(poll).unwrap();
        let bounded = Coverage::Bounded { preemptions: None, firings: Some(0), wakes: None };
        assert_eq!(verdict.coverage, bounded, "{strategy}");
    }
}

fn select_over_two() {
    let ((s1, r1), (s2, r2)) = (bounded(1), bounded(1));
    let senders = [(s1, 1), (s2, 2)].map(|(s, value)| thread::spawn(move || s.send(value).unwrap()));
    let total = select! {
        recv(r1) -> first => first.unwrap() + r2.recv().unwrap(),
        recv(r2) -> first => first.unwrap() + r1.recv().unwrap(),
    };
    assert_eq!(total, 3);
    for sender in senders {
        sender.join().unwrap();
    }
}

#[test]
fn a_select_over_two_senders_is_few_executions() {
    passes(select_over_two);
    for (strategy, most) in [(Strategy::Exhaustive, 20), (Strategy::Dfs, 6)] {
        for strategy in compiled(&[strategy]) {
            assert_eq!(executions(strategy, select_over_two), most, "{strategy}");
        }
    }
}

#[test]
fn whoever_waits_at_two_channels_is_met_at_either() {
    explores([1, 2], || {
        let ((s1, r1), (s2, r2)) = (bounded(0), bounded(0));
        let receivers = [r1, r2].map(|r| thread::spawn(move || r.recv().unwrap()));
        let first = select! {
            send(s1, 1) -> sent => { sent.unwrap(); s2.send(2).unwrap(); 1 },
            send(s2, 2) -> sent => { sent.unwrap(); s1.send(1).unwrap(); 2 },
        };
        for receiver in receivers {
            receiver.join().unwrap();
        }
        first
    });
}

#[test]
fn whoever_looks_for_a_partner_sees_one_that_waits_with_a_timeout() {
    explores([true, false], || {
        let (s, r) = bounded(0);
        let receiver = thread::spawn(move || r.recv_timeout(SECOND).is_ok());
        let mut partner = channel::Select::new();
        partner.send(&s);
        partner.ready();
        let sent = s.send(1).is_ok();
        assert_eq!(receiver.join().unwrap(), sent);
        sent
    });
}
