//! What the tests share: run a closure with every strategy of the compiled worlds, and say what must come out.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use raddle::{Check, Coverage, FailureKind, Strategy, Token, Verdict, World, cell::UnsafeCell};

/// Data that somebody else has to order.
#[derive(Default)]
pub struct Plain(UnsafeCell<usize>);

// SAFETY: the model's threads all run on one OS thread, so that a race is found, and never happens.
unsafe impl Sync for Plain {}

impl Plain {
    #[track_caller]
    pub fn get(&self) -> usize {
        // SAFETY: see above.
        self.0.with(|n| unsafe { *n })
    }

    #[track_caller]
    pub fn set(&self, value: usize) {
        // SAFETY: see above.
        self.0.with_mut(|n| unsafe { *n = value });
    }
}

/// Whether this build has real threads.
pub fn real_threads() -> bool {
    World::compiled().contains(&World::Std)
}

/// Whether this build has the loom world.
pub fn loom() -> bool {
    World::compiled().contains(&World::Loom)
}

/// Whether this build has the shuttle world.
pub fn shuttle() -> bool {
    World::compiled().contains(&World::Shuttle)
}

/// Every strategy that explores, in the compiled worlds.
pub fn strategies() -> Vec<Strategy> {
    let mut all = samplers();
    all.extend(exhaustive());
    all
}

/// The compiled strategies that leave nothing out.
pub fn exhaustive() -> Vec<Strategy> {
    compiled(&[Strategy::Exhaustive, Strategy::Dfs, Strategy::Dpor])
}

/// The compiled strategies that draw schedules.
pub fn samplers() -> Vec<Strategy> {
    compiled(&[Strategy::Random, Strategy::Pct { depth: 3 }, Strategy::Urw, Strategy::Surw, Strategy::Pos])
}

/// Those of the strategies whose world is compiled.
pub fn compiled(strategies: &[Strategy]) -> Vec<Strategy> {
    strategies.iter().copied().filter(|strategy| World::compiled().contains(&strategy.world())).collect()
}

/// A model. The helpers below are compiled once, not for each closure.
pub type Model = Arc<dyn Fn() + Send + Sync>;

/// Runs a check that must be possible.
pub fn run(strategy: Strategy, model: impl Fn() + Send + Sync + 'static) -> Verdict {
    run_model(strategy, Arc::new(model))
}

fn run_model(strategy: Strategy, model: Model) -> Verdict {
    Check::new("model")
        .strategy(strategy)
        .schedules(300)
        .run(move || model())
        .unwrap_or_else(|why| panic!("{strategy}: {why}"))
}

/// The model passes with every strategy, and the exhaustive ones exhaust it.
#[track_caller]
pub fn passes(model: impl Fn() + Send + Sync + 'static) {
    let model: Model = Arc::new(model);
    for strategy in strategies() {
        passes_as(strategy, Arc::clone(&model));
    }
}

/// The model passes with one strategy.
#[track_caller]
pub fn passes_with(strategy: Strategy, model: impl Fn() + Send + Sync + 'static) -> Verdict {
    passes_as(strategy, Arc::new(model))
}

#[track_caller]
fn passes_as(strategy: Strategy, model: Model) -> Verdict {
    let verdict = run_model(strategy, model);
    assert!(verdict.passed(), "{}", raddle::render(&verdict));
    match verdict.coverage {
        Coverage::Exhausted => assert!(matches!(strategy, Strategy::Exhaustive | Strategy::Dfs | Strategy::Dpor)),
        Coverage::Sampled { schedules } => assert_eq!(schedules, verdict.executions),
        other => panic!("{strategy}: {other}"),
    }
    verdict
}

/// The model fails so with every strategy, and each failure replays.
#[track_caller]
pub fn fails(kind: FailureKind, message: &str, model: impl Fn() + Send + Sync + 'static) -> Vec<Verdict> {
    fails_as(&strategies(), kind, message, Arc::new(model))
}

/// The model fails so with each of the strategies, and each failure replays.
#[track_caller]
pub fn fails_with(
    strategies: &[Strategy],
    kind: FailureKind,
    message: &str,
    model: impl Fn() + Send + Sync + 'static,
) -> Vec<Verdict> {
    fails_as(strategies, kind, message, Arc::new(model))
}

