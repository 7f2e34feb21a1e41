//! Initialisation that happens once, at the waist: `Once`, and what stands on it, `OnceLock` and `LazyLock`.
//!
//! Who is first to come decides who runs the initialiser, so coming to a once that is not complete is a scheduling
//! point. What comes later is none: a once that is complete stays so, and one that runs can only be waited for. That an
//! initialiser has returned is seen by those who wait, and who could not have gone on before; others see it only where
//! the model looks without waiting. That is a fact ([`Facts::peeks`](super::facts::Facts)).
//!
//! In the loom world a once has a token that orders nothing: coming first updates it, coming later reads it. Where the
//! model looks, there is also a flag, which is loom's own: so a look may find what is no longer so, as std's may.

use std::{any::TypeId, marker::PhantomData, panic::Location, ptr::NonNull};

use smallvec::SmallVec;

use super::{
    Branch, Effect, Execution,
    binding::Binding,
    clock::Clock,
    core::{Core, Op, Status},
    event::{Kind, ObjectKind, Value},
    object::State,
    progress::Seen,
};

/// How far a once has come.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    #[default]
    Incomplete,
    /// This thread runs the initialiser.
    Running(usize),
    /// The last initialiser panicked.
    Poisoned,
    Complete,
}

#[derive(Default)]
pub(crate) struct OnceState {
    pub(crate) phase: Phase,
    /// An initialiser has panicked: what was incomplete once may be so again.
    tainted: bool,
    /// What the initialisers published.
    done: Clock,
    /// Who has seen it complete: to them it cannot have been otherwise.
    known: SmallVec<[usize; 4]>,
    /// The value of a `OnceLock` or a `LazyLock` that is complete.
    value: Option<Stored>,
}

impl OnceState {
    fn known_to(&self, thread: usize) -> bool {
        self.phase == Phase::Complete && self.known.contains(&thread)
    }

    /// Gives it its value.
    pub(crate) fn put(&mut self, value: Stored) {
        self.value = Some(value);
    }

    /// Takes the value out: the once is as new.
    pub(super) fn take(&mut self) -> Option<Stored> {
        std::mem::take(self).value
    }
}

/// What a thread finds when it comes.
pub(crate) enum Entered<'a> {
    Complete,
    Poisoned,
    /// It is to run the initialiser.
    First(Initialiser<'a>),
}

/// The right, and the duty, to complete a once. If it is dropped, the once is poisoned.
pub(crate) struct Initialiser<'a> {
    ex: &'a Execution,
    me: usize,
    object: usize,
    /// The one before panicked.
    pub(crate) poisoned: bool,
    /// What its end is called.
    end: Kind,
    location: &'static Location<'static>,
    /// The steps when it began.
    since: u64,
}

impl Initialiser<'_> {
    /// The initialiser has returned. `put` stores the value.
    pub(crate) fn complete(self, put: impl FnOnce(&mut OnceState)) {
        let Initialiser { ex, me, object, .. } = self;
        let op = Op::new(self.end, self.location).on(object);
        ex.announce_completion(op, self.since);
        let mut core = ex.core.borrow_mut();
        let once = core.once(object);
        // An execution that ends early may have let another thread in: the first to complete it counts.
        if once.phase != Phase::Complete {
            put(once);
            let filled = once.value.is_some();
            once.phase = Phase::Complete;
            let tainted = once.tainted;
            if filled {
                core.filled.push(object);
            }
            publish(&mut core, me, object);
            if !tainted && !core.settings.reduces {
                // Whoever has come meanwhile goes on, in whichever order. A search that reduces knows that anyway.
                for thread in &mut core.threads {
                    thread.branches &= thread.status != Status::Pending || thread.op.object != Some(object);
                }
            }
        }
        drop(core);
        ex.engine_publishes(object);
        let value = if self.end == Kind::Set { Value::Done(true) } else { Value::None };
        ex.record(me, &op, value, Effect::Change(Some(Seen::Value(object))));
        std::mem::forget(self);
    }
}

