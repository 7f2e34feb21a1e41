//! `channel`: what a channel makes wait, and for how long; and the same buffer, built by hand.
//!
//! Four programs. What an input means to each:
//!
//! - `unbuffered`, `buffered`: `work` says how many values each goroutine receives, `goal` how many main sends.
//! - `producer-consumer`: `work` says how many items each producer has.
//! - `wait`: `work` has a number for each goroutine that main waits for; which one does not matter.
//! - `buffer`: the first `goal` threads put as many values into a buffer for one as their work says; the others take as
//!   many as theirs says, and the sums are the same.
//!
//! Source: MIT 6.824, lecture 5, `channel/unbuffered`, `channel/unbuffered-deadlock`, `channel/buffered`,
//! `channel/producer-consumer`, `channel/wait`. The bounded buffer is the textbooks' (Dijkstra, 1965), and its lost
//! wake-up is in Hoare's paper on monitors (1974), whose answer is a condition variable for each condition.

pub mod buffer;
pub mod buffer_if_for_while;
pub mod buffer_notify_all;
pub mod buffer_one_condvar;
pub mod buffered;
pub mod producer_consumer;
pub mod unbuffered;
pub mod unbuffered_deadlock;
pub mod wait;
pub mod wait_too_few;
pub mod wait_too_many;

use std::{panic::resume_unwind, time::Duration};

use super::{Case, Expect, Input, Pattern, Stress, Symptom};
use crate::{
    FailureKind,
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

/// The pattern.
pub const PATTERN: Pattern =
    Pattern { name: "channel", about: "A channel makes sender and receiver wait for each other", cases: CASES };

const ONE_SEND: Input = Input::new(&[1], 1);
const ONE_CALL: Input = Input::new(&[1], 0);
const FIVE_CALLS: Input = Input::new(&[1; 5], 0);
const TWO_USERS: Input = Input::new(&[2, 2], 1);
/// One puts in two, and two take one each.
const THREE_USERS: Input = Input::new(&[2, 1, 1], 1);
const EIGHT_USERS: Input = Input::new(&[50; 8], 4);
const ALONE: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::Deadlock,
    message: "every thread waits: main in send of channel#1",
    meaning: "main waits for a receiver, and is the only one there is",
}]);
const ONE_LEFT: Expect = Expect::Fails(&[
    Symptom {
        kind: FailureKind::Leak,
        message: "in send of channel#1 at src/patterns/channel/wait_too_few.rs",
        meaning: "main has gone on, and receives no more: one goroutine waits for ever to say that it is done",
    },
    Symptom {
        kind: FailureKind::Panic,
        message: "main goes on after 0 of 1 calls",
        meaning: "main has not waited for the last goroutine, which has yet to make its call",
    },
]);
const ONE_AWAITED: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::Deadlock,
    message: "every thread waits: main in recv of channel#1",
    meaning: "all goroutines have said that they are done, and main waits for one more",
}]);
const EMPTY_OR_FULL: Expect = Expect::Fails(&[
    Symptom {
        kind: FailureKind::Panic,
        message: "a value is taken from an empty buffer",
        meaning: "between the wake-up and the lock another consumer has come in and taken the value",
    },
    Symptom {
        kind: FailureKind::Panic,
        message: "2 values are in a buffer for 1",
        meaning: "between the wake-up and the lock another producer has come in and filled the buffer",
    },
]);
const ASLEEP: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::Deadlock,
    message: "in wait of condvar#",
    meaning: "the wake-up for the producer went to a consumer, which had no use for it",
}]);

