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

use smallvec::SmallVec;

use super::choosers::{Chooser, Point, Search};
use crate::world::{
    clock::Clock,
    core::{Core, Status},
    event::{Kind, Value},
    footprint::{Access, Footprint, Place},
};

/// How many steps of each thread come before something.
type Counts = SmallVec<[u32; 6]>;

/// The search, over all executions of a model.
#[derive(Default)]
pub(crate) struct Dpor {
    path: Vec<Node>,
    /// The next node of this execution.
    at: usize,
    /// The node whose step may be another than in the execution before, or may have made another choice. What came before
    /// it has been looked at, and is in the trace.
    fresh: usize,
    trace: Trace,
    diverged: bool,
    /// Everybody who could go on sleeps.
    redundant: bool,
    /// Some step has been one at channels, or has been taken for a thread by another: see `races`.
    wakes: bool,
}

#[expect(clippy::large_enum_variant, reason = "choices are rare, and threads are picked all the time")]
enum Node {
    Pick(Pick),
    Choice { value: usize, n: usize },
}

/// A point at which a thread is picked.
struct Pick {
    /// Who can go on.
    enabled: SmallVec<[usize; 6]>,
    picked: usize,
    /// What the step of whoever is picked has touched, in the executions so far.
    touched: Footprint,
    /// Whose pending steps that step has taken for them, and what these would have touched.
    taken: Sleep,
    /// Who is to be tried.
    backtrack: SmallVec<[usize; 4]>,
    /// Who need not be tried, and what their steps touch: those that sleep here, and those that have been.
    sleep: Sleep,
}

/// Threads whose next steps have been tried, with what these touched. As long as nothing comes that depends on it, they
/// would do the same again.
type Sleep = Vec<(usize, Footprint)>;

impl Pick {
    fn sleeps(&self, thread: usize) -> bool {
        self.sleep.iter().any(|(other, _)| *other == thread)
    }
}

/// What has happened in this execution. What it shares with the one before is kept, not found again.
#[derive(Default)]
struct Trace {
    steps: Vec<Step>,
    /// By thread: its steps.
    threads: Vec<Vec<usize>>,
    /// By thread: what its next step comes after.
    before: Vec<Counts>,
    /// How to undo that: with which step, whose changed, and what it was.
    undo: Vec<(usize, usize, Counts)>,
    /// By place: the steps that have touched it, and how.
    places: Vec<(Place, Vec<(usize, Access)>)>,
    /// The last step has been taken, and not been looked at.
    pending: bool,
    /// What the others would have done instead of that step: each thread, and what its next step would touch.
    others: Vec<(usize, Kind, Footprint)>,
}

struct Step {
    thread: usize,
    /// Its number among the thread's own.
    number: u32,
    node: usize,
    kind: Kind,
    footprint: Footprint,
    /// Itself, and what comes before it.
    clock: Counts,
    /// The thread's own count when it was taken.
    tick: u32,
    /// Events that were recorded before it.
    since: usize,
    /// It has come to less than it might have.
    narrowed: bool,
}

fn get(counts: &Counts, thread: usize) -> u32 {
    counts.get(thread).copied().unwrap_or(0)
}

/// As `clone`, in one go.
fn copy(counts: &Counts) -> Counts {
    Counts::from_slice(counts)
}

fn join(counts: &mut Counts, other: &Counts) {
    if counts.len() < other.len() {
        counts.resize(other.len(), 0);
    }
    counts.iter_mut().zip(other).for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
}

impl Trace {
    /// Forgets the steps that were taken at this node and later.
    fn rewind(&mut self, node: usize) {
        let kept = self.steps.partition_point(|step| step.node < node);
        self.steps.truncate(kept);
        let later = |step: &mut usize| *step >= kept;
        self.threads.iter_mut().for_each(|steps| while steps.pop_if(later).is_some() {});
        self.places.iter_mut().for_each(|(_, touched)| while touched.pop_if(|(step, _)| later(step)).is_some() {});
        while let Some((_, thread, before)) = self.undo.pop_if(|(step, ..)| later(step)) {
            self.before[thread] = before;
        }
        self.pending = false;
    }

    fn know(&mut self, threads: usize) {
        if self.threads.len() < threads {
            self.threads.resize_with(threads, Vec::new);
            self.before.resize_with(threads, Counts::new);
        }
    }

    /// Whether one step comes before another.
    fn precedes(&self, earlier: usize, later: &Counts) -> bool {
        let Step { thread, number, .. } = self.steps[earlier];
        get(later, thread) > number
    }

