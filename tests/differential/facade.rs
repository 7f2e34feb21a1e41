//! Runs a program on the primitives under test.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind},
    sync::{Arc, Mutex as StdMutex},
};

use raddle::{
    choice, hint,
    sync::{
        Barrier, Condvar, Mutex, MutexGuard, Once, RwLock, RwLockWriteGuard,
        atomic::{AtomicU8, Ordering::SeqCst},
    },
    thread::{self, JoinHandle, Thread},
};

use super::{
    program::{ATOMICS, Call, MUTEXES, Op, Program},
    reference::Outcome,
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
    atomics: [AtomicU8; ATOMICS],
    mutexes: [Mutex<u8>; MUTEXES],
    rwlock: RwLock<u8>,
    condvar: Condvar,
    once: Once,
    barrier: Barrier,
    program: Program,
    /// The registers of the threads that have ended.
    registers: StdMutex<Vec<Option<Vec<u8>>>>,
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

/// A thread of the program.
struct Machine<'a> {
    shared: &'a Shared,
    registers: Vec<u8>,
    /// Threads that can be unparked: by number.
    threads: Vec<Thread>,
    handles: Vec<JoinHandle<()>>,
}

pub fn run(program: &Program, recorder: &Recorder) {
    let shared = Arc::new(Shared {
        atomics: Default::default(),
        mutexes: Default::default(),
        rwlock: RwLock::default(),
        condvar: Condvar::new(),
        once: Once::new(),
        barrier: Barrier::new(2),
        program: program.clone(),
        registers: StdMutex::new(vec![None; program.threads.len()]),
        recorder: recorder.clone(),
    });
    let mut threads = vec![thread::current()];
    let mut handles = Vec::new();
    for number in 1..program.threads.len() {
        let (shared, earlier) = (Arc::clone(&shared), threads.clone());
        let handle = thread::spawn(move || one(&shared, number, earlier, Vec::new()));
        threads.push(handle.thread().clone());
        handles.push(handle);
    }
    one(&shared, 0, threads, handles);
}

fn one(shared: &Shared, number: usize, threads: Vec<Thread>, handles: Vec<JoinHandle<()>>) {
    let mut machine = Machine { shared, registers: Vec::new(), threads, handles };
    machine.body(&shared.program.threads[number], &mut None);
    if number == 0 && shared.program.joins {
        machine.handles.drain(..).for_each(|handle| handle.join().unwrap());
    }
    shared.registers.lock().unwrap()[number] = Some(machine.registers);
}

impl<'a> Machine<'a> {
    /// `guard` is that of the lock whose body this is, if it is mutex 0.
    fn body(&mut self, ops: &[Op], guard: &mut Option<MutexGuard<'a, u8>>) {
        ops.iter().for_each(|op| self.op(op, guard));
    }

    fn op(&mut self, op: &Op, guard: &mut Option<MutexGuard<'a, u8>>) {
        let shared = self.shared;
        match op {
            Op::Load(a) => self.registers.push(shared.atomics[*a].load(SeqCst)),
            Op::Store(a, n) => shared.atomics[*a].store(*n, SeqCst),
            Op::Add(a, n) => self.registers.push(shared.atomics[*a].fetch_add(*n, SeqCst)),
            Op::Cas(a, x, y) => {
                let found = shared.atomics[*a].compare_exchange(*x, *y, SeqCst, SeqCst);
                self.registers.push(found.unwrap_or_else(|found| found));
            }
            Op::Lock(m, body) => self.locked(shared.mutexes[*m].lock().unwrap(), body),
            Op::TryLock(m, body) => match shared.mutexes[*m].try_lock() {
                Ok(guard) => self.locked(guard, body),
                Err(_) => self.registers.push(99),
            },
            Op::Read(body) => {
                let guard = shared.rwlock.read().unwrap();
                self.registers.push(*guard);
                self.body(body, &mut None);
            }
            Op::TryRead(body) => match shared.rwlock.try_read() {
                Ok(guard) => {
                    self.registers.push(*guard);
                    self.body(body, &mut None);
                }
                Err(_) => self.registers.push(99),
            },
            Op::Write(body) => {
                let mut guard = shared.rwlock.write().unwrap();
                self.registers.push(*guard);
                *guard += 1;
                self.body(body, &mut None);
            }
            Op::TryWrite(body) => match shared.rwlock.try_write() {
                Ok(mut guard) => {
                    self.registers.push(*guard);
                    *guard += 1;
                    self.body(body, &mut None);
                }
                Err(_) => self.registers.push(99),
            },
            Op::Downgrade(body) => {
                let mut guard = shared.rwlock.write().unwrap();
                self.registers.push(*guard);
                *guard += 1;
                let _guard = RwLockWriteGuard::downgrade(guard);
                self.body(body, &mut None);
            }
            Op::Once(call, body) => self.once(*call, body),
            Op::WaitOnce => shared.once.wait_force(),
            Op::Peek => self.registers.push(shared.once.is_completed().into()),
            Op::Meet(asks) => {
                let result = shared.barrier.wait();
                if *asks {
                    self.registers.push(result.is_leader().into());
                }
            }
            Op::Wait => {
                let held = guard.take().expect("a wait stands inside a lock");
                *guard = Some(shared.condvar.wait(held).unwrap());
            }
            Op::WaitWhileFirst => {
                let held = guard.take().expect("a wait stands inside a lock");
                *guard = Some(shared.condvar.wait_while(held, |n| *n == 1).unwrap());
            }
            Op::NotifyOne => shared.condvar.notify_one(),
            Op::NotifyAll => shared.condvar.notify_all(),
            Op::Park => thread::park(),
            Op::Unpark(thread) => self.threads[*thread].unpark(),
            Op::Choice(n) => self.registers.push(choice(*n) as u8),
            Op::IsFinished(thread) => self.registers.push(self.handles[*thread - 1].is_finished().into()),
            Op::Yield => thread::yield_now(),
            // A read-modify-write that changes nothing: loom lets no load be stale then.
            Op::Spin(a, n) => {
                while shared.atomics[*a].fetch_add(0, SeqCst) < *n {
                    hint::spin_loop();
                }
            }
            Op::Retry(a, n, times) => {
                let tries = (0..*times).take_while(|_| {
                    let waits = shared.atomics[*a].fetch_or(0, SeqCst) < *n;
                    if waits {
                        thread::yield_now();
                    }
                    waits
                });
                let tries = tries.count() as u8;
                self.registers.push(tries);
            }
        }
    }

    fn once(&mut self, call: Call, body: &[Op]) {
        /// With which an initialiser panics.
        struct Fails;
        let once = &self.shared.once;
        let mut ran = false;
        let result = catch_unwind(AssertUnwindSafe(|| {
            let mut initialise = || {
                ran = true;
                self.registers.push(1);
                self.body(body, &mut None);
                if call.panics {
                    panic_any(Fails);
                }
            };
            match call.force {
                true => once.call_once_force(|_| initialise()),
                false => once.call_once(initialise),
            }
        }));
        match result {
            Ok(()) if ran => {}
            Ok(()) => self.registers.push(0),
            Err(payload) if payload.is::<Fails>() => {}
            Err(payload) if !ran && payload.downcast_ref::<&str>().is_some_and(|told| told.contains("poisoned")) => {
                self.registers.push(2);
            }
            Err(payload) => resume_unwind(payload),
        }
    }

    fn locked(&mut self, mut guard: MutexGuard<'a, u8>, body: &[Op]) {
        self.registers.push(*guard);
        *guard += 1;
        self.body(body, &mut Some(guard));
    }
}
