//! Barriers at the waist.
//!
//! Where no more threads come to a barrier than it lets through at once, each round is made of all of them, and nobody
//! can tell in which order they came: coming is no scheduling point. Where more come, the order decides who goes with
//! whom. That is a fact ([`Facts::crowds`](super::facts::Facts)), and the model starts over with it.

use std::{collections::BTreeMap, panic::Location};

use super::{
    Branch, Effect, Execution,
    binding::Binding,
    clock::Clock,
    core::{Core, Op},
    event::{Kind, ObjectKind, Value},
    object::State,
};

#[derive(Default)]
pub(crate) struct BarrierState {
    /// Who has come in this round, in that order.
    came: Vec<usize>,
    /// What they published.
    sync: Clock,
    /// Whoever has come in any round.
    users: Vec<usize>,
    /// Who may go, and whether as the leader.
    released: BTreeMap<usize, bool>,
}

impl Core {
    fn barrier(&mut self, object: usize) -> &mut BarrierState {
        match &mut self.objects[object].state {
            State::Barrier(barrier) => barrier,
            _ => unreachable!("the facade binds a barrier to a barrier"),
        }
    }

    fn may_go(&self, object: usize, me: usize) -> bool {
        match &self.objects[object].state {
            State::Barrier(barrier) => barrier.released.contains_key(&me),
            _ => unreachable!("the facade binds a barrier to a barrier"),
        }
    }

    /// The thread comes: how many have, in this round, and whether it is one more than ever fit.
    fn come(&mut self, object: usize, me: usize, size: usize) -> (usize, bool) {
        let Core { threads, objects, .. } = self;
        let State::Barrier(barrier) = &mut objects[object].state else { unreachable!("see `barrier`") };
        if size == 1 {
            // It waits for nobody, and nothing is ordered.
            barrier.released.insert(me, true);
            return (1, false);
        }
        if !barrier.users.contains(&me) {
            barrier.users.push(me);
        }
        threads[me].view.release(me, &mut barrier.sync);
        barrier.came.push(me);
        (barrier.came.len(), barrier.users.len() > size)
    }

    /// The last has come: everybody may go.
    fn open(&mut self, object: usize, leader: usize) {
        let barrier = self.barrier(object);
        let came = std::mem::take(&mut barrier.came);
        let sync = std::mem::take(&mut barrier.sync);
        barrier.released.extend(came.iter().map(|&thread| (thread, thread == leader)));
        for thread in came {
            self.threads[thread].view.acquire(&sync);
        }
    }
}

impl Execution {
    /// The object of a barrier.
    pub(crate) fn barrier_object(&self, binding: &Binding) -> usize {
        let object = binding.object(self, ObjectKind::Barrier, |_| State::Barrier(BarrierState::default()));
        #[cfg(raddle_loom)]
        if self.core.borrow().facts.crowds {
            self.bind_quiet(object, None);
        }
        object
    }

    /// `Barrier::wait`, of a barrier that lets `size` threads through at once, at least one. True for the leader.
    pub(crate) fn barrier_wait(&self, object: usize, size: usize, location: &'static Location<'static>) -> bool {
        let op = Op::new(Kind::Wait, location).on(object);
        let crowds = self.core.borrow().facts.crowds;
        let me = self.announce(op, None, if crowds { Branch::Point } else { Branch::Silent });
        if self.aborting() {
            return false;
        }
        let (count, crowded) = self.core.borrow_mut().come(object, me, size);
        if crowded && !crowds {
            self.learn(me, |facts| facts.crowds = true);
            return false;
        }
        if size > 1 {
            self.engine_comes(object, count == size);
            if count == size {
                let leader = self.leader(object, me);
                self.core.borrow_mut().open(object, leader);
            }
        }
        self.record(me, &op, Value::Count(count as u64), Effect::Change(None));
        self.announce(op, Some(&|core| core.may_go(object, me)), Branch::Silent);
        self.core.borrow_mut().barrier(object).released.remove(&me).unwrap_or(false)
    }

    /// Whoever leads among those who have come: any of them if somebody asks, else the last.
    fn leader(&self, object: usize, last: usize) -> usize {
        if !self.core.borrow().facts.asks_leader {
            return last;
        }
        let came = {
            let mut core = self.core.borrow_mut();
            let mut came = core.barrier(object).came.clone();
            came.sort_by_key(|&thread| core.threads[thread].path);
            came
        };
        // Whoever comes last differs from execution to execution, so the choice is the first's.
        came[self.choose_as(came[0], came.len())]
    }

    /// Tells loom that what a thread did before it came is ordered before what everybody does afterwards. Those who
    /// wait are resumed by the last, and loom orders that.
    fn engine_comes(&self, object: usize, last: bool) {
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom() {
            engine.release_lock(object, super::lock::Mode::Read);
            if last {
                engine.acquire_readers(object);
            }
        }
        #[cfg(not(raddle_loom))]
        let _ = (object, last);
    }

    /// `BarrierWaitResult::is_leader`.
    pub(crate) fn asks_leader(&self) {
        let known = self.core.borrow().facts.asks_leader;
        if !known {
            self.learn(self.me(), |facts| facts.asks_leader = true);
        }
    }
}
