//! Checking: explore a model, and say what was found.
//!
//! ```
//! # #[cfg(feature = "model")] {
//! use raddle::{sync::Mutex, thread};
//!
//! raddle::check("increments are not lost", || {
//!     let total = Mutex::new(0);
//!     thread::scope(|s| {
//!         for _ in 0..2 {
//!             s.spawn(|| *total.lock().unwrap() += 1);
//!         }
//!     });
//!     assert_eq!(*total.lock().unwrap(), 2);
//! });
//! # }
//! ```

#[cfg(raddle_shuttle)]
pub(crate) mod choosers;
pub(crate) mod crash;
#[cfg(raddle_shuttle)]
mod dpor;
mod ended;
mod error;
mod explore;
#[cfg(raddle_loom)]
mod explore_loom;
#[cfg(raddle_shuttle)]
mod explore_shuttle;
#[cfg(not(any(loom, shuttle)))]
mod explore_std;
#[cfg(raddle_internals)]
#[doc(hidden)]
pub mod internals;
mod isolate;
mod one_line;
mod outcomes;
mod progress;
mod report;
mod strategy;
mod switches;
mod token;
mod verdict;
pub(crate) mod watch;

use std::{ffi::OsString, path::PathBuf, sync::Arc, time::Duration};

use serde::{Serialize, de::DeserializeOwned};

pub(crate) use self::explore::Plan;
use self::{
    isolate::Isolation,
    one_line::{default_strategies, replay_asked_for},
    outcomes::Gatherer,
    progress::Listener,
};

pub use self::{
    error::{Error, TokenError},
    isolate::HANG,
    one_line::{REPLAY, check},
    outcomes::{End, Outcome, Outcomes},
    progress::Progress,
    report::{interleaving, render},
    strategy::Strategy,
    switches::{Switch, Why},
    token::{Token, engine},
    verdict::{
        Coverage, Failure, FailureKind, Kind, Limit, Number, ObjectKind, ObjectRef, Panicked, Step, Value, Verdict,
        Waiting,
    },
};
use crate::world::World;

/// Executions that loom may run before it falls back to a preemption bound, and then again with it.
pub const LOOM_EXECUTIONS: u64 = 20_000;
/// Executions that depth-first search may run, with or without reduction.
pub const EXECUTIONS: u64 = 100_000;
/// Schedules that each sampling strategy draws.
pub const SCHEDULES: u64 = 1_000;
/// The seed that schedules grow from unless one is given.
pub const SEED: u64 = 0x7261_6464_6c65;
/// Timers that may fire, in one execution, although something else could go on.
pub const FIRINGS: u32 = 2;
/// Executions that [`check`](check()) may spend on making a failure smaller.
pub const SMALLEST: u64 = 4_000;
/// Searches in a round of `dpor`, and executions of each: part of what numbers executions.
const ROUNDS: (usize, u64) = (32, 256);
/// Steps in one execution, in the loom world.
pub const LOOM_STEPS: u64 = 20_000;
/// Steps in one execution, in the shuttle world.
pub const SHUTTLE_STEPS: u64 = 1_000_000;

/// A check to be run: a name, a world, a strategy and limits.
///
/// ```
/// # #[cfg(feature = "model")] {
/// use raddle::Check;
///
/// let verdict = Check::new("nothing happens").run(|| {}).unwrap();
/// assert!(verdict.passed());
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a check does nothing until it is run"]
pub struct Check {
    name: String,
    strategy: Option<Strategy>,
    seed: u64,
    schedules: Option<u64>,
    executions: Option<u64>,
    steps: Option<u64>,
    firings: u32,
    spurious: u32,
    preemptions: Option<u32>,
    timed: bool,
    time: Option<Duration>,
    smallest: u64,
    isolation: Option<Isolation>,
    hang: Duration,
    workers: usize,
    rounds: (usize, u64),
    #[cfg(raddle_internals)]
    weakening: Option<internals::Weakening>,
    listener: Option<Listener>,
}

/// A model, to be run many times.
pub(crate) type Model = Arc<dyn Fn() + Send + Sync>;

impl Check {
    /// A check with default limits. Tokens carry the name, so it should tell one model from another.
    pub fn new(name: impl Into<String>) -> Check {
        Check {
            name: name.into(),
            strategy: None,
            seed: SEED,
            schedules: None,
            executions: None,
            steps: None,
            firings: FIRINGS,
            spurious: 0,
            preemptions: None,
            timed: false,
            time: None,
            smallest: 0,
            isolation: None,
            hang: HANG,
            workers: 1,
            rounds: ROUNDS,
            #[cfg(raddle_internals)]
            weakening: None,
            listener: None,
        }
    }

