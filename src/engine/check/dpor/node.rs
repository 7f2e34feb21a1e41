//! The points of a path at which something is decided.

use smallvec::SmallVec;

use crate::world::footprint::Footprint;

#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "choices are rare, and threads are picked all the time")]
pub(super) enum Node {
    Pick(Pick),
    Choice { value: usize, n: usize },
}

/// A point at which a thread is picked.
#[derive(Clone)]
pub(super) struct Pick {
    /// Who can go on.
    pub(super) enabled: SmallVec<[usize; 6]>,
    pub(super) picked: usize,
    /// What the step of whoever is picked has touched, in the executions so far.
    pub(super) touched: Footprint,
    /// That is all that it touches: no choice has come next.
    pub(super) known: bool,
    /// Whose pending steps that step has taken for them, and what these would have touched.
    pub(super) taken: Sleep,
    /// Who is to be tried.
    pub(super) backtrack: SmallVec<[usize; 4]>,
    /// Who need not be tried, and what their steps touch: those that sleep here, and those that have been.
    pub(super) sleep: Sleep,
    /// How many of these sleep here.
    asleep: usize,
    /// Whoever is preempted if another thread is picked.
    pub(super) running: Option<usize>,
    /// How often threads have been preempted before.
    preemptions: u32,
}

/// Threads whose next steps have been tried, with what these touched. As long as nothing comes that depends on it, they
/// would do the same again.
pub(super) type Sleep = Vec<(usize, Footprint)>;

impl Pick {
    pub(super) fn new(
        enabled: SmallVec<[usize; 6]>,
        picked: usize,
        sleep: Sleep,
        running: Option<usize>,
        preemptions: u32,
    ) -> Pick {
        Pick {
            enabled,
            picked,
            touched: Footprint::default(),
            known: false,
            taken: Sleep::new(),
            backtrack: SmallVec::from_elem(picked, 1),
            asleep: sleep.len(),
            sleep,
            running,
            preemptions,
        }
    }

    pub(super) fn sleeps(&self, thread: usize) -> bool {
        self.sleep.iter().any(|(other, _)| *other == thread)
    }

    /// Whether the thread can be picked without one preemption too many.
    fn within(&self, bound: Option<u32>, thread: usize) -> bool {
        let preempts = self.running.is_some_and(|running| running != thread);
        bound.is_none_or(|bound| self.preemptions + u32::from(preempts) <= bound)
    }

    /// Whether one of the threads is tried, or need not be.
    pub(super) fn has(&self, first: &[usize]) -> bool {
        first.iter().any(|thread| self.backtrack.contains(thread) || self.sleeps(*thread))
    }

    /// Has one of the threads tried; or everybody, if none of them can go on.
    pub(super) fn ask(&mut self, first: &[usize]) {
        if self.has(first) {
            return;
        }
        let able = first.iter().find(|thread| self.enabled.contains(thread));
        self.try_all_for(able.or(first.first()).copied().unwrap_or(usize::MAX));
    }

    /// Has the thread tried; or everybody, if it cannot go on.
    pub(super) fn try_all_for(&mut self, thread: usize) {
        let Pick { enabled, backtrack, .. } = self;
        let all = if enabled.contains(&thread) { std::slice::from_ref(&thread) } else { &enabled[..] };
        for thread in all {
            if !backtrack.contains(thread) {
                backtrack.push(*thread);
            }
        }
    }
}

impl Node {
    /// Goes on to what is tried next, with at most so many preemptions. False if nothing is left, and then it says in
    /// `kept_back` whether that is because of the bound.
    pub(super) fn advance(&mut self, bound: Option<u32>, kept_back: &mut bool) -> bool {
        match self {
            Node::Choice { value, n } => {
                let more = *value + 1 < *n;
                *value += usize::from(more);
                more
            }
            Node::Pick(pick) => {
                if !pick.sleeps(pick.picked) {
                    pick.sleep.push((pick.picked, std::mem::take(&mut pick.touched)));
                }
                pick.taken.clear();
                pick.known = false;
                let mut untried = pick.backtrack.iter().copied().filter(|thread| !pick.sleeps(*thread));
                let next = untried.clone().find(|thread| pick.within(bound, *thread));
                *kept_back |= next.is_none() && untried.next().is_some();
                pick.picked = next.unwrap_or(pick.picked);
                next.is_some()
            }
        }
    }

    /// How much is left to be tried, besides what is tried now.
    pub(super) fn left(&self) -> usize {
        match self {
            Node::Choice { value, n } => n - value - 1,
            Node::Pick(pick) => {
                pick.backtrack.iter().filter(|thread| **thread != pick.picked && !pick.sleeps(**thread)).count()
            }
        }
    }

    /// How much is tried here in all, as far as is known.
    pub(super) fn branches(&self) -> usize {
        match self {
            Node::Choice { n, .. } => *n,
            Node::Pick(pick) => pick.sleep.len() - pick.asleep + usize::from(!pick.sleeps(pick.picked)) + self.left(),
        }
    }
}
