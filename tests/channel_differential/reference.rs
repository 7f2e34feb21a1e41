//! The interpreter: every interleaving of an abstract machine, by brute force over its states.
//!
//! What an operation does is what crossbeam-channel's documentation and source say:
//!
//! - An operation is ready if it need not wait: a receive if there is a message, a send if there is room; at a
//!   rendezvous, if another thread has arrived and waits to do the opposite; and both if the other side has hung up. A
//!   message is received before it is noticed that the senders are gone.
//! - An operation that is not ready *arrives*, and waits. Whoever comes to a rendezvous second meets somebody who waits,
//!   and both are done. Nothing is handed over through a buffer: who waits there looks again when it is scheduled.
//! - A wait with a timeout may end at any moment at which nothing that it waits for is ready.
//! - If the last receiver of an unbounded channel is dropped, what is queued goes too. In a bounded channel it stays.
//!
//! A `select` of several operations, and time, are looser in crossbeam-channel than its documentation says of them: it
//! tries one operation after another, and wakes a `ready` a little late. [`Truth::Loose`] allows for that.

use std::collections::{BTreeSet, HashSet};

use raddle::{Failure, FailureKind, Kind};

use super::program::{Arm, Joins, Manner, Op, Patience, Program, Side};

/// What a thread is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seen {
    Sent,
    Received(u8),
    /// It would have had to wait.
    Nothing,
    /// It has waited long enough.
    TimedOut,
    /// The other side has hung up.
    HungUp,
    /// Which one was selected, or is ready.
    Index(usize),
    /// What the atomic held.
    Held(u8),
    Len(usize),
}

/// How an execution can end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Every thread has ended, with these registers.
    Done { registers: Vec<Vec<Seen>> },
    /// Threads wait, and nobody can help: the thread, and what for.
    Stuck { kind: &'static str, waiting: Vec<(String, &'static str)> },
}

impl Outcome {
    pub fn of_failure(failure: &Failure) -> Outcome {
        let waiting = failure.waiting.iter().map(|w| (w.thread.clone(), w.operation.name())).collect();
        Outcome::Stuck { kind: failure.kind.name(), waiting }
    }
}

/// Which machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// An operation is done, is found ready, or is found not to be, in one moment.
    Atomic,
    /// What is selected from is tried one by one, in any order, and may be overlooked by others meanwhile; `ready` may be
    /// wrong; what is discarded goes a moment after its receiver.
    Loose,
}

/// A step of a thread.
#[derive(Clone, Debug)]
enum Step {
    Spawn(usize),
    Join(usize),
    Add,
    Deal(Deal),
    Len(usize),
    Drop(Side, usize),
    /// Discards what is queued, if that is due.
    Discard(usize),
}

/// One operation, or several of which one is done.
#[derive(Clone, Debug)]
struct Deal {
    arms: Vec<Arm>,
    manner: Manner,
    patience: Patience,
    /// It is a `select`, even if of one operation: says which.
    selects: bool,
    /// Begins again after each success.
    again: bool,
    /// The place in the thread's list.
    op: usize,
}

/// How a ready arm can be done.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// There is a message, or room for one.
    Buffer,
    HungUp,
    /// Somebody waits, with this arm.
    Meet(usize, usize),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
