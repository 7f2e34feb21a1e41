//! The std world: runs of a model on real threads.
//!
//! A run's threads are OS threads, and its primitives are std's: locks are taken and given back without asking anybody.
//! Its channels are built on std's locks (see [`crate::channel`]), since std's and crossbeam's own hide who waits.
//! Only where std would block, a thread turns to the run's registry. It notes what it waits for, tries once more, and
//! sleeps until another thread of the run, having changed what it waits for, marks it as running again. So the last
//! thread to block finds that nobody is left to wake anybody, and the run has failed.
//!
//! That is exact, and no clock is asked. Whoever may still change something, or has been woken and has not run yet,
//! counts as running: threads that compute or sleep, threads that have been spawned and have not started, threads whose
//! thread-locals are being dropped. A thread that blocks has tried in vain *after* it was noted as blocked; and whoever
//! changes what it waits for looks, *after* the change, for blocked threads. One of the two sees the other.
//!
//! A run that has failed ends early: whoever blocks, or is blocked, unwinds with a private payload. A thread that
//! unwinds already, or has returned, cannot: its destructors wait for those that can. If in the end all who are left
//! wait so, they are left behind, asleep for ever, and so is what they borrow from each other.
//!
//! The registry sees what goes through the facade. A thread that blocks outside it counts as running: such a run does
//! not end. A thread that was made outside it is not seen: if all of a run's own threads wait for one, that is a
//! Deadlock, as it is an error in the other worlds. But a primitive that others use as well (an earlier use, another
//! run of the same static, a thread made elsewhere) is std's alone from then on (see [`super::binding`]): waits for it
//! are std's, and are not seen. A wait at a channel that others use as well counts as running, and so does one that time
//! may end.

mod dump;
mod member;

use std::{
    collections::BTreeMap,
    panic::Location,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicBool, AtomicUsize,
            Ordering::{Relaxed, SeqCst},
            fence,
        },
    },
};

pub(crate) use self::{
    dump::{all_dumped, dumped},
    member::*,
};
use super::{
    binding,
    core::PanicNote,
    ending::all_wait,
    event::{Kind, ObjectKind, ObjectRef},
    lock::owned,
    threads::ended_owning,
};
use crate::{
    check::{Failure, FailureKind, Panicked, Waiting},
    thread::Stack,
};

/// A run: its threads, and who waits for what.
pub(crate) struct Run {
    /// Unique in the process.
    pub(super) id: u64,
    state: Mutex<State>,
    /// How many threads are blocked: whoever has changed something looks here first.
    blocked: AtomicUsize,
    /// The run has failed, and ends early. Set under the lock, once.
    stopping: AtomicBool,
    /// Told when the run is over.
    over: Condvar,
}

struct State {
    threads: Vec<Thread>,
    /// Threads that have not ended and are not blocked.
    running: usize,
    /// How many objects have a number.
    objects: u32,
    /// Locks that were dropped with a forgotten guard.
    gone: Vec<ObjectRef>,
    /// Panics that have ended threads.
    panics: Vec<Panicked>,
    /// Counts waits, so that who has waited longest is woken first.
    waits: u64,
    failure: Option<Failure>,
    over: bool,
}

struct Thread {
    name: Option<String>,
    /// `None` for main.
    spawned: Option<&'static Location<'static>>,
    status: Status,
    /// What it waits for, but no longer than some time: so it counts as running.
    waits: Option<Op>,
    /// Its stack as it waits, if stacks are recorded.
    stack: Option<Stack>,
    waker: Arc<Condvar>,
    /// What it was spawned for is done; its thread-locals may still be there.
    returned: bool,
    /// `park`'s token.
    token: bool,
    /// The condition variable that it waits for, and since which wait.
    listens: Option<(ObjectRef, u64)>,
    /// Chosen by a notification.
    notified: bool,
    /// Locks that it owns: known while it is blocked, and when it has ended.
    owns: Vec<Lock>,
    /// The panic that ended it.
    panic: Option<PanicNote>,
    /// Its result has been, or will be, taken by `join`.
    joined: bool,
    /// A handle that could still join it exists.
    joinable: bool,
    /// Its scope answers for its panic.
    scoped: bool,
}

