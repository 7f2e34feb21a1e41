//! How an execution ends: by a failure, stuck, early; and how its threads unwind then.

use super::{
    Abort, Engine, Execution,
    core::{Core, Guard, Op, Status},
    event::Kind,
    facts::{Facts, Stop},
    pause::is_pause,
    progress::VAIN_LIMIT,
};
use crate::check::{Error, FailureKind, Waiting};

/// Operations that a thread may do, unwinding, in an execution that ends early, before it is stopped for good.
const ABORT_STEPS: u32 = 10_000;
/// After how many of them it is taken to wait busily.
const ABORT_BUSY: u32 = 64;

impl Execution {
    /// A new fact: the model starts over with it.
    pub(crate) fn learn(&self, me: usize, fact: impl FnOnce(&mut Facts)) {
        if self.aborting.get() {
            return;
        }
        fact(&mut self.core.borrow_mut().facts);
        self.stop(Stop::Learned);
        self.unwind(me);
    }

    /// The tool cannot go on.
    pub(crate) fn error(&self, message: String) {
        self.give_up(Error::Tool(message));
    }

    /// The execution cannot go on, and is no find.
    pub(crate) fn give_up(&self, why: Error) {
        self.stop(Stop::Error(why));
        self.unwind(self.me.get());
    }

    /// The program has failed. The first failure counts.
    pub(crate) fn fail(&self, kind: FailureKind, message: String) {
        let waiting = if self.aborting.get() { Vec::new() } else { self.core.borrow().waiting() };
        self.fail_with(kind, message, waiting);
    }

    pub(super) fn fail_with(&self, kind: FailureKind, message: String, waiting: Vec<Waiting>) {
        let panics = self.core.borrow().panicked();
        self.stop(Stop::Failure { kind, message, waiting, panics });
    }

    pub(super) fn stop(&self, stop: Stop) {
        if self.aborting.replace(true) {
            return;
        }
        let fails = matches!(stop, Stop::Failure { .. });
        self.core.borrow_mut().stop = Some(stop);
        #[cfg(raddle_shuttle)]
        if let Engine::Shuttle(engine) = &self.engine
            && fails
        {
            let core = self.core.borrow();
            let early = (0..core.threads.len()).any(|thread| core.enabled(thread));
            engine.strategy.borrow_mut().stopped(&core, early);
        }
        #[cfg(not(raddle_shuttle))]
        let _ = fails;
        // From here on nobody waits: whoever is suspended is resumed, and unwinds.
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom() {
            engine.release_all();
            let core = self.core.borrow();
            for (thread, state) in core.threads.iter().enumerate() {
                if state.parked {
                    engine.unpark(thread);
                }
            }
        }
    }

    /// Nobody can take a step. Busy threads are let through for a while, else the execution has failed.
    pub(super) fn stuck(&self) {
        let (kind, message) = {
            let mut core = self.core.borrow_mut();
            let busy: Vec<usize> = (0..core.threads.len())
                .filter(|&t| core.threads[t].status == Status::Pending && is_pause(core.threads[t].op.kind))
                .collect();
            let armed = core.anything_armed();
            if armed || !busy.is_empty() {
                if core.vain_rounds == 0 {
                    core.vain_since = core.events.len();
                }
                core.vain_rounds += 1;
                let goes_on = match armed {
                    true => core.may_be_timed(),
                    false => core.vain_rounds <= VAIN_LIMIT || core.may_be_reading(&busy),
                };
                if goes_on {
                    if armed {
                        core.let_time_pass();
                    } else {
                        let turn = busy[core.vain_rounds as usize % busy.len()];
                        core.threads[turn].progress.pass = true;
                    }
                    return;
                }
                let since = core.vain_since;
                core.events.truncate(since);
            }
            if core.lets_the_dead_go() || core.ends_hosts() {
                return;
            }
            let waiting = core.waiting();
            if let Some(message) = core.untold_panic() {
                (FailureKind::Panic, message)
            } else if armed {
                let names = listed(&waiting);
                (FailureKind::Livelock, format!("timers fire again and again, and nothing changes: {names}"))
            } else if !busy.is_empty() {
                let names = listed(&waiting);
                (FailureKind::Livelock, format!("busy-waiting for a change that nobody is left to make: {names}"))
            } else {
                let main = &core.threads[0];
                all_wait(main.status == Status::Pending && main.op.kind == Kind::Rest, &waiting)
            }
        };
        self.fail(kind, message);
    }

