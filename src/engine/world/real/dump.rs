//! What the threads of runs do, for whoever asks for a dump.

use std::sync::{Arc, PoisonError};

use super::{LIVE, Op, Run, State, Status, member::Place};
use crate::{
    thread::{Asks, Dumped},
    world::dump::reason,
};

/// The threads of the calling thread's run.
pub(crate) fn dumped(asks: &Asks) -> Vec<Dumped> {
    let Place { run, thread } = super::here();
    run.state().dumped(Some((thread, asks)))
}

/// The threads of all runs that are not over, or have left threads behind.
pub(crate) fn all_dumped() -> Vec<Dumped> {
    let live: Vec<Arc<Run>> = LIVE.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
    live.iter().flat_map(|run| run.state().dumped(None)).collect()
}

impl State {
    /// The threads that have not ended, as the one that asks finds them, if it is of this run.
    fn dumped(&self, me: Option<(usize, &Asks)>) -> Vec<Dumped> {
        let told = |(number, thread): (usize, &super::Thread)| {
            let waits = match thread.status {
                Status::Ended => return None,
                Status::Blocked(op, _) => Some(op),
                Status::Running => thread.waits,
            };
            let asks = me.filter(|(me, _)| *me == number).map(|(_, asks)| asks);
            let (at, stack) = match (asks, waits) {
                (Some(asks), _) => (Some(asks.at), asks.stack.clone()),
                (None, Some(op)) => (Some(op.location), thread.stack.clone()),
                (None, None) => (None, None),
            };
            let reason = waits.and_then(|op| self.reason(op));
            Some(Dumped { name: self.name(number), reason, at, spawned: thread.spawned, stack })
        };
        self.threads.iter().enumerate().filter_map(told).collect()
    }

    fn reason(&self, Op { kind, object, nowhere, .. }: Op) -> Option<crate::thread::Reason> {
        let peer = object.filter(|_| kind == super::Kind::Join).map(|object| &self.threads[object.number as usize]);
        let scoped = peer.is_some_and(|peer| peer.scoped && !peer.joined);
        reason(kind, object.map(|object| object.kind), nowhere, scoped)
    }
}
