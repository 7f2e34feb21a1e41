//! The interpreter: every interleaving of an abstract machine, by brute force over its states.

use std::collections::{BTreeSet, HashSet};

use raddle::{Failure, FailureKind, Kind};

use super::program::{ATOMICS, Call, MUTEXES, Op, Program};

/// How an execution can end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Every thread has ended, with these registers.
    Done { registers: Vec<Vec<u8>> },
    /// Threads wait, and nobody can help: the thread, what for, and the thread that owns the lock.
    Stuck { kind: &'static str, waiting: Vec<(String, &'static str, Option<String>)> },
}

impl Outcome {
    pub fn of_failure(failure: &Failure) -> Outcome {
        let waiting =
            failure.waiting.iter().map(|w| (w.thread.clone(), w.operation.name(), w.held_by.clone())).collect();
        Outcome::Stuck { kind: failure.kind.name(), waiting }
    }
}

/// A step of a thread: the operations, with what lies between a lock and its unlocking laid flat.
#[derive(Clone, Copy, Debug)]
enum Step {
    Spawn(usize),
    Load(usize),
    Store(usize, u8),
    Add(usize, u8),
    Cas(usize, u8, u8),
    Lock(usize),
    Unlock(usize),
    /// On failure, skips so many steps.
    TryLock(usize, usize),
    Read,
    ReadUnlock,
    TryRead(usize),
    Write,
    WriteUnlock,
    TryWrite(usize),
    Downgrade,
    /// If the initialiser is not run, skips so many steps.
    CallOnce(Call, usize),
    Initialised(Call),
    WaitOnce,
    Peek,
    Come,
    Go(bool),
    /// If mutex 0 does not hold 1, skips the wait.
    SkipUnlessFirst,
    /// Goes back to such a test.
    Back,
    Wait,
    /// The thread has waited, and takes mutex 0 again.
    Woken,
    Relock,
    NotifyOne,
    NotifyAll,
    Park,
    Unpark(usize),
    Choice(usize),
    IsFinished(usize),
    Join(usize),
    /// A spawned thread ends.
    Exit,
    Spin(usize, u8),
    /// If the atomic holds that much, reads how often it did not and skips so many steps.
    Retry(usize, u8, u8, usize),
    /// Reads a number.
    Push(u8),
}

