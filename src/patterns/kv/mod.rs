//! `kv`: a key/value server, and clients whose messages are lost.
//!
//! Source: MIT 6.824, lecture 2 (`kv.go`, where a lock is held for the whole handler), and its key/value labs.

pub mod service;
