//! `mux`, sampled and, at the small size, exhaustive: each call has its own reply, and the receive loop waits for nobody.
//! And every way in which it can end.
#![cfg(not(loom))]

use std::{
    cell::Cell,
    collections::BTreeSet,
    sync::{Arc as Plain, Mutex},
};

use raddle::{
    patterns::{
        Input,
        mux::{
            self, Cancel, Message, Multiplex, Service, cancel, cancel_split, delete, nil_send, no_delete, no_shutdown,
            recv_twice, register_late, send_twice, unbuffered,
        },
    },
    sync::Arc,
    thread,
};
use shuttle_tests::verify;

use crate::common::{ends, lines};

#[test]
fn no_delete_mux_never_frees_a_tag() {
    verify("mux/no-delete");
}

#[test]
fn nil_send_mux_waits_for_ever() {
    verify("mux/nil-send");
}

#[test]
fn register_late_mux_does_not_expect_the_reply() {
    verify("mux/register-late");
}

#[test]
fn unbuffered_mux_waits_for_the_caller() {
    verify("mux/unbuffered");
}

#[test]
fn send_twice_mux_enters_send_twice() {
    verify("mux/send-twice");
}

#[test]
fn recv_twice_mux_enters_recv_twice() {
    verify("mux/recv-twice");
}

#[test]
fn no_shutdown_mux_leaves_its_loops_behind() {
    verify("mux/no-shutdown");
}

#[test]
fn unsolicited_mux_panics_at_a_second_reply() {
    verify("mux/unsolicited");
}

#[test]
fn cancel_split_mux_sends_to_a_cancelled_call() {
    verify("mux/cancel-split");
}

#[test]
fn delete_mux_gives_each_call_its_reply() {
    verify("mux/delete");
}

#[test]
fn cancel_mux_gives_each_call_its_reply_or_none() {
    verify("mux/cancel");
}

/// How many calls are pending in the end, and how else it ends.
fn pending<M: Multiplex>(calls: &'static [usize], replies: usize) -> BTreeSet<String> {
    ends(move || {
        let input = Input::new(calls, replies);
        mux::run::<M>(&input, &Arc::new(Service::new(&input)))
    })
}

#[test]
fn a_mux_that_deletes_has_nothing_pending_when_all_calls_are_over() {
    for calls in [&[1][..], &[2], &[1, 1]] {
        assert_eq!(pending::<delete::Mux>(calls, 1), lines(["0"]), "{calls:?}");
        assert_eq!(pending::<cancel::Mux>(calls, 1), lines(["0"]), "{calls:?}");
    }
}

#[test]
fn a_mux_that_deletes_panics_at_a_second_reply() {
    assert_eq!(pending::<delete::Mux>(&[1], 2), lines(["Panic: unexpected reply"]));
    assert_eq!(pending::<cancel::Mux>(&[1], 2), lines(["0"]));
    assert_eq!(pending::<cancel::Mux>(&[1], 3), lines(["0"]));
}

/// Whether a call had its reply when the execution ended.
struct Answered<'a>(Cell<bool>, &'a Mutex<BTreeSet<bool>>);

impl Drop for Answered<'_> {
    fn drop(&mut self) {
        self.1.lock().unwrap().insert(self.0.get());
    }
}

#[test]
fn a_second_reply_ends_the_program_before_or_after_the_call_has_the_first() {
    let answered: Plain<Mutex<BTreeSet<bool>>> = Plain::default();
    let noting = Plain::clone(&answered);
    let ends = ends(move || {
        let answered = Answered(Cell::new(false), &noting);
        let mux = delete::Mux::new(Arc::new(Service::new(&Input::new(&[1], 2))));
        mux.call(Message { tag: 0, body: 0 });
        answered.0.set(true);
        mux.close();
    });
    assert_eq!(ends, lines(["Panic: unexpected reply"]));
    assert_eq!(*answered.lock().unwrap(), [false, true].into());
}

#[test]
fn a_mux_that_does_not_delete_uses_a_tag_once_and_takes_two_replies() {
    assert_eq!(pending::<no_delete::Mux>(&[1], 1), lines(["1"]));
    assert_eq!(pending::<no_delete::Mux>(&[2], 1), lines(["Panic: duplicate call tag"]));
    assert_eq!(pending::<no_delete::Mux>(&[1], 2), lines(["1"]));
    // The call has its reply, and the receive loop waits to send the third.
    assert_eq!(pending::<no_delete::Mux>(&[1], 3), lines(["Leak {t2:send}"]));
}

#[test]
fn a_call_that_is_registered_late_may_be_answered_early() {
    assert_eq!(pending::<register_late::Mux>(&[1], 1), lines(["0", "Panic: unexpected reply"]));
}

#[test]
fn a_nil_send_channel_keeps_everybody_waiting() {
    assert_eq!(pending::<nil_send::Mux>(&[1], 1), lines(["Deadlock {main:send, t1:recv, t2:recv}"]));
    assert_eq!(pending::<nil_send::Mux>(&[1, 1], 1), lines(["Deadlock {main:send, t1:recv, t2:recv, t3:send}"]));
}

#[test]
fn loops_that_nobody_ends_are_left_behind() {
    assert_eq!(pending::<no_shutdown::Mux>(&[1], 1), lines(["Leak {t1:recv, t2:recv}"]));
}

/// A service that does not reply keeps its caller waiting, and the loops.
#[test]
fn a_service_that_is_dead_keeps_everybody_waiting() {
    assert_eq!(pending::<delete::Mux>(&[1], 0), lines(["Deadlock {main:recv, t1:recv, t2:recv}"]));
}

#[test]
fn two_in_send_or_in_recv_are_seen() {
    assert_eq!(pending::<send_twice::Mux>(&[1, 1], 1), lines(["0", "Panic: Send is entered twice"]));
    assert_eq!(pending::<recv_twice::Mux>(&[1], 1), lines(["0", "Panic: Recv is entered twice"]));
    assert_eq!(pending::<unbuffered::Mux>(&[1], 1), lines(["0"]));
}

#[test]
fn a_cancelled_call_is_sent_nothing() {
    let cancelling = |model: fn(&Input)| ends(move || model(&Input::new(&[1], 1)));
    assert_eq!(cancelling(mux::cancelling::<cancel::Mux>), lines(["()"]));
    let both = ["()", "Panic: send on closed channel", "Panic: 0 calls have no reply, and 1 were cancelled"];
    assert_eq!(cancelling(mux::cancelling::<cancel_split::Mux>), lines(both));
}

/// What main sees of a call that another thread makes.
fn meanwhile<M: Multiplex, T: Ord + std::fmt::Debug + Send + 'static>(
    look: impl Fn(&M) -> T + Send + Sync + 'static,
) -> BTreeSet<String> {
    ends(move || {
        let mux = M::new(Arc::new(Service::new(&Input::new(&[1], 1))));
        let theirs = Arc::clone(&mux);
        let caller = thread::spawn(move || theirs.call(Message { tag: 0, body: 0 }).is_some());
        let seen = look(&mux);
        let replied = caller.join().unwrap();
        mux.close();
        (seen, replied)
    })
}

#[test]
fn a_call_is_pending_while_it_is_on_its_way() {
    assert_eq!(meanwhile(delete::Mux::pending), lines(["(0, true)", "(1, true)"]));
    assert_eq!(meanwhile(cancel::Mux::pending), lines(["(0, true)", "(1, true)"]));
}

#[test]
fn a_call_is_cancelled_or_has_its_reply() {
    assert_eq!(meanwhile(|mux: &cancel::Mux| mux.cancel(0)), lines(["(false, true)", "(true, false)"]));
}
