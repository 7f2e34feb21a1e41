//! One exploration, from the builder to the verdict.

use std::{
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    time::Instant,
};

use super::{
    Check, Coverage, EXECUTIONS, Error, LOOM_EXECUTIONS, LOOM_STEPS, Model, Progress, SCHEDULES, SHUTTLE_STEPS,
    Strategy, Token, TokenError, Verdict, ended, outcomes::Gatherer, progress::Meter, watch::Watch,
};
use crate::world::{self, World, facts::Settings, panics};

/// What the exploration of one world needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) case: String,
    pub(crate) strategy: Strategy,
    #[cfg_attr(not(raddle_shuttle), expect(dead_code, reason = "only the samplers have seeds"))]
    pub(crate) seed: u64,
    /// Executions or schedules.
    pub(crate) budget: u64,
    pub(crate) settings: Settings,
    /// How often threads may be preempted in an execution.
    #[cfg_attr(not(raddle_shuttle), expect(dead_code, reason = "loom has a strategy for it"))]
    pub(crate) preemptions: Option<u32>,
    pub(crate) deadline: Option<Instant>,
    /// Executions that may be spent on making a failure smaller.
    #[cfg_attr(not(raddle_shuttle), expect(dead_code, reason = "only shuttle's schedules are cut down"))]
    pub(crate) smallest: u64,
    /// Takes note of every execution's end: none of them ends the exploration.
    #[cfg_attr(not(raddle_shuttle), expect(dead_code, reason = "only shuttle goes on after a failure"))]
    pub(crate) gatherer: Option<Gatherer>,
    /// OS threads that explore.
    #[cfg_attr(not(raddle_shuttle), expect(dead_code, reason = "only `dpor` is explored in parallel"))]
    pub(crate) workers: usize,
    /// Searches in a round, and executions of each.
    #[cfg_attr(not(raddle_shuttle), expect(dead_code, reason = "only `dpor` is explored in parallel"))]
    pub(crate) rounds: (usize, u64),
    /// The one execution to replay.
    pub(crate) replay: Option<Token>,
    /// What is counted for those who listen.
    pub(crate) meter: Option<Arc<Meter>>,
    pub(crate) watch: Arc<Watch>,
}

impl Plan {
    pub(crate) fn late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

impl Check {
    pub(crate) fn run_arc(self, model: Model, replay: Option<Token>) -> Result<Verdict, Error> {
        self.explore(model, replay, None)
    }

