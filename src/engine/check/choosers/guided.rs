//! Schedules by stretches: which thread runs, and for how many scheduling points.

use super::{Chooser, Point};
use crate::world::core::Core;

/// Notes what another chooser decides.
pub(crate) struct Recorded {
    inner: Box<dyn Chooser>,
    /// The thread at each scheduling point.
    taken: Vec<usize>,
    pub(crate) choices: Vec<u32>,
    /// It has drawn a number, which is no decision: only its seed repeats that.
    pub(crate) drew: bool,
}

impl Recorded {
    pub(crate) fn new(inner: Box<dyn Chooser>) -> Recorded {
        Recorded { inner, taken: Vec::new(), choices: Vec::new(), drew: false }
    }

    /// The execution's stretches, each of a thread other than the one before.
    pub(crate) fn stretches(&self) -> Vec<(usize, u32)> {
        self.taken.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u32)).collect()
    }
}

impl Chooser for Recorded {
    fn pick(&mut self, point: &Point<'_>) -> usize {
        let picked = self.inner.pick(point).min(point.threads.len() - 1);
        self.taken.push(point.threads[picked]);
        picked
    }

    fn pass(&mut self, point: &Point<'_>) {
        self.inner.pass(point);
        self.taken.push(point.threads[0]);
    }

    fn choose(&mut self, n: usize) -> usize {
        let chosen = self.inner.choose(n);
        self.choices.push(chosen as u32);
        chosen
    }

    fn random(&mut self) -> Option<u64> {
        let drawn = self.inner.random();
        self.drew |= drawn.is_some();
        drawn
    }

    fn stopped(&mut self, core: &Core, early: bool) {
        self.inner.stopped(core, early);
    }
}

/// Takes stretches as far as they can be taken. Where one cannot, or none is left, whoever has the turn goes on.
pub(crate) struct Guided {
    stretches: Vec<(usize, u32)>,
    at: usize,
    choices: Vec<u32>,
    chosen: usize,
}

impl Guided {
    pub(crate) fn new(stretches: Vec<(usize, u32)>, choices: Vec<u32>) -> Guided {
        Guided { stretches, at: 0, choices, chosen: 0 }
    }
}

impl Chooser for Guided {
    fn pick(&mut self, point: &Point<'_>) -> usize {
        while let Some((thread, points)) = self.stretches.get_mut(self.at) {
            if *points > 0
                && let Some(at) = point.threads.iter().position(|other| other == thread)
            {
                *points -= 1;
                return at;
            }
            self.at += 1;
        }
        point.threads.iter().position(|thread| Some(*thread) == point.core.turns.holder).unwrap_or(0)
    }

    fn pass(&mut self, point: &Point<'_>) {
        if let Some((thread, points)) = self.stretches.get_mut(self.at)
            && point.threads == [*thread]
        {
            *points = points.saturating_sub(1);
        }
    }

    fn choose(&mut self, n: usize) -> usize {
        let chosen = self.choices.get(self.chosen).map_or(0, |&choice| choice as usize);
        self.chosen += 1;
        chosen.min(n - 1)
    }
}
