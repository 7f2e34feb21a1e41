//! The shuttle engine: coroutines, and a decision at every scheduling point.
//!
//! The coroutines are shuttle's. What shuttle keeps around them is not used, and costs nothing: a task of its own for each
//! thread, with tracing spans, labels, signatures and clocks, and a panic hook that prints a schedule for every panic. The
//! waist knows every thread's guard, so a strategy is shown only the threads whose guards hold, a deadlock is found before
//! anybody could meet it, and a stuck execution unwinds every thread. Only the stack of one that catches all that unwinds it
//! is leaked.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use shuttle_engine::runtime::thread::continuation::{Continuation, ContinuationOutput};

use super::{
    Execution, STACK,
    core::{Core, Status},
    facts::Stop,
};
use crate::{
    check::choosers::{Chooser, Point},
    thread::Stack,
};

pub(crate) struct Engine {
    pub(crate) strategy: RefCell<Box<dyn Chooser>>,
    /// The thread that runs next, where that is decided.
    next: Cell<Option<usize>>,
    /// The strategy sees no use in this execution.
    given_up: Cell<bool>,
    /// Who can go on, where that is looked at.
    enabled: RefCell<Vec<usize>>,
    /// What the threads of this execution run on, by number.
    coroutines: RefCell<Vec<Coroutine>>,
    /// Coroutines of earlier executions, whose stacks are used again.
    idle: RefCell<Vec<Coroutine>>,
}

struct Coroutine {
    /// `None` while it runs.
    continuation: Option<Box<Continuation>>,
    /// Goes back to whoever resumed it.
    suspend: Rc<dyn Fn()>,
}

impl Coroutine {
    fn new() -> Coroutine {
        let continuation = Continuation::new(STACK);
        let yielder = continuation.yielder;
        let suspend = move || {
            // SAFETY: the yielder lives as long as its continuation does, and only what runs on it calls this.
            unsafe { &*yielder }.suspend(ContinuationOutput::Yielded);
        };
        Coroutine { continuation: Some(Box::new(continuation)), suspend: Rc::new(suspend) }
    }
}

impl Engine {
    pub(crate) fn new(strategy: Box<dyn Chooser>) -> Engine {
        Engine {
            strategy: RefCell::new(strategy),
            next: Cell::new(None),
            given_up: Cell::new(false),
            enabled: RefCell::default(),
            coroutines: RefCell::default(),
            idle: RefCell::default(),
        }
    }

    /// Runs one execution, whose main function is `main`, until none of its threads goes on.
    pub(crate) fn run(&self, ex: &Execution, main: Box<dyn FnOnce()>) {
        self.next.set(None);
        self.given_up.set(false);
        ex.core.borrow_mut().turns.holder = Some(0);
        self.spawn(main);
        let mut next = Some(0);
        while let Some(running) = next {
            let continuation = self.coroutines.borrow_mut()[running].continuation.take();
            let mut continuation = continuation.expect("a thread that can run is suspended");
            continuation.resume();
            self.coroutines.borrow_mut()[running].continuation = Some(continuation);
            next = self.follows(ex, running);
        }
        self.finish(ex);
    }

    /// Keeps the coroutines of an execution for the next one. One whose thread never ends cannot be used again.
    fn finish(&self, ex: &Execution) {
        let core = ex.core.borrow();
        for (id, coroutine) in self.coroutines.borrow_mut().drain(..).enumerate().rev() {
            match core.finished(id) {
                true => self.idle.borrow_mut().push(coroutine),
                // To end it would unwind what has caught all that unwinds it.
                false => std::mem::forget(coroutine),
            }
        }
    }

    /// Leaves everything as it is: the tool has failed, and nothing can be relied on.
    pub(crate) fn abandon(&self) {
        std::mem::forget(std::mem::take(&mut *self.coroutines.borrow_mut()));
    }

    /// A scheduling point of thread `me`: returns when it is its turn. `yielding` asks the strategy to prefer others.
    pub(crate) fn turn(&self, ex: &Execution, me: usize, yielding: bool) {
        let next = self.decide(&mut ex.core.borrow_mut(), Some(me), yielding);
        if self.gives_up(ex) {
            return;
        }
        if next != me {
            if Stack::records() {
                ex.record_stack(me);
            }
            self.next.set(Some(next));
            self.suspend(me);
        }
    }

