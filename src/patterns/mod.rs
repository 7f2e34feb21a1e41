//! The catalogue: the concurrent programs of the lectures, each in its broken and its fixed forms.
//!
//! A *pattern* is a folder. Its `mod.rs` holds the property, stated once, and the scenario that exercises it; its
//! `cases.rs` the cases. Each *variant* is a file, and keeps the same type and function names as the others, so that the
//! diff of two files is the lesson. A *case* is a variant with its sizes and what is expected of it in each world; tests,
//! command, gate and README all read the cases here.
//!
//! Two pages tie it to the lectures: [`hints`] has the eighteen hints and the cases that prove them, [`questions`] what the
//! lectures ask, answered in Rust.
//!
#![doc = include_str!("index.md")]

pub mod bank;
pub mod channel;
pub mod counter;
pub mod crawler;
pub mod goroutine;
pub mod hints;
pub mod kv;
pub mod leak;
pub mod mux;
pub mod pubsub;
pub mod questions;
pub mod quote;
pub mod raft;
pub mod replicated;
pub mod rpc;
pub mod schedule;
pub mod timer;
pub mod vote;

mod case;
mod seed;
pub mod suite;

pub use self::{
    case::{Case, Expect, FindError, Input, Mismatch, Size, Stress, Symptom},
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
pub const PATTERNS: &[Pattern] = &[
    counter::PATTERN,
    bank::PATTERN,
    vote::PATTERN,
    goroutine::PATTERN,
    channel::PATTERN,
    timer::PATTERN,
    crawler::PATTERN,
    raft::PATTERN,
    quote::PATTERN,
    leak::PATTERN,
    pubsub::PATTERN,
    schedule::PATTERN,
    replicated::PATTERN,
    mux::PATTERN,
    kv::PATTERN,
    rpc::PATTERN,
];

/// Every case of every pattern.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    PATTERNS.iter().flat_map(|pattern| pattern.cases)
}

/// The case with this name (`pattern/variant`) or alias (`vote-count-1`).
pub fn find(name: &str) -> Option<&'static Case> {
    cases().find(|case| case.name() == name || case.aliases.contains(&name))
}

/// The case that a check, or a token, is named after, and which of its inputs: `counter/naive` or `counter/naive@large`.
///
/// # Errors
/// If there is no such case, or something else follows its name.
pub fn find_sized(name: &str) -> Result<(&'static Case, Size), FindError> {
    let (case, size) = name.split_once('@').map_or((name, None), |(case, size)| (case, Some(size)));
    let found = find(case).ok_or_else(|| FindError::NoCase { name: case.to_owned() })?;
    match size {
        None => Ok((found, Size::Small)),
        Some("large") => Ok((found, Size::Large)),
        Some(size) => Err(FindError::NoSize { case: case.to_owned(), size: size.to_owned() }),
    }
}
