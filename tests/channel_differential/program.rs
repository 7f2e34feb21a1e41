//! The programs: what they can do, and how they are drawn.

use std::fmt;

use proptest::{prelude::*, sample::Index, sample::select, strategy::Union};

use super::{fuzz::size, reference};

/// One end of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    Sender,
    Receiver,
}

/// One operation on a channel, alone or as one of those that a thread selects from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arm {
    /// Sends a message that nobody else sends.
    Send(usize, u8),
    Receive(usize),
    /// Receives from a timer that is armed now.
    After,
}

/// How long an operation waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Patience {
    Nothing,
    Timeout,
    Forever,
}

/// How several operations are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Manner {
    /// Does one of those that are ready.
    Any,
    /// Does the first of those that are ready.
    First,
    /// Says which is ready, and does nothing.
    Look,
}

/// One thing that a thread does. What comes of it goes to the thread's register file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Adds 1 to the atomic, and reads it: so the threads see in which order they did other things.
    Add,
    /// `send`, `recv`, and those that wait less.
    Do(Arm, Patience),
    Select(Vec<Arm>, Manner, Patience),
    /// Receives until nothing more can come, or comes in time.
    Iterate(usize, Patience),
    Len(Side, usize),
    Drop(Side, usize),
}

impl Op {
    /// The same, but it does not wait for ever; nothing if it never did. In a `plain` program something that never waits.
    fn softer(&self, plain: bool) -> Option<Op> {
        match self {
            Op::Do(_, Patience::Forever) | Op::Select(.., Patience::Forever) | Op::Iterate(_, Patience::Forever)
                if plain =>
            {
                Some(Op::Add)
            }
            Op::Do(arm, Patience::Forever) => Some(Op::Do(*arm, Patience::Timeout)),
            Op::Select(arms, manner, Patience::Forever) => Some(Op::Select(arms.clone(), *manner, Patience::Timeout)),
            Op::Iterate(channel, Patience::Forever) => Some(Op::Iterate(*channel, Patience::Timeout)),
            _ => None,
        }
    }
}

/// Whether main waits for the others, after its own operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joins {
    Never,
    /// With its ends of the channels still in its hands.
    Holding,
    /// After it has dropped them.
    Freed,
}

/// A main thread (0) that makes the channels, hands out their ends, spawns the others, does its part and, if it joins,
/// waits for them. A thread drops what it still owns when it ends: channel by channel, the sender first.
#[derive(Clone, PartialEq, Eq)]
pub struct Program {
    /// How many messages each channel holds.
    pub channels: Vec<Option<usize>>,
    /// Whether a thread owns a sender and a receiver of each channel, when it starts.
    pub ends: Vec<Vec<(bool, bool)>>,
    pub threads: Vec<Vec<Op>>,
    pub joins: Joins,
}

/// A line a thread.
impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "capacities {:?}, joins {:?}", self.channels, self.joins)?;
        for (thread, ops) in self.threads.iter().enumerate() {
            let owned = self.ends[thread].iter().enumerate();
            let owned = owned.flat_map(|(channel, (sender, receiver))| {
                [sender.then(|| format!("s{channel}")), receiver.then(|| format!("r{channel}"))]
            });
            let owned: Vec<String> = owned.flatten().collect();
            writeln!(f, "thread {thread} ({}): {ops:?}", owned.join(" "))?;
        }
        Ok(())
    }
}

/// An operation before it is known which ends its thread owns by then.
#[derive(Clone, Debug)]
enum Raw {
    Add,
    Do(Index, Patience),
    /// Some of the arms are timers.
    Select(Vec<(Index, bool)>, Manner, Patience),
    Iterate(Index),
    Len(Index),
    Drop(Index),
}

fn patience() -> impl Strategy<Value = Patience> {
    prop_oneof![
        3 => Just(Patience::Forever),
        2 => Just(Patience::Nothing),
        2 => Just(Patience::Timeout),
    ]
}

fn raw() -> impl Strategy<Value = Raw> {
    let end = any::<Index>;
    let manner = prop_oneof![3 => Just(Manner::Any), 2 => Just(Manner::First), 1 => Just(Manner::Look)];
    Union::new_weighted(vec![
        (2, Just(Raw::Add).boxed()),
        (8, (end(), patience()).prop_map(|(end, patience)| Raw::Do(end, patience)).boxed()),
        (
            6,
            (prop::collection::vec((end(), prop::bool::weighted(0.1)), 1..=3), manner, patience())
                .prop_map(|(ends, manner, patience)| Raw::Select(ends, manner, patience))
                .boxed(),
        ),
        (1, end().prop_map(Raw::Iterate).boxed()),
        (1, end().prop_map(Raw::Len).boxed()),
        (2, end().prop_map(Raw::Drop).boxed()),
    ])
}

