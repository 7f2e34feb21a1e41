//! What the catalogue knows of a variant.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Check, Coverage, Error, Failure, FailureKind, Strategy, Token, Verdict, World};

/// A variant of a pattern, with its sizes and what is expected of it.
#[derive(Debug)]
pub struct Case {
    /// The pattern's id.
    pub pattern: &'static str,
    /// The variant's id.
    pub variant: &'static str,
    /// The bug in a few words, or why there is none.
    pub about: &'static str,
    /// Where the program comes from: lecture and file.
    pub source: &'static str,
    /// The variant's source file, as it was compiled: the lines that reports name are lines of this text.
    pub code: &'static str,
    /// Other names by which it is found, such as the lecture's.
    pub aliases: &'static [&'static str],
    /// The variant that mends this one, or that this one mends.
    pub counterpart: Option<&'static str>,
    /// The name of its test in both suites.
    pub test: &'static str,
    /// What the loom world says.
    pub loom: Expect,
    /// What the shuttle world says.
    pub shuttle: Expect,
    /// Whether it may run on real threads.
    pub stress: Stress,
    /// What its checks need that is not by default, in the worlds that explore.
    pub limits: Option<fn(Check) -> Check>,
    /// The program, with an input.
    pub model: fn(&Input),
    /// The smallest input that shows the bug; at most five threads.
    pub small: Input,
    /// The lecture's own size.
    pub large: Input,
}

/// What a scenario is given. What the numbers mean is the pattern's to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// One number for each thread beside main: how much it does.
    pub work: Cow<'static, [usize]>,
    /// What main does, or waits for.
    pub goal: usize,
}

impl Input {
    /// An input that can stand in a constant.
    pub const fn new(work: &'static [usize], goal: usize) -> Input {
        Input { work: Cow::Borrowed(work), goal }
    }
}

/// Which of a case's inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// The smallest input that shows the bug.
    Small,
    /// The lecture's own.
    Large,
}

impl Size {
    /// What follows the case's name where a check, and with it its tokens, is named: nothing, or `@large`.
    fn suffix(self) -> &'static str {
        match self {
            Size::Small => "",
            Size::Large => "@large",
        }
    }
}

/// A name that means no case with one of its inputs.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FindError {
    /// There is no case of this name.
    #[error("no case is called {name:?}")]
    NoCase {
        /// The name, without what says which input.
        name: String,
    },
    /// The case has no input of that size.
    #[error("{case} has no input called {size:?}: it is {case} for the small one, or {case}@large")]
    NoSize {
        /// The case.
        case: String,
        /// What follows the `@`.
        size: String,
    },
}

/// What a world says of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// No execution fails.
    Holds,
    /// No execution fails with at most so many preemptions. All of them are too many for loom, so a check that should
    /// explore them all is one of [`Strategy::Preemptions`] instead.
    Within(usize),
    /// Some execution fails, with one of these symptoms.
    Fails(&'static [Symptom]),
    /// The bug is there, but this world cannot show it: the reason. No execution fails.
    Blind(&'static str),
    /// It is not checked in this world: the reason.
    Absent(&'static str),
}

/// A failure that is expected: its kind, and a part of its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symptom {
    /// The kind.
    pub kind: FailureKind,
    /// What the message contains, with the case's small input. With another input its numbers may be others.
    pub message: &'static str,
    /// What the wrong value means, for whoever reads a stored seed.
    pub meaning: &'static str,
}

impl Symptom {
    /// Whether a failure of the case's small input has this symptom.
    pub fn fits(&self, failure: &Failure) -> bool {
        self.kind == failure.kind && failure.message.contains(self.message)
    }

    /// Whether a failure of some input has this symptom: as [`fits`](Symptom::fits), whatever the numbers.
    pub fn fits_in_shape(&self, failure: &Failure) -> bool {
        self.kind == failure.kind && shape(&failure.message).contains(&shape(self.message))
    }
}

/// The text with `#` for each number.
fn shape(text: &str) -> String {
    let mut shape: String = text.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect();
    while shape.contains("##") {
        shape = shape.replace("##", "#");
    }
    shape
}

/// Whether a case may run on real threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stress {
    /// It may.
    Runs,
    /// It must not: it would be undefined behaviour.
    Undefined,
    /// It cannot: the reason.
    Absent(&'static str),
}

/// A verdict that is not what the case expects.
#[derive(Clone, Debug)]
pub enum Mismatch {
    /// A case that should hold has failed.
    Failed(Box<Failure>),
    /// A case that should fail has passed.
    Passed,
    /// It failed, but not as expected.
    OtherFailure(Box<Failure>),
    /// Exploration was cut short.
    Truncated(Coverage),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mismatch::Failed(failure) => {
                write!(f, "should hold, but failed with {}: {}", failure.kind, failure.message)
            }
            Mismatch::Passed => f.write_str("should fail, but no execution did"),
            Mismatch::OtherFailure(failure) => {
                write!(f, "failed, but not as expected: {}: {}", failure.kind, failure.message)
            }
            Mismatch::Truncated(coverage) => write!(f, "was cut short: {coverage}"),
        }
    }
}