impl Drop for Initialiser<'_> {
    fn drop(&mut self) {
        let &mut Initialiser { ex, me, object, .. } = self;
        let op = Op::new(Kind::Poisoned, self.location).on(object);
        if !ex.aborting() {
            ex.announce(op, None, Branch::Silent);
        }
        {
            let mut core = ex.core.borrow_mut();
            let once = core.once(object);
            if once.phase != Phase::Running(me) {
                return;
            }
            once.phase = Phase::Poisoned;
            once.tainted = true;
            publish(&mut core, me, object);
        }
        ex.engine_publishes(object);
        ex.record(me, &op, Value::None, Effect::Change(Some(Seen::Value(object))));
    }
}

fn publish(core: &mut Core, me: usize, object: usize) {
    let Core { threads, objects, .. } = core;
    let State::Once(once) = &mut objects[object].state else { unreachable!("a once is bound to a once") };
    threads[me].view.release(me, &mut once.done);
    if once.phase == Phase::Complete {
        once.known.push(me);
    }
}

impl Execution {
    /// The object of a once.
    pub(crate) fn once_object(&self, binding: &Binding, kind: ObjectKind) -> usize {
        let object = self.plain_once(binding, kind);
        #[cfg(raddle_loom)]
        {
            let flag = {
                let core = self.core.borrow();
                core.facts.peeks.then(|| core.phase(object) == Phase::Complete)
            };
            self.bind_quiet(object, flag);
        }
        object
    }

    /// The object of a once to which there is exclusive access.
    pub(crate) fn plain_once(&self, binding: &Binding, kind: ObjectKind) -> usize {
        binding.object(self, kind, |_| State::Once(OnceState::default()))
    }

