//! Handles to threads, and what a thread does to itself.

use std::{fmt, panic::Location, time::Duration};

use crate::world::{self, Execution, Here, event::Kind, real};

/// A handle to a thread: [`std::thread::Thread`] in every world.
#[derive(Clone)]
pub struct Thread(pub(super) Inner);

#[derive(Clone)]
pub(super) enum Inner {
    Std(std::thread::Thread),
    Run(std::thread::Thread, real::Place),
    Model { id: ThreadId, thread: usize, name: Option<String> },
}

/// A thread's identity, unique in the process: [`std::thread::ThreadId`] in every world.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ThreadId(Id);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Id {
    Std(std::thread::ThreadId),
    Model { execution: u64, thread: usize },
}

impl fmt::Debug for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Id::Std(id) => id.fmt(f),
            Id::Model { thread, .. } => f.debug_tuple("ThreadId").field(&(thread + 1)).finish(),
        }
    }
}

impl Thread {
    pub(super) fn of(ex: &Execution, thread: usize) -> Thread {
        let name = match (&ex.core.borrow().threads[thread].name, thread) {
            (None, 0) => Some("main".to_owned()),
            (name, _) => name.clone(),
        };
        Thread(Inner::Model { id: ThreadId(Id::Model { execution: ex.id(), thread }), thread, name })
    }

    /// See [`std::thread::Thread::id`].
    pub fn id(&self) -> ThreadId {
        match &self.0 {
            Inner::Std(thread) | Inner::Run(thread, _) => ThreadId(Id::Std(thread.id())),
            Inner::Model { id, .. } => *id,
        }
    }

    /// See [`std::thread::Thread::name`].
    pub fn name(&self) -> Option<&str> {
        match &self.0 {
            Inner::Std(thread) | Inner::Run(thread, _) => thread.name(),
            Inner::Model { name, .. } => name.as_deref(),
        }
    }

    /// Gives the thread its park token. See [`std::thread::Thread::unpark`].
    ///
    /// # Panics
    /// If the thread belongs to another world or execution.
    #[track_caller]
    pub fn unpark(&self) {
        match (&self.0, world::current()) {
            (Inner::Std(thread), None) => thread.unpark(),
            (Inner::Run(_, place), None) => place.unpark(),
            (Inner::Model { id, thread, .. }, Some(ex))
                if *id == ThreadId(Id::Model { execution: ex.id(), thread: *thread }) =>
            {
                ex.unpark(*thread, Location::caller());
            }
            // The execution that it belongs to is over.
            _ if world::current().is_some_and(Execution::aborting) => {}
            _ => panic!(
                "Thread::unpark of {:?} in the {} world: the thread belongs to another world or execution",
                self.id(),
                world::World::current(),
            ),
        }
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread").field("id", &self.id()).field("name", &self.name()).finish_non_exhaustive()
    }
}

/// A handle to the running thread. See [`std::thread::current`].
pub fn current() -> Thread {
    match world::here() {
        Here::Model(ex) => Thread::of(ex, ex.me()),
        Here::Run => Thread(Inner::Run(std::thread::current(), real::here())),
        Here::Outside => Thread(Inner::Std(std::thread::current())),
    }
}

/// Waits for the thread's park token and takes it. See [`std::thread::park`]. In a model it returns spuriously only
/// where [`Check::spurious`](crate::Check::spurious) asks for that.
#[track_caller]
pub fn park() {
    match world::here() {
        Here::Model(ex) => ex.park(None, Location::caller()),
        Here::Run => real::park(None, Location::caller()),
        Here::Outside => {
            require_std("thread::park");
            std::thread::park();
        }
    }
}

/// Waits for the thread's park token, but no longer than this. See [`std::thread::park_timeout`]. In a model the time may
/// be over at any point.
#[track_caller]
pub fn park_timeout(dur: Duration) {
    match world::here() {
        Here::Model(ex) => ex.park(ex.later(dur), Location::caller()),
        Here::Run => real::park(Some(dur), Location::caller()),
        Here::Outside => {
            require_std("thread::park_timeout");
            std::thread::park_timeout(dur);
        }
    }
}

/// Lets others run. See [`std::thread::yield_now`]. A scheduling point in a model.
#[track_caller]
pub fn yield_now() {
    match world::here() {
        Here::Model(ex) => ex.pause(Kind::Yield, Location::caller()),
        Here::Run => {
            std::thread::yield_now();
            real::paused();
        }
        Here::Outside => std::thread::yield_now(),
    }
}

/// Sleeps. See [`std::thread::sleep`]. In a model a scheduling point that orders
/// nothing; the model's clock is then at least so much further. In a timed model it lasts until nothing else can go on.
#[track_caller]
pub fn sleep(duration: Duration) {
    match world::here() {
        Here::Model(ex) => ex.sleep(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX), Location::caller()),
        Here::Run => real::sleep(duration, Location::caller()),
        Here::Outside => std::thread::sleep(duration),
    }
}

/// Whether the running thread panics. See [`std::thread::panicking`].
///
/// In a model, while *another* thread stands still in a destructor that unwinds, this is right for a panic that begins,
/// and where `join` or a scope ends it. But a panic that the program's own [`std::panic::catch_unwind`] has caught then
/// still counts, and one that [`std::panic::resume_unwind`] begins does not, until nobody unwinds any more. So it is
/// with poisoning, which asks the same.
pub fn panicking() -> bool {
    crate::sync::panicking()
}

/// # Panics
/// In a narrowed build, which has no std world.
#[track_caller]
pub(crate) fn require_std(what: &str) {
    if cfg!(any(loom, shuttle)) {
        let world = if cfg!(loom) { "loom" } else { "shuttle" };
        panic!(
            "{what} is used outside any model, but this build is narrowed to the {world} world (--cfg {world}): use it \
             inside raddle::check, or build without --cfg {world}"
        );
    }
}
