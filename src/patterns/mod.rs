//! The catalogue: the concurrent programs of the lectures, each in its broken and its fixed forms.
//!
//! A *pattern* is a folder. Its `mod.rs` holds the property, stated once, the scenario that exercises it, and the
//! `CASES`. Each *variant* is a file, and keeps the same type and function names as the others, so that the diff of two
//! files is the lesson. A *case* is a variant with its sizes and what is expected of it in each world; tests, command,
//! gate and README all read the cases here.

pub mod bank;
pub mod channel;
pub mod counter;
pub mod goroutine;
pub mod timer;
pub mod vote;

mod case;
mod seed;
pub mod suite;

pub use self::{
    case::{Case, Expect, Input, Mismatch, Stress, Symptom},
    seed::{Seed, SeedError},
};

/// A pattern: one program of the lectures.
#[derive(Debug)]
pub struct Pattern {
    /// Its id: the folder's name.
    pub name: &'static str,
    /// What it teaches, in a line.
    pub about: &'static str,
    /// Its cases, broken ones first.
    pub cases: &'static [Case],
}

/// Every pattern, in the order in which to read them.
pub const PATTERNS: &[Pattern] =
    &[counter::PATTERN, bank::PATTERN, vote::PATTERN, goroutine::PATTERN, channel::PATTERN, timer::PATTERN];

/// Every case of every pattern.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    PATTERNS.iter().flat_map(|pattern| pattern.cases)
}

/// The case with this name (`pattern/variant`) or alias (`vote-count-1`).
pub fn find(name: &str) -> Option<&'static Case> {
    cases().find(|case| case.name() == name || case.aliases.contains(&name))
}
