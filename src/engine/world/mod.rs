//! The narrow waist between the facade and the engines.
//!
//! Every operation on a primitive passes through here, once: it is *announced* (who, what kind, which object, where in
//! the source), it waits until it is scheduled and its guard holds, it *acts* on plain data, and it is *recorded* with
//! its value. Whatever tells a story about an execution hooks in here: traces, deadlock reports, schedulers that look
//! at what is about to happen, busy-wait detection.
//!
//! ```text
//! facade     sync  thread  cell  hint  choice         std's API, written once
//! waist      announce(op) -> scheduling point -> act -> record
//! engines    world/loom.rs  world/shuttle.rs          as small as they can be
//! std        world/real.rs                            std's primitives, and a registry of who waits
//! ```

pub(crate) mod barrier;
pub(crate) mod beat;
pub(crate) mod binding;
pub(crate) mod channel;
#[cfg(raddle_internals)]
pub(crate) mod classes;
pub(crate) mod clock;
pub(crate) mod core;
mod counts;
pub(crate) mod disk;
mod dump;
mod ending;
pub(crate) mod event;
pub(crate) mod facts;
#[cfg_attr(
    not(raddle_shuttle),
    allow(dead_code, unused_imports, reason = "of use to those who know which steps commute")
)]
pub(crate) mod footprint;
pub(crate) mod group;
pub(crate) mod host;
pub(crate) mod lock;
#[cfg(raddle_loom)]
pub(crate) mod loom;
pub(crate) mod marks;
pub(crate) mod memory;
pub(crate) mod net;
pub(crate) mod object;
pub(crate) mod once;
pub(crate) mod panics;
mod pause;
pub(crate) mod progress;
#[cfg_attr(any(loom, shuttle), allow(dead_code, reason = "a narrowed build has no std world"))]
pub(crate) mod real;
pub(crate) mod scalar;
#[cfg(raddle_shuttle)]
pub(crate) mod shuttle;
mod statics;
pub(crate) mod threads;
pub(crate) mod timer;
mod turns;

use std::{
    cell::{Cell, RefCell},
    fmt,
    str::FromStr,
};

use self::{
    beat::Beat,
    core::{Core, Guard, Op, Status, StoredGuard},
    event::Value,
    facts::{Facts, Settings},
    pause::is_pause,
    progress::Seen,
};
use crate::check::FailureKind;
#[cfg(raddle_loom)]
use crate::thread::Stack;

/// How a Livelock begins that is one only because there is a limit.
pub(crate) const STEP_LIMIT: &str = "the step limit was reached";

/// Where primitives run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum World {
    /// Real threads and std's primitives.
    Std,
    /// Every interleaving, and the weak memory that loom models, by [loom](https://docs.rs/loom).
    Loom,
    /// Chosen interleavings under sequential consistency, by [shuttle](https://docs.rs/shuttle).
    Shuttle,
}