fn flatten(ops: &[Op], steps: &mut Vec<Step>) {
    /// Steps to be skipped where an attempt fails.
    fn attempt(steps: &mut Vec<Step>, tried: fn(usize) -> Step, body: &[Op], unlock: Step) {
        let at = steps.len();
        steps.push(unlock);
        flatten(body, steps);
        steps.push(unlock);
        steps[at] = tried(steps.len() - at - 1);
    }
    for op in ops {
        match op {
            Op::Load(a) => steps.push(Step::Load(*a)),
            Op::Store(a, n) => steps.push(Step::Store(*a, *n)),
            Op::Add(a, n) => steps.push(Step::Add(*a, *n)),
            Op::Cas(a, x, y) => steps.push(Step::Cas(*a, *x, *y)),
            Op::Lock(m, body) => {
                steps.push(Step::Lock(*m));
                flatten(body, steps);
                steps.push(Step::Unlock(*m));
            }
            Op::TryLock(m, body) => {
                let tried = [|skip| Step::TryLock(0, skip), |skip| Step::TryLock(1, skip)][*m];
                attempt(steps, tried, body, Step::Unlock(*m));
            }
            Op::Read(body) => {
                steps.push(Step::Read);
                flatten(body, steps);
                steps.push(Step::ReadUnlock);
            }
            Op::TryRead(body) => attempt(steps, Step::TryRead, body, Step::ReadUnlock),
            Op::Write(body) => {
                steps.push(Step::Write);
                flatten(body, steps);
                steps.push(Step::WriteUnlock);
            }
            Op::TryWrite(body) => attempt(steps, Step::TryWrite, body, Step::WriteUnlock),
            Op::Downgrade(body) => {
                steps.extend([Step::Write, Step::Downgrade]);
                flatten(body, steps);
                steps.push(Step::ReadUnlock);
            }
            Op::Once(call, body) => {
                let at = steps.len();
                steps.push(Step::Peek);
                flatten(body, steps);
                steps.push(Step::Initialised(*call));
                steps[at] = Step::CallOnce(*call, steps.len() - at - 1);
            }
            Op::WaitOnce => steps.push(Step::WaitOnce),
            Op::Peek => steps.push(Step::Peek),
            Op::Meet(asks) => steps.extend([Step::Come, Step::Go(*asks)]),
            Op::Wait => steps.extend([Step::Wait, Step::Woken, Step::Relock]),
            Op::WaitWhileFirst => {
                steps.extend([Step::SkipUnlessFirst, Step::Wait, Step::Woken, Step::Relock, Step::Back]);
            }
            Op::NotifyOne => steps.push(Step::NotifyOne),
            Op::NotifyAll => steps.push(Step::NotifyAll),
            Op::Park => steps.push(Step::Park),
            Op::Unpark(thread) => steps.push(Step::Unpark(*thread)),
            Op::Choice(n) => steps.push(Step::Choice(*n)),
            Op::IsFinished(thread) => steps.push(Step::IsFinished(*thread)),
            Op::Yield => {}
            Op::Spin(a, n) => steps.push(Step::Spin(*a, *n)),
            Op::Retry(a, n, times) => {
                steps.extend((0..*times).map(|tries| Step::Retry(*a, *n, tries, usize::from(times - tries))));
                steps.push(Step::Push(*times));
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
struct Thread {
    spawned: bool,
    at: usize,
    registers: Vec<u8>,
    token: bool,
    notified: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Once {
    Incomplete,
    Running(usize),
    Poisoned,
    Complete,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    threads: Vec<Thread>,
    atomics: [u8; ATOMICS],
    /// What each mutex holds, and who owns it.
    mutexes: [(u8, Option<usize>); MUTEXES],
    rwlock: u8,
    writer: Option<usize>,
    /// One entry for each time that a thread reads, the first that came first.
    readers: Vec<usize>,
    waiters: Vec<usize>,
    once: Once,
    /// Who waits at the barrier; and who may go, and whether it leads.
    came: Option<usize>,
    may_go: Vec<Option<bool>>,
}

/// Every outcome that the program can have.
pub fn outcomes(program: &Program) -> BTreeSet<Outcome> {
    let count = program.threads.len();
    let code: Vec<Vec<Step>> = (0..count)
        .map(|thread| {
            let mut steps = Vec::new();
            if thread == 0 {
                steps.extend((1..count).map(Step::Spawn));
            }
            flatten(&program.threads[thread], &mut steps);
            if thread == 0 && program.joins {
                steps.extend((1..count).map(Step::Join));
            }
            if thread != 0 {
                steps.push(Step::Exit);
            }
            steps
        })
        .collect();
    let mut threads = vec![Thread::default(); count];
    threads[0].spawned = true;
    let start = State {
        threads,
        atomics: [0; ATOMICS],
        mutexes: [(0, None); MUTEXES],
        rwlock: 0,
        writer: None,
        readers: Vec::new(),
        waiters: Vec::new(),
        once: Once::Incomplete,
        came: None,
        may_go: vec![None; count],
    };
    let mut seen = HashSet::from([start.clone()]);
    let mut left = vec![start];
    let mut found = BTreeSet::new();
    while let Some(state) = left.pop() {
        let mut moved = false;
        for thread in 0..count {
            for next in state.step(thread, &code) {
                moved = true;
                if seen.insert(next.clone()) {
                    left.push(next);
                }
            }
        }
        if !moved {
            found.insert(state.end(&code));
        }
    }
    found
}

impl State {
    fn ended(&self, thread: usize, code: &[Vec<Step>]) -> bool {
        self.threads[thread].spawned && self.threads[thread].at == code[thread].len()
    }

    /// Every state that one step of the thread can lead to; none if it has ended or has to wait.
    fn step(&self, me: usize, code: &[Vec<Step>]) -> Vec<State> {
        if !self.threads[me].spawned || self.ended(me, code) {
            return Vec::new();
        }
        let mut next = self.clone();
        next.threads[me].at += 1;
        match code[me][self.threads[me].at] {
            Step::Spawn(thread) => next.threads[thread].spawned = true,
            Step::Load(a) => next.threads[me].registers.push(self.atomics[a]),
            Step::Store(a, n) => next.atomics[a] = n,
            Step::Add(a, n) => {
                next.threads[me].registers.push(self.atomics[a]);
                next.atomics[a] = self.atomics[a].wrapping_add(n);
            }
            Step::Cas(a, x, y) => {
                next.threads[me].registers.push(self.atomics[a]);
                if self.atomics[a] == x {
                    next.atomics[a] = y;
                }
            }
            Step::Lock(m) if self.mutexes[m].1.is_none() => next.take(me, m),
            Step::TryLock(m, _) if self.mutexes[m].1.is_none() => next.take(me, m),
            Step::Lock(_) => return Vec::new(),
            Step::Unlock(m) => next.mutexes[m].1 = None,
            Step::Read | Step::TryRead(_) if self.writer.is_none() => {
                next.threads[me].registers.push(self.rwlock);
                next.readers.push(me);
            }
            Step::Write | Step::TryWrite(_) if self.writer.is_none() && self.readers.is_empty() => {
                next.threads[me].registers.push(self.rwlock);
                next.rwlock += 1;
                next.writer = Some(me);
            }
            Step::Read | Step::Write => return Vec::new(),
            Step::TryLock(_, skip) | Step::TryRead(skip) | Step::TryWrite(skip) => {
                next.threads[me].registers.push(99);
                next.threads[me].at += skip;
            }
            Step::ReadUnlock => {
                let at = self.readers.iter().position(|reader| *reader == me).expect("it reads");
                next.readers.remove(at);
            }
            Step::WriteUnlock => next.writer = None,
            Step::Downgrade => {
                next.writer = None;
                next.readers.push(me);
            }
            Step::CallOnce(call, skip) => {
                let found = match self.once {
                    Once::Running(_) => return Vec::new(),
                    Once::Poisoned if !call.force => 2,
                    Once::Incomplete | Once::Poisoned => 1,
                    Once::Complete => 0,
                };
                next.threads[me].registers.push(found);
                match found {
                    1 => next.once = Once::Running(me),
                    _ => next.threads[me].at += skip,
                }
            }
            Step::Initialised(call) => next.once = if call.panics { Once::Poisoned } else { Once::Complete },
            Step::WaitOnce if self.once == Once::Complete => {}
            Step::WaitOnce => return Vec::new(),
            Step::Peek => next.threads[me].registers.push((self.once == Once::Complete).into()),
            Step::Come => {
                let Some(other) = next.came.take() else {
                    next.came = Some(me);
                    return vec![next];
                };
                let lead = |leads: bool| {
                    let mut next = next.clone();
                    next.may_go[me] = Some(leads);
                    next.may_go[other] = Some(!leads);
                    next
                };
                return [false, true].map(lead).to_vec();
            }
            Step::Go(asks) => match next.may_go[me].take() {
                Some(leads) if asks => next.threads[me].registers.push(leads.into()),
                Some(_) => {}
                None => return Vec::new(),
            },
            Step::SkipUnlessFirst if self.mutexes[0].0 != 1 => next.threads[me].at += 4,
            Step::SkipUnlessFirst => {}
            Step::Back => next.threads[me].at -= 5,
            Step::Wait => {
                next.mutexes[0].1 = None;
                next.waiters.push(me);
                next.waiters.sort_unstable();
                next.threads[me].notified = false;
            }
            Step::Woken if self.threads[me].notified => next.threads[me].notified = false,
            Step::Relock if self.mutexes[0].1.is_none() => next.mutexes[0].1 = Some(me),
            Step::Woken | Step::Relock => return Vec::new(),
            Step::NotifyOne if self.waiters.is_empty() => {}
            Step::NotifyOne => {
                let wake = |at| {
                    let mut next = next.clone();
                    let woken = next.waiters.remove(at);
                    next.threads[woken].notified = true;
                    next
                };
                return (0..self.waiters.len()).map(wake).collect();
            }
            Step::NotifyAll => {
                for woken in next.waiters.drain(..) {
                    next.threads[woken].notified = true;
                }
            }
            Step::Park if self.threads[me].token => next.threads[me].token = false,
            Step::Park => return Vec::new(),
            Step::Unpark(thread) => next.threads[thread].token = true,
            Step::Choice(n) => {
                let choose = |value: usize| {
                    let mut next = next.clone();
                    next.threads[me].registers.push(value as u8);
                    next
                };
                return (0..n).map(choose).collect();
            }
            Step::IsFinished(thread) => next.threads[me].registers.push(self.ended(thread, code).into()),
            Step::Join(thread) if self.ended(thread, code) => {}
            Step::Join(_) => return Vec::new(),
            Step::Exit => {}
            Step::Spin(a, n) if self.atomics[a] >= n => {}
            Step::Spin(..) => return Vec::new(),
            Step::Retry(a, n, tries, skip) => {
                if self.atomics[a] >= n {
                    next.threads[me].registers.push(tries);
                    next.threads[me].at += skip;
                }
            }
            Step::Push(n) => next.threads[me].registers.push(n),
        }
        vec![next]
    }

    fn take(&mut self, me: usize, mutex: usize) {
        self.threads[me].registers.push(self.mutexes[mutex].0);
        self.mutexes[mutex].0 += 1;
        self.mutexes[mutex].1 = Some(me);
    }

    fn initialiser(&self) -> Option<usize> {
        if let Once::Running(thread) = self.once { Some(thread) } else { None }
    }

    /// What it means that nobody can take a step.
    fn end(&self, code: &[Vec<Step>]) -> Outcome {
        let name = |thread: usize| if thread == 0 { "main".to_owned() } else { format!("t{thread}") };
        let blocked: Vec<usize> = (0..code.len()).filter(|&thread| !self.ended(thread, code)).collect();
        if blocked.is_empty() {
            return Outcome::Done { registers: self.threads.iter().map(|thread| thread.registers.clone()).collect() };
        }
        let waiting = blocked.iter().map(|&thread| {
            let (kind, holder) = match code[thread][self.threads[thread].at] {
                Step::Lock(m) => (Kind::Lock, self.mutexes[m].1),
                Step::Relock => (Kind::Lock, self.mutexes[0].1),
                Step::Read => (Kind::Read, self.writer),
                Step::Write => (Kind::Write, self.writer.or(self.readers.first().copied())),
                Step::Woken | Step::Go(_) => (Kind::Wait, None),
                Step::CallOnce(..) => (Kind::CallOnce, self.initialiser()),
                Step::WaitOnce => (Kind::Wait, self.initialiser()),
                Step::Park => (Kind::Park, None),
                Step::Join(_) => (Kind::Join, None),
                Step::Spin(..) => (Kind::SpinLoop, None),
                step => unreachable!("{step:?} never waits"),
            };
            (name(thread), kind.name(), holder.map(name))
        });
        let waiting: Vec<_> = waiting.collect();
        let kind = match waiting.iter().any(|(_, operation, _)| *operation == Kind::SpinLoop.name()) {
            true => FailureKind::Livelock,
            false if blocked[0] == 0 => FailureKind::Deadlock,
            false => FailureKind::Leak,
        };
        Outcome::Stuck { kind: kind.name(), waiting }
    }
}
