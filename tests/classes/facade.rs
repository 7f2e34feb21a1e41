//! Runs a program on the primitives under test.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    time::Duration,
};

use raddle::{
    channel::{Receiver, Select, Sender, bounded, unbounded},
    choice,
    go::{Chan, Select as GoSelect, Timer, WaitGroup},
    sync::{
        Arc, Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, RwLock, RwLockWriteGuard,
        atomic::{AtomicU8, Ordering::SeqCst},
    },
    thread::{self, JoinHandle, Thread},
};

use super::{
    common::Plain,
    program::{Inside, Op, Patience, Program},
};

const SECOND: Duration = Duration::from_secs(1);

struct Shared {
    atomics: [AtomicU8; 2],
    cell: Plain,
    counted: Arc<u8>,
    mutexes: [Mutex<()>; 2],
    condvar: Condvar,
    lock: RwLock<()>,
    once: Once,
    set: OnceLock<u8>,
    lazy: LazyLock<u8, Box<dyn FnOnce() -> u8 + Send + Sync>>,
    barrier: Barrier,
    group: WaitGroup,
    timer: Option<Timer>,
    /// If the channels have Go's rules.
    chans: Vec<Chan<u8>>,
}

/// The ends of each channel that a thread has.
type Ends = Vec<(Option<Sender<u8>>, Option<Receiver<u8>>)>;

/// What every thread has seen.
pub fn run(program: &Program) -> Vec<Vec<u8>> {
    let first = Arc::new(AtomicU8::new(0));
    let uses = |uses: fn(&Op) -> bool| program.threads.iter().flatten().any(uses);
    let timer = uses(|op| matches!(op, Op::Reset(_) | Op::Fired));
    let shared = Arc::new(Shared {
        atomics: Default::default(),
        cell: Plain::default(),
        counted: Arc::new(0),
        mutexes: Default::default(),
        condvar: Condvar::new(),
        lock: RwLock::default(),
        once: Once::new(),
        set: OnceLock::new(),
        lazy: LazyLock::new(Box::new(move || first.fetch_add(1, SeqCst))),
        barrier: Barrier::new(2),
        group: WaitGroup::new(),
        timer: timer.then(|| Timer::new(SECOND)),
        chans: program.channels.iter().filter(|_| program.go).map(|bound| Chan::new(bound.unwrap_or(1))).collect(),
    });
    if uses(|op| matches!(op, Op::Done | Op::WaitAll)) {
        shared.group.add(1);
    }
    let channels: Ends = program
        .channels
        .iter()
        .filter(|_| !program.go)
        .map(|capacity| capacity.map_or_else(unbounded, bounded))
        .map(|(s, r)| (Some(s), Some(r)))
        .collect();
    let ends = |thread: usize| -> Ends {
        let needs = |c, sends| program.threads[thread].iter().any(|op| op.needs(c, sends));
        let ends = channels.iter().enumerate();
        ends.map(|(c, (s, r))| {
            let (s, r) = (s.as_ref().filter(|_| needs(c, true)), r.as_ref().filter(|_| needs(c, false)));
            (s.cloned(), r.cloned())
        })
        .collect()
    };
    let all: Vec<Ends> = (0..program.threads.len()).map(ends).collect();
    drop(channels);
    let mut all = all.into_iter();
    let mine = all.next().expect("there is a main thread");
    let program = Arc::new(program.clone());
    let mut known = vec![thread::current()];
    let mut handles: Vec<JoinHandle<Vec<u8>>> = Vec::new();
    for (number, ends) in (1..).zip(all) {
        let (program, shared) = (Arc::clone(&program), Arc::clone(&shared));
        let known_then = known.clone();
        let handle = thread::spawn(move || one(&program, &shared, number, ends, &known_then, &[]));
        known.push(handle.thread().clone());
        handles.push(handle);
    }
    let mut seen = vec![one(&program, &shared, 0, mine, &known, &handles)];
    seen.extend(handles.into_iter().map(|handle| handle.join().unwrap()));
    seen
}

fn one(
    program: &Program,
    shared: &Shared,
    me: usize,
    ends: Ends,
    known: &[Thread],
    handles: &[JoinHandle<Vec<u8>>],
) -> Vec<u8> {
    let mut machine = Machine { shared, message: 0, ends, known, handles, seen: Vec::new() };
    for (at, op) in program.threads[me].iter().enumerate() {
        machine.message = (me * 16 + at) as u8;
        machine.act(op);
    }
    machine.seen
}

struct Machine<'a> {
    shared: &'a Shared,
    /// What it sends next.
    message: u8,
    ends: Ends,
    known: &'a [Thread],
    handles: &'a [JoinHandle<Vec<u8>>],
    seen: Vec<u8>,
}

