//! The network, hosts and disks of a model, and what may go wrong there.
#![cfg(any(feature = "model", loom, shuttle))]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/fuzz.rs"]
mod fuzz;

mod crashes;
mod disks;
mod random;
mod streams;
