//! `channel`: what a channel makes wait, and for how long; and the same buffer, built by hand.
//!
//! Five programs. What an input means to each:
//!
//! - `unbuffered`, `buffered`: `work` says how many values each goroutine receives, `goal` how many main sends.
//! - `producer-consumer`: `work` says how many items each producer has.
//! - `wait`: `work` has a number for each goroutine that main waits for; which one does not matter.
//! - `buffer`: the first `goal` threads put as many values into a buffer for one as their work says; the others take as
//!   many as theirs says, and the sums are the same.
//! - `kick`: `work` says how many items each worker takes; main puts in as many as they all take.
//!
//! Source: MIT 6.824, lecture 5, `channel/unbuffered`, `channel/unbuffered-deadlock`, `channel/buffered`,
//! `channel/producer-consumer`, `channel/wait`; and its advice that channels are not good for kicking another goroutine that
//! may or may not be waiting. The bounded buffer is the textbooks' (Dijkstra, 1965), and its lost
//! wake-up is in Hoare's paper on monitors (1974), whose answer is a condition variable for each condition.

pub mod buffer;
pub mod buffer_if_for_while;
pub mod buffer_notify_all;
pub mod buffer_one_condvar;
pub mod buffered;
pub mod kick;
pub mod kick_blocking;
pub mod kick_condvar;
pub mod kick_slot;
pub mod producer_consumer;
pub mod unbuffered;
pub mod unbuffered_deadlock;
pub mod unbuffered_spin;
pub mod wait;
pub mod wait_too_few;
pub mod wait_too_many;

mod cases;

use std::{panic::resume_unwind, time::Duration};

use super::{Input, Pattern};
use crate::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

/// A second of the lecture's. It is shorter here, for runs on real threads; in a model it is any time.
pub const SECOND: Duration = Duration::from_millis(10);

/// Stands where the lecture prints what it has measured.
#[derive(Default)]
pub struct Log {
    /// Receives that have begun, or are about to.
    receives: AtomicUsize,
    /// Sends that are complete.
    sends: AtomicUsize,
}

impl Log {
    /// A receive comes next.
    pub fn receives(&self) {
        self.receives.fetch_add(1, Relaxed);
    }

    /// The property: a send is complete only if the buffer has room for its value, or a receiver has come.
    pub fn sent(&self, capacity: usize) {
        let sends = self.sends.fetch_add(1, Relaxed) + 1;
        let receives = self.receives.load(Relaxed);
        assert!(sends <= receives + capacity, "{sends} sends are complete, and {receives} receives have begun");
    }
}

/// Main sends, and somebody receives.
pub trait Exchange {
    /// The channel's.
    const CAPACITY: usize;

    /// Sends so often, and tells the log of each send and receive. Returns how many values are in the buffer in the end.
    fn run(receives: &[usize], sends: usize, log: &Arc<Log>) -> usize;
}

/// The log holds each send to the property; and what has been sent is received, or in the buffer.
pub fn exchange<P: Exchange>(input: &Input) {
    let left = P::run(&input.work, input.goal, &Arc::default());
    let received = input.work.iter().sum::<usize>();
    assert!(left + received >= input.goal, "{left} values are left, and {received} received, of {}", input.goal);
}

/// Whose item, and which one of its own.
pub type Item = (usize, usize);

/// Producers hand over their items.
pub trait Produce {
    /// Each producer has so many items. Returns what main receives.
    fn run(items: &[usize]) -> Vec<Item>;
}

/// The property: every item is received once, and those of a producer in its order.
pub fn produce<P: Produce>(input: &Input) {
    let received = P::run(&input.work);
    for (producer, &items) in input.work.iter().enumerate() {
        let of_producer = received.iter().filter(|(from, _)| *from == producer).map(|(_, item)| *item);
        let of_producer: Vec<usize> = of_producer.collect();
        assert!(of_producer.iter().copied().eq(0..items), "main receives {of_producer:?} of {items} items");
    }
}

/// Calls that goroutines make.
#[derive(Default)]
pub struct Calls(AtomicUsize);

impl Calls {
    /// The lecture's `sendRPC`, which prints its argument.
    pub fn send_rpc(&self, _x: usize) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// Main waits for goroutines.
pub trait Wait {
    /// Starts so many goroutines that make a call each, and waits until they are done.
    fn run(callers: usize, calls: &Arc<Calls>);
}

/// The property: main goes on when all calls have been made, and nobody is left behind.
pub fn wait<P: Wait>(input: &Input) {
    let calls = Arc::default();
    P::run(input.work.len(), &calls);
    let (made, all) = (calls.0.load(Relaxed), input.work.len());
    assert!(made == all, "main goes on after {made} of {all} calls");
}

/// A first-in, first-out buffer that keeps its users waiting.
pub trait Buffer: Send + Sync + 'static {
    /// An empty buffer, for so many values.
    fn new(capacity: usize) -> Self;

    /// Waits until there is room, and puts a value in. Returns how many are in the buffer then.
    fn put(&self, value: usize) -> usize;

    /// Waits until there is a value, and takes the one that has been there longest. `None` if there was none.
    fn take(&self) -> Option<usize>;
}

/// How much the buffer holds.
pub const CAPACITY: usize = 1;

/// The property: the buffer never holds too many, nothing is taken from an empty one, each value that was put in is
/// taken once, and nobody waits for ever.
pub fn buffer<B: Buffer>(input: &Input) {
    let buffer = Arc::new(B::new(CAPACITY));
    let (producers, consumers) = input.work.split_at(input.goal.min(input.work.len()));
    let mut next = 0;
    let mut threads = Vec::new();
    for &puts in producers {
        let (buffer, values) = (Arc::clone(&buffer), next..next + puts);
        next += puts;
        threads.push(thread::spawn(move || {
            for value in values {
                let held = buffer.put(value);
                assert!(held <= CAPACITY, "{held} values are in a buffer for {CAPACITY}");
            }
            Vec::new()
        }));
    }
    for &takes in consumers {
        let buffer = Arc::clone(&buffer);
        let take = move |_| buffer.take().expect("a value is taken from an empty buffer");
        threads.push(thread::spawn(move || (0..takes).map(take).collect()));
    }
    let taken = threads.into_iter().flat_map(|thread| thread.join().unwrap_or_else(|why| resume_unwind(why)));
    let mut taken: Vec<usize> = taken.collect();
    taken.sort_unstable();
    assert!(taken.iter().copied().eq(0..next), "{taken:?} are taken, and 0 to {next} were put in");
}

/// Work that is put in for whoever may be waiting for it.
pub trait Kick: Send + Sync + 'static {
    /// There is no work yet.
    fn new() -> Self;

    /// Puts in an item, and kicks whoever may be waiting for it. Should wait for nobody.
    fn put(&self);

    /// Waits until there is an item, and takes it.
    fn take(&self);
}

/// The property: as many items as are put in are taken, and nobody waits for ever.
pub fn kick<K: Kick>(input: &Input) {
    let queue = Arc::new(K::new());
    let worker = |&takes: &usize| {
        let queue = Arc::clone(&queue);
        thread::spawn(move || (0..takes).for_each(|_| queue.take()))
    };
    let workers: Vec<_> = input.work.iter().map(worker).collect();
    for _ in 0..input.work.iter().sum() {
        queue.put();
    }
    for worker in workers {
        worker.join().expect("a worker does not panic");
    }
}

/// The pattern.
pub const PATTERN: Pattern =
    Pattern { name: "channel", about: "A channel makes sender and receiver wait for each other", cases: cases::CASES };
