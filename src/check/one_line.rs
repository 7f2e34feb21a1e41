//! The one-line form, and what the environment asks for.

use std::sync::Arc;

use super::{Check, Error, Model, SMALLEST, Strategy, Token, Verdict, render};
use crate::world::World;

/// What `check` runs: every strategy of every world that explores.
pub(super) fn default_strategies() -> Vec<Strategy> {
    let worlds = World::compiled().iter().filter(|world| **world != World::Std);
    worlds.flat_map(|world| Strategy::defaults(*world)).copied().collect()
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

/// Checks a model in the loom and shuttle worlds with default limits. This is the one line that a test needs.
///
/// If `RADDLE_REPLAY` holds a token of a check of this name, replays that one execution instead.
///
/// # Panics
/// If an execution fails, with a report: what failed, the steps that led there, and the line that replays it. Also if
/// the check was cut short, or could not be done.
#[track_caller]
pub fn check(name: &str, model: impl Fn() + Send + Sync + 'static) {
    let model: Model = Arc::new(model);
    match replay_asked_for() {
        Ok(Some(token)) if token.case == name => {
            let verdict = Check::new(name).strategy(token.strategy).run_arc(model, Some(token));
            conclude(name, verdict, true);
            return;
        }
        Ok(Some(token)) => eprintln!("{REPLAY} belongs to {:?}: {name:?} is checked as usual", token.case),
        Ok(None) => {}
        Err(why) => panic!("{REPLAY}: {why}"),
    }
    for strategy in default_strategies() {
        let check = Check::new(name).strategy(strategy).smallest(SMALLEST);
        conclude(name, check.run_arc(Arc::clone(&model), None), false);
    }
}

#[track_caller]
fn conclude(name: &str, verdict: Result<Verdict, Error>, replayed: bool) {
    match verdict {
        Err(why) => panic!("{name} could not be checked: {why}"),
        Ok(verdict) if !verdict.passed() || verdict.truncated() => panic!("{}", render(&verdict)),
        Ok(verdict) if replayed => eprintln!("{}", render(&verdict)),
        Ok(_) => {}
    }
}
