//! The suite: a module a pattern, with a test a case, and what else is to be said of the whole catalogue in the loom world.

mod bank;
mod catalogue;
mod channel;
mod counter;
mod crawler;
mod five_threads;
mod goroutine;
mod kv;
mod leak;
mod mux;
mod narrowed;
mod outcomes;
mod pubsub;
mod quote;
mod raft;
mod replicated;
mod schedule;
mod timer;
mod vote;
