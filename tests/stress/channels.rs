//! Channels in a run: waits at them are seen, and what they promise is kept.

mod elsewhere;
mod traffic;

use std::{
    sync::{
        Arc as StdArc,
        atomic::{AtomicUsize as StdUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use raddle::{
    FailureKind::{Deadlock, Leak, Panic},
    Kind, ObjectKind,
    channel::{
        Receiver, RecvTimeoutError, Select, SendTimeoutError, Sender, TryRecvError, TrySendError, after, at, bounded,
        never, select, select_biased, tick, unbounded,
    },
    go::Chan,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Instant,
};

use super::{Counted, common::expect, fails, passes, stress};

const SOON: Duration = Duration::from_millis(1);
/// No test waits for it.
const LATE: Duration = Duration::from_secs(3_600);

#[test]
fn a_receive_that_nobody_serves_is_a_deadlock() {
    let verdict = fails(Deadlock, "every thread waits: main in recv of channel#1 at tests/stress/channels.rs:", || {
        let (_sender, receiver) = bounded::<u8>(2);
        _ = receiver.recv();
    });
    let waiting = &verdict.failure.as_ref().unwrap().waiting[0];
    assert_eq!((waiting.thread.as_str(), waiting.operation, waiting.line), ("main", Kind::Receive, line!() - 3));
    let object = waiting.object.unwrap();
    assert_eq!((object.kind, object.number), (ObjectKind::Channel, 1));
    fails(Deadlock, "main in recv of channel#2", || {
        let (_other, (sender, receiver)) = (bounded::<u8>(2), unbounded::<u8>());
        sender.send(1).unwrap();
        receiver.iter().for_each(drop);
    });
    fails(Deadlock, "main in recv at tests/stress/channels.rs:", || _ = never::<u8>().recv());
    fails(Deadlock, "main in recv of channel#1", || {
        let timer = after(SOON);
        timer.recv().unwrap();
        _ = timer.recv();
    });
}

#[test]
fn a_send_that_nobody_makes_room_for_is_a_deadlock() {
    fails(Deadlock, "every thread waits: main in send of channel#1 at tests/stress/channels.rs:", || {
        let (sender, _receiver) = bounded(1);
        sender.send(1).unwrap();
        _ = sender.send(2);
    });
    fails(Deadlock, "main in send of channel#1", || {
        let (sender, _receiver) = bounded(0);
        _ = sender.send(1);
    });
    let verdict = fails(Deadlock, "main in send of channel#1", || {
        let (sender, receiver) = bounded(0);
        // Each waits for a receiver.
        let (theirs, _receiver) = (sender.clone(), receiver);
        let other = thread::spawn(move || _ = theirs.send(1));
        _ = sender.send(2);
        other.join().unwrap();
    });
    assert_eq!(verdict.failure.unwrap().waiting.len(), 2);
}

#[test]
fn a_select_none_of_whose_arms_is_ever_ready_is_a_deadlock() {
    let verdict = fails(Deadlock, "main in select at tests/stress/channels.rs", || {
        let ((full, _gone), (_sender, empty)) = (bounded(0), unbounded::<u8>());
        select! {
            send(full, 1) -> _ => {},
            recv(empty) -> _ => {},
            recv(never::<u8>()) -> _ => {},
        }
    });
    assert_eq!(verdict.failure.unwrap().waiting[0].object, None, "there are several");
    fails(Deadlock, "main in ready of channel#1", || {
        let (_sender, receiver) = bounded::<u8>(0);
        let mut list = Select::new();
        list.recv(&receiver);
        list.ready();
    });
    // A thread does not meet itself.
    fails(Deadlock, "main in select", || {
        let (sender, receiver) = bounded(0);
        select! {
            send(sender, 1) -> _ => {},
            recv(receiver) -> _ => {},
        }
    });
    // Who only looks is nobody to meet.
    fails(Deadlock, "t1 in ready of channel#1", || {
        let (sender, receiver) = bounded::<u8>(0);
        let theirs = receiver.clone();
        let other = thread::spawn(move || {
            let mut list = Select::new();
            list.recv(&theirs);
            list.ready();
            thread::park();
        });
        let mut list = Select::new();
        list.send(&sender);
        list.ready();
        other.join().unwrap();
    });
}

#[test]
fn waits_at_stds_channels_are_seen() {
    fails(Deadlock, "every thread waits: main in recv of channel#1 at tests/stress/channels.rs:", || {
        let (_sender, receiver) = mpsc::channel::<u8>();
        _ = receiver.recv();
    });
    fails(Deadlock, "main in recv of channel#1", || {
        let (sender, receiver) = mpsc::channel();
        sender.send(1).unwrap();
        let theirs = sender.clone();
        drop(sender);
        receiver.iter().for_each(drop);
        drop(theirs);
    });
    fails(Deadlock, "main in send of channel#1", || {
        let (sender, _receiver) = mpsc::sync_channel(1);
        sender.send(1).unwrap();
        _ = sender.send(2);
    });
    fails(Leak, "t1 in send of channel#1", || {
        let (sender, receiver) = mpsc::sync_channel(0);
        std::mem::forget(receiver);
        drop(thread::spawn(move || _ = sender.send(1)));
    });
}

#[test]
fn two_threads_that_wait_for_each_others_messages_are_a_deadlock() {
    let verdict = fails(Deadlock, "every thread waits", || {
        let ((ping, pinged), (pong, ponged)) = (bounded::<u8>(0), bounded::<u8>(0));
        let other = thread::spawn(move || {
            pinged.recv().unwrap();
            pong.send(1).unwrap();
        });
        ponged.recv().unwrap();
        ping.send(1).unwrap();
        other.join().unwrap();
    });
    let waiting: Vec<_> =
        verdict.failure.unwrap().waiting.iter().map(|w| (w.operation, w.object.unwrap().number)).collect();
    assert_eq!(waiting, [(Kind::Receive, 2), (Kind::Receive, 1)]);
}

#[test]
fn who_is_left_when_main_has_returned_is_a_leak() {
    fails(Leak, "t1 in recv of channel#1", || {
        let (sender, receiver) = unbounded::<u8>();
        drop(thread::spawn(move || {
            let _sender = sender;
            receiver.into_iter().for_each(drop);
        }));
    });
}

#[test]
fn a_wait_that_time_ends_is_no_deadlock() {
    passes(20, || {
        let (sender, receiver) = bounded(0);
        assert_eq!(receiver.recv_timeout(SOON), Err(RecvTimeoutError::Timeout));
        assert_eq!(sender.send_timeout(7, SOON), Err(SendTimeoutError::Timeout(7)));
        assert_eq!(receiver.recv_deadline(Instant::now()), Err(RecvTimeoutError::Timeout));
        let (first, second) = (after(SOON), tick(SOON));
        let when = select! {
            recv(first) -> when => when.unwrap(),
            recv(receiver) -> _ => unreachable!(),
        };
        assert!(when <= Instant::now());
        let (one, two) = (second.recv().unwrap(), second.recv().unwrap());
        assert!(two >= one + SOON);
        assert_eq!(at(when).recv(), Ok(when));
        let (stds, received) = mpsc::channel::<u8>();
        assert_eq!(received.recv_timeout(SOON), Err(mpsc::RecvTimeoutError::Timeout));
        drop(stds);
        assert_eq!(received.recv_timeout(LATE), Err(mpsc::RecvTimeoutError::Disconnected));
        select! {
            recv(receiver) -> _ => unreachable!(),
            recv(never::<u8>()) -> _ => unreachable!(),
            default(SOON) => {}
        }
    });
    // A thread whose time will come may yet help another.
    passes(20, || {
        let (sender, receiver) = unbounded();
        let other = thread::spawn(move || {
            after(SOON).recv().unwrap();
            sender.send(1).unwrap();
        });
        receiver.recv().unwrap();
        other.join().unwrap();
    });
}

#[test]
fn a_timer_that_is_set_while_somebody_waits_for_it_wakes_him() {
    passes(50, || {
        let timer = raddle::go::Timer::new(LATE);
        assert!(timer.stop());
        let theirs = timer.clone();
        let other = thread::spawn(move || theirs.c.recv().unwrap());
        thread::sleep(Duration::from_micros(200));
        // As long as this one runs, the other waits; and for no longer than the timer says.
        timer.reset(LATE);
        thread::sleep(Duration::from_micros(200));
        timer.reset(Duration::ZERO);
        other.join().unwrap();
    });
}

#[test]
fn a_run_that_has_failed_unwinds_who_waits_at_a_channel() {
    type Wait = fn(&Sender<u8>, &Receiver<u8>);
    let waits: [Wait; 6] = [
        |_, receiver| _ = receiver.recv(),
        |sender, _| _ = sender.send(1),
        |_, receiver| _ = receiver.recv_timeout(LATE),
        |_, receiver| {
            select! {
                recv(receiver) -> _ => {},
                recv(after(LATE)) -> _ => {},
            }
        },
        |sender, receiver| {
            select_biased! {
                recv(receiver) -> _ => {},
                send(sender, 1) -> _ => {},
            }
        },
        |_, receiver| {
            while receiver.try_recv().is_err() {
                thread::yield_now();
            }
        },
    ];
    for wait in waits {
        fails(Panic, "and nobody else goes on", move || {
            let (sender, receiver) = bounded(0);
            drop(thread::spawn(move || wait(&sender, &receiver)));
            drop(thread::spawn(|| {
                thread::sleep(Duration::from_micros(100));
                panic!("and nobody else goes on");
            }));
            thread::park();
        });
    }
}

#[test]
fn every_message_is_dropped_once_however_the_run_ends() {
    let count = StdArc::new(StdUsize::new(0));
    let counted = StdArc::clone(&count);
    fails(Deadlock, "every thread waits", move || {
        assert_eq!(counted.load(SeqCst), 0, "left from the run before");
        let message = || Counted::new(&counted);
        let (sender, receiver) = bounded(1);
        sender.send(message()).unwrap();
        let (stds, received) = mpsc::sync_channel(3);
        stds.send(message()).unwrap();
        stds.send(message()).unwrap();
        let (go, nobody) = (Chan::new(2), Chan::new(0));
        go.send(message());
        let (theirs, mine, nobodys) = (sender.clone(), message(), nobody.clone());
        let waits = [thread::spawn(move || drop(theirs.send(mine))), {
            let mine = message();
            thread::spawn(move || nobodys.send(mine))
        }];
        let mine = message();
        select! {
            send(sender, mine) -> _ => {},
            recv(never::<u8>()) -> _ => {},
        }
        waits.into_iter().for_each(|wait| wait.join().unwrap());
        drop((receiver, received, go, nobody));
    });
    assert_eq!(count.load(SeqCst), 0);
}

#[test]
fn what_nobody_will_receive_is_dropped_when_its_library_drops_it() {
    let count = StdArc::new(StdUsize::new(0));
    passes(50, move || {
        let left = || count.load(SeqCst);
        let message = || Counted::new(&count);
        // crossbeam's: an unbounded channel discards, a bounded one keeps it for its senders.
        let (sender, receiver) = unbounded();
        sender.send(message()).unwrap();
        drop(receiver);
        assert_eq!(left(), 0);
        drop(sender.send(message()).unwrap_err());
        let (sender, receiver) = bounded(1);
        sender.send(message()).unwrap();
        drop(receiver);
        assert_eq!((left(), sender.len()), (1, 1));
        assert!(matches!(sender.try_send(message()), Err(TrySendError::Disconnected(_))));
        drop(sender);
        assert_eq!(left(), 0);
        // std's: both discard.
        let (sender, receiver) = mpsc::sync_channel(1);
        sender.send(message()).unwrap();
        drop(receiver);
        assert_eq!(left(), 0);
        drop(sender.send(message()).unwrap_err());
        // Messages outlive their senders.
        let (sender, receiver) = bounded(2);
        sender.send(message()).unwrap();
        drop(sender);
        assert_eq!(left(), 1);
        assert!(receiver.recv().is_ok());
        assert!(matches!(receiver.try_recv(), Err(TryRecvError::Disconnected)));
        assert!(receiver.recv().is_err());
        assert_eq!(left(), 0);
    });
}

#[test]
fn a_messages_destructor_may_use_the_channel() {
    /// In its destructor, sends.
    struct Sends(Sender<u8>, Receiver<u8>);
    impl Drop for Sends {
        fn drop(&mut self) {
            self.0.send(1).unwrap();
            assert_eq!((self.1.len(), self.1.recv()), (1, Ok(1)));
        }
    }
    passes(20, || {
        let (sender, receiver) = bounded(1);
        let (outer, inner) = unbounded();
        outer.send(Sends(sender.clone(), receiver.clone())).unwrap();
        drop(inner);
        let (outer, inner) = bounded(1);
        outer.send(Sends(sender, receiver)).unwrap();
        drop((outer, inner));
    });
}

#[test]
fn who_receives_what_is_still_being_made_waits_for_it() {
    passes(100, || {
        let (sender, receiver) = bounded(1);
        let (go, gone) = bounded::<()>(0);
        let other = thread::spawn(move || {
            select! {
                // The place is taken before the message is there.
                send(sender, { gone.recv().unwrap(); 7 }) -> sent => sent.unwrap(),
            }
        });
        while receiver.is_empty() {
            thread::yield_now();
        }
        let theirs = thread::spawn(move || go.send(()).unwrap());
        assert_eq!(receiver.try_recv(), Ok(7));
        theirs.join().unwrap();
        other.join().unwrap();
    });
    fails(Deadlock, "main in recv of channel#1", || {
        let (sender, receiver) = bounded(1);
        drop(thread::spawn(move || {
            select! {
                send(sender, { thread::park(); 7 }) -> sent => sent.unwrap(),
            }
        }));
        _ = receiver.recv();
    });
}

#[test]
fn what_waits_at_channels_and_goes_on_is_never_taken_for_stuck() {
    let programs: [fn(); 9] = [
        || traffic::many_to_many(Some(0)),
        || traffic::many_to_many(Some(2)),
        || traffic::many_to_many(None),
        traffic::selects,
        traffic::ping_pong,
        traffic::looks,
        traffic::timeouts,
        traffic::hang_ups,
        traffic::goes,
    ];
    for program in programs {
        passes(300, program);
    }
}

#[test]
fn a_stuck_select_says_so_though_it_has_been_woken() {
    let verdict = stress(20, || {
        let (sender, receiver) = bounded(1);
        let others: Vec<_> = (0..2)
            .map(|_| {
                let receiver = receiver.clone();
                thread::spawn(move || {
                    select! {
                        recv(receiver) -> got => got.unwrap(),
                        recv(never::<()>()) -> _ => unreachable!(),
                    }
                })
            })
            .collect();
        sender.send(()).unwrap();
        others.into_iter().for_each(|other| other.join().unwrap());
    });
    expect(&verdict, Deadlock, "in select of channel#1 at tests/stress/channels.rs");
    assert_eq!(verdict.failures, 20);
}
