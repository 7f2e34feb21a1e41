//! Depth-first search that tells schedules apart only where steps do not commute.
//!
//! Dynamic partial-order reduction with source sets and sleep sets (Abdulla, Aronis, Jonsson and Sagonas, POPL 2014). Two
//! executions are *equivalent* if one can be had from the other by swapping adjacent steps that are not
//! [dependent](crate::world::footprint). One execution of each class runs to its end.
//!
//! Each execution follows the path of the one before up to the last node that has something left to try, and goes on from
//! there. While it runs, every step is given a vector clock: it comes after the steps of its own thread, after the
//! dependent steps before it, after the step that made it possible, and after whatever happens before it by the
//! [program's own order](crate::world::clock), joins above all. Two dependent steps of different threads with nothing in
//! between are a *race*: the node at which the first was taken then has to try a thread that begins what would have come
//! without that step. A thread whose subtree has been explored *sleeps*, until a step that depends on its own wakes it; an
//! execution in which everybody who could go on sleeps is *redundant*: it ends there, and counts for nothing.
//!
//! A search explores a part of the tree; the [frontier](frontier) is what keeps the parts together, for several workers.

mod frontier;
mod node;
mod trace;

use smallvec::SmallVec;

pub(crate) use self::frontier::Frontier;
use self::{
    node::{Node, Pick, Sleep},
    trace::{Counts, Step, Trace, copy, join},
};
use super::choosers::{Chooser, Point, Search};
use crate::world::{
    core::{Core, Status, Thread},
    event::{Kind, Value},
    footprint::{Access, Footprint},
    object::State,
};

/// The search, over all executions of a model.
#[derive(Default)]
pub(crate) struct Dpor {
    path: Vec<Node>,
    /// Nodes before this one are shared with other searches: what is tried there is not for this one to say.
    floor: usize,
    /// What has to be tried at shared nodes: at which, and who could begin.
    asked: Vec<(usize, SmallVec<[usize; 6]>)>,
    /// The next node of this execution.
    at: usize,
    /// The node whose step may be another than in the execution before, or may have made another choice. What came before
    /// it has been looked at, and is in the trace.
    fresh: usize,
    trace: Trace,
    diverged: bool,
    /// Everybody who could go on sleeps.
    redundant: bool,
    /// How often threads may be preempted in an execution, if there is a limit.
    bound: Option<u32>,
    /// A thread was not preempted because of the bound.
    kept_back: bool,
    /// What nodes that are gone have allocated.
    spare: Vec<Sleep>,
    /// Some step has been one at channels, or has been taken for a thread by another: see `races`.
    wakes: bool,
}

impl Dpor {
    /// Looks at the step that was taken last, now that it is known what it was.
    fn settle(&mut self, core: &Core, failed: bool) {
        if !std::mem::take(&mut self.trace.pending) {
            return;
        }
        let at = self.trace.steps.len() - 1;
        self.trace.know(core.threads.len());
        let step = &mut self.trace.steps[at];
        let (thread, kind, node) = (step.thread, step.kind, step.node);
        // What it came to may be less than what it might have been.
        let events = core.events.get(step.since..).unwrap_or_default();
        let own = events.iter().find(|event| event.thread as usize == thread);
        let tried = matches!(kind, Kind::TryLock | Kind::TryRead);
        if own.is_some_and(|own| own.kind == Kind::CompareFailed || (tried && own.value == Value::Done(false))) {
            step.footprint.places.iter_mut().for_each(|(_, access)| *access = Access::Reads);
            step.narrowed = true;
        }
        step.footprint.last = failed;
        let footprint = step.footprint.clone();
        let base = copy(&step.clock);
        let number = step.number;
        if let Node::Pick(pick) = &mut self.path[node] {
            pick.touched.extend(&footprint);
            self.wakes |= footprint.deals();
        }
        let mut clock = self.races(at, (thread, kind), &base, &footprint);
        if clock.len() <= thread {
            clock.resize(thread + 1, 0);
        }
        clock[thread] = number + 1;
        self.trace.steps[at].clock = copy(&clock);
        self.trace.touch(at);
        // Whose pending step has come to commute with everything, and was taken at once: it did not before this one.
        let mut others = std::mem::take(&mut self.trace.others);
        for (other, kind, footprint) in others.drain(..) {
            if core.ran.contains(&other) {
                let base = self.trace.base_of(other);
                self.races(at + 1, (other, kind), &base, &footprint);
                if let Node::Pick(pick) = &mut self.path[node] {
                    pick.taken.push((other, footprint));
                    self.wakes = true;
                }
            }
        }
        self.trace.others = others;
        // Whoever has gone on meanwhile could do so because of this step.
        let Trace { before, undo, .. } = &mut self.trace;
        for &ran in &core.ran {
            if ran != thread {
                undo.push((at, ran, copy(&before[ran])));
                join(&mut before[ran], &clock);
            }
        }
        undo.push((at, thread, std::mem::replace(&mut before[thread], clock)));
    }

