//! Strategies of the shuttle world: which thread comes next, and which value a choice has.
//!
//! Each execution has a chooser of its own, made from a seed and parameters that the token repeats, so no execution
//! depends on the ones before it. They stand in for shuttle's own schedulers, which learn from one execution for the
//! next (PCT how long executions are, URW its estimates) where no token could repeat it, and which count every thread
//! as able to run that shuttle does not know to be waiting.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use rand::{Rng, RngCore, SeedableRng};
use rand_pcg::Pcg64Mcg;
use smallvec::SmallVec;

use super::token::Estimate;
use crate::world::core::Core;

mod guided;
mod surw;

pub(crate) use self::guided::{Guided, Recorded};
pub(crate) use self::surw::{Surw, Trial, select};

/// Two or more threads can take a step: which one does?
pub(crate) struct Point<'a> {
    pub(crate) core: &'a Core,
    /// The threads that can, by number, in ascending order.
    pub(crate) threads: &'a [usize],
    /// The thread that ran last, whether or not it can go on.
    pub(crate) last: Option<usize>,
    /// The one that ran last asks to let others go first.
    pub(crate) yielding: bool,
}

/// What decides.
pub(crate) trait Chooser {
    /// An index into [`Point::threads`].
    fn pick(&mut self, point: &Point<'_>) -> usize;

    /// Only one thread can take a step, so there is nothing to pick.
    fn pass(&mut self, _point: &Point<'_>) {}

    /// Which of the threads goes on, and whether there is nothing to be seen in this execution: then it ends here.
    fn decide(&mut self, point: &Point<'_>) -> (usize, bool) {
        let chosen = match point.threads {
            [_] => {
                self.pass(point);
                0
            }
            threads => self.pick(point).min(threads.len() - 1),
        };
        (chosen, self.gives_up())
    }

    /// What schedules are drawn with, if they are drawn at random.
    fn rng(&mut self) -> Option<&mut Pcg64Mcg> {
        None
    }

    /// A number below `n`, which is at least 2. Who draws nothing says which.
    fn choose(&mut self, n: usize) -> usize {
        self.rng().expect("what explores chooses by itself").gen_range(0..n)
    }

    /// Any number, if schedules are drawn at random.
    fn random(&mut self) -> Option<u64> {
        self.rng().map(RngCore::next_u64)
    }

    /// Whether the last decision has shown that there is nothing to be seen in this execution.
    fn gives_up(&self) -> bool {
        false
    }

    /// The execution ends here: `early` if somebody could still have gone on.
    fn stopped(&mut self, _core: &Core, _early: bool) {}
}

/// What explores a model, execution by execution.
pub(crate) trait Search: Chooser + Default {
    /// Nothing has been explored yet. `bound`: how often threads may be preempted in an execution.
    fn new(bound: Option<u32>) -> Self;

    /// Whether a thread was not preempted because of the bound.
    fn kept_back(&self) -> bool;

    /// Before an execution.
    fn begin(&mut self);

    /// After one that has not ended early.
    fn end(&mut self, _core: &Core) {}

    /// Whether the execution that has ended did not repeat the one before it, up to where it should part from it.
    fn diverged(&self) -> bool;

    /// Whether the execution that has ended is equivalent to others.
    fn redundant(&self) -> bool {
        false
    }

    /// Moves on to the next execution; false after the last.
    fn next(&mut self) -> bool;

    /// How much of what it explores is left, of 1: all branches of a node count alike.
    fn left(&self) -> f64;
}

impl<C: Chooser> Chooser for Rc<RefCell<C>> {
    fn pick(&mut self, point: &Point<'_>) -> usize {
        self.borrow_mut().pick(point)
    }

    fn pass(&mut self, point: &Point<'_>) {
        self.borrow_mut().pass(point);
    }

    // What is asked at every step is asked at once.
    fn decide(&mut self, point: &Point<'_>) -> (usize, bool) {
        self.borrow_mut().decide(point)
    }

    fn choose(&mut self, n: usize) -> usize {
        self.borrow_mut().choose(n)
    }

    fn random(&mut self) -> Option<u64> {
        self.borrow_mut().random()
    }

    fn gives_up(&self) -> bool {
        self.borrow().gives_up()
    }

    fn stopped(&mut self, core: &Core, early: bool) {
        self.borrow_mut().stopped(core, early);
    }
}

/// Draws a place with a probability proportional to its weight. The weights must not all be 0.
fn weighted(rng: &mut Pcg64Mcg, weights: impl Iterator<Item = u64> + Clone) -> usize {
    let mut left = rng.gen_range(0..weights.clone().sum::<u64>());
    for (at, weight) in weights.enumerate() {
        if left < weight {
            return at;
        }
        left -= weight;
    }
    unreachable!("the number drawn is below the sum of the weights")
}

/// Any enabled thread, with the same probability at each step.
pub(crate) struct Random(Pcg64Mcg);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(Pcg64Mcg::seed_from_u64(seed))
    }
}

