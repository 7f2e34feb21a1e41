//! Workers change nothing: what comes out is the same with any number of them, run after run.

use std::{cell::Cell, collections::BTreeSet, fmt::Debug};

use proptest::{prelude::*, test_runner::TestCaseError};
use raddle::{Check, Coverage, Outcomes, Strategy};

use super::fuzz::{budget, cases, runner};

/// All that must be the same; time is not.
fn told(outcomes: &Outcomes<()>) -> impl PartialEq + Debug + use<> {
    let verdict = &outcomes.verdict;
    (
        outcomes.all.clone(),
        (verdict.failure.clone(), verdict.coverage),
        (verdict.executions, verdict.redundant, verdict.steps, verdict.failures),
    )
}

/// The ends, and how many of the classes end so.
fn counted(outcomes: &Outcomes<()>) -> Vec<String> {
    outcomes.all.iter().map(|outcome| format!("{} times {}", outcome.count, outcome.end)).collect()
}

/// Random programs, each explored by one search, and in small parts by 1, 2 and 8 workers. `explore` gathers everything:
/// what the engine says, and what the program has seen.
pub fn agree<P: Clone + Debug, O: Ord + Debug>(
    default: u32,
    programs: impl proptest::strategy::Strategy<Value = P>,
    explore: impl Fn(Check, &P) -> (Outcomes<()>, BTreeSet<O>),
) {
    let check = |strategy| Check::new("program").strategy(strategy);
    let (compared, split) = (Cell::new(0), Cell::new(0));
    let result = runner(default).run(&(programs, 2..6_usize, 1..4_u64), |(program, searches, executions)| {
        let (whole, seen) = explore(check(Strategy::Dpor).executions(budget()).rounds(1, u64::MAX), &program);
        if whole.verdict.truncated() {
            return Ok(());
        }
        let (slow, slowly_seen) = explore(check(Strategy::Dfs).executions(budget()), &program);
        if matches!(slow.verdict.coverage, Coverage::Exhausted) {
            prop_assert_eq!(&slowly_seen, &seen);
        }
        let in_parts = |workers| {
            let (parts, seen) = explore(check(Strategy::Dpor).rounds(searches, executions).workers(workers), &program);
            (told(&parts), seen, parts)
        };
        let (alone, seen_alone, parts) = in_parts(1);
        prop_assert_eq!(&seen_alone, &seen, "parts miss something, or see more");
        prop_assert_eq!(counted(&parts), counted(&whole));
        prop_assert_eq!(parts.verdict.executions, whole.verdict.executions);
        for workers in [2, 8, 2] {
            let (again, seen_again, _) = in_parts(workers);
            prop_assert_eq!(&again, &alone, "with {} workers", workers);
            prop_assert_eq!(&seen_again, &seen);
        }
        compared.set(compared.get() + 1);
        split.set(split.get() + u32::from(whole.verdict.executions > executions));
        Ok::<_, TestCaseError>(())
    });
    if let Err(why) = result {
        panic!("{why}");
    }
    let all = cases(default);
    println!("{} of {all} programs compared, {} in parts", compared.get(), split.get());
    assert!(split.get() * 10 >= all * 2, "only {} of {all} programs were split", split.get());
}