    /// What the step of a thread comes after, that has this footprint. Its races with the steps before the one numbered
    /// `at` are tried the other way round.
    fn races(&mut self, at: usize, step: (usize, Kind), base: &Counts, footprint: &Footprint) -> Counts {
        let mut clock = copy(base);
        let mut all = self.trace.dependencies(footprint);
        let alone = all.is_empty();
        all.truncate(all.partition_point(|earlier| *earlier < at));
        self.trace.after(step.1, footprint, &all, &mut clock);
        if alone && !self.wakes {
            return clock;
        }
        // A step that waits may have been let through by any of them: which ones it could have come before without, is seen
        // only when that is tried.
        let waits = match step.1 {
            Kind::Send | Kind::Receive | Kind::Select | Kind::Ready | Kind::Park | Kind::Wait => true,
            Kind::Connect | Kind::Accept | Kind::StreamRead => true,
            Kind::CallOnce | Kind::GetOrInit | Kind::Force | Kind::Set | Kind::Read | Kind::Write => true,
            // Where nobody tries it, a mutex is free before whatever it is awaited for.
            Kind::Lock => all.iter().any(|&step| self.trace.steps[step].kind == Kind::TryLock),
            _ => false,
        };
        let mut tried: SmallVec<[usize; 8]> = SmallVec::new();
        for &earlier in all.iter().rev() {
            let trace = &self.trace;
            let between = |&later: &usize| trace.precedes(earlier, &trace.steps[later].clock);
            let ordered = trace.steps[earlier].thread == step.0 || trace.precedes(earlier, base);
            if !ordered
                && (waits || self.bound.is_some() || !tried.iter().any(between))
                && self.reverse(earlier, at, step, &clock)
            {
                tried.push(earlier);
            }
        }
        // A deal that has been tried at a node, and is woken there, comes to something else than it did then; and one that
        // another thread takes comes to nothing of its own. What either would have touched is to be tried before that.
        let woken = |&earlier: &usize| {
            let Step { thread, node, footprint: ref woke, .. } = self.trace.steps[earlier];
            let Node::Pick(pick) = &self.path[node] else { return false };
            let others = |(thread, touches): &&(usize, Footprint)| *thread != step.0 && touches.depends_on(footprint);
            thread != step.0
                && !self.trace.precedes(earlier, &clock)
                && (pick.taken.iter().any(|other| others(&other))
                    || pick.sleep.iter().filter(others).any(|(_, mine)| mine.deals() && mine.depends_on(woke)))
        };
        let all = if self.wakes { 0..at } else { 0..0 };
        let woken: SmallVec<[usize; 4]> = all.filter(woken).collect();
        for earlier in woken {
            self.reverse(earlier, at, step, &clock);
        }
        clock
    }

    /// What has come since a step without depending on it, and then the thread's step, has to be tried before that step.
    /// False if that is impossible: the step is what let the thread go on.
    fn reverse(&mut self, earlier: usize, at: usize, (thread, kind): (usize, Kind), clock: &Counts) -> bool {
        let Dpor { trace, path, floor, asked, bound, .. } = self;
        let node = trace.steps[earlier].node;
        let Node::Pick(pick) = &mut path[node] else { unreachable!("a step is taken where a thread is picked") };
        if bound.is_some() {
            pick.try_all_for(thread);
            self.try_before(node, thread);
            return true;
        }
        let since: SmallVec<[usize; 16]> =
            (earlier + 1..at).filter(|&step| !trace.precedes(earlier, &trace.steps[step].clock)).collect();
        // Threads that could begin: nothing of what has come since comes before their first step.
        let mut first: SmallVec<[usize; 6]> = SmallVec::new();
        let mut seen: SmallVec<[usize; 6]> = SmallVec::new();
        for (at, &step) in since.iter().enumerate() {
            let Step { thread, ref clock, .. } = trace.steps[step];
            if !seen.contains(&thread) {
                seen.push(thread);
                if !since[..at].iter().any(|&before| trace.precedes(before, clock)) {
                    first.push(thread);
                }
            }
        }
        // Without that step, what the thread does may touch something else.
        let deals =
            matches!(kind, Kind::Send | Kind::TrySend | Kind::Receive | Kind::TryReceive | Kind::Select | Kind::Ready);
        let narrowed = trace.steps.get(at).is_some_and(|step| step.thread == thread && step.narrowed);
        let sure = since.is_empty() || !(deals || narrowed);
        if sure && !seen.contains(&thread) && !since.iter().any(|&before| trace.precedes(before, clock)) {
            first.push(thread);
            // Only what depends on its own step, or a lock that is given back, could have let it go on.
            let lock = matches!(kind, Kind::Lock | Kind::Read | Kind::Write);
            if (!lock || since.is_empty()) && !pick.enabled.contains(&thread) {
                return false;
            }
        }
        if !pick.has(&first) {
            match node < *floor {
                true if asked.iter().any(|(at, before)| (*at, before) == (node, &first)) => {}
                true => asked.push((node, first)),
                false => pick.ask(&first),
            }
        }
        true
    }

