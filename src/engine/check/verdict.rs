//! What a check says, as data.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Strategy, Switch};
pub use crate::world::event::{Kind, Number, ObjectKind, ObjectRef, Value};
use crate::world::{World, facts::Settings, timer::Kept};

/// How an execution fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FailureKind {
    /// A thread panicked, and neither `join` returned the panic nor the code caught it: an assertion, usually.
    Panic,
    /// Every thread waits for another.
    Deadlock,
    /// Main has returned and, once the rest has come to rest, a thread is still blocked; or a thread has ended while
    /// it owns a lock.
    Leak,
    /// Two accesses to an `UnsafeCell`, one of which writes, and nothing orders them.
    DataRace,
    /// Only threads that wait for a change are left, or the step limit was reached.
    Livelock,
    /// The process died: a stack overflow, `abort`, a panic in a destructor that unwinds.
    Abort,
    /// The same schedule gave another execution: the model depends on something that is not modelled. Every failure that
    /// exploration finds is run once more, so that none is reported that does not repeat itself.
    Nondeterminism,
}

impl FailureKind {
    /// The kind's name, as it is written here.
    pub fn name(self) -> &'static str {
        match self {
            FailureKind::Panic => "Panic",
            FailureKind::Deadlock => "Deadlock",
            FailureKind::Leak => "Leak",
            FailureKind::DataRace => "DataRace",
            FailureKind::Livelock => "Livelock",
            FailureKind::Abort => "Abort",
            FailureKind::Nondeterminism => "Nondeterminism",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A thread that waits, when an execution is stuck.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The thread's name.
    pub thread: String,
    /// What it waits to do.
    pub operation: Kind,
    /// To what. On real threads only what threads can wait for is numbered.
    pub object: Option<ObjectRef>,
    /// Who holds the lock that it waits for, or runs the initialiser.
    pub held_by: Option<String>,
    /// The source file where it waits.
    pub file: String,
    /// The line.
    pub line: u32,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.thread, self.operation.name())?;
        if let Some(object) = self.object {
            write!(f, " of {object}")?;
        }
        if let Some(holder) = &self.held_by {
            write!(f, " (held by {holder})")?;
        }
        write!(f, " at {}:{}", self.file, self.line)
    }
}

/// One step of an execution: what a thread did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The thread that did it, numbered in the order of spawning; main is 0.
    pub thread: u32,
    /// What it did.
    pub kind: Kind,
    /// To which object.
    pub object: Option<ObjectRef>,
    /// With which result.
    pub value: Value,
    /// The source file.
    pub file: String,
    /// The line.
    pub line: u32,
    /// Where another thread than before goes on: which one went on no further, and why. `None` also where a step comes in
    /// passing, and nobody stops; and in a Nondeterminism.
    #[serde(default)]
    pub switch: Option<Switch>,
    /// The step ends a wait that nobody ended: see [`Check::spurious`](super::Check::spurious).
    #[serde(default)]
    pub spurious: bool,
}

impl Step {
    /// The step as far as it is the same in every run. Which addresses are given out again differs from run to run, so
    /// any pointer but null counts as the first; and why a switch happened is not always noted.
    pub(crate) fn repeatable(&self) -> Step {
        let number = |n| match n {
            Number::Pointer(1..) => Number::Pointer(1),
            n => n,
        };
        let value = match self.value {
            Value::Got(n) => Value::Got(number(n)),
            Value::Set(n) => Value::Set(number(n)),
            Value::Changed(from, to) => Value::Changed(number(from), number(to)),
            value => value,
        };
        Step { value, switch: None, ..self.clone() }
    }
}

impl fmt::Display for Step {
    /// Without the thread and the place: `load atomic#1 -> 0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        if let Some(object) = self.object {
            write!(f, " {object}")?;
        }
        if self.value != Value::None {
            write!(f, " {}", self.value)?;
        }
        Ok(())
    }
}

/// A panic of an execution that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panicked {
    /// The name of the thread that panicked.
    pub thread: String,
    /// The panic's message.
    pub message: String,
    /// The source file; `unknown` if the panic was begun by [`resume_unwind`](std::panic::resume_unwind).
    pub file: String,
    /// The line.
    pub line: u32,
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}:{}: {}", self.thread, self.file, self.line, self.message)
    }
}

