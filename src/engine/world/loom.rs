//! The loom engine: what the waist needs of [loom](https://docs.rs/loom), and the shields against what it does wrong.
//!
//! loom's reduction and memory model see only its own objects, so atomics, cells and plain locks are loom's. Everything
//! else is an event on a *token*, a loom mutex that is taken and given back at once (one branch: giving it back is none),
//! and a thread that has to wait is suspended with loom's raw `park`, which nothing else here uses (so a condition
//! variable and a park token cannot take each other's wake-ups, loom#422).
//!
//! - Deadlocks are found by the waist before loom finds them, because loom's own report aborts the process where a
//!   destructor touches a loom object (loom#291).
//! - `try_lock` never uses loom's: a thread that is about to try is blocked with those that wait (loom#376).
//! - Objects whose first use is unordered with later ones are made when the execution begins, from a pool that the
//!   executions before have sized: loom takes making an object for an access to it.
//! - Some operations order memory and are no scheduling points: a lock that is not loom's own is given back, a message is
//!   put where it was awaited. loom's only edges without one are those of its `lazy_static`, so whoever publishes
//!   initialises one of those, and whoever acquires reads it.

mod atomics;
mod choices;
mod order;
mod quiet;
mod turn;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    sync::atomic::Ordering,
};

use ::loom::{
    cell::UnsafeCell,
    lazy_static::Lazy,
    sync::{Mutex, MutexGuard, atomic},
    thread,
};

use self::atomics::LoomAtomic;
use super::{
    STACK,
    facts::{CELL, Facts},
    lock::Mode,
    scalar::{AtomicOp, Scalar},
};

/// Threads that loom runs in one execution, main included.
pub(crate) const MAX_THREADS: usize = ::loom::MAX_THREADS;

/// What stands for time among the channels.
const TIME: usize = usize::MAX;

#[derive(Debug, Default)]
enum Object {
    #[default]
    Unused,
    Atomic(LoomAtomic),
    Cell(UnsafeCell<()>),
    Mutex(Mutex<()>),
    Quiet(quiet::Quiet),
}

/// Objects that were made when the execution began, and are not used yet.
#[derive(Default, Debug)]
struct Pool {
    atomics: BTreeMap<(u8, u64), Vec<LoomAtomic>>,
    cells: Vec<UnsafeCell<()>>,
}

/// A lock of loom's that is taken.
struct Held {
    object: usize,
    owner: usize,
    guard: MutexGuard<'static, ()>,
    /// Whether a thread panicked when it was taken: then the guard poisons nothing.
    panicking: bool,
}

/// The edges of a lock: its last writer's, and its readers' since.
type Published = (Option<usize>, Vec<usize>);

#[derive(Default)]
pub(crate) struct Engine {
    #[expect(clippy::vec_box, reason = "loom's operations run on an object while the list may grow")]
    objects: RefCell<Vec<Box<Object>>>,
    /// Locks that are taken: the lock, its owner, and loom's guard. The guards live here rather than in the facade's,
    /// so that an execution that ends early can give all of them back.
    held: RefCell<Vec<Held>>,
    /// Locks to be given back once nobody panics.
    owed: RefCell<Vec<Held>>,
    /// Locks that were given back while a thread panicked: taking one is a panic of loom's, since the std mutex inside
    /// it is poisoned.
    spoiled: RefCell<BTreeSet<usize>>,
    pool: RefCell<Pool>,
    threads: RefCell<Vec<(thread::Thread, Option<thread::JoinHandle<()>>)>>,
    /// One token a thread, for `park` and `unpark`.
    tokens: RefCell<Vec<Option<Box<Mutex<()>>>>>,
    /// One for each spawned thread, if any thread is asked whether it has finished.
    #[expect(clippy::vec_box, reason = "loom's operations run on one while the list may grow")]
    ends: RefCell<Vec<Box<atomic::AtomicBool>>>,
    /// Statics that carry happens-before edges, used one after another in each execution.
    edges: Cell<usize>,
    /// What was published by those who gave back a lock that is not loom's own: its last writer, its readers since.
    locks: RefCell<BTreeMap<usize, Published>>,
    /// What was published with a message that was given after its place was taken.
    messages: RefCell<BTreeMap<u64, usize>>,
    /// Which events at channels come before which.
    order: RefCell<order::Order>,
    /// A token on which timers meet.
    time: RefCell<Option<Box<Mutex<()>>>>,
    choices: RefCell<choices::Choices>,
}

