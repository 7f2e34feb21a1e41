//! Histories: what is decided of them, how they are recorded, and what is found with them.
// A build that is narrowed to one world has the engine that the other build has been tested with.
#![cfg(all(feature = "model", not(any(loom, shuttle))))]

#[path = "../common/mod.rs"]
mod common;

mod broken;
mod brute_force;
mod decisions;
mod recorder;
mod subjects;
