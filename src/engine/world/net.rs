//! The network at the waist: who listens where, and what is on its way.
//!
//! A connection is two pipes. A message is what one `write` was given: it arrives whole or not at all, in order, and a read
//! takes no more than one of them. That is what TCP promises, but for where it cuts: a program that relies on the cuts is
//! wrong, and sees the ones that its peer made.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    io::{self, ErrorKind},
    net::{Ipv4Addr, SocketAddr},
    panic::Location,
    time::Duration,
};

use super::{
    Execution,
    clock::Clock,
    core::{Core, Op, mix},
    event::{Kind, ObjectKind, Value},
    footprint::Access,
    host::{Home, Outward},
    object::State,
};
use crate::host::Fault;

/// The first of the ports that nobody asks for by number.
const EPHEMERAL: u16 = 49_152;

/// After so long nobody tries to connect any more.
const GIVES_UP: Duration = Duration::from_secs(120);

/// Who listens where.
#[derive(Default)]
pub(crate) struct NetState {
    listeners: BTreeMap<SocketAddr, usize>,
    /// Where somebody listened whose host starts again: there is nobody yet to say that nobody listens.
    silent: BTreeSet<SocketAddr>,
}

/// Connections that wait to be accepted.
pub(crate) struct ListenerState {
    address: SocketAddr,
    queue: VecDeque<Ends>,
    closed: bool,
    pub(super) home: Home,
}

/// One side's ends of a connection's pipes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) reads: usize,
    pub(crate) writes: usize,
    pub(crate) local: SocketAddr,
    pub(crate) peer: SocketAddr,
}

/// One direction of a connection.
pub(crate) struct PipeState {
    packets: VecDeque<Packet>,
    /// The writer, and the reader.
    pub(super) ends: [Home; 2],
    /// Nobody reads any more.
    deaf: bool,
    /// Nothing arrives any more, and nobody is told.
    silent: bool,
    clock: Clock,
}

enum Packet {
    Bytes(Vec<u8>),
    /// What follows is late: whoever waits with a timeout has waited in vain.
    Late,
    End,
    Reset,
}

impl PipeState {
    fn new(ends: [Home; 2]) -> PipeState {
        PipeState { packets: VecDeque::new(), ends, deaf: false, silent: false, clock: Clock::default() }
    }

    fn over(&self) -> bool {
        matches!(self.packets.back(), Some(Packet::End | Packet::Reset))
    }

    fn reset(&mut self) {
        if !self.silent && !matches!(self.packets.back(), Some(Packet::Reset)) {
            self.packets.retain(|packet| !matches!(packet, Packet::End));
            self.packets.push_back(Packet::Reset);
        }
    }
}

fn error(kind: ErrorKind) -> io::Error {
    kind.into()
}

impl Core {
    fn net(&mut self, object: usize) -> &mut NetState {
        match &mut self.objects[object].state {
            State::Net(net) => net,
            _ => unreachable!("there is one network"),
        }
    }

    fn listener(&mut self, object: usize) -> &mut ListenerState {
        match &mut self.objects[object].state {
            State::Listener(listener) => listener,
            _ => unreachable!("the facade binds a listener to a listener"),
        }
    }

    fn pipe(&mut self, object: usize) -> &mut PipeState {
        match &mut self.objects[object].state {
            State::Pipe(pipe) => pipe,
            _ => unreachable!("the facade binds a stream to pipes"),
        }
    }

    fn queued(&self, object: usize) -> bool {
        matches!(&self.objects[object].state, State::Listener(l) if l.closed || !l.queue.is_empty())
    }

    fn readable(&self, object: usize) -> bool {
        matches!(&self.objects[object].state, State::Pipe(pipe) if !pipe.packets.is_empty())
    }

    /// Whether something has come that a crash of whoever sent it takes away no more.
    pub(super) fn has_message(&self, object: usize) -> bool {
        let State::Pipe(pipe) = &self.objects[object].state else { return false };
        matches!(pipe.packets.front(), Some(Packet::Bytes(_) | Packet::Late))
    }

