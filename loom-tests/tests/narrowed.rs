//! What is left of this suite in a build that is narrowed to the shuttle world.
#![cfg(shuttle)]

use raddle::World;

#[test]
fn loom_suite_is_narrowed_out_by_cfg_shuttle() {
    assert!(!World::compiled().contains(&loom_tests::WORLD), "the loom world is compiled, and its suite is not run");
    println!("the loom suite is narrowed out: this build has the shuttle world alone, by --cfg shuttle");
}
