//! Pauses: `yield_now`, `sleep`, `spin_loop`, and the ends of rounds of busy loops.

use std::panic::Location;

use super::{
    Branch, Effect, Execution,
    core::Op,
    event::{Kind, Value},
    progress::Round,
};

impl Execution {
    /// A round that has ended by repetition counts at the next operation.
    #[inline]
    pub(crate) fn end_due_round(&self, me: usize) {
        // It stays noted until the round is over.
        let ended = self.core.borrow().threads[me].progress.ended;
        if let Some(place) = ended {
            self.end_round(Op::new(Kind::SpinLoop, place));
        }
    }

    /// The end of a round of a loop (see [`progress`](super::progress)), by `spin_loop`, `yield_now`, `sleep` or by repetition.
    fn end_round(&self, op: Op) {
        let me = self.me.get();
        let round = self.core.borrow_mut().round(me, op.location);
        match round {
            Round::Go => {}
            Round::Reread => self.yield_in_loom(me),
            Round::Learned if !self.unwinding(me) => self.learn(me, |_| {}),
            Round::Wait | Round::Learned => {
                // A destructor that waits while its thread unwinds cannot be stopped: this execution goes on.
                self.core.borrow_mut().learned |= round == Round::Learned;
                self.wait_turn(me, &op, Some(&|core| core.sees_change(me)), Branch::Change);
                let mut core = self.core.borrow_mut();
                if core.comes_due(me) {
                    let due = core.polled(me);
                    core.fire(me, due);
                }
                let passed = core.threads[me].progress.pass;
                core.begin_round(me, passed);
            }
        }
    }

    /// In the loom world: lets another thread take a step first, if one can, and has the thread's next loads return
    /// nothing that is old and that it has read before.
    fn yield_in_loom(&self, me: usize) {
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom() {
            let away = self.watch.away();
            engine.yield_now();
            drop(away);
            self.me.set(me);
            if self.aborting.get() {
                self.unwind(me);
            }
        }
        #[cfg(not(raddle_loom))]
        let _ = me;
    }

    /// `yield_now`, `sleep` and `spin_loop`.
    pub(crate) fn pause(&self, kind: Kind, location: &'static Location<'static>) {
        let op = Op::new(kind, location);
        if self.aborting.get() {
            self.announce(op, None, Branch::Silent);
            return;
        }
        self.core.borrow_mut().threads[self.me.get()].progress.ended = None;
        self.end_round(op);
        let me = self.me.get();
        if self.core.borrow().had_its_turn(me) {
            self.yield_in_loom(me);
        }
        self.step(op, None, Branch::Point, |_, _| ((), Value::None, Effect::Nothing));
    }

    /// `sleep`. In a timed model it takes its time; elsewhere it is a pause, after which so much time has passed.
    pub(crate) fn sleep(&self, nanos: u64, location: &'static Location<'static>) {
        let (timed, until) = {
            let core = self.core.borrow();
            (core.settings.timed, core.now.saturating_add(nanos))
        };
        if timed && !self.aborting.get() {
            let me = self.me.get();
            self.core.borrow_mut().threads[me].deadline = Some(until);
            let op = Op::new(Kind::Sleep, location);
            self.step(op, Some(&|core| core.now >= until), Branch::Point, |core, me| {
                core.threads[me].deadline = None;
                ((), Value::None, Effect::Nothing)
            });
            return;
        }
        self.pause(Kind::Sleep, location);
        let mut core = self.core.borrow_mut();
        core.now = core.now.max(until);
        let me = self.me.get();
        core.threads[me].time = until;
    }
}

pub(super) fn is_pause(kind: Kind) -> bool {
    matches!(kind, Kind::Yield | Kind::Sleep | Kind::SpinLoop)
}