    /// Whether something has come that a crash of whoever takes it leaves there.
    pub(super) fn has_come(&self, object: usize) -> bool {
        match &self.objects[object].state {
            State::Listener(listener) => !listener.queue.is_empty(),
            _ => self.has_message(object),
        }
    }

    fn answers(&self, net: usize, address: SocketAddr) -> bool {
        !matches!(&self.objects[net].state, State::Net(net) if net.silent.contains(&address))
    }

    /// The host has crashed: nobody listens there, and its connections are reset.
    pub(super) fn reset_connections(&mut self, host: usize, restarts: bool) {
        let mut closed = Vec::new();
        for (at, object) in self.objects.iter_mut().enumerate() {
            match &mut object.state {
                State::Pipe(pipe) if pipe.ends.iter().any(|end| end.host == host) => pipe.reset(),
                State::Listener(listener) if listener.home.host == host => {
                    listener.closed = true;
                    closed.push(at);
                }
                _ => {}
            }
        }
        if let Some(net) = self.simulated.net {
            let NetState { listeners, silent } = self.net(net);
            listeners.retain(|address, listener| {
                let crashed = closed.contains(listener);
                silent.extend((crashed && restarts).then_some(*address));
                !crashed
            });
        }
    }
}

impl Execution {
    pub(super) fn net(&self, location: &'static Location<'static>) -> usize {
        let core = &mut *self.core.borrow_mut();
        let made = core.simulated.net;
        made.unwrap_or_else(|| {
            let net = core.add_object(ObjectKind::Net, location, State::Net(NetState::default()));
            core.simulated.net = Some(net);
            net
        })
    }

    /// A port of the thread's own: which, depends on what the thread has done, and on no other.
    fn port(&self) -> u16 {
        let thread = &mut self.core.borrow_mut().threads[self.me()];
        thread.ports += 1;
        EPHEMERAL + (mix(thread.path, u64::from(thread.ports)) % u64::from(u16::MAX - EPHEMERAL)) as u16
    }

    /// Listens there. Port 0: at one that is free.
    pub(crate) fn bind(
        &self,
        mut address: SocketAddr,
        location: &'static Location<'static>,
    ) -> io::Result<(usize, SocketAddr)> {
        let net = self.net(location);
        self.fault(&[], location);
        if address.port() == 0 {
            address.set_port(self.port());
        }
        let outward = Outward::new(Op::new(Kind::Bind, location).on(net));
        let bound = self.outward(outward, |core, me| {
            if core.net(net).listeners.contains_key(&address) {
                return (Err(error(ErrorKind::AddrInUse)), Value::Done(false));
            }
            let home = core.threads[me].home;
            let listener = ListenerState { address, queue: VecDeque::new(), closed: false, home };
            let object = core.add_object(ObjectKind::Listener, location, State::Listener(listener));
            core.net(net).listeners.insert(address, object);
            core.net(net).silent.remove(&address);
            (Ok((object, address)), Value::Done(true))
        });
        bound.unwrap_or_else(|| Err(error(ErrorKind::ConnectionAborted)))
    }

    /// Nobody listens there any more: who has not been accepted is turned away.
    pub(crate) fn unbind(&self, listener: usize, location: &'static Location<'static>) {
        let net = self.net(location);
        let also = [(net, Access::Changes)];
        let outward = Outward { also: &also, ..Outward::new(Op::new(Kind::Close, location).on(listener)) };
        self.outward(outward, |core, _| {
            let ListenerState { address, queue, closed, .. } = core.listener(listener);
            *closed = true;
            let (address, queue) = (*address, std::mem::take(queue));
            for ends in queue {
                core.pipe(ends.writes).reset();
                core.pipe(ends.reads).reset();
            }
            core.net(net).listeners.remove(&address);
            ((), Value::None)
        });
    }