struct Thread {
    spawned: bool,
    at: usize,
    registers: Vec<Seen>,
    /// It waits, and others know.
    arrived: bool,
    /// Arms that were not ready when it looked at them, a bit each.
    missed: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Channel {
    capacity: Option<usize>,
    senders: u8,
    receivers: u8,
    queue: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    threads: Vec<Thread>,
    channels: Vec<Channel>,
    atomic: u8,
}

struct Machine {
    truth: Truth,
    code: Vec<Vec<Step>>,
}

fn drops(owned: &[(bool, bool)], steps: &mut Vec<Step>) {
    for (channel, (sender, receiver)) in owned.iter().enumerate() {
        if *sender {
            steps.push(Step::Drop(Side::Sender, channel));
        }
        if *receiver {
            steps.extend([Step::Drop(Side::Receiver, channel), Step::Discard(channel)]);
        }
    }
}

/// The steps of one thread, with what it does when it ends.
fn flatten(program: &Program, thread: usize) -> Vec<Step> {
    let others = || 1..program.threads.len();
    let mut steps: Vec<Step> = if thread == 0 { others().map(Step::Spawn).collect() } else { Vec::new() };
    let mut owned = program.ends[thread].clone();
    for (at, op) in program.threads[thread].iter().enumerate() {
        let deal = |arms: &[Arm], manner, patience| Deal {
            arms: arms.to_vec(),
            manner,
            patience,
            selects: false,
            again: false,
            op: at,
        };
        match op {
            Op::Add => steps.push(Step::Add),
            Op::Do(arm, patience) => steps.push(Step::Deal(deal(&[*arm], Manner::Any, *patience))),
            Op::Select(arms, manner, patience) => {
                steps.push(Step::Deal(Deal { selects: true, ..deal(arms, *manner, *patience) }));
            }
            Op::Iterate(channel, patience) => {
                let arm = Arm::Receive(*channel);
                steps.push(Step::Deal(Deal { again: true, ..deal(&[arm], Manner::Any, *patience) }));
            }
            Op::Len(_, channel) => steps.push(Step::Len(*channel)),
            Op::Drop(Side::Sender, channel) => {
                owned[*channel].0 = false;
                steps.push(Step::Drop(Side::Sender, *channel));
            }
            Op::Drop(Side::Receiver, channel) => {
                owned[*channel].1 = false;
                steps.extend([Step::Drop(Side::Receiver, *channel), Step::Discard(*channel)]);
            }
        }
    }
    if thread == 0 && program.joins == Joins::Holding {
        steps.extend(others().map(Step::Join));
    }
    drops(&owned, &mut steps);
    if thread == 0 && program.joins == Joins::Freed {
        steps.extend(others().map(Step::Join));
    }
    steps
}

/// Every outcome that the program can have.
pub fn outcomes(program: &Program, truth: Truth) -> BTreeSet<Outcome> {
    let machine = Machine::new(program, truth);
    let mut found = BTreeSet::new();
    machine.explore(program, |state| {
        found.insert(machine.end(state));
        true
    });
    found
}

/// The operations, by thread and place, that wait in some execution that gets stuck.
pub fn stuck(program: &Program) -> Vec<(usize, usize)> {
    let machine = Machine::new(program, Truth::Atomic);
    let mut found = Vec::new();
    machine.explore(program, |state| {
        for (thread, steps) in machine.code.iter().enumerate() {
            if let Some(Step::Deal(deal)) = steps.get(state.threads[thread].at) {
                found.push((thread, deal.op));
            }
        }
        found.is_empty()
    });
    found
}

impl Machine {
    fn new(program: &Program, truth: Truth) -> Machine {
        let code = (0..program.threads.len()).map(|thread| flatten(program, thread)).collect();
        Machine { truth, code }
    }

    /// Shows each state in which nobody can take a step, as long as more of them are asked for.
    fn explore(&self, program: &Program, mut rest: impl FnMut(&State) -> bool) {
        let mut threads = vec![Thread::default(); self.code.len()];
        threads[0].spawned = true;
        let owners = |channel: usize, side: fn(&(bool, bool)) -> bool| {
            program.ends.iter().filter(|ends| side(&ends[channel])).count() as u8
        };
        let channel = |(at, capacity): (usize, &Option<usize>)| Channel {
            capacity: *capacity,
            senders: owners(at, |ends| ends.0),
            receivers: owners(at, |ends| ends.1),
            queue: Vec::new(),
        };
        let channels = program.channels.iter().enumerate().map(channel).collect();
        let start = State { threads, channels, atomic: 0 };
        let mut seen = HashSet::from([start.clone()]);
        let mut left = vec![start];
        while let Some(state) = left.pop() {
            let steps: Vec<State> = (0..self.code.len()).flat_map(|thread| self.step(&state, thread)).collect();
            if steps.is_empty() && !rest(&state) {
                return;
            }
            let wrong = (0..self.code.len()).flat_map(|thread| self.wrong(&state, thread));
            for next in steps.iter().cloned().chain(wrong) {
                if seen.insert(next.clone()) {
                    left.push(next);
                }
            }
        }
    }

    fn ended(&self, state: &State, thread: usize) -> bool {
        state.threads[thread].spawned && state.threads[thread].at == self.code[thread].len()
    }

    /// What the thread waits for, if it has arrived.
    fn waits(&self, state: &State, thread: usize) -> Option<&Deal> {
        match self.code[thread].get(state.threads[thread].at) {
            Some(Step::Deal(deal)) if state.threads[thread].arrived => Some(deal),
            _ => None,
        }
    }

    /// Others may overlook what the thread waits for.
    fn blurred(&self, deal: &Deal) -> bool {
        self.truth == Truth::Loose && deal.selects
    }