impl Raw {
    /// The same, but nobody can tell by it whether others wait.
    fn plain(self) -> Raw {
        match self {
            Raw::Do(end, _) => Raw::Do(end, Patience::Forever),
            Raw::Select(ends, ..) => Raw::Select(ends, Manner::Any, Patience::Forever),
            other => other,
        }
    }
}

/// The operations of a thread, on ends that it owns at that time.
fn resolve(thread: usize, ends: &[(bool, bool)], raw: &[Raw]) -> Vec<Op> {
    let mut owned = Vec::new();
    for (channel, (sender, receiver)) in ends.iter().enumerate() {
        owned.extend(sender.then_some((Side::Sender, channel)));
        owned.extend(receiver.then_some((Side::Receiver, channel)));
    }
    let mut messages = (1..).map(|n| u8::try_from(16 * thread + n).expect("threads do little"));
    raw.iter()
        .map(|raw| {
            if owned.is_empty() {
                return Op::Add;
            }
            let mut arm = |at: &Index| match owned[at.index(owned.len())] {
                (Side::Sender, channel) => Arm::Send(channel, messages.next().expect("there are enough numbers")),
                (Side::Receiver, channel) => Arm::Receive(channel),
            };
            match raw {
                Raw::Add => Op::Add,
                Raw::Do(at, patience) => Op::Do(arm(at), *patience),
                Raw::Select(at, manner, patience) => {
                    let arms = at.iter().map(|(at, after)| if *after { Arm::After } else { arm(at) });
                    Op::Select(arms.collect(), *manner, *patience)
                }
                Raw::Iterate(at) => match arm(at) {
                    Arm::Receive(channel) => Op::Iterate(channel, Patience::Forever),
                    sends => Op::Do(sends, Patience::Forever),
                },
                Raw::Len(at) => {
                    let (side, channel) = owned[at.index(owned.len())];
                    Op::Len(side, channel)
                }
                Raw::Drop(at) => {
                    let (side, channel) = owned.remove(at.index(owned.len()));
                    Op::Drop(side, channel)
                }
            }
        })
        .collect()
}

/// Programs of two or three threads, or four of which each does little. Of those that do not `stick`, no execution gets
/// stuck: some operation of theirs does not wait for ever where it might have. A `small` one has fewer threads. In some,
/// nobody can tell whether others wait.
pub fn program(stick: bool, small: bool) -> impl Strategy<Value = Program> {
    let threads = if small { vec![2, 2, 2, 2, 2, 3] } else { vec![2, 2, 2, 3, 3, 3, 4] };
    (select(threads), select(vec![Joins::Never, Joins::Holding, Joins::Freed, Joins::Freed]))
        .prop_flat_map(move |(threads, joins)| {
            // What a thread owns it drops in the end, and all those ends are interleaved.
            let (most, channels, owned) = [(4, 2_usize, 0.55), (2, 2, 0.35), (1, 1, 0.4)][threads - 2];
            let most = size() + most - usize::from(small);
            let capacity = select(vec![Some(0), Some(0), Some(0), Some(1), Some(1), Some(2), None, None]);
            let ends = (prop::bool::weighted(owned), prop::bool::weighted(owned));
            let channels = (1..=channels).prop_flat_map(move |channels| {
                let ends = prop::collection::vec(prop::collection::vec(ends, channels), threads);
                (prop::collection::vec(capacity.clone(), channels), ends)
            });
            let plain = prop::bool::weighted(0.3);
            let bodies = plain.prop_flat_map(move |plain| {
                let raw = raw().prop_map(move |raw| if plain { raw.plain() } else { raw });
                (Just(plain), prop::collection::vec(prop::collection::vec(raw, 1..=most), threads))
            });
            (channels, bodies, Just(joins))
        })
        .prop_map(move |((channels, ends), (plain, raw), joins)| {
            let threads = ends.iter().zip(&raw).enumerate();
            let threads = threads.map(|(thread, (ends, raw))| resolve(thread, ends, raw)).collect();
            let mut program = Program { channels, ends, threads, joins };
            if !stick {
                while soften(&mut program, plain) {}
            }
            program
        })
}

/// Has one thread of a stuck execution, if there is one, wait less. False if there is none.
fn soften(program: &mut Program, plain: bool) -> bool {
    for (thread, op) in reference::stuck(program) {
        if let Some(softer) = program.threads[thread][op].softer(plain) {
            program.threads[thread][op] = softer;
            return true;
        }
    }
    false
}
