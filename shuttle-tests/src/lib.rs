//! The catalogue in the shuttle world: schedules drawn at random, with fixed seeds, and every schedule of the small
//! inputs.

use std::path::Path;

use raddle::{World, patterns};

/// The world of this suite.
pub const WORLD: World = World::Shuttle;

/// Explores a case's small and large inputs, and demands what the catalogue expects.
///
/// # Panics
/// If it finds something else; the message names the case.
#[track_caller]
pub fn verify(case: &str) {
    let case = patterns::find(case).unwrap_or_else(|| panic!("there is no case {case:?}"));
    for verified in [patterns::suite::verify(case, WORLD), patterns::suite::verify_large(case, WORLD)] {
        match verified {
            Ok(verdicts) => print!("{}", patterns::suite::closing_note(&verdicts)),
            Err(report) => panic!("{report}"),
        }
    }
}

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
