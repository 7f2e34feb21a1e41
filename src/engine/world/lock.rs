//! Locks and condition variables at the waist. One lock serves `Mutex` and `RwLock`: a mutex is a lock that nobody
//! reads.

use std::panic::Location;

use super::binding::Binding;
use super::{
    Branch, Effect, Execution,
    core::{Core, Op},
    event::{Kind, ObjectKind, ObjectRef, Value},
    object::{LockState, State},
    progress::Seen,
};
#[cfg(raddle_loom)]
use super::{
    core::{Status, Thread},
    scalar::Scalar,
};

/// How a lock is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// By one thread.
    Write,
    /// By any number of threads, none of which writes.
    Read,
}

impl LockState {
    fn free(&self, mode: Mode) -> bool {
        self.writer.is_none() && (mode == Mode::Read || self.readers.is_empty())
    }
}

fn take(core: &mut Core, me: usize, object: usize, mode: Mode) {
    let Core { threads, objects, .. } = core;
    let State::Lock(lock) = &mut objects[object].state else { unreachable!("a lock is bound to a lock") };
    threads[me].view.acquire(&lock.written);
    match mode {
        Mode::Write => {
            threads[me].view.acquire(&lock.read);
            lock.writer = Some(me);
        }
        Mode::Read => lock.readers.push(me),
    }
}

fn give(core: &mut Core, me: usize, object: usize, mode: Mode) {
    let Core { threads, objects, .. } = core;
    let State::Lock(lock) = &mut objects[object].state else { unreachable!("a lock is bound to a lock") };
    match mode {
        Mode::Write => {
            // Whoever was forced in while the execution ended early owns it now.
            if lock.writer == Some(me) {
                lock.writer = None;
            }
            threads[me].view.release(me, &mut lock.written);
            lock.read.clear();
        }
        Mode::Read => {
            if let Some(at) = lock.readers.iter().position(|&reader| reader == me) {
                // The first to have come stays first: reports name it.
                lock.readers.remove(at);
            }
            threads[me].view.release(me, &mut lock.read);
        }
    }
    objects[object].lock_version += 1;
}

/// A lock to be given back, whatever happens.
struct Give<'a> {
    ex: &'a Execution,
    me: usize,
    object: usize,
    mode: Mode,
}

impl Drop for Give<'_> {
    fn drop(&mut self) {
        give(&mut self.ex.core.borrow_mut(), self.me, self.object, self.mode);
    }
}

/// A lock that a thread owns when it ends.
pub(super) fn owned(lock: ObjectRef, created: &Location<'_>) -> String {
    format!("{lock} (made at {}:{})", created.file(), created.line())
}

impl Execution {
    /// The object of a lock.
    pub(crate) fn lock_object(&self, binding: &Binding, kind: ObjectKind) -> usize {
        let object = binding.object(self, kind, |_| State::Lock(LockState::default()));
        // A lock that is none of loom's own is a token that orders nothing: to try it in vain is an event, and no more.
        // What its owners did before is told by `engine_gives` and `engine_takes`.
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom()
            && !self.aborting()
            && !self.native(object)
        {
            self.engine_atomic(engine, object, Scalar::Bool, 0);
        }
        object
    }

    /// Takes a lock, waiting for it if need be. `kind` is the operation's name in the trace.
    pub(crate) fn lock(&self, object: usize, mode: Mode, kind: Kind, location: &'static Location<'static>) {
        let op = Op::new(kind, location).on(object);
        let guard = |core: &Core| core.lock_ref(object).free(mode);
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom()
            && !self.aborting()
            && self.native(object)
        {
            let me = self.me();
            if engine.spoiled(object) {
                self.learn(me, |facts| facts.spoils = true);
            }
            self.announce(op, Some(&guard), Branch::Native(&mut || engine.lock(object, me)));
            return self.taken(me, op, object, mode);
        }
        let me = self.announce(op, Some(&guard), Branch::Point);
        self.taken(me, op, object, mode);
    }

    /// Whether the lock is one of loom's own. A lock that is tried cannot be (loom#376), nor can one that is read: loom's
    /// is given back only by the thread that took it, but an execution that ends early takes it from a thread that waits.
    /// And none is where panics give locks back that are used again.
    #[cfg(raddle_loom)]
    fn native(&self, object: usize) -> bool {
        let core = self.core.borrow();
        !core.facts.tries && !core.facts.spoils && core.objects[object].kind == ObjectKind::Mutex
    }

