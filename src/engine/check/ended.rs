//! From the plain data of an execution to what a verdict holds.

use std::sync::{PoisonError, atomic::Ordering::Relaxed};

use super::{Coverage, Error, Failure, FailureKind, Limit, Step, Token, watch::Watch};
use crate::world::{Execution, core::Core, facts::Stop};

/// What an exploration has found.
pub(crate) struct Explored {
    pub(crate) failure: Option<Failure>,
    pub(crate) coverage: Coverage,
    pub(crate) executions: u64,
    pub(crate) steps: u64,
    /// Executions that failed: one at most, but in the std world.
    pub(crate) failures: u64,
    /// Executions besides these that turned out to be equivalent to others.
    pub(crate) redundant: u64,
}

/// How an execution ended.
pub(crate) enum Ended {
    Passed,
    Failed(Failure),
    /// A new fact was learned: start over.
    Learned,
}

/// Facts that a model may teach before something must be wrong.
pub(crate) const MOST_RESTARTS: u32 = 10_000;

/// Takes the outcome of the execution that has just ended. The token is put in later.
pub(crate) fn take(ex: &Execution) -> Result<Ended, Error> {
    ex.drop_statics();
    let core = &mut *ex.core.borrow_mut();
    let learned = std::mem::take(&mut core.learned);
    match core.stop.take() {
        Some(Stop::Error(why)) => Err(why),
        Some(Stop::Learned) => Ok(Ended::Learned),
        _ if learned => Ok(Ended::Learned),
        None | Some(Stop::Behind) => Ok(Ended::Passed),
        Some(Stop::Failure { kind, message, waiting, panics }) => Ok(Ended::Failed(Failure {
            kind,
            message,
            panics,
            waiting,
            threads: names(core),
            steps: steps(core),
            token: None,
        })),
    }
}

/// The names of the threads, by number.
pub(crate) fn names(core: &Core) -> Vec<String> {
    (0..core.threads.len()).map(|thread| core.thread_name(thread)).collect()
}

pub(crate) fn steps(core: &Core) -> Vec<Step> {
    core.events
        .iter()
        .enumerate()
        .map(|(number, event)| Step {
            thread: event.thread,
            kind: event.kind,
            object: event.object,
            value: event.value,
            file: event.location.file().to_owned(),
            line: event.location.line(),
            switch: core.turns.switch(number),
            spurious: event.spurious,
        })
        .collect()
}

/// The failure with the line that replays it.
pub(crate) fn with_token(mut failure: Failure, token: Token) -> Failure {
    let token = match failure.kind {
        FailureKind::Nondeterminism => token,
        _ => token.with_trail(&failure.steps),
    };
    failure.token = Some(token.to_string());
    failure
}

/// What came of a failing execution's schedule when it was run once more.
pub(crate) enum Again {
    Passed,
    Failed(Failure),
    /// The schedule could not be followed: why.
    Parted(String),
}

/// The failure as its schedule gives it again, with the reasons of its switches, if it does; else what the two runs did, as a Nondeterminism.
pub(crate) fn confirm(first: Failure, again: Again) -> Failure {
    let found = |failure: &Failure| format!("{}: {}", failure.kind, failure.message);
    let how = match again {
        Again::Parted(how) => how,
        Again::Passed => "it passed".to_owned(),
        Again::Failed(second) if found(&second) != found(&first) => format!("it failed with {}", found(&second)),
        Again::Failed(second) => match parting(&first.steps, &second.steps) {
            None => return second,
            Some(how) => format!("{how}; and it failed alike"),
        },
    };
    let before = found(&first);
    nondeterminism(first, &format!("it failed with {before}; run again, {how}"))
}

/// An execution that met another number of threads that could run, or another kind of branch, than the one before it
/// had met at that point.
pub(crate) fn diverged(threads: Vec<String>, steps: Vec<Step>) -> Failure {
    let kind = FailureKind::Nondeterminism;
    let failure =
        Failure { kind, message: String::new(), panics: Vec::new(), waiting: Vec::new(), threads, steps, token: None };
    nondeterminism(failure, "it went other ways than the one before")
}

/// What is known of an exploration in which loom has lost its way: it went on with a thread that had ended.
pub(crate) fn lost(watch: &Watch) -> Explored {
    let again = Again::Parted("a thread had ended that it had gone on with".to_owned());
    let found = watch.found.lock().unwrap_or_else(PoisonError::into_inner).take();
    let counted = u64::from(found.is_none());
    Explored {
        failure: Some(found.map_or_else(|| diverged(Vec::new(), Vec::new()), |failure| confirm(failure, again))),
        coverage: Coverage::Truncated { by: Limit::Failure },
        executions: watch.executions.load(Relaxed) + counted,
        steps: watch.steps.load(Relaxed),
        failures: 1,
        redundant: 0,
    }
}

/// A failure of the model to repeat itself.
fn nondeterminism(first: Failure, how: &str) -> Failure {
    Failure {
        kind: FailureKind::Nondeterminism,
        message: format!(
            "the same schedule gave another execution ({how}): the model depends on something that is not modelled, \
             such as time, randomness, addresses or a static of std's"
        ),
        ..first
    }
}

/// Where two executions part, if they do.
fn parting(first: &[Step], second: &[Step]) -> Option<String> {
    let step = |steps: &[Step], at: usize| match steps.get(at) {
        Some(step) => format!("`{step}` of thread {} ({}:{})", step.thread, step.file, step.line),
        None => "its end".to_owned(),
    };
    let at = (0..first.len().max(second.len()))
        .find(|&at| first.get(at).map(Step::repeatable) != second.get(at).map(Step::repeatable))?;
    Some(format!("step {} was {}, and had been {}", at + 1, step(second, at), step(first, at)))
}
