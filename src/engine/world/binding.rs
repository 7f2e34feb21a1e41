//! Which execution a primitive belongs to.
//!
//! Constructors are `const`, so a primitive cannot know its world when it is made: it binds at its first use, to the
//! execution that runs on the OS thread, or to std outside any model. The binding is one word inside the primitive.
//!
//! In the std world a primitive that threads may wait for belongs to the run that uses it first, so that the run knows
//! who waits for what. One that others use as well (before the run, while it goes on, from another run or from a thread
//! that is not part of any) is std's alone from then on: waits for it are std's, and no run judges them.
//!
//! A primitive that outlives its execution (a static, or one that a model's closure has captured) starts afresh in the
//! next if it can. Its word keeps the first execution; later ones find it by its address, so that models that run at
//! the same time on other OS threads do not disturb each other.

use std::{
    panic::Location,
    sync::atomic::{
        AtomicU64,
        Ordering::{AcqRel, Acquire, Relaxed},
    },
};

use super::{
    Execution, World,
    core::Core,
    event::{ObjectKind, ObjectRef},
    object::State,
    real::{self, Run},
};

const INDEX_BITS: u32 = 24;
const WORLD_SHIFT: u32 = 62;
/// std's alone: used outside any model, or by more than one run.
const STD: u64 = 1 << WORLD_SHIFT;

/// The number of the next execution in this process. Only equality matters.
pub(crate) fn next_execution() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Relaxed)
}

/// The part of a primitive that says where it belongs.
#[derive(Debug)]
pub(crate) struct Binding {
    /// World (2 bits), execution (38 bits), object (24 bits); 0 if unused.
    slot: AtomicU64,
    created: &'static Location<'static>,
}

impl Binding {
    #[track_caller]
    pub(crate) const fn new() -> Binding {
        Binding { slot: AtomicU64::new(0), created: Location::caller() }
    }

    /// The object's index in this execution; it is made at its first use.
    ///
    /// # Panics
    /// If the primitive belongs elsewhere: the message says where, and the way out.
    pub(crate) fn object(&self, ex: &Execution, kind: ObjectKind, fresh: impl FnOnce(&mut Core) -> State) -> usize {
        let slot = self.slot.load(Relaxed);
        if slot >> INDEX_BITS == tag(ex) >> INDEX_BITS {
            return index_of(slot);
        }
        self.bind(ex, slot, kind, fresh)
    }

    /// The object, if the primitive has been used in this execution.
    pub(crate) fn bound(&self, ex: &Execution) -> Option<usize> {
        let slot = self.slot.load(Relaxed);
        if slot >> INDEX_BITS == tag(ex) >> INDEX_BITS {
            return Some(index_of(slot));
        }
        ex.core.borrow().by_address.get(&std::ptr::from_ref(self).addr()).copied()
    }

    /// What the primitive is, and where it was made.
    pub(crate) fn made(&self, kind: ObjectKind) -> String {
        format!("{} made at {}", named(kind), self.created)
    }

    /// Forgets where the primitive belongs: what it holds now is where the next use begins.
    pub(crate) fn unbind(&mut self) {
        *self.slot.get_mut() = 0;
    }

    /// Notes a use outside any model.
    ///
    /// # Panics
    /// In a narrowed build, and if the primitive was last used in a model.
    #[track_caller]
    pub(crate) fn std(&self, kind: ObjectKind) {
        if cfg!(any(loom, shuttle)) {
            let world = if cfg!(loom) { "loom" } else { "shuttle" };
            panic!(
                "{} is used outside any model, but this build is narrowed to the {world} world (--cfg {world}): use \
                 it inside raddle::check, or build without --cfg {world}",
                named(kind),
            );
        }
        // What it guards is used after this, in the eyes of all: see `give_up`.
        let slot = self.slot.load(Acquire);
        if slot != STD {
            self.give_up(slot, kind);
        }
    }

    /// The primitive as an object of a run, given a number at its first use there. `None` if it is std's alone.
    ///
    /// # Panics
    /// If the primitive was last used in a model of another world.
    #[track_caller]
    pub(crate) fn in_run(&self, run: &Run, kind: ObjectKind) -> Option<ObjectRef> {
        let mut slot = self.slot.load(Acquire);
        if !is_of(slot, run) {
            slot = self.join_run(slot, run, kind);
        }
        is_of(slot, run).then(|| ObjectRef { kind, number: index_of(slot) as u32 })
    }

    /// Whether the primitive belongs to the run.
    pub(crate) fn is_in(&self, run: &Run) -> bool {
        is_of(self.slot.load(Acquire), run)
    }

    /// Where the primitive was made.
    pub(crate) fn created(&self) -> &'static Location<'static> {
        self.created
    }

