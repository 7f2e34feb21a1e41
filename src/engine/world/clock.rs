//! Vector clocks, and the C11 happens-before order that they track in the shuttle world.
//!
//! shuttle runs every execution under sequential consistency: a load returns the latest store. What it can still tell
//! is whether two accesses to an [`UnsafeCell`](crate::cell::UnsafeCell) are *ordered*, by the orderings that the
//! program gave. So a flag published with a relaxed store is a data race there too.
//!
//! Sources: Lamport clocks by thread as in FastTrack (Flanagan and Freund, PLDI 2009); release sequences and fences as
//! in C++20 [intro.races] and [atomics.fences]. In the loom world loom keeps its own clocks, which also know which
//! store a load returned.

use std::{panic::Location, sync::atomic::Ordering};

use smallvec::SmallVec;

/// One counter a thread; a thread that is missing counts as 0.
#[derive(Default, Debug, PartialEq, Eq)]
pub(crate) struct Clock(SmallVec<[u32; 6]>);

impl Clone for Clock {
    fn clone(&self) -> Clock {
        // SmallVec's own goes one by one.
        Clock(SmallVec::from_slice(&self.0))
    }
}

impl Clock {
    pub(crate) fn get(&self, thread: usize) -> u32 {
        self.0.get(thread).copied().unwrap_or(0)
    }

    pub(crate) fn tick(&mut self, thread: usize) {
        while self.0.len() <= thread {
            self.0.push(0);
        }
        self.0[thread] += 1;
    }

    pub(crate) fn join(&mut self, other: &Clock) {
        let theirs = &other.0[..];
        let known = self.0.len();
        self.0.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
        if known < theirs.len() {
            self.0.extend_from_slice(&theirs[known..]);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether all of it is known to whoever has the other one.
    pub(crate) fn within(&self, other: &Clock) -> bool {
        self.0.iter().enumerate().all(|(thread, &count)| count <= other.get(thread))
    }
}

/// What a thread knows of the others.
#[derive(Clone, Default, Debug)]
pub(crate) struct View {
    /// Everything that happened before the thread's next operation.
    pub(crate) now: Clock,
    /// What relaxed loads have read: an acquire fence moves it into `now`.
    acquired: Clock,
    /// `now` at the last release fence: what a relaxed store publishes.
    released: Clock,
    /// Only how often the thread has published is counted: the engine knows what happens before what.
    counts_only: bool,
}

impl View {
    /// Main's view.
    pub(crate) fn main(counts_only: bool) -> View {
        let mut view = View { counts_only, ..View::default() };
        view.now.tick(0);
        view
    }

    /// The view of a thread that `self` spawns as thread number `child`.
    pub(crate) fn fork(&mut self, me: usize, child: usize) -> View {
        let now = if self.counts_only { Clock::default() } else { self.now.clone() };
        let mut view = View { now, counts_only: self.counts_only, ..View::default() };
        view.now.tick(child);
        self.now.tick(me);
        view
    }

    /// The effect of a fence.
    pub(crate) fn fence(&mut self, me: usize, order: Ordering) {
        if acquires(order) {
            self.now.join(&self.acquired);
        }
        if releases(order) {
            if !self.counts_only {
                self.released = self.now.clone();
            }
            self.now.tick(me);
        }
    }

    /// Reads the store that published `sync`.
    pub(crate) fn load(&mut self, sync: &Clock, order: Ordering) {
        if acquires(order) { self.now.join(sync) } else { self.acquired.join(sync) }
    }

    /// What a store publishes. It heads a release sequence of its own.
    pub(crate) fn store(&mut self, me: usize, sync: &mut Clock, order: Ordering) {
        sync.clear();
        self.publish(me, sync, order);
    }

    /// A read-modify-write: reads, and goes on with the release sequence that it read from.
    pub(crate) fn rmw(&mut self, me: usize, sync: &mut Clock, order: Ordering) {
        self.load(sync, order);
        self.publish(me, sync, order);
    }

    /// Releases into a lock, a thread's end, a park token.
    pub(crate) fn release(&mut self, me: usize, sync: &mut Clock) {
        if !self.counts_only {
            sync.join(&self.now);
        }
        self.now.tick(me);
    }

    /// Acquires from one.
    pub(crate) fn acquire(&mut self, sync: &Clock) {
        self.now.join(sync);
    }

    fn publish(&mut self, me: usize, sync: &mut Clock, order: Ordering) {
        if releases(order) {
            self.release(me, sync);
        } else {
            sync.join(&self.released);
        }
    }
}

fn acquires(order: Ordering) -> bool {
    matches!(order, Ordering::Acquire | Ordering::AcqRel | Ordering::SeqCst)
}

fn releases(order: Ordering) -> bool {
    matches!(order, Ordering::Release | Ordering::AcqRel | Ordering::SeqCst)
}

/// Who accesses a cell, and where in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) thread: usize,
    pub(crate) write: bool,
    pub(crate) location: &'static Location<'static>,
}

/// The last accesses to one cell.
#[derive(Clone, Default, Debug)]
pub(crate) struct CellClock {
    /// The last write, and the writer's own count then.
    write: Option<(Access, u32)>,
    /// The last read of each thread since that write.
    reads: SmallVec<[(Access, u32); 2]>,
    /// Accesses that have begun and not ended, and their threads' counts when they began.
    open: SmallVec<[(Access, u32); 2]>,
}

impl CellClock {
    /// The last access that conflicts with this one, ordered or not.
    pub(crate) fn conflicting(&self, access: Access) -> Option<Access> {
        let others = |earlier: &&(Access, u32)| earlier.0.thread != access.thread;
        self.write
            .iter()
            .find(others)
            .or_else(|| self.reads.iter().find(others).filter(|_| access.write))
            .map(|(earlier, _)| *earlier)
    }

    /// An access begins. Returns another thread's that goes on, and conflicts with it.
    pub(crate) fn begin(&mut self, access: Access, now: &Clock) -> Option<Access> {
        let others = self.open.iter().map(|(other, _)| *other);
        let conflicting =
            others.filter(|other| other.thread != access.thread).find(|other| other.write || access.write);
        self.open.push((access, now.get(access.thread)));
        conflicting
    }

    /// An access ends. True if its thread has published something meanwhile, which came before this end.
    pub(crate) fn end(&mut self, access: Access, now: &Clock) -> bool {
        if let Some(at) = self.open.iter().rposition(|(open, _)| *open == access) {
            let (_, began) = self.open.swap_remove(at);
            return began != now.get(access.thread);
        }
        false
    }

    /// Notes an access; returns an earlier one that is not ordered before it.
    pub(crate) fn access(&mut self, access: Access, now: &Clock) -> Option<Access> {
        let me = access.thread;
        let unordered = |&(earlier, count): &(Access, u32)| earlier.thread != me && now.get(earlier.thread) < count;
        let race =
            self.write.filter(unordered).or_else(|| self.reads.iter().copied().find(|r| access.write && unordered(r)));
        // A thread's count says how far it had come: the next release ticks it, so whoever acquires that release is
        // ordered after this access.
        let stamp = (access, now.get(me));
        if access.write {
            self.write = Some(stamp);
            self.reads.clear();
        } else {
            match self.reads.iter_mut().find(|(read, _)| read.thread == me) {
                Some(read) => *read = stamp,
                None => self.reads.push(stamp),
            }
        }
        race.map(|(earlier, _)| earlier)
    }
}