    /// Whether a thread waits for a lock.
    #[cfg(raddle_loom)]
    fn awaited(&self, object: usize) -> bool {
        let waits = |t: &Thread| t.status == Status::Pending && t.op.kind == Kind::Lock && t.op.object == Some(object);
        self.core.borrow().threads.iter().any(waits)
    }

    /// Tells loom that a lock is given back.
    fn engine_gives(&self, me: usize, object: usize, mode: Mode) {
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom() {
            match self.native(object) {
                true if engine.spoils(object, me) && self.awaited(object) => {
                    self.learn(me, |facts| facts.spoils = true);
                }
                true => engine.unlock(object, me),
                false => engine.release_lock(object, mode),
            }
        }
        #[cfg(not(raddle_loom))]
        let _ = (me, object, mode);
    }

    /// Tells loom that a lock is taken that is none of its own: what its owners did before comes first.
    fn engine_takes(&self, object: usize, mode: Mode) {
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom()
            && !self.aborting()
            && !self.native(object)
        {
            engine.acquire_lock(object, mode);
        }
        #[cfg(not(raddle_loom))]
        let _ = (object, mode);
    }

    fn taken(&self, me: usize, op: Op, object: usize, mode: Mode) {
        self.engine_takes(object, mode);
        let version = {
            let mut core = self.core.borrow_mut();
            take(&mut core, me, object, mode);
            core.objects[object].version
        };
        self.record(me, &op, Value::None, Effect::Read(Seen::Value(object), u64::from(version), false));
    }

    /// Takes a lock if it is free.
    pub(crate) fn try_lock(&self, object: usize, mode: Mode, kind: Kind, location: &'static Location<'static>) -> bool {
        let tries = self.core.borrow().facts.tries;
        if !tries {
            self.learn(self.me(), |facts| facts.tries = true);
        }
        let op = Op::new(kind, location).on(object);
        let me = self.announce(op, None, Branch::Point);
        let free = self.core.borrow().lock_ref(object).free(mode);
        if free {
            self.engine_takes(object, mode);
        }
        let (seen, version) = {
            let mut core = self.core.borrow_mut();
            let seen = if free {
                take(&mut core, me, object, mode);
                Seen::Value(object)
            } else {
                Seen::Lock(object)
            };
            (seen, core.objects[object].version)
        };
        self.record(me, &op, Value::Done(free), Effect::Read(seen, u64::from(version), false));
        free
    }

    /// Gives a lock back. `changed` if what it protects was borrowed mutably.
    pub(crate) fn unlock(
        &self,
        object: usize,
        mode: Mode,
        changed: bool,
        kind: Kind,
        location: &'static Location<'static>,
    ) {
        let op = Op::new(kind, location).on(object);
        let tries = self.core.borrow().facts.tries;
        let due = Give { ex: self, me: self.me(), object, mode };
        let me = due.me;
        if self.aborting() {
            return;
        }
        // Unless somebody tries locks, nobody can tell a lock that is about to be given back from one that is.
        self.announce(op, None, if tries { Branch::Point } else { Branch::Silent });
        drop(due);
        let version = self.core.borrow().objects[object].version;
        self.engine_gives(me, object, mode);
        let effect = match changed {
            true => Effect::Change(Some(Seen::Value(object))),
            false => Effect::Read(Seen::Value(object), u64::from(version), false),
        };
        self.record(me, &op, Value::None, effect);
    }

    /// `RwLockWriteGuard::downgrade`: a lock that is held for writing is held for reading, and nobody came in between.
    /// Who waits to read may come in, as when the lock is given back.
    pub(crate) fn downgrade(&self, object: usize, changed: bool, location: &'static Location<'static>) {
        let op = Op::new(Kind::Downgrade, location).on(object);
        let tries = self.core.borrow().facts.tries;
        let due = Give { ex: self, me: self.me(), object, mode: Mode::Write };
        let me = due.me;
        if !self.aborting() {
            self.announce(op, None, if tries { Branch::Point } else { Branch::Silent });
            self.engine_gives(me, object, Mode::Write);
        }
        drop(due);
        let version = {
            let mut core = self.core.borrow_mut();
            take(&mut core, me, object, Mode::Read);
            core.objects[object].version
        };
        let effect = match changed {
            true => Effect::Change(Some(Seen::Value(object))),
            false => Effect::Read(Seen::Value(object), u64::from(version), false),
        };
        self.record(me, &op, Value::None, effect);
    }

