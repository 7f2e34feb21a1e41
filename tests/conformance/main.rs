//! Conformance: the same small models on crossbeam-channel and std, and on raddle. The same results.
//!
//! `suite` holds the models, a file a topic. It takes the libraries that it is written against from the module that it
//! stands in, so one text is compiled once for each of them. At the head of each file stands what its models may do:
//!
//! - `always(model, told)`: it returns this, under every schedule.
//! - `exactly(model, [told, ...])`: exploration sees all of these and nothing else; a real run shows one of them.
//! - `among(model, [told, ...])`: exploration sees some of these and nothing else; a real run shows one of them.
//! - `atomic(model, [in a model, ...], [told, ...])`: exploration sees all of the first and nothing else; a real run shows
//!   one of the second, for it does in several steps what is one step in a model.
//! - `blocks(model)`: it never returns: a deadlock.
//! - `aborts(model, said)`: it panics so; crossbeam then panics once more while it unwinds, which ends the process. In a
//!   model that is one failure like any other.
//!
//! What a model returns is compared as its `Debug` text. Where it says `.bounded()`, loom explores the model within two
//! preemptions; where it says `.shuttle()`, loom has too few threads for it or too much to explore; where it says
//! `.sampled()`, depth-first search has as well.
//!
//! No model relies on a clock: `soon` is a time that a real run lets pass, `late` one that no real run reaches, and in a
//! model either may fire at any moment. `CONFORMANCE_RUNS` asks for more real runs, and tells what they have not shown.

// A build that is narrowed to one world has the engine that the other build has been tested with.
#![cfg(not(any(loom, shuttle)))]
#![allow(clippy::duplicate_mod, reason = "the suite is compiled once for each library")]

#[cfg(feature = "model")]
#[path = "../common/mod.rs"]
mod common;
mod plain;
mod rule;

/// crossbeam-channel and std: what the suite says is true of them.
#[path = "."]
mod original {
    use super::{plain as cell, rule::on_real_threads as check};
    use crossbeam_channel as channel;
    use std::{sync, thread, time};

    mod suite;
}

/// raddle: outside any model, and in the models of every world. Without models, the same libraries under other names.
#[path = "."]
mod raddled {
    #[cfg(feature = "model")]
    use super::rule::in_every_world as check;
    #[cfg(not(feature = "model"))]
    use super::rule::on_real_threads as check;
    use raddle::{cell, channel, sync, thread, time};

    mod suite;
}
