//! Searching a model: how far a search goes at a time, and what ends the exploration.

use std::{cell::RefCell, mem, rc::Rc};

use super::{Session, Tally, never_settles};
use crate::{
    check::{
        Coverage, Error, Failure, Limit,
        choosers::Search,
        ended::{Ended, Explored, diverged, names, steps, with_token},
        progress::Counts,
        token::Body,
    },
    world::facts::Facts,
};

/// What an exploration knows of the model when it begins.
#[derive(Clone, Default)]
pub(super) struct Known {
    facts: Facts,
    asks_time: bool,
}

/// How far a search goes.
pub(super) struct Stretch {
    /// Executions, at most.
    pub(super) limit: u64,
    /// The number of the execution before the first.
    pub(super) number: u64,
    /// The number of the last one: then an execution is replayed, and those before it only lead there.
    pub(super) last: Option<u64>,
    /// Complete executions that are known to have come before.
    pub(super) before: u64,
    /// How much of everything it explores, of 1.
    pub(super) share: f64,
}

/// Why a search has come to a halt.
pub(super) enum Halt {
    /// Nothing is left.
    Over,
    /// It has gone as far as it was to go.
    Spent,
    /// Time is over.
    Late,
    /// What it would find does not count any more.
    Dropped,
    /// The execution that is replayed has ended, and did not fail.
    Reached,
    Learned(Known),
    Failed(Failure, Body),
    /// The model does not repeat itself.
    Lost(Failure),
    Tool(Error),
}

impl Halt {
    /// Whether the exploration ends, or starts over.
    pub(super) fn decides(&self) -> bool {
        !matches!(self, Halt::Over | Halt::Spent | Halt::Late | Halt::Dropped)
    }
}

