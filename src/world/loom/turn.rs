//! How a thread waits for its turn in the loom world.

use super::Engine;
use crate::world::{
    Branch, Execution,
    core::{Guard, Op},
    event::Kind,
};

impl Execution {
    /// Waits in the loom world: by loom's own primitive where it has one, else by an event on the object and, while
    /// the guard does not hold, suspended until another thread's step makes it hold.
    pub(in crate::world) fn loom_turn(
        &self,
        engine: &Engine,
        me: usize,
        op: Op,
        guard: Option<Guard<'_>>,
        branch: Branch<'_>,
    ) {
        let holds = || guard.is_none_or(|guard| guard(&self.core.borrow()));
        let back = || {
            self.me.set(me);
            self.aborting.get()
        };
        let touch = match branch {
            Branch::Native(enter) => {
                enter();
                back();
                return;
            }
            Branch::Change => {
                // loom knows no way to wait that adds no happens-before edge, so the thread stays a candidate and
                // looks again whenever it is chosen.
                while !holds() {
                    engine.yield_now();
                    if back() {
                        return;
                    }
                    let stuck = !holds() && !self.core.borrow().any_enabled_but(me);
                    if stuck {
                        self.stuck();
                        if self.aborting.get() {
                            return;
                        }
                    }
                }
                return;
            }
            Branch::Point => true,
            Branch::Silent => false,
        };
        loop {
            // What another thread has settled for this one is an event of the other's. While it was suspended, it may
            // have come to commute with everything.
            if self.core.borrow().dealt(me) {
                return;
            }
            if touch && self.core.borrow().threads[me].branches {
                self.touch_arms(engine, me);
                match (op.object, op.peer) {
                    (Some(object), _) => engine.touch(object),
                    (None, Some(thread)) if matches!(op.kind, Kind::Exit | Kind::IsFinished) => {
                        engine.touch_end(thread)
                    }
                    (None, Some(thread)) => engine.touch_thread(thread),
                    (None, None) => {}
                }
                if back() {
                    return;
                }
            }
            self.core.borrow_mut().threads[me].there = true;
            if holds() {
                return;
            }
            if !self.core.borrow().any_enabled_but(me) {
                self.stuck();
                if self.aborting.get() {
                    return;
                }
                if holds() {
                    continue;
                }
            }
            // Somebody may have waited for this thread to wait, or for time to pass.
            self.wake();
            self.core.borrow_mut().threads[me].parked = true;
            engine.park();
            if back() {
                return;
            }
        }
    }

    /// Touches everything that a thread's operation at channels depends on, but the one channel of a plain operation.
    fn touch_arms(&self, engine: &Engine, me: usize) {
        let (objects, armed) = {
            let core = self.core.borrow();
            let deal = core.threads[me].deal.as_ref();
            let objects: Vec<usize> =
                deal.map_or_else(Vec::new, |deal| deal.arms.iter().map(|arm| arm.object).collect());
            (objects, core.armed(me).is_some())
        };
        if let [_, _, ..] = objects[..] {
            objects.iter().for_each(|&object| engine.touch(object));
        }
        // Timers share a limit: which of them fire first decides which of them can.
        if armed {
            engine.touch_time();
        }
    }
}
