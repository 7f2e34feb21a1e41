//! What loom 0.7.3 and shuttle 0.9.9 do wrong, and users of both have met: one small model each, right here in every
//! world. (`loom#n` is an issue of tokio-rs/loom, `shuttle#n` one of awslabs/shuttle.)
//!
//! The rest of the list is tested where its subject is: a park token that ends a wait (loom#422) in `threads`, poisoning
//! in `semantics`, statics in `statics`, threads that unwind together and panics that print in `clean`, races on what an
//! `Arc` guards in `arcs`, tokens of one execution (shuttle#354) in `replay`.

use std::time::Duration;

use crate::common::*;
use raddle::{
    Check, Coverage,
    FailureKind::Deadlock,
    Limit, Strategy,
    sync::{
        Arc, Barrier, Condvar, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, channel, sync_channel},
    },
    thread,
};

const SECOND: Duration = Duration::from_secs(1);

/// loom#376: a thread that was about to try was blocked with those that wait, and nobody was left to run.
#[test]
fn a_try_lock_that_meets_those_who_wait_is_no_deadlock() {
    explores([2, 3], || {
        let total = Arc::new(Mutex::new(0));
        let add = |total: &Mutex<i32>| *total.lock().unwrap() += 1;
        let [first, second] = [(); 2].map(|()| Arc::clone(&total));
        let first = thread::spawn(move || add(&first));
        let second = thread::spawn(move || add(&second));
        if let Ok(mut total) = total.try_lock() {
            *total += 1;
        }
        first.join().unwrap();
        second.join().unwrap();
        *total.lock().unwrap()
    });
}

/// loom: `recv` waits for ever once every sender is gone, and `try_recv` says Empty (loom#213).
#[test]
fn a_receiver_learns_that_every_sender_is_gone() {
    passes(|| {
        let (s, r) = channel();
        let sender = thread::spawn(move || s.send(1).unwrap());
        assert_eq!((r.recv(), r.recv()), (Ok(1), Err(RecvError)));
        assert_eq!(r.try_recv(), Err(TryRecvError::Disconnected));
        sender.join().unwrap();
    });
}

#[test]
fn a_sender_learns_that_the_receiver_is_gone() {
    explores([true, false], || {
        let (s, r) = sync_channel(1);
        let receiver = thread::spawn(move || assert_eq!(r.recv(), Ok(1)));
        s.send(1).unwrap();
        let sent = s.send(2);
        receiver.join().unwrap();
        assert!(matches!(sent, Ok(()) | Err(SendError(2))));
        sent.is_ok()
    });
}

/// Both: a timeout never fires.
#[test]
fn a_timeout_fires_where_nothing_else_ends_the_wait() {
    passes(|| {
        let (s, r) = channel::<()>();
        assert_eq!(r.recv_timeout(SECOND), Err(RecvTimeoutError::Timeout));
        drop(s);
        let pair = (Mutex::new(()), Condvar::new());
        assert!(pair.1.wait_timeout(pair.0.lock().unwrap(), SECOND).unwrap().1.timed_out());
        thread::park_timeout(SECOND);
    });
}

/// loom: `notify_one` wakes whoever has waited longest.
#[test]
fn a_notification_wakes_the_second_waiter_too() {
    explores([1, 2], || {
        let shared = Arc::new((Mutex::new((0, 0)), Condvar::new()));
        let waiters = [(); 2].map(|()| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let mut state = shared.0.lock().unwrap();
                state.0 += 1;
                let place = state.0;
                state = shared.1.wait(state).unwrap();
                if state.1 == 0 {
                    state.1 = place;
                }
                shared.1.notify_one();
            })
        });
        let mut state = shared.0.lock().unwrap();
        while state.0 < 2 {
            drop(state);
            thread::yield_now();
            state = shared.0.lock().unwrap();
        }
        shared.1.notify_one();
        drop(state);
        waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
        shared.0.lock().unwrap().1
    });
}

/// Both: the panic of a thread that is joined fails the test (loom#417, shuttle#193).
#[test]
fn a_join_returns_the_panic_of_its_thread() {
    passes(|| {
        let payload = thread::spawn(|| panic!("expected")).join().unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"expected"));
    });
}

/// loom#291: after a deadlock, a destructor that touches one of loom's objects ends the process.
#[test]
fn a_deadlock_in_which_destructors_use_atomics_is_a_verdict() {
    struct Counts(Arc<AtomicUsize>);
    impl Drop for Counts {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    fails(Deadlock, "every thread waits", || {
        let counts = Counts(Arc::default());
        let theirs = Counts(Arc::clone(&counts.0));
        let barrier = Arc::new(Barrier::new(3));
        let other = Arc::clone(&barrier);
        let other = thread::spawn(move || {
            let _counts = theirs;
            other.wait();
        });
        barrier.wait();
        other.join().unwrap();
    });
}

/// loom: limits are looked at every 20,000 executions. Stopping early passes for a pass.
#[test]
fn a_limit_on_executions_holds_exactly_and_is_told() {
    for strategy in exhaustive() {
        let check = Check::new("model").strategy(strategy).executions(3);
        let verdict = check.run(three_add).unwrap();
        // In the loom world an exploration within a bound of preemptions follows, with a budget of its own.
        assert_eq!((verdict.executions, verdict.coverage), (3, Coverage::Truncated { by: Limit::Executions }));
    }
}

fn three_add() {
    let total = Arc::new(AtomicUsize::new(0));
    let adders = [(); 3].map(|()| {
        let total = Arc::clone(&total);
        thread::spawn(move || total.fetch_add(1, SeqCst))
    });
    adders.into_iter().for_each(|adder| assert!(adder.join().unwrap() < 3));
    assert_eq!(total.load(SeqCst), 3);
}

/// shuttle: PCT panics where there is nothing to schedule.
#[test]
fn a_model_of_one_thread_can_be_sampled() {
    for strategy in compiled(&[Strategy::Pct { depth: 3 }]) {
        passes_with(strategy, || assert_eq!(OnceLock::from(1).get(), Some(&1)));
        passes_with(strategy, || ());
    }
}

/// loom: main and every thread have 32 KiB, which formatting a panic in an unoptimised build may fill.
#[test]
fn a_models_threads_have_room() {
    fn fills() -> u8 {
        let room = std::hint::black_box([1_u8; 64 * 1024]);
        room[room.len() - 1]
    }
    passes(|| {
        let other = thread::spawn(fills);
        assert_eq!(fills() + other.join().unwrap(), 2);
    });
}