    /// The steps that happen before, by the program's own order.
    fn ordered(&self, now: &Clock) -> Counts {
        let mut counts = Counts::new();
        for (thread, steps) in self.threads.iter().enumerate() {
            let seen = now.get(thread);
            let known = steps.partition_point(|&step| self.steps[step].tick <= seen);
            if known > 0 {
                join(&mut counts, &self.steps[steps[known - 1]].clock);
            }
        }
        counts
    }

    /// What comes before a thread's next step in its own and by what made that possible.
    fn base_of(&self, thread: usize) -> Counts {
        self.before.get(thread).map_or_else(Counts::new, copy)
    }

    /// What a thread's next step comes after, but for what it depends on.
    fn base(&self, core: &Core, thread: usize) -> Counts {
        let mut base = self.base_of(thread);
        join(&mut base, &self.ordered(&core.threads[thread].view.now));
        base
    }

    /// The steps that one with this footprint depends on: the latest that are, and, if `all`, those before them.
    fn dependencies(&self, footprint: &Footprint, all: bool) -> SmallVec<[usize; 8]> {
        let mut found: SmallVec<[usize; 8]> = SmallVec::new();
        if footprint.last {
            found.extend(self.threads.iter().filter_map(|steps| steps.last().copied()));
        }
        if self.steps.last().is_some_and(|step| step.footprint.last) {
            // What would come after it does not come at all.
            found.push(self.steps.len() - 1);
        }
        for (place, access) in &footprint.places {
            let touched = self.places.iter().find(|(other, _)| other == place).map(|(_, touched)| touched);
            let Some(touched) = touched.filter(|_| *access != Access::Awaits) else { continue };
            let changed = || touched.iter().rposition(|(_, theirs)| *theirs == Access::Changes);
            let since = if all { 0 } else { changed().unwrap_or(0) };
            // In their order, which leaves nothing to sort as a rule.
            let depends = |theirs: Access| access.conflicts(theirs);
            found.extend(touched[since..].iter().filter(|(_, theirs)| depends(*theirs)).map(|(step, _)| *step));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// What a step comes after, by what it depends on and what it awaits: a writer that all have given the lock back, a
    /// reader that writers have.
    fn after(&self, kind: Kind, footprint: &Footprint, found: &[usize], clock: &mut Counts) {
        found.iter().for_each(|&step| join(clock, &self.steps[step].clock));
        for (place, _) in footprint.places.iter().filter(|(_, access)| *access == Access::Awaits) {
            let touched = self.places.iter().find(|(other, _)| other == place).map(|(_, touched)| touched);
            for &(step, access) in touched.into_iter().flatten() {
                let step = &self.steps[step];
                let gives = matches!(step.kind, Kind::Unlock | Kind::WriteUnlock | Kind::Downgrade | Kind::Wait);
                let awaited = match place {
                    Place::Given(_) => gives || (step.kind == Kind::ReadUnlock && kind != Kind::Read),
                    _ => access >= Access::Adds,
                };
                if awaited {
                    join(clock, &step.clock);
                }
            }
        }
    }

    fn touch(&mut self, step: usize) {
        let Trace { places, steps, .. } = self;
        for &(place, access) in &steps[step].footprint.places {
            if access != Access::Awaits {
                match places.iter_mut().find(|(other, _)| *other == place) {
                    Some((_, touched)) => touched.push((step, access)),
                    None => places.push((place, vec![(step, access)])),
                }
            }
        }
    }
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
        let mut latest = self.trace.dependencies(footprint, false);
        let alone = latest.is_empty();
        latest.retain(|earlier| *earlier < at);
        self.trace.after(step.1, footprint, &latest, &mut clock);
        if alone && !self.wakes {
            return clock;
        }
        let all = self.trace.dependencies(footprint, true);
        // A step that waits may have been let through by any of them: which ones it could have come before without, is seen
        // only when that is tried.
        let waits = match step.1 {
            Kind::Send | Kind::Receive | Kind::Select | Kind::Ready | Kind::Park | Kind::Wait => true,
            Kind::CallOnce | Kind::GetOrInit | Kind::Force | Kind::Set | Kind::Read | Kind::Write => true,
            // Where nobody tries it, a mutex is free before whatever it is awaited for.
            Kind::Lock => all.iter().any(|&step| self.trace.steps[step].kind == Kind::TryLock),
            _ => false,
        };
        let mut tried: SmallVec<[usize; 8]> = SmallVec::new();
        for &earlier in all.iter().rev().filter(|&&earlier| earlier < at) {
            let trace = &self.trace;
            let between = |&later: &usize| trace.precedes(earlier, &trace.steps[later].clock);
            let ordered = trace.steps[earlier].thread == step.0 || trace.precedes(earlier, base);
            if !ordered && (waits || !tried.iter().any(between)) && self.reverse(earlier, at, step, &clock) {
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
        let Dpor { trace, path, .. } = self;
        let node = trace.steps[earlier].node;
        let Node::Pick(pick) = &mut path[node] else { unreachable!("a step is taken where a thread is picked") };
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
        if first.iter().any(|thread| pick.backtrack.contains(thread) || pick.sleeps(*thread)) {
            return true;
        }
        match first.iter().find(|thread| pick.enabled.contains(thread)) {
            Some(&thread) => pick.backtrack.push(thread),
            None => {
                for &thread in &pick.enabled {
                    if !pick.backtrack.contains(&thread) {
                        pick.backtrack.push(thread);
                    }
                }
            }
        }
        true
    }

    /// The threads that sleep once the last step has been taken.
    fn asleep(&self, core: &Core) -> Sleep {
        let Some(step) = self.trace.steps.last() else { return Sleep::new() };
        let Node::Pick(pick) = &self.path[step.node] else { unreachable!("see `reverse`") };
        #[cfg(raddle_internals)]
        if core.wakes_nobody(step.kind) {
            return pick.sleep.iter().filter(|(thread, _)| pending(core, *thread)).cloned().collect();
        }
        // Once a thread has panicked, any step may be the last: that of whoever goes on to join it.
        if !core.panics.is_empty() {
            return Sleep::new();
        }
        // Whoever has gone on did so because of the step.
        let sleeps = |(thread, touches): &&(usize, Footprint)| {
            !core.ran.contains(thread) && pending(core, *thread) && !touches.depends_on(&step.footprint)
        };
        pick.sleep.iter().filter(sleeps).cloned().collect()
    }

    /// What is pending where an execution ends, or where nobody but those who sleep can go on, counts as if it came now.
    fn await_in_vain(&mut self, core: &Core, asleep: &[usize]) {
        let at = self.trace.steps.len();
        for thread in (0..core.threads.len()).filter(|thread| pending(core, *thread) && !asleep.contains(thread)) {
            let footprint = core.footprint(thread);
            let base = self.trace.base(core, thread);
            self.races(at, (thread, core.threads[thread].op.kind), &base, &footprint);
        }
    }

    fn visit(&mut self, point: &Point<'_>) -> usize {
        let core = point.core;
        self.settle(core, false);
        if self.at == self.path.len() {
            let sleep = self.asleep(core);
            let enabled: SmallVec<[usize; 6]> = SmallVec::from_slice(point.threads);
            let awake = |thread: &usize| !sleep.iter().any(|(other, _)| other == thread);
            let last = point.last.filter(|last| enabled.contains(last) && awake(last) && !point.yielding);
            let Some(picked) = last.or_else(|| enabled.iter().copied().find(awake)) else {
                self.await_in_vain(core, point.threads);
                self.redundant = true;
                return 0;
            };
            let (touched, taken, backtrack) = (Footprint::default(), Sleep::new(), SmallVec::from_elem(picked, 1));
            self.path.push(Node::Pick(Pick { enabled, picked, touched, taken, backtrack, sleep }));
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
        if node < self.fresh {
            return at;
        }
        self.trace.know(core.threads.len());
        let others = (0..core.threads.len()).filter(|&thread| thread != found && pending(core, thread));
        let others = others.map(|thread| (thread, core.threads[thread].op.kind, core.footprint(thread)));
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
            footprint: core.footprint(found),
            clock,
            tick: core.threads[found].view.now.get(found),
            since: core.events.len(),
            narrowed: false,
        });
        self.trace.pending = true;
        at
    }
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
    fn begin(&mut self) {
        self.at = 0;
        self.fresh = self.path.iter().rposition(|node| matches!(node, Node::Pick(_))).unwrap_or(0);
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
        while let Some(node) = self.path.last_mut() {
            match node {
                Node::Choice { value, n } if *value + 1 < *n => {
                    *value += 1;
                    return true;
                }
                Node::Choice { .. } => {}
                Node::Pick(pick) => {
                    pick.sleep.push((pick.picked, std::mem::take(&mut pick.touched)));
                    pick.taken.clear();
                    if let Some(&next) = pick.backtrack.iter().find(|thread| !pick.sleeps(**thread)) {
                        pick.picked = next;
                        return true;
                    }
                }
            }
            self.path.pop();
        }
        false
    }

    fn end(&mut self, core: &Core) {
        if !self.redundant {
            self.stopped(core, false);
        }
    }
}
