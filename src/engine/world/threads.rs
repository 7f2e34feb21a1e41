//! Threads at the waist: they start, park, end, and are waited for.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
};

use super::{
    Branch, Effect, Engine, Execution,
    core::{Core, Op, PanicNote, Status},
    event::{Kind, Value},
    facts::Stop,
    host::is_crash,
    panics::is_abort,
    progress::Seen,
};
use crate::check::{Error, FailureKind};

/// What it means that a thread has ended, and owns locks.
pub(super) fn ended_owning(thread: &str, owned: &[String]) -> String {
    format!("{thread} ended while it owns {}", owned.join(" and "))
}

impl Execution {
    #[cfg(raddle_loom)]
    pub(crate) fn loom(&self) -> Option<&super::loom::Engine> {
        match &self.engine {
            Engine::Loom(engine) => Some(engine),
            #[cfg(raddle_shuttle)]
            Engine::Shuttle(_) => None,
        }
    }

    /// Runs the model's main function as thread 0, and waits until what it spawned has ended.
    pub(crate) fn run_main(&self, location: &'static Location<'static>, main: impl FnOnce()) {
        self.core.borrow_mut().add_thread(None, None, location);
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom() {
            engine.begin(&self.core.borrow().facts);
        }
        self.enter(0);
        let result = self.caught(main);
        self.drop_locals();
        if let Err(payload) = result
            && !is_abort(&*payload)
        {
            self.panicked(self.take_note(&*payload));
        }
        let rest = Op::new(Kind::Rest, location);
        // It may be told to unwind there.
        drop(self.caught(|| self.announce(rest, Some(&|core: &Core| core.all_finished_but(0)), Branch::Silent)));
        self.end(0, rest);
        let unasked = self.core.borrow().unasked_panic();
        if let Some(message) = unasked {
            self.fail(FailureKind::Panic, message);
        }
    }

    /// The calling coroutine is thread `me` from here on.
    fn enter(&self, me: usize) {
        self.set_me(me);
        {
            let mut core = self.core.borrow_mut();
            core.note_switch(me);
            core.threads[me].status = Status::Running;
            core.ran.push(me);
        }
        #[cfg(raddle_loom)]
        self.watch.back();
    }

    /// As `catch_unwind`: afterwards the thread unwinds if it did before.
    pub(crate) fn caught<R>(&self, f: impl FnOnce() -> R) -> std::thread::Result<R> {
        let me = self.me();
        let before = self.unwinding(me);
        let result = catch_unwind(AssertUnwindSafe(f));
        self.set_me(me);
        self.core.borrow_mut().threads[me].unwinding = before;
        self.give_owed_locks();
        result
    }

    /// As `resume_unwind`, which calls no hook.
    pub(crate) fn resume(&self, payload: Box<dyn Any + Send>) -> ! {
        let mut core = self.core.borrow_mut();
        core.threads[self.me()].unwinding = true;
        core.unwinders = true;
        drop(core);
        resume_unwind(payload)
    }

    /// An execution that ends early gives all locks back, as soon as it can.
    pub(crate) fn give_owed_locks(&self) {
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom()
            && self.aborting()
        {
            // Where everybody else waits for a lock, there is nothing to spoil but the wait.
            let stuck = self.core.borrow().threads.iter().enumerate().all(|(t, thread)| {
                t == self.me()
                    || thread.status == Status::Finished
                    || (thread.status == Status::Pending && thread.op.kind == Kind::Lock)
            });
            engine.give_owed(stuck);
        }
    }

