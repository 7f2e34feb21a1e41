//! A server: a thread that accepts, and one for each connection.

use std::{io, ops::Deref, path::PathBuf};

use thiserror::Error;

use super::{
    Service,
    calls::{Calls, Dispatcher},
    connection::{Broken, Connection},
    frame::{self, FrameError},
    log::LogError,
    message::{Call, CallId, Outcome, Refused, Reply},
    replies::Latest,
};
use crate::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs},
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// How long a server that cannot accept waits before it tries again.
const PAUSE: Duration = Duration::from_millis(10);

/// So many threads may be done before somebody joins them.
const TIDY: usize = 16;

/// What a server may take.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// How long a message may take from its first byte to its last, on the way in and on the way out. Not 0.
    pub timeout: Duration,
    /// How long a connection may be silent. `None`: for ever.
    pub idle: Option<Duration>,
    /// How long a message may be, in bytes.
    pub limit: usize,
    /// How many connections there may be. Who comes when there are as many is refused.
    pub connections: usize,
    /// How many clients are remembered ([`Latest`]).
    pub clients: usize,
    /// How long their last replies may be, together, in bytes.
    pub replies: usize,
    /// Where to keep the log. `None`: there is none, and exactly-once is refused.
    pub log: Option<PathBuf>,
}

impl Default for ServerOptions {
    /// 5 s, any silence, 1 MiB, 512 connections, 65,536 clients with 64 MiB of replies, no log.
    fn default() -> ServerOptions {
        ServerOptions {
            timeout: Duration::from_secs(5),
            idle: None,
            limit: 1 << 20,
            connections: 512,
            clients: 1 << 16,
            replies: 1 << 26,
            log: None,
        }
    }
}

