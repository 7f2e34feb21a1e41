//! The suite is complete: it has every case's test and, if the case fails here, its stored seed, which replays.
#![cfg(not(loom))]

use raddle::{
    Coverage, FailureKind, Strategy, Verdict,
    patterns::{Mismatch, find, suite},
};
use shuttle_tests::{WORLD, root};

#[test]
fn every_case_has_its_test_and_its_stored_seed() {
    let missing = suite::missing(root(), WORLD);
    assert!(missing.is_empty(), "the suite is not complete:\n{}", missing.join("\n"));
}

#[test]
fn every_stored_seed_fails_as_it_did() {
    let (replayed, wrong) = suite::replay_all(root(), WORLD);
    print!("{}", suite::closing_note(&replayed));
    assert!(wrong.is_empty(), "stored seeds no longer replay:\n{}", wrong.join("\n"));
    assert!(!replayed.is_empty(), "nothing was replayed");
    assert!(replayed.iter().all(|verdict| verdict.executions == 1), "a replay runs one execution");
}

#[test]
fn every_stored_seed_belongs_to_a_case() {
    let strays = suite::strays(root(), WORLD);
    assert!(strays.is_empty(), "no case that fails in the {WORLD} world has {}", strays.join(", "));
}

#[test]
fn a_test_that_is_renamed_ignored_or_about_another_case_does_not_count() {
    let case = find("counter/naive").expect("the catalogue has it");
    let test = "use it;\n\n#[test]\nfn naive_counter_loses_an_update() {\n    verify(\"counter/naive\");\n}\n";
    assert!(suite::has_test(test, case));
    for (from, to) in [
        ("loses", "keeps"),
        ("#[test]", ""),
        ("#[test]", "#[ignore]\n#[test]"),
        ("#[test]", "#[test]\n#[should_panic]"),
        ("counter/naive", "counter/mutex"),
        ("    verify", "    // verify"),
    ] {
        assert!(!suite::has_test(&test.replace(from, to), case), "{from} -> {to}");
    }
}

#[test]
fn only_the_failure_that_is_expected_is_what_a_case_expects() {
    let case = find("counter/naive").expect("the catalogue has it");
    let found = case.run(case.check(Strategy::Random), &case.small).expect("it can be checked");
    let with = |change: fn(&mut Verdict)| {
        let mut verdict = found.clone();
        change(&mut verdict);
        (case.judge(&verdict), case.judge_shape(&verdict))
    };
    assert!(matches!(with(|_| ()), (Ok(()), Ok(()))));
    assert!(matches!(
        with(|verdict| verdict.failure.as_mut().unwrap().kind = FailureKind::Deadlock),
        (Err(Mismatch::OtherFailure(_)), Err(Mismatch::OtherFailure(_)))
    ));
    assert!(matches!(
        with(|verdict| verdict.failure.as_mut().unwrap().message = "no luck".to_owned()),
        (Err(Mismatch::OtherFailure(_)), Err(Mismatch::OtherFailure(_)))
    ));
    assert!(matches!(
        with(|verdict| verdict.failure.as_mut().unwrap().message = "the total is 997 after 1000 increments".to_owned()),
        (Err(Mismatch::OtherFailure(_)), Ok(()))
    ));
    // A shape has one mark for each number.
    assert!(matches!(
        with(|verdict| verdict.failure.as_mut().unwrap().message = "the total is 1 after 2 or 3 increments".to_owned()),
        (Err(Mismatch::OtherFailure(_)), Err(Mismatch::OtherFailure(_)))
    ));
    assert!(matches!(with(|verdict| verdict.failure = None), (Err(Mismatch::Passed), Err(Mismatch::Passed))));
    let by = |verdict: &mut Verdict| {
        verdict.failure = None;
        verdict.coverage = Coverage::Truncated { by: raddle::Limit::Executions };
    };
    assert!(matches!(with(by), (Err(Mismatch::Truncated(_)), Err(Mismatch::Truncated(_)))));
    let fixed = find("counter/mutex").expect("the catalogue has it");
    assert!(matches!(fixed.judge(&found), Err(Mismatch::Failed(_))));
    // Names of objects and threads have numbers too.
    let case = find("bank/two-locks").expect("the catalogue has it");
    let mut found = case.run(case.check(Strategy::Dpor), &case.small).expect("it can be checked");
    let failure = found.failure.as_mut().expect("it is broken");
    assert!(failure.message.contains("(held by t1)"), "{}", failure.message);
    failure.message = failure.message.replace("t1)", "t10)");
    assert!(matches!((case.judge(&found), case.judge_shape(&found)), (Err(Mismatch::OtherFailure(_)), Ok(()))));
}
