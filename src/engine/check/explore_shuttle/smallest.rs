//! Making a failure small: fewest preemptions, then fewest steps.

use std::{cell::RefCell, rc::Rc};

use super::Session;
use crate::check::{
    Error, Failure, Strategy, Token,
    choosers::{Dfs, Guided, Recorded, Search},
    ended::{Ended, with_token},
    outcomes::Size,
    token::Body,
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
    /// schedule at hand is cut down: each cut is run.
    ///
    /// `None` if there is nothing smaller, or if the model does what only a seed can repeat, as drawing numbers is.
    pub(super) fn smallest(&mut self, failure: &Failure, body: &Body) -> Option<Failure> {
        // What was explored has been counted; from here on this is.
        self.tally.executions = 0;
        self.tally.steps = 0;
        let found = match self.within_bounds(failure) {
            Ok(None) => self.cut_down(failure, body),
            found => found,
        };
        // The failure has been found, whatever keeps it from being made smaller.
        let Found { failure, decisions, .. } = found.ok()??;
        // Samplers have seeds. What they see, depth-first search sees too.
        let strategy = if self.plan.strategy == Strategy::Dpor { Strategy::Dpor } else { Strategy::Dfs };
        let facts = &self.ex.core.borrow().facts;
        Some(with_token(failure, Token::new(&self.plan.case, strategy, Body::Decisions(decisions), facts)))
    }

    fn spent(&self) -> bool {
        self.tally.executions >= self.plan.smallest || self.tally.steps >= MOST_STEPS || self.plan.late()
    }

    fn within_bounds(&mut self, failure: &Failure) -> Result<Option<Found>, Error> {
        // The schedule itself is cut down with what is left.
        let all = self.plan.smallest / 4 * 3;
        let mut best: Option<Found> = None;
        let mut bound = 0;
        let mut search = Rc::new(RefCell::new(Dfs::new(Some(bound))));
        loop {
            if self.tally.executions >= all || self.spent() {
                return Ok(best);
            }
            search.borrow_mut().begin();
            let ended = self.run(Box::new(Rc::clone(&search)))?;
            if matches!(ended, Ended::Learned) {
                // What was found without the new fact is another execution with it.
                best = None;
                search = Rc::new(RefCell::new(Dfs::new(Some(bound))));
                continue;
            }
            best = self.better(best, failure, ended);
            if !search.borrow().diverged() && search.borrow_mut().next() {
                continue;
            }
            if best.is_some() || !search.borrow().kept_back() {
                return Ok(best);
            }
            bound += 1;
            search = Rc::new(RefCell::new(Dfs::new(Some(bound))));
        }
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
        let mut schedule = Rc::new(RefCell::new(Recorded::new(self.chooser_of(body)?)));
        let ended = self.run(Box::new(Rc::clone(&schedule)))?;
        let Some(mut best) = self.better(None, failure, ended) else { return Ok(None) };
        if schedule.borrow().drew {
            return Ok(None);
        }
        let mut stretches = schedule.borrow().stretches();
        let mut at = 0;
        while at < 2 * stretches.len() && !self.spent() {
            let cut = match at % 2 {
                0 => joined(&stretches, at / 2),
                _ => Some(stretches.iter().enumerate().filter(|(n, _)| *n != at / 2).map(|(_, s)| *s).collect()),
            };
            at += 1;
            let Some(cut) = cut else { continue };
            let guided = Guided::new(cut, schedule.borrow().choices.clone());
            let tried = Rc::new(RefCell::new(Recorded::new(Box::new(guided))));
            let ended = self.run(Box::new(Rc::clone(&tried)))?;
            if matches!(ended, Ended::Learned) {
                return Ok(None);
            }
            if let Some(found) = self.better(None, failure, ended)
                && found.size < best.size
            {
                best = found;
                schedule = tried;
                stretches = schedule.borrow().stretches();
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