impl Machine<'_> {
    fn see(&mut self, value: impl Into<u8>) {
        self.seen.push(value.into());
    }

    fn inside(&mut self, op: &Inside) {
        self.see(1);
        op.iter().for_each(|op| self.act(op));
    }

    fn act(&mut self, op: &Op) {
        let shared = self.shared;
        match op {
            Op::Load(a) => self.see(shared.atomics[*a].load(SeqCst)),
            Op::Store(a, n) => shared.atomics[*a].store(*n, SeqCst),
            Op::Add(a) => self.see(shared.atomics[*a].fetch_add(1, SeqCst)),
            Op::CompareExchange(a, n) => {
                let found = shared.atomics[*a].compare_exchange(*n, *n + 1, SeqCst, SeqCst);
                self.see(found.unwrap_or_else(|found| found));
            }
            Op::CellRead => self.see(shared.cell.get() as u8),
            Op::CellWrite => shared.cell.set(1),
            Op::Count(up) => {
                let more = up.then(|| Arc::clone(&shared.counted));
                self.see(Arc::strong_count(&shared.counted) as u8);
                drop(more);
            }
            Op::Lock(m, op) => {
                let _guard = shared.mutexes[*m].lock().unwrap();
                self.inside(op);
            }
            Op::TryLock(m, op) => match shared.mutexes[*m].try_lock() {
                Ok(_guard) => self.inside(op),
                Err(_) => self.see(0),
            },
            Op::Read(op) => {
                let _guard = shared.lock.read().unwrap();
                self.inside(op);
            }
            Op::TryRead(op) => match shared.lock.try_read() {
                Ok(_guard) => self.inside(op),
                Err(_) => self.see(0),
            },
            Op::Write(op) => {
                let _guard = shared.lock.write().unwrap();
                self.inside(op);
            }
            Op::TryWrite(op) => match shared.lock.try_write() {
                Ok(_guard) => self.inside(op),
                Err(_) => self.see(0),
            },
            Op::Downgrade(op) => {
                let _guard = RwLockWriteGuard::downgrade(shared.lock.write().unwrap());
                self.inside(op);
            }
            Op::Wait => {
                // It may be inside a lock of its own: then it is stuck.
                let guard = shared.mutexes[0].lock().unwrap();
                drop(shared.condvar.wait(guard).unwrap());
            }
            Op::WaitTimeout => {
                let guard = shared.mutexes[0].lock().unwrap();
                let timed_out = shared.condvar.wait_timeout(guard, SECOND).unwrap().1.timed_out();
                self.see(timed_out);
            }
            Op::Notify(true) => shared.condvar.notify_all(),
            Op::Notify(false) => shared.condvar.notify_one(),
            Op::Park => thread::park(),
            Op::ParkTimeout => thread::park_timeout(SECOND),
            Op::Sleep => thread::sleep(SECOND),
            Op::Unpark(thread) => self.known.iter().skip(*thread).take(1).for_each(Thread::unpark),
            Op::IsFinished(thread) => {
                let finished = self.handles.get(*thread - 1).map(JoinHandle::is_finished);
                self.see(finished.unwrap_or_default());
            }
            Op::Meet(asks) => {
                let leads = shared.barrier.wait();
                if *asks {
                    self.see(leads.is_leader());
                }
            }
            Op::Done => shared.group.done(),
            Op::WaitAll => shared.group.wait(),
            Op::Choice => self.see(choice(2) as u8),
            Op::Once(op, panics) => self.once(op, *panics),
            Op::WaitOnce => shared.once.wait_force(),
            Op::IsCompleted => self.see(shared.once.is_completed()),
            Op::GetOrInit(op) => {
                let message = self.message;
                let found = *shared.set.get_or_init(|| {
                    self.inside(op);
                    message
                });
                self.see(found);
            }
            Op::Set => self.see(shared.set.set(self.message).is_ok()),
            Op::Get => self.see(shared.set.get().copied().unwrap_or(255)),
            Op::Force(op) => {
                self.see(*shared.lazy);
                self.inside(op);
            }
            Op::Reset(true) => self.see(shared.timer.as_ref().is_some_and(|timer| timer.reset(SECOND))),
            Op::Reset(false) => self.see(shared.timer.as_ref().is_some_and(Timer::stop)),
            Op::Fired => self.see(shared.timer.as_ref().map_or(0, |timer| timer.c.len() as u8)),
            op if shared.chans.is_empty() => self.exchange(op),
            op => self.go(op),
        }
    }

    fn once(&mut self, op: &Inside, panics: bool) {
        /// With which an initialiser panics.
        struct Fails;
        let once = &self.shared.once;
        let mut ran = false;
        let result = catch_unwind(AssertUnwindSafe(|| {
            once.call_once(|| {
                ran = true;
                self.inside(op);
                if panics {
                    resume_unwind(Box::new(Fails));
                }
            });
        }));
        match result {
            Ok(()) => self.see(ran),
            Err(payload) if payload.is::<Fails>() => self.see(2),
            Err(payload) if payload.downcast_ref::<&str>().is_some_and(|told| told.contains("poisoned")) => self.see(3),
            Err(payload) => resume_unwind(payload),
        }
    }

    /// What is done at channels, as far as the thread has the end that it needs.
    fn exchange(&mut self, op: &Op) {
        let message = self.message;
        let told = match *op {
            Op::Send(c) => self.ends[c].0.as_ref().map(|s| u8::from(s.send(message).is_ok())),
            Op::TrySend(c) => {
                let sent = self.ends[c].0.as_ref().map(|s| s.try_send(message));
                sent.map(|sent| sent.map_or_else(|why| 2 + u8::from(why.is_full()), |()| 1))
            }
            Op::Receive(c) => self.ends[c].1.as_ref().map(|r| r.recv().unwrap_or(250)),
            Op::TryReceive(c) => {
                let got = self.ends[c].1.as_ref().map(Receiver::try_recv);
                got.map(|got| got.unwrap_or_else(|why| 250 + u8::from(why.is_empty())))
            }
            Op::ReceiveTimeout(c) => {
                let got = self.ends[c].1.as_ref().map(|r| r.recv_timeout(SECOND));
                got.map(|got| got.unwrap_or_else(|why| 250 + u8::from(why.is_timeout())))
            }
            Op::Len(c) => self.ends[c].1.as_ref().map(|r| r.len() as u8),
            Op::Drop(c, true) => return drop(self.ends[c].0.take()),
            Op::Drop(c, false) => return drop(self.ends[c].1.take()),
            Op::Select(ref arms, patience) => return self.select(arms, patience),
            ref op => unreachable!("{op:?} is no operation of channels"),
        };
        self.seen.extend(told);
    }

    /// The same with Go's rules. What panics there is seen, and caught.
    fn go(&mut self, op: &Op) {
        let (chans, message) = (&self.shared.chans, self.message);
        let told = catch_unwind(AssertUnwindSafe(|| match op {
            Op::Send(c) => {
                chans[*c].send(message);
                vec![1]
            }
            Op::Receive(c) => vec![chans[*c].recv().unwrap_or(250)],
            Op::Len(c) => vec![chans[*c].len() as u8],
            Op::Drop(c, _) => {
                chans[*c].close();
                vec![2]
            }
            Op::Select(arms, patience) => {
                let (mut list, mut receipts) = (GoSelect::new(), Vec::new());
                for (at, &(c, sends)) in arms.iter().enumerate() {
                    match sends {
                        true => list.send(&chans[c], message),
                        false => receipts.push((at, list.recv(&chans[c]))),
                    }
                }
                let taken = if *patience == Patience::Never { list.try_run() } else { Some(list.run()) };
                let receipt = receipts.iter().find(|(at, _)| Some(*at) == taken);
                let got = receipt.map_or(1, |(_, receipt)| receipt.take().unwrap_or(250));
                vec![taken.map_or(255, |at| at as u8), got]
            }
            op => unreachable!("{op:?} is no operation of Go's channels"),
        }));
        match told {
            Ok(told) => self.seen.extend(told),
            Err(payload) if payload.downcast_ref::<&str>().is_some_and(|told| told.contains("closed")) => self.see(251),
            Err(payload) => resume_unwind(payload),
        }
    }

    fn select(&mut self, arms: &[(usize, bool)], patience: Patience) {
        let ends = &self.ends;
        let mut list = if patience == Patience::Biased { Select::new_biased() } else { Select::new() };
        let mut there = Vec::new();
        for &(c, sends) in arms {
            match (&ends[c], sends) {
                ((Some(s), _), true) => drop(list.send(s)),
                ((_, Some(r)), false) => drop(list.recv(r)),
                _ => continue,
            }
            there.push((c, sends));
        }
        if there.is_empty() {
            return;
        }
        let selected = match patience {
            Patience::Look => {
                let ready = list.ready() as u8;
                return self.seen.push(ready);
            }
            Patience::Never => list.try_select().ok(),
            _ => Some(list.select()),
        };
        let Some(selected) = selected else { return self.seen.push(255) };
        let (c, sends) = there[selected.index()];
        self.seen.push(selected.index() as u8);
        if arms.len() > 1 {
            // A message may follow its place by a later step.
            self.shared.atomics[1].fetch_add(1, SeqCst);
        }
        let told = match sends {
            true => u8::from(selected.send(ends[c].0.as_ref().unwrap(), self.message).is_ok()),
            false => selected.recv(ends[c].1.as_ref().unwrap()).unwrap_or(250),
        };
        self.seen.push(told);
    }
}
