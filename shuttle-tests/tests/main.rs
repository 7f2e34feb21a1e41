//! The suite: a module a pattern, with a test a case, and what else is to be said of the whole catalogue in the shuttle world.

mod bank;
mod busy_waiting;
mod catalogue;
mod channel;
mod common;
mod counter;
mod crawler;
mod goroutine;
mod inputs;
mod kv;
mod leak;
mod mux;
mod narrowed;
mod pages;
mod pubsub;
mod quote;
mod raft;
mod replicated;
mod rpc;
mod schedule;
mod timer;
mod vote;
