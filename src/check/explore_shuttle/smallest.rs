//! Making a failure small: fewest preemptions, then fewest steps.

use std::{cell::RefCell, rc::Rc};

use super::Session;
use crate::{
    check::{
        Error, Failure, Strategy, Token,
        choosers::{Dfs, Guided, Recorded, Search},
        outcome::{Ended, with_token},
        outcomes::Size,
        token::Body,
    },
    world::World,
};

/// Steps that may be spent on it.
const MOST_STEPS: u64 = 5_000_000;

/// A failure that was found, or made smaller.
struct Found {
    size: Size,
    failure: Failure,
    decisions: Vec<u32>,
}

impl Session<'_> {
    /// The same failure (kind and message) in the smallest execution that is found within so many executions, which are
    /// not counted: all those with no preemption are tried, then those with one, and so on. Where that takes too long, the
    /// schedule at hand is cut down, and each cut replayed.
    pub(super) fn smallest(&mut self, failure: Failure, body: &Body) -> Result<Failure, Error> {
        debug_assert_eq!(self.ex.world, World::Shuttle);
        let counted = (self.executions, self.steps, self.restarts, self.kept);
        self.executions = 0;
        self.steps = 0;
        let found = match self.within_bounds(&failure)? {
            None => self.cut_down(&failure, body)?,
            found => found,
        };
        (self.executions, self.steps, self.restarts, self.kept) = counted;
        Ok(match found {
            Some(Found { failure, decisions, .. }) => {
                // Samplers have seeds. What they see, depth-first search sees too.
                let strategy = if self.plan.strategy == Strategy::Dpor { Strategy::Dpor } else { Strategy::Dfs };
                let facts = &self.ex.core.borrow().facts;
                with_token(failure, Token::new(&self.plan.case, strategy, Body::Decisions(decisions), facts))
            }
            None => failure,
        })
    }

    fn spent(&self) -> bool {
        self.executions >= self.plan.smallest || self.steps >= MOST_STEPS || self.plan.late()
    }

    fn within_bounds(&mut self, failure: &Failure) -> Result<Option<Found>, Error> {
        // The schedule itself is cut down with what is left.
        let all = self.plan.smallest / 4 * 3;
        let mut best: Option<Found> = None;
        for bound in 0.. {
            let mut search = Rc::new(RefCell::new(Dfs::bounded(bound)));
            loop {
                if self.executions >= all || self.spent() {
                    return Ok(best);
                }
                search.borrow_mut().begin();
                match self.run(Box::new(Rc::clone(&search)))? {
                    Ended::Learned => {
                        search = Rc::new(RefCell::new(Dfs::bounded(bound)));
                        continue;
                    }
                    ended => best = self.better(best, failure, ended),
                }
                if search.borrow().diverged() || !search.borrow_mut().next() {
                    break;
                }
            }
            if best.is_some() {
                return Ok(best);
            }
            if !search.borrow().kept_back() {
                return Ok(None);
            }
        }
        unreachable!("bounds are tried one after another until one is enough")
    }

    /// What has just ended, if it is the same failure in a smaller execution.
    fn better(&self, best: Option<Found>, wanted: &Failure, ended: Ended) -> Option<Found> {
        let Ended::Failed(failure) = ended else { return best };
        if failure.kind != wanted.kind || failure.message != wanted.message {
            return best;
        }
        let core = self.ex.core.borrow();
        let size = core.size();
        match best {
            Some(best) if best.size <= size => Some(best),
            _ => Some(Found { size, failure, decisions: core.decisions.clone() }),
        }
    }

    /// Leaves out one stretch of a thread after another, or has it go on with what it does next, as long as it still fails.
    fn cut_down(&mut self, failure: &Failure, body: &Body) -> Result<Option<Found>, Error> {
        let recorded = Rc::new(RefCell::new(Recorded::new(self.chooser_of(body)?)));
        let ended = self.run(Box::new(Rc::clone(&recorded)))?;
        let Some(mut best) = self.better(None, failure, ended) else { return Ok(None) };
        let mut stretches = recorded.borrow().stretches();
        let mut at = 0;
        while at < 2 * stretches.len() && !self.spent() {
            let cut = match at % 2 {
                0 => joined(&stretches, at / 2),
                _ => Some(stretches.iter().enumerate().filter(|(n, _)| *n != at / 2).map(|(_, s)| *s).collect()),
            };
            at += 1;
            let Some(cut) = cut else { continue };
            let choices = recorded.borrow().choices.clone();
            let guided = Rc::new(RefCell::new(Recorded::new(Box::new(Guided::new(cut, choices)))));
            let ended = self.run(Box::new(Rc::clone(&guided)))?;
            if matches!(ended, Ended::Learned) {
                return Ok(None);
            }
            if let Some(found) = self.better(None, failure, ended)
                && found.size < best.size
            {
                best = found;
                stretches = guided.borrow().stretches();
                at = 0;
            }
        }
        Ok(Some(best))
    }
}

/// The stretches, with the next one of the same thread moved to where this one ends.
fn joined(stretches: &[(usize, u32)], at: usize) -> Option<Vec<(usize, u32)>> {
    let (thread, points) = stretches[at];
    let next = at + 1 + stretches[at + 1..].iter().position(|(other, _)| *other == thread)?;
    let mut all = stretches.to_vec();
    let (_, more) = all.remove(next);
    all[at] = (thread, points + more);
    Some(all)
}
