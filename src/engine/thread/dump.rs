//! A dump of all threads: who waits for what, and where.

mod stack;

use std::{fmt, panic::Location};

pub use self::stack::{Frame, Stack, record_stacks};
use crate::world::{self, Here, real};

/// What threads do at one moment: see [`dump`](dump()).
///
/// `{}` tells one thread after the other, as Go does on Ctrl-\. `{:#}` tells equal ones once, with their number, as Go's
/// goroutine profile does: the most frequent first, which is where a leak stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Dump {
    /// The threads that have not ended, in the order of spawning. Of several runs, those of the earlier one first.
    pub threads: Vec<Dumped>,
}

/// A thread in a [`Dump`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Dumped {
    /// Its name.
    pub name: String,
    /// What it waits for. `None` if it runs, or could.
    pub reason: Option<Reason>,
    /// Where it stands, as far as that is known: where it waits; of the thread that dumps, where it does; in a model also
    /// where a thread that could run has come to.
    pub at: Option<&'static Location<'static>>,
    /// Where it was spawned. `None` of a main thread.
    pub spawned: Option<&'static Location<'static>>,
    /// Its stack, if [`record_stacks`] has asked for it before the thread began to wait.
    pub stack: Option<Stack>,
}

/// Threads of a [`Dump`] that wait for the same reason at the same place, were spawned at the same place, and have equal
/// stacks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Group {
    /// How many they are.
    pub count: usize,
    /// What they wait for. `None` if they run, or could.
    pub reason: Option<Reason>,
    /// Where they stand.
    pub at: Option<&'static Location<'static>>,
    /// Where they were spawned.
    pub spawned: Option<&'static Location<'static>>,
    /// Their stacks' frames, the innermost first. Empty if there are none.
    pub frames: Vec<Frame>,
}

/// What a thread waits for. It displays in Go's words; what Go does not have is said in the same style.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// Sending: `chan send`.
    ChanSend,
    /// Receiving: `chan receive`.
    ChanReceive,
    /// Sending on a nil channel: `chan send (nil chan)`.
    ChanSendNil,
    /// Receiving from a nil channel, or from [`never`](crate::channel::never): `chan receive (nil chan)`.
    ChanReceiveNil,
    /// One of several operations at channels: `select`.
    Select,
    /// A select without operations, or with none but at nil channels: `select (no cases)`.
    SelectNoCases,
    /// A mutex: `sync.Mutex.Lock`.
    MutexLock,
    /// A lock for reading: `sync.RWMutex.RLock`.
    RwLockRead,
    /// A lock for writing: `sync.RWMutex.Lock`.
    RwLockWrite,
    /// A condition variable: `sync.Cond.Wait`.
    CondvarWait,
    /// A wait group: `sync.WaitGroup.Wait`.
    WaitGroupWait,
    /// A barrier: `sync.Barrier.Wait`.
    BarrierWait,
    /// The initialiser of a `Once`, a `OnceLock` or a `LazyLock`: `sync.Once.Wait`.
    OnceWait,
    /// A connection, or what comes over one: `IO wait`.
    IoWait,
    /// Time: `sleep`.
    Sleep,
    /// The thread's park token: `park`.
    Park,
    /// A thread's end: `join`.
    Join,
    /// The ends of a scope's threads: `scope`.
    Scope,
}

/// What all threads do: of the model or the run that the caller is part of, or else of all runs that are not over.
///
/// - In a **model** it tells who waits, and whose guard holds could run on. It is a look: no event and no scheduling point,
///   so that a program has as many executions with it as without. What it says depends on the schedule, and the same
///   schedule gives the same dump; but an exploration does not try all that it could say. Report it, and decide nothing by it.
///   In a [timed](crate::Check::timed) model, after a sleep, everybody has come to where they wait.
/// - In a **run** on real threads (a check in the std world, or [`watched`](super::watched)) it tells whoever the run knows
///   to wait, also for a time only. Waits outside the facade, and for a primitive that others use as well, count as running.
/// - **Outside** both (a thread of std's: one that serves HTTP, one that handles signals) it tells the threads of all runs
///   that live in the process, those included that an earlier check has left behind.
///
/// It takes locks and memory: let a signal's handler wake a thread that calls it.
///
/// Not without feature `model`: threads are std's own then, and nobody knows what they wait for.
#[track_caller]
pub fn dump() -> Dump {
    let me = Asks { at: Location::caller(), stack: Stack::recorded() };
    let threads = match world::here() {
        Here::Model(ex) => ex.core.borrow().dumped(ex.me(), &me),
        Here::Run => real::dumped(&me),
        Here::Outside => real::all_dumped(),
    };
    Dump { threads }
}

