//! Exploring in the shuttle world: sampling, depth-first search, and replay.

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    rc::Rc,
    sync::Arc,
};

use super::{
    Coverage, Error, Failure, FailureKind, Limit, Model, Plan, Strategy, Token, TokenError,
    crash::Armed,
    outcome::{Ended, Explored, MOST_RESTARTS, names, steps, take, with_token},
    strategy::{Chooser, Dfs, Pct, Random, Replay, Urw},
    token::{Body, Estimate, Estimated},
};
use crate::world::{
    Engine, Execution,
    core::{Core, Facts, mix},
    panics::message_of,
    shuttle,
    timer::Kept,
};

/// Decisions that PCT supposes an execution to have before it has seen one.
const FIRST_STEPS: usize = 16;

struct Session<'a> {
    armed: Armed,
    plan: &'a Plan,
    model: &'a Model,
    ex: &'a Execution,
    runner: shuttle::Runner,
    executions: u64,
    steps: u64,
    restarts: u32,
    /// The limits that have kept something back in some execution.
    kept: Kept,
}

pub(crate) fn explore(plan: &Plan, model: &Model) -> Result<Explored, Error> {
    let facts = plan.replay.as_ref().map_or_else(Facts::default, |token| token.facts.clone());
    let idle: Box<dyn Chooser> = Box::new(Replay::new(Vec::new()));
    let ex = Execution::new(Engine::Shuttle(shuttle::Engine::new(idle)), plan.settings, facts);
    let _installed = ex.install();
    let mut session = Session {
        armed: Armed::new(&plan.case, plan.strategy),
        plan,
        model,
        ex: &ex,
        runner: shuttle::Runner::new(),
        executions: 0,
        steps: 0,
        restarts: 0,
        kept: Kept::default(),
    };
    match &plan.replay {
        Some(token) => session.replay(token),
        None if plan.strategy == Strategy::Dfs => session.search(None),
        None => session.sample(),
    }
}

