//! What is left of this suite in a build that is narrowed to the loom world.
#![cfg(loom)]

use raddle::World;

#[test]
fn shuttle_suite_is_narrowed_out_by_cfg_loom() {
    assert!(
        !World::compiled().contains(&shuttle_tests::WORLD),
        "the shuttle world is compiled, and its suite is not run"
    );
    println!("the shuttle suite is narrowed out: this build has the loom world alone, by --cfg loom");
}
