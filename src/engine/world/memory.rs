//! Memory at the waist: atomics, fences, cells, and the data races between them.

use std::{panic::Location, sync::atomic::Ordering};

use super::{
    Branch, Effect, Execution,
    binding::Binding,
    clock::{Access, CellClock, Clock},
    core::{Core, Op},
    event::{Kind, ObjectKind, Value},
    facts::Stop,
    object::State,
    progress::Seen,
    scalar::{AtomicOp, Scalar, check_ordering},
};
use crate::check::FailureKind;

/// An atomic as the facade has it.
#[derive(Clone, Copy)]
pub(crate) struct Cell64<'a> {
    pub(crate) binding: &'a Binding,
    pub(crate) scalar: Scalar,
    /// Its value when the execution began.
    pub(crate) initial: u64,
}

/// An access to a cell that goes on, and ends whatever happens.
struct Open<'a> {
    ex: &'a Execution,
    object: usize,
    access: Access,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if self.ex.aborting() {
            return;
        }
        // What conflicts with the access has been found when the other began. What is left to be noted is that it ends
        // after what its thread has published meanwhile.
        let clocked = |end: fn(&mut CellClock, Access, &Clock) -> bool| {
            let mut core = self.ex.core.borrow_mut();
            let Core { threads, objects, .. } = &mut *core;
            let State::Cell(clock) = &mut objects[self.object].state else { unreachable!("a cell is bound to a cell") };
            end(clock, self.access, &threads[self.access.thread].view.now)
        };
        if clocked(CellClock::end) {
            self.ex.loom_access(self.object, self.access.write);
            clocked(|clock, access, now| clock.access(access, now).is_some());
        }
    }
}

impl Execution {
    fn atomic_object(&self, cell: Cell64<'_>) -> usize {
        let object = cell.binding.object(self, ObjectKind::Atomic, |core| {
            if cell.scalar == Scalar::Pointer {
                core.pointer(cell.initial, true);
                core.holds_pointer(cell.initial, true);
            }
            State::Atomic { value: cell.initial, sync: Clock::default() }
        });
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom()
            && !self.aborting()
        {
            self.engine_atomic(engine, object, cell.scalar, cell.initial);
        }
        object
    }

    /// Gives an object an atomic of loom's, if it has nothing of loom's yet.
    #[cfg(raddle_loom)]
    pub(super) fn engine_atomic(&self, engine: &super::loom::Engine, object: usize, scalar: Scalar, initial: u64) {
        if !engine.has(object)
            && let Err(missing) = engine.bind_atomic(object, scalar, initial)
        {
            self.prepare(engine, object, missing);
        }
    }

    /// Gives an object a token that orders nothing, and a flag if it is said whether that is raised.
    #[cfg(raddle_loom)]
    pub(super) fn bind_quiet(&self, object: usize, flag: Option<bool>) {
        if let Some(engine) = self.loom()
            && !self.aborting()
            && !engine.has(object)
            && let Err(missing) = engine.bind_quiet(object, flag)
        {
            self.prepare(engine, object, missing);
        }
    }

    /// loom wants an object made before the threads that use it: the model starts over with one more prepared, once
    /// this execution has ended. Until then the object is none of loom's. To stop here would leave those alone who wait
    /// for this thread in a destructor that unwinds.
    #[cfg(raddle_loom)]
    fn prepare(&self, engine: &super::loom::Engine, object: usize, missing: (u8, u64)) {
        engine.stand_in(object);
        let mut core = self.core.borrow_mut();
        *core.facts.prepared.entry(missing).or_default() += 1;
        core.learned = true;
    }

    /// An operation on an atomic. Returns the value before it; `Err` if a compare-exchange failed.
    pub(crate) fn atomic(
        &self,
        cell: Cell64<'_>,
        op: AtomicOp,
        success: Ordering,
        failure: Ordering,
        location: &'static Location<'static>,
    ) -> Result<u64, u64> {
        check_ordering(op, success, failure);
        let object = self.atomic_object(cell);
        let kind = match op {
            AtomicOp::Load => Kind::Load,
            AtomicOp::Store(_) => Kind::Store,
            _ => Kind::Rmw,
        };
        let mut step = Op::new(kind, location).on(object);
        #[cfg_attr(not(raddle_loom), expect(unused_mut, reason = "only loom has atomics of its own"))]
        let mut result = None;
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom()
            && !self.aborting()
        {
            let mut enter = || result = engine.atomic(object, op, success, failure);
            self.announce(step, None, Branch::Native(&mut enter));
        }
        if result.is_none() {
            self.announce(step, None, Branch::Point);
        }
        let me = self.me();
        let (old, value, effect, behind) = {
            let mut core = self.core.borrow_mut();
            let core = &mut *core;
            let State::Atomic { value: latest, sync } = &mut core.objects[object].state else {
                unreachable!("an atomic is bound to an atomic")
            };
            let before = *latest;
            let old = match result {
                Some(Ok(old) | Err(old)) => old,
                None => before,
            };
            let new = op.apply(cell.scalar, old);
            let order = if new.is_none() && kind == Kind::Rmw { failure } else { success };
            let view = &mut core.threads[me].view;
            match (op, new) {
                (AtomicOp::Store(_), _) => view.store(me, sync, order),
                (_, None) => view.load(sync, order),
                (_, Some(_)) => view.rmw(me, sync, order),
            }
            // loom may have a read-modify-write read an older store than the latest: what it writes comes right after
            // that one in the modification order, so the latest stays.
            let new_latest = new.filter(|_| matches!(op, AtomicOp::Store(_)) || old == before);
            if let Some(new) = new_latest {
                *latest = new;
            }
            let effect = match new_latest {
                Some(new) if new != before => Effect::Change(Some(Seen::Value(object))),
                _ => Effect::Read(Seen::Value(object), old, old != before),
            };
            let value = match (op, new) {
                (AtomicOp::Store(_), Some(new)) => Value::Set(cell.scalar.number(core, new, true)),
                (_, Some(new)) => {
                    let old = cell.scalar.number(core, old, false);
                    Value::Changed(old, cell.scalar.number(core, new, true))
                }
                (_, None) => Value::Got(cell.scalar.number(core, old, false)),
            };
            if let Some(new) = new_latest
                && cell.scalar == Scalar::Pointer
            {
                core.holds_pointer(new, true);
                core.holds_pointer(before, false);
            }
            if new.is_none() && kind == Kind::Rmw {
                step.kind = Kind::CompareFailed;
            }
            let behind = kind == Kind::Rmw && old != before && core.is_behind(me, object);
            (if new.is_none() && kind == Kind::Rmw { Err(old) } else { Ok(old) }, value, effect, behind)
        };
        self.record(me, &step, value, effect);
        if behind && !self.aborting() {
            self.stop(Stop::Behind);
            self.unwind(me);
        }
        old
    }