    /// Chooses the world, and with it the strategy that its users expect: loom explores, shuttle draws schedules at random
    /// ([`Strategy::Random`]), std runs the model. A check that is told neither world nor strategy explores with
    /// [`Strategy::Dpor`], if this build has the shuttle world.
    pub fn world(mut self, world: World) -> Check {
        self.strategy = Some(Strategy::defaults(world)[0]);
        self
    }

    /// Chooses the strategy, and with it the world.
    pub fn strategy(mut self, strategy: Strategy) -> Check {
        self.strategy = Some(strategy);
        self
    }

    /// The seed that sampled schedules grow from.
    pub fn seed(mut self, seed: u64) -> Check {
        self.seed = seed;
        self
    }

    /// How many schedules to draw, in the shuttle world, or runs to make, in the std world. Default [`SCHEDULES`].
    pub fn schedules(mut self, schedules: u64) -> Check {
        self.schedules = Some(schedules);
        self
    }

    /// How many executions an exhaustive strategy may run. Default [`LOOM_EXECUTIONS`] in the loom world, [`EXECUTIONS`] for
    /// [`Strategy::Dfs`] and [`Strategy::Dpor`].
    pub fn executions(mut self, executions: u64) -> Check {
        self.executions = Some(executions);
        self
    }

    /// How many steps one execution may take: one more is a Livelock. Default [`LOOM_STEPS`], [`SHUTTLE_STEPS`].
    pub fn steps(mut self, steps: u64) -> Check {
        self.steps = Some(steps);
        self
    }

    /// How many timers may fire, in one execution, although something else could go on. Where the limit keeps one back,
    /// the exploration is bounded by it. Default [`FIRINGS`]; 0: timers fire only when nothing else can go on.
    pub fn firings(mut self, firings: u32) -> Check {
        self.firings = firings;
        self
    }

    /// How many waits may end spuriously in one execution: `Condvar::wait` and its relatives, `park`. Default 0. With more,
    /// code that tests its condition once, where std demands a loop, is found out.
    pub fn spurious(mut self, wakes: u32) -> Check {
        self.spurious = wakes;
        self
    }

    /// Explores only executions in which at most so many times a thread is switched away from that could have gone on, and
    /// did not ask to let others go first: with few of them most bugs show (Musuvathi and Qadeer, PLDI 2007). Where the
    /// limit keeps something back, the exploration is bounded by it. Only with [`Strategy::Dfs`] and [`Strategy::Dpor`];
    /// loom has [`Strategy::Preemptions`]. Unlimited by default.
    pub fn preemptions(mut self, most: u32) -> Check {
        self.preemptions = Some(most);
        self
    }

    /// Keeps virtual time: it moves only when nothing else can go on, and timers fire in the order of their deadlines.
    /// Without this a timer may fire at any point, and durations mean nothing. Not in the loom world.
    pub fn timed(mut self) -> Check {
        self.timed = true;
        self
    }

    /// Makes a failure smaller (fewest preemptions, then fewest steps), and runs at most so many more executions for that,
    /// which do not count. Default 0 here, and [`SMALLEST`] in [`check`](check()). Only in the shuttle world, and not for a
    /// model that draws random numbers, which takes a seed. [`outcomes`](Check::outcomes) has no need of it.
    pub fn smallest(mut self, executions: u64) -> Check {
        self.smallest = executions;
        self
    }

    /// Stops the exploration, between two executions, after so much time. Unlimited by default.
    pub fn time(mut self, time: Duration) -> Check {
        self.time = Some(time);
        self
    }

    /// Runs the model in a process of its own, so that it may die: the current test is run again, alone, in a child
    /// process that reaches this check and runs the model there. A stack overflow, an abort, or an execution that
    /// reaches no scheduling point for [`HANG`] (on real threads: a run that takes so long) is then a verdict. The test
    /// must reach the check the same way each time.
    pub fn isolated(mut self) -> Check {
        self.isolation = Some(Isolation::Test { hint: "" });
        self
    }

