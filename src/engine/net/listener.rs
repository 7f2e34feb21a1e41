//! `TcpListener`.

use std::{
    fmt, io,
    iter::FusedIterator,
    panic::Location,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use super::{SocketAddr, TcpStream, ToSocketAddrs, stream::HOPS};
use crate::world::{self, Execution};

/// Waits for connections: [`std::net::TcpListener`] in every world.
pub struct TcpListener(Inner);

enum Inner {
    Std(std::net::TcpListener),
    Model(Arc<Listening>),
}

/// A model's listener. It is closed when the last of its clones is dropped.
struct Listening {
    execution: u64,
    object: usize,
    address: SocketAddr,
    made: &'static Location<'static>,
    ttl: AtomicU32,
}

/// Connections, one after another, for ever: [`std::net::Incoming`] in every world.
#[derive(Debug)]
pub struct Incoming<'a>(&'a TcpListener);

impl Listening {
    fn here(&self) -> &'static Execution {
        let ex = world::current().filter(|ex| ex.id() == self.execution);
        ex.unwrap_or_else(|| panic!("a TcpListener is used after its execution is over, made at {}", self.made))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(ex) = world::current().filter(|ex| ex.id() == self.execution) {
            ex.unbind(self.object, self.made);
        }
    }
}

impl TcpListener {
    /// See [`std::net::TcpListener::bind`]. In a model port 0 gives the thread a port of its own.
    ///
    /// # Errors
    /// As std's: `AddrInUse` if somebody listens there.
    #[track_caller]
    pub fn bind<A: ToSocketAddrs>(address: A) -> io::Result<TcpListener> {
        let Some(ex) = world::current() else {
            crate::thread::require_std("TcpListener::bind");
            return std::net::TcpListener::bind(address).map(Inner::Std).map(TcpListener);
        };
        let made = Location::caller();
        super::stream::each(address, |address| {
            let (object, address) = ex.bind(address, made)?;
            Ok(TcpListener(Inner::Model(Arc::new(Listening {
                execution: ex.id(),
                object,
                address,
                made,
                ttl: AtomicU32::new(HOPS),
            }))))
        })
    }

    /// See [`std::net::TcpListener::local_addr`].
    ///
    /// # Errors
    /// As std's; none in a model.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match &self.0 {
            Inner::Std(listener) => listener.local_addr(),
            Inner::Model(listening) => Ok(listening.address),
        }
    }

    /// See [`std::net::TcpListener::try_clone`].
    ///
    /// # Errors
    /// As std's; none in a model.
    pub fn try_clone(&self) -> io::Result<TcpListener> {
        match &self.0 {
            Inner::Std(listener) => listener.try_clone().map(Inner::Std),
            Inner::Model(listening) => Ok(Inner::Model(Arc::clone(listening))),
        }
        .map(TcpListener)
    }

    /// Waits for a connection. See [`std::net::TcpListener::accept`].
    ///
    /// # Errors
    /// As std's.
    #[track_caller]
    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        match &self.0 {
            Inner::Std(listener) => listener.accept().map(|(stream, peer)| (TcpStream::std(stream), peer)),
            Inner::Model(listening) => {
                let ex = listening.here();
                let ends = ex.accept(listening.object, Location::caller())?;
                Ok((TcpStream::model(ex, ends, Location::caller()), ends.peer))
            }
        }
    }

    /// See [`std::net::TcpListener::incoming`].
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming(self)
    }

    /// See [`std::net::TcpListener::set_ttl`]. It changes nothing in a model.
    ///
    /// # Errors
    /// As std's; none in a model.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        match &self.0 {
            Inner::Std(listener) => listener.set_ttl(ttl),
            Inner::Model(listening) => {
                listening.ttl.store(ttl, Relaxed);
                Ok(())
            }
        }
    }

    /// See [`std::net::TcpListener::ttl`].
    ///
    /// # Errors
    /// As std's; none in a model.
    pub fn ttl(&self) -> io::Result<u32> {
        match &self.0 {
            Inner::Std(listener) => listener.ttl(),
            Inner::Model(listening) => Ok(listening.ttl.load(Relaxed)),
        }
    }

    /// See [`std::net::TcpListener::take_error`]. In a model an operation returns its error itself, and there is none to take.
    ///
    /// # Errors
    /// As std's; none in a model.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        match &self.0 {
            Inner::Std(listener) => listener.take_error(),
            Inner::Model(_) => Ok(None),
        }
    }

    /// See [`std::net::TcpListener::set_nonblocking`].
    ///
    /// # Errors
    /// As std's; in a model `Unsupported`, if it is to be so.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        match &self.0 {
            Inner::Std(listener) => listener.set_nonblocking(nonblocking),
            Inner::Model(_) => super::stream::blocking(nonblocking),
        }
    }
}

impl Iterator for Incoming<'_> {
    type Item = io::Result<TcpStream>;

    #[track_caller]
    fn next(&mut self) -> Option<io::Result<TcpStream>> {
        Some(self.0.accept().map(|(stream, _)| stream))
    }
}

impl FusedIterator for Incoming<'_> {}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Std(listener) => listener.fmt(f),
            Inner::Model(listening) => f.debug_struct("TcpListener").field("addr", &listening.address).finish(),
        }
    }
}
