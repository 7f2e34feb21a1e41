//! Frames on a connection.

use std::{
    io::{self, ErrorKind, Read, Write},
    ops::Deref,
};

use super::frame::{self, Begins, FrameError, HEADER};
use crate::{
    net::TcpStream,
    time::{Duration, Instant},
};

/// What is read at a time, as long as nobody sends more.
const SMALL: usize = 1024;

/// Why no frame comes.
#[derive(Debug)]
pub enum Broken {
    /// None began in time.
    Idle,
    /// One began, and was not whole in time.
    Slow,
    /// The other side hung up, before one began or in the middle.
    Closed,
    /// What came is no frame.
    Frame(FrameError),
    /// The connection says no.
    Io(io::Error),
}

/// A connection, with what has been read from it and not yet used.
#[derive(Debug)]
pub struct Connection<T> {
    stream: T,
    buffer: Vec<u8>,
    filled: usize,
    /// How much of it was the last frame.
    taken: usize,
    limit: usize,
    idle: Option<Duration>,
    timeout: Duration,
}

impl<T: Deref<Target = TcpStream>> Connection<T> {
    /// Frames up to the limit. The next frame has to begin within `idle`, and to be whole within `timeout` from then.
    pub fn new(stream: T, limit: usize, idle: Option<Duration>, timeout: Duration) -> io::Result<Connection<T>> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(idle)?;
        stream.set_write_timeout(Some(timeout))?;
        Ok(Connection { stream, buffer: vec![0; SMALL], filled: 0, taken: 0, limit, idle, timeout })
    }

    /// Sends a frame. If that fails, the other side does not have all of it.
    pub fn send(&self, frame: &[u8]) -> io::Result<()> {
        (&*self.stream).write_all(frame)
    }

    /// The next frame's payload.
    pub fn receive(&mut self) -> Result<&[u8], Broken> {
        self.buffer.copy_within(self.taken..self.filled, 0);
        self.filled -= self.taken;
        self.taken = 0;
        if self.buffer.len() > 16 * SMALL && self.filled <= SMALL {
            self.buffer.truncate(SMALL);
            self.buffer.shrink_to_fit();
        }
        let mut deadline = None;
        loop {
            match frame::begins(&self.buffer[..self.filled], 0, self.limit).map_err(Broken::Frame)? {
                Begins::Whole(length) => {
                    if deadline.is_some() {
                        self.stream.set_read_timeout(self.idle).map_err(Broken::Io)?;
                    }
                    self.taken = HEADER + length;
                    return Ok(&self.buffer[HEADER..self.taken]);
                }
                Begins::Needs(needs) => {
                    if self.filled > 0 {
                        // Most frames come in one piece, and need no clock.
                        let deadline = *deadline.get_or_insert_with(|| Instant::now() + self.timeout);
                        let left = deadline.saturating_duration_since(Instant::now());
                        if left.is_zero() {
                            return Err(Broken::Slow);
                        }
                        self.stream.set_read_timeout(Some(left)).map_err(Broken::Io)?;
                    }
                    // Room for what has come, not for what is claimed: who wants much of it has to send much.
                    if self.filled == self.buffer.len() {
                        self.buffer.resize(needs.min(2 * self.filled), 0);
                    }
                }
            }
            match (&*self.stream).read(&mut self.buffer[self.filled..]) {
                Ok(0) => return Err(Broken::Closed),
                Ok(read) => self.filled += read,
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock | ErrorKind::TimedOut if self.filled == 0 => return Err(Broken::Idle),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => return Err(Broken::Slow),
                    _ => return Err(Broken::Io(error)),
                },
            }
        }
    }
}
