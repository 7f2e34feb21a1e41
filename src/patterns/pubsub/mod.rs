//! `pubsub`: a server hands every event to all who have subscribed, in the same order, and closes the channel of whoever
//! cancels after what was published before. Only the server sends on those channels, and closes them.
//!
//! Two programs. What an input means to each:
//!
//! - `deliver` (all but the following): the first `goal` numbers of `work` are publishers, and say how many events each
//!   publishes; main is the first. The others are subscribers: one with 0 is subscribed before anything is published, and
//!   cancelled by main in the end; one with 1 comes by itself, and leaves again, in the middle of it all.
//! - `renew` (`helper-resubscribe`, `helper-remember`): one subscriber cancels and subscribes again. `work` says how many
//!   events are published in each of its two subscriptions.
//!
//! The slides' loop has no exit (`loop-endless`); the others end when main closes the channel of events.
//!
//! Who is slow keeps the server waiting. There are three answers: the publisher waits too (`mutex`, `loop`), events are
//! dropped and counted (`drop`), or queued without limit (`helper`).
//!
//! A loop that selects from several channels, and all those who wait for it, have more executions than loom can explore: more
//! than 400,000 for `loop` and for `helper` with one event and one subscriber. Of these and `helper-remember`, loom explores
//! those with at most two preemptions, or one.
//!
//! Source: Russ Cox, guest lecture of MIT 6.824 on concurrency patterns in Go, pattern 1, "publish/subscribe server". Go
//! visits the subscribers in the random order of a map, here they are visited in the order in which they have come: a
//! subscriber cannot tell. In the slides' cancel arm a variable has two names, and the helper's channel is not declared:
//! neither compiles.

pub mod drop;
pub mod helper;
pub mod helper_and;
pub mod helper_deaf;
pub mod helper_index;
pub mod helper_remember;
pub mod helper_resubscribe;
pub mod helper_spin;
pub mod r#loop;
pub mod loop_cancel;
pub mod loop_endless;
pub mod mutex;
pub mod mutex_cancel;

mod cases;

use std::panic::resume_unwind;

use super::{Input, Pattern};
use crate::{go::Chan, sync::Arc, thread};

/// Whose event, and which one of its own: both count from 1. (0, 0) is what Go calls the zero event.
pub type Event = (usize, usize);

/// A publish/subscribe server.
pub trait Server: Sized + Send + Sync + 'static {
    /// Whether subscribers may miss events.
    const DROPS: bool = false;

    /// A server, ready to serve.
    fn new() -> Self;

    /// Sends the event to all current subscriptions.
    fn publish(&self, event: Event);

    /// Registers a channel, on which events are sent from now on.
    ///
    /// # Panics
    /// If it is registered already.
    fn subscribe(&self, c: &Chan<Event>);

    /// Ends a subscription: after the events that are published already, the channel is closed. Returns how many events
    /// it has missed.
    ///
    /// # Panics
    /// If the channel is not registered.
    fn cancel(&self, c: &Chan<Event>) -> usize;

    /// What a subscriber does that wants no more: ends its subscription. Returns the events that it has received until
    /// its channel was closed, and how many it has missed.
    fn leave(server: &Arc<Self>, c: &Chan<Event>) -> (Vec<Event>, usize);

    /// Ends the server. Nobody uses it any more.
    fn stop(&self) {}
}

/// What a loop is asked to do with a channel.
pub struct Request {
    /// The channel.
    pub c: Chan<Event>,
    /// Whether it has been done.
    pub ok: Chan<bool>,
}

/// Asks a loop, and waits for the answer.
#[track_caller]
pub fn ask(requests: &Chan<Request>, c: &Chan<Event>) -> bool {
    let ok = Chan::new(0);
    requests.send(Request { c: c.clone(), ok: ok.clone() });
    ok.recv().expect("nobody closes the channel")
}

/// Receives until the channel is closed.
pub fn drain(c: &Chan<Event>) -> Vec<Event> {
    let mut events = Vec::new();
    for event in c {
        assert!(event != (0, 0), "an event is received that nobody has published");
        events.push(event);
    }
    events
}

/// What subscribers receive: those that stay from beginning to end, and those that come and go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Received {
    /// By those that stay, and how many events each has missed.
    pub staying: Vec<(Vec<Event>, usize)>,
    /// By those that come and go.
    pub passing: Vec<(Vec<Event>, usize)>,
}

