//! `TcpStream`.

use std::{
    fmt,
    io::{self, ErrorKind, Read, Write},
    panic::Location,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{Shutdown, SocketAddr, ToSocketAddrs};
use crate::world::{self, Execution, net::Ends};

/// One side of a connection: [`std::net::TcpStream`] in every world.
pub struct TcpStream(Inner);

enum Inner {
    Std(std::net::TcpStream),
    Model(Arc<Connection>),
}

/// A model's side of a connection. It is closed when the last of its clones is dropped.
struct Connection {
    execution: u64,
    ends: Ends,
    made: &'static Location<'static>,
    options: Mutex<Options>,
}

#[derive(Clone, Copy, Default)]
struct Options {
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
    nodelay: bool,
    /// `None`: as it is made.
    ttl: Option<u32>,
}

/// How many hops a packet may take, unless something else is said.
pub(super) const HOPS: u32 = 64;

impl Connection {
    fn here(&self) -> &'static Execution {
        let ex = world::current().filter(|ex| ex.id() == self.execution);
        ex.unwrap_or_else(|| panic!("a TcpStream is used after its execution is over, made at {}", self.made))
    }

    fn options<R>(&self, look: impl FnOnce(&mut Options) -> R) -> R {
        look(&mut self.options.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn read(&self, into: &mut [u8], keeps: bool, location: &'static Location<'static>) -> io::Result<usize> {
        let ex = self.here();
        let due = self.options(|options| options.read_timeout).and_then(|timeout| ex.later(timeout));
        ex.read_stream(self.ends, into, due, keeps, location)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(ex) = world::current().filter(|ex| ex.id() == self.execution) {
            ex.shut_stream(self.ends, true, true, self.made);
        }
    }
}

/// The first address with which it works; the last error, if it does with none.
pub(super) fn each<R>(address: impl ToSocketAddrs, mut with: impl FnMut(SocketAddr) -> io::Result<R>) -> io::Result<R> {
    let mut last = io::Error::new(ErrorKind::InvalidInput, "could not resolve to any addresses");
    for address in address.to_socket_addrs()? {
        match with(address) {
            Ok(done) => return Ok(done),
            Err(why) => last = why,
        }
    }
    Err(last)
}

pub(super) fn blocking(nonblocking: bool) -> io::Result<()> {
    match nonblocking {
        true => Err(io::Error::new(ErrorKind::Unsupported, "a model has no nonblocking sockets: use threads")),
        false => Ok(()),
    }
}

fn timeout(timeout: Option<Duration>) -> io::Result<Option<Duration>> {
    match timeout {
        Some(Duration::ZERO) => Err(io::Error::new(ErrorKind::InvalidInput, "cannot set a 0 duration timeout")),
        timeout => Ok(timeout),
    }
}

impl TcpStream {
    pub(super) fn std(stream: std::net::TcpStream) -> TcpStream {
        TcpStream(Inner::Std(stream))
    }

    pub(super) fn model(ex: &Execution, ends: Ends, made: &'static Location<'static>) -> TcpStream {
        TcpStream(Inner::Model(Arc::new(Connection { execution: ex.id(), ends, made, options: Mutex::default() })))
    }

    /// See [`std::net::TcpStream::connect`].
    ///
    /// # Errors
    /// As std's: `ConnectionRefused` if nobody listens there.
    #[track_caller]
    pub fn connect<A: ToSocketAddrs>(address: A) -> io::Result<TcpStream> {
        let Some(ex) = world::current() else {
            crate::thread::require_std("TcpStream::connect");
            return std::net::TcpStream::connect(address).map(TcpStream::std);
        };
        let made = Location::caller();
        each(address, |address| Ok(TcpStream::model(ex, ex.connect(address, made)?, made)))
    }

    /// See [`std::net::TcpStream::connect_timeout`]. In a model, connecting takes no time.
    ///
    /// # Errors
    /// As std's.
    #[track_caller]
    pub fn connect_timeout(address: &SocketAddr, after: Duration) -> io::Result<TcpStream> {
        if world::current().is_some() {
            timeout(Some(after))?;
            return TcpStream::connect(address);
        }
        crate::thread::require_std("TcpStream::connect_timeout");
        std::net::TcpStream::connect_timeout(address, after).map(TcpStream::std)
    }

    /// See [`std::net::TcpStream::peer_addr`].
    ///
    /// # Errors
    /// As std's; none in a model.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.0 {
            Inner::Std(stream) => stream.peer_addr(),
            Inner::Model(connection) => Ok(connection.ends.peer),
        }
    }

    /// See [`std::net::TcpStream::local_addr`].
    ///
    /// # Errors
    /// As std's; none in a model.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match &self.0 {
            Inner::Std(stream) => stream.local_addr(),
            Inner::Model(connection) => Ok(connection.ends.local),
        }
    }

    /// See [`std::net::TcpStream::try_clone`].
    ///
    /// # Errors
    /// As std's; none in a model.
    pub fn try_clone(&self) -> io::Result<TcpStream> {
        match &self.0 {
            Inner::Std(stream) => stream.try_clone().map(TcpStream::std),
            Inner::Model(connection) => Ok(TcpStream(Inner::Model(Arc::clone(connection)))),
        }
    }

    /// See [`std::net::TcpStream::shutdown`].
    ///
    /// # Errors
    /// As std's; none in a model.
    #[track_caller]
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match &self.0 {
            Inner::Std(stream) => stream.shutdown(how),
            Inner::Model(connection) => {
                let (writes, reads) = (how != Shutdown::Read, how != Shutdown::Write);
                connection.here().shut_stream(connection.ends, writes, reads, Location::caller());
                Ok(())
            }
        }
    }

    /// See [`std::net::TcpStream::peek`].
    ///
    /// # Errors
    /// As std's.
    #[track_caller]
    pub fn peek(&self, into: &mut [u8]) -> io::Result<usize> {
        match &self.0 {
            Inner::Std(stream) => stream.peek(into),
            Inner::Model(connection) => connection.read(into, true, Location::caller()),
        }
    }

    /// See [`std::net::TcpStream::set_read_timeout`]. For what it does in a model see the [module](super).
    ///
    /// # Errors
    /// As std's: if it is 0.
    pub fn set_read_timeout(&self, after: Option<Duration>) -> io::Result<()> {
        match &self.0 {
            Inner::Std(stream) => stream.set_read_timeout(after),
            Inner::Model(connection) => {
                let after = timeout(after)?;
                connection.options(|options| options.read_timeout = after);
                Ok(())
            }
        }
    }

    /// See [`std::net::TcpStream::set_write_timeout`]. In a model, writing takes no time.
    ///
    /// # Errors
    /// As std's: if it is 0.
    pub fn set_write_timeout(&self, after: Option<Duration>) -> io::Result<()> {
        match &self.0 {
            Inner::Std(stream) => stream.set_write_timeout(after),
            Inner::Model(connection) => {
                let after = timeout(after)?;
                connection.options(|options| options.write_timeout = after);
                Ok(())
            }
        }
    }

    /// See [`std::net::TcpStream::read_timeout`].
    ///
    /// # Errors
    /// As std's; none in a model.
    pub fn read_timeout(&self) -> io::Result<Option<Duration>> {
        match &self.0 {
            Inner::Std(stream) => stream.read_timeout(),
            Inner::Model(connection) => Ok(connection.options(|options| options.read_timeout)),
        }
    }

    /// See [`std::net::TcpStream::write_timeout`].
    ///
    /// # Errors
    /// As std's; none in a model.
    pub fn write_timeout(&self) -> io::Result<Option<Duration>> {
        match &self.0 {
            Inner::Std(stream) => stream.write_timeout(),
            Inner::Model(connection) => Ok(connection.options(|options| options.write_timeout)),
        }
    }

    /// See [`std::net::TcpStream::set_nodelay`]. It changes nothing in a model.
    ///
    /// # Errors
    /// As std's; none in a model.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        match &self.0 {
            Inner::Std(stream) => stream.set_nodelay(nodelay),
            Inner::Model(connection) => {
                connection.options(|options| options.nodelay = nodelay);
                Ok(())
            }
        }
    }

    /// See [`std::net::TcpStream::nodelay`].
    ///
    /// # Errors
    /// As std's; none in a model.
    pub fn nodelay(&self) -> io::Result<bool> {
        match &self.0 {
            Inner::Std(stream) => stream.nodelay(),
            Inner::Model(connection) => Ok(connection.options(|options| options.nodelay)),
        }
    }

    /// See [`std::net::TcpStream::set_ttl`]. It changes nothing in a model.
    ///
    /// # Errors
    /// As std's; none in a model.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        match &self.0 {
            Inner::Std(stream) => stream.set_ttl(ttl),
            Inner::Model(connection) => {
                connection.options(|options| options.ttl = Some(ttl));
                Ok(())
            }
        }
    }

    /// See [`std::net::TcpStream::ttl`].
    ///
    /// # Errors
    /// As std's; none in a model.
    pub fn ttl(&self) -> io::Result<u32> {
        match &self.0 {
            Inner::Std(stream) => stream.ttl(),
            Inner::Model(connection) => Ok(connection.options(|options| options.ttl).unwrap_or(HOPS)),
        }
    }

    /// See [`std::net::TcpStream::take_error`]. In a model an operation returns its error itself, and there is none to take.
    ///
    /// # Errors
    /// As std's; none in a model.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        match &self.0 {
            Inner::Std(stream) => stream.take_error(),
            Inner::Model(_) => Ok(None),
        }
    }

    /// See [`std::net::TcpStream::set_nonblocking`].
    ///
    /// # Errors
    /// As std's; in a model `Unsupported`, if it is to be so.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        match &self.0 {
            Inner::Std(stream) => stream.set_nonblocking(nonblocking),
            Inner::Model(_) => blocking(nonblocking),
        }
    }
}

impl Read for &TcpStream {
    #[track_caller]
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &self.0 {
            Inner::Std(stream) => Read::read(&mut &*stream, into),
            Inner::Model(connection) => connection.read(into, false, Location::caller()),
        }
    }
}

impl Write for &TcpStream {
    #[track_caller]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &self.0 {
            Inner::Std(stream) => Write::write(&mut &*stream, bytes),
            Inner::Model(connection) => connection.here().write_stream(connection.ends, bytes, Location::caller()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for TcpStream {
    #[track_caller]
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        (&*self).read(into)
    }
}

impl Write for TcpStream {
    #[track_caller]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Std(stream) => stream.fmt(f),
            Inner::Model(connection) => {
                let Ends { local, peer, .. } = &connection.ends;
                f.debug_struct("TcpStream").field("addr", local).field("peer", peer).finish()
            }
        }
    }
}