    /// Comes to a once: waits while another thread runs the initialiser, and is the next to run it unless it is
    /// complete or, but for `force`, poisoned. A thread that comes while it runs the initialiser itself waits for ever.
    pub(crate) fn once_enter(
        &self,
        object: usize,
        kind: Kind,
        force: bool,
        location: &'static Location<'static>,
    ) -> Entered<'_> {
        let op = Op::new(kind, location).on(object);
        let idle = |core: &Core| !matches!(core.phase(object), Phase::Running(_));
        let poisoned = loop {
            let (before, reduces) = {
                let core = self.core.borrow();
                (core.phase(object), core.settings.reduces)
            };
            // What is one step whenever the thread comes is told apart by what the step depends on.
            let settled = !reduces && matches!(before, Phase::Complete | Phase::Running(_));
            if settled {
                self.look(op);
                self.wait_for_initialiser(op, &idle);
            } else {
                self.announce(op, Some(&idle), Branch::Point);
            }
            let after = self.core.borrow().phase(object);
            match after {
                Phase::Complete => {
                    self.once_seen(op, kind != Kind::Force);
                    return Entered::Complete;
                }
                // Nobody waits any more.
                _ if self.aborting() => break false,
                // Others may be the next.
                _ if settled => continue,
                Phase::Poisoned if !force => {}
                phase => break phase == Phase::Poisoned,
            }
            self.once_seen(op, true);
            return Entered::Poisoned;
        };
        let me = self.me();
        self.once_acquire(object);
        self.core.borrow_mut().once(object).phase = Phase::Running(me);
        let end = if kind == Kind::Set { Kind::Set } else { Kind::Initialised };
        if kind != Kind::Set {
            self.record(me, &op, Value::Done(true), Effect::Change(None));
        }
        let since = self.core.borrow().steps;
        Entered::First(Initialiser { ex: self, me, object, poisoned, end, location, since })
    }

    /// Waits until nobody runs the initialiser.
    fn wait_for_initialiser(&self, op: Op, idle: &dyn Fn(&Core) -> bool) {
        if idle(&self.core.borrow()) {
            return;
        }
        self.announce(op, Some(idle), Branch::Silent);
        let object = op.object.expect("a once is an object");
        // Between a panic and the next initialiser, others might have come.
        if self.core.borrow_mut().once(object).tainted {
            self.look(op);
        }
    }

    /// A thread has come and found the once complete, or poisoned.
    fn once_seen(&self, op: Op, told: bool) {
        let object = op.object.expect("a once is an object");
        self.once_acquire(object);
        if told {
            self.record(self.me(), &op, Value::Done(false), Effect::Read(Seen::Value(object), 1, false));
        }
    }

    /// What the initialisers did comes before what the thread does now.
    fn once_acquire(&self, object: usize) {
        let me = self.me();
        if self.core.borrow_mut().once(object).known_to(me) {
            return;
        }
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom()
            && !self.aborting()
        {
            engine.acquire_lock(object, super::lock::Mode::Read);
        }
        let mut core = self.core.borrow_mut();
        let Core { threads, objects, .. } = &mut *core;
        let State::Once(once) = &mut objects[object].state else { unreachable!("a once is bound to a once") };
        threads[me].view.acquire(&once.done);
        if once.phase == Phase::Complete {
            once.known.push(me);
        }
    }

    /// Announces what commutes with everything but that the once was incomplete before.
    fn look(&self, op: Op) {
        #[cfg(raddle_loom)]
        if let (Some(engine), Some(object)) = (self.loom(), op.object)
            && !self.aborting()
            && !self.core.borrow_mut().once(object).known_to(self.me())
        {
            self.announce(op, None, Branch::Native(&mut || engine.look(object)));
            return;
        }
        let reduces = self.core.borrow().settings.reduces;
        self.announce(op, None, if reduces { Branch::Point } else { Branch::Silent });
    }

    /// Announces that the initialiser, which began after `since` steps, has returned.
    fn announce_completion(&self, op: Op, since: u64) {
        let (peeks, steps) = {
            let core = self.core.borrow();
            (core.facts.peeks, core.steps)
        };
        #[cfg(raddle_loom)]
        if let (Some(engine), Some(object)) = (self.loom(), op.object)
            && peeks
            && !self.aborting()
        {
            self.announce(op, None, Branch::Native(&mut || engine.raise(object)));
            return;
        }
        // An initialiser that has taken no step is one step with its beginning.
        self.announce(op, None, if peeks && steps != since { Branch::Point } else { Branch::Silent });
    }

    /// Tells loom that what an initialiser did comes before what others do who find it done.
    fn engine_publishes(&self, object: usize) {
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom()
            && !self.aborting()
        {
            engine.release_lock(object, super::lock::Mode::Write);
        }
        #[cfg(not(raddle_loom))]
        let _ = object;
    }

    /// Whether a once is complete, without waiting.
    pub(crate) fn once_peek(&self, object: usize, kind: Kind, location: &'static Location<'static>) -> bool {
        let known = self.core.borrow().facts.peeks;
        if !known {
            self.learn(self.me(), |facts| facts.peeks = true);
        }
        let op = Op::new(kind, location).on(object);
        #[cfg_attr(not(raddle_loom), expect(unused_mut, reason = "only loom has a flag of its own"))]
        let mut flag = None;
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom()
            && !self.aborting()
            && !self.core.borrow_mut().once(object).known_to(self.me())
        {
            self.announce(op, None, Branch::Native(&mut || flag = engine.raised(object)));
        }
        if flag.is_none() {
            // It stays complete, whatever others do.
            let settled = {
                let core = self.core.borrow();
                core.phase(object) == Phase::Complete && !core.settings.reduces
            };
            self.announce(op, None, if settled { Branch::Silent } else { Branch::Point });
        }
        let complete = self.core.borrow().phase(object) == Phase::Complete;
        let seen = complete && flag.unwrap_or(true);
        if seen {
            self.once_acquire(object);
        }
        let stale = seen != complete;
        self.record(self.me(), &op, Value::Done(seen), Effect::Read(Seen::Value(object), u64::from(seen), stale));
        seen
    }

    /// Waits until a once is complete. False if it is poisoned, and not `force`.
    pub(crate) fn once_wait(&self, object: usize, force: bool, location: &'static Location<'static>) -> bool {
        let op = Op::new(Kind::Wait, location).on(object);
        let ended = |core: &Core| match core.phase(object) {
            Phase::Complete => true,
            Phase::Poisoned => !force,
            Phase::Incomplete | Phase::Running(_) => false,
        };
        self.announce(op, Some(&ended), Branch::Silent);
        if !force && self.core.borrow_mut().once(object).tainted {
            // Another initialiser may come first, or may have.
            self.announce(op, Some(&ended), Branch::Point);
        }
        let complete = self.core.borrow().phase(object) == Phase::Complete;
        self.once_acquire(object);
        self.record(self.me(), &op, Value::Done(complete), Effect::Read(Seen::Value(object), 1, false));
        complete
    }

    /// A once that nobody knows yet is given its value.
    pub(crate) fn once_given(&self, object: usize, value: Stored) {
        let mut core = self.core.borrow_mut();
        let once = core.once(object);
        once.put(value);
        once.phase = Phase::Complete;
        core.filled.push(object);
    }

    /// The value of a once that is complete.
    pub(crate) fn once_value<T>(&self, object: usize) -> Option<NonNull<T>> {
        self.core.borrow_mut().once(object).value.as_ref()?.get()
    }

    /// Takes the value, by exclusive access: the once is as new.
    pub(crate) fn once_take(&self, object: usize) -> Option<Stored> {
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom() {
            engine.forget(object);
        }
        self.core.borrow_mut().once(object).take()
    }
}