#[derive(Clone, Copy)]
enum Status {
    Running,
    /// Since which wait.
    Blocked(Op, u64),
    Ended,
}

/// What a thread waits to do.
#[derive(Clone, Copy)]
struct Op {
    kind: Kind,
    /// `None` if it waits at several channels, or at none.
    object: Option<ObjectRef>,
    /// It waits at channels, of which there are none.
    nowhere: bool,
    location: &'static Location<'static>,
}

impl Op {
    fn new(kind: Kind, object: Option<ObjectRef>, location: &'static Location<'static>) -> Op {
        Op { kind, object, nowhere: false, location }
    }
}

#[derive(Clone, Copy)]
struct Lock {
    object: ObjectRef,
    created: &'static Location<'static>,
}

/// How a run has ended.
pub(crate) struct Ended {
    pub(crate) failure: Option<Failure>,
    /// Threads were left behind: another run would leave more.
    pub(crate) leaves_threads: bool,
}

/// The runs that are not over, and those that have left threads behind.
static LIVE: Mutex<BTreeMap<u64, Arc<Run>>> = Mutex::new(BTreeMap::new());

/// The run, unless it is over.
pub(super) fn live(id: u64) -> Option<Arc<Run>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
}

/// Runs a program once, and waits until all its threads have ended.
///
/// # Errors
/// If the operating system cannot make a thread.
pub(crate) fn run(program: Box<dyn FnOnce() + Send>) -> Result<Ended, String> {
    let run = Arc::new(Run {
        id: binding::next_execution(),
        state: Mutex::new(State {
            threads: Vec::new(),
            running: 0,
            objects: 0,
            gone: Vec::new(),
            panics: Vec::new(),
            waits: 0,
            failure: None,
            over: false,
        }),
        blocked: AtomicUsize::new(0),
        stopping: AtomicBool::new(false),
        over: Condvar::new(),
    });
    LIVE.lock().unwrap_or_else(PoisonError::into_inner).insert(run.id, Arc::clone(&run));
    // A fresh OS thread for each run: thread-locals and all are as new.
    let main = std::thread::Builder::new().name("main".to_owned()).spawn(member::main(Arc::clone(&run), program));
    let ended = run.ended();
    if !ended.leaves_threads {
        LIVE.lock().unwrap_or_else(PoisonError::into_inner).remove(&run.id);
        // How it ended is known.
        drop(main.map_err(|why| format!("no thread to run the model on: {why}"))?.join());
    }
    Ok(ended)
}

impl Run {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stopping(&self) -> bool {
        self.stopping.load(Relaxed)
    }