    pub(super) fn explore(
        self,
        model: Model,
        replay: Option<Token>,
        gatherer: Option<Gatherer>,
    ) -> Result<Verdict, Error> {
        let blank = self.blank();
        let (strategy, world) = (blank.strategy, blank.world);
        if world::current().is_some() {
            return Err(Error::Nested(self.name));
        }
        if !World::compiled().contains(&world) {
            return Err(Error::NoSuchWorld { world });
        }
        let exhaustive = matches!(strategy, Strategy::Exhaustive | Strategy::Preemptions(_));
        let budget = match strategy {
            Strategy::Exhaustive | Strategy::Preemptions(_) => self.executions.unwrap_or(LOOM_EXECUTIONS),
            Strategy::Dfs | Strategy::Dpor => self.executions.unwrap_or(EXECUTIONS),
            _ => self.schedules.unwrap_or(SCHEDULES),
        };
        let max_steps = self.steps.unwrap_or(if exhaustive { LOOM_STEPS } else { SHUTTLE_STEPS });
        if budget == 0 || max_steps == 0 {
            return Err(Error::Argument(format!(
                "{}: a check of 0 executions or steps would check nothing",
                self.name
            )));
        }
        if self.workers == 0 || self.rounds.0 == 0 || self.rounds.1 == 0 {
            return Err(Error::Argument(format!(
                "{}: without workers nothing is explored: one is the least",
                self.name
            )));
        }
        if exhaustive && max_steps > LOOM_STEPS {
            return Err(Error::Argument(format!(
                "{}: loom counts in 16 bits, so an execution has at most {LOOM_STEPS} steps in its world",
                self.name
            )));
        }
        if world == World::Shuttle && std::env::var_os("SHUTTLE_RANDOM_SEED").is_some() {
            return Err(Error::Argument(
                "SHUTTLE_RANDOM_SEED is set, and would replace every seed: unset it, and give the seed to the check"
                    .to_owned(),
            ));
        }
        if self.timed && world != World::Shuttle {
            return Err(Error::Argument(format!(
                "{}: the {world} world has no virtual time: check timed models in the shuttle world",
                self.name
            )));
        }
        if self.preemptions.is_some() && !matches!(strategy, Strategy::Dfs | Strategy::Dpor) {
            return Err(Error::Argument(format!(
                "{}: strategy {strategy} cannot be bounded by preemptions: choose dfs or dpor, or in the loom world \
                 preemptions-N",
                self.name
            )));
        }
        let start = Instant::now();
        let plan = Plan {
            case: self.name.clone(),
            strategy,
            seed: self.seed,
            budget,
            settings: Settings {
                max_steps,
                firings: self.firings,
                spurious: self.spurious,
                timed: self.timed,
                reduces: strategy == Strategy::Dpor || gatherer.as_ref().is_some_and(Gatherer::tells_classes),
                #[cfg(raddle_internals)]
                weakening: self.weakening,
            },
            preemptions: self.preemptions,
            deadline: self.time.map(|time| start + time),
            smallest: self.smallest,
            gatherer,
            workers: self.workers,
            rounds: self.rounds,
            replay,
            meter: self.listener.as_ref().map(|_| Arc::new(Meter::new(start))),
            watch: Arc::default(),
        };
        let _hooked = panics::hook();
        let (watch, replays) = (Arc::clone(&plan.watch), plan.replay.is_some());
        let heard = self.listener.zip(plan.meter.clone());
        let (runs, ended) = mpsc::channel();
        // A fresh OS thread for each model: nothing that one leaves behind can reach the next.
        let running = std::thread::Builder::new()
            .name(format!("raddle {}", self.name.replace('\0', " ")))
            .spawn(move || {
                let _runs = runs;
                explore(&plan, &model)
            })
            .map_err(|why| Error::Tool(format!("no thread to run the model on: {why}")))?;
        let mut told = start;
        let mut tell = || {
            if let Some((listener, meter)) = &heard
                && told.elapsed() >= listener.every
            {
                told = Instant::now();
                (listener.tell)(meter.progress());
            }
        };
        if let (Some((listener, _)), World::Shuttle | World::Std) = (&heard, world) {
            while ended.recv_timeout(listener.every) == Err(RecvTimeoutError::Timeout) {
                tell();
            }
        }
        let explored = match world == World::Loom && watch.stalls(&ended, &mut tell) {
            true if replays => {
                return Err(TokenError::DoesNotFit("it leads loom to a thread that has ended".to_owned()).into());
            }
            true => ended::lost(&watch),
            false => running.join().unwrap_or_else(|payload| {
                Err(Error::Tool(format!("raddle failed: {}", panics::message_of(&*payload))))
            })?,
        };
        if let Some((listener, meter)) = &heard {
            let (executions, redundant) = (explored.executions, explored.redundant);
            let estimate = match explored.coverage {
                Coverage::Truncated { .. } => meter.progress().estimate,
                _ => Some(executions as f64),
            };
            (listener.tell)(Progress { executions, redundant, estimate, elapsed: start.elapsed() });
        }
        Ok(Verdict {
            failure: explored.failure,
            coverage: explored.coverage,
            executions: explored.executions,
            failures: explored.failures,
            redundant: explored.redundant,
            steps: explored.steps,
            elapsed: start.elapsed(),
            ..blank
        })
    }
}

pub(super) fn explore(plan: &Plan, model: &Model) -> Result<ended::Explored, Error> {
    match plan.strategy.world() {
        #[cfg(raddle_loom)]
        World::Loom => super::explore_loom::explore(plan, model),
        #[cfg(raddle_shuttle)]
        World::Shuttle => super::explore_shuttle::explore(plan, model),
        #[cfg(not(any(loom, shuttle)))]
        World::Std => super::explore_std::explore(plan, model),
        #[allow(unreachable_patterns, reason = "reached in narrowed builds only")]
        world => Err(Error::NoSuchWorld { world }),
    }
}