    #[cold]
    #[track_caller]
    fn join_run(&self, mut slot: u64, run: &Run, kind: ObjectKind) -> u64 {
        while !is_of(slot, run) {
            self.never_modelled(kind);
            if slot == STD || real::live(execution_of(slot)).is_some() {
                self.give_up(slot, kind);
                return STD;
            }
            let take = |number| {
                // There are no more numbers than fit.
                let fits = number >> INDEX_BITS == 0;
                let mine = if fits { STD | run.id << INDEX_BITS | u64::from(number) } else { STD };
                self.slot.compare_exchange(slot, mine, AcqRel, Acquire).map(|_| mine)
            };
            let (Ok(now) | Err(now)) = run.number(take);
            slot = now;
        }
        slot
    }

    /// Makes the primitive std's alone. If it belongs to a run, whoever waits for it there goes on waiting in std. That
    /// is done under the run's lock: a thread of the run that finds the primitive changed by somebody who already knows,
    /// knows it as well once it has the lock.
    #[cold]
    #[track_caller]
    fn give_up(&self, mut slot: u64, kind: ObjectKind) {
        while slot != STD {
            self.never_modelled(kind);
            let take = || self.slot.compare_exchange(slot, STD, AcqRel, Acquire);
            let taken = match real::live(execution_of(slot)) {
                Some(run) => run.give_up(ObjectRef { kind, number: index_of(slot) as u32 }, take),
                None => take(),
            };
            slot = taken.map_or_else(|now| now, |_| STD);
        }
    }

    /// Notes exclusive access outside any model: that is no use, but what a model has left cannot be had.
    ///
    /// # Panics
    /// If the primitive was last used in a model.
    #[track_caller]
    pub(crate) fn never_modelled(&self, kind: ObjectKind) {
        let slot = self.slot.load(Relaxed);
        assert!(
            slot == 0 || world_of(slot) == World::Std,
            "{} was used in a {} model and is now used outside any model: what a model does ends with its execution. \
             Give results out through std types (std::sync::Mutex, std::sync::mpsc)",
            self.made(kind),
            world_of(slot),
        );
    }

    #[cold]
    fn bind(&self, ex: &Execution, slot: u64, kind: ObjectKind, fresh: impl FnOnce(&mut Core) -> State) -> usize {
        let address = std::ptr::from_ref(self).addr();
        let mut core = ex.core.borrow_mut();
        if slot != 0
            && let Some(&object) = core.by_address.get(&address)
        {
            return object;
        }
        let trouble = if world_of(slot) == World::Std {
            Some(format!(
                "{} was used outside any model and is now used in a {} model: make it inside the model",
                self.made(kind),
                ex.world,
            ))
        } else if slot != 0 && matches!(kind, ObjectKind::Mutex | ObjectKind::RwLock | ObjectKind::Cell) {
            Some(format!(
                "{} lives longer than one execution (it was first used in a {} model): what it holds cannot start \
                 afresh. Make it inside the model, or wrap a static in LazyLock",
                self.made(kind),
                world_of(slot),
            ))
        } else if core.objects.len() >= 1 << INDEX_BITS {
            Some(format!("one execution has used {} objects, the limit: make the model smaller", core.objects.len()))
        } else {
            None
        };
        let refused = trouble.is_some();
        if let Some(message) = trouble {
            drop(core);
            // A destructor that unwinds already goes on, with an object that holds nothing yet.
            ex.error(message);
            core = ex.core.borrow_mut();
        }
        let state = fresh(&mut core);
        let object = core.add_object(kind, self.created, state);
        // A model on another OS thread may bind it at the same time.
        let unused =
            slot == 0 && !refused && self.slot.compare_exchange(0, tag(ex) | object as u64, Relaxed, Relaxed).is_ok();
        if !unused {
            core.by_address.insert(address, object);
        }
        object
    }
}

/// The kind with its article.
fn named(kind: ObjectKind) -> String {
    let article = if kind.name().starts_with('a') { "an" } else { "a" };
    format!("{article} {}", kind.name())
}

fn tag(ex: &Execution) -> u64 {
    let world: u64 = if ex.world == World::Loom { 2 } else { 3 };
    world << WORLD_SHIFT | ex.id() << INDEX_BITS
}

fn index_of(slot: u64) -> usize {
    (slot & ((1 << INDEX_BITS) - 1)) as usize
}

fn execution_of(slot: u64) -> u64 {
    (slot & !(3 << WORLD_SHIFT)) >> INDEX_BITS
}

/// Whether a primitive belongs to a run on real threads.
fn is_of(slot: u64, run: &Run) -> bool {
    slot >> INDEX_BITS == (STD >> INDEX_BITS | run.id)
}

fn world_of(slot: u64) -> World {
    match slot >> WORLD_SHIFT {
        1 => World::Std,
        2 => World::Loom,
        _ => World::Shuttle,
    }
}