    /// Waits until the run is over.
    fn ended(&self) -> Ended {
        let mut state = self.state();
        while !state.over {
            state = self.over.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let owned = state.owned(0);
        if !owned.is_empty() {
            self.fail(&mut state, FailureKind::Leak, ended_owning("main", &owned));
        }
        if let Some(message) = state.unasked_panic() {
            self.fail(&mut state, FailureKind::Panic, message);
        }
        let leaves_threads = state.threads.iter().any(|thread| !matches!(thread.status, Status::Ended));
        Ended { failure: state.failure.clone(), leaves_threads }
    }

    /// A thread that is about to be spawned.
    fn add(&self, name: Option<String>, spawned: Option<&'static Location<'static>>, scoped: bool) -> usize {
        let mut state = self.state();
        state.running += 1;
        state.threads.push(Thread {
            name,
            spawned,
            status: Status::Running,
            waits: None,
            stack: None,
            waker: Arc::default(),
            returned: false,
            token: false,
            listens: None,
            notified: false,
            owns: Vec::new(),
            panic: None,
            joined: false,
            joinable: spawned.is_some(),
            scoped,
        });
        state.threads.len() - 1
    }

    /// What the thread was spawned for is done.
    fn returned(&self, thread: usize, panic: Option<PanicNote>) {
        let mut state = self.state();
        let name = state.name(thread);
        state.panics.extend(panic.as_ref().map(|note| note.told(name)));
        state.threads[thread].returned = true;
        state.threads[thread].panic = panic;
        self.judge(&mut state, thread);
        self.wake(&mut state, of_thread(thread), true);
    }

    /// The thread does nothing any more.
    fn end(&self, thread: usize, owns: &[Lock]) {
        let mut state = self.state();
        state.threads[thread].owns.extend(owns);
        state.threads[thread].status = Status::Ended;
        state.running -= 1;
        let owned = state.owned(thread);
        // Main rests until the others have ended: they may yet drop what it owns.
        if thread != 0 && !owned.is_empty() {
            let text = ended_owning(&state.name(thread), &owned);
            self.fail(&mut state, FailureKind::Leak, text);
        }
        self.wake(&mut state, of_thread(thread), true);
        self.settle(&mut state);
    }

    /// A join handle has been used up, or dropped: `asked` if it was joined.
    fn handle_gone(&self, thread: usize, asked: bool) {
        let mut state = self.state();
        state.threads[thread].joinable = false;
        state.threads[thread].joined |= asked;
        self.judge(&mut state, thread);
    }

    /// A panic that nobody can ask for any more is a failure at once.
    fn judge(&self, state: &mut State, thread: usize) {
        let thread = &state.threads[thread];
        if !thread.joinable
            && let Some(message) = thread.unasked_panic()
        {
            self.fail(state, FailureKind::Panic, message);
        }
    }

    /// The thread is blocked from here on.
    fn block(&self, state: &mut State, thread: usize, op: Op, since: u64, owns: &[Lock], stack: &Option<Stack>) {
        state.running -= 1;
        state.threads[thread].stack.clone_from(stack);
        state.threads[thread].owns.extend(owns);
        state.threads[thread].status = Status::Blocked(op, since);
        self.blocked.fetch_add(1, Relaxed);
        // Either whoever gives something back from here on sees that somebody is blocked, or the next try sees that it
        // has been given back.
        fence(SeqCst);
    }

    /// The thread, which is blocked, counts as running from here on.
    fn resume(&self, state: &mut State, thread: usize) {
        let thread = &mut state.threads[thread];
        thread.status = Status::Running;
        thread.stack = None;
        thread.owns.clear();
        thread.waker.notify_one();
        state.running += 1;
        self.blocked.fetch_sub(1, Relaxed);
    }

    /// What the object's waiters wait for may have come: resumes all of them, or the one that has waited longest.
    fn wake(&self, state: &mut State, object: ObjectRef, all: bool) {
        self.wake_where(state, Some(object), all);
    }

    fn wake_where(&self, state: &mut State, object: Option<ObjectRef>, all: bool) {
        while let Some(thread) = state.longest(|thread| match thread.status {
            Status::Blocked(op, since) if op.object == object => Some(since),
            _ => None,
        }) {
            self.resume(state, thread);
            if !all {
                break;
            }
        }
    }

    /// As `wake`, by whoever has just changed something.
    fn has_changed(&self, object: ObjectRef, all: bool) {
        fence(SeqCst);
        if self.blocked.load(Relaxed) > 0 {
            self.wake(&mut self.state(), object, all);
        }
    }

    /// A condition variable is notified.
    fn notify(&self, state: &mut State, condvar: ObjectRef, all: bool) {
        while let Some(thread) =
            state.longest(|thread| thread.listens.filter(|(listened, _)| *listened == condvar).map(|(_, since)| since))
        {
            state.threads[thread].listens = None;
            state.threads[thread].notified = true;
            match state.threads[thread].status {
                Status::Blocked(..) => self.resume(state, thread),
                // It may still be giving back its lock, or wait with a timeout.
                _ => state.threads[thread].waker.notify_one(),
            }
            if !all {
                break;
            }
        }
    }

    /// Gives the next number to an object, if `take` takes it.
    pub(super) fn number<R, E>(&self, take: impl FnOnce(u32) -> Result<R, E>) -> Result<R, E> {
        let mut state = self.state();
        let taken = take(state.objects + 1)?;
        state.objects += 1;
        Ok(taken)
    }

    /// An object, if `take` takes it away, is no longer the run's alone: its waiters go on waiting in std.
    pub(super) fn give_up<R, E>(&self, object: ObjectRef, take: impl FnOnce() -> Result<R, E>) -> Result<R, E> {
        let mut state = self.state();
        let taken = take()?;
        self.wake(&mut state, object, true);
        self.notify(&mut state, object, true);
        if object.kind == ObjectKind::Channel {
            self.wake_where(&mut state, None, true);
        }
        Ok(taken)
    }

    /// If nobody runs any more, the run is over, or it has failed.
    fn settle(&self, state: &mut State) {
        if state.running > 0 {
            return;
        }
        let all_ended = state.threads.iter().all(|thread| matches!(thread.status, Status::Ended));
        // In a run that ends early, those who are blocked can neither go on nor unwind.
        if all_ended || state.failure.is_some() {
            state.over = true;
            self.over.notify_all();
        } else if let Some(message) = state.unasked_panic() {
            self.fail(state, FailureKind::Panic, message);
        } else {
            let (kind, message) = all_wait(state.threads[0].returned, &state.waiting());
            self.fail(state, kind, message);
        }
    }

    /// The run has failed. The first failure counts.
    fn fail(&self, state: &mut State, kind: FailureKind, message: String) {
        if state.failure.is_some() {
            return;
        }
        let threads = (0..state.threads.len()).map(|thread| state.name(thread)).collect();
        let (waiting, panics) = (state.waiting(), state.panics.clone());
        let failure = Failure { kind, message, panics, waiting, threads, steps: Vec::new(), token: None };
        state.failure = Some(failure);
        self.stopping.store(true, Relaxed);
        for thread in 0..state.threads.len() {
            match state.threads[thread].status {
                Status::Blocked(..) => self.resume(state, thread),
                // It may sleep.
                _ => state.threads[thread].waker.notify_one(),
            }
        }
    }
}

impl State {
    fn name(&self, thread: usize) -> String {
        match (&self.threads[thread].name, thread) {
            (Some(name), _) => name.clone(),
            (None, 0) => "main".to_owned(),
            (None, thread) => format!("t{thread}"),
        }
    }

