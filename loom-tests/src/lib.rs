//! The catalogue in the loom world: every execution of every case, as far as loom tells them apart.

use std::path::Path;

use raddle::{World, patterns};

/// The world of this suite.
pub const WORLD: World = World::Loom;

/// Explores a case's small input, and demands what the catalogue expects.
///
/// # Panics
/// If it finds something else; the message names the case.
#[track_caller]
pub fn verify(case: &str) {
    let case = patterns::find(case).unwrap_or_else(|| panic!("there is no case {case:?}"));
    match patterns::suite::verify(case, WORLD) {
        Ok(verdicts) => print!("{}", patterns::suite::closing_note(&verdicts)),
        Err(report) => panic!("{report}"),
    }
}

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