    /// Lets another thread run, while the execution ends early.
    pub(crate) fn give_way(&self, me: usize) {
        self.suspend(me);
    }

    fn suspend(&self, me: usize) {
        let suspend = Rc::clone(&self.coroutines.borrow()[me].suspend);
        suspend();
    }

    /// Who runs next after `from`, which has been suspended or has ended. Nobody, if the execution is over.
    fn follows(&self, ex: &Execution, from: usize) -> Option<usize> {
        let decided = self.next.take();
        let next = {
            let core = &mut *ex.core.borrow_mut();
            match decided {
                _ if ex.aborting() => None,
                None if core.all_finished_but(from) => return None,
                None => Some(self.decide(core, Some(from), false)),
                decided => decided,
            }
        };
        match ex.aborting() || self.gives_up(ex) {
            true => next_to_unwind(&ex.core.borrow(), from),
            false => next,
        }
    }

    /// Ends the execution early if the strategy sees no use in it.
    fn gives_up(&self, ex: &Execution) -> bool {
        if self.given_up.get() {
            ex.stop(Stop::Behind);
        }
        self.given_up.get()
    }

    /// Who runs next, after `from`.
    fn decide(&self, core: &mut Core, from: Option<usize>, yielding: bool) -> usize {
        let enabled = &mut *self.enabled.borrow_mut();
        enabled.clear();
        for (id, thread) in core.threads.iter().enumerate() {
            match thread.status {
                // It has announced nothing: it runs on, up to where it does.
                Status::Running if from == Some(id) => return id,
                Status::Fresh => return id,
                Status::Running | Status::Finished => {}
                Status::Pending if !thread.may_act(core) => {}
                Status::Pending if !thread.branches => return id,
                Status::Pending => enabled.push(id),
            }
        }
        if enabled.len() > 1 && core.had_its_turn(core.pauses.0) {
            enabled.retain(|id| !core.had_its_turn(*id));
        }
        assert!(!enabled.is_empty(), "a stuck execution ends before anybody is scheduled");
        let point = Point { core, threads: enabled, last: from, yielding };
        let (chosen, gives_up) = self.strategy.borrow_mut().decide(&point);
        self.given_up.set(gives_up);
        if enabled.len() > 1 {
            let goes_on = core.goes_on(enabled);
            core.decisions.push(chosen as u32);
            core.preemptions += u32::from(goes_on.is_some_and(|at| at != chosen));
        }
        let next = enabled[chosen];
        core.give_turn(next);
        #[cfg(raddle_internals)]
        core.note_step(next);
        core.ran.clear();
        core.decided += 1;
        next
    }

    pub(crate) fn spawn(&self, body: Box<dyn FnOnce() + 'static>) {
        let mut coroutine = self.idle.borrow_mut().pop().unwrap_or_else(Coroutine::new);
        coroutine.continuation.as_mut().expect("an idle coroutine is whole").initialize(body);
        self.coroutines.borrow_mut().push(coroutine);
    }

    pub(crate) fn choose(&self, core: &mut Core, n: usize) -> usize {
        let chosen = self.strategy.borrow_mut().choose(n).min(n - 1);
        core.decisions.push(chosen as u32);
        chosen
    }
}

/// An execution that ends early unwinds one thread after the other. One whose destructors wait for a lock lets the
/// others go first. `None` if only threads are left that never end: their stacks are leaked.
fn next_to_unwind(core: &Core, from: usize) -> Option<usize> {
    let waits = |id: &usize| core.threads[*id].yields;
    let goes_on = || (0..core.threads.len()).filter(|&id| !core.finished(id) && !core.threads[id].left);
    let current = goes_on().find(|&id| id == from);
    current.filter(|id| !waits(id)).or_else(|| goes_on().find(|id| !waits(id))).or(current).or_else(|| goes_on().next())
}

impl Execution {
    pub(crate) fn shuttle(&self) -> &Engine {
        match &self.engine {
            super::Engine::Shuttle(engine) => engine,
            #[cfg(raddle_loom)]
            super::Engine::Loom(_) => unreachable!("shuttle schedules the shuttle world only"),
        }
    }
}
