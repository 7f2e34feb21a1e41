//! Histories: what is decided of them, how they are recorded, and what is found with them.
#![cfg(any(feature = "model", loom, shuttle))]

#[path = "../common/mod.rs"]
mod common;

mod broken;
mod brute_force;
mod decisions;
mod recorder;
mod subjects;