impl Session<'_> {
    /// Runs one execution.
    fn run(&mut self, chooser: Box<dyn Chooser>) -> Result<Ended, Error> {
        self.ex.shuttle().strategy.replace(chooser);
        self.ex.begin();
        let model = Arc::clone(self.model);
        let location = Location::caller();
        let ran = catch_unwind(AssertUnwindSafe(|| {
            self.runner.run(move || {
                let ex = crate::world::current().expect("the model runs while its execution is installed");
                ex.run_main(location, || model());
            });
        }));
        if let Err(payload) = ran {
            return Err(Error::Tool(format!("the shuttle engine gave up: {}", message_of(&*payload))));
        }
        let ended = take(self.ex)?;
        self.kept = self.kept.or(self.ex.core.borrow().kept());
        if matches!(ended, Ended::Learned) {
            self.executions = 0;
            self.steps = 0;
            self.restarts += 1;
            if self.restarts > MOST_RESTARTS {
                return Err(Error::Tool("the model taught new facts again and again: it never settles".to_owned()));
            }
        } else {
            self.executions += 1;
            self.steps += self.ex.core.borrow().steps;
        }
        Ok(ended)
    }

    fn done(&self, coverage: Coverage) -> Explored {
        Explored { failure: None, coverage, executions: self.executions, steps: self.steps, failures: 0 }
    }

    fn token(&self, body: Body) -> Token {
        Token::new(&self.plan.case, self.plan.strategy, body, &self.ex.core.borrow().facts)
    }

    /// Tells the crash handler what the executions to come share.
    fn arm(&mut self, body: Body) {
        let token = self.token(body);
        self.armed.tail(&token);
    }

    fn failed(&self, failure: Failure, body: Body, coverage: Coverage) -> Explored {
        let token = self.token(body);
        Explored { failure: Some(with_token(failure, token)), failures: 1, ..self.done(coverage) }
    }

    /// Draws schedules at random.
    fn sample(&mut self) -> Result<Explored, Error> {
        let mut estimated = Estimated::Nothing;
        let mut estimate = Rc::new(Estimate::default());
        loop {
            let index = self.executions;
            if index >= self.plan.budget {
                return Ok(self.done(Coverage::Sampled { schedules: index }));
            }
            if self.plan.late() {
                return Ok(self.done(Coverage::Truncated { by: Limit::Time }));
            }
            let seed = mix(self.plan.seed, index);
            if index == 0 {
                estimated = self.first_estimate()?;
                if let Estimated::Points(points) = &estimated {
                    estimate = Rc::new(points.clone());
                }
                self.arm(Body::Seed { seed, estimate: estimated.clone() });
            }
            self.armed.seed(index + 1, seed);
            let ended = self.run(chooser(self.plan.strategy, seed, &estimated, &estimate))?;
            if let Ended::Failed(failure) = ended {
                let coverage = Coverage::Sampled { schedules: self.executions };
                return Ok(self.failed(failure, Body::Seed { seed, estimate: estimated }, coverage));
            }
            if let Estimated::Steps(steps) = &mut estimated {
                let seen = self.ex.core.borrow().threads.iter().map(|thread| thread.points as usize).sum();
                if seen > *steps {
                    *steps = seen;
                    self.arm(Body::Seed { seed, estimate: estimated.clone() });
                }
            }
        }
    }

    /// What the sampler needs to know before its first schedule. URW draws one at random, which is not counted.
    fn first_estimate(&mut self) -> Result<Estimated, Error> {
        match self.plan.strategy {
            Strategy::Pct { .. } => Ok(Estimated::Steps(FIRST_STEPS)),
            Strategy::Urw => loop {
                let ended = self.run(Box::new(Random::new(self.plan.seed)))?;
                if matches!(ended, Ended::Learned) {
                    continue;
                }
                self.executions -= 1;
                self.steps -= self.ex.core.borrow().steps;
                // Whether it failed does not matter: it says how many steps there are.
                return Ok(Estimated::Points(Estimate::of(&self.ex.core.borrow())));
            },
            _ => Ok(Estimated::Nothing),
        }
    }

    /// Every schedule and choice, or up to the one with a number.
    fn search(&mut self, number: Option<u64>) -> Result<Explored, Error> {
        let dfs = Rc::new(RefCell::new(Dfs::default()));
        loop {
            if number.is_none() {
                if self.executions >= self.plan.budget {
                    return Ok(self.done(Coverage::Truncated { by: Limit::Executions }));
                }
                if self.plan.late() {
                    return Ok(self.done(Coverage::Truncated { by: Limit::Time }));
                }
            }
            if self.executions == 0 {
                self.arm(Body::Number { number: 1, choices: Default::default() });
            }
            self.armed.number(self.executions + 1);
            let ended = self.run(Box::new(Rc::clone(&dfs)))?;
            if matches!(ended, Ended::Learned) {
                *dfs.borrow_mut() = Dfs::default();
                continue;
            }
            let coverage = Coverage::Truncated { by: Limit::Failure };
            let decisions = || Body::Decisions(self.ex.core.borrow().decisions.clone());
            if dfs.borrow().diverged {
                let failure = nondeterminism(&self.ex.core.borrow(), "another number of threads could run");
                return Ok(self.failed(failure, decisions(), coverage));
            }
            if let Ended::Failed(failure) = ended {
                return Ok(self.failed(failure, decisions(), coverage));
            }
            if number == Some(self.executions) || !dfs.borrow_mut().next() {
                return Ok(self.done(Coverage::complete(None, self.kept, self.plan.settings)));
            }
        }
    }

    /// The one execution that a token holds.
    fn replay(&mut self, token: &Token) -> Result<Explored, Error> {
        let (ended, parted) = loop {
            let replay = Rc::new(RefCell::new(Replay::new(match &token.body {
                Body::Decisions(decisions) => decisions.clone(),
                _ => Vec::new(),
            })));
            let ended = match &token.body {
                Body::Number { number, .. } => return self.search(Some(*number)),
                Body::Path { .. } => return Err(TokenError::DoesNotFit("it holds a path of loom's".to_owned()).into()),
                Body::Decisions(_) => self.run(Box::new(Rc::clone(&replay)))?,
                Body::Seed { seed, estimate } => {
                    let points = match estimate {
                        Estimated::Points(points) => Rc::new(points.clone()),
                        _ => Rc::default(),
                    };
                    self.run(chooser(self.plan.strategy, *seed, estimate, &points))?
                }
            };
            // Facts name places in the source, which may have moved: what they said is then learned again.
            if !matches!(ended, Ended::Learned) {
                break (ended, replay.borrow().parted.clone());
            }
        };
        if let Some(how) = parted {
            return Err(TokenError::DoesNotFit(how).into());
        }
        match ended {
            Ended::Learned => unreachable!("it starts over with what it has learned"),
            Ended::Passed => Ok(self.done(Coverage::Sampled { schedules: 1 })),
            Ended::Failed(failure) => Ok(self.failed(failure, token.body.clone(), Coverage::Sampled { schedules: 1 })),
        }
    }
}

fn chooser(strategy: Strategy, seed: u64, estimated: &Estimated, points: &Rc<Estimate>) -> Box<dyn Chooser> {
    match (strategy, estimated) {
        (Strategy::Pct { depth }, Estimated::Steps(steps)) => Box::new(Pct::new(seed, depth, *steps)),
        (Strategy::Urw, _) => Box::new(Urw::new(seed, Rc::clone(points))),
        _ => Box::new(Random::new(seed)),
    }
}

/// A failure of the model to repeat itself.
fn nondeterminism(core: &Core, how: &str) -> Failure {
    Failure {
        kind: FailureKind::Nondeterminism,
        message: format!(
            "the same schedule gave another execution ({how}): the model depends on something that is not modelled, \
             such as time, randomness, addresses or a static of std's"
        ),
        waiting: Vec::new(),
        threads: names(core),
        steps: steps(core),
        token: None,
    }
}
