//! Histories: what is decided of them, how they are recorded, and what is found with them.
#![cfg(any(feature = "model", loom, shuttle))]

mod brute_force;
mod decisions;