impl Session<'_> {
    pub(super) fn known(&self) -> Known {
        let core = self.ex.core.borrow();
        Known { facts: core.facts.clone(), asks_time: core.asks_time }
    }

    /// What it has learned itself is forgotten.
    pub(super) fn knows(&self, known: &Known) {
        let mut core = self.ex.core.borrow_mut();
        core.facts.clone_from(&known.facts);
        core.asks_time = known.asks_time;
        core.forget_kept();
    }

    /// Goes on with a search, up to where it is `dropped`, and counts from 0.
    pub(super) fn stretch<S: Search + 'static>(
        &mut self,
        search: S,
        stretch: &Stretch,
        known: &Known,
        dropped: impl Fn() -> bool,
    ) -> (S, Tally, Halt) {
        let counted = mem::take(&mut self.tally);
        self.knows(known);
        self.arm(Body::Number { number: 1, choices: Default::default() });
        let search = Rc::new(RefCell::new(search));
        let halt = self.go_on(&search, stretch, dropped).unwrap_or_else(Halt::Tool);
        (search.take(), mem::replace(&mut self.tally, counted), halt)
    }

    fn go_on<S: Search + 'static>(
        &mut self,
        search: &Rc<RefCell<S>>,
        &Stretch { limit, number, last, before, share }: &Stretch,
        dropped: impl Fn() -> bool,
    ) -> Result<Halt, Error> {
        let mut left = self.plan.meter.as_ref().map(|_| search.borrow().left());
        for number in (number..number.saturating_add(limit)).map(|number| number + 1) {
            if dropped() {
                return Ok(Halt::Dropped);
            }
            if last.is_none() && self.plan.late() {
                return Ok(Halt::Late);
            }
            self.armed.number(number, before + self.tally.executions + 1);
            search.borrow_mut().begin();
            let ended = self.run(Box::new(Rc::clone(search)))?;
            if matches!(ended, Ended::Learned) {
                return Ok(Halt::Learned(self.known()));
            }
            search.borrow_mut().end(&self.ex.core.borrow());
            let decisions = || Body::Decisions(self.ex.core.borrow().decisions.clone());
            if search.borrow().diverged() {
                let core = self.ex.core.borrow();
                let failure = diverged(names(&core), steps(&core));
                return Ok(Halt::Lost(with_token(failure, self.token(decisions()))));
            }
            if search.borrow().redundant() {
                self.tally.redundant += 1;
                self.tally.executions -= 1;
                self.tally.steps -= self.ex.core.borrow().steps;
            } else if last.is_none() && self.plan.gatherer.is_some() {
                let taken = self.ex.core.borrow().decisions.clone();
                if let Some(lost) = self.gathered(&ended, number, || Body::Decisions(taken.clone()))? {
                    return Ok(Halt::Lost(lost));
                }
            } else if let Ended::Failed(failure) = ended
                && last.is_none_or(|last| last == number)
            {
                return Ok(Halt::Failed(failure, decisions()));
            }
            if last == Some(number) {
                return Ok(Halt::Reached);
            }
            let more = search.borrow_mut().next();
            if let (Some(meter), Some(left)) = (&self.plan.meter, &mut left) {
                let now = if more { search.borrow().left() } else { 0.0 };
                let mut counts = meter.counts();
                match search.borrow().redundant() {
                    true => counts.redundant += 1,
                    false => counts.executions += 1,
                }
                counts.done += share * (*left - now);
                *left = now;
            }
            if !more {
                return Ok(Halt::Over);
            }
        }
        Ok(Halt::Spent)
    }

    /// What those who listen are told of executions that do not count is taken back.
    pub(super) fn has_done(&self, done: f64) {
        if let Some(meter) = &self.plan.meter {
            let Tally { executions, redundant, .. } = self.tally;
            *meter.counts() = Counts { executions, redundant, done };
        }
    }

    /// The exploration starts over.
    pub(super) fn starts_over(&mut self, restarts: &mut u32) -> Result<(), Error> {
        self.tally = Tally { kept: self.tally.kept, ..Tally::default() };
        if let Some(gatherer) = &self.plan.gatherer {
            gatherer.lock().starts_over();
        }
        self.has_done(0.0);
        never_settles(restarts)
    }

    /// The exploration ends.
    pub(super) fn concluded(&mut self, halt: Halt, replays: bool) -> Result<Explored, Error> {
        let truncated = |by| Coverage::Truncated { by };
        match halt {
            Halt::Over | Halt::Reached => Ok(self.done(Coverage::complete(None, self.tally.kept, self.plan.settings))),
            Halt::Spent => Ok(self.done(truncated(Limit::Executions))),
            Halt::Late => Ok(self.done(truncated(Limit::Time))),
            Halt::Failed(failure, body) if replays => {
                let token = self.token(body);
                Ok(self.failed(with_token(failure, token), truncated(Limit::Failure)))
            }
            Halt::Failed(failure, body) => self.found(failure, body, truncated(Limit::Failure)),
            Halt::Lost(failure) => Ok(self.failed(failure, truncated(Limit::Failure))),
            Halt::Tool(why) => Err(why),
            Halt::Learned(_) | Halt::Dropped => unreachable!("the exploration goes on"),
        }
    }

    /// Explores the model by one search, or up to the execution with a number.
    pub(super) fn slowly<S: Search + 'static>(&mut self, last: Option<u64>) -> Result<Explored, Error> {
        let limit = if last.is_none() { self.plan.budget } else { u64::MAX };
        let (mut known, mut restarts) = (self.known(), 0);
        loop {
            let stretch = Stretch { limit, number: 0, last, before: 0, share: 1.0 };
            let search = S::new(self.plan.preemptions);
            let (search, tally, halt) = self.stretch(search, &stretch, &known, || false);
            self.tally = self.tally.and(tally);
            match halt {
                Halt::Learned(more) => known = more,
                Halt::Over if search.kept_back() => {
                    let bound = self.plan.preemptions.map(|most| most as usize);
                    return Ok(self.done(Coverage::complete(bound, self.tally.kept, self.plan.settings)));
                }
                halt => return self.concluded(halt, last.is_some()),
            }
            self.starts_over(&mut restarts)?;
        }
    }
}
