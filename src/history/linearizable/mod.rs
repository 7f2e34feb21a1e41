//! Is this object linearizable? What its users do is made up, and their schedules are explored.
//!
//! As Lincheck does for the JVM (Koval et al., CAV 2023).

mod model;
mod report;
mod scenario;

use std::{
    any::type_name,
    cell::RefCell,
    marker::PhantomData,
    sync::{Arc, PoisonError},
};

use proptest::{
    arbitrary::Arbitrary,
    strategy::{BoxedStrategy, Strategy as Generator},
    test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner},
};

use self::{
    model::{REFUTED, Seen, model},
    scenario::{Size, smaller},
};
pub use self::{
    report::{Counterexample, Passed},
    scenario::Scenario,
};
use super::Spec;
use crate::{Check, Error, FailureKind, SMALLEST, Strategy, Token, Verdict, World};

/// So many times the executions are spent on a smaller scenario: what is drawn at random may fail rarely.
const EFFORT: u64 = 10;

/// An object under test, as a [`Spec`] describes it.
pub trait Subject<S: Spec>: Send + Sync + 'static {
    /// A new one.
    fn new() -> Self;

    /// Does what is asked for, and answers. It is called by several threads at a time.
    fn apply(&self, operation: &S::Operation) -> S::Answer;
}

/// Checks that an object is linearizable, with default limits: [`Linearizable`] is the same with choices.
///
/// Scenarios are made up, always the same ones: what each of up to three threads does, what is done before they start, and
/// after they have ended. The schedules of each are explored where they are few, and drawn where they are not. The first
/// history that is not [linearizable](super) fails, as does any panic, deadlock or race. The scenario is made
/// smaller then, until nothing can be left out of it, and after it the schedule.
///
/// With the line of the report that replays it, the same scenarios are made up again, and the one that was shown runs only
/// that execution.
///
/// ```
/// # #[cfg(feature = "model")] {
/// # if !raddle::World::compiled().contains(&raddle::World::Shuttle) { return }
/// use raddle::{
///     history::{Subject, specs::{Counter, CounterAnswer, CounterOperation}},
///     sync::atomic::{AtomicI64, Ordering::SeqCst},
/// };
///
/// struct Ours(AtomicI64);
///
/// impl Subject<Counter> for Ours {
///     fn new() -> Ours {
///         Ours(AtomicI64::new(0))
///     }
///
///     fn apply(&self, operation: &CounterOperation) -> CounterAnswer {
///         match *operation {
///             CounterOperation::Get => CounterAnswer::Value(self.0.load(SeqCst)),
///             CounterOperation::FetchAdd(n) => CounterAnswer::Value(self.0.fetch_add(n, SeqCst)),
///             CounterOperation::Add(n) => {
///                 self.0.fetch_add(n, SeqCst);
///                 CounterAnswer::Added
///             }
///         }
///     }
/// }
///
/// raddle::check_linearizable::<Counter, Ours>();
/// # }
/// ```
///
/// # Panics
/// If a scenario fails, with a report: the history as a table, the operation that cannot be placed, the smallest schedule and
/// the line that replays it. Also if the check could not be done.
#[track_caller]
pub fn check_linearizable<S, T>()
where
    S: Spec + 'static,
    S::Operation: Arbitrary + Send + Sync + 'static,
    S::Answer: Send,
    T: Subject<S>,
{
    match Linearizable::<S, T>::new().run() {
        Ok(Ok(passed)) => eprintln!("{passed}"),
        Ok(Err(counterexample)) => panic!("{counterexample}"),
        Err(why) => panic!("{} could not be checked: {why}", name_of::<T>()),
    }
}

