//! One source: a program written against std compiles against raddle, and does the same, in a model and outside.
// A build that is narrowed to one world has the engine that the other build has been tested with.
#![cfg(all(feature = "model", not(any(loom, shuttle))))]

#[path = "../common/mod.rs"]
mod common;

use common::*;
use raddle::World;

mod with_std {
    use std as lib;

    include!("program.rs");
}

mod with_raddle {
    use raddle as lib;

    include!("program.rs");
}

#[test]
fn outside_any_model_the_program_does_what_it_does_with_std() {
    if !World::compiled().contains(&World::Std) {
        return;
    }
    for ((name, stds), (_, ours)) in with_std::MODELS.into_iter().zip(with_raddle::MODELS) {
        // A static that is used outside any model is of no use in one, and the other test may run first.
        if name != "statics" {
            assert_eq!(ours(), stds(), "{name}");
        }
    }
}

#[test]
fn in_every_execution_of_every_model_the_program_does_what_it_does_with_std() {
    for ((name, stds), (_, ours)) in with_std::MODELS.into_iter().zip(with_raddle::MODELS) {
        let expected = stds();
        for strategy in strategies() {
            let seen: Vec<String> = outcomes(strategy, ours).into_iter().collect();
            assert_eq!(seen.join(" or "), expected, "{name}, {strategy}");
        }
    }
}