    /// The latest value, for exclusive access: no event.
    pub(crate) fn atomic_latest(&self, cell: Cell64<'_>) -> u64 {
        match cell.binding.bound(self) {
            Some(object) => match self.core.borrow().objects[object].state {
                State::Atomic { value, .. } => value,
                _ => unreachable!("an atomic is bound to an atomic"),
            },
            None => cell.initial,
        }
    }

    /// A pointer is no longer held by an atomic, which is gone, or was reached by exclusive access.
    pub(crate) fn pointer_gone(&self, cell: Cell64<'_>) {
        if cell.binding.bound(self).is_some() {
            let held = self.atomic_latest(cell);
            self.core.borrow_mut().holds_pointer(held, false);
        }
    }

    /// `atomic::fence`.
    pub(crate) fn fence(&self, order: Ordering, location: &'static Location<'static>) {
        assert!(order != Ordering::Relaxed, "there is no such thing as a relaxed fence");
        let op = Op::new(Kind::Fence, location);
        let me = self.announce(op, None, Branch::Silent);
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom()
            && !self.aborting()
        {
            engine.fence(order);
        }
        self.core.borrow_mut().threads[me].view.fence(me, order);
        self.record(me, &op, Value::None, Effect::Nothing);
    }

    /// The object of a cell.
    fn cell_object(&self, binding: &Binding) -> usize {
        let object = binding.object(self, ObjectKind::Cell, |_| State::Cell(CellClock::default()));
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom()
            && !self.aborting()
            && !engine.has(object)
            && let Err(missing) = engine.bind_cell(object)
        {
            self.prepare(engine, object, missing);
        }
        object
    }

    /// Tells loom of an access to a cell, if this is its world: true if another access is not ordered before it.
    fn loom_access(&self, object: usize, write: bool) -> Option<bool> {
        #[cfg(raddle_loom)]
        return self.loom().map(|engine| self.caught(|| engine.cell(object, write)).is_err());
        #[cfg(not(raddle_loom))]
        {
            let _ = (object, write);
            None
        }
    }

    /// Reads or writes a cell: runs `access`, unless another access to the cell is not ordered before this one. The
    /// access lasts as long as `access` does.
    ///
    /// It is no scheduling point: a race is found in any order of the two accesses.
    pub(crate) fn cell<R>(
        &self,
        binding: &Binding,
        write: bool,
        location: &'static Location<'static>,
        access: impl FnOnce() -> R,
    ) -> R {
        let object = self.cell_object(binding);
        let op = Op::new(if write { Kind::CellWrite } else { Kind::CellRead }, location).on(object);
        let me = self.announce(op, None, Branch::Silent);
        if self.aborting() {
            return access();
        }
        let mine = Access { thread: me, write, location };
        let (open, earlier, unordered) = {
            let mut core = self.core.borrow_mut();
            let Core { threads, objects, .. } = &mut *core;
            let State::Cell(clock) = &mut objects[object].state else { unreachable!("a cell is bound to a cell") };
            let now = &threads[me].view.now;
            (clock.begin(mine, now), clock.conflicting(mine), clock.access(mine, now))
        };
        let race = match self.loom_access(object, write) {
            // loom knows which store each load returned, so its clocks decide.
            Some(raced) => raced.then(|| earlier.unwrap_or(mine)),
            None => unordered,
        };
        #[cfg(raddle_internals)]
        let (open, race) = match self.core.borrow().overlooks(op.kind) {
            true => (None, None),
            false => (open, race),
        };
        match open.or(race) {
            None => {
                let version = self.core.borrow().objects[object].version;
                let effect = match write {
                    true => Effect::Change(Some(Seen::Value(object))),
                    false => Effect::Read(Seen::Value(object), u64::from(version), false),
                };
                self.record(me, &op, Value::None, effect);
                let _open = Open { ex: self, object, access: mine };
                access()
            }
            Some(other) => {
                let (mine, other, made) = {
                    let core = self.core.borrow();
                    let tell = |access: Access| {
                        format!(
                            "{} {} at {}:{}",
                            core.thread_name(access.thread),
                            if access.write { "writes" } else { "reads" },
                            access.location.file(),
                            access.location.line()
                        )
                    };
                    (tell(mine), tell(other), core.objects[object].created)
                };
                self.record(me, &op, Value::None, Effect::Nothing);
                self.fail(
                    FailureKind::DataRace,
                    format!(
                        "data race on cell#{} (made at {}:{}): {mine}, {other}, and nothing orders the two",
                        object + 1,
                        made.file(),
                        made.line(),
                    ),
                );
                self.unwind(me);
                unreachable!("a thread that unwinds already records and races no more")
            }
        }
    }
}