/// Whether an object is linearizable: how much is tried.
///
/// A scenario is explored by [`Strategy::Dpor`]. If it has more executions than are allowed, as most of the largest have,
/// schedules are drawn by [`Strategy::Urw`], [`Strategy::Surw`] and [`Strategy::Pos`]. So an object that passes is proved to
/// be linearizable in the scenarios that were exhausted, and in no others; [`Passed`] says how many those are.
///
/// Memory is sequentially consistent. A build that is narrowed to loom explores in its world, draws nothing, and takes an
/// atomic that is read late for one that is not linearizable: see [`Recorder`](super::Recorder).
///
/// ```
/// # #[cfg(feature = "model")] {
/// # if !raddle::World::compiled().contains(&raddle::World::Shuttle) { return }
/// use raddle::{history::{Linearizable, Subject, specs::{Lock, LockAnswer::{self, *}, LockOperation}}, sync::Mutex};
///
/// /// Looks whether it is free, and takes it in a second step.
/// struct TwoSteps(Mutex<bool>);
///
/// impl Subject<Lock> for TwoSteps {
///     fn new() -> TwoSteps {
///         TwoSteps(Mutex::new(false))
///     }
///
///     fn apply(&self, operation: &LockOperation) -> LockAnswer {
///         let held = *self.0.lock().unwrap();
///         *self.0.lock().unwrap() = *operation != LockOperation::Release;
///         match (operation, held) {
///             (LockOperation::Release, true) => Released,
///             (LockOperation::Release, false) => NotHeld,
///             (_, true) => Busy,
///             (_, false) => Acquired,
///         }
///     }
/// }
///
/// let found = Linearizable::<Lock, TwoSteps>::new().threads(2).run().unwrap().unwrap_err();
/// assert_eq!(found.scenario.threads.len(), 2);
/// println!("{found}");
/// # }
/// ```
pub struct Linearizable<S: Spec, T> {
    size: Size,
    cases: u32,
    executions: u64,
    schedules: u64,
    operations: BoxedStrategy<S::Operation>,
    subject: PhantomData<fn() -> T>,
}

