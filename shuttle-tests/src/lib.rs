//! The catalogue in the shuttle world: schedules drawn at random, with fixed seeds, and every schedule of the small
//! inputs.

use std::{collections::BTreeSet, fmt, path::Path};

use raddle::{Check, Coverage, End, World, patterns, render};

/// The world of this suite.
pub const WORLD: World = World::Shuttle;
/// Timers that may fire, in [`ends`], although something else could go on: more than any program there has.
const FIRINGS: u32 = 8;

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

/// Every way in which a program can end, in words: what it returns; or the kind of the failure and, if threads wait, who
/// in what (`Leak: t1 in send, t2 in send`), if not, the message.
///
/// # Panics
/// If not everything could be explored.
#[track_caller]
pub fn ends<T: Ord + fmt::Debug + Send + 'static>(program: impl Fn() -> T + Send + Sync + 'static) -> BTreeSet<String> {
    let explored = Check::new("ends").firings(FIRINGS).outcomes(program).expect("the check can be done");
    assert_eq!(explored.verdict.coverage, Coverage::Exhausted, "{}", render(&explored.verdict));
    let word = |end: &End<T>| match end {
        End::Returned(value) => format!("{value:?}"),
        End::Failed { kind, message, waiting } if waiting.is_empty() => format!("{kind}: {message}"),
        End::Failed { kind, waiting, .. } => {
            let doing = |waiting: &String| {
                let place = waiting.find(" of ").or_else(|| waiting.find(" at ")).unwrap_or(waiting.len());
                waiting[..place].to_owned()
            };
            format!("{kind}: {}", waiting.iter().map(doing).collect::<Vec<_>>().join(", "))
        }
    };
    explored.all.iter().map(|outcome| word(&outcome.end)).collect()
}