/// The property: all subscribers receive in the same order, which respects each publisher's; what one receives is a
/// segment of what is published, without gaps; who stays receives everything. If events are dropped, gaps are counted.
pub fn deliver<S: Server>(input: &Input) {
    let Received { staying, passing } = received::<S>(input);
    let published = input.work[..input.goal.min(input.work.len())].iter().sum::<usize>();
    for (events, missed) in &staying {
        let all = events.len() + missed == published;
        assert!(all, "{} of {published} events are received, and {missed} missed: {events:?}", events.len());
    }
    let lists: Vec<&[Event]> = staying.iter().chain(&passing).map(|(events, _)| &**events).collect();
    for events in &lists {
        for (at, &(publisher, number)) in events.iter().enumerate() {
            let before = events[..at].iter().rev().find(|event| event.0 == publisher);
            let follows = before.is_none_or(|before| number == before.1 + 1 || S::DROPS && number > before.1);
            assert!(follows, "a publisher's events are not received in its order: {events:?}");
        }
    }
    for (one, other) in lists.iter().enumerate().flat_map(|(at, one)| lists[..at].iter().map(move |other| (one, other)))
    {
        let common = |list: &[Event], of: &[Event]| -> Vec<Event> {
            list.iter().filter(|event| of.contains(event)).copied().collect()
        };
        let alike = common(one, other) == common(other, one);
        assert!(alike, "two subscribers receive in different orders: {one:?} and {other:?}");
    }
    if let (Some((all, _)), false) = (staying.first(), S::DROPS) {
        for (events, _) in &passing {
            let segment = events.is_empty() || all.windows(events.len()).any(|window| window == events);
            assert!(segment, "{events:?} are received, a part with gaps of {all:?}");
        }
    }
}

/// The scenario without the assertions.
pub fn received<S: Server>(input: &Input) -> Received {
    let server = Arc::new(S::new());
    let (publishers, subscribers) = input.work.split_at(input.goal.min(input.work.len()));
    let (mut staying, mut passing) = (Vec::new(), Vec::new());
    for &comes in subscribers {
        let c = Chan::new(0);
        let (server, theirs) = (Arc::clone(&server), c.clone());
        if comes == 0 {
            server.subscribe(&c);
            staying.push((c, thread::spawn(move || drain(&theirs))));
        } else {
            passing.push(thread::spawn(move || {
                server.subscribe(&c);
                S::leave(&server, &c)
            }));
        }
    }
    let publish = |server: &S, publisher, events| (1..=events).for_each(|event| server.publish((publisher, event)));
    let mut threads = Vec::new();
    for (at, &events) in publishers.iter().enumerate().skip(1) {
        let server = Arc::clone(&server);
        threads.push(thread::spawn(move || publish(&server, at + 1, events)));
    }
    if let Some(&events) = publishers.first() {
        publish(&server, 1, events);
    }
    threads.into_iter().for_each(finish);
    let missed: Vec<usize> = staying.iter().map(|(c, _)| server.cancel(c)).collect();
    let staying = staying.into_iter().map(|(_, thread)| finish(thread)).zip(missed).collect();
    let passing = passing.into_iter().map(finish).collect();
    server.stop();
    Received { staying, passing }
}

fn finish<T>(thread: thread::JoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|why| resume_unwind(why))
}

/// A subscriber that has cancelled subscribes again.
pub trait Renew: Server {
    /// Subscribes again. Returns the channel of the new subscription.
    fn renew(&self, c: &Chan<Event>) -> Chan<Event>;
}

/// The property: each subscription has the events that are published in it, and then its channel is closed.
pub fn renew<S: Renew>(input: &Input) {
    let server = S::new();
    let events = |at: usize| (1..=input.work.get(at).copied().unwrap_or(0)).map(move |event| (at + 1, event));
    let first = Chan::new(0);
    server.subscribe(&first);
    events(0).for_each(|event| server.publish(event));
    server.cancel(&first);
    let second = server.renew(&first);
    events(1).for_each(|event| server.publish(event));
    for (at, c) in [first, second].iter().enumerate() {
        if at > 0 {
            server.cancel(c);
        }
        let received = drain(c);
        assert!(received.iter().copied().eq(events(at)), "subscription {} receives {received:?}", at + 1);
    }
    server.stop();
}

/// The pattern.
pub const PATTERN: Pattern = Pattern {
    name: "pubsub",
    about: "A server that sends to whoever has subscribed, and must not wait for who is slow",
    cases: cases::CASES,
};