    /// The thread whose wait is the oldest of those that `since` tells.
    fn longest(&self, since: impl Fn(&Thread) -> Option<u64>) -> Option<usize> {
        let waits = self.threads.iter().enumerate().filter_map(|(at, thread)| Some((since(thread)?, at)));
        waits.min().map(|(_, at)| at)
    }

    /// A wait begins: its number.
    fn wait(&mut self) -> u64 {
        self.waits += 1;
        self.waits
    }

    /// A panic that nobody will be told of by `join` or by a scope.
    fn unasked_panic(&self) -> Option<String> {
        self.threads.iter().find_map(Thread::unasked_panic)
    }

    /// The locks that a thread which has ended still owns.
    fn owned(&self, thread: usize) -> Vec<String> {
        let owns = self.threads[thread].owns.iter().filter(|lock| !self.gone.contains(&lock.object));
        owns.map(|lock| owned(lock.object, lock.created)).collect()
    }

    /// Who waits for what, and where.
    fn waiting(&self) -> Vec<Waiting> {
        let owns = |thread: &Thread, object| thread.owns.iter().any(|lock| lock.object == object);
        let waits = |(number, thread): (usize, &Thread)| {
            let Status::Blocked(Op { kind, object, location, .. }, _) = thread.status else { return None };
            let holder = object.and_then(|object| self.threads.iter().position(|thread| owns(thread, object)));
            Some(Waiting {
                thread: self.name(number),
                operation: kind,
                object,
                held_by: holder.map(|holder| self.name(holder)),
                file: location.file().to_owned(),
                line: location.line(),
            })
        };
        self.threads.iter().enumerate().filter_map(waits).collect()
    }
}

impl Thread {
    fn unasked_panic(&self) -> Option<String> {
        self.panic.as_ref().filter(|_| !self.joined && !self.scoped).map(|note| note.message.clone())
    }
}

fn of_thread(thread: usize) -> ObjectRef {
    ObjectRef { kind: ObjectKind::Thread, number: thread as u32 }
}