    /// To preempt a thread in the middle may be one preemption too many, where to run the other one before it was not: so
    /// that is tried too, where the thread that was picked at this node got its turn.
    fn try_before(&mut self, node: usize, thread: usize) {
        let Node::Pick(pick) = &self.path[node] else { return };
        let running = pick.picked;
        if pick.running != Some(running) {
            return;
        }
        for node in self.path[..node].iter_mut().rev() {
            let Node::Pick(pick) = node else { continue };
            if pick.picked != running {
                break;
            }
            if pick.running != Some(running) {
                pick.try_all_for(thread);
                break;
            }
        }
    }

    /// The threads that sleep once the last step has been taken.
    fn asleep(&mut self, core: &Core) -> Sleep {
        let mut asleep = self.spare.pop().unwrap_or_default();
        // What sleeps has been explored elsewhere, but with a bound perhaps only with more preemptions.
        let Some(step) = self.trace.steps.last().filter(|_| self.bound.is_none()) else { return asleep };
        let Node::Pick(pick) = &self.path[step.node] else { unreachable!("see `reverse`") };
        #[cfg(raddle_internals)]
        if core.wakes_nobody(step.kind) {
            asleep.extend(pick.sleep.iter().filter(|(thread, _)| pending(core, *thread)).cloned());
            return asleep;
        }
        // Once a thread has panicked, any step may be the last: that of whoever goes on to join it.
        if !core.panics.is_empty() {
            return asleep;
        }
        // Whoever has gone on did so because of the step.
        let sleeps = |(thread, touches): &&(usize, Footprint)| {
            !core.ran.contains(thread) && pending(core, *thread) && !touches.depends_on(&step.footprint)
        };
        asleep.extend(pick.sleep.iter().filter(sleeps).cloned());
        asleep
    }

    /// What is pending where an execution ends, or where nobody but those who sleep can go on, counts as if it came now.
    fn await_in_vain(&mut self, core: &Core, asleep: &[usize]) {
        let at = self.trace.steps.len();
        for thread in (0..core.threads.len()).filter(|thread| pending(core, *thread) && !asleep.contains(thread)) {
            let footprint = footprint(core, thread, self.bound.is_some());
            let base = self.trace.base(core, thread);
            self.races(at, (thread, core.threads[thread].op.kind), &base, &footprint);
        }
    }

    /// If the last node is a pick, no choice belongs to its step.
    fn knows_last(&mut self) {
        if let Some(Node::Pick(pick)) = self.path[..self.at].last_mut() {
            pick.known = true;
        }
    }

    /// As in the execution before: nothing is to be looked at.
    fn follow(&mut self, threads: &[usize]) -> usize {
        let node = &self.path[self.at];
        self.at += 1;
        match node {
            // Where there are so few, a loop takes less than a comparison of memory.
            Node::Pick(pick) if pick.enabled.iter().eq(threads) => {
                threads.iter().position(|thread| *thread == pick.picked).expect("the threads are those of the node")
            }
            _ => {
                self.diverged = true;
                0
            }
        }
    }

    fn visit(&mut self, point: &Point<'_>) -> usize {
        if self.at < self.fresh {
            return self.follow(point.threads);
        }
        self.look(point)
    }