    /// Connects to whoever listens there.
    pub(crate) fn connect(&self, address: SocketAddr, location: &'static Location<'static>) -> io::Result<Ends> {
        let net = self.net(location);
        self.fault(&[], location);
        let mut local = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port()));
        if address.is_ipv6() {
            local.set_ip(std::net::Ipv6Addr::LOCALHOST.into());
        }
        let listener = self.core.borrow_mut().net(net).listeners.get(&address).copied();
        let also: Vec<_> = listener.map(|listener| (listener, Access::Changes)).into_iter().collect();
        let op = Op::new(Kind::Connect, location).on(net);
        let answers = |core: &Core| core.answers(net, address);
        // With or without a timeout of its own: TCP itself gives up some time.
        let patience = self.later(GIVES_UP);
        let outward = Outward { also: &also, guard: Some(&answers), patience, ..Outward::new(op) };
        let connected = self.outward(outward, |core, me| {
            if !core.answers(net, address) {
                return (Err(error(ErrorKind::TimedOut)), Value::Fired);
            }
            let Some(listener) = core.net(net).listeners.get(&address).copied() else {
                return (Err(error(ErrorKind::ConnectionRefused)), Value::Done(false));
            };
            let (mine, theirs) = (core.threads[me].home, core.listener(listener).home);
            let mut pipe = |ends| core.add_object(ObjectKind::Stream, location, State::Pipe(PipeState::new(ends)));
            let (there, back) = (pipe([mine, theirs]), pipe([theirs, mine]));
            core.listener(listener).queue.push_back(Ends { reads: there, writes: back, local: address, peer: local });
            (Ok(Ends { reads: back, writes: there, local, peer: address }), Value::Done(true))
        });
        connected.unwrap_or_else(|| Err(error(ErrorKind::ConnectionAborted)))
    }

    /// Waits for a connection.
    pub(crate) fn accept(&self, listener: usize, location: &'static Location<'static>) -> io::Result<Ends> {
        self.fault(&[], location);
        let guard = |core: &Core| core.queued(listener);
        let op = Op::new(Kind::Accept, location).on(listener);
        let outward = Outward { guard: Some(&guard), unseen: true, ..Outward::new(op) };
        let accepted = self.outward(outward, |core, _| {
            let ends = core.listener(listener).queue.pop_front().ok_or_else(|| error(ErrorKind::ConnectionAborted));
            let value = Value::Done(ends.is_ok());
            (ends, value)
        });
        accepted.unwrap_or_else(|| Err(error(ErrorKind::ConnectionAborted)))
    }

    /// Reads what has come, of one message. `due`: when it waits no longer. `keeps`: it only looks.
    pub(crate) fn read_stream(
        &self,
        ends: Ends,
        into: &mut [u8],
        due: Option<u64>,
        keeps: bool,
        location: &'static Location<'static>,
    ) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        self.fault(&[], location);
        let guard = |core: &Core| core.readable(ends.reads);
        let op = Op::new(Kind::StreamRead, location).on(ends.reads);
        let outward = Outward { guard: Some(&guard), patience: due, unseen: true, ..Outward::new(op) };
        let read = self.outward(outward, |core, me| {
            let clock = core.pipe(ends.reads).clock.clone();
            core.threads[me].view.acquire(&clock);
            let result = core.pipe(ends.reads).take(into, due.is_some(), keeps);
            let value = match &result {
                Ok(bytes) => Value::Count(*bytes as u64),
                Err(why) if why.kind() == ErrorKind::WouldBlock => Value::Fired,
                Err(_) => Value::HungUp,
            };
            (result, value)
        });
        read.unwrap_or_else(|| Err(error(ErrorKind::ConnectionReset)))
    }

    /// Sends a message, which may be lost on the way.
    pub(crate) fn write_stream(
        &self,
        ends: Ends,
        bytes: &[u8],
        location: &'static Location<'static>,
    ) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let fault = self.fault(&[Fault::Drop, Fault::Delay, Fault::Partition], location);
        let both = [(ends.reads, Access::Changes)];
        let also = if matches!(fault, Some(Fault::Drop | Fault::Partition)) { &both[..] } else { &[] };
        let op = Op::new(Kind::StreamWrite, location).on(ends.writes);
        let wrote = self.outward(Outward { also, ..Outward::new(op) }, |core, me| {
            let mut clock = Clock::default();
            core.threads[me].view.release(me, &mut clock);
            let pipe = core.pipe(ends.writes);
            if pipe.silent {
                return (Ok(bytes.len()), Value::Count(bytes.len() as u64));
            }
            match pipe.packets.back() {
                Some(Packet::Reset) => return (Err(error(ErrorKind::ConnectionReset)), Value::HungUp),
                Some(Packet::End) => return (Err(error(ErrorKind::BrokenPipe)), Value::HungUp),
                _ if pipe.deaf => return (Err(error(ErrorKind::BrokenPipe)), Value::HungUp),
                _ => {}
            }
            pipe.clock.join(&clock);
            match fault {
                Some(Fault::Drop) => {
                    pipe.reset();
                    core.pipe(ends.reads).reset();
                }
                Some(Fault::Partition) => {
                    pipe.silent = true;
                    core.pipe(ends.reads).silent = true;
                }
                _ => {
                    pipe.packets.extend((fault == Some(Fault::Delay)).then_some(Packet::Late));
                    pipe.packets.push_back(Packet::Bytes(bytes.to_vec()));
                }
            }
            (Ok(bytes.len()), Value::Count(bytes.len() as u64))
        });
        wrote.unwrap_or_else(|| Err(error(ErrorKind::ConnectionReset)))
    }

    /// No more is written, or read, or both.
    pub(crate) fn shut_stream(&self, ends: Ends, writes: bool, reads: bool, location: &'static Location<'static>) {
        let (object, other) = if writes { (ends.writes, ends.reads) } else { (ends.reads, ends.writes) };
        let also = [(other, Access::Changes)];
        let also = if writes && reads { &also[..] } else { &[] };
        let op = Op::new(Kind::Close, location).on(object);
        // A crash takes back the end of what was written: who has not read it by then cannot tell that it was there.
        self.outward(Outward { also, unseen: true, ..Outward::new(op) }, |core, _| {
            let mut unread = false;
            if reads {
                let pipe = core.pipe(ends.reads);
                unread = pipe.packets.iter().any(|packet| matches!(packet, Packet::Bytes(_)));
                pipe.deaf = true;
                if !pipe.over() {
                    pipe.packets.push_back(Packet::End);
                }
            }
            if writes && !core.pipe(ends.writes).over() && !core.pipe(ends.writes).silent {
                let pipe = core.pipe(ends.writes);
                // As TCP does: who goes away without reading all tells that something is lost.
                match unread && reads {
                    true => pipe.reset(),
                    false => pipe.packets.push_back(Packet::End),
                }
            }
            ((), Value::None)
        });
    }
}

impl PipeState {
    fn take(&mut self, into: &mut [u8], patient: bool, keeps: bool) -> io::Result<usize> {
        if matches!(self.packets.front(), Some(Packet::Late)) {
            self.packets.pop_front();
            if patient {
                return Err(error(ErrorKind::WouldBlock));
            }
        }
        match self.packets.front_mut() {
            None => Err(error(ErrorKind::WouldBlock)),
            Some(Packet::End) => Ok(0),
            Some(Packet::Reset | Packet::Late) => Err(error(ErrorKind::ConnectionReset)),
            Some(Packet::Bytes(bytes)) => {
                let count = bytes.len().min(into.len());
                into[..count].copy_from_slice(&bytes[..count]);
                if !keeps {
                    bytes.drain(..count);
                    if bytes.is_empty() {
                        self.packets.pop_front();
                    }
                }
                Ok(count)
            }
        }
    }
}