/// An execution that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// How it failed.
    pub kind: FailureKind,
    /// The panic's message, or what happened. If the panic only says that another thread has panicked, as a scope's
    /// does, it is followed by what that one said.
    pub message: String,
    /// The panics of the execution, in order: those that have ended a thread, whether or not `join` returned them, and
    /// those that were under way when it failed. Empty in the std world.
    pub panics: Vec<Panicked>,
    /// Who waits for what, if the execution was stuck.
    pub waiting: Vec<Waiting>,
    /// The execution's threads by number: their names.
    pub threads: Vec<String>,
    /// What happened, in order. Rounds that a busy loop went in vain are left out.
    pub steps: Vec<Step>,
    /// One line that replays this execution; `None` in the std world, where nothing can be replayed. That of a
    /// Nondeterminism runs the same schedule again, and may give another execution each time.
    pub token: Option<String>,
}

impl Failure {
    /// Who waits for what, if that is how it failed. Who happened to wait when something else failed has nothing to do with
    /// it.
    pub fn stuck(&self) -> &[Waiting] {
        match self.kind {
            FailureKind::Deadlock | FailureKind::Leak | FailureKind::Livelock => &self.waiting,
            _ => &[],
        }
    }
}

/// What cut an exploration short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Limit {
    /// The limit on executions.
    Executions,
    /// The limit on time, which is set only on request.
    Time,
    /// A failure, at which exploration stops.
    Failure,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Limit::Executions => "executions",
            Limit::Time => "time",
            Limit::Failure => "failure",
        })
    }
}

/// How much of what could happen has been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Coverage {
    /// Every execution, in the world's memory model: the engine asked for no further one.
    Exhausted,
    /// Every execution within these bounds.
    Bounded {
        /// At most so many switches away from a thread that could have gone on.
        preemptions: Option<usize>,
        /// At most so many timers that fire although something else could go on.
        firings: Option<u32>,
        /// At most so many waits that end spuriously.
        wakes: Option<u32>,
    },
    /// So many schedules, drawn at random.
    Sampled {
        /// How many.
        schedules: u64,
    },
    /// Cut short: nothing is said of the rest.
    Truncated {
        /// By what.
        by: Limit,
    },
}

impl Coverage {
    /// What has been seen when the engine asks for no further execution.
    pub(crate) fn complete(preemptions: Option<usize>, kept: Kept, settings: Settings) -> Coverage {
        let firings = kept.firings.then_some(settings.firings);
        let wakes = kept.wakes.then_some(settings.spurious);
        match (preemptions, firings, wakes) {
            (None, None, None) => Coverage::Exhausted,
            _ => Coverage::Bounded { preemptions, firings, wakes },
        }
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Coverage::Exhausted => f.pad("exhausted"),
            Coverage::Bounded { preemptions, firings, wakes } => {
                let bounds = [
                    preemptions.map(|n| format!("{n} preemptions")),
                    firings.map(|n| format!("{n} early firings")),
                    wakes.map(|n| format!("{n} spurious wake-ups")),
                ];
                f.pad(&format!("bounded({})", bounds.into_iter().flatten().collect::<Vec<_>>().join(", ")))
            }
            Coverage::Sampled { schedules } => f.pad(&format!("sampled({schedules})")),
            Coverage::Truncated { by } => f.pad(&format!("truncated({by})")),
        }
    }
}

/// What one check, in one world with one strategy, has found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// The name that the check was given.
    pub case: String,
    /// The world.
    pub world: World,
    /// The strategy.
    pub strategy: Strategy,
    /// The first failing execution, if any: in its smallest form, if [`Check::smallest`](super::Check::smallest) asks for
    /// that; of all [`outcomes`](super::Check::outcomes), the smallest.
    pub failure: Option<Failure>,
    /// How much has been seen.
    pub coverage: Coverage,
    /// Complete executions, the failing one included. That it was run once more to confirm it, and others to make it
    /// smaller, does not count.
    pub executions: u64,
    /// Executions besides these that turned out to be equivalent to others (strategy `dpor`).
    #[serde(default)]
    pub redundant: u64,
    /// How many of them failed: one at most, since exploration stops there; in the std world, and where
    /// [`outcomes`](super::Check::outcomes) are gathered, it goes on.
    pub failures: u64,
    /// Steps in all of them.
    pub steps: u64,
    /// Time on the wall.
    pub elapsed: Duration,
    /// The seed, where the strategy has one.
    pub seed: Option<u64>,
}

impl Verdict {
    /// Whether no execution failed.
    pub fn passed(&self) -> bool {
        self.failure.is_none()
    }

    /// `passed` or `failed`.
    pub fn word(&self) -> &'static str {
        if self.passed() { "passed" } else { "failed" }
    }

    /// Whether exploration ended before it was complete, and without a failure: nothing is proved, so it counts as a
    /// failure of the check unless the caller expects it.
    pub fn truncated(&self) -> bool {
        matches!(self.coverage, Coverage::Truncated { by: Limit::Executions | Limit::Time })
    }
}
