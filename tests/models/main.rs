//! The worlds, tested from outside: what primitives do in models, what a check finds, and what it says.
// A build that is narrowed to one world has the engine that the other build has been tested with.
#![cfg(all(feature = "model", not(any(loom, shuttle))))]

#[path = "../common/mod.rs"]
mod common;

mod arcs;
mod atomics;
mod barrier;
mod busy;
mod channels;
mod condvar;
mod dpor;
mod dump;
mod failures;
mod go;
mod hang_ups;
mod memory;
mod nondeterminism;
mod once;
mod once_lock;
mod outcomes;
mod panics;
mod places;
mod races;
mod rand;
mod selects;
mod semantics;
mod shields;
mod statics;
mod switches;
mod threads;
mod timeouts;
mod unwinding;
mod workers;
