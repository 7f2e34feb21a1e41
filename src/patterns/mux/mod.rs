//! `mux`: many callers, one connection: each gets its own reply.
//!
//! An input's `work` has a number for each caller: how many calls it makes, one after the other, all with its tag. Main
//! is the first of them. `goal` says how many replies the service sends to each call: 1 is right. Where calls can be
//! cancelled, main is none of the callers, who make a call each, and cancels them all.
//!
//! Source: Russ Cox, guest lecture of MIT 6.824 on concurrency patterns in Go, the protocol multiplexer; the first version on the slides does not
//! delete, none makes its send channel, none has an end.

pub mod cancel;
pub mod cancel_split;
pub mod delete;
pub mod nil_send;
pub mod no_delete;
pub mod no_shutdown;
pub mod recv_twice;
pub mod register_late;
pub mod send_twice;
pub mod unbuffered;
pub mod unsolicited;

mod cases;
mod service;

use std::panic::resume_unwind;

use super::{Input, Pattern};
use crate::{sync::Arc, thread};

pub use self::service::{Done, Message, Service};

/// A multiplexer.
pub trait Multiplex: Send + Sync + 'static {
    /// The lecture's `Init`: starts the loops.
    fn new(service: Arc<Service>) -> Arc<Self>;

    /// Sends the arguments, and waits for the reply with their tag. `None` if there will be none.
    ///
    /// # Panics
    /// If a call with the same tag is on its way.
    fn call(&self, args: Message) -> Option<Message>;

    /// How many calls are on their way, as far as it knows.
    fn pending(&self) -> usize;

    /// No more calls will come.
    fn close(&self);
}

/// A multiplexer whose calls can be cancelled.
pub trait Cancel: Multiplex {
    /// Has the call with this tag return without a reply. False if there is none, or its reply is there.
    fn cancel(&self, tag: usize) -> bool;
}

/// The property: each call has its own reply, each waits at a channel on which one reply is sent at most, the receive loop
/// never waits for a caller, Send and Recv are entered by one at a time, and nobody is left behind.
pub fn scenario<M: Multiplex>(input: &Input) {
    let service = Arc::new(Service::new(input));
    run::<M>(input, &service);
    assert!(!service.waits(), "a reply is sent on a channel without room for it");
}

/// The scenario without the assertion about channels. Returns how many calls are pending in the end.
pub fn run<M: Multiplex>(input: &Input, service: &Arc<Service>) -> usize {
    let mux = M::new(Arc::clone(service));
    let caller = |(tag, &calls): (usize, &usize)| {
        let mux = Arc::clone(&mux);
        thread::spawn(move || call(&*mux, tag, calls))
    };
    let others: Vec<_> = input.work.iter().enumerate().skip(1).map(caller).collect();
    let mut empty = call(&*mux, 0, input.work.first().copied().unwrap_or(0));
    for other in others {
        empty += other.join().unwrap_or_else(|why| resume_unwind(why));
    }
    assert!(empty == 0, "{empty} calls have no reply");
    let pending = mux.pending();
    mux.close();
    pending
}

/// Calls so often. Returns how many calls had no reply.
fn call<M: Multiplex>(mux: &M, tag: usize, calls: usize) -> usize {
    let call = |&body: &usize| {
        let reply = mux.call(Message { tag, body });
        let own = Message { tag, body }.reply();
        assert!(reply.as_ref().is_none_or(|reply| *reply == own), "call {body} of caller {tag} has {reply:?}");
        reply.is_none()
    };
    (0..calls).filter(call).count()
}

/// As [`scenario`], with main cancelling calls. The property, beside that: as many calls have no reply as were cancelled.
pub fn cancelling<M: Cancel>(input: &Input) {
    let service = Arc::new(Service::new(input));
    let mux = M::new(Arc::clone(&service));
    let caller = |(tag, &calls): (usize, &usize)| {
        let mux = Arc::clone(&mux);
        thread::spawn(move || call(&*mux, tag, calls))
    };
    let callers: Vec<_> = input.work.iter().enumerate().map(caller).collect();
    let cancelled = (0..callers.len()).filter(|tag| mux.cancel(*tag)).count();
    let empty: usize = callers.into_iter().map(|caller| caller.join().unwrap_or_else(|why| resume_unwind(why))).sum();
    mux.close();
    assert!(empty == cancelled, "{empty} calls have no reply, and {cancelled} were cancelled");
    assert!(!service.waits(), "a reply is sent on a channel without room for it");
}

/// The pattern.
pub const PATTERN: Pattern =
    Pattern { name: "mux", about: "Replies find their callers, and nobody waits for a slow one", cases: cases::CASES };