impl Chooser for Random {
    fn pick(&mut self, point: &Point<'_>) -> usize {
        self.0.gen_range(0..point.threads.len())
    }

    fn rng(&mut self) -> Option<&mut Pcg64Mcg> {
        Some(&mut self.0)
    }
}

/// Probabilistic concurrency testing: the enabled thread with the highest of random priorities, and at `depth - 1`
/// random steps the thread that ran last gets the lowest (Burckhardt et al., ASPLOS 2010). So does one that yields, or
/// it would keep everybody waiting for what it waits for.
pub(crate) struct Pct {
    rng: Pcg64Mcg,
    /// By thread. Those drawn have the highest bit, those that were lowered have not.
    priorities: Vec<u64>,
    /// The scheduling points, counted from 0, at which a priority changes.
    changes: SmallVec<[usize; 4]>,
    points: usize,
    lowest: u64,
}

impl Pct {
    /// `steps` is the estimate of the scheduling points in an execution.
    pub(crate) fn new(seed: u64, depth: usize, steps: usize) -> Pct {
        let mut rng = Pcg64Mcg::seed_from_u64(seed);
        let changes = (1..depth).map(|_| rng.gen_range(0..steps.max(1))).collect();
        Pct { rng, priorities: Vec::new(), changes, points: 0, lowest: 1 << 63 }
    }
}

impl Chooser for Pct {
    fn pass(&mut self, point: &Point<'_>) {
        while self.priorities.len() < point.core.threads.len() {
            self.priorities.push(self.rng.next_u64() | 1 << 63);
        }
        let change = self.changes.contains(&self.points) || point.yielding;
        self.points += 1;
        if change && let Some(last) = point.last {
            self.lowest -= 1;
            self.priorities[last] = self.lowest;
        }
    }

    fn pick(&mut self, point: &Point<'_>) -> usize {
        self.pass(point);
        let best = point.threads.iter().enumerate().max_by_key(|(_, thread)| self.priorities[**thread]);
        best.expect("a strategy is asked where somebody can run").0
    }

    fn rng(&mut self) -> Option<&mut Pcg64Mcg> {
        Some(&mut self.rng)
    }
}

/// Uniform random walk: a thread is chosen with a probability proportional to the scheduling points that it and the
/// threads it will spawn still have before them, so that every interleaving is about as likely (Zhao et al.,
/// ASPLOS 2025). The numbers come from one trial execution.
pub(crate) struct Urw {
    rng: Pcg64Mcg,
    estimate: Arc<Estimate>,
    /// For each thread seen so far: the points of its own and of those that it has yet to spawn.
    points: Vec<u64>,
}

impl Urw {
    pub(crate) fn new(seed: u64, estimate: Arc<Estimate>) -> Urw {
        Urw { rng: Pcg64Mcg::seed_from_u64(seed), estimate, points: Vec::new() }
    }
}

impl Chooser for Urw {
    fn pick(&mut self, point: &Point<'_>) -> usize {
        let threads = &point.core.threads;
        for thread in &threads[self.points.len()..] {
            let subtree = self.estimate.subtree(thread.path);
            self.points.push(subtree);
            if let Some(parent) = thread.parent {
                self.points[parent] = self.points[parent].saturating_sub(subtree);
            }
        }
        let weight = |thread: &usize| {
            // The point at hand is still before the thread.
            let done = u64::from(threads[*thread].points).saturating_sub(1);
            self.points[*thread].saturating_sub(done).max(1)
        };
        let weights: SmallVec<[u64; 8]> = point.threads.iter().map(weight).collect();
        weighted(&mut self.rng, weights.iter().copied())
    }

    fn rng(&mut self) -> Option<&mut Pcg64Mcg> {
        Some(&mut self.rng)
    }
}

/// Partial order sampling: every step has a random priority, and of those that could be taken the one with the highest
/// is; those that depend on it then get new ones (Yuan, Yang and Gu, CAV 2018). So each order of dependent steps is about
/// as likely, however many others there are.
pub(crate) struct Pos {
    rng: Pcg64Mcg,
    /// By thread: the priority of its next step, and which of its steps that is.
    priorities: Vec<Option<(u64, u32)>>,
}

impl Pos {
    pub(crate) fn new(seed: u64) -> Pos {
        Pos { rng: Pcg64Mcg::seed_from_u64(seed), priorities: Vec::new() }
    }
}

