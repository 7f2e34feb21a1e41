//! Calls over TCP, and what becomes of them when messages are lost.

pub mod frame;
mod log;
mod message;

pub use self::{
    log::{Journal, Log, LogError, MAGIC},
    message::{Call, CallId, Delivery, Outcome, Refused, Reply},
};
