//! The programs: what they can do, and how they are drawn. Each is of one family, for what never meets need not be mixed.

use std::fmt;

use proptest::{collection::vec, option, prelude::*, sample::select, strategy::BoxedStrategy};

/// What the programs are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Memory,
    Locks,
    Threads,
    Onces,
    Channels,
    /// Channels with Go's rules.
    Go,
    Timers,
}

/// Something that is done while a lock is held, or an initialiser runs.
pub type Inside = Option<Box<Op>>;

/// One thing that a thread does.
#[derive(Clone, Debug)]
pub enum Op {
    Load(usize),
    Store(usize, u8),
    Add(usize),
    CompareExchange(usize, u8),
    CellRead,
    CellWrite,
    /// Looks at a reference count, after it has gone up, or not.
    Count(bool),
    Lock(usize, Inside),
    TryLock(usize, Inside),
    Read(Inside),
    TryRead(Inside),
    Write(Inside),
    TryWrite(Inside),
    Downgrade(Inside),
    Wait,
    Notify(bool),
    Park,
    Unpark(usize),
    IsFinished(usize),
    /// Waits at the barrier, and asks who leads.
    Meet(bool),
    /// Of a wait group.
    Done,
    WaitAll,
    Choice,
    /// Calls the once; its initialiser may panic.
    Once(Inside, bool),
    WaitOnce,
    IsCompleted,
    GetOrInit(Inside),
    Set,
    Get,
    Force(Inside),
    Send(usize),
    TrySend(usize),
    Receive(usize),
    TryReceive(usize),
    ReceiveTimeout(usize),
    /// Each a channel, and whether it sends there; and how it waits.
    Select(Vec<(usize, bool)>, Patience),
    Len(usize),
    /// Drops what it has of a channel: the sender, or the receiver. Closes one with Go's rules.
    Drop(usize, bool),
    Sleep,
    /// Waits for the condition variable, or parks, but not for ever.
    WaitTimeout,
    ParkTimeout,
    /// Sets the timer again, or stops it; looks whether it has fired.
    Reset(bool),
    Fired,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    Forever,
    Never,
    /// For ever, and the first that is ready is taken.
    Biased,
    /// For ever, but nothing is done.
    Look,
}

#[derive(Clone)]
pub struct Program {
    pub channels: Vec<Option<usize>>,
    /// Its channels have Go's rules.
    pub go: bool,
    pub threads: Vec<Vec<Op>>,
}

/// A line a thread.
impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "capacities {:?}{}", self.channels, if self.go { ", Go's rules" } else { "" })?;
        self.threads.iter().try_for_each(|ops| writeln!(f, "thread {ops:?}"))
    }
}

impl Op {
    /// Whether the op needs the sender, or the receiver, of the channel.
    pub fn needs(&self, channel: usize, sends: bool) -> bool {
        match self {
            Op::Send(c) | Op::TrySend(c) => *c == channel && sends,
            Op::Receive(c) | Op::TryReceive(c) | Op::ReceiveTimeout(c) | Op::Len(c) => *c == channel && !sends,
            Op::Select(arms, _) => arms.contains(&(channel, sends)),
            Op::Drop(c, s) => (*c, *s) == (channel, sends),
            Op::Lock(_, inside) | Op::TryLock(_, inside) | Op::Once(inside, _) => {
                inside.iter().any(|op| op.needs(channel, sends))
            }
            Op::Read(inside) | Op::TryRead(inside) | Op::Write(inside) | Op::TryWrite(inside) => {
                inside.iter().any(|op| op.needs(channel, sends))
            }
            Op::Downgrade(inside) | Op::GetOrInit(inside) | Op::Force(inside) => {
                inside.iter().any(|op| op.needs(channel, sends))
            }
            _ => false,
        }
    }
}

fn memory() -> BoxedStrategy<Op> {
    prop_oneof![
        3 => (0..2_usize).prop_map(Op::Load),
        3 => (0..2_usize, 1..3_u8).prop_map(|(a, n)| Op::Store(a, n)),
        2 => (0..2_usize).prop_map(Op::Add),
        2 => (0..2_usize, 0..3_u8).prop_map(|(a, n)| Op::CompareExchange(a, n)),
        1 => any::<bool>().prop_map(Op::Count),
        1 => prop_oneof![Just(Op::CellRead), Just(Op::CellWrite)],
        1 => Just(Op::Choice),
    ]
    .boxed()
}

fn threads(threads: usize) -> BoxedStrategy<Op> {
    prop_oneof![
        2 => Just(Op::Add(0)),
        2 => Just(Op::Park),
        3 => (0..threads).prop_map(Op::Unpark),
        2 => (1..threads).prop_map(Op::IsFinished),
        3 => any::<bool>().prop_map(Op::Meet),
        2 => Just(Op::Done),
        1 => Just(Op::WaitAll),
        2 => Just(Op::Wait),
        3 => any::<bool>().prop_map(Op::Notify),
    ]
    .boxed()
}