impl Chooser for Pos {
    fn pick(&mut self, point: &Point<'_>) -> usize {
        let core = point.core;
        self.priorities.resize(core.threads.len(), None);
        let mut best: Option<(u64, usize)> = None;
        for (at, &thread) in point.threads.iter().enumerate() {
            let step = core.threads[thread].points;
            let priority = match self.priorities[thread] {
                Some((priority, of)) if of == step => priority,
                _ => self.rng.next_u64(),
            };
            self.priorities[thread] = Some((priority, step));
            best = best.max(Some((priority, at)));
        }
        let (_, at) = best.expect("a strategy is asked where somebody can run");
        let taken = core.footprint(point.threads[at]);
        for (thread, priority) in self.priorities.iter_mut().enumerate() {
            if priority.is_some() && core.footprint(thread).depends_on(&taken) {
                *priority = None;
            }
        }
        at
    }

    fn pass(&mut self, point: &Point<'_>) {
        self.pick(point);
    }

    fn rng(&mut self) -> Option<&mut Pcg64Mcg> {
        Some(&mut self.rng)
    }
}

/// Every schedule and every choice, depth first, without any reduction: slow, and obviously complete.
#[derive(Default)]
pub(crate) struct Dfs {
    path: Vec<Fork>,
    at: usize,
    diverged: bool,
    /// How often a thread may be preempted, if there is a limit.
    bound: Option<u32>,
    /// A thread was not preempted because of the bound.
    kept_back: bool,
}

struct Fork {
    /// The branch that is taken first: the thread that ran last, if it can go on.
    first: usize,
    /// How many branches have been left behind.
    gone: usize,
    /// How many there are.
    n: usize,
}

impl Dfs {
    fn fork(&mut self, n: usize, first: usize) -> usize {
        if self.at == self.path.len() {
            self.path.push(Fork { first, gone: 0, n });
        }
        let fork = &self.path[self.at];
        self.diverged |= fork.n != n;
        self.at += 1;
        (fork.first + fork.gone) % n
    }
}

impl Search for Dfs {
    fn new(bound: Option<u32>) -> Dfs {
        Dfs { bound, ..Dfs::default() }
    }

    fn kept_back(&self) -> bool {
        self.kept_back
    }

    fn begin(&mut self) {
        self.at = 0;
    }

    fn diverged(&self) -> bool {
        self.diverged || self.at < self.path.len()
    }

    fn next(&mut self) -> bool {
        while let Some(fork) = self.path.last_mut() {
            fork.gone += 1;
            if fork.gone < fork.n {
                return true;
            }
            self.path.pop();
        }
        false
    }

    fn left(&self) -> f64 {
        self.path.iter().rev().fold(1.0, |left, fork| ((fork.n - fork.gone - 1) as f64 + left) / fork.n as f64)
    }
}

impl Chooser for Dfs {
    fn pick(&mut self, point: &Point<'_>) -> usize {
        if let Some(bound) = self.bound
            && point.core.preemptions >= bound
            && let Some(goes_on) = point.core.goes_on(point.threads)
        {
            self.kept_back = true;
            return goes_on;
        }
        let first = point.threads.iter().position(|thread| Some(*thread) == point.last);
        self.fork(point.threads.len(), first.unwrap_or(0))
    }

    fn choose(&mut self, n: usize) -> usize {
        self.fork(n, 0)
    }
}

/// The decisions of a token, one after another.
pub(crate) struct Replay {
    decisions: Vec<u32>,
    pub(crate) at: usize,
    /// Where the model and the token part, and how.
    pub(crate) parted: Option<String>,
}

impl Replay {
    pub(crate) fn new(decisions: Vec<u32>) -> Replay {
        Replay { decisions, at: 0, parted: None }
    }

    fn next(&mut self, n: usize) -> usize {
        let decision = self.decisions.get(self.at).map(|&d| d as usize);
        self.at += 1;
        match decision {
            Some(decision) if decision < n => decision,
            Some(decision) => {
                self.part(format!("decision {} takes branch {decision} of {n}", self.at));
                0
            }
            None => {
                self.part(format!(
                    "the model asks for decision {}, and the token has {}",
                    self.at,
                    self.decisions.len()
                ));
                0
            }
        }
    }

    fn part(&mut self, how: String) {
        self.parted.get_or_insert(how);
    }
}

impl Chooser for Replay {
    fn pick(&mut self, point: &Point<'_>) -> usize {
        self.next(point.threads.len())
    }

    fn choose(&mut self, n: usize) -> usize {
        self.next(n)
    }
}

#[cfg(test)]
mod tests;