impl Engine {
    /// Makes the objects that the executions before have needed. Called by main, before anything else.
    pub(crate) fn begin(&self, facts: &Facts) {
        self.objects.borrow_mut().clear();
        // A guard that was still held when its execution ended has no lock any more.
        self.held.borrow_mut().drain(..).for_each(std::mem::forget);
        self.owed.borrow_mut().drain(..).for_each(std::mem::forget);
        self.spoiled.borrow_mut().clear();
        self.tokens.borrow_mut().clear();
        self.ends.borrow_mut().clear();
        self.edges.set(0);
        self.locks.borrow_mut().clear();
        self.messages.borrow_mut().clear();
        self.order.borrow_mut().reset();
        self.time.take();
        let mut threads = self.threads.borrow_mut();
        threads.clear();
        threads.push((thread::current(), None));
        let pool = &mut *self.pool.borrow_mut();
        pool.atomics.clear();
        pool.cells.clear();
        for (&key, &count) in &facts.prepared {
            if let Some(&scalar) = Scalar::ALL.get(usize::from(key.0)) {
                pool.atomics.insert(key, (0..count).map(|_| LoomAtomic::new(scalar, key.1)).collect());
            } else {
                pool.cells.extend((0..count).map(|_| UnsafeCell::new(())));
            }
        }
    }

    fn alone(&self) -> bool {
        self.threads.borrow().len() == 1
    }

    /// Whether the object has its engine side.
    pub(crate) fn has(&self, object: usize) -> bool {
        self.objects.borrow().get(object).is_some_and(|object| !matches!(**object, Object::Unused))
    }

    fn put(&self, object: usize, made: Object) {
        let mut objects = self.objects.borrow_mut();
        if objects.len() <= object {
            objects.resize_with(object + 1, Box::default);
        }
        *objects[object] = made;
    }

    fn get(&self, object: usize, make: impl FnOnce() -> Object) -> &Object {
        if !self.has(object) {
            self.put(object, make());
        }
        let pointer: *const Object = &*self.objects.borrow()[object];
        // SAFETY: objects are boxed and stay until the next execution begins, and only `put` and `edge` write to one,
        // never while an operation runs on it.
        unsafe { &*pointer }
    }

    /// Gives an atomic its engine side. `Err` if it has to be prepared.
    pub(crate) fn bind_atomic(&self, object: usize, scalar: Scalar, initial: u64) -> Result<(), (u8, u64)> {
        let made = match self.spare(scalar, initial)? {
            LoomAtomic::Pointer(atomic, _) => LoomAtomic::Pointer(atomic, initial),
            made => made,
        };
        self.put(object, Object::Atomic(made));
        Ok(())
    }

    /// An atomic that nobody has used. `Err` if it has to be prepared.
    fn spare(&self, scalar: Scalar, initial: u64) -> Result<LoomAtomic, (u8, u64)> {
        let key = (scalar as u8, if scalar == Scalar::Pointer { 0 } else { initial });
        match self.pool.borrow_mut().atomics.get_mut(&key).and_then(Vec::pop) {
            Some(spare) => Ok(spare),
            None if self.alone() => Ok(LoomAtomic::new(scalar, initial)),
            None => Err(key),
        }
    }

    /// Gives a cell its engine side. `Err` if it has to be prepared.
    pub(crate) fn bind_cell(&self, object: usize) -> Result<(), (u8, u64)> {
        let made = match self.pool.borrow_mut().cells.pop() {
            Some(spare) => spare,
            None if self.alone() => UnsafeCell::new(()),
            None => return Err(CELL),
        };
        self.put(object, Object::Cell(made));
        Ok(())
    }

    /// Has a token stand in for an atomic or a cell that should have been prepared.
    pub(crate) fn stand_in(&self, object: usize) {
        self.put(object, Object::Mutex(Mutex::new(())));
    }

    /// An operation on an atomic. `None` if a token stands in for it.
    pub(crate) fn atomic(
        &self,
        object: usize,
        op: AtomicOp,
        success: Ordering,
        failure: Ordering,
    ) -> Option<Result<u64, u64>> {
        match self.get(object, Object::default) {
            Object::Atomic(atomic) => Some(atomic.apply(op, success, failure)),
            Object::Mutex(_) => None,
            _ => unreachable!("an atomic is bound before it is used"),
        }
    }

    pub(crate) fn fence(&self, order: Ordering) {
        atomic::fence(order);
    }

