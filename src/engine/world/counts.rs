//! Reference counts at the waist: they are events only if the program can observe them, and order memory only where a
//! destructor takes a step.

use std::panic::Location;

use super::{
    Branch, Effect, Execution,
    clock::Clock,
    core::{Core, Op, hash32},
    event::{Kind, ObjectKind, Value},
    object::State,
    progress::Seen,
};

impl Execution {
    /// Whether a type's reference counts are events, because the program has been seen to observe them.
    fn counted(&self, type_name: &str) -> bool {
        let core = self.core.borrow();
        !core.facts.counted.is_empty() && core.facts.counted.contains(&hash32(type_name, 0))
    }

    /// The program observes the reference counts of a type: they become events.
    fn observe_counts(&self, type_name: &str) {
        if !self.counted(type_name) {
            self.learn(self.me(), |facts| {
                facts.counted.insert(hash32(type_name, 0));
            });
        }
    }

    fn arc_object(&self, address: usize, created: &'static Location<'static>) -> usize {
        let mut core = self.core.borrow_mut();
        if let Some(&object) = core.arcs.get(&address) {
            return object;
        }
        let object = core.add_object(ObjectKind::Arc, created, State::Arc { released: Clock::default() });
        core.arcs.insert(address, object);
        object
    }

    /// A value is shared from here on: its address has no past.
    pub(crate) fn new_arc(&self, address: usize) {
        self.core.borrow_mut().arcs.remove(&address);
    }

    /// A reference count goes up.
    pub(crate) fn count_up<R>(
        &self,
        address: usize,
        type_name: &str,
        location: &'static Location<'static>,
        act: impl FnOnce() -> R,
    ) -> R {
        if self.aborting() || !self.counted(type_name) {
            return act();
        }
        let object = self.arc_object(address, location);
        self.step(Op::new(Kind::RefInc, location).on(object), None, Branch::Point, |_, _| {
            (act(), Value::None, Effect::Change(Some(Seen::Value(object))))
        })
    }

    /// A reference is about to be dropped: orders it before whatever the last one does.
    /// `counts` tells, once the drop is scheduled, how many strong and weak references there are.
    pub(crate) fn count_down(
        &self,
        address: usize,
        type_name: &str,
        location: &'static Location<'static>,
        counts: impl Fn() -> (usize, usize),
    ) {
        if self.aborting() || !self.counted(type_name) {
            return;
        }
        let object = self.arc_object(address, location);
        let op = Op::new(Kind::RefDec, location).on(object);
        let me = self.announce(op, None, Branch::Point);
        self.record(me, &op, Value::None, Effect::Change(Some(Seen::Value(object))));
        if self.aborting() {
            return;
        }
        let (strong, weak) = counts();
        if strong > 1 {
            self.publish_count(address, location);
            return;
        }
        self.acquire_counts(object);
        // As long as there are weak references, a thread may ask for it, and find it gone.
        if weak == 0 {
            self.core.borrow_mut().arcs.remove(&address);
        }
    }

    /// A weak reference is about to be dropped: whoever then finds a reference to be the only one comes after that.
    pub(crate) fn weak_down(&self, address: usize, type_name: &str, location: &'static Location<'static>) {
        if self.aborting() || !self.counted(type_name) {
            return;
        }
        let object = self.arc_object(address, location);
        self.step(Op::new(Kind::RefDec, location).on(object), None, Branch::Point, |_, _| {
            ((), Value::None, Effect::Change(Some(Seen::Value(object))))
        });
        self.publish_count(address, location);
    }

    /// A reference is used up: what its owner did is ordered before what the last owner does.
    pub(crate) fn publish_count(&self, address: usize, location: &'static Location<'static>) {
        if self.aborting() {
            return;
        }
        let object = self.arc_object(address, location);
        let me = self.me();
        let mut core = self.core.borrow_mut();
        let Core { threads, objects, .. } = &mut *core;
        let State::Arc { released } = &mut objects[object].state else { unreachable!("an arc is bound to an arc") };
        threads[me].view.release(me, released);
    }

    /// Whoever comes last, or looks, sees what the owners before it did.
    fn acquire_counts(&self, object: usize) {
        let me = self.me();
        let mut core = self.core.borrow_mut();
        let Core { threads, objects, .. } = &mut *core;
        let State::Arc { released } = &mut objects[object].state else { unreachable!("an arc is bound to an arc") };
        threads[me].view.acquire(released);
    }

    /// The program looks at a reference count. `act` answers with what it saw, and whether that orders the drops
    /// before it before what comes after.
    pub(crate) fn count_read<R>(
        &self,
        address: usize,
        type_name: &str,
        location: &'static Location<'static>,
        act: impl FnOnce() -> (R, Value, bool),
    ) -> R {
        if self.aborting() {
            return act().0;
        }
        self.observe_counts(type_name);
        let object = self.arc_object(address, location);
        let op = Op::new(Kind::RefRead, location).on(object);
        let me = self.announce(op, None, Branch::Point);
        let (result, value, acquires) = act();
        if acquires && !self.aborting() {
            self.acquire_counts(object);
        }
        let seen = match value {
            Value::Count(n) => n,
            Value::Done(done) => u64::from(done),
            _ => 0,
        };
        self.record(me, &op, value, Effect::Read(Seen::Value(object), seen, false));
        result
    }

    /// The last reference to a value goes: its destructor runs until what is returned is dropped.
    pub(crate) fn destroying(&self, type_name: &'static str) -> Option<Destroying<'_>> {
        (!self.aborting() && !self.counted(type_name)).then(|| {
            self.core.borrow_mut().threads[self.me()].destroying.push(type_name);
            Destroying { ex: self, thread: self.me() }
        })
    }
}

/// A destructor that runs because the last reference goes.
pub(crate) struct Destroying<'a> {
    ex: &'a Execution,
    thread: usize,
}

impl Drop for Destroying<'_> {
    fn drop(&mut self) {
        self.ex.core.borrow_mut().threads[self.thread].destroying.pop();
    }
}

impl Core {
    /// The thread is about to take a step. If a destructor does, that last references have begun, others can see when and
    /// by whom it is run: which drop is the last matters, and so does what came before the others. Until the model has
    /// started over, nothing that it does counts.
    #[inline]
    pub(crate) fn note_destructors(&mut self, me: usize) {
        if !self.threads[me].destroying.is_empty() {
            self.learn_destructors(me);
        }
    }

    #[cold]
    fn learn_destructors(&mut self, me: usize) {
        let Core { threads, facts, learned, .. } = self;
        for type_name in threads[me].destroying.drain(..) {
            facts.counted.insert(hash32(type_name, 0));
            *learned = true;
        }
    }
}
