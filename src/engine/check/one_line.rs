//! The one-line form, and what the environment asks for.

use std::sync::Arc;

use super::{Check, Error, Failure, FailureKind, LOOM_STEPS, Model, SMALLEST, Strategy, Token, Verdict, render};
use crate::world::{STEP_LIMIT, World};

/// What `check` runs, in this order: every order of the steps that do not commute; what only weak memory shows; and
/// schedules at random, which need neither the reduction nor loom to be right, and go on where those had to stop.
pub(super) fn default_strategies() -> Vec<Strategy> {
    let all = [Strategy::Dpor, Strategy::Exhaustive, Strategy::Random, Strategy::Pct { depth: 3 }, Strategy::Urw];
    all.into_iter().filter(|strategy| World::compiled().contains(&strategy.world())).collect()
}

/// The environment variable that holds a token, to be replayed by the checks of its name in place of exploring.
pub const REPLAY: &str = "RADDLE_REPLAY";

pub(super) fn replay_asked_for() -> Result<Option<Token>, Error> {
    match std::env::var(REPLAY) {
        Ok(line) => Ok(Some(line.parse()?)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(why) => Err(Error::Argument(why.to_string())),
    }
}

/// Checks a model with default limits. This is the one line that a test needs. It
///
/// 1. explores every interleaving with [`Strategy::Dpor`], up to [`EXECUTIONS`] executions;
/// 2. explores weak memory in the loom world, up to [`LOOM_EXECUTIONS`] executions, and then, with at most two
///    preemptions, so many again;
/// 3. draws [`SCHEDULES`] schedules at random with each of three strategies.
///
/// It tells on the standard error which of these it did, and what each covered. Where the model is too large for the first
/// or the second (that many executions do not exhaust it, or it has more threads than loom can run), that is said, and what
/// the third covers has to do.
///
/// If `RADDLE_REPLAY` holds a token of a check of this name, replays that one execution instead.
///
/// # Panics
/// If an execution fails, with a report: what failed, the steps that led there, and the line that replays it. Also if
/// the check could not be done; and, in a build that is narrowed to the loom world, which draws no schedules, if the
/// model is too large for loom.
///
/// [`EXECUTIONS`]: super::EXECUTIONS
/// [`LOOM_EXECUTIONS`]: super::LOOM_EXECUTIONS
/// [`SCHEDULES`]: super::SCHEDULES
#[track_caller]
pub fn check(name: &str, model: impl Fn() + Send + Sync + 'static) {
    let model: Model = Arc::new(model);
    match replay_asked_for() {
        Ok(Some(token)) if token.case == name => {
            let verdict = Check::new(name).strategy(token.strategy).run_arc(model, Some(token));
            conclude(name, verdict, false);
            return;
        }
        Ok(Some(token)) => eprintln!("{REPLAY} belongs to {:?}: {name:?} is checked as usual", token.case),
        Ok(None) => {}
        Err(why) => panic!("{REPLAY}: {why}"),
    }
    let strategies = default_strategies();
    let samples = strategies.iter().any(|strategy| strategy.samples());
    for strategy in strategies {
        let check = Check::new(name).strategy(strategy).smallest(SMALLEST);
        conclude(name, check.run_arc(Arc::clone(&model), None), samples);
    }
}

/// Panics unless the verdict is good, and tells it. `samples` if schedules are drawn as well.
#[track_caller]
fn conclude(name: &str, verdict: Result<Verdict, Error>, samples: bool) {
    match verdict {
        Ok(verdict) if samples && beyond_loom(&verdict) => {
            eprintln!("{name} was not explored in the loom world: an execution takes more than {LOOM_STEPS} steps");
        }
        Ok(verdict) if !verdict.passed() || (verdict.truncated() && !samples) => panic!("{}", render(&verdict)),
        Ok(verdict) => eprint!("{}", render(&verdict)),
        Err(Error::TooLarge(why)) if samples => eprintln!("{name} was not explored in the loom world: {why}"),
        Err(why) => panic!("{name} could not be checked: {why}"),
    }
}

/// Whether an execution has more steps than loom can count, and need not have more than another world allows.
fn beyond_loom(verdict: &Verdict) -> bool {
    let limited = |failure: &Failure| failure.kind == FailureKind::Livelock && failure.message.starts_with(STEP_LIMIT);
    verdict.world == World::Loom && verdict.failure.as_ref().is_some_and(limited)
}
