//! What a model promises, and how real runs are held to it.

use std::{
    collections::BTreeSet,
    fmt::Debug,
    process::Command,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

/// Set in the process of a model that aborts.
const CHILD: &str = "CONFORMANCE_CHILD";

/// What a model may do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// It returns one of these; exploration sees all of them.
    Exactly(&'static [&'static str]),
    /// It returns one of these; exploration sees some of them.
    Among(&'static [&'static str]),
    /// It returns one of the second; exploration sees all of the first and nothing else, for what it does in several
    /// steps is one in a model.
    Atomic(&'static [&'static str], &'static [&'static str]),
    /// It never returns.
    Blocks,
    /// It panics so, and while it unwinds the process may die of a second panic.
    Aborts(&'static str),
}

/// How far a model can be explored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// In every world, exhaustively.
    Small,
    /// By loom only within a few preemptions.
    Bounded,
    /// Not by loom.
    Shuttle,
    /// Only by the samplers.
    Sampled,
}

/// A model of the suite.
#[derive(Clone, Copy)]
pub struct Model {
    /// The path of its test.
    pub name: &'static str,
    pub run: fn() -> String,
    pub rule: Rule,
    #[cfg_attr(not(any(feature = "model", loom, shuttle)), expect(dead_code, reason = "a real run explores nothing"))]
    pub size: Size,
}

impl Model {
    pub const fn new(name: &'static str, run: fn() -> String, rule: Rule) -> Model {
        Model { name, run, rule, size: Size::Small }
    }

    pub const fn bounded(self) -> Model {
        Model { size: Size::Bounded, ..self }
    }

    pub const fn shuttle(self) -> Model {
        Model { size: Size::Shuttle, ..self }
    }

    pub const fn sampled(self) -> Model {
        Model { size: Size::Sampled, ..self }
    }
}

/// What a model returns, as text.
pub fn told(value: impl Debug) -> String {
    format!("{value:?}")
}

/// Tests for models, from what they may do. See the head of `main.rs`.
macro_rules! conforms {
    (@rule always, $told:literal) => { $crate::rule::Rule::Exactly(&[$told]) };
    (@rule exactly, [$($told:literal),* $(,)?]) => { $crate::rule::Rule::Exactly(&[$($told),*]) };
    (@rule among, [$($told:literal),* $(,)?]) => { $crate::rule::Rule::Among(&[$($told),*]) };
    (@rule atomic, [$($models:literal),*], [$($told:literal),* $(,)?]) => {
        $crate::rule::Rule::Atomic(&[$($models),*], &[$($told),*])
    };
    (@rule blocks) => { $crate::rule::Rule::Blocks };
    (@rule aborts, $said:literal) => { $crate::rule::Rule::Aborts($said) };
    ($($kind:ident($model:ident $(, $told:tt)* $(,)?) $(.$size:ident())?),* $(,)?) => {
        mod tests {
            $(
                #[test]
                fn $model() {
                    let rule = $crate::rule::conforms!(@rule $kind $(, $told)*);
                    let name = concat!(module_path!(), "::", stringify!($model));
                    let model = $crate::rule::Model::new(name, || $crate::rule::told(super::$model()), rule);
                    super::super::check(model$(.$size())?);
                }
            )*
        }
    };
}
pub(crate) use conforms;

/// Real runs of each model; `CONFORMANCE_RUNS` asks for more, and tells what they have not shown.
fn runs() -> (u32, bool) {
    let asked = std::env::var("CONFORMANCE_RUNS").ok();
    let asked = asked.map(|n| n.parse().expect("CONFORMANCE_RUNS is a number"));
    (asked.unwrap_or(20), asked.is_some())
}

/// Runs the model on real threads, outside any engine.
pub fn on_real_threads(model: Model) {
    match model.rule {
        Rule::Exactly(allowed) | Rule::Among(allowed) | Rule::Atomic(_, allowed) => {
            let (runs, asked) = runs();
            let seen: BTreeSet<String> = (0..runs).map(|_| (model.run)()).collect();
            for told in &seen {
                assert!(allowed.contains(&told.as_str()), "it may return {allowed:#?}, and returned {told}");
            }
            for missing in allowed.iter().filter(|told| asked && !seen.contains(**told)) {
                println!("not in {runs} runs of {}: {missing}", model.name);
            }
        }
        Rule::Blocks => {
            let (returned, wait) = mpsc::channel();
            // It stays behind until the process ends.
            thread::spawn(move || returned.send((model.run)()));
            let result = wait.recv_timeout(Duration::from_millis(50));
            assert_eq!(result, Err(RecvTimeoutError::Timeout), "it must neither return nor panic");
        }
        Rule::Aborts(said) => dies(model, said),
    }
}

