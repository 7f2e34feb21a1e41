//! Exploring in the shuttle world: sampling, depth-first search, and replay.

mod rounds;
mod search;
mod smallest;

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    rc::Rc,
    sync::Arc,
};

use super::{
    Coverage, Error, Failure, FailureKind, Limit, Model, Plan, Strategy, Token, TokenError,
    choosers::{Chooser, Dfs, Pct, Pos, Random, Replay, Surw, Trial, Urw, select},
    crash::Armed,
    dpor::Dpor,
    ended::{Again, Ended, Explored, MOST_RESTARTS, confirm, names, steps, take, with_token},
    outcomes::{Run, forget_returned},
    progress::Counts,
    token::{Body, Estimated},
};
use crate::world::{Engine, Execution, core::mix, facts::Facts, panics::message_of, shuttle, timer::Kept};

/// Decisions that PCT supposes an execution to have before it has seen one.
const FIRST_STEPS: usize = 16;

/// What has been counted.
#[derive(Clone, Copy, Default)]
struct Tally {
    executions: u64,
    steps: u64,
    /// Executions that were equivalent to others, and are not among these.
    redundant: u64,
    /// The limits that have kept something back in some execution.
    kept: Kept,
}

impl Tally {
    fn and(self, more: Tally) -> Tally {
        Tally {
            executions: self.executions + more.executions,
            steps: self.steps + more.steps,
            redundant: self.redundant + more.redundant,
            kept: self.kept.or(more.kept),
        }
    }
}

/// What runs executions, on an OS thread of its own.
struct Session<'a> {
    armed: Armed,
    plan: &'a Plan,
    model: &'a Model,
    ex: &'a Execution,
    tally: Tally,
    restarts: u32,
}

pub(crate) fn explore(plan: &Plan, model: &Model) -> Result<Explored, Error> {
    on_execution(plan, model, |session| match &plan.replay {
        Some(token) => session.replay(token),
        None if plan.strategy == Strategy::Dfs => session.slowly::<Dfs>(None),
        // What is bounded is not split: a preemption that is tried elsewhere may have come before.
        None if plan.strategy == Strategy::Dpor && plan.preemptions.is_some() => session.slowly::<Dpor>(None),
        None if plan.strategy == Strategy::Dpor => session.rounds(None),
        None => session.sample(),
    })
}

