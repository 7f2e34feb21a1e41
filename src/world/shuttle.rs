//! The shuttle engine: coroutines, and a decision at every scheduling point.
//!
//! shuttle never learns that a thread waits: the waist knows every thread's guard, so a strategy is shown only the
//! threads whose guards hold, and a deadlock is found before shuttle could meet it. The decision falls before shuttle
//! is asked for anything, and it is asked only if another thread is to run. Executions are driven one by one rather than
//! by shuttle's `Runner`, so that each has a seed of its own, a stuck one unwinds every thread (shuttle leaks the stacks
//! of an execution that its scheduler stops), and no panic is printed.

use std::{
    cell::{Cell, RefCell},
    panic::Location,
    rc::Rc,
};

use shuttle_engine::{
    Config, FailurePersistence, MaxSteps,
    runtime::{
        execution::{Execution as Coroutines, ExecutionState},
        thread::{
            continuation::{CONTINUATION_POOL, ContinuationPool},
            switch,
        },
    },
    scheduler::{Schedule, Scheduler, Task, TaskId},
};
use smallvec::SmallVec;

use super::{
    Execution,
    core::{Core, Status},
    current,
};
use crate::check::strategy::{Chooser, Point};

/// Bytes of stack that each thread of a model has.
pub(crate) const STACK: usize = 256 * 1024;

pub(crate) struct Engine {
    pub(crate) strategy: RefCell<Box<dyn Chooser>>,
    /// The thread that runs next, where that is decided.
    next: Cell<Option<usize>>,
}

impl Engine {
    pub(crate) fn new(strategy: Box<dyn Chooser>) -> Engine {
        Engine { strategy: RefCell::new(strategy), next: Cell::new(None) }
    }

    /// A scheduling point of thread `me`: returns when it is its turn. `yielding` asks the strategy to prefer others.
    pub(crate) fn turn(&self, ex: &Execution, me: usize, yielding: bool) {
        let next = self.decide(&mut ex.core.borrow_mut(), Some(me), yielding);
        if next != me {
            self.next.set(Some(next));
            switch();
        }
    }

    /// Lets another thread run, while the execution ends early.
    pub(crate) fn give_way(&self) {
        ExecutionState::request_yield();
        switch();
    }

    /// Who runs next, after `from`.
    fn decide(&self, core: &mut Core, from: Option<usize>, yielding: bool) -> usize {
        let mut enabled: SmallVec<[usize; 8]> = SmallVec::new();
        for id in 0..core.threads.len() {
            match core.threads[id].status {
                // It has announced nothing: it runs on, up to where it does.
                Status::Running if from == Some(id) => return id,
                Status::Fresh => return id,
                Status::Running | Status::Finished => {}
                Status::Pending => {
                    if core.enabled(id) {
                        if !core.threads[id].branches {
                            return id;
                        }
                        enabled.push(id);
                    }
                }
            }
        }
        if enabled.len() > 1 {
            enabled.retain(|id| !core.had_its_turn(*id));
        }
        let point = Point { core, threads: &enabled, last: from, yielding };
        match enabled[..] {
            [] => unreachable!("a stuck execution ends before anybody is scheduled"),
            [only] => {
                self.strategy.borrow_mut().pass(&point);
                only
            }
            _ => {
                let chosen = self.strategy.borrow_mut().pick(&point).min(enabled.len() - 1);
                core.decisions.push(chosen as u32);
                enabled[chosen]
            }
        }
    }

    pub(crate) fn spawn(&self, body: Box<dyn FnOnce() + 'static>, location: &'static Location<'static>) {
        ExecutionState::spawn_thread(body, STACK, None, None, location);
    }

    pub(crate) fn choose(&self, core: &mut Core, n: usize) -> usize {
        let chosen = self.strategy.borrow_mut().choose(n).min(n - 1);
        core.decisions.push(chosen as u32);
        chosen
    }
}

/// shuttle's side of the waist.
struct Waist;