    /// Every state that one step of the thread can lead to; none if it has ended or has to wait.
    fn step(&self, state: &State, me: usize) -> Vec<State> {
        if !state.threads[me].spawned || self.ended(state, me) {
            return Vec::new();
        }
        let mut next = state.clone();
        next.threads[me].at += 1;
        match &self.code[me][state.threads[me].at] {
            Step::Spawn(thread) => next.threads[*thread].spawned = true,
            Step::Join(thread) if self.ended(state, *thread) => {}
            Step::Join(_) => return Vec::new(),
            Step::Add => {
                next.threads[me].registers.push(Seen::Held(state.atomic));
                next.atomic += 1;
            }
            Step::Len(channel) => {
                let len = state.channels[*channel].queue.len();
                next.threads[me].registers.push(Seen::Len(len));
            }
            Step::Drop(Side::Sender, channel) => next.channels[*channel].senders -= 1,
            Step::Drop(Side::Receiver, channel) => {
                next.channels[*channel].receivers -= 1;
                if self.truth == Truth::Atomic {
                    next.channels[*channel].discard();
                }
            }
            Step::Discard(channel) => next.channels[*channel].discard(),
            Step::Deal(deal) if self.truth == Truth::Loose && deal.arms.len() > 1 => {
                return self.deal_loosely(state, me, deal);
            }
            Step::Deal(deal) => return self.deal(state, me, deal),
        }
        vec![next]
    }

    /// The same for what happens although it should not.
    fn wrong(&self, state: &State, me: usize) -> Vec<State> {
        let thread = &state.threads[me];
        match self.code[me].get(thread.at) {
            Some(Step::Deal(deal))
                if self.truth == Truth::Loose
                    && thread.spawned
                    && deal.manner == Manner::Look
                    && deal.patience != Patience::Nothing =>
            {
                (0..deal.arms.len()).map(|arm| self.told(state, me, deal, &[Seen::Index(arm)])).collect()
            }
            _ => Vec::new(),
        }
    }

    /// How an arm of the thread can be done now. Empty if it is not ready.
    fn ways(&self, state: &State, me: usize, arm: Arm) -> Vec<Way> {
        let channel = match arm {
            Arm::Send(channel, _) | Arm::Receive(channel) => channel,
        };
        let opposite = |theirs: &Arm| match (arm, theirs) {
            (Arm::Send(..), Arm::Receive(other)) | (Arm::Receive(_), Arm::Send(other, _)) => *other == channel,
            _ => false,
        };
        let Channel { capacity, senders, receivers, queue } = &state.channels[channel];
        let mut ways = Vec::new();
        for other in (0..self.code.len()).filter(|&other| other != me && *capacity == Some(0)) {
            let Some(deal) = self.waits(state, other).filter(|deal| deal.manner != Manner::Look) else { continue };
            let met = (0..deal.arms.len()).filter(|&at| opposite(&deal.arms[at])).map(|at| Way::Meet(other, at));
            let first = deal.manner == Manner::First && !self.blurred(deal);
            ways.extend(met.take(if first { 1 } else { usize::MAX }));
        }
        match arm {
            Arm::Send(..) if *receivers == 0 => ways.push(Way::HungUp),
            Arm::Send(..) if capacity.is_none_or(|capacity| queue.len() < capacity) => ways.push(Way::Buffer),
            Arm::Receive(_) if !queue.is_empty() => ways.push(Way::Buffer),
            Arm::Receive(_) if *senders == 0 => ways.push(Way::HungUp),
            _ => {}
        }
        ways
    }

    /// Somebody who looks may find that nobody is ready to do these.
    fn may_miss(&self, state: &State, ways: &[Way]) -> bool {
        ways.iter().all(|way| match way {
            Way::Meet(other, _) => self.blurred(self.waits(state, *other).expect("it waits")),
            _ => false,
        })
    }

    fn deal(&self, state: &State, me: usize, deal: &Deal) -> Vec<State> {
        let mut all = Vec::new();
        let mut misses = true;
        for (at, arm) in deal.arms.iter().enumerate() {
            let ways = self.ways(state, me, *arm);
            let misses_this = self.may_miss(state, &ways);
            // The first that is ready is the only one.
            if misses || deal.manner != Manner::First {
                all.extend(ways.into_iter().map(|way| self.done(state, me, deal, at, way)));
            }
            misses &= misses_this;
        }
        if misses {
            all.extend(self.miss(state, me, deal));
        }
        all
    }