/// Why a server does not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is not to be had.
    #[error("cannot listen: {0}. Choose another address, or port 0 for any that is free")]
    Bind(#[source] io::Error),
    /// The log cannot be used.
    #[error(transparent)]
    Log(#[from] LogError),
    /// There is no thread to be had.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
}

/// A server that runs. When it is dropped it accepts nobody any more, lets the calls that run come to their end, closes the
/// connections, and waits for its threads.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

/// What the threads share.
struct Shared {
    calls: Box<dyn Calls>,
    options: ServerOptions,
    stopping: AtomicBool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Server {
    /// Serves at this address. If there is a log, what it holds runs first.
    ///
    /// # Errors
    /// If the address is not to be had, or the log.
    pub fn bind<S: Service>(
        address: impl ToSocketAddrs,
        service: S,
        options: ServerOptions,
    ) -> Result<Server, StartError> {
        let listener = TcpListener::bind(address).map_err(StartError::Bind)?;
        let replies = Latest::new(options.clients, options.replies);
        let mut calls = Dispatcher::new(service, replies);
        if let Some(path) = &options.log {
            calls = calls.with_log(path, options.limit)?;
        }
        Server::start(listener, calls, options)
    }

    /// Serves at this address what runs calls in its own way; `clients`, `replies` and `log` are not used.
    ///
    /// # Errors
    /// If the address is not to be had.
    pub fn with_calls(
        address: impl ToSocketAddrs,
        calls: impl Calls,
        options: ServerOptions,
    ) -> Result<Server, StartError> {
        Server::start(TcpListener::bind(address).map_err(StartError::Bind)?, calls, options)
    }

    fn start(listener: TcpListener, calls: impl Calls, options: ServerOptions) -> Result<Server, StartError> {
        let address = listener.local_addr().map_err(StartError::Bind)?;
        let shared = Arc::new(Shared { calls: Box::new(calls), options, stopping: AtomicBool::new(false) });
        let theirs = Arc::clone(&shared);
        let acceptor = thread::Builder::new().name("acceptor".to_owned());
        let acceptor = acceptor.spawn(move || accept(&theirs, &listener)).map_err(StartError::Thread)?;
        Ok(Server { address, shared, acceptor: Some(acceptor) })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves for as long as the process lives: what comes last in a server's main function.
    pub fn wait(mut self) {
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }

    /// Ends it, as dropping it does.
    pub fn shutdown(self) {}
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopping.store(true, SeqCst);
        // Only a connection wakes who accepts. If none is to be had, others are waiting there, and wake it.
        let mut address = self.address;
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        let _ = TcpStream::connect_timeout(&address, Duration::from_secs(1));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

/// A connection's thread, and what it reads from, for as long as it does.
struct Served {
    stream: Weak<TcpStream>,
    thread: JoinHandle<()>,
}

/// Takes connections until the server stops; then lets the calls that run come to their end, and waits for all threads. Who they
/// are is this thread's own business, which needs no lock.
fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    let (mut served, mut count) = (Vec::new(), 0_u64);
    // Who is done need not be joined at once, but before there are twice as many.
    let mut tidy_at = TIDY;
    loop {
        let accepted = listener.accept();
        if shared.stopping.load(SeqCst) {
            break;
        }
        if served.len() >= tidy_at.min(shared.options.connections) {
            served = tidy(served);
            tidy_at = TIDY.max(2 * served.len());
        }
        match accepted {
            Ok((stream, _)) if served.len() >= shared.options.connections => {
                let timeout = shared.options.timeout;
                if let Ok(connection) = Connection::new(Box::new(stream), 0, None, timeout) {
                    refuse(&connection, Refused::Busy);
                }
            }
            Ok((stream, _)) => {
                let stream = Arc::new(stream);
                let (theirs, mine) = (Arc::clone(shared), Arc::downgrade(&stream));
                count += 1;
                let thread = thread::Builder::new().name(format!("connection {count}"));
                // If there is no thread to be had the connection is closed.
                if let Ok(thread) = thread.spawn(move || serve(&theirs, stream)) {
                    served.push(Served { stream: mine, thread });
                }
            }
            // Such as too many open files: it will not be better at once.
            Err(_) => thread::sleep(PAUSE),
        }
    }
    // Who is running a call still writes the reply, and then reads that there is nothing more.
    let streams = served.iter().filter_map(|served| served.stream.upgrade());
    streams.for_each(|stream| drop(stream.shutdown(Shutdown::Read)));
    served.into_iter().for_each(|served| drop(served.thread.join()));
}

/// Joins those that are done; the others are returned.
fn tidy(served: Vec<Served>) -> Vec<Served> {
    let (done, running): (Vec<_>, Vec<_>) = served.into_iter().partition(|served| served.thread.is_finished());
    done.into_iter().for_each(|served| drop(served.thread.join()));
    running
}

/// Runs the calls of a connection, one after the other.
fn serve(shared: &Arc<Shared>, stream: Arc<TcpStream>) {
    let ServerOptions { limit, idle, timeout, .. } = shared.options;
    let Ok(mut connection) = Connection::new(stream, limit, idle, timeout) else { return };
    let why = loop {
        let call = match connection.receive() {
            Ok(bytes) => postcard::take_from_bytes::<Call<'_>>(bytes),
            Err(Broken::Frame(FrameError::TooLarge { limit, .. })) => break Refused::TooLarge { limit: limit as u64 },
            Err(Broken::Frame(_)) => break Refused::Malformed,
            Err(Broken::Slow) => break Refused::TooSlow,
            Err(Broken::Idle | Broken::Closed | Broken::Io(_)) => return,
        };
        let Ok((call, [])) = call else { break Refused::Malformed };
        if call.id.client == 0 {
            break Refused::Malformed;
        }
        if shared.stopping.load(SeqCst) {
            return;
        }
        let id = call.id;
        let Some(outcome) = shared.calls.call(&call) else { return };
        let reply = frame::frame(&Reply { id, outcome }, 0, limit)
            .or_else(|_| frame::frame(&Reply { id, outcome: Outcome::TooLong }, 0, usize::MAX));
        if reply.is_ok_and(|reply| connection.send(&reply).is_err()) {
            return;
        }
    };
    refuse(&connection, why);
}

/// Says why the connection will be closed, to whom still listens.
fn refuse<T: Deref<Target = TcpStream>>(connection: &Connection<T>, why: Refused) {
    let reply = Reply { id: CallId::NONE, outcome: Outcome::Refused(why) };
    if let Ok(reply) = frame::frame(&reply, 0, usize::MAX) {
        let _ = connection.send(&reply);
    }
}
