//! Which execution a primitive belongs to.
//!
//! Constructors are `const`, so a primitive cannot know its world when it is made: it binds at its first use, to the
//! execution that runs on the OS thread, or to std outside any model. The binding is one word inside the primitive.
//!
//! A primitive that outlives its execution (a static, or one that a model's closure has captured) starts afresh in the
//! next if it can. Its word keeps the first execution; later ones find it by its address, so that models that run at
//! the same time on other OS threads do not disturb each other.

use std::{
    panic::Location,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use super::{
    Execution, World,
    core::{Core, State},
    event::ObjectKind,
};

const INDEX_BITS: u32 = 24;
const WORLD_SHIFT: u32 = 62;
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
            return (slot & ((1 << INDEX_BITS) - 1)) as usize;
        }
        self.bind(ex, slot, kind, fresh)
    }

    /// The object, if the primitive has been used in this execution.
    pub(crate) fn bound(&self, ex: &Execution) -> Option<usize> {
        let slot = self.slot.load(Relaxed);
        if slot >> INDEX_BITS == tag(ex) >> INDEX_BITS {
            return Some((slot & ((1 << INDEX_BITS) - 1)) as usize);
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
        let slot = self.slot.load(Relaxed);
        if slot == STD {
            return;
        }
        self.never_modelled(kind);
        // Two threads may come here at once; both write the same.
        self.slot.store(STD, Relaxed);
    }

    /// Notes exclusive access outside any model: that is no use, but what a model has left cannot be had.
    ///
    /// # Panics
    /// If the primitive was last used in a model.
    #[track_caller]
    pub(crate) fn never_modelled(&self, kind: ObjectKind) {
        let slot = self.slot.load(Relaxed);
        assert!(
            slot == 0 || slot == STD,
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
        let trouble = if slot == STD {
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
        if let Some(message) = trouble {
            drop(core);
            ex.error(message.clone());
            panic!("{message}");
        }
        let state = fresh(&mut core);
        let object = core.add_object(kind, self.created, state);
        // Models that run on other OS threads may use a static for the first time now: one of them has the slot.
        let taken = || self.slot.compare_exchange(0, tag(ex) | object as u64, Relaxed, Relaxed).is_err();
        if slot != 0 || taken() {
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

fn world_of(slot: u64) -> World {
    match slot >> WORLD_SHIFT {
        1 => World::Std,
        2 => World::Loom,
        _ => World::Shuttle,
    }
}