#[track_caller]
fn fails_as(strategies: &[Strategy], kind: FailureKind, message: &str, model: Model) -> Vec<Verdict> {
    strategies
        .iter()
        .map(|&strategy| {
            let verdict = run_model(strategy, Arc::clone(&model));
            expect(&verdict, kind, message);
            replays_as(&verdict, Arc::clone(&model));
            verdict
        })
        .collect()
}

/// The verdict is a failure of this kind whose message contains this.
#[track_caller]
pub fn expect(verdict: &Verdict, kind: FailureKind, message: &str) {
    let shown = raddle::render(verdict);
    let failure = verdict.failure.as_ref().unwrap_or_else(|| panic!("it passed: {shown}"));
    assert_eq!(failure.kind, kind, "{shown}");
    assert!(failure.message.contains(message), "{shown}\nshould say: {message}");
}

/// The failure's token is well-formed, and gives the same failure in one execution.
#[track_caller]
pub fn replays(verdict: &Verdict, model: impl Fn() + Send + Sync + 'static) {
    replays_as(verdict, Arc::new(model));
}

#[track_caller]
fn replays_as(verdict: &Verdict, model: Model) {
    let failure = verdict.failure.as_ref().expect("a failure is replayed");
    let line = failure.token.as_deref().expect("every failure of a model has a token");
    let token: Token = line.parse().unwrap_or_else(|why| panic!("{line}: {why}"));
    assert_eq!(token.to_string(), line);
    let again = Check::new("model")
        .replay(&token, move || model())
        .unwrap_or_else(|why| panic!("{} {line}: {why}", verdict.strategy));
    assert_eq!(again.failure.as_ref(), Some(failure), "{}\n{}", raddle::render(verdict), raddle::render(&again));
    assert_eq!(again.executions, 1, "a replay is one execution");
}

/// What the model returns over all executions of one strategy, none of which may fail.
#[track_caller]
pub fn outcomes<T: Ord + Send + 'static>(
    strategy: Strategy,
    model: impl Fn() -> T + Send + Sync + 'static,
) -> BTreeSet<T> {
    explored(strategy, model).0
}

/// The same, and how much of the model that was.
#[track_caller]
pub fn explored<T: Ord + Send + 'static>(
    strategy: Strategy,
    model: impl Fn() -> T + Send + Sync + 'static,
) -> (BTreeSet<T>, Coverage) {
    explored_as(strategy, Arc::new(model))
}

#[track_caller]
fn explored_as<T: Ord + Send + 'static>(
    strategy: Strategy,
    model: Arc<dyn Fn() -> T + Send + Sync>,
) -> (BTreeSet<T>, Coverage) {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let all = Arc::clone(&seen);
    let verdict = run(strategy, move || {
        let outcome = model();
        seen.lock().unwrap().insert(outcome);
    });
    assert!(verdict.passed(), "{}", raddle::render(&verdict));
    assert!(!verdict.truncated(), "{}", raddle::render(&verdict));
    let seen = std::mem::take(&mut *all.lock().unwrap());
    (seen, verdict.coverage)
}

/// Every exhaustive strategy sees exactly these outcomes, and the samplers see some of them.
#[track_caller]
pub fn explores<T: Ord + Send + std::fmt::Debug + 'static>(
    expected: impl IntoIterator<Item = T>,
    model: impl Fn() -> T + Send + Sync + 'static,
) {
    explores_all(expected.into_iter().collect(), Arc::new(model));
}

#[track_caller]
fn explores_all<T: Ord + Send + std::fmt::Debug + 'static>(
    expected: BTreeSet<T>,
    model: Arc<dyn Fn() -> T + Send + Sync>,
) {
    for strategy in exhaustive() {
        assert_eq!(explored_as(strategy, Arc::clone(&model)).0, expected, "{strategy}");
    }
    for strategy in samplers() {
        let seen = explored_as(strategy, Arc::clone(&model)).0;
        assert!(seen.is_subset(&expected), "{strategy}: {seen:?}");
    }
}