impl Scheduler for Waist {
    fn new_execution(&mut self) -> Option<Schedule> {
        Some(Schedule::new(0))
    }

    fn next_task(&mut self, tasks: &[&Task], from: Option<TaskId>, _yielding: bool) -> Option<TaskId> {
        let ex = current().expect("shuttle schedules a model's threads");
        let from = from.map(usize::from);
        let at = |id: usize| tasks.iter().position(|task| usize::from(task.id()) == id);
        let chosen = match ex.shuttle().next.take() {
            _ if ex.aborting() => next_to_unwind(ex, tasks, from)?,
            Some(next) => at(next).expect("a thread that can run has not ended"),
            None => match from.and_then(at) {
                // It has nothing to announce: it runs on, up to its end.
                Some(at) => at,
                // Main begins.
                None if ex.core.borrow().threads.is_empty() => 0,
                // A thread has ended.
                None => {
                    let next = ex.shuttle().decide(&mut ex.core.borrow_mut(), from, false);
                    at(next).expect("a thread that can run has not ended")
                }
            },
        };
        Some(tasks[chosen].id())
    }

    fn next_u64(&mut self) -> u64 {
        unreachable!("choices are asked of the strategy, not of shuttle")
    }
}

/// An execution that ends early unwinds one thread after the other. One whose destructors wait for a lock lets the
/// others go first. `None` if only threads are left that never end: shuttle then leaks their stacks.
fn next_to_unwind(ex: &Execution, tasks: &[&Task], from: Option<usize>) -> Option<usize> {
    let core = ex.core.borrow();
    let thread = |at: usize| core.threads.get(usize::from(tasks[at].id()));
    let waits = |at: &usize| thread(*at).is_some_and(|thread| thread.yields);
    let goes_on = || (0..tasks.len()).filter(|&at| !thread(at).is_some_and(|thread| thread.left));
    let current = goes_on().find(|&at| Some(usize::from(tasks[at].id())) == from);
    current.filter(|at| !waits(at)).or_else(|| goes_on().find(|at| !waits(at))).or(current).or_else(|| goes_on().next())
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

/// What serves all executions of a model: the stacks, and shuttle's settings.
pub(crate) struct Runner {
    stacks: ContinuationPool,
    config: Config,
}

impl Runner {
    pub(crate) fn new() -> Runner {
        let mut config = Config::new();
        config.stack_size = STACK;
        config.failure_persistence = FailurePersistence::None;
        config.max_steps = MaxSteps::None;
        config.silence_warnings = true;
        Runner { stacks: ContinuationPool::new(), config }
    }

    /// Runs one execution whose main function is `main`.
    pub(crate) fn run(&self, main: impl FnOnce() + Send + 'static) {
        CONTINUATION_POOL.set(&self.stacks, || {
            let scheduler = Rc::new(RefCell::new(Waist));
            Coroutines::new(scheduler, Schedule::new(0)).run(&self.config, main, Location::caller());
        });
    }
}

/// Lets shuttle install its panic hook, which prints a schedule for every panic in the process, and takes it away.
pub(crate) fn disarm_hook() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(disarm);
}

fn disarm() {
    struct Only;
    impl Scheduler for Only {
        fn new_execution(&mut self) -> Option<Schedule> {
            Some(Schedule::new(0))
        }
        fn next_task(&mut self, tasks: &[&Task], _: Option<TaskId>, _: bool) -> Option<TaskId> {
            Some(tasks[0].id())
        }
        fn next_u64(&mut self) -> u64 {
            0
        }
    }
    let before = std::panic::take_hook();
    let ran = std::thread::spawn(|| {
        let runner = Runner::new();
        CONTINUATION_POOL.set(&runner.stacks, || {
            Coroutines::new(Rc::new(RefCell::new(Only)), Schedule::new(0)).run(
                &runner.config,
                || {},
                Location::caller(),
            );
        });
    })
    .join();
    drop(std::panic::take_hook());
    std::panic::set_hook(before);
    ran.expect("an empty shuttle execution succeeds");
}
