//! From the plain data of an execution to what a verdict holds.

use super::{Coverage, Error, Failure, Step, Token};
use crate::world::{
    Execution,
    core::{Core, Stop},
};

/// What an exploration has found.
pub(crate) struct Explored {
    pub(crate) failure: Option<Failure>,
    pub(crate) coverage: Coverage,
    pub(crate) executions: u64,
    pub(crate) steps: u64,
    /// Executions that failed: one at most, but in the std world.
    pub(crate) failures: u64,
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
        Some(Stop::Error(message)) => Err(Error::Tool(message)),
        Some(Stop::Learned) => Ok(Ended::Learned),
        _ if learned => Ok(Ended::Learned),
        None | Some(Stop::Behind) => Ok(Ended::Passed),
        Some(Stop::Failure { kind, message, waiting }) => {
            Ok(Ended::Failed(Failure { kind, message, waiting, threads: names(core), steps: steps(core), token: None }))
        }
    }
}

/// The names of the threads, by number.
pub(crate) fn names(core: &Core) -> Vec<String> {
    (0..core.threads.len()).map(|thread| core.thread_name(thread)).collect()
}

pub(crate) fn steps(core: &Core) -> Vec<Step> {
    core.events
        .iter()
        .map(|event| Step {
            thread: event.thread,
            kind: event.kind,
            object: event.object,
            value: event.value,
            file: event.location.file().to_owned(),
            line: event.location.line(),
        })
        .collect()
}

/// The failure with the line that replays it.
pub(crate) fn with_token(mut failure: Failure, token: Token) -> Failure {
    failure.token = Some(token.to_string());
    failure
}
