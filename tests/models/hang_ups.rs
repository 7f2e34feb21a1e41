//! Hanging up in models: every order in which senders and receivers go that somebody could tell from another is explored,
//! and what those who go did before is seen.

use crate::common::*;
use raddle::{
    Strategy,
    channel::{TryRecvError, TrySendError, bounded, select, unbounded},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

/// A message that says when it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[test]
fn a_receiver_is_dropped_before_or_after_another_thread_tells() {
    // Whichever of the two goes last, the send is refused only after both have gone.
    explores([true, false], || {
        let (s, r) = bounded(1);
        let other = r.clone();
        thread::spawn(move || drop(other));
        drop(r);
        s.try_send(1).is_ok()
    });
}

#[test]
fn a_sender_that_is_dropped_late_may_have_been_dropped_before() {
    // The thread does something that others cannot see first: nothing but the drop tells the two orders apart.
    explores([true, false], || {
        let (s, r) = bounded::<()>(1);
        let flag = Arc::new(AtomicUsize::new(0));
        let theirs = Arc::clone(&flag);
        thread::spawn(move || {
            theirs.fetch_add(1, Relaxed);
            drop(s);
        });
        r.try_recv() == Err(TryRecvError::Disconnected)
    });
}

#[test]
fn a_sender_that_goes_early_may_have_gone_after_the_other_one() {
    // Whoever goes first, nothing but the second to go can be told from what the receiver sees.
    explores([true, false], || {
        let (s, r) = bounded::<()>(0);
        let other = s.clone();
        let receiver = thread::spawn(move || {
            drop(other);
            r.try_recv() == Err(TryRecvError::Disconnected)
        });
        drop(s);
        receiver.join().unwrap()
    });
}

#[test]
fn a_receiver_that_goes_early_may_have_gone_later() {
    // The other thread goes on to hang up as soon as it has sent.
    explores([(false, false), (false, true), (true, false), (true, true)], || {
        let ((s, r), (to, from)) = (bounded(1), bounded(1));
        let other = r.clone();
        thread::spawn(move || {
            let _ = to.try_send(());
            drop(other);
        });
        let sent = from.try_recv().is_ok();
        drop(r);
        (sent, matches!(s.try_send(3), Err(TrySendError::Disconnected(_))))
    });
}

#[test]
fn whoever_is_met_could_have_seen_another_channel_hung_up() {
    explores(["met", "hung up"], || {
        let ((s, r), (other, hung_up)) = (bounded(0), bounded::<()>(1));
        thread::spawn(move || r.recv().is_ok());
        thread::spawn(move || drop(other));
        select! {
            send(s, 1) -> sent => { sent.unwrap(); "met" },
            recv(hung_up) -> none => { none.unwrap_err(); "hung up" },
        }
    });
}

/// What a search sees that tries both orders of steps that do not commute. Depth-first search lets whoever drops a sender
/// or receiver first go on.
fn explores_in_both_orders(model: fn() -> usize) {
    for strategy in compiled(&[Strategy::Exhaustive, Strategy::Dpor]) {
        assert_eq!(outcomes(strategy, model), [0, 1].into(), "{strategy}");
    }
}

#[test]
fn whoever_hangs_up_last_drops_what_is_queued() {
    // The thread sees it dropped if it goes last itself, and else only if it looks late enough.
    explores_in_both_orders(|| {
        let ((s, r), drops) = (bounded(1), Arc::new(AtomicUsize::new(0)));
        assert!(s.send(Counted(Arc::clone(&drops))).is_ok());
        let thread = thread::spawn(move || {
            drop(r);
            drops.load(Relaxed)
        });
        drop(s);
        thread.join().unwrap()
    });
    // The same of two receivers.
    explores_in_both_orders(|| {
        let ((s, r), drops) = (bounded(1), Arc::new(AtomicUsize::new(0)));
        assert!(s.send(Counted(Arc::clone(&drops))).is_ok());
        drop(s);
        let other = r.clone();
        thread::spawn(move || drop(other));
        let thread = thread::spawn(move || {
            drop(r);
            drops.load(Relaxed)
        });
        thread.join().unwrap()
    });
}

#[test]
fn what_is_queued_goes_with_the_last_receiver_before_or_after_a_look() {
    explores([0, 1], || {
        let ((s, r), (to, from)) = (unbounded(), bounded(1));
        s.send(1).unwrap();
        let other = r.clone();
        thread::spawn(move || {
            to.send(()).unwrap();
            drop(other);
        });
        from.recv().unwrap();
        drop(r);
        s.len()
    });
}

#[test]
fn what_was_done_before_hanging_up_is_seen_by_whoever_sees_that() {
    passes(|| {
        let ((s, r), done) = (bounded::<()>(1), [(); 2].map(|()| Arc::new(AtomicUsize::new(0))));
        for (s, done) in [s.clone(), s].into_iter().zip(done.clone()) {
            thread::spawn(move || {
                done.store(1, Relaxed);
                drop(s);
            });
        }
        r.recv().unwrap_err();
        assert_eq!(done.map(|done| done.load(Relaxed)), [1, 1]);
    });
}

#[test]
fn what_a_thread_did_last_is_seen_by_whoever_joins_it() {
    passes(|| {
        let ((s, r), done) = (bounded(1), Arc::new(AtomicUsize::new(0)));
        let theirs = Arc::clone(&done);
        let thread = thread::spawn(move || {
            s.send(()).unwrap();
            theirs.store(1, Relaxed);
        });
        r.recv().unwrap();
        thread.join().unwrap();
        assert_eq!(done.load(Relaxed), 1);
    });
}