/// Makes the calling OS thread one that runs executions.
fn on_execution<R>(plan: &Plan, model: &Model, work: impl FnOnce(&mut Session<'_>) -> R) -> R {
    let facts = plan.replay.as_ref().map_or_else(Facts::default, |token| token.facts.clone());
    let idle: Box<dyn Chooser> = Box::new(Replay::new(Vec::new()));
    let ex = Execution::new(Engine::Shuttle(shuttle::Engine::new(idle)), plan.settings, facts);
    let _installed = ex.install();
    ex.core.borrow_mut().turns.tells = plan.replay.is_some() || plan.gatherer.is_some();
    #[cfg(raddle_internals)]
    if plan.gatherer.as_ref().is_some_and(|gatherer| gatherer.tells_classes()) {
        ex.core.borrow_mut().noted = Some(Default::default());
    }
    let armed = Armed::new(&plan.case, plan.strategy);
    // Every execution counts a reference: workers that share the count would wait for each other.
    let shared = Arc::clone(model);
    let model: &Model = &(Arc::new(move || shared()) as Model);
    let result = work(&mut Session { armed, plan, model, ex: &ex, tally: Tally::default(), restarts: 0 });
    forget_returned();
    result
}

/// Counts how often an exploration has started over.
fn never_settles(restarts: &mut u32) -> Result<(), Error> {
    *restarts += 1;
    if *restarts > MOST_RESTARTS {
        return Err(Error::Tool("the model taught new facts again and again: it never settles".to_owned()));
    }
    Ok(())
}

impl Session<'_> {
    /// Runs one execution.
    fn run(&mut self, chooser: Box<dyn Chooser>) -> Result<Ended, Error> {
        self.ex.shuttle().strategy.replace(chooser);
        self.ex.begin();
        let model = Arc::clone(self.model);
        let location = Location::caller();
        let main = move || {
            let ex = crate::world::current().expect("the model runs while its execution is installed");
            ex.run_main(location, || model());
        };
        let engine = self.ex.shuttle();
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| engine.run(self.ex, Box::new(main)))) {
            engine.abandon();
            return Err(Error::Tool(format!("the shuttle engine gave up: {}", message_of(&*payload))));
        }
        let ended = take(self.ex)?;
        self.tally.kept = self.tally.kept.or(self.ex.core.borrow().kept());
        if matches!(ended, Ended::Learned) {
            self.tally.executions = 0;
            self.tally.steps = 0;
            never_settles(&mut self.restarts)?;
        } else {
            self.tally.executions += 1;
            self.tally.steps += self.ex.core.borrow().steps;
        }
        Ok(ended)
    }

    fn done(&self, coverage: Coverage) -> Explored {
        Explored {
            failure: None,
            coverage,
            executions: self.tally.executions,
            steps: self.tally.steps,
            failures: 0,
            redundant: self.tally.redundant,
        }
    }

    fn token(&self, body: Body) -> Token {
        Token::new(&self.plan.case, self.plan.strategy, body, &self.ex.core.borrow().facts)
    }

    /// Tells the crash handler what the executions to come share.
    fn arm(&mut self, body: Body) {
        let token = self.token(body);
        self.armed.tail(&token);
    }

    fn failed(&self, failure: Failure, coverage: Coverage) -> Explored {
        Explored { failure: Some(failure), failures: 1, ..self.done(coverage) }
    }

    /// A failure that exploration has found, once it has been seen again: its token is replayed, which is not counted.
    fn confirmed(&mut self, failure: Failure, body: Body) -> Result<Failure, Error> {
        let counted = self.tally;
        let again = match self.rerun(&body)? {
            (_, Some(how)) => Again::Parted(how),
            (Ended::Passed, None) => Again::Passed,
            (Ended::Learned, None) => Again::Parted("it did what it had not done before".to_owned()),
            (Ended::Failed(failure), None) => Again::Failed(failure),
        };
        self.tally = counted;
        Ok(with_token(confirm(failure, again), self.token(body)))
    }

    /// A failure that ends the exploration: confirmed, and made small where that is asked for.
    fn found(&mut self, failure: Failure, body: Body, coverage: Coverage) -> Result<Explored, Error> {
        let failure = self.confirmed(failure, body.clone())?;
        let mut explored = self.failed(failure, coverage);
        if let Some(failure) = &explored.failure
            && self.plan.smallest > 0
            && failure.kind != FailureKind::Nondeterminism
            && let Some(smaller) = self.smallest(failure, &body)
        {
            explored.failure = Some(smaller);
        }
        Ok(explored)
    }

    /// Takes note of how an execution has ended, where all of that is gathered. A failure that does not repeat itself ends
    /// the exploration: it is returned.
    fn gathered(&mut self, ended: &Ended, number: u64, body: impl Fn() -> Body) -> Result<Option<Failure>, Error> {
        let Some(gatherer) = &self.plan.gatherer else { return Ok(None) };
        let failure = match ended {
            Ended::Learned => {
                gatherer.lock().starts_over();
                return Ok(None);
            }
            Ended::Passed => None,
            Ended::Failed(failure) => Some(failure),
        };
        let new = {
            let core = self.ex.core.borrow();
            let mut run = || {
                let steps = steps(&core);
                let token = self.token(body()).with_trail(&steps).to_string();
                Run { threads: names(&core), steps, token }
            };
            #[cfg(raddle_internals)]
            if let Some(class) = core.class() {
                gatherer.lock().class(class, &core.facts);
            }
            gatherer.lock().ended(failure, core.size(), number, &mut run)
        };
        match failure.filter(|_| new) {
            None => Ok(None),
            Some(failure) => {
                let again = self.confirmed(failure.clone(), body())?;
                Ok((again.kind == FailureKind::Nondeterminism).then_some(again))
            }
        }
    }

    /// Draws schedules at random.
    fn sample(&mut self) -> Result<Explored, Error> {
        let mut estimates = Vec::new();
        let mut armed = None;
        loop {
            let index = self.tally.executions;
            if index >= self.plan.budget {
                return Ok(self.done(Coverage::Sampled { schedules: index }));
            }
            if self.plan.late() {
                return Ok(self.done(Coverage::Truncated { by: Limit::Time }));
            }
            let seed = mix(self.plan.seed, index);
            if index == 0 {
                estimates = self.first_estimates()?;
                armed = None;
            }
            let drawn = select(seed, &estimates);
            let estimate = &mut estimates[drawn].1;
            if armed != Some(drawn) {
                self.arm(Body::Seed { seed, estimate: estimate.clone() });
                armed = Some(drawn);
            }
            self.armed.seed(index + 1, seed);
            let ended = self.run(chooser(self.plan.strategy, seed, estimate))?;
            let body = || Body::Seed { seed, estimate: estimate.clone() };
            if self.plan.gatherer.is_some() {
                if let Some(lost) = self.gathered(&ended, index, body)? {
                    return Ok(self.failed(lost, Coverage::Truncated { by: Limit::Failure }));
                }
            } else if let Ended::Failed(failure) = ended {
                return self.found(failure, body(), Coverage::Sampled { schedules: self.tally.executions });
            }
            if let Some(meter) = &self.plan.meter {
                let (executions, done) = (index + 1, (index + 1) as f64 / self.plan.budget as f64);
                *meter.counts() = Counts { executions, redundant: 0, done };
            }
            if let Estimated::Steps(steps) = estimate {
                let seen = self.ex.core.borrow().threads.iter().map(|thread| thread.points as usize).sum();
                if seen > *steps {
                    *steps = seen;
                    armed = None;
                }
            }
        }
    }

    /// What the sampler needs to know before its first schedule: a schedule is drawn with one of these, each as likely as
    /// its weight says. URW and SURW draw a schedule at random, which is not counted.
    fn first_estimates(&mut self) -> Result<Vec<(u64, Estimated)>, Error> {
        match self.plan.strategy {
            Strategy::Pct { .. } => Ok(vec![(1, Estimated::Steps(FIRST_STEPS))]),
            Strategy::Urw | Strategy::Surw => loop {
                let trial = Rc::new(RefCell::new(Trial::new(self.plan.seed)));
                // If the process dies of it, it was a schedule drawn at random.
                self.armed.head(&self.plan.case, Strategy::Random);
                self.arm(Body::Seed { seed: self.plan.seed, estimate: Estimated::Nothing });
                self.armed.seed(1, self.plan.seed);
                let ended = self.run(Box::new(Rc::clone(&trial)))?;
                self.armed.head(&self.plan.case, self.plan.strategy);
                if matches!(ended, Ended::Learned) {
                    continue;
                }
                self.tally.executions -= 1;
                // Whether it failed does not matter: it says how many steps there are.
                let core = self.ex.core.borrow();
                self.tally.steps -= core.steps;
                let selectable = match self.plan.strategy {
                    Strategy::Surw => trial.borrow().selectable(&core),
                    _ => Vec::new(),
                };
                if !selectable.is_empty() {
                    return Ok(selectable);
                }
                let points = core.threads.iter().map(|thread| (thread.parent.unwrap_or(0), thread.points)).collect();
                return Ok(vec![(1, Estimated::points(points))]);
            },
            _ => Ok(vec![(1, Estimated::Nothing)]),
        }
    }

    /// The one execution that a token holds.
    fn replay(&mut self, token: &Token) -> Result<Explored, Error> {
        if let Body::Number { number, .. } = &token.body {
            return match token.strategy {
                Strategy::Dpor if self.plan.preemptions.is_none() => self.rounds(Some(*number)),
                Strategy::Dpor => self.slowly::<Dpor>(Some(*number)),
                _ => self.slowly::<Dfs>(Some(*number)),
            };
        }
        let (ended, parted) = loop {
            // Facts name places in the source, which may have moved: what they said is then learned again.
            match self.rerun(&token.body)? {
                (Ended::Learned, _) => {}
                done => break done,
            }
        };
        if let Some(how) = parted {
            return Err(TokenError::DoesNotFit(how).into());
        }
        let coverage = Coverage::Sampled { schedules: 1 };
        if self.gathered(&ended, 1, || token.body.clone())?.is_some() {
            return Err(TokenError::DoesNotFit("it does not repeat itself".to_owned()).into());
        }
        match ended {
            Ended::Learned => unreachable!("it starts over with what it has learned"),
            Ended::Passed => {
                token.fits(&steps(&self.ex.core.borrow()))?;
                Ok(self.done(coverage))
            }
            Ended::Failed(failure) => {
                token.fits(&failure.steps)?;
                Ok(self.failed(with_token(failure, self.token(token.body.clone())), coverage))
            }
        }
    }

    /// Runs one execution as a token says, and tells where it parted from the token's decisions.
    fn rerun(&mut self, body: &Body) -> Result<(Ended, Option<String>), Error> {
        self.ex.core.borrow_mut().turns.tells = true;
        match body {
            Body::Decisions(decisions) => {
                let replay = Rc::new(RefCell::new(Replay::new(decisions.clone())));
                let ended = self.run(Box::new(Rc::clone(&replay)))?;
                let parted = replay.borrow().parted.clone();
                Ok((ended, parted))
            }
            _ => {
                if let Body::Seed { seed, .. } = body {
                    // It may die again.
                    self.arm(body.clone());
                    self.armed.seed(self.tally.executions + 1, *seed);
                }
                Ok((self.run(self.chooser_of(body)?)?, None))
            }
        }
    }

    /// What takes the decisions of an execution again.
    fn chooser_of(&self, body: &Body) -> Result<Box<dyn Chooser>, Error> {
        match body {
            Body::Decisions(decisions) => Ok(Box::new(Replay::new(decisions.clone()))),
            Body::Seed { seed, estimate } => Ok(chooser(self.plan.strategy, *seed, estimate)),
            Body::Path { .. } | Body::Number { .. } => {
                Err(TokenError::DoesNotFit("it holds neither a seed nor decisions".to_owned()).into())
            }
        }
    }
}

fn chooser(strategy: Strategy, seed: u64, estimate: &Estimated) -> Box<dyn Chooser> {
    match (strategy, estimate) {
        (Strategy::Pct { depth }, Estimated::Steps(steps)) => Box::new(Pct::new(seed, depth, *steps)),
        (Strategy::Pos, _) => Box::new(Pos::new(seed)),
        (_, Estimated::Points(points)) => Box::new(Urw::new(seed, Arc::clone(points))),
        (_, Estimated::Selected { place, uses }) => Box::new(Surw::new(seed, *place, Arc::clone(uses))),
        _ => Box::new(Random::new(seed)),
    }
}