impl World {
    /// The worlds that this build compiles.
    pub fn compiled() -> &'static [World] {
        &[
            #[cfg(not(any(loom, shuttle)))]
            World::Std,
            #[cfg(raddle_loom)]
            World::Loom,
            #[cfg(raddle_shuttle)]
            World::Shuttle,
        ]
    }

    /// `std`, `loom` or `shuttle`.
    pub fn name(self) -> &'static str {
        match self {
            World::Std => "std",
            World::Loom => "loom",
            World::Shuttle => "shuttle",
        }
    }

    /// The world in which the caller runs; [`World::Std`] outside any model.
    pub fn current() -> World {
        current().map_or(World::Std, |ex| ex.world)
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for World {
    type Err = String;

    fn from_str(name: &str) -> Result<World, String> {
        [World::Std, World::Loom, World::Shuttle]
            .into_iter()
            .find(|world| world.name() == name)
            .ok_or_else(|| format!("no world is called {name:?}: it is std, loom or shuttle"))
    }
}

/// Where the caller runs.
#[derive(Clone, Copy)]
pub(crate) enum Here {
    /// Outside any model.
    Outside,
    /// In a model on real threads: see [`real`].
    #[cfg_attr(any(loom, shuttle), allow(dead_code, reason = "a narrowed build has no std world"))]
    Run,
    /// In an execution of a model.
    Model(&'static Execution),
}

thread_local! {
    /// What runs on this OS thread.
    static HERE: Cell<Here> = const { Cell::new(Here::Outside) };
}

/// Where the caller runs.
pub(crate) fn here() -> Here {
    HERE.get()
}

fn set_here(here: Here) {
    HERE.set(here);
}

/// The execution that the caller is part of; `None` in the std world.
pub(crate) fn current() -> Option<&'static Execution> {
    match HERE.get() {
        Here::Model(ex) => Some(ex),
        Here::Outside | Here::Run => None,
    }
}

#[allow(clippy::large_enum_variant, reason = "there is one in a model")]
pub(crate) enum Engine {
    #[cfg(raddle_loom)]
    Loom(loom::Engine),
    #[cfg(raddle_shuttle)]
    Shuttle(shuttle::Engine),
}

/// How an operation meets the scheduler.
pub(crate) enum Branch<'a> {
    /// Not a scheduling point: it commutes with whatever others may do. It may still have to wait for its guard.
    Silent,
    /// A scheduling point: another thread may come first.
    Point,
    /// Waits for a change, as [`progress`] says.
    Change,
    /// A scheduling point that loom's own primitive provides: the closure calls it. Elsewhere as `Point`.
    #[cfg_attr(not(raddle_loom), expect(dead_code, reason = "only loom has primitives of its own"))]
    Native(&'a mut dyn FnMut()),
}

/// Bytes of stack that each thread of a model has.
pub(crate) const STACK: usize = 256 * 1024;

/// What an operation did, as far as busy-waiting is concerned.
pub(crate) enum Effect {
    /// Neither read nor changed anything that busy-waiting could depend on.
    Nothing,
    /// Read: what, which result, and whether a newer value exists.
    Read(Seen, u64, bool),
    /// Changed what others can see.
    Change(Option<Seen>),
}

/// The payload with which threads unwind when an execution ends early. It never leaves the crate.
pub(crate) struct Abort;

/// A model that runs, on this OS thread. One value serves all of its executions, one after another.
pub(crate) struct Execution {
    pub(crate) world: World,
    /// Unique in the process, for every execution.
    id: Cell<u64>,
    me: Cell<usize>,
    aborting: Cell<bool>,
    /// Every thread has ended: what is left is dropped.
    over: Cell<bool>,
    pub(crate) core: RefCell<Core>,
    pub(crate) engine: Engine,
    beat: &'static Beat,
    /// Tells whether loom has lost its way.
    #[cfg(raddle_loom)]
    pub(crate) watch: std::sync::Arc<crate::check::watch::Watch>,
}

/// Makes `current` answer with an execution until it is dropped.
pub(crate) struct Installed(());

impl Drop for Installed {
    fn drop(&mut self) {
        HERE.set(Here::Outside);
    }
}

impl Execution {
    pub(crate) fn new(engine: Engine, settings: Settings, facts: Facts) -> Execution {
        let world = match &engine {
            #[cfg(raddle_loom)]
            Engine::Loom(_) => World::Loom,
            #[cfg(raddle_shuttle)]
            Engine::Shuttle(_) => World::Shuttle,
        };
        Execution {
            world,
            id: Cell::new(0),
            me: Cell::new(0),
            aborting: Cell::new(false),
            over: Cell::new(false),
            core: RefCell::new(Core::new(settings, facts, world == World::Loom)),
            engine,
            beat: Beat::next(),
            #[cfg(raddle_loom)]
            watch: Default::default(),
        }
    }

    /// Makes this the execution of the calling OS thread.
    pub(crate) fn install(&self) -> Installed {
        assert!(matches!(here(), Here::Outside), "one model at a time runs on an OS thread");
        // SAFETY: whoever calls `current` runs on this OS thread while the model runs: in a model thread, in the
        // scheduler or in the panic hook. `Installed` is dropped before the execution is.
        HERE.set(Here::Model(unsafe { &*std::ptr::from_ref(self) }));
        Installed(())
    }

    /// Begins a new execution: nothing is left of the one before but the facts.
    pub(crate) fn begin(&self) {
        self.id.set(binding::next_execution());
        self.me.set(0);
        self.aborting.set(false);
        self.over.set(false);
        self.core.borrow_mut().reset();
    }

    pub(crate) fn id(&self) -> u64 {
        self.id.get()
    }

    /// The running thread.
    pub(crate) fn me(&self) -> usize {
        self.me.get()
    }

    pub(crate) fn set_me(&self, me: usize) {
        self.me.set(me);
    }

    /// The execution ends early: operations no longer wait, and are no longer recorded.
    pub(crate) fn aborting(&self) -> bool {
        self.aborting.get()
    }

    /// Announces `op`, and returns, as the thread that it is, once `op` may act.
    pub(crate) fn announce(&self, op: Op, guard: Option<Guard<'_>>, branch: Branch<'_>) -> usize {
        let me = self.me.get();
        if self.aborting.get() {
            match self.over.get() {
                true => self.pass(me, guard),
                false => self.abort_wait(me, op, guard),
            }
            return me;
        }
        self.end_due_round(me);
        let over_limit = {
            let core = &mut *self.core.borrow_mut();
            core.note_destructors(me);
            core.steps >= core.settings.max_steps
        };
        match over_limit {
            true => self.over_limit(me),
            false => self.wait_turn(me, &op, guard, branch),
        }
        me
    }

    #[cold]
    fn over_limit(&self, me: usize) {
        let limit = self.core.borrow().settings.max_steps;
        self.fail(
            FailureKind::Livelock,
            format!("{STEP_LIMIT}: {limit} steps in one execution. If it should end, raise the limit"),
        );
        self.unwind(me);
    }

    fn wait_turn(&self, me: usize, op: &Op, guard: Option<Guard<'_>>, branch: Branch<'_>) {
        let (enabled, silent) = {
            let mut core = self.core.borrow_mut();
            // Where beginning to wait is an event, that event has come before.
            let waits_there = self.world == World::Shuttle || core.facts.meets || core.threads[me].deal.is_none();
            let thread = &mut core.threads[me];
            thread.op = *op;
            thread.guard = guard.map(StoredGuard::new);
            thread.status = Status::Pending;
            thread.there = waits_there;
            // loom's own primitives insist on a turn.
            let silent =
                matches!(branch, Branch::Silent | Branch::Change) || (thread.dies && self.world == World::Shuttle);
            thread.branches = !silent;
            thread.points += u32::from(thread.branches);
            (core.enabled(me), silent)
        };
        #[cfg(not(raddle_shuttle))]
        let _ = silent;
        if !enabled && !self.core.borrow().any_enabled_but(me) {
            self.stuck();
        }
        if !self.aborting.get() {
            match &self.engine {
                #[cfg(raddle_loom)]
                Engine::Loom(engine) => {
                    if Stack::records() {
                        self.record_stack(me);
                    }
                    let _away = self.watch.away();
                    self.loom_turn(engine, me, *op, guard, branch);
                }
                #[cfg(raddle_shuttle)]
                Engine::Shuttle(engine) => {
                    // A thread that goes on whatever the others do needs no decision.
                    if !enabled || !silent {
                        engine.turn(self, me, is_pause(op.kind));
                    }
                }
            }
        }
        self.me.set(me);
        let dies = {
            let mut core = self.core.borrow_mut();
            core.note_switch(me);
            let thread = &mut core.threads[me];
            thread.guard = None;
            thread.parked = false;
            thread.status = Status::Running;
            core.ran.push(me);
            core.note_kept_back();
            core.threads[me].dies
        };
        if self.aborting.get() {
            self.unwind(me);
        } else if dies {
            self.die();
        }
    }

    /// Records what `op` did. An execution that ends early records nothing.
    pub(crate) fn record(&self, me: usize, op: &Op, value: Value, effect: Effect) {
        if self.aborting.get() {
            return;
        }
        self.beat.beat();
        {
            let mut core = self.core.borrow_mut();
            core.steps += 1;
            core.push_event(me, op, value);
            core.forced = false;
            core.has_stepped(me, is_pause(op.kind));
            match effect {
                Effect::Nothing => {}
                Effect::Read(seen, result, stale) => core.has_read(me, op, seen, result, stale),
                Effect::Change(seen) => {
                    match seen {
                        Some(Seen::Value(object)) => core.objects[object].version += 1,
                        Some(Seen::Lock(object)) => core.objects[object].lock_version += 1,
                        Some(Seen::Thread(thread)) => core.threads[thread].version += 1,
                        None => {}
                    }
                    core.has_changed(me);
                }
            }
        }
        self.wake();
    }

    /// Announces, acts and records: a guarded atomic step.
    pub(crate) fn step<R>(
        &self,
        op: Op,
        guard: Option<Guard<'_>>,
        branch: Branch<'_>,
        act: impl FnOnce(&mut Core, usize) -> (R, Value, Effect),
    ) -> R {
        let me = self.announce(op, guard, branch);
        let (result, value, effect) = act(&mut self.core.borrow_mut(), me);
        self.record(me, &op, value, effect);
        result
    }

    /// Resumes threads that loom has suspended and whose guards hold now.
    #[inline]
    pub(crate) fn wake(&self) {
        #[cfg(raddle_loom)]
        if let Some(engine) = self.loom() {
            let mut core = self.core.borrow_mut();
            for thread in 0..core.threads.len() {
                if core.threads[thread].parked && core.enabled(thread) {
                    core.threads[thread].parked = false;
                    engine.unpark(thread);
                }
            }
        }
    }

    /// A value below `n`, every one of which is explored.
    pub(crate) fn choose(&self, n: usize) -> usize {
        self.choose_as(self.me.get(), n)
    }

    /// A choice that is `thread`'s, whoever makes it.
    pub(crate) fn choose_as(&self, thread: usize, n: usize) -> usize {
        if n < 2 || self.aborting.get() {
            return 0;
        }
        let mut core = self.core.borrow_mut();
        #[cfg(raddle_internals)]
        if core.chooses_first(thread) {
            return 0;
        }
        let state = &mut core.threads[thread];
        state.choices += 1;
        let key = core::mix(state.path, u64::from(state.choices) | 1 << 40) as u32;
        match &self.engine {
            #[cfg(raddle_loom)]
            Engine::Loom(engine) => engine.choose(key, n),
            #[cfg(raddle_shuttle)]
            Engine::Shuttle(engine) => {
                let _ = key;
                let chosen = engine.choose(&mut core, n);
                #[cfg(raddle_internals)]
                core.note_choice(thread, chosen);
                chosen
            }
        }
    }

    /// A random number, from the schedule's seed.
    pub(crate) fn random(&self) -> u64 {
        let drawn = match &self.engine {
            #[cfg(raddle_loom)]
            Engine::Loom(_) => None,
            #[cfg(raddle_shuttle)]
            Engine::Shuttle(engine) => engine.strategy.borrow_mut().random(),
        };
        if drawn.is_none() && !self.aborting.get() {
            self.error(format!(
                "raddle::rand is used in a {} model whose schedules are explored, and every number would have to be: \
                 draw from a few values with raddle::choice, or sample the model (random, pct, urw, surw, pos)",
                self.world
            ));
        }
        drawn.unwrap_or(0)
    }
}
