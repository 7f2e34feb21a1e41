//! Selectively uniform random walk: what is selected, and the walk.

use std::{collections::BTreeMap, sync::Arc};

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use smallvec::SmallVec;

use super::{Chooser, Point, Random, weighted};
use crate::{
    check::token::{Estimate, Estimated},
    world::{
        core::{Core, mix},
        footprint::{Access, Place},
    },
};

/// Points that the others wait, at most, for a thread to come to the next selected step. It may loop until one of those
/// who wait goes on.
const PATIENCE: u32 = 1_000;

/// The trial: a random walk that notes who uses which object, and how often.
pub(crate) struct Trial {
    walk: Random,
    /// By object.
    uses: BTreeMap<usize, Uses>,
}

#[derive(Default)]
struct Uses {
    /// How often, by thread.
    threads: BTreeMap<usize, u32>,
    /// Not only to read it.
    changed: bool,
}

impl Trial {
    pub(crate) fn new(seed: u64) -> Trial {
        Trial { walk: Random::new(seed), uses: BTreeMap::new() }
    }

    fn note(&mut self, core: &Core, thread: usize) {
        let touched = core.footprint(thread);
        for object in core.used(thread) {
            let uses = self.uses.entry(object).or_default();
            *uses.threads.entry(thread).or_default() += 1;
            uses.changed |= touched.places.contains(&(Place::Object(object), Access::Changes));
        }
    }

    /// What may be selected: each place where objects are made of which one is used by two threads at least, and not
    /// only read. How likely it is goes by how often its objects are used.
    pub(crate) fn selectable(&self, core: &Core) -> Vec<(u64, Estimated)> {
        let mut places: BTreeMap<u32, (bool, Vec<(usize, u32)>)> = BTreeMap::new();
        for (&object, Uses { threads, changed }) in &self.uses {
            let nobody = || core.threads.iter().map(|thread| (thread.parent.unwrap_or(0), 0)).collect();
            let (shared, all) = places.entry(core.made_at(object)).or_insert_with(|| (false, nobody()));
            *shared |= *changed && threads.len() > 1;
            threads.iter().for_each(|(&thread, times)| all[thread].1 += times);
        }
        let shared = places.into_iter().filter(|(_, (shared, _))| *shared);
        let weight = |threads: &[(usize, u32)]| threads.iter().map(|&(_, times)| u64::from(times)).sum();
        shared.map(|(place, (_, threads))| (weight(&threads), Estimated::selected(place, threads))).collect()
    }
}

impl Chooser for Trial {
    fn pick(&mut self, point: &Point<'_>) -> usize {
        let at = self.walk.pick(point);
        self.note(point.core, point.threads[at]);
        at
    }

    fn pass(&mut self, point: &Point<'_>) {
        point.threads.iter().for_each(|&thread| self.note(point.core, thread));
    }

    fn rng(&mut self) -> Option<&mut Pcg64Mcg> {
        self.walk.rng()
    }
}

/// Which of the estimates, each with its weight, the schedule with this seed is drawn with.
pub(crate) fn select(seed: u64, estimates: &[(u64, Estimated)]) -> usize {
    // Not what the schedule's own numbers grow from, or the two would depend on each other.
    let mut rng = Pcg64Mcg::seed_from_u64(mix(seed, 1));
    weighted(&mut rng, estimates.iter().map(|(weight, _)| *weight))
}

/// Selectively uniform random walk: every order of the selected steps is about as likely, whatever comes between them
/// (Zhao et al., ASPLOS 2025). Who takes the next one is drawn with a probability proportional to the selected steps that
/// it and the threads it will spawn still have before them. Until it has taken that step, the others go no further than
/// to selected steps of their own. Whoever need not wait is as likely as any other.
///
/// The paper selects the accesses of one shared variable, drawn anew for each schedule. Which object is which differs
/// from schedule to schedule, where they are made does not: so what is selected are the steps that use what is made at
/// one place in the source. The numbers come from one trial execution.
pub(crate) struct Surw {
    rng: Pcg64Mcg,
    place: u32,
    uses: Arc<Estimate>,
    /// For each object seen so far: whether its steps are selected.
    selected: Vec<bool>,
    /// For each thread seen so far: the selected steps of its own and of those that it has yet to spawn.
    left: Vec<u64>,
    /// Who takes the next selected step, once that is drawn.
    intended: Option<usize>,
    /// The points since then.
    waited: u32,
}

impl Surw {
    pub(crate) fn new(seed: u64, place: u32, uses: Arc<Estimate>) -> Surw {
        let rng = Pcg64Mcg::seed_from_u64(seed);
        Surw { rng, place, uses, selected: Vec::new(), left: Vec::new(), intended: None, waited: 0 }
    }

    /// Notes the threads and the objects that are new.
    fn meet(&mut self, core: &Core) {
        for object in self.selected.len()..core.objects.len() {
            self.selected.push(core.made_at(object) == self.place);
        }
        for id in self.left.len()..core.threads.len() {
            let thread = &core.threads[id];
            let subtree = self.uses.subtree(thread.path);
            self.left.push(subtree);
            let Some(parent) = thread.parent else { continue };
            // What was drawn was a step of the two together.
            if self.intended == Some(parent) && self.rng.gen_range(0..self.left[parent].max(1)) < subtree {
                self.intended = Some(id);
            }
            self.left[parent] = self.left[parent].saturating_sub(subtree);
        }
    }

    /// Whether the thread's next step is selected.
    fn selects(&self, core: &Core, thread: usize) -> bool {
        core.used(thread).iter().any(|object| self.selected[*object])
    }

    /// Draws who takes the next selected step.
    fn intend(&mut self, point: &Point<'_>) -> usize {
        let weights: SmallVec<[u64; 8]> = point
            .threads
            .iter()
            .map(|&thread| self.left[thread].max(u64::from(self.selects(point.core, thread))))
            .collect();
        let intended = point.threads[weighted(&mut self.rng, weights.iter().copied())];
        self.intended = Some(intended);
        self.waited = 0;
        intended
    }
}

impl Chooser for Surw {
    fn pick(&mut self, point: &Point<'_>) -> usize {
        self.meet(point.core);
        self.waited += 1;
        if self.waited > PATIENCE {
            self.intended = None;
        }
        let mut free: SmallVec<[usize; 8]> = (0..point.threads.len()).collect();
        loop {
            if free.is_empty() {
                // Who is intended needs one of those that wait for it.
                self.intended = None;
                free.extend(0..point.threads.len());
            }
            let drawn = self.rng.gen_range(0..free.len());
            let (at, thread) = (free[drawn], point.threads[free[drawn]]);
            if !self.selects(point.core, thread) {
                return at;
            }
            if self.intended.unwrap_or_else(|| self.intend(point)) == thread {
                self.intended = None;
                self.left[thread] = self.left[thread].saturating_sub(1);
                return at;
            }
            free.swap_remove(drawn);
        }
    }

    fn pass(&mut self, point: &Point<'_>) {
        self.pick(point);
    }

    fn rng(&mut self) -> Option<&mut Pcg64Mcg> {
        Some(&mut self.rng)
    }
}