    /// An access to a cell. loom panics if another access is not ordered before it.
    pub(crate) fn cell(&self, object: usize, write: bool) {
        match self.get(object, Object::default) {
            Object::Cell(cell) if write => drop(cell.get_mut()),
            Object::Cell(cell) => drop(cell.get()),
            // A token stands in for it.
            Object::Mutex(_) => {}
            _ => unreachable!("a cell is bound before it is used"),
        }
    }

    /// Takes a lock that loom has, waiting as long as it is taken.
    pub(crate) fn lock(&self, object: usize, me: usize) {
        let Object::Mutex(lock) = self.get(object, || Object::Mutex(Mutex::new(()))) else {
            unreachable!("a lock is bound to a lock")
        };
        // SAFETY: objects are boxed and stay until the next execution begins; by then guards are dropped or forgotten.
        let lock: &'static Mutex<()> = unsafe { &*std::ptr::from_ref(lock) };
        let ex = super::current().expect("a lock of loom's is taken inside a model");
        let guard = match ex.caught(|| lock.lock()) {
            Ok(guard) => guard.expect("loom returns the lock or panics"),
            // It was given back for good while a thread panicked.
            Err(_) if ex.aborting() => return,
            Err(payload) => ex.resume(payload),
        };
        let held = Held { object, owner: me, guard, panicking: std::thread::panicking() };
        if ex.aborting() {
            // Others wait for it, to unwind in their turn.
            self.owed.borrow_mut().push(held);
            self.give_owed(false);
            return;
        }
        self.held.borrow_mut().push(held);
    }

    pub(crate) fn unlock(&self, object: usize, me: usize) {
        if self.spoils(object, me) {
            self.spoiled.borrow_mut().insert(object);
        }
        let held = {
            let mut held = self.held.borrow_mut();
            held.iter().position(|held| held.object == object && held.owner == me).map(|at| held.swap_remove(at))
        };
        drop(held);
    }

    /// Whether giving the lock back now would spoil it.
    pub(crate) fn spoils(&self, object: usize, me: usize) -> bool {
        let held = self.held.borrow();
        std::thread::panicking() && held.iter().any(|held| held.object == object && held.owner == me && !held.panicking)
    }

    /// Whether the lock can no longer be taken.
    pub(crate) fn spoiled(&self, object: usize) -> bool {
        self.spoiled.borrow().contains(&object)
    }

    /// Gives back every lock: the execution ends early, and whoever waits for one has to unwind.
    pub(crate) fn release_all(&self) {
        let held = std::mem::take(&mut *self.held.borrow_mut());
        self.owed.borrow_mut().extend(held);
        self.give_owed(false);
    }

    /// Gives back the locks of an execution that ends early: not while a thread panics, since that would spoil them for
    /// those who wait, unless nobody else is left.
    pub(crate) fn give_owed(&self, anyway: bool) {
        if anyway || !std::thread::panicking() {
            let owed = std::mem::take(&mut *self.owed.borrow_mut());
            owed.into_iter().for_each(|held| drop(held.guard));
        }
    }

    /// An event on an object that loom knows only by its token.
    pub(crate) fn touch(&self, object: usize) {
        match self.get(object, || Object::Mutex(Mutex::new(()))) {
            Object::Mutex(token) => drop(token.lock()),
            Object::Quiet(quiet) => self.update(quiet),
            Object::Atomic(LoomAtomic::Bool(token)) => touch_only(token),
            _ => unreachable!("only atomics and cells have no token, and they are never touched"),
        }
    }

    /// An event on a thread.
    pub(crate) fn touch_thread(&self, thread: usize) {
        let token: *const Mutex<()> = {
            let mut tokens = self.tokens.borrow_mut();
            if tokens.len() <= thread {
                tokens.resize_with(thread + 1, || None);
            }
            &**tokens[thread].get_or_insert_with(|| Box::new(Mutex::new(())))
        };
        // SAFETY: tokens are boxed and stay until the next execution begins.
        drop(unsafe { &*token }.lock());
    }

    /// The token of a channel, or of time.
    pub(crate) fn token(&self, object: usize) -> &Mutex<()> {
        if object == TIME {
            let token: *const Mutex<()> = &**self.time.borrow_mut().get_or_insert_with(|| Box::new(Mutex::new(())));
            // SAFETY: the token is boxed and stays until the next execution begins.
            return unsafe { &*token };
        }
        match self.get(object, || Object::Mutex(Mutex::new(()))) {
            Object::Mutex(token) => token,
            _ => unreachable!("a channel has a token"),
        }
    }

