//! TCP: `use std::net` and `use raddle::net` are interchangeable, as far as it goes.
//!
//! Without feature `model` everything here is [`std::net`]'s; with it, so it is outside any model and in a model on real
//! threads. In a model of another world the network is in memory, and belongs to the execution:
//!
//! - A message is what one `write` was given. It arrives whole, in order, and a read takes no more than one. `write` never
//!   waits: buffers have no end. `flush` does nothing, as std's.
//! - What may go wrong is said by [`Faults`](crate::host::Faults), and explored: connections are lost, messages come late,
//!   hosts crash. Without them a connection is lost only if a side goes away.
//! - A read with a timeout waits until something comes, however long that takes, unless it was
//!   [delayed](crate::host::Fault::Delay). When nothing else can go on, the timeout fires: `WouldBlock`, as on Unix.
//!   What a timeout is makes no difference, but in a [timed](crate::Check::timed) model. Writing never times out.
//! - Nobody answers for a host that has crashed and starts again: to connect waits until it listens again. If nothing else can
//!   go on that is `TimedOut`. Where nobody listens otherwise, it is `ConnectionRefused`.
//! - What was sent comes before what is done by whoever has read it.
//! - A thread of a [host](crate::host) may wait for connections, and for what comes over them, when main has returned: hosts end
//!   then. Any other thread that waits so for ever is a Leak.
//!
//! Not there in a model, and said so by the error `Unsupported`: `set_nonblocking(true)`.

pub use std::net::{
    AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, SocketAddrV4, SocketAddrV6, ToSocketAddrs,
};
#[cfg(not(raddle_model))]
pub use std::net::{Incoming, TcpListener, TcpStream};

#[cfg(raddle_model)]
mod listener;
#[cfg(raddle_model)]
mod stream;

#[cfg(raddle_model)]
pub use self::{
    listener::{Incoming, TcpListener},
    stream::TcpStream,
};
