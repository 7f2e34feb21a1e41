//! Calls over TCP, and what becomes of them when messages are lost.
//!
//! A [`Service`] says what can be asked of it, as a type, and what it answers. A [`Server`] runs it; a [`Client`] asks, and
//! its [`Delivery`] says what it does when no reply comes.
//!
//! ```no_run
//! use raddle::{
//!     rpc::{Client, ClientOptions, Delivery, Server, ServerOptions, Service},
//!     sync::Mutex,
//! };
//!
//! struct Counter(Mutex<u64>);
//!
//! impl Service for Counter {
//!     type Request = u64;
//!     type Answer = u64;
//!     type Refusal = String;
//!
//!     fn handle(&self, add: u64) -> Result<u64, String> {
//!         let mut total = self.0.lock().unwrap();
//!         *total = total.checked_add(add).ok_or("that is too much")?;
//!         Ok(*total)
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::bind("127.0.0.1:0", Counter(Mutex::new(0)), ServerOptions::default())?;
//! let mut client = Client::<Counter>::new(server.local_addr(), Delivery::AtMostOnce, ClientOptions::default());
//! assert_eq!(client.call(&2)?, 2);
//! assert_eq!(client.call(&3)?, 5);
//! assert_eq!(client.call(&u64::MAX).unwrap_err().to_string(), "the service said no: \"that is too much\"");
//! # Ok(())
//! # }
//! ```
//!
//! All of it is written against [`net`](crate::net), [`fs`](crate::fs), [`sync`](crate::sync) and
//! [`thread`](crate::thread). What decides whether a call runs once is in small pieces, so that each can be replaced by a
//! wrong one: how a client counts ([`Numbers`]), what a server remembers ([`Replies`]), what it writes ([`Journal`]), and in
//! which order it does what ([`Calls`]).
//!
//! What it does not do: it encrypts nothing and asks nobody who they are; a client has one call on its way at a time; and a
//! log is never shortened.

mod calls;
mod client;
mod connection;
pub mod frame;
mod log;
mod message;
mod replies;
mod server;

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};

pub use self::{
    calls::{Calls, Dispatcher},
    client::{CallError, Client, ClientOptions, Failure, Numbers, Sequence},
    log::{Journal, Log, LogError, MAGIC},
    message::{Call, CallId, Delivery, Outcome, Refused, Reply},
    replies::{Latest, Replies, Seen},
    server::{Server, ServerOptions, StartError},
};

/// What can be asked, and what is answered.
pub trait Service: Send + Sync + 'static {
    /// What is asked. Several methods are an enum.
    type Request: Serialize + DeserializeOwned;
    /// What is answered.
    type Answer: Serialize + DeserializeOwned;
    /// How the service says no.
    type Refusal: Serialize + DeserializeOwned + Debug;

    /// Runs a call. It may be called by several threads at once. With a log it has to do the same for the same calls in the
    /// same order: no clocks, and no lots. If it panics the connection is closed, and a server that remembers calls runs no
    /// more; one with a log panics again when it is started.
    ///
    /// # Errors
    /// What the client is told in place of an answer.
    fn handle(&self, request: Self::Request) -> Result<Self::Answer, Self::Refusal>;
}
