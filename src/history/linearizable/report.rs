//! What comes out of a check.

use std::fmt;

use super::{
    super::{History, Refutation, Spec},
    Scenario,
};
use crate::{Coverage, Verdict, render};

/// What was tried, and passed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Passed {
    /// The name of the subject's type.
    pub name: String,
    /// Scenarios that were made up.
    pub scenarios: u64,
    /// Those of them whose every execution was explored.
    pub exhausted: u64,
    /// Executions of all of them.
    pub executions: u64,
}

impl Passed {
    pub(super) fn none(name: String) -> Passed {
        Passed { name, scenarios: 0, exhausted: 0, executions: 0 }
    }

    pub(super) fn count(&mut self, verdicts: &[Verdict]) {
        self.scenarios += 1;
        self.exhausted += u64::from(verdicts.iter().any(|verdict| verdict.coverage == Coverage::Exhausted));
        self.executions += verdicts.iter().map(|verdict| verdict.executions).sum::<u64>();
    }
}

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Passed { name, scenarios, exhausted, executions } = self;
        write!(
            f,
            "{name} is linearizable in {scenarios} scenarios, {exhausted} of them exhausted: {executions} executions"
        )
    }
}

/// A scenario that fails, and how.
pub struct Counterexample<S: Spec> {
    /// What is done: nothing can be left out of it.
    pub scenario: Scenario<S::Operation>,
    /// What came of it, in the execution that is shown; `None` if it failed before its end.
    pub history: Option<History<S::Operation, S::Answer>>,
    /// Why that is not linearizable.
    pub refutation: Option<Box<Refutation<S::Operation, S::Answer>>>,
    /// The check that failed: its failure is the smallest execution that was found.
    pub verdict: Verdict,
}

impl<S: Spec> fmt::Display for Counterexample<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counterexample { scenario, history, refutation, verdict } = self;
        match (history, refutation) {
            (Some(history), Some(refutation)) => writeln!(f, "{refutation}\n\n{history}\n")?,
            _ => writeln!(f, "{scenario}\n")?,
        }
        f.write_str(&render(verdict))
    }
}

impl<S: Spec> fmt::Debug for Counterexample<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
