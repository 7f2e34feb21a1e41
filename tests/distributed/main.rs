//! The network, hosts and disks of a model, and what may go wrong there.
// A build that is narrowed to one world has the engine that the other build has been tested with.
#![cfg(all(feature = "model", not(any(loom, shuttle))))]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/fuzz.rs"]
mod fuzz;

mod crashes;
mod disks;
mod random;
mod streams;
