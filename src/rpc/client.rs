//! A client: one call at a time, on one connection at a time.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    io,
    marker::PhantomData,
};

use serde::de::DeserializeOwned;
use thiserror::Error;

use super::{
    Service,
    connection::{Broken, Connection},
    frame::{self, FrameError},
    message::{Call, CallId, Delivery, Outcome, Refused, Reply},
};
use crate::{
    net::{SocketAddr, TcpStream},
    thread,
    time::Duration,
};

/// What a client may take.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// How long an attempt waits for the connection, for a reply to begin, and for it to be whole. Not 0.
    pub timeout: Duration,
    /// How often a call is sent at most, if it is sent again at all.
    pub attempts: u32,
    /// How long to wait before it is sent again.
    pub pause: Duration,
    /// How long a message may be, in bytes.
    pub limit: usize,
    /// The client's number, which no other client ever has. `None`: drawn at random, of 2^63. In a model it has to be given,
    /// for a model must not draw lots behind its explorer's back.
    pub id: Option<u64>,
}

impl Default for ClientOptions {
    /// 5 s, 10 attempts, 20 ms between them, 1 MiB, a random number.
    fn default() -> ClientOptions {
        ClientOptions {
            timeout: Duration::from_secs(5),
            attempts: 10,
            pause: Duration::from_millis(20),
            limit: 1 << 20,
            id: None,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum CallError<R> {
    /// It has not run, and will not.
    #[error("the call has not run: {0}")]
    Refused(#[source] Failure),
    /// It may have run, or may yet run.
    #[error("no answer in {attempts} attempts, and the call may have run: {last}")]
    Unanswered {
        /// How often it was tried.
        attempts: u32,
        /// What became of the last attempt.
        #[source]
        last: Failure,
    },
    /// It has run, and the service said no.
    #[error("the service said no: {0:?}")]
    No(R),
}

/// What became of an attempt that was not answered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Failure {
    /// There is no connection to be had.
    #[error("cannot reach {server}: {source}")]
    Unreachable {
        /// The server.
        server: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The request cannot be sent.
    #[error(transparent)]
    Request(FrameError),
    /// Not all of the request could be sent.
    #[error("the connection was lost before all was sent: {0}")]
    Unsent(io::Error),
    /// The server says why it does not run it.
    #[error(transparent)]
    Refused(Refused),
    /// No reply came in time.
    #[error("no reply came within {0:?}")]
    Slow(Duration),
    /// The server hung up.
    #[error("the server closed the connection before it replied")]
    Closed,
    /// The connection broke.
    #[error("the connection was lost before a reply came: {0}")]
    Lost(io::Error),
    /// What came cannot be read.
    #[error("the reply cannot be read: {0}")]
    Reply(FrameError),
    /// What came is the reply to another call.
    #[error("a reply came to call {came:?}, and {sent:?} was sent")]
    OtherCall {
        /// Whose reply it is.
        came: CallId,
        /// What was asked.
        sent: CallId,
    },
    /// The answer is longer than the server may send.
    #[error("it has run, and its answer is longer than the server's `limit`")]
    TooLong,
}

/// How a client numbers its calls.
pub trait Numbers: Send + 'static {
    /// The number under which a call is sent. `attempt` 0 is a new call; from 1 on the same is sent again.
    fn id(&mut self, attempt: u32) -> CallId;
}

/// One number a call, however often it is sent: 1, 2, 3 and so on.
#[derive(Clone, Debug)]
pub struct Sequence {
    id: CallId,
}

impl Sequence {
    /// The numbers of this client.
    #[must_use]
    pub fn new(client: u64) -> Sequence {
        Sequence { id: CallId { client, sequence: 0 } }
    }
}

impl Numbers for Sequence {
    fn id(&mut self, attempt: u32) -> CallId {
        self.id.sequence += u64::from(attempt == 0);
        self.id
    }
}

/// A client of a service. For several calls at once, make several.
pub struct Client<S> {
    server: SocketAddr,
    delivery: Delivery,
    options: ClientOptions,
    numbers: Box<dyn Numbers>,
    connection: Option<Connection<Box<TcpStream>>>,
    service: PhantomData<fn() -> S>,
}

/// An attempt without an outcome.
enum Attempt {
    /// It has not run.
    Not(Failure),
    /// It may have run.
    May(Failure),
}

impl<S: Service> Client<S> {
    /// A client of the server at this address. It connects with the first call.
    #[must_use]
    pub fn new(server: SocketAddr, delivery: Delivery, options: ClientOptions) -> Client<S> {
        let id = options.id.unwrap_or_else(|| RandomState::new().build_hasher().finish() | 1);
        Client::with_numbers(server, delivery, options, Sequence::new(id))
    }

    /// A client that numbers its calls in another way; the id in the options is not used.
    #[must_use]
    pub fn with_numbers(
        server: SocketAddr,
        delivery: Delivery,
        options: ClientOptions,
        numbers: impl Numbers,
    ) -> Client<S> {
        let numbers = Box::new(numbers);
        Client { server, delivery, options, numbers, connection: None, service: PhantomData }
    }

    /// Asks, and waits for the answer. The connection stays for the next call; after an attempt that failed it is closed, so
    /// that a reply that comes late finds nobody.
    ///
    /// # Errors
    /// Each says whether the call may have run.
    pub fn call(&mut self, request: &S::Request) -> Result<S::Answer, CallError<S::Refusal>> {
        let not = |error| CallError::Refused(Failure::Request(error));
        let body = postcard::to_stdvec(request).map_err(|error| not(error.into()))?;
        let attempts = if self.delivery.resends() { self.options.attempts.max(1) } else { 1 };
        let (mut attempt, mut may_have_run) = (0, false);
        loop {
            let id = self.numbers.id(attempt);
            let call = Call { id, delivery: self.delivery, resent: attempt > 0, body: &body };
            let message = frame::frame(&call, 0, self.options.limit).map_err(not)?;
            attempt += 1;
            let last = match self.attempt(id, &message) {
                Ok(Outcome::Answer(bytes)) => return said(&bytes, attempt),
                Ok(Outcome::No(bytes)) => return Err(said(&bytes, attempt).map_or_else(|error| error, CallError::No)),
                Ok(Outcome::TooLong) => {
                    return Err(CallError::Unanswered { attempts: attempt, last: Failure::TooLong });
                }
                Ok(Outcome::Refused(why)) if may_have_run || why == Refused::Forgotten => {
                    return Err(CallError::Unanswered { attempts: attempt, last: Failure::Refused(why) });
                }
                Ok(Outcome::Refused(why)) => return Err(CallError::Refused(Failure::Refused(why))),
                Err(Attempt::Not(why)) => why,
                Err(Attempt::May(why)) => {
                    may_have_run = true;
                    why
                }
            };
            self.connection = None;
            if attempt == attempts {
                return Err(match may_have_run {
                    true => CallError::Unanswered { attempts, last },
                    false => CallError::Refused(last),
                });
            }
            if !self.options.pause.is_zero() {
                thread::sleep(self.options.pause);
            }
        }
    }

    fn attempt(&mut self, id: CallId, message: &[u8]) -> Result<Outcome, Attempt> {
        let ClientOptions { timeout, limit, .. } = self.options;
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => {
                let connected = TcpStream::connect_timeout(&self.server, timeout)
                    .and_then(|stream| Connection::new(Box::new(stream), limit, Some(timeout), timeout))
                    .map_err(|source| Attempt::Not(Failure::Unreachable { server: self.server, source }))?;
                none.insert(connected)
            }
        };
        connection.send(message).map_err(|error| Attempt::Not(Failure::Unsent(error)))?;
        let bytes = connection.receive().map_err(|broken| {
            Attempt::May(match broken {
                Broken::Idle | Broken::Slow => Failure::Slow(timeout),
                Broken::Closed => Failure::Closed,
                Broken::Frame(error) => Failure::Reply(error),
                Broken::Io(error) => Failure::Lost(error),
            })
        })?;
        let reply: Reply = frame::value(bytes).map_err(|error| Attempt::May(Failure::Reply(error)))?;
        match reply.outcome {
            outcome if reply.id == id => Ok(outcome),
            // The server refuses the connection, which another attempt may not share.
            Outcome::Refused(why) if reply.id == CallId::NONE => Err(Attempt::Not(Failure::Refused(why))),
            _ => Err(Attempt::May(Failure::OtherCall { came: reply.id, sent: id })),
        }
    }
}

/// What the service has said.
fn said<T: DeserializeOwned, R>(bytes: &[u8], attempts: u32) -> Result<T, CallError<R>> {
    frame::value(bytes).map_err(|error| CallError::Unanswered { attempts, last: Failure::Reply(error) })
}
