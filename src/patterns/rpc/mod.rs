//! `rpc`: calls that look like a function's until a message is lost, or the server dies.
//!
//! What an input means: `work` has a number for each client, how many calls it makes; `goal` is how many things go wrong, of
//! the kinds that the variant names. Each call appends a word of its own to one key of the [key/value server](super::kv);
//! in the end, when nothing goes wrong any more, main gets it.
//!
//! Server and client are those of [`raddle::rpc`](crate::rpc), as a user runs them. A variant says which parts they are made
//! of, and the broken ones have a wrong one.
//!
//! Source: MIT 6.824 lecture 2, on RPC semantics under failures: at-least-once, at-most-once, exactly-once.

pub mod at_least_once;
pub mod at_most_once;
pub mod crash;
pub mod eager_eviction;
pub mod exactly_once;
pub mod log_after_reply;
pub mod new_id;
pub mod no_eviction;
pub mod no_replies;
pub mod no_sync;
pub mod once;
pub mod once_retry;

mod cases;

use std::net::SocketAddr;

use super::{
    Input, Pattern,
    kv::{Answer, Request, Store},
};
use crate::{
    channel,
    host::{self, Faults},
    rpc::{Client, ClientOptions, Delivery, Server, ServerOptions},
    thread,
    time::Duration,
};

/// Where the server listens.
pub const ADDRESS: &str = "10.0.0.1:1234";
/// The server's log.
pub const LOG: &str = "log";

/// A server, its clients, and what may go wrong between them.
pub trait Remote: 'static {
    /// What may go wrong.
    fn faults(budget: u32) -> Faults;

    /// Starts a server, as its process does when it begins, or begins again.
    fn serve() -> Server;

    /// A client with this number.
    fn client(id: u64) -> Client<Store>;

    /// How many replies of a client were kept at most.
    fn kept() -> usize {
        1
    }

    /// Appends a word. Whether the call was answered.
    fn append(client: &mut Client<Store>, word: &str) -> bool {
        client.call(&Request::Append { key: KEY.to_owned(), value: word.to_owned() }).is_ok()
    }
}

/// The only key.
const KEY: &str = "k";
/// Calls are answered well before anybody loses patience, unless something goes wrong.
const SECOND: Duration = Duration::from_secs(1);

/// What a client takes that is patient enough for so few faults.
pub fn client(id: u64, delivery: Delivery) -> Client<Store> {
    Client::new(address(), delivery, options(id))
}

/// The options of a client.
pub fn options(id: u64) -> ClientOptions {
    ClientOptions { timeout: SECOND, attempts: 20, pause: Duration::ZERO, id: Some(id), ..ClientOptions::default() }
}

/// [`ADDRESS`].
pub fn address() -> SocketAddr {
    ADDRESS.parse().expect("it is an address")
}

/// The options of a server.
pub fn server_options() -> ServerOptions {
    ServerOptions { timeout: SECOND, ..ServerOptions::default() }
}

/// The property: what was answered is there, once, and in the order in which its client made it; what was not answered is
/// there once or not at all. And of a client, which makes one call at a time, one reply is kept.
pub fn scenario<R: Remote>(input: &Input) {
    let (ready, is_ready) = channel::unbounded();
    host::spawn("server", move || {
        let server = R::serve();
        // Only in its first life somebody waits for it.
        _ = ready.send(());
        server.wait();
    });
    is_ready.recv().expect("the server starts");
    drop(is_ready);
    R::faults(u32::try_from(input.goal).unwrap_or(u32::MAX)).allow();
    let calls = |(at, &calls): (usize, &usize)| {
        let id = at + 1;
        let calls = move || {
            let mut client = R::client(id as u64);
            (1..=calls).map(|call| R::append(&mut client, &format!("{id}.{call} "))).collect::<Vec<_>>()
        };
        thread::Builder::new().name(format!("client {id}")).spawn(calls).expect("there is room for a thread")
    };
    let clients: Vec<_> = input.work.iter().enumerate().map(calls).collect();
    let told: Vec<_> = clients.into_iter().map(|client| client.join().expect("a client does not panic")).collect();
    Faults::new(0).allow();
    let stored = client(u64::MAX, Delivery::AtLeastOnce).call(&Request::Get { key: KEY.to_owned() });
    let Ok(Answer::Value(stored)) = stored else { panic!("main is not answered: {stored:?}") };
    assert!(R::kept() < 2, "{} replies of a client are kept", R::kept());
    told.iter().enumerate().for_each(|(at, told)| judge(at + 1, told, stored.as_deref().unwrap_or_default()));
}

/// Holds what is stored against what a client was told: of each call, whether it was answered.
fn judge(client: usize, told: &[bool], stored: &str) {
    let words: Vec<&str> = stored.split_whitespace().collect();
    let mut last = 0;
    for (call, told) in (1..).zip(told) {
        let word = format!("{client}.{call}");
        let places: Vec<usize> = (0..words.len()).filter(|&at| words[at] == word).collect();
        assert!(places.len() < 2, "client {client}'s call {call} has run {} times: {stored:?}", places.len());
        assert!(!told || places.len() == 1, "client {client}'s call {call} was answered, and is lost: {stored:?}");
        for &place in &places {
            assert!(last <= place, "client {client}'s call {call} has run before an earlier one: {stored:?}");
            last = place;
        }
    }
}

/// The pattern.
pub const PATTERN: Pattern =
    Pattern { name: "rpc", about: "A call that nobody answers: it may have run, or not", cases: cases::CASES };
