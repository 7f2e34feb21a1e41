//! The points of a path at which something is decided.

use smallvec::SmallVec;

#[derive(Clone)]
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
    /// Who is to be tried.
    pub(super) backtrack: SmallVec<[usize; 4]>,
    /// Who need not be tried: those that sleep here, and those that have been.
    pub(super) sleep: SmallVec<[usize; 4]>,
    /// How many of these sleep here.
    asleep: usize,
}

impl Pick {
    pub(super) fn new(enabled: SmallVec<[usize; 6]>, picked: usize, sleep: SmallVec<[usize; 4]>) -> Pick {
        Pick { enabled, picked, backtrack: SmallVec::from_elem(picked, 1), asleep: sleep.len(), sleep }
    }

    /// Whether one of the threads is tried, or need not be.
    pub(super) fn has(&self, first: &[usize]) -> bool {
        first.iter().any(|thread| self.backtrack.contains(thread) || self.sleep.contains(thread))
    }

    /// Has one of the threads tried; or everybody, if none of them can go on.
    pub(super) fn ask(&mut self, first: &[usize]) {
        if self.has(first) {
            return;
        }
        match first.iter().find(|thread| self.enabled.contains(thread)) {
            Some(&thread) => self.backtrack.push(thread),
            None => {
                for &thread in &self.enabled {
                    if !self.backtrack.contains(&thread) {
                        self.backtrack.push(thread);
                    }
                }
            }
        }
    }
}

impl Node {
    /// Goes on to what is tried next. False if nothing is left.
    pub(super) fn advance(&mut self) -> bool {
        match self {
            Node::Choice { value, n } => {
                let more = *value + 1 < *n;
                *value += usize::from(more);
                more
            }
            Node::Pick(Pick { picked, backtrack, sleep, .. }) => {
                if !sleep.contains(picked) {
                    sleep.push(*picked);
                }
                let next = backtrack.iter().find(|thread| !sleep.contains(thread)).copied();
                *picked = next.unwrap_or(*picked);
                next.is_some()
            }
        }
    }

    /// How much is left to be tried, besides what is tried now.
    pub(super) fn left(&self) -> usize {
        match self {
            Node::Choice { value, n } => n - value - 1,
            Node::Pick(Pick { picked, backtrack, sleep, .. }) => {
                backtrack.iter().filter(|thread| *thread != picked && !sleep.contains(thread)).count()
            }
        }
    }

    /// How much is tried here in all, as far as is known.
    pub(super) fn branches(&self) -> usize {
        match self {
            Node::Choice { n, .. } => *n,
            Node::Pick(Pick { picked, sleep, asleep, .. }) => {
                sleep.len() - asleep + usize::from(!sleep.contains(picked)) + self.left()
            }
        }
    }
}