/// A value of any type, on the heap. It is dropped only where that is said.
pub(crate) struct Stored {
    pointer: NonNull<()>,
    of: TypeId,
    /// Drops the value that it is given.
    drop: unsafe fn(NonNull<()>),
}

impl Stored {
    pub(crate) fn new<T>(value: Box<T>) -> Stored {
        // SAFETY (of calling it): the pointer comes from the box, and is used no more.
        unsafe fn drop_box<T>(pointer: NonNull<()>) {
            // SAFETY: the caller's promise.
            drop(unsafe { Box::from_raw(pointer.cast::<T>().as_ptr()) });
        }
        let pointer = NonNull::from(Box::leak(value)).cast();
        Stored { pointer, of: type_id::<T>(), drop: drop_box::<T> }
    }

    /// Where the value is. `None` if it is of another type: an object that outlives an execution is known by its
    /// address, to which another one may have been moved.
    fn get<T>(&self) -> Option<NonNull<T>> {
        (self.of == type_id::<T>()).then(|| self.pointer.cast())
    }

    /// The value. `None` if it is of another type, and then it stays where it is, for ever.
    pub(crate) fn into_box<T>(self) -> Option<Box<T>> {
        // SAFETY: the pointer comes from a box of this type, and `self` is used up.
        self.get().map(|pointer| unsafe { Box::from_raw(pointer.as_ptr()) })
    }

    /// Drops the value.
    ///
    /// # Safety
    /// Nobody refers to it, and what it borrows is still there.
    pub(crate) unsafe fn destroy(self) {
        // SAFETY: the pointer comes from a box of the type that `drop` drops, and `self` is used up.
        unsafe { (self.drop)(self.pointer) }
    }
}

/// The number of a type, in which lifetimes do not count.
pub(crate) fn type_id<T: ?Sized>() -> TypeId {
    trait Numbered {
        fn number(&self) -> TypeId
        where
            Self: 'static;
    }
    impl<T: ?Sized> Numbered for PhantomData<T> {
        fn number(&self) -> TypeId
        where
            Self: 'static,
        {
            TypeId::of::<T>()
        }
    }
    let of = PhantomData::<T>;
    let of: &dyn Numbered = &of;
    // SAFETY: only the lifetime bound changes. What stands behind it is without size, borrows nothing, and only tells
    // the number of its type, which lifetimes are no part of.
    unsafe { std::mem::transmute::<&dyn Numbered, &(dyn Numbered + 'static)>(of) }.number()
}