/// Runs the model outside any model of raddle's, where this build can, and explores it in every world that it fits.
#[cfg(any(feature = "model", loom, shuttle))]
pub fn in_every_world(model: Model) {
    use crate::common::{compiled, exhaustive, explored, fails_with, samplers};
    use raddle::{Coverage, FailureKind, Strategy, World};

    if World::compiled().contains(&World::Std) {
        on_real_threads(model);
        // The child of a model that aborts has nothing else to do.
        if std::env::var_os(CHILD).is_some() {
            return;
        }
        in_runs(model);
    }
    let exhaustive = match model.size {
        Size::Small => exhaustive(),
        Size::Bounded => compiled(&[Strategy::Preemptions(2), Strategy::Dfs, Strategy::Dpor]),
        Size::Shuttle => compiled(&[Strategy::Dfs, Strategy::Dpor]),
        Size::Sampled => Vec::new(),
    };
    for strategy in exhaustive.iter().copied().chain(samplers()) {
        let run = model.run;
        let (allowed, all) = match model.rule {
            Rule::Exactly(allowed) | Rule::Atomic(allowed, _) => (allowed, exhaustive.contains(&strategy)),
            Rule::Among(allowed) => (allowed, false),
            Rule::Blocks => {
                fails_with(&[strategy], FailureKind::Deadlock, "", move || drop(run()));
                continue;
            }
            Rule::Aborts(said) => {
                fails_with(&[strategy], FailureKind::Panic, said, move || drop(run()));
                continue;
            }
        };
        let (seen, coverage) = explored(strategy, run);
        for told in &seen {
            assert!(allowed.contains(&told.as_str()), "{strategy}: it may return {allowed:#?}, and returned {told}");
        }
        assert!(!all || seen.len() == allowed.len(), "{strategy}: it may return {allowed:#?}; seen: {seen:#?}");
        let too_large = matches!(coverage, Coverage::Bounded { preemptions: Some(_), .. });
        assert!(model.size == Size::Bounded || !too_large, "{strategy}: the model is too large, and should say so");
    }
}

/// Runs the model on real threads, as a check does: there a channel is raddle's own, and whoever blocks is found.
#[cfg(any(feature = "model", loom, shuttle))]
fn in_runs(model: Model) {
    use crate::common::expect;
    use raddle::{Check, FailureKind, Strategy};
    use std::sync::{Arc, Mutex};

    let seen: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let told = Arc::clone(&seen);
    let check = Check::new("model").strategy(Strategy::Stress).schedules(u64::from(runs().0));
    let verdict = check.run(move || {
        let outcome = (model.run)();
        told.lock().unwrap().insert(outcome);
    });
    let verdict = verdict.expect("it can be run");
    match model.rule {
        Rule::Exactly(allowed) | Rule::Among(allowed) | Rule::Atomic(allowed, _) => {
            assert!(verdict.passed(), "{}", raddle::render(&verdict));
            for told in &*seen.lock().unwrap() {
                assert!(allowed.contains(&told.as_str()), "run: it may return {allowed:#?}, and returned {told}");
            }
        }
        Rule::Blocks => expect(&verdict, FailureKind::Deadlock, ""),
        Rule::Aborts(said) => expect(&verdict, FailureKind::Panic, said),
    }
}

/// Runs the model in a process of its own: this test once more, which knows by a variable that it is the child.
fn dies(model: Model, said: &str) {
    if std::env::var_os(CHILD).is_some() {
        (model.run)();
        return;
    }
    let (_, path) = model.name.split_once("::").expect("the crate's name comes first");
    let child = Command::new(std::env::current_exe().expect("a test has a path"))
        .args([path, "--exact", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .expect("a test can be run again");
    let output = String::from_utf8_lossy(&child.stderr);
    assert!(!child.status.success(), "it should have died: {output}");
    assert!(output.contains(said), "{output}\nshould say: {said}");
}
