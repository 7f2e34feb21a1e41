//! `leak`, sampled and, at the small size, exhaustive: who waits for something that will not come. And every way in which
//! it can end.
#![cfg(not(loom))]

use std::collections::BTreeSet;

use raddle::{
    FailureKind, Kind,
    Strategy::Random,
    patterns::{
        Size, find,
        leak::{Same, Start, Tree, dump, dump_told, same_values, same_values_told},
    },
    sync::Arc,
};
use shuttle_tests::verify;

use crate::common::{ends, lines, outcomes};

#[test]
fn dump_leak_is_told_as_one_group() {
    verify("leak/dump");
}

#[test]
fn same_values_leak_leaves_the_walkers_behind() {
    verify("leak/same-values");
}

#[test]
fn dump_told_leak_leaves_nobody_behind() {
    verify("leak/dump-told");
}

#[test]
fn same_values_told_leak_leaves_nobody_behind() {
    verify("leak/same-values-told");
}

/// What Go's goroutine profile shows: all stand at the same place, and wait for the same.
#[test]
fn a_hundred_goroutines_that_are_left_behind_are_one_group() {
    let case = find("leak/dump").expect("the catalogue has it");
    let verdict = case.run(case.check_large(Random).schedules(1), case.input(Size::Large)).expect("it can be checked");
    let failure = verdict.failure.expect("it leaks");
    assert_eq!((failure.kind, failure.waiting.len()), (FailureKind::Leak, 100));
    let places: BTreeSet<_> = failure.waiting.iter().map(|waiting| (&waiting.file, waiting.line)).collect();
    assert_eq!(places.len(), 1);
    assert!(failure.waiting.iter().all(|waiting| waiting.operation == Kind::Send));
}

#[test]
fn goroutines_without_a_receiver_are_left_behind_in_every_execution() {
    assert_eq!(ends(|| dump::Program::run(2)), lines(["Leak {t1:send, t2:send}"]));
    assert_eq!(ends(|| dump_told::Program::run(2)), lines(["()"]));
}

/// That nobody is left behind says little, for so it is without goroutines: each comes to its select, and is told there.
#[test]
fn each_goroutine_is_told_once() {
    let outcomes = outcomes(|| dump_told::Program::run(3));
    let [only] = &outcomes[..] else { panic!("it ends in {} ways", outcomes.len()) };
    let mut told: Vec<_> = only.steps.iter().filter(|step| step.kind == Kind::Select).map(|step| step.thread).collect();
    told.sort_unstable();
    assert_eq!(told, [1, 2, 3], "{}", only.interleaving());
}

/// How the comparison of trees with these values ends.
fn compared<P: Same>(one: &'static [usize], other: &'static [usize]) -> BTreeSet<String> {
    ends(move || P::same_values(&Arc::new(Tree::balanced(one)), &Arc::new(Tree::leaning(other))))
}

#[test]
fn walkers_are_left_behind_where_there_is_more_to_send() {
    let both = "Leak {t1:send, t2:send}";
    for (one, other, end) in [
        (&[1, 2, 3][..], &[1, 2, 3][..], "true"),
        (&[], &[], "true"),
        (&[1, 2], &[2, 2], both),
        (&[1, 2, 3], &[1, 3, 3], both),
        // The last values differ: both walkers are at their ends.
        (&[1, 2], &[1, 3], "false"),
        (&[1], &[1, 2], "false"),
        (&[1], &[1, 2, 3], "Leak {t2:send}"),
    ] {
        assert_eq!(compared::<same_values::Program>(one, other), lines([end]), "{one:?} and {other:?}");
        let same = (one == other).to_string();
        assert_eq!(compared::<same_values_told::Program>(one, other), lines([&same]), "{one:?} and {other:?}");
    }
}