    /// A message is given after its place in a channel was taken: publishes what its sender did.
    pub(crate) fn release_message(&self, ticket: u64) {
        let edge = self.new_edge();
        self.messages.borrow_mut().insert(ticket, edge);
    }

    /// The message is received: sees what its sender did.
    pub(crate) fn acquire_message(&self, ticket: u64) {
        if let Some(edge) = self.messages.borrow_mut().remove(&ticket) {
            static_edge(edge).get();
        }
    }

    /// A thread's end, or a look at whether it has come: events that depend on each other, and order nothing.
    pub(crate) fn touch_end(&self, thread: usize) {
        let end: *const atomic::AtomicBool = &*self.ends.borrow()[thread - 1];
        // SAFETY: ends are boxed and stay until the next execution begins.
        touch_only(unsafe { &*end });
    }

    /// Spawns a thread. `asked` if some thread is asked whether it has finished.
    pub(crate) fn spawn(&self, me: usize, asked: bool, stack_size: Option<usize>, body: Box<dyn FnOnce() + 'static>) {
        if asked {
            self.ends.borrow_mut().push(Box::new(atomic::AtomicBool::new(false)));
        }
        self.orders_spawn(me);
        // loom counts in words.
        let builder = thread::Builder::new().stack_size(stack_size.unwrap_or(STACK).div_ceil(size_of::<usize>()));
        let body = Body(body);
        let handle = builder.spawn(move || body.run()).expect("loom's spawn does not fail");
        self.threads.borrow_mut().push((handle.thread().clone(), Some(handle)));
    }

    /// Waits for a thread's end.
    pub(crate) fn join(&self, thread: usize) {
        let handle = self.threads.borrow_mut()[thread].1.take();
        if let Some(handle) = handle {
            drop(handle.join());
        }
    }

    pub(crate) fn park(&self) {
        thread::park();
    }

    pub(crate) fn unpark(&self, thread: usize) {
        let handle = self.threads.borrow()[thread].0.clone();
        handle.unpark();
    }

    pub(crate) fn yield_now(&self) {
        thread::yield_now();
    }

    /// A lock that is not loom's own is given back: publishes what its owner did.
    pub(crate) fn release_lock(&self, object: usize, mode: Mode) {
        let edge = self.new_edge();
        let mut locks = self.locks.borrow_mut();
        let (written, read) = locks.entry(object).or_default();
        match mode {
            Mode::Write => {
                *written = Some(edge);
                read.clear();
            }
            Mode::Read => read.push(edge),
        }
    }

    /// A lock that is not loom's own is taken: sees what the owners before did.
    pub(crate) fn acquire_lock(&self, object: usize, mode: Mode) {
        let locks = self.locks.borrow();
        let Some((written, read)) = locks.get(&object) else { return };
        let read = if mode == Mode::Write { &read[..] } else { &[] };
        for &edge in written.iter().chain(read) {
            static_edge(edge).get();
        }
    }

    /// A static that publishes what the thread has done so far.
    fn new_edge(&self) -> usize {
        let edge = self.edges.get();
        self.edges.set(edge + 1);
        static_edge(edge).get();
        edge
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // A guard that was still held when its execution ended has no lock any more.
        self.held.get_mut().drain(..).for_each(std::mem::forget);
        self.owed.get_mut().drain(..).for_each(std::mem::forget);
    }
}

/// The n-th static that carries an edge. They are never freed: loom knows them by address, and every execution of
/// every model uses the same ones.
fn static_edge(n: usize) -> &'static Lazy<()> {
    static EDGES: std::sync::Mutex<Vec<&'static Lazy<()>>> = std::sync::Mutex::new(Vec::new());
    let mut edges = EDGES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    while edges.len() <= n {
        edges.push(Box::leak(Box::new(Lazy { init: || (), _p: std::marker::PhantomData })));
    }
    edges[n]
}

/// An event that depends on the others on the same token, and orders nothing: an update that never succeeds is to loom a
/// write like any other, but publishes nothing.
fn touch_only(token: &atomic::AtomicBool) {
    let _ = token.compare_exchange(true, true, Ordering::Relaxed, Ordering::Relaxed);
}

/// What a thread runs.
struct Body(Box<dyn FnOnce()>);

// SAFETY: loom asks for `Send`, but every thread of a model runs on one OS thread.
unsafe impl Send for Body {}

impl Body {
    fn run(self) {
        (self.0)();
    }
}
