//! What an execution has done, and what comes before what.

use smallvec::SmallVec;

use crate::world::{
    core::Core,
    event::Kind,
    footprint::{Access, Footprint, Place},
};

/// How many steps of each thread come before something.
pub(super) type Counts = SmallVec<[u32; 6]>;

/// What has happened in this execution. What it shares with the one before is kept, not found again.
#[derive(Default)]
pub(super) struct Trace {
    pub(super) steps: Vec<Step>,
    /// By thread: its steps.
    pub(super) threads: Vec<Vec<usize>>,
    /// By thread: what its next step comes after.
    pub(super) before: Vec<Counts>,
    /// How to undo that: with which step, whose changed, and what it was.
    pub(super) undo: Vec<(usize, usize, Counts)>,
    /// By place: the steps that have touched it, and how.
    pub(super) places: Vec<(Place, Vec<(usize, Access)>)>,
    /// The last step has been taken, and not been looked at.
    pub(super) pending: bool,
    /// What the others would have done instead of that step: each thread, and what its next step would touch.
    pub(super) others: Vec<(usize, Kind, Footprint)>,
}

pub(super) struct Step {
    pub(super) thread: usize,
    /// Its number among the thread's own.
    pub(super) number: u32,
    pub(super) node: usize,
    pub(super) kind: Kind,
    pub(super) footprint: Footprint,
    /// Itself, and what comes before it.
    pub(super) clock: Counts,
    /// The thread's own count when it was taken.
    pub(super) tick: u32,
    /// Events that were recorded before it.
    pub(super) since: usize,
    /// It has come to less than it might have.
    pub(super) narrowed: bool,
}

fn get(counts: &Counts, thread: usize) -> u32 {
    counts.get(thread).copied().unwrap_or(0)
}

/// As `clone`, in one go.
pub(super) fn copy(counts: &Counts) -> Counts {
    Counts::from_slice(counts)
}

pub(super) fn join(counts: &mut Counts, other: &Counts) {
    if counts.len() < other.len() {
        counts.resize(other.len(), 0);
    }
    counts.iter_mut().zip(other).for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
}

impl Trace {
    /// Forgets the steps that were taken at this node and later.
    pub(super) fn rewind(&mut self, node: usize) {
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

    pub(super) fn know(&mut self, threads: usize) {
        if self.threads.len() < threads {
            self.threads.resize_with(threads, Vec::new);
            self.before.resize_with(threads, Counts::new);
        }
    }

    /// Whether one step comes before another.
    pub(super) fn precedes(&self, earlier: usize, later: &Counts) -> bool {
        let Step { thread, number, .. } = self.steps[earlier];
        get(later, thread) > number
    }

    /// What comes before a thread's next step in its own and by what made that possible.
    pub(super) fn base_of(&self, thread: usize) -> Counts {
        self.before.get(thread).map_or_else(Counts::new, copy)
    }

    /// What a thread's next step comes after, but for what it depends on.
    pub(super) fn base(&self, core: &Core, thread: usize) -> Counts {
        let mut base = self.base_of(thread);
        let now = &core.threads[thread].view.now;
        for (other, steps) in self.threads.iter().enumerate() {
            // What happens before by the program's own order. As a rule that has come before already.
            let (seen, known) = (now.get(other), get(&base, other) as usize);
            if steps.get(known).is_some_and(|&step| self.steps[step].tick <= seen) {
                let known = steps.partition_point(|&step| self.steps[step].tick <= seen);
                join(&mut base, &self.steps[steps[known - 1]].clock);
            }
        }
        base
    }

    /// The last step has ended the execution.
    fn ended(&self) -> bool {
        self.steps.last().is_some_and(|step| step.footprint.last)
    }

    /// The steps that one with this footprint depends on, in their order.
    pub(super) fn dependencies(&self, footprint: &Footprint) -> SmallVec<[usize; 16]> {
        let mut found: SmallVec<[usize; 16]> = SmallVec::new();
        if footprint.last {
            found.extend(self.threads.iter().filter_map(|steps| steps.last().copied()));
        }
        if self.ended() {
            // What would come after it does not come at all.
            found.push(self.steps.len() - 1);
        }
        for (place, access) in &footprint.places {
            let touched = self.places.iter().find(|(other, _)| other == place).map(|(_, touched)| touched);
            let Some(touched) = touched.filter(|_| *access != Access::Awaits) else { continue };
            for &(step, theirs) in touched {
                if access.conflicts(theirs) {
                    found.push(step);
                }
            }
        }
        // Those of one place are in their order.
        if footprint.places.len() > 1 || footprint.last || self.ended() {
            found.sort_unstable();
            found.dedup();
        }
        found
    }

    /// What a step comes after, by what it depends on and what it awaits: a writer that all have given the lock back, a
    /// reader that writers have.
    pub(super) fn after(&self, kind: Kind, footprint: &Footprint, found: &[usize], clock: &mut Counts) {
        for &step in found.iter().rev() {
            // What comes before a later one has come with it.
            if !self.precedes(step, clock) {
                join(clock, &self.steps[step].clock);
            }
        }
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

    pub(super) fn touch(&mut self, step: usize) {
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
