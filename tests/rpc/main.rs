//! Calls over real TCP, logs on a real disk, and processes that are really killed.
#![cfg(all(feature = "model", not(any(loom, shuttle))))]

mod common;
mod delivery;
mod explored;
mod hostile;
mod log;
mod memory;
mod replies;
mod torture;
mod wire;
