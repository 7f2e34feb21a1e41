//! The programs: what they can do, and how they are drawn.

use proptest::{prelude::*, sample::select, strategy::BoxedStrategy};

use super::fuzz::size;

/// One thing that a thread does. What it reads goes to the thread's register file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Loads an atomic.
    Load(usize),
    /// Stores into an atomic.
    Store(usize, u8),
    /// Adds to an atomic, and reads it.
    Add(usize, u8),
    /// Compares and exchanges; reads what was found.
    Cas(usize, u8, u8),
    /// Locks a mutex, reads and increments what it holds, does something, unlocks.
    Lock(usize, Vec<Op>),
    /// The same if the mutex is free; reads whether it is.
    TryLock(usize, Vec<Op>),
    /// Reads the read-write lock, does something, unlocks.
    Read(Vec<Op>),
    /// Writes it: reads and increments what it holds.
    Write(Vec<Op>),
    /// The same if it can be read.
    TryRead(Vec<Op>),
    /// The same if it can be written.
    TryWrite(Vec<Op>),
    /// Writes the read-write lock, and reads on: reads and increments what it holds, does something, unlocks.
    Downgrade(Vec<Op>),
    /// Calls the once, and does something in the initialiser; reads whether it is the one that is run. What comes of it
    /// is said by [`Call`].
    Once(Call, Vec<Op>),
    /// Waits for the once, however many initialisers panic.
    WaitOnce,
    /// Reads whether the once is complete.
    Peek,
    /// Waits at the barrier, which is for two. Reads whether it leads, if it asks.
    Meet(bool),
    /// Waits for the condition variable. Only directly inside `Lock(0, _)`.
    Wait,
    /// The same, if mutex 0 holds what it held when the thread locked it, plus its own increment.
    WaitWhileFirst,
    NotifyOne,
    NotifyAll,
    Park,
    /// Unparks a thread that exists already.
    Unpark(usize),
    /// Draws a number below this.
    Choice(usize),
    /// Main asks whether a thread has finished.
    IsFinished(usize),
    /// A scheduling point that does nothing.
    Yield,
    /// Waits busily until an atomic holds this much.
    Spin(usize, u8),
    /// Looks so many times whether it does; reads how many times it did not.
    Retry(usize, u8, u8),
}

impl Op {
    /// Whether this holds for the operation, or for one inside it.
    pub fn any(&self, holds: &impl Fn(&Op) -> bool) -> bool {
        let inside = match self {
            Op::Lock(_, body) | Op::TryLock(_, body) | Op::Once(_, body) => body,
            Op::Read(body) | Op::TryRead(body) | Op::Write(body) | Op::TryWrite(body) => body,
            _ => return holds(self),
        };
        holds(self) || inside.iter().any(|op| op.any(holds))
    }
}

/// How a once is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The initialiser is run although one has panicked before.
    pub force: bool,
    /// It panics, in its end.
    pub panics: bool,
}

/// A main thread (0) that spawns the others, does its part and, if it `joins`, waits for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub threads: Vec<Vec<Op>>,
    pub joins: bool,
}

pub const ATOMICS: usize = 2;
pub const MUTEXES: usize = 2;

fn plain(thread: usize, threads: usize, weak: bool) -> BoxedStrategy<Op> {
    let atomic = 0..ATOMICS;
    let earlier: Vec<usize> = if thread == 0 { (0..threads).collect() } else { (0..thread).collect() };
    let mut all = vec![
        (4, (atomic.clone(), 1..3_u8).prop_map(|(a, n)| Op::Add(a, n)).boxed()),
        (4, (atomic.clone(), 0..3_u8, 1..4_u8).prop_map(|(a, x, y)| Op::Cas(a, x, y)).boxed()),
        (1, Just(Op::WaitOnce).boxed()),
        (2, prop::bool::weighted(0.3).prop_map(Op::Meet).boxed()),
        (2, Just(Op::NotifyOne).boxed()),
        (1, Just(Op::NotifyAll).boxed()),
        (1, Just(Op::Park).boxed()),
        (3, select(earlier).prop_map(Op::Unpark).boxed()),
        (1, (2..4_usize).prop_map(Op::Choice).boxed()),
        (1, Just(Op::Yield).boxed()),
        (1, (atomic.clone(), 1..3_u8).prop_map(|(a, n)| Op::Spin(a, n)).boxed()),
        (1, (atomic.clone(), 1..3_u8, 1..4_u8).prop_map(|(a, n, times)| Op::Retry(a, n, times)).boxed()),
    ];
    if weak {
        all.push((2, Just(Op::Peek).boxed()));
        all.push((4, atomic.clone().prop_map(Op::Load).boxed()));
        all.push((4, (atomic, 1..4_u8).prop_map(|(a, n)| Op::Store(a, n)).boxed()));
    }
    if thread == 0 {
        all.push((2, (1..threads).prop_map(Op::IsFinished).boxed()));
    }
    proptest::strategy::Union::new_weighted(all).boxed()
}

fn op(thread: usize, threads: usize, weak: bool, depth: u32) -> BoxedStrategy<Op> {
    let plain = plain(thread, threads, weak);
    if depth == 0 {
        return plain;
    }
    let body = || prop::collection::vec(op(thread, threads, weak, depth - 1), 0..2);
    let waiting = prop_oneof![
        4 => Just(vec![]),
        1 => Just(vec![Op::Wait]),
        2 => Just(vec![Op::WaitWhileFirst]),
    ];
    let locked = prop_oneof![
        3 => (0..MUTEXES, body()).prop_map(|(m, body)| Op::Lock(m, body)),
        3 => (body(), waiting).prop_map(|(mut body, waiting)| {
            body.extend(waiting);
            Op::Lock(0, body)
        }),
        1 => (0..MUTEXES, body()).prop_map(|(m, body)| Op::TryLock(m, body)),
        1 => body().prop_map(Op::Read),
        1 => body().prop_map(Op::Write),
        1 => body().prop_map(Op::TryRead),
        1 => body().prop_map(Op::TryWrite),
        1 => body().prop_map(Op::Downgrade),
        3 => (prop::bool::ANY, prop::bool::weighted(0.3), body())
            .prop_map(|(force, panics, body)| Op::Once(Call { force, panics }, body)),
    ];
    prop_oneof![1 => plain, 1 => locked].boxed()
}

/// Programs of two or three threads. `weak` ones have plain loads and stores, which loom reorders.
pub fn program(weak: bool) -> impl Strategy<Value = Program> {
    (2..=3_usize)
        .prop_flat_map(move |threads| {
            let most = size() + if threads == 2 { 4 } else { 3 };
            let bodies: Vec<_> = (0..threads)
                .map(|thread| {
                    let most = if thread == 0 { most - 1 } else { most };
                    prop::collection::vec(op(thread, threads, weak, 2), 1..=most)
                })
                .collect();
            (bodies, prop::bool::weighted(0.8))
        })
        .prop_map(|(threads, joins)| Program { threads, joins })
}
