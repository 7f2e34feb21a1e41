//! The suite is complete: it has every case's test and, if the case fails here, its stored seed, which replays.
#![cfg(not(shuttle))]

use loom_tests::{WORLD, root};
use raddle::patterns::suite;

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