    /// The thread ends: locks that it still owns stay locked for ever.
    pub(crate) fn owned_locks(&self, me: usize) -> Vec<String> {
        let core = self.core.borrow();
        core.objects
            .iter()
            .enumerate()
            .filter(|(_, object)| match &object.state {
                State::Lock(lock) => lock.writer == Some(me) || lock.readers.contains(&me),
                _ => false,
            })
            .map(|(number, object)| owned(ObjectRef { kind: object.kind, number: number as u32 + 1 }, object.created))
            .collect()
    }

    /// A lock is dropped: a guard that was forgotten no longer keeps anything locked.
    pub(crate) fn drop_lock(&self, binding: &Binding) {
        if let Some(object) = binding.bound(self) {
            let mut core = self.core.borrow_mut();
            *core.lock(object) = LockState::default();
        }
    }

    /// The object of a condition variable.
    pub(crate) fn condvar_object(&self, binding: &Binding) -> usize {
        binding.object(self, ObjectKind::Condvar, |_| State::Condvar { waiters: Vec::new() })
    }

    /// `Condvar::wait`: gives up the lock and waits, as one step; then takes the lock again. True if the wait ended by
    /// its deadline.
    pub(crate) fn wait(
        &self,
        condvar: usize,
        lock: usize,
        changed: bool,
        deadline: Option<u64>,
        location: &'static Location<'static>,
    ) -> bool {
        let op = Op::new(Kind::Wait, location).on(condvar);
        self.step(op, None, Branch::Point, |core, me| {
            core.waiters(condvar).push(me);
            core.threads[me].notified = false;
            give(core, me, lock, Mode::Write);
            if changed {
                core.objects[lock].version += 1;
            }
            ((), Value::None, Effect::Change(None))
        });
        let me = self.me();
        self.engine_gives(me, lock, Mode::Write);
        let timed_out = self.until_notified(me, op, condvar, deadline);
        self.lock(lock, Mode::Write, Kind::Lock, location);
        timed_out
    }

    /// Waits for a notification, for the deadline, or for nothing at all where that is explored.
    fn until_notified(&self, me: usize, op: Op, condvar: usize, deadline: Option<u64>) -> bool {
        let alone = deadline.is_some() || self.core.borrow().settings.spurious > 0;
        if !alone {
            self.announce(op, Some(&|core| core.threads[me].notified), Branch::Silent);
            return false;
        }
        self.core.borrow_mut().threads[me].deadline = deadline;
        self.announce(op, Some(&|core| core.threads[me].notified || core.may_go_on(deadline)), Branch::Point);
        let (notified, both) = {
            let mut core = self.core.borrow_mut();
            core.threads[me].deadline = None;
            (core.threads[me].notified || self.aborting(), core.may_fire(deadline) && core.may_wake())
        };
        if notified {
            return false;
        }
        let fires = {
            let spuriously = both && self.choose(2) == 1;
            let mut core = self.core.borrow_mut();
            core.waiters(condvar).retain(|waiter| *waiter != me);
            core.go_on(me, if spuriously { None } else { deadline })
        };
        let value = if fires { Value::Fired } else { Value::None };
        self.record(me, &op, value, Effect::Read(Seen::Value(condvar), u64::from(fires), false));
        fires
    }

    /// Wakes one waiter, any one, or all.
    pub(crate) fn notify(&self, condvar: usize, all: bool, location: &'static Location<'static>) {
        let kind = if all { Kind::NotifyAll } else { Kind::NotifyOne };
        let op = Op::new(kind, location).on(condvar);
        let me = self.announce(op, None, Branch::Point);
        let count = self.core.borrow_mut().waiters(condvar).len();
        let chosen = if all { 0 } else { self.choose(count) };
        let woken = {
            let mut core = self.core.borrow_mut();
            let waiters = core.waiters(condvar);
            let woken: Vec<usize> = match (all, waiters.is_empty()) {
                (_, true) => Vec::new(),
                (true, _) => std::mem::take(waiters),
                (false, _) => vec![waiters.remove(chosen)],
            };
            for &thread in &woken {
                core.threads[thread].notified = true;
            }
            woken
        };
        let value = match woken[..] {
            [] => Value::Count(0),
            [thread] => Value::Thread(thread as u32),
            _ => Value::Count(woken.len() as u64),
        };
        let effect = if woken.is_empty() { Effect::Nothing } else { Effect::Change(None) };
        self.record(me, &op, value, effect);
    }
}
