//! What the threads of an execution do, for whoever asks for a dump. It is told by the guards, and is no event.

use super::{
    Execution,
    core::{Core, Op, Status},
    event::{Kind, ObjectKind},
};
use crate::thread::{Asks, Dumped, Reason, Stack};

/// What it is to wait for an operation on an object. `nowhere` if it is an operation at no channel; `scoped` if a scope waits
/// for its threads. `None` for what only pauses.
pub(super) fn reason(kind: Kind, object: Option<ObjectKind>, nowhere: bool, scoped: bool) -> Option<Reason> {
    Some(match (kind, object) {
        (Kind::Send, _) if nowhere => Reason::ChanSendNil,
        (Kind::Send, _) => Reason::ChanSend,
        (Kind::Receive, _) if nowhere => Reason::ChanReceiveNil,
        (Kind::Receive, _) => Reason::ChanReceive,
        (Kind::Select | Kind::Ready, _) if nowhere => Reason::SelectNoCases,
        (Kind::Select | Kind::Ready, _) => Reason::Select,
        (Kind::Lock, _) => Reason::MutexLock,
        (Kind::Read, _) => Reason::RwLockRead,
        (Kind::Write, _) => Reason::RwLockWrite,
        (Kind::Wait, Some(ObjectKind::Condvar)) => Reason::CondvarWait,
        (Kind::Wait, Some(ObjectKind::WaitGroup)) => Reason::WaitGroupWait,
        (Kind::Wait, Some(ObjectKind::Barrier)) => Reason::BarrierWait,
        (Kind::Wait | Kind::CallOnce | Kind::GetOrInit | Kind::Force | Kind::Set, _) => Reason::OnceWait,
        (Kind::Sleep, _) => Reason::Sleep,
        (Kind::Connect | Kind::Accept | Kind::StreamRead, _) => Reason::IoWait,
        (Kind::Park, _) => Reason::Park,
        (Kind::Join, _) if scoped => Reason::Scope,
        (Kind::Join, _) => Reason::Join,
        _ => return None,
    })
}

impl Execution {
    /// The running thread lets others run, who may ask for it.
    #[cold]
    pub(super) fn record_stack(&self, me: usize) {
        let stack = Stack::recorded();
        self.core.borrow_mut().stacks.extend(stack.map(|stack| (me, stack)));
    }
}

impl Core {
    /// The threads that have not ended, as `me` finds them. Main, once it has returned, only rests.
    pub(crate) fn dumped(&self, me: usize, asks: &Asks) -> Vec<Dumped> {
        let rests = |op: &Op| op.kind == Kind::Rest;
        let there = |&at: &usize| !self.finished(at) && !rests(&self.threads[at].op);
        let told = |at: usize| {
            let thread = &self.threads[at];
            let pending = (at != me && thread.status == Status::Pending).then_some(&thread.op);
            let reason = pending.filter(|_| !self.enabled(at)).and_then(|op| self.reason(at, op));
            let (at_place, stack) = match at == me {
                true => (Some(asks.at), asks.stack.clone()),
                false => (
                    pending.map(|op| op.location),
                    self.stacks.get(&at).filter(|stack| reason.is_some() && stack.is_latest()).cloned(),
                ),
            };
            let spawned = thread.parent.map(|_| thread.spawned);
            Dumped { name: self.thread_name(at), reason, at: at_place, spawned, stack }
        };
        (0..self.threads.len()).filter(there).map(told).collect()
    }

    fn reason(&self, thread: usize, op: &Op) -> Option<Reason> {
        let object = op.object.map(|object| self.objects[object].kind);
        let nowhere = self.threads[thread].deal.as_ref().is_some_and(|deal| deal.arms.is_empty());
        let scoped = op.peer.is_some_and(|peer| self.threads[peer].scoped && !self.threads[peer].joined);
        reason(op.kind, object, nowhere, scoped)
    }
}