fn channels() -> BoxedStrategy<Op> {
    let channel = || 0..2_usize;
    let patience = prop_oneof![
        3 => Just(Patience::Forever),
        2 => Just(Patience::Never),
        1 => Just(Patience::Biased),
        1 => Just(Patience::Look),
    ];
    prop_oneof![
        3 => channel().prop_map(Op::Send),
        1 => channel().prop_map(Op::TrySend),
        3 => channel().prop_map(Op::Receive),
        2 => channel().prop_map(Op::TryReceive),
        1 => channel().prop_map(Op::ReceiveTimeout),
        3 => (vec((channel(), any::<bool>()), 1..=2), patience).prop_map(|(arms, patience)| Op::Select(arms, patience)),
        1 => channel().prop_map(Op::Len),
        1 => (channel(), any::<bool>()).prop_map(|(c, s)| Op::Drop(c, s)),
        1 => Just(Op::Add(0)),
    ]
    .boxed()
}

/// What can be done at channels with Go's rules.
fn go() -> BoxedStrategy<Op> {
    let channel = || 0..2_usize;
    let patience = prop_oneof![3 => Just(Patience::Forever), 2 => Just(Patience::Never)];
    prop_oneof![
        4 => channel().prop_map(Op::Send),
        4 => channel().prop_map(Op::Receive),
        3 => (vec((channel(), any::<bool>()), 1..=2), patience).prop_map(|(arms, patience)| Op::Select(arms, patience)),
        1 => channel().prop_map(Op::Len),
        2 => channel().prop_map(|c| Op::Drop(c, true)),
        1 => Just(Op::Add(0)),
    ]
    .boxed()
}

fn timers() -> BoxedStrategy<Op> {
    prop_oneof![
        2 => Just(Op::Add(0)),
        1 => Just(Op::Sleep),
        1 => Just(Op::WaitTimeout),
        1 => Just(Op::Notify(false)),
        1 => Just(Op::ParkTimeout),
        1 => (0..2_usize).prop_map(Op::Unpark),
        2 => any::<bool>().prop_map(Op::Reset),
        2 => Just(Op::Fired),
        1 => (0..2_usize).prop_map(Op::ReceiveTimeout),
        1 => (0..2_usize).prop_map(Op::Send),
    ]
    .boxed()
}

/// `plain`, if something is done inside.
fn inside(plain: BoxedStrategy<Op>) -> impl Strategy<Value = Inside> {
    option::weighted(0.4, plain.prop_map(Box::new))
}

/// Locks, around what is done there.
fn locks(plain: &BoxedStrategy<Op>) -> BoxedStrategy<Op> {
    let inside = || inside(plain.clone());
    prop_oneof![
        2 => (0..2_usize, inside()).prop_map(|(m, op)| Op::Lock(m, op)),
        2 => (0..2_usize, inside()).prop_map(|(m, op)| Op::TryLock(m, op)),
        1 => inside().prop_map(Op::Read),
        1 => inside().prop_map(Op::TryRead),
        1 => inside().prop_map(Op::Write),
        1 => inside().prop_map(Op::TryWrite),
        1 => inside().prop_map(Op::Downgrade),
    ]
    .boxed()
}

fn onces() -> BoxedStrategy<Op> {
    let inside = || inside(Just(Op::Add(0)).boxed());
    prop_oneof![
        2 => Just(Op::Add(0)),
        3 => (inside(), prop::bool::weighted(0.2)).prop_map(|(op, panics)| Op::Once(op, panics)),
        1 => Just(Op::WaitOnce),
        2 => Just(Op::IsCompleted),
        2 => inside().prop_map(Op::GetOrInit),
        2 => Just(Op::Set),
        2 => Just(Op::Get),
        2 => inside().prop_map(Op::Force),
    ]
    .boxed()
}

fn op(family: Family, threads: usize) -> BoxedStrategy<Op> {
    let (plain, weight) = match family {
        Family::Memory => return memory(),
        Family::Locks => (memory(), 6),
        Family::Threads => (self::threads(threads), 1),
        Family::Onces => (onces(), 1),
        Family::Channels => (channels(), 1),
        Family::Go => return go(),
        Family::Timers => (timers(), 1),
    };
    let locks = locks(&plain);
    prop_oneof![6 => plain, weight => locks].boxed()
}

/// Two to four threads, and at most nine operations in all: `more` than usual in each, where that is asked for.
pub fn program(family: Family, more: usize) -> impl Strategy<Value = Program> {
    let go = family == Family::Go;
    // Go's channels have a bound.
    let most = if go { Some(0) } else { None };
    let capacity = select(vec![Some(0), Some(0), Some(1), Some(1), Some(2), most]);
    (2..=4_usize)
        .prop_flat_map(move |threads| {
            // What a thread has of channels it drops in the end, and all that is interleaved.
            let most = [4, 3, 2][threads - 2] + more - usize::from(family == Family::Channels && threads < 4);
            (vec(capacity.clone(), 2), vec(vec(op(family, threads), 1..=most), threads))
        })
        .prop_map(move |(channels, threads)| Program { channels, go, threads })
}