/// The thread that asks for a dump.
pub(crate) struct Asks {
    pub(crate) at: &'static Location<'static>,
    pub(crate) stack: Option<Stack>,
}

impl Dump {
    /// Equal threads, with how many they are: the most frequent first, and of equally many those whose first was spawned
    /// earlier. Where stacks are recorded, this looks up their symbols.
    pub fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for Dumped { reason, at, spawned, stack, .. } in &self.threads {
            let (reason, at, spawned) = (*reason, *at, *spawned);
            let frames = stack.as_ref().map(Stack::frames).unwrap_or_default();
            let equal = |group: &&mut Group| {
                (group.reason, group.at, group.spawned, &group.frames) == (reason, at, spawned, &frames)
            };
            match groups.iter_mut().find(equal) {
                Some(group) => group.count += 1,
                None => groups.push(Group { count: 1, reason, at, spawned, frames }),
            }
        }
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        groups
    }
}

impl Reason {
    /// As Go says it.
    pub fn name(self) -> &'static str {
        match self {
            Reason::ChanSend => "chan send",
            Reason::ChanReceive => "chan receive",
            Reason::ChanSendNil => "chan send (nil chan)",
            Reason::ChanReceiveNil => "chan receive (nil chan)",
            Reason::Select => "select",
            Reason::SelectNoCases => "select (no cases)",
            Reason::MutexLock => "sync.Mutex.Lock",
            Reason::RwLockRead => "sync.RWMutex.RLock",
            Reason::RwLockWrite => "sync.RWMutex.Lock",
            Reason::CondvarWait => "sync.Cond.Wait",
            Reason::WaitGroupWait => "sync.WaitGroup.Wait",
            Reason::BarrierWait => "sync.Barrier.Wait",
            Reason::OnceWait => "sync.Once.Wait",
            Reason::IoWait => "IO wait",
            Reason::Sleep => "sleep",
            Reason::Park => "park",
            Reason::Join => "join",
            Reason::Scope => "scope",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            writeln!(f, "thread profile: total {}", self.threads.len())?;
            return self.groups().iter().try_for_each(|group| write!(f, "\n{group}"));
        }
        for (at, thread) in self.threads.iter().enumerate() {
            let frames = thread.stack.as_ref().map(Stack::frames).unwrap_or_default();
            let gap = if at == 0 { "" } else { "\n" };
            write!(f, "{gap}{} ", thread.name)?;
            tell(f, thread.reason, thread.at, thread.spawned, &frames)?;
        }
        Ok(())
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.count)?;
        tell(f, self.reason, self.at, self.spawned, &self.frames)
    }
}

/// `[chan send] at main.rs:47, spawned at main.rs:26`, and a line for each frame.
fn tell(
    f: &mut fmt::Formatter<'_>,
    reason: Option<Reason>,
    at: Option<&Location<'_>>,
    spawned: Option<&Location<'_>>,
    frames: &[Frame],
) -> fmt::Result {
    write!(f, "[{}]", reason.map_or("running", Reason::name))?;
    if let Some(at) = at {
        write!(f, " at {}:{}", at.file(), at.line())?;
    }
    if let Some(spawned) = spawned {
        let comma = if at.is_some() { "," } else { "" };
        write!(f, "{comma} spawned at {}:{}", spawned.file(), spawned.line())?;
    }
    writeln!(f)?;
    frames.iter().try_for_each(|frame| writeln!(f, "    {frame}"))
}