    // Most steps are followed: they shall not pay for what this keeps on the stack.
    #[inline(never)]
    fn look(&mut self, point: &Point<'_>) -> usize {
        let core = point.core;
        self.settle(core, false);
        self.knows_last();
        if self.at == self.path.len() {
            let sleep = self.asleep(core);
            let enabled: SmallVec<[usize; 6]> = SmallVec::from_slice(point.threads);
            let awake = |thread: &usize| !sleep.iter().any(|(other, _)| other == thread);
            let running = core.goes_on(point.threads).map(|at| enabled[at]);
            let last = running.filter(awake);
            let Some(picked) = last.or_else(|| enabled.iter().copied().find(awake)) else {
                self.await_in_vain(core, point.threads);
                self.redundant = true;
                return 0;
            };
            self.path.push(Node::Pick(Pick::new(enabled, picked, sleep, running, core.preemptions)));
        }
        let node = self.at;
        self.at += 1;
        let found = match &self.path[node] {
            Node::Pick(pick) if pick.enabled[..] == *point.threads => pick.picked,
            _ => {
                self.diverged = true;
                return 0;
            }
        };
        let at = point.threads.iter().position(|thread| *thread == found).expect("the threads are those of the node");
        self.trace.know(core.threads.len());
        let others = (0..core.threads.len()).filter(|&thread| thread != found && may_be_taken(core, thread));
        let bounded = self.bound.is_some();
        let others = others.map(|thread| (thread, core.threads[thread].op.kind, footprint(core, thread, bounded)));
        self.trace.others.clear();
        self.trace.others.extend(others);
        let clock = self.trace.base(core, found);
        let number = self.trace.threads[found].len() as u32;
        self.trace.threads[found].push(self.trace.steps.len());
        self.trace.steps.push(Step {
            thread: found,
            number,
            node,
            kind: core.threads[found].op.kind,
            footprint: footprint(core, found, bounded),
            clock,
            tick: core.threads[found].view.now.get(found),
            since: core.events.len(),
            narrowed: false,
        });
        self.trace.pending = true;
        at
    }
}

/// What a thread's next step touches.
fn footprint(core: &Core, thread: usize, bounded: bool) -> Footprint {
    let mut footprint = core.footprint(thread);
    if bounded {
        // To wait for a lock is a switch that is no preemption: when it is given back, and who waits for it by then, have to
        // be tried in both orders.
        for (_, access) in footprint.places.iter_mut().filter(|(_, access)| *access == Access::Awaits) {
            *access = Access::Changes;
        }
    }
    footprint
}

/// Whether the thread waits at a scheduling point that another one's step may take it past: that partner comes to its
/// channel, or completes its once.
fn may_be_taken(core: &Core, thread: usize) -> bool {
    let Thread { deal, op, .. } = &core.threads[thread];
    let once = || op.object.is_some_and(|object| matches!(core.objects[object].state, State::Once(_)));
    pending(core, thread) && (deal.is_some() || once())
}

/// Whether the thread waits at a scheduling point.
fn pending(core: &Core, thread: usize) -> bool {
    let thread = &core.threads[thread];
    thread.status == Status::Pending && thread.branches
}

impl Chooser for Dpor {
    fn stopped(&mut self, core: &Core, early: bool) {
        self.settle(core, early);
        self.await_in_vain(core, &[]);
    }

    fn pick(&mut self, point: &Point<'_>) -> usize {
        self.visit(point)
    }

    fn pass(&mut self, point: &Point<'_>) {
        self.visit(point);
    }

    fn gives_up(&self) -> bool {
        self.redundant
    }

    fn choose(&mut self, n: usize) -> usize {
        if self.at == self.path.len() {
            self.path.push(Node::Choice { value: 0, n });
        }
        let found = match self.path[self.at] {
            Node::Choice { value, n: before } if before == n => value,
            _ => {
                self.diverged = true;
                0
            }
        };
        self.at += 1;
        found
    }
}

impl Search for Dpor {
    fn new(bound: Option<u32>) -> Dpor {
        Dpor { bound, ..Dpor::default() }
    }

    fn kept_back(&self) -> bool {
        self.kept_back
    }

    fn begin(&mut self) {
        self.at = 0;
        // What another search has done on the way here is not known yet.
        let known = !self.trace.steps.is_empty();
        let last = || self.path.iter().rposition(|node| matches!(node, Node::Pick(_)));
        self.fresh = if known { last().unwrap_or(0) } else { 0 };
        self.redundant = false;
        self.trace.rewind(self.fresh);
    }

    fn diverged(&self) -> bool {
        self.diverged || self.at < self.path.len()
    }

    fn redundant(&self) -> bool {
        self.redundant
    }

    fn next(&mut self) -> bool {
        while self.path.len() > self.floor {
            if self.path.last_mut().is_some_and(|node| node.advance(self.bound, &mut self.kept_back)) {
                return true;
            }
            if let Some(Node::Pick(pick)) = self.path.last_mut() {
                pick.sleep.clear();
                self.spare.push(std::mem::take(&mut pick.sleep));
            }
            self.path.truncate(self.path.len() - 1);
        }
        false
    }

    fn left(&self) -> f64 {
        let private = self.path[self.floor..].iter().rev();
        private.fold(1.0, |left, node| (node.left() as f64 + left) / node.branches() as f64)
    }

    fn end(&mut self, core: &Core) {
        if !self.redundant {
            self.stopped(core, false);
        }
        self.knows_last();
    }
}
