//! Runs a program on the channels under test.

use std::{
    collections::BTreeSet,
    sync::{Arc, Barrier, Mutex as StdMutex},
    time::Duration,
};

use raddle::{
    channel::{
        Receiver, RecvTimeoutError, Select, SendTimeoutError, Sender, TryRecvError, TrySendError, after, bounded,
        never, unbounded,
    },
    sync::atomic::{AtomicU8, Ordering::SeqCst},
    thread::{self, JoinHandle},
    time::Instant,
};

use super::{
    program::{Arm, Joins, Manner, Op, Patience, Program, Side},
    reference::{Outcome, Seen},
};

/// Collects the outcomes of complete executions, behind the engine's back.
#[derive(Clone, Default)]
pub struct Recorder(Arc<StdMutex<BTreeSet<Outcome>>>);

impl Recorder {
    pub fn take(self) -> BTreeSet<Outcome> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// What one execution does; the last thread to let go of it records the outcome.
struct Shared {
    atomic: AtomicU8,
    program: Program,
    /// How long a timeout is.
    timeout: Duration,
    /// Real threads start together, so that they meet.
    start: Option<Barrier>,
    /// The registers of the threads that have ended.
    registers: StdMutex<Vec<Option<Vec<Seen>>>>,
    recorder: Recorder,
}

impl Drop for Shared {
    fn drop(&mut self) {
        let registers: Option<Vec<_>> = self.registers.lock().unwrap().drain(..).collect();
        if let Some(registers) = registers {
            self.recorder.0.lock().unwrap().insert(Outcome::Done { registers });
        }
    }
}

/// The ends that a thread owns of one channel.
type Ends = (Option<Sender<u8>>, Option<Receiver<u8>>);

/// A thread of the program.
struct Machine<'a> {
    shared: &'a Shared,
    registers: Vec<Seen>,
    ends: Vec<Ends>,
}

/// In a model.
pub fn run(program: &Program, recorder: &Recorder) {
    start(program, recorder, Duration::from_secs(1), None);
}

/// In a model on real threads.
pub fn run_in_std(program: &Program, recorder: &Recorder, timeout: Duration) {
    drop(start(program, recorder, timeout, Some(Barrier::new(program.threads.len()))));
}

/// On real threads, all of which have ended when this returns.
pub fn run_for_real(program: &Program, timeout: Duration) -> Outcome {
    let recorder = Recorder::default();
    let handles = start(program, &recorder, timeout, Some(Barrier::new(program.threads.len())));
    handles.into_iter().for_each(|handle| handle.join().unwrap());
    let mut outcomes = recorder.take();
    outcomes.pop_first().expect("every thread has ended, and let go of what it shared")
}

/// The handles of the threads that main does not join.
fn start(program: &Program, recorder: &Recorder, timeout: Duration, start: Option<Barrier>) -> Vec<JoinHandle<()>> {
    let threads = program.threads.len();
    let shared = Arc::new(Shared {
        atomic: AtomicU8::new(0),
        program: program.clone(),
        timeout,
        start,
        registers: StdMutex::new(vec![None; threads]),
        recorder: recorder.clone(),
    });
    let mut ends: Vec<Vec<Ends>> = vec![Vec::new(); threads];
    for (channel, capacity) in program.channels.iter().enumerate() {
        let (sender, receiver) = capacity.map_or_else(unbounded, bounded);
        for (thread, owns) in program.ends.iter().enumerate() {
            let (sends, receives) = owns[channel];
            ends[thread].push((sends.then(|| sender.clone()), receives.then(|| receiver.clone())));
        }
    }
    let mut ends = ends.into_iter();
    let mine = ends.next().expect("there is a main thread");
    let others = ends.enumerate().map(|(at, ends)| {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            one(&shared, at + 1, ends, Vec::new());
        })
    });
    let others = others.collect();
    one(&shared, 0, mine, others)
}

fn one(shared: &Shared, number: usize, ends: Vec<Ends>, mut handles: Vec<JoinHandle<()>>) -> Vec<JoinHandle<()>> {
    if let Some(start) = &shared.start {
        start.wait();
    }
    let mut join = |joins| {
        if number == 0 && shared.program.joins == joins {
            handles.drain(..).for_each(|handle| handle.join().unwrap());
        }
    };
    let mut machine = Machine { shared, registers: Vec::new(), ends };
    shared.program.threads[number].iter().for_each(|op| machine.op(op));
    join(Joins::Holding);
    let Machine { registers, ends, .. } = machine;
    drop(ends);
    join(Joins::Freed);
    shared.registers.lock().unwrap()[number] = Some(registers);
    handles
}

