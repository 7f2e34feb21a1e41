//! The objects of an execution, and what each kind of them is in plain data.

use std::panic::Location;

use smallvec::SmallVec;

use super::{
    barrier::BarrierState,
    channel::ChannelState,
    clock::{CellClock, Clock},
    core::Core,
    disk::{DiskState, FileState},
    event::ObjectKind,
    group::GroupState,
    net::{ListenerState, NetState, PipeState},
    once::{OnceState, Phase},
};

pub(crate) struct Object {
    pub(crate) kind: ObjectKind,
    pub(crate) created: &'static Location<'static>,
    /// Goes up whenever what a reader can see changes.
    pub(crate) version: u32,
    /// Goes up whenever a lock is taken or given back: what a failed `try_lock` has seen.
    pub(crate) lock_version: u32,
    pub(crate) state: State,
}

pub(crate) enum State {
    /// The latest value in execution order, and what its store published.
    Atomic {
        value: u64,
        sync: Clock,
    },
    Lock(LockState),
    Condvar {
        waiters: Vec<usize>,
    },
    Barrier(BarrierState),
    Once(OnceState),
    Cell(CellClock),
    Channel(ChannelState),
    Group(GroupState),
    Net(NetState),
    Listener(ListenerState),
    Pipe(PipeState),
    Disk(DiskState),
    File(FileState),
    /// Its number.
    Host(
        #[cfg_attr(not(raddle_shuttle), expect(dead_code, reason = "of use to those who know which steps commute"))]
        usize,
    ),
    /// Of a history, which is kept by its recorder.
    Marks,
    /// What dropped references published.
    Arc {
        released: Clock,
    },
}

/// A mutex is a read-write lock that nobody reads.
#[derive(Default)]
pub(crate) struct LockState {
    pub(crate) writer: Option<usize>,
    pub(crate) readers: SmallVec<[usize; 2]>,
    /// What the last writer published.
    pub(crate) written: Clock,
    /// What the readers since then published.
    pub(crate) read: Clock,
}

impl Core {
    pub(crate) fn add_object(&mut self, kind: ObjectKind, created: &'static Location<'static>, state: State) -> usize {
        self.objects.push(Object { kind, created, version: 0, lock_version: 0, state });
        self.objects.len() - 1
    }

    pub(crate) fn lock(&mut self, object: usize) -> &mut LockState {
        match &mut self.objects[object].state {
            State::Lock(lock) => lock,
            _ => unreachable!("the facade binds a lock to a lock"),
        }
    }

    pub(crate) fn lock_ref(&self, object: usize) -> &LockState {
        match &self.objects[object].state {
            State::Lock(lock) => lock,
            _ => unreachable!("the facade binds a lock to a lock"),
        }
    }

    pub(crate) fn waiters(&mut self, object: usize) -> &mut Vec<usize> {
        match &mut self.objects[object].state {
            State::Condvar { waiters } => waiters,
            _ => unreachable!("the facade binds a condvar to a condvar"),
        }
    }

    pub(crate) fn once(&mut self, object: usize) -> &mut OnceState {
        match &mut self.objects[object].state {
            State::Once(once) => once,
            _ => unreachable!("the facade binds a once to a once"),
        }
    }

    pub(crate) fn phase(&self, object: usize) -> Phase {
        match &self.objects[object].state {
            State::Once(once) => once.phase,
            _ => unreachable!("the facade binds a once to a once"),
        }
    }
}
