//! Go's wait groups at the waist.

use std::panic::Location;

use super::{
    Branch, Effect, Execution,
    binding::Binding,
    clock::Clock,
    core::{Core, Op},
    event::{Kind, ObjectKind, Value},
    object::State,
    progress::Seen,
};

/// A counter that threads wait for to be 0.
#[derive(Default)]
pub(crate) struct GroupState {
    count: i64,
    /// Those who wait, since the counter was last 0.
    waiters: Vec<usize>,
    /// What was published by counting.
    counted: Clock,
}

impl Core {
    fn group(&mut self, object: usize) -> &mut GroupState {
        match &mut self.objects[object].state {
            State::Group(group) => group,
            _ => unreachable!("the facade binds a wait group to a wait group"),
        }
    }
}

impl Execution {
    /// The object of a wait group.
    pub(crate) fn group(&self, binding: &Binding) -> usize {
        binding.object(self, ObjectKind::WaitGroup, |_| State::Group(GroupState::default()))
    }

    /// Adds to the counter. At 0 all that wait are released. False if it is negative now.
    pub(crate) fn count(&self, object: usize, delta: i64, location: &'static Location<'static>) -> bool {
        let count = self.step(Op::new(Kind::Count, location).on(object), None, Branch::Point, |core, me| {
            let mut clock = Clock::default();
            core.threads[me].view.release(me, &mut clock);
            let group = core.group(object);
            group.counted.join(&clock);
            group.count += delta;
            let count = group.count;
            let released = if count == 0 { std::mem::take(&mut group.waiters) } else { Vec::new() };
            for waiter in released {
                core.threads[waiter].notified = true;
            }
            (count, Value::Balance(count), Effect::Change(Some(Seen::Value(object))))
        });
        count >= 0 || self.aborting()
    }

    /// Waits until the counter has come to 0. False if it was used again before this returns.
    pub(crate) fn await_zero(&self, object: usize, location: &'static Location<'static>) -> bool {
        let op = Op::new(Kind::Wait, location).on(object);
        let zero = self.step(op, None, Branch::Point, |core, me| {
            let group = core.group(object);
            let count = group.count;
            if count == 0 {
                let clock = group.counted.clone();
                core.threads[me].view.acquire(&clock);
            } else {
                group.waiters.push(me);
                core.threads[me].notified = false;
            }
            (count == 0, Value::Balance(count), Effect::Read(Seen::Value(object), count as u64, false))
        });
        if zero || self.aborting() {
            return true;
        }
        let me = self.me();
        self.step(op, Some(&|core| core.threads[me].notified), Branch::Point, |core, me| {
            let group = core.group(object);
            let (right, count, clock) =
                (group.count == 0 && group.waiters.is_empty(), group.count, group.counted.clone());
            core.threads[me].view.acquire(&clock);
            (right, Value::Balance(count), Effect::Nothing)
        }) || self.aborting()
    }
}
