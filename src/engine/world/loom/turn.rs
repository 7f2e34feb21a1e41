//! How a thread waits for its turn in the loom world.

use std::collections::BTreeSet;

use smallvec::SmallVec;

use super::{Engine, TIME};
use crate::world::{
    Branch, Execution,
    core::{Guard, Op},
    event::{Kind, ObjectKind},
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
        let holds = || {
            let core = self.core.borrow();
            // Who is dead waits no longer, whatever for.
            core.threads[me].guard.is_none() || guard.is_none_or(|guard| guard(&core))
        };
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
        let mut woken = false;
        loop {
            // What another thread has settled for this one is an event of the other's. While it was suspended, it may
            // have come to commute with everything.
            if self.core.borrow().dealt(me) {
                return;
            }
            if touch && self.core.borrow().threads[me].branches {
                if self.core.borrow().threads[me].deal.is_some() {
                    if self.touch_channels(engine, me, woken, &holds, &back) {
                        return;
                    }
                } else {
                    self.touch_object(engine, me, op);
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
            woken = true;
            if back() {
                return;
            }
        }
    }

    /// An event of any operation but those at channels that wait.
    fn touch_object(&self, engine: &Engine, me: usize, op: Op) {
        // Timers share a limit: which of them fire first decides which of them can.
        if self.core.borrow().armed(me).is_some() {
            drop(engine.token(TIME).lock());
        }
        match (op.object, op.peer) {
            (Some(object), _) => {
                engine.touch(object);
                if self.core.borrow().objects[object].kind == ObjectKind::Channel {
                    engine.channel_event(me, object);
                }
            }
            (None, Some(thread)) if matches!(op.kind, Kind::Exit | Kind::IsFinished) => engine.touch_end(thread),
            (None, Some(thread)) => engine.touch_thread(thread),
            (None, None) => {}
        }
    }

    /// One event at all that a thread's operation at channels depends on: their tokens are taken together, so that
    /// nothing comes between. True if the thread need not go on.
    fn touch_channels(
        &self,
        engine: &Engine,
        me: usize,
        woken: bool,
        holds: &dyn Fn() -> bool,
        back: &dyn Fn() -> bool,
    ) -> bool {
        // Others may have waited for this thread to wait, and may come before its next event.
        self.wake();
        let mut taken = BTreeSet::new();
        loop {
            let needed: BTreeSet<usize> = {
                let core = self.core.borrow();
                let armed = core.armed(me).is_some();
                let channels = core.touches(me, woken || armed || holds(), |object| engine.missed(me, object));
                channels.into_iter().chain(armed.then_some(TIME)).collect()
            };
            if needed.is_subset(&taken) {
                return false;
            }
            let mut guards: SmallVec<[_; 4]> = SmallVec::new();
            // All in one order: nobody waits for one who waits.
            for &object in &needed {
                guards.push(engine.token(object).lock());
                if back() {
                    return true;
                }
            }
            drop(guards);
            // Another thread may have taken an arm for this one meanwhile.
            if self.core.borrow().dealt(me) {
                return true;
            }
            needed.iter().filter(|&&object| object != TIME).for_each(|&object| engine.channel_event(me, object));
            taken = needed;
        }
    }
}