    /// Unwinds the thread, as the execution ends early. Returns if the thread unwinds already.
    pub(crate) fn unwind(&self, me: usize) {
        for _ in 0..ABORT_STEPS {
            if !self.obscured(me) {
                break;
            }
            self.let_others_unwind(me);
        }
        if self.unwinding(me) {
            return;
        }
        self.resume(Box::new(Abort));
    }

    /// An operation while the execution ends early. It is reached by destructors, which must not unwind again: they
    /// wait only for threads that have yet to unwind and give back what they hold.
    pub(super) fn abort_wait(&self, me: usize, op: Op, guard: Option<Guard<'_>>) {
        let steps = {
            let mut core = self.core.borrow_mut();
            core.threads[me].abort_steps += 1;
            core.threads[me].abort_steps
        };
        if steps > ABORT_STEPS {
            self.leave(me);
            std::panic::resume_unwind(Box::new(Abort));
        }
        self.unwind(me);
        // A busy wait may end when others unwind, as any wait may.
        let busy = is_pause(op.kind) || steps % ABORT_BUSY == 0;
        let waits = match guard {
            Some(_) => ABORT_STEPS,
            None => u32::from(busy),
        };
        for _ in 0..waits {
            {
                let core = self.core.borrow();
                let others = core
                    .threads
                    .iter()
                    .enumerate()
                    .any(|(t, thread)| t != me && thread.status != Status::Finished && !thread.yields);
                if guard.is_some_and(|guard| guard(&core)) || !others {
                    break;
                }
            }
            self.let_others_unwind(me);
        }
    }

    /// The thread catches whatever unwinds it, and goes on: it never runs again, and what its stack holds is leaked.
    /// That is possible only in the shuttle world. loom insists on running every thread to its end.
    pub(super) fn leave(&self, me: usize) {
        #[cfg(raddle_shuttle)]
        if let Engine::Shuttle(engine) = &self.engine
            && !std::thread::panicking()
        {
            {
                let mut core = self.core.borrow_mut();
                let thread = &mut core.threads[me];
                (thread.yields, thread.left) = (true, true);
                std::mem::forget(std::mem::take(&mut thread.locals));
            }
            loop {
                engine.give_way(me);
            }
        }
        #[cfg(not(raddle_shuttle))]
        let _ = me;
    }

    pub(super) fn let_others_unwind(&self, me: usize) {
        self.give_owed_locks();
        self.core.borrow_mut().threads[me].yields = true;
        match &self.engine {
            #[cfg(raddle_loom)]
            Engine::Loom(engine) => {
                let _away = self.watch.away();
                engine.yield_now();
            }
            #[cfg(raddle_shuttle)]
            Engine::Shuttle(engine) => engine.give_way(me),
        }
        self.me.set(me);
        self.core.borrow_mut().threads[me].yields = false;
    }

    /// Waits, while the execution ends early, for a thread that may borrow from this one's stack.
    pub(crate) fn wait_until_unwound(&self, thread: usize) {
        let me = self.me.get();
        while !self.core.borrow().finished(thread) {
            if self.core.borrow().threads[thread].left {
                self.leave(me);
            }
            self.let_others_unwind(me);
        }
    }
}

impl Core {
    /// Who waits for what, and where.
    pub(crate) fn waiting(&self) -> Vec<Waiting> {
        (0..self.threads.len())
            .filter(|&t| self.threads[t].status == Status::Pending && self.threads[t].op.kind != Kind::Rest)
            .map(|t| {
                let op = &self.threads[t].op;
                Waiting {
                    thread: self.thread_name(t),
                    operation: op.kind,
                    object: self.object_ref(op),
                    held_by: self.holder(op).map(|holder| self.thread_name(holder)),
                    file: op.location.file().to_owned(),
                    line: op.location.line(),
                }
            })
            .collect()
    }
}

pub(super) fn listed(waiting: &[Waiting]) -> String {
    waiting.iter().map(Waiting::to_string).collect::<Vec<_>>().join("; ")
}

/// What it means that all threads wait for each other.
pub(super) fn all_wait(main_returned: bool, waiting: &[Waiting]) -> (FailureKind, String) {
    let names = listed(waiting);
    match main_returned {
        true => (FailureKind::Leak, format!("main returned, and what it left behind is blocked for ever: {names}")),
        false => (FailureKind::Deadlock, format!("every thread waits: {names}")),
    }
}