impl Machine<'_> {
    fn sender(&self, channel: usize) -> &Sender<u8> {
        self.ends[channel].0.as_ref().expect("the thread owns a sender")
    }

    fn receiver(&self, channel: usize) -> &Receiver<u8> {
        self.ends[channel].1.as_ref().expect("the thread owns a receiver")
    }

    fn op(&mut self, op: &Op) {
        let seen = match op {
            Op::Add => Seen::Held(self.shared.atomic.fetch_add(1, SeqCst)),
            Op::Do(Arm::Send(channel, message), patience) => self.send(*channel, *message, *patience),
            Op::Do(Arm::Receive(channel), patience) => self.receive(*channel, *patience),
            Op::Do(Arm::After, _) => unreachable!("a timer is one of several"),
            Op::Select(arms, Manner::Look, patience) => self.look(arms, *patience),
            Op::Select(arms, manner, patience) => {
                let seen = self.select(arms, *manner, *patience);
                return self.registers.extend(seen);
            }
            Op::Iterate(channel, Patience::Forever) => {
                let received: Vec<_> = self.receiver(*channel).iter().map(Seen::Received).collect();
                self.registers.extend(received);
                Seen::HungUp
            }
            Op::Iterate(channel, patience) => loop {
                match self.receive(*channel, *patience) {
                    received @ Seen::Received(_) => self.registers.push(received),
                    last => break last,
                }
            },
            Op::Len(Side::Sender, channel) => Seen::Len(self.sender(*channel).len()),
            Op::Len(Side::Receiver, channel) => Seen::Len(self.receiver(*channel).len()),
            Op::Drop(Side::Sender, channel) => return drop(self.ends[*channel].0.take()),
            Op::Drop(Side::Receiver, channel) => return drop(self.ends[*channel].1.take()),
        };
        self.registers.push(seen);
    }

    fn send(&self, channel: usize, message: u8, patience: Patience) -> Seen {
        let sender = self.sender(channel);
        let (seen, back) = match patience {
            Patience::Forever => match sender.send(message) {
                Ok(()) => return Seen::Sent,
                Err(why) => (Seen::HungUp, why.into_inner()),
            },
            Patience::Nothing => match sender.try_send(message) {
                Ok(()) => return Seen::Sent,
                Err(TrySendError::Full(back)) => (Seen::Nothing, back),
                Err(TrySendError::Disconnected(back)) => (Seen::HungUp, back),
            },
            Patience::Timeout => match sender.send_timeout(message, self.shared.timeout) {
                Ok(()) => return Seen::Sent,
                Err(SendTimeoutError::Timeout(back)) => (Seen::TimedOut, back),
                Err(SendTimeoutError::Disconnected(back)) => (Seen::HungUp, back),
            },
        };
        assert_eq!(back, message, "what was not sent comes back");
        seen
    }

    fn receive(&self, channel: usize, patience: Patience) -> Seen {
        let receiver = self.receiver(channel);
        match patience {
            Patience::Forever => receiver.recv().map_or(Seen::HungUp, Seen::Received),
            Patience::Nothing => match receiver.try_recv() {
                Ok(message) => Seen::Received(message),
                Err(TryRecvError::Empty) => Seen::Nothing,
                Err(TryRecvError::Disconnected) => Seen::HungUp,
            },
            Patience::Timeout => match receiver.recv_timeout(self.shared.timeout) {
                Ok(message) => Seen::Received(message),
                Err(RecvTimeoutError::Timeout) => Seen::TimedOut,
                Err(RecvTimeoutError::Disconnected) => Seen::HungUp,
            },
        }
    }

    /// The operations in their order, with a timer for each: only some of them are used.
    fn list<'a>(&'a self, arms: &[Arm], timers: &'a [Receiver<Instant>], manner: Manner) -> Select<'a> {
        let mut list = if manner == Manner::First { Select::new_biased() } else { Select::new() };
        for (arm, timer) in arms.iter().zip(timers) {
            match arm {
                Arm::Send(channel, _) => list.send(self.sender(*channel)),
                Arm::Receive(channel) => list.recv(self.receiver(*channel)),
                Arm::After => list.recv(timer),
            };
        }
        list
    }

    fn timers(&self, arms: &[Arm]) -> Vec<Receiver<Instant>> {
        let timer = |arm: &Arm| if *arm == Arm::After { after(self.shared.timeout) } else { never() };
        arms.iter().map(timer).collect()
    }

    /// Which was selected, and what came of it; or the one reason why none was.
    fn select(&self, arms: &[Arm], manner: Manner, patience: Patience) -> Vec<Seen> {
        let timers = self.timers(arms);
        let mut list = self.list(arms, &timers, manner);
        let selected = match patience {
            Patience::Forever => Ok(list.select()),
            Patience::Nothing => list.try_select().map_err(|_| Seen::Nothing),
            Patience::Timeout => list.select_timeout(self.shared.timeout).map_err(|_| Seen::TimedOut),
        };
        let selected = match selected {
            Ok(selected) => selected,
            Err(none) => return vec![none],
        };
        let index = selected.index();
        let seen = match arms[index] {
            Arm::Send(channel, message) => match selected.send(self.sender(channel), message) {
                Ok(()) => Seen::Sent,
                Err(why) => {
                    assert_eq!(why.into_inner(), message, "what was not sent comes back");
                    Seen::HungUp
                }
            },
            Arm::Receive(channel) => selected.recv(self.receiver(channel)).map_or(Seen::HungUp, Seen::Received),
            Arm::After => selected.recv(&timers[index]).map_or(Seen::HungUp, |_| Seen::Fired),
        };
        vec![Seen::Index(index), seen]
    }

    fn look(&self, arms: &[Arm], patience: Patience) -> Seen {
        let timers = self.timers(arms);
        let mut list = self.list(arms, &timers, Manner::Look);
        match patience {
            Patience::Forever => Seen::Index(list.ready()),
            Patience::Nothing => list.try_ready().map_or(Seen::Nothing, Seen::Index),
            Patience::Timeout => list.ready_timeout(self.shared.timeout).map_or(Seen::TimedOut, Seen::Index),
        }
    }
}
