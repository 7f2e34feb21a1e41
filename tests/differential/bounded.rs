//! Few preemptions: what the reduced search finds within a bound, compared with the search that tries everything.

use std::{cell::Cell, collections::BTreeSet};

use super::{
    common::compiled,
    facade::{self, Recorder},
    fuzz::{budget, cases, runner},
    program::{Program, program},
    reference::Outcome,
};
use proptest::prelude::*;
use raddle::{Check, Coverage, End, Strategy};

/// Every way in which a program can end: what is left in the registers, and how it fails.
type Ends = (BTreeSet<Outcome>, BTreeSet<String>);

/// What a strategy finds within a bound, and whether the bound kept something back; nothing if there is too much.
fn ends(program: &Program, strategy: Strategy, bound: Option<u32>) -> Option<(Ends, bool)> {
    let recorder = Recorder::default();
    let (seen, program) = (recorder.clone(), program.clone());
    let check = Check::new("program").strategy(strategy).executions(budget());
    let check = if let Some(bound) = bound { check.preemptions(bound) } else { check };
    let outcomes = check.outcomes(move || facade::run(&program, &seen)).unwrap();
    let kept_back = match outcomes.verdict.coverage {
        Coverage::Exhausted => false,
        Coverage::Bounded { preemptions: Some(_), .. } => true,
        _ => return None,
    };
    let failed = outcomes.all.into_iter().filter_map(|outcome| match outcome.end {
        End::Failed { kind, message, .. } => Some(format!("{kind}: {}", unnumbered(&message))),
        _ => None,
    });
    Some(((recorder.take(), failed.collect()), kept_back))
}

/// Objects are numbered as they are first used, in each execution anew.
fn unnumbered(message: &str) -> String {
    let parts: Vec<&str> = message.split('#').collect();
    parts.iter().map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit())).collect::<Vec<_>>().join("#")
}

/// Whether all of the first are among the second.
fn within((values, failures): &Ends, (all, failing): &Ends) -> bool {
    values.is_subset(all) && failures.is_subset(failing)
}

#[test]
fn the_reduced_search_misses_nothing_within_a_bound() {
    let [dpor, dfs] = compiled(&[Strategy::Dpor, Strategy::Dfs])[..] else { return };
    let (fewer, all) = (Cell::new(0), Cell::new(0));
    let result = runner(200).run(&(program(true), 0..3_u32), |(program, bound)| {
        let (Some((everything, _)), Some((expected, kept))) =
            (ends(&program, dfs, None), ends(&program, dfs, Some(bound)))
        else {
            return Ok(());
        };
        let Some((found, kept_back)) = ends(&program, dpor, Some(bound)) else { return Ok(()) };
        all.set(all.get() + 1);
        fewer.set(fewer.get() + u32::from(expected != everything));
        let missed: Vec<_> = expected.0.difference(&found.0).collect();
        let failures: Vec<_> = expected.1.difference(&found.1).collect();
        prop_assert!(
            missed.is_empty() && failures.is_empty(),
            "missed within {bound} preemptions: {missed:?} {failures:?}"
        );
        // What the reduction takes for a step where the other search does not may give it more to preempt.
        prop_assert!(within(&found, &everything), "there are only {everything:#?}, not {found:#?}");
        prop_assert!(kept_back || found == everything, "nothing was kept back, and {found:#?} is not {everything:#?}");
        prop_assert!(kept || expected == everything);
        Ok(())
    });
    if let Err(why) = result {
        panic!("{why}");
    }
    let (fewer, all) = (fewer.get(), all.get());
    println!("{all} of {} programs compared, {fewer} with fewer outcomes within the bound", cases(200));
    assert!(all * 10 >= cases(200) * 7 && fewer * 50 >= all, "{all} compared, {fewer} with fewer outcomes");
}