impl<S, T> Linearizable<S, T>
where
    S: Spec + 'static,
    S::Operation: Send + Sync + 'static,
    S::Answer: Send,
    T: Subject<S>,
{
    /// A check with default limits.
    #[allow(clippy::new_without_default, reason = "it is the beginning of a check, not a value")]
    pub fn new() -> Linearizable<S, T>
    where
        S::Operation: Arbitrary,
    {
        Linearizable::with(proptest::arbitrary::any::<S::Operation>())
    }

    /// A check with default limits, on operations that this strategy makes up.
    pub fn with(operations: impl Generator<Value = S::Operation> + 'static) -> Linearizable<S, T> {
        Linearizable {
            size: Size { before: 2, threads: 3, operations: 3, after: 2 },
            cases: 64,
            executions: 1_000,
            schedules: 100,
            operations: operations.boxed(),
            subject: PhantomData,
        }
    }

    /// How many threads a scenario has at most. Default 3.
    pub fn threads(mut self, threads: usize) -> Self {
        self.size.threads = threads;
        self
    }

    /// How many operations each thread does at most. Default 3.
    pub fn operations(mut self, operations: usize) -> Self {
        self.size.operations = operations;
        self
    }

    /// How many operations come before the threads start, at most. Default 2.
    pub fn before(mut self, operations: usize) -> Self {
        self.size.before = operations;
        self
    }

    /// How many operations come after the threads have ended, at most. Default 2.
    pub fn after(mut self, operations: usize) -> Self {
        self.size.after = operations;
        self
    }

    /// How many scenarios are made up. Default 64.
    pub fn cases(mut self, cases: u32) -> Self {
        self.cases = cases;
        self
    }

    /// How many executions of a scenario are explored. Where there are more, schedules are drawn instead. Default 1,000.
    pub fn executions(mut self, executions: u64) -> Self {
        self.executions = executions;
        self
    }

    /// How many schedules of a larger scenario are drawn, by each of three strategies. Default 100.
    pub fn schedules(mut self, schedules: u64) -> Self {
        self.schedules = schedules;
        self
    }

    /// Makes up scenarios up to the first that fails, and makes that smaller.
    ///
    /// # Errors
    /// If the check could not be done: see [`Error`]. That the object fails is no error.
    pub fn run(self) -> Result<Result<Passed, Box<Counterexample<S>>>, Error> {
        if self.size.threads == 0 || self.size.operations == 0 || self.cases == 0 {
            return Err(Error::Argument(format!(
                "{}: a check of 0 threads, operations or cases would check nothing",
                name_of::<T>()
            )));
        }
        let passed = RefCell::new(Passed::none(name_of::<T>()));
        let (first, broken) = (RefCell::new(None), RefCell::new(None));
        let test = |scenario: Scenario<S::Operation>| {
            let verdicts = match self.explore(&scenario, 1, 0) {
                Ok(verdicts) => verdicts,
                Err(why) => {
                    broken.replace(Some(why));
                    return Err(TestCaseError::fail("not checked"));
                }
            };
            passed.borrow_mut().count(&verdicts);
            match failing(verdicts) {
                // A smaller one that fails in another way is another failure.
                Some(verdict) if *first.borrow_mut().get_or_insert(how(&verdict)) == how(&verdict) => {
                    Err(TestCaseError::fail("failed"))
                }
                _ => Ok(()),
            }
        };
        let config =
            Config { cases: self.cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let found = TestRunner::new_with_rng(config, rng).run(&self.size.scenarios(&self.operations), test);
        match (broken.take(), found) {
            (Some(why), _) => Err(why),
            (None, Ok(())) => Ok(Ok(passed.into_inner())),
            (None, Err(TestError::Fail(_, scenario))) => {
                let first = first.take().expect("the first that failed is noted");
                Ok(Err(Box::new(self.counterexample(scenario, first)?)))
            }
            (None, Err(TestError::Abort(why))) => Err(Error::Tool(format!("no scenario could be made up: {why}"))),
        }
    }

    /// Checks one scenario, and if it fails, makes that smaller: for one that has failed once, and shall never again.
    ///
    /// # Errors
    /// If the check could not be done: see [`Error`]. That the object fails is no error.
    pub fn run_scenario(
        self,
        scenario: Scenario<S::Operation>,
    ) -> Result<Result<Passed, Box<Counterexample<S>>>, Error> {
        let verdicts = self.explore(&scenario, 1, 0)?;
        let mut passed = Passed::none(name_of::<T>());
        passed.count(&verdicts);
        match failing(verdicts) {
            Some(verdict) => Ok(Err(Box::new(self.counterexample(scenario, how(&verdict))?))),
            None => Ok(Ok(passed)),
        }
    }

    /// What the strategies say of a scenario, up to the one that says all, or the first that fails.
    fn explore(&self, scenario: &Scenario<S::Operation>, effort: u64, smallest: u64) -> Result<Vec<Verdict>, Error> {
        let (first, then): (_, &[Strategy]) = match World::compiled().contains(&World::Shuttle) {
            true => (Strategy::Dpor, &[Strategy::Urw, Strategy::Surw, Strategy::Pos]),
            false => (Strategy::Exhaustive, &[]),
        };
        let mut verdicts = Vec::new();
        for &strategy in [first].iter().chain(then) {
            let check = Check::new(scenario.name(name_of::<T>())).strategy(strategy).smallest(smallest);
            let check = check.executions(effort * self.executions).schedules(effort * self.schedules);
            let verdict = check.run(model::<S, T>(scenario.clone(), Arc::default()))?;
            let ended = !verdict.passed() || (strategy == first && !verdict.truncated());
            verdicts.push(verdict);
            if ended {
                break;
            }
        }
        Ok(verdicts)
    }

    /// The smallest scenario that fails as this one does, in its smallest execution.
    fn counterexample(&self, mut scenario: Scenario<S::Operation>, first: How) -> Result<Counterexample<S>, Error> {
        let fails = |verdicts| failing(verdicts).filter(|verdict| how(verdict) == first);
        // What proptest leaves out is left out once. What can be left out now may be what could not before.
        'smaller: loop {
            for next in smaller(&scenario) {
                if fails(self.explore(&next, EFFORT, 0)?).is_some() {
                    scenario = next;
                    continue 'smaller;
                }
            }
            break;
        }
        let name = scenario.name(name_of::<T>());
        let verdict = fails(self.explore(&scenario, EFFORT, SMALLEST)?)
            .ok_or_else(|| Error::Tool(format!("{name} failed, and did not when it was checked again")))?;
        let seen = Seen::<S>::default();
        if let Some(token) = verdict.failure.as_ref().and_then(|failure| failure.token.as_ref()) {
            let token: Token = token.parse()?;
            Check::new(name).replay(&token, model::<S, T>(scenario.clone(), Arc::clone(&seen)))?;
        }
        let (history, refutation) = seen.lock().unwrap_or_else(PoisonError::into_inner).take().unzip();
        Ok(Counterexample { scenario, history, refutation, verdict })
    }
}

/// What makes two failures alike: how an execution failed, and whether it came to an end and was not linearizable.
type How = (Option<FailureKind>, bool);

fn how(verdict: &Verdict) -> How {
    let failure = verdict.failure.as_ref();
    (failure.map(|failure| failure.kind), failure.is_some_and(|failure| failure.message == REFUTED))
}

/// The one that fails, if any does.
fn failing(verdicts: Vec<Verdict>) -> Option<Verdict> {
    verdicts.into_iter().find(|verdict| !verdict.passed())
}

/// The name of a type, without its modules.
fn name_of<T>() -> String {
    let mut name = String::new();
    for path in type_name::<T>().split_inclusive(|c: char| !c.is_alphanumeric() && c != '_' && c != ':') {
        name.push_str(path.rsplit("::").next().unwrap_or(path));
    }
    name
}