    /// Looks at the arms one by one.
    fn deal_loosely(&self, state: &State, me: usize, deal: &Deal) -> Vec<State> {
        let mut all = Vec::new();
        let missed = state.threads[me].missed;
        for (at, arm) in deal.arms.iter().enumerate() {
            let ways = self.ways(state, me, *arm);
            if missed & 1 << at == 0 && self.may_miss(state, &ways) {
                let mut next = state.clone();
                next.threads[me].missed |= 1 << at;
                all.push(next);
            }
            all.extend(ways.into_iter().map(|way| self.done(state, me, deal, at, way)));
        }
        if missed.count_ones() as usize == deal.arms.len() {
            all.extend(self.miss(state, me, deal));
        }
        all
    }

    /// Nothing is ready.
    fn miss(&self, state: &State, me: usize, deal: &Deal) -> Vec<State> {
        let mut all = Vec::new();
        if deal.patience == Patience::Nothing {
            return vec![self.told(state, me, deal, &[Seen::Nothing])];
        }
        if !state.threads[me].arrived {
            let mut next = state.clone();
            next.threads[me].arrived = true;
            all.push(next);
        }
        if deal.patience == Patience::Timeout {
            all.push(self.told(state, me, deal, &[Seen::TimedOut]));
        }
        all
    }

    /// The thread has done one arm.
    fn done(&self, state: &State, me: usize, deal: &Deal, at: usize, way: Way) -> State {
        if deal.manner == Manner::Look {
            return self.told(state, me, deal, &[Seen::Index(at)]);
        }
        let mut next = state.clone();
        let mine = match (deal.arms[at], way) {
            (_, Way::HungUp) => Seen::HungUp,
            (Arm::Send(channel, message), Way::Buffer) => {
                next.channels[channel].queue.push(message);
                Seen::Sent
            }
            (Arm::Receive(channel), Way::Buffer) => Seen::Received(next.channels[channel].queue.remove(0)),
            (mine, Way::Meet(other, theirs)) => {
                let met = self.waits(state, other).expect("it waits");
                let (seen, told) = match (mine, met.arms[theirs]) {
                    (Arm::Send(_, message), Arm::Receive(_)) => (Seen::Sent, Seen::Received(message)),
                    (Arm::Receive(_), Arm::Send(_, message)) => (Seen::Received(message), Seen::Sent),
                    _ => unreachable!("a sender meets a receiver"),
                };
                next = self.told(&next, other, met, &[Seen::Index(theirs), told][usize::from(!met.selects)..]);
                seen
            }
        };
        self.told(&next, me, deal, &[Seen::Index(at), mine][usize::from(!deal.selects)..])
    }

    /// The thread's operation is over.
    fn told(&self, state: &State, thread: usize, deal: &Deal, told: &[Seen]) -> State {
        let mut next = state.clone();
        let again = deal.again && matches!(told, [Seen::Received(_)]);
        let Thread { at, registers, arrived, missed, .. } = &mut next.threads[thread];
        registers.extend_from_slice(told);
        *at += usize::from(!again);
        (*arrived, *missed) = (false, 0);
        next
    }

    /// What it means that nobody can take a step.
    fn end(&self, state: &State) -> Outcome {
        let blocked: Vec<usize> = (0..self.code.len()).filter(|&thread| !self.ended(state, thread)).collect();
        if blocked.is_empty() {
            return Outcome::Done { registers: state.threads.iter().map(|thread| thread.registers.clone()).collect() };
        }
        let waiting = blocked.iter().map(|&thread| {
            let kind = match &self.code[thread][state.threads[thread].at] {
                Step::Join(_) => Kind::Join,
                Step::Deal(Deal { manner: Manner::Look, .. }) => Kind::Ready,
                Step::Deal(Deal { selects: true, .. }) => Kind::Select,
                Step::Deal(Deal { arms, .. }) if matches!(arms[0], Arm::Send(..)) => Kind::Send,
                Step::Deal(_) => Kind::Receive,
                step => unreachable!("{step:?} never waits"),
            };
            (if thread == 0 { "main".to_owned() } else { format!("t{thread}") }, kind.name())
        });
        let waiting = waiting.collect();
        let kind = if blocked[0] == 0 { FailureKind::Deadlock } else { FailureKind::Leak };
        Outcome::Stuck { kind: kind.name(), waiting }
    }
}

impl Channel {
    fn discard(&mut self) {
        if self.receivers == 0 && self.capacity.is_none() {
            self.queue.clear();
        }
    }
}