    /// As [`isolated`](Check::isolated), but the child process is this program with these arguments, which must reach
    /// the same check: for use outside a test, where `RADDLE_REPLAY` means nothing.
    pub fn isolated_by(
        mut self,
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Check {
        self.isolation = Some(Isolation::Program(program.into(), arguments.into_iter().map(Into::into).collect()));
        self
    }

    /// After how long without a scheduling point an isolated execution is given up. Default [`HANG`].
    pub fn hang(mut self, hang: Duration) -> Check {
        self.hang = hang;
        self
    }

    /// How many OS threads explore, where the strategy is [`Strategy::Dpor`]; the others have one, whatever is asked for.
    /// Default 1. The verdict is the same with any number, and so are outcomes, counts and tokens, unless a limit on
    /// [`time`](Check::time) cuts the exploration short. The model runs on several OS threads at a time: what it keeps
    /// outside itself, as tests do to see what has happened, is then used by all of them.
    ///
    /// [`run`](Check::run) returns an error if it is 0.
    pub fn workers(mut self, workers: usize) -> Check {
        self.workers = workers;
        self
    }

    /// In how small parts `dpor` explores: so many searches in a round, so many executions of each. For tests of that, which
    /// are small. Results do not depend on it, but for redundant executions, and what is found first.
    #[doc(hidden)]
    pub fn rounds(mut self, searches: usize, executions: u64) -> Check {
        self.rounds = (searches, executions);
        self
    }

    /// Explores the model, up to the first failure.
    ///
    /// If [`RADDLE_REPLAY`](REPLAY) holds a token of a check of this name, runs that one execution instead, in the
    /// world and with the strategy of the token.
    ///
    /// # Errors
    /// If the check could not be done: see [`Error`]. A failure of the model is no error: it is in the verdict.
    pub fn run<F: Fn() + Send + Sync + 'static>(mut self, model: F) -> Result<Verdict, Error> {
        self.hint::<F>();
        let replay = self.asked_for()?;
        self.run_isolated((), replay, move |()| model())
    }

    /// As [`run`](Check::run), for a model with an input. If the check is isolated, the input is passed to the child
    /// process, which uses it in place of its own: so inputs may be random. A token does not hold the input.
    ///
    /// # Errors
    /// As `run`; and if the input cannot be serialised.
    pub fn run_with<I, F>(mut self, input: I, model: F) -> Result<Verdict, Error>
    where
        I: Serialize + DeserializeOwned + Send + Sync + 'static,
        F: Fn(&I) + Send + Sync + 'static,
    {
        self.hint::<F>();
        let replay = self.asked_for()?;
        self.run_isolated(input, replay, model)
    }

    /// The token that the environment holds for this check, which takes its strategy from it. A program that is not a
    /// test has ways of its own to be told what to do.
    fn asked_for(&mut self) -> Result<Option<Token>, Error> {
        if matches!(self.isolation, Some(Isolation::Program(..))) {
            return Ok(None);
        }
        let token = replay_asked_for()?.filter(|token| token.case == self.name);
        if let Some(token) = &token {
            self.strategy = Some(token.strategy);
        }
        Ok(token)
    }

    /// The name of a closure's type begins with the path of the function that it stands in.
    fn hint<F>(&mut self) {
        if let Some(Isolation::Test { hint }) = &mut self.isolation {
            *hint = std::any::type_name::<F>();
        }
    }

    fn run_isolated<I, F>(mut self, input: I, replay: Option<Token>, model: F) -> Result<Verdict, Error>
    where
        I: Serialize + DeserializeOwned + Send + Sync + 'static,
        F: Fn(&I) + Send + Sync + 'static,
    {
        let isolation = self.isolation.take();
        let here = {
            let check = self.clone();
            move |input: I, workers, listener| {
                let check = Check { workers, listener, ..check };
                check.run_arc(Arc::new(move || model(&input)), replay)
            }
        };
        match isolation {
            None => here(input, self.workers, self.listener),
            Some(isolation) => isolate::run(&self, &isolation, input, here),
        }
    }

    /// The verdict of a check that has seen nothing.
    fn blank(&self) -> Verdict {
        let strategy = self.strategy.unwrap_or_else(|| default_strategies()[0]);
        Verdict {
            case: self.name.clone(),
            world: strategy.world(),
            strategy,
            failure: None,
            coverage: Coverage::Truncated { by: Limit::Executions },
            executions: 0,
            failures: 0,
            redundant: 0,
            steps: 0,
            elapsed: Duration::ZERO,
            seed: strategy.samples().then_some(self.seed),
        }
    }

    /// Replays one execution, and returns what happened then.
    ///
    /// # Errors
    /// If the token does not belong to this check, or the model does not follow it: the steps must be those that the
    /// token was made of. What the model does after them, and whether it fails, is in the verdict.
    pub fn replay<F: Fn() + Send + Sync + 'static>(self, token: &Token, model: F) -> Result<Verdict, Error> {
        if token.case != self.name {
            return Err(TokenError::OtherCase { found: token.case.clone(), expected: self.name }.into());
        }
        let mut check = self.strategy(token.strategy);
        check.hint::<F>();
        check.run_isolated((), Some(token.clone()), move |()| model())
    }

    /// As [`run`](Check::run), but goes on after failures: everything is gathered.
    fn run_gathering(mut self, model: Model, gatherer: Gatherer) -> Result<Verdict, Error> {
        let replay = self.asked_for()?;
        if self.isolation.is_some() || self.strategy.is_some_and(|strategy| strategy.world() != World::Shuttle) {
            return Err(Error::Argument(format!(
                "{}: outcomes are gathered in the shuttle world, by a check that is not isolated",
                self.name
            )));
        }
        self.explore(model, replay, Some(gatherer))
    }
}