impl Case {
    /// `pattern/variant`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.pattern, self.variant)
    }

    /// The variant's source file, from the repository's root.
    pub fn file(&self) -> String {
        format!("src/patterns/{}/{}.rs", self.pattern, self.module())
    }

    /// The variant's module, in the pattern's.
    pub fn module(&self) -> String {
        self.variant.replace('-', "_")
    }

    /// Whether the program is broken.
    pub fn broken(&self) -> bool {
        [self.loom, self.shuttle].iter().any(|expect| matches!(expect, Expect::Fails(_) | Expect::Blind(_)))
    }

    /// What a world says of it; `None` in the std world, which is only asked how often it fails.
    pub fn expect(&self, world: World) -> Option<Expect> {
        match world {
            World::Std => None,
            World::Loom => Some(self.loom),
            World::Shuttle => Some(self.shuttle),
        }
    }

    /// Why it is not checked in a world, if it is not.
    pub fn absent(&self, world: World) -> Option<&'static str> {
        match (self.expect(world), self.stress) {
            (Some(Expect::Absent(why)), _) | (None, Stress::Absent(why)) => Some(why),
            (None, Stress::Undefined) => Some("undefined behaviour"),
            _ => None,
        }
    }

    /// What is expected of it in a world that shows the bug; empty elsewhere.
    pub fn symptoms(&self, world: World) -> &'static [Symptom] {
        match self.expect(world) {
            Some(Expect::Fails(symptoms)) => symptoms,
            _ => &[],
        }
    }

    /// The symptom that a failure of the small input has, if it is an expected one.
    pub fn symptom(&self, world: World, failure: &Failure) -> Option<&'static Symptom> {
        self.symptoms(world).iter().find(|symptom| symptom.fits(failure))
    }

    /// Runs the case under a check that the caller has made.
    ///
    /// # Errors
    /// If the check could not be done.
    pub fn run(&self, check: Check, input: &Input) -> Result<Verdict, Error> {
        let (model, input) = (self.model, input.clone());
        check.run(move || model(&input))
    }

    /// The input of this size.
    pub fn input(&self, size: Size) -> &Input {
        match size {
            Size::Small => &self.small,
            Size::Large => &self.large,
        }
    }

    /// The name of a check with the input of this size: `pattern/variant` or `pattern/variant@large`. Tokens carry it,
    /// so that none is replayed with another input than its own.
    pub fn sized(&self, size: Size) -> String {
        self.name() + size.suffix()
    }

    /// A check named after the case, for its small input.
    pub fn check(&self, strategy: Strategy) -> Check {
        self.check_sized(Size::Small, strategy)
    }

    /// A check named after the case, for its large input.
    pub fn check_large(&self, strategy: Strategy) -> Check {
        self.check_sized(Size::Large, strategy)
    }

    /// A check named after the case and the size of its input, with the case's limits.
    pub fn check_sized(&self, size: Size, strategy: Strategy) -> Check {
        let strategy = match (strategy, self.loom) {
            (Strategy::Exhaustive, Expect::Within(preemptions)) => Strategy::Preemptions(preemptions),
            (strategy, _) => strategy,
        };
        let check = Check::new(self.sized(size)).strategy(strategy);
        match self.limits {
            Some(limits) => limits(check),
            None => check,
        }
    }

    /// Replays one execution of the case, with the input that the strategy's world runs it with.
    ///
    /// # Errors
    /// If the token does not belong to the case, or the case does not follow it.
    pub fn replay(&self, token: &Token, input: &Input) -> Result<Verdict, Error> {
        let (model, input) = (self.model, input.clone());
        self.check(token.strategy).replay(token, move || model(&input))
    }

    /// Whether the verdict, of a check with the input of this size, is what the case expects.
    ///
    /// # Errors
    /// With the difference.
    pub fn judge_sized(&self, size: Size, verdict: &Verdict) -> Result<(), Mismatch> {
        match size {
            Size::Small => self.judge(verdict),
            Size::Large => self.judge_shape(verdict),
        }
    }

    /// Whether the verdict, of a check with the small input, is what the case expects.
    ///
    /// # Errors
    /// With the difference.
    pub fn judge(&self, verdict: &Verdict) -> Result<(), Mismatch> {
        self.judge_by(verdict, Symptom::fits)
    }

    /// Whether the verdict, of a check with an input of another size, is what the case expects.
    ///
    /// # Errors
    /// With the difference.
    pub fn judge_shape(&self, verdict: &Verdict) -> Result<(), Mismatch> {
        self.judge_by(verdict, Symptom::fits_in_shape)
    }

    fn judge_by(&self, verdict: &Verdict, fits: fn(&Symptom, &Failure) -> bool) -> Result<(), Mismatch> {
        let fails = match self.expect(verdict.world) {
            None => return Ok(()),
            Some(Expect::Fails(_)) => true,
            Some(Expect::Holds | Expect::Within(_) | Expect::Blind(_) | Expect::Absent(_)) => false,
        };
        match (&verdict.failure, fails) {
            (Some(failure), true) if self.symptoms(verdict.world).iter().any(|symptom| fits(symptom, failure)) => {
                Ok(())
            }
            (Some(failure), true) => Err(Mismatch::OtherFailure(Box::new(failure.clone()))),
            (Some(failure), false) => Err(Mismatch::Failed(Box::new(failure.clone()))),
            (None, _) if verdict.truncated() => Err(Mismatch::Truncated(verdict.coverage)),
            (None, true) => Err(Mismatch::Passed),
            (None, false) => Ok(()),
        }
    }
}