    /// Spawns a thread that runs `body`, which says how it ended.
    ///
    /// # Safety
    /// `body` must not be called after what it borrows has ended: the caller waits for the thread, or `body` borrows
    /// nothing.
    pub(crate) unsafe fn spawn<'a>(
        &self,
        name: Option<String>,
        stack_size: Option<usize>,
        location: &'static Location<'static>,
        body: Box<dyn FnOnce() + 'a>,
    ) -> usize {
        // SAFETY: only the lifetime changes; the caller sees to it that `body` does not outlive it.
        let body = unsafe { std::mem::transmute::<Box<dyn FnOnce() + 'a>, Box<dyn FnOnce() + 'static>>(body) };
        let op = Op::new(Kind::Spawn, location);
        let me = self.announce(op, None, Branch::Silent);
        if self.over.get() {
            // A destructor of what a static held: nobody is left to run a thread.
            let mut core = self.core.borrow_mut();
            let child = core.add_thread(Some(me), name, location);
            core.threads[child].status = Status::Finished;
            return child;
        }
        #[cfg(raddle_loom)]
        if self.loom().is_some() && self.core.borrow().threads.len() >= super::loom::MAX_THREADS {
            self.give_up(Error::TooLarge(format!(
                "thread::spawn at {}:{}: loom runs at most {} threads in an execution, counting main and those that \
                 have ended: make the model smaller, or check it in the shuttle world, which has no such limit",
                location.file(),
                location.line(),
                super::loom::MAX_THREADS,
            )));
        }
        let child = self.core.borrow_mut().add_thread(Some(me), name, location);
        let start = move || {
            let ex = super::current().expect("a model's threads run inside the model");
            ex.enter(child);
            body();
        };
        match &self.engine {
            #[cfg(raddle_loom)]
            Engine::Loom(engine) => {
                let asked = self.core.borrow().facts.asks_finished;
                engine.spawn(me, asked, stack_size, Box::new(start));
            }
            #[cfg(raddle_shuttle)]
            Engine::Shuttle(engine) => {
                let _ = stack_size;
                engine.spawn(Box::new(start));
            }
        }
        self.set_me(me);
        let op = op.about(child);
        self.record(me, &op, Value::None, Effect::Change(None));
        child
    }

    /// Runs what a spawned thread was given, and keeps the tool's own unwinding apart from the program's panics:
    /// `Err` is what `join` returns.
    pub(crate) fn run_body<T>(&self, body: impl FnOnce() -> T) -> std::thread::Result<T> {
        let me = self.me();
        let result = self.caught(|| {
            // A thread that first runs when the execution already ends early only drops what it was given.
            match self.aborting() {
                true => {
                    let _given = body;
                    self.unwind(me);
                    resume_unwind(Box::new(super::Abort))
                }
                false => body(),
            }
        });
        self.drop_locals();
        // Nobody is told how a thread ends whose host has crashed.
        if let Err(payload) = &result
            && !is_abort(&**payload)
            && !is_crash(&**payload)
            && self.core.borrow().alive(me)
        {
            let note = self.take_note(&**payload);
            if note.of_engine() {
                self.panicked(note);
            } else {
                self.note_end(note);
            }
        }
        result
    }

    fn panicked(&self, note: PanicNote) {
        if note.of_engine() {
            self.stop(Stop::Error(Error::Tool(format!(
                "the {} engine gave up ({}:{}): {}",
                self.world, note.file, note.line, note.message
            ))));
        } else {
            let message = self.core.borrow().full(self.me(), &note);
            self.note_end(note);
            self.fail(FailureKind::Panic, message);
        }
    }

    /// The running thread ends.
    pub(crate) fn exit(&self, location: &'static Location<'static>) {
        let me = self.me();
        let op = Op::new(Kind::Exit, location).about(me);
        let asked = self.core.borrow().facts.asks_finished;
        if asked && !self.aborting() {
            drop(self.caught(|| self.announce(op, None, Branch::Point)));
        }
        self.end(me, op);
    }

    fn end(&self, me: usize, op: Op) {
        let owned = self.owned_locks(me);
        if !owned.is_empty() && !self.aborting() {
            let name = self.core.borrow().thread_name(me);
            self.fail(FailureKind::Leak, ended_owning(&name, &owned));
        }
        let unasked = {
            let mut core = self.core.borrow_mut();
            let thread = &mut core.threads[me];
            thread.status = Status::Finished;
            thread.version += 1;
            thread.guard = None;
            let Core { threads, .. } = &mut *core;
            let thread = &mut threads[me];
            thread.view.release(me, &mut thread.end_clock);
            let unasked = !thread.joinable && !thread.joined && !thread.scoped;
            unasked.then(|| core.panic_of(me)).flatten()
        };
        if let Some(message) = unasked {
            self.fail(FailureKind::Panic, message);
        }
        self.record_end(me, &op);
    }

    /// Records an end; if nobody is left who can take a step, the execution is stuck.
    fn record_end(&self, me: usize, op: &Op) {
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom()
            && !self.aborting()
        {
            engine.release_end(me);
        }
        #[cfg(raddle_loom)]
        self.watch.leave();
        if self.aborting() {
            return;
        }
        self.record(me, op, Value::None, Effect::Change(Some(Seen::Thread(me))));
        let stuck = {
            let core = self.core.borrow();
            !core.any_enabled_but(me) && !core.all_finished_but(me)
        };
        if stuck {
            self.stuck();
        }
        self.wake();
    }

    /// Waits until a thread has ended.
    pub(crate) fn join(&self, thread: usize, location: &'static Location<'static>) {
        let op = Op::new(Kind::Join, location).about(thread);
        let guard = |core: &Core| core.finished(thread);
        let branch;
        #[cfg(raddle_loom)]
        let mut enter;
        #[cfg(raddle_loom)]
        {
            branch = match self.loom() {
                Some(engine) if !engine.joins_silently(thread, self.core.borrow().finished(thread)) => {
                    enter = move || engine.join(thread);
                    Branch::Native(&mut enter)
                }
                _ => Branch::Silent,
            };
        }
        #[cfg(not(raddle_loom))]
        {
            branch = Branch::Silent;
        }
        self.step(op, Some(&guard), branch, |core, me| {
            let Core { threads, .. } = core;
            let end = threads[thread].end_clock.clone();
            threads[me].view.acquire(&end);
            ((), Value::None, Effect::Read(Seen::Thread(thread), 0, false))
        });
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom()
            && !self.aborting()
        {
            engine.acquire_end(self.me(), thread);
        }
    }

    /// Whether a thread has ended.
    pub(crate) fn is_finished(&self, thread: usize, location: &'static Location<'static>) -> bool {
        let known = self.core.borrow().facts.asks_finished;
        if !known {
            self.learn(self.me(), |facts| facts.asks_finished = true);
        }
        self.step(Op::new(Kind::IsFinished, location).about(thread), None, Branch::Point, |core, _| {
            let finished = core.finished(thread);
            (finished, Value::Done(finished), Effect::Read(Seen::Thread(thread), u64::from(finished), false))
        })
    }

    /// `thread::park` and `park_timeout`.
    pub(crate) fn park(&self, deadline: Option<u64>, location: &'static Location<'static>) {
        let me = self.me();
        self.core.borrow_mut().threads[me].deadline = deadline;
        self.step(
            Op::new(Kind::Park, location).about(me),
            Some(&|core| core.threads[me].token || core.may_go_on(deadline)),
            Branch::Point,
            |core, me| {
                let thread = &mut core.threads[me];
                thread.deadline = None;
                if thread.token {
                    thread.token = false;
                    let clock = thread.token_clock.clone();
                    thread.view.acquire(&clock);
                    ((), Value::None, Effect::Change(None))
                } else {
                    let fires = core.go_on(me, deadline);
                    ((), if fires { Value::Fired } else { Value::None }, Effect::Nothing)
                }
            },
        );
    }

    /// `Thread::unpark`.
    pub(crate) fn unpark(&self, thread: usize, location: &'static Location<'static>) {
        self.step(Op::new(Kind::Unpark, location).about(thread), None, Branch::Point, |core, me| {
            let Core { threads, .. } = core;
            let mut clock = std::mem::take(&mut threads[thread].token_clock);
            threads[me].view.release(me, &mut clock);
            threads[thread].token_clock = clock;
            threads[thread].token = true;
            ((), Value::None, Effect::Change(None))
        });
    }

    /// A join handle has been used up, or dropped: `asked` if it was joined.
    pub(crate) fn handle_gone(&self, id: usize, asked: bool) {
        let unasked = {
            let mut core = self.core.borrow_mut();
            let Some(thread) = core.threads.get_mut(id) else { return };
            thread.joinable = false;
            thread.joined |= asked;
            let unasked = !thread.joined && !thread.scoped && thread.status == Status::Finished;
            unasked.then(|| core.panic_of(id)).flatten()
        };
        if let Some(message) = unasked {
            self.fail(FailureKind::Panic, message);
            self.unwind(self.me());
        }
    }

    /// A scope answers for the thread's panic.
    pub(crate) fn scoped(&self, thread: usize) {
        self.core.borrow_mut().threads[thread].scoped = true;
    }

    /// Whether a thread has panicked, and nobody joined it.
    pub(crate) fn panicked_unasked(&self, thread: usize) -> bool {
        let core = self.core.borrow();
        core.threads[thread].panic.is_some() && !core.threads[thread].joined
    }

    fn drop_locals(&self) {
        let me = self.me();
        // Destructors may use, and make, thread-locals.
        for _ in 0..5 {
            let count = self.core.borrow().threads[me].locals.len();
            let mut left = false;
            for at in 0..count {
                let value = self.core.borrow_mut().threads[me].locals[at].1.take();
                left |= value.is_some();
                let dropped = self.caught(|| drop(value));
                if let Err(payload) = dropped
                    && !is_abort(&*payload)
                {
                    let note = self.take_note(&*payload);
                    let why = note.message.clone();
                    self.core.borrow_mut().panics.push((me, note));
                    self.fail(FailureKind::Panic, format!("a thread-local's destructor panicked: {why}"));
                }
            }
            if !left && self.core.borrow().threads[me].locals.len() == count {
                break;
            }
        }
    }

    /// `choice`.
    pub(crate) fn choice(&self, n: usize, location: &'static Location<'static>) -> usize {
        let op = Op::new(Kind::Choice, location);
        let me = self.announce(op, None, Branch::Silent);
        let chosen = self.choose(n);
        self.record(me, &op, Value::Count(chosen as u64), Effect::Change(None));
        chosen
    }
}