const CASES: &[Case] = &[
    Case {
        pattern: "channel",
        variant: "unbuffered-deadlock",
        about: "one thread sends, and would receive after that: a deadlock of one",
        source: "MIT 6.824 lecture 5, channel/unbuffered-deadlock",
        code: include_str!("unbuffered_deadlock.rs"),
        aliases: &[],
        counterpart: Some("unbuffered"),
        test: "unbuffered_deadlock_channel_waits_for_itself",
        loom: ALONE,
        shuttle: ALONE,
        stress: Stress::Runs,
        limits: None,
        model: exchange::<unbuffered_deadlock::Program>,
        small: Input::new(&[], 1),
        large: Input::new(&[], 1),
    },
    Case {
        pattern: "channel",
        variant: "wait-too-few",
        about: "one receive too few: a goroutine is left behind",
        source: "MIT 6.824 lecture 5, channel/wait with 4 receives for 5 goroutines",
        code: include_str!("wait_too_few.rs"),
        aliases: &[],
        counterpart: Some("wait"),
        test: "wait_too_few_channel_leaves_one_behind",
        loom: ONE_LEFT,
        shuttle: ONE_LEFT,
        stress: Stress::Runs,
        limits: None,
        model: wait::<wait_too_few::Program>,
        small: ONE_CALL,
        large: FIVE_CALLS,
    },
    Case {
        pattern: "channel",
        variant: "wait-too-many",
        about: "one receive too many: main waits for ever",
        source: "MIT 6.824 lecture 5, channel/wait with 6 receives for 5 goroutines",
        code: include_str!("wait_too_many.rs"),
        aliases: &[],
        counterpart: Some("wait"),
        test: "wait_too_many_channel_waits_for_nobody",
        loom: ONE_AWAITED,
        shuttle: ONE_AWAITED,
        stress: Stress::Runs,
        limits: None,
        model: wait::<wait_too_many::Program>,
        small: ONE_CALL,
        large: FIVE_CALLS,
    },
    Case {
        pattern: "channel",
        variant: "buffer-if-for-while",
        about: "by hand, and what was waited for is gone again before the lock is back",
        source: "the bounded buffer with a mutex and condition variables, if for while",
        code: include_str!("buffer_if_for_while.rs"),
        aliases: &[],
        counterpart: Some("buffer"),
        test: "buffer_if_for_while_channel_takes_what_is_not_there",
        loom: EMPTY_OR_FULL,
        shuttle: EMPTY_OR_FULL,
        stress: Stress::Runs,
        limits: None,
        model: buffer::<buffer_if_for_while::Bounded>,
        small: THREE_USERS,
        large: EIGHT_USERS,
    },
    Case {
        pattern: "channel",
        variant: "buffer-one-condvar",
        about: "by hand, and a wake-up goes to the wrong one: a lost wake-up",
        source: "the bounded buffer with a mutex and one condition variable, notify_one",
        code: include_str!("buffer_one_condvar.rs"),
        aliases: &[],
        counterpart: Some("buffer-notify-all"),
        test: "buffer_one_condvar_channel_wakes_the_wrong_one",
        loom: ASLEEP,
        shuttle: ASLEEP,
        stress: Stress::Runs,
        limits: None,
        model: buffer::<buffer_one_condvar::Bounded>,
        small: THREE_USERS,
        large: EIGHT_USERS,
    },
    Case {
        pattern: "channel",
        variant: "unbuffered",
        about: "a send is complete when the value is received",
        source: "MIT 6.824 lecture 5, channel/unbuffered",
        code: include_str!("unbuffered.rs"),
        aliases: &[],
        counterpart: Some("unbuffered-deadlock"),
        test: "unbuffered_channel_completes_a_send_when_it_is_received",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: exchange::<unbuffered::Program>,
        small: ONE_SEND,
        large: ONE_SEND,
    },
    Case {
        pattern: "channel",
        variant: "buffered",
        about: "a send is complete when there is room",
        source: "MIT 6.824 lecture 5, channel/buffered",
        code: include_str!("buffered.rs"),
        aliases: &[],
        counterpart: None,
        test: "buffered_channel_completes_a_send_when_there_is_room",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: exchange::<buffered::Program>,
        small: Input::new(&[1], 2),
        large: Input::new(&[1], 2),
    },
    Case {
        pattern: "channel",
        variant: "producer-consumer",
        about: "every value is received once",
        source: "MIT 6.824 lecture 5, channel/producer-consumer",
        code: include_str!("producer_consumer.rs"),
        aliases: &[],
        counterpart: None,
        test: "producer_consumer_channel_hands_over_every_item_once",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: produce::<producer_consumer::Program>,
        small: Input::new(&[2, 1], 0),
        large: Input::new(&[10; 4], 0),
    },
    Case {
        pattern: "channel",
        variant: "wait",
        about: "as many receives as goroutines",
        source: "MIT 6.824 lecture 5, channel/wait",
        code: include_str!("wait.rs"),
        aliases: &[],
        counterpart: Some("wait-too-few"),
        test: "wait_channel_waits_for_every_call",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: wait::<wait::Program>,
        small: Input::new(&[1, 1], 0),
        large: FIVE_CALLS,
    },
    Case {
        pattern: "channel",
        variant: "buffer",
        about: "by hand: a condition variable for each condition, each test in a loop",
        source: "the bounded buffer with a mutex and two condition variables",
        code: include_str!("buffer.rs"),
        aliases: &[],
        counterpart: Some("buffer-if-for-while"),
        test: "buffer_channel_keeps_nobody_waiting",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: buffer::<buffer::Bounded>,
        small: TWO_USERS,
        large: EIGHT_USERS,
    },
    Case {
        pattern: "channel",
        variant: "buffer-notify-all",
        about: "by hand: one condition variable, and every wake-up goes to all",
        source: "the bounded buffer with a mutex and one condition variable, notify_all",
        code: include_str!("buffer_notify_all.rs"),
        aliases: &[],
        counterpart: Some("buffer-one-condvar"),
        test: "buffer_notify_all_channel_wakes_the_right_one_too",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: buffer::<buffer_notify_all::Bounded>,
        small: TWO_USERS,
        large: EIGHT_USERS,
    },
];
