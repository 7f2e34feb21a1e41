//! The service at the other end of the wire, and where a call waits for its reply.

use super::super::Input;
use crate::{
    go::Chan,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
};

/// What is sent, or received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Which call it belongs to.
    pub tag: usize,
    /// What it says.
    pub body: usize,
}

impl Message {
    /// The lecture's `ReadTag`.
    pub fn read_tag(&self) -> usize {
        self.tag
    }

    /// What the service replies.
    pub fn reply(&self) -> Message {
        Message { tag: self.tag, body: self.body + 1_000 }
    }
}

/// Replies to whatever it is sent, once or more often.
pub struct Service {
    /// Replies on their way: there is room for all.
    wire: Chan<Message>,
    replies: usize,
    sending: AtomicBool,
    receiving: AtomicBool,
    /// A reply was sent where there need not be room for it.
    waits: AtomicBool,
}

impl Service {
    /// The service that an input means.
    pub fn new(input: &Input) -> Service {
        let replies = input.goal;
        Service {
            wire: Chan::new(input.work.iter().sum::<usize>() * replies),
            replies,
            sending: AtomicBool::new(false),
            receiving: AtomicBool::new(false),
            waits: AtomicBool::new(false),
        }
    }

    /// Sends a request.
    ///
    /// # Panics
    /// If somebody else is sending one.
    pub fn send(&self, args: Message) {
        assert!(!self.sending.swap(true, Relaxed), "Send is entered twice");
        for _ in 0..self.replies {
            self.wire.send(args.reply());
        }
        self.sending.store(false, Relaxed);
    }

    /// Waits for a reply. `None` once both sides have hung up.
    ///
    /// # Panics
    /// If somebody else is waiting for one.
    pub fn recv(&self) -> Option<Message> {
        assert!(!self.receiving.swap(true, Relaxed), "Recv is entered twice");
        let reply = self.wire.recv();
        self.receiving.store(false, Relaxed);
        reply
    }

    /// Nothing more will be sent: the service hangs up too.
    pub fn hang_up(&self) {
        self.wire.close();
    }

    /// Whether more has been sent on a call's channel than it has room for: then whoever sends may have to wait.
    pub fn waits(&self) -> bool {
        self.waits.load(Relaxed)
    }
}

/// Where a call waits for its reply: a channel that tells the service what is sent on it.
#[derive(Clone)]
pub struct Done {
    channel: Chan<Message>,
    sends: Arc<AtomicUsize>,
    service: Arc<Service>,
}

impl Done {
    /// A channel with so much room.
    pub fn new(service: &Arc<Service>, room: usize) -> Done {
        Done { channel: Chan::new(room), sends: Arc::default(), service: Arc::clone(service) }
    }

    /// Sends the reply.
    pub fn send(&self, reply: Message) {
        if self.sends.fetch_add(1, Relaxed) >= self.channel.capacity() {
            self.service.waits.store(true, Relaxed);
        }
        self.channel.send(reply);
    }

    /// Waits for the reply. `None` if the call is cancelled.
    pub fn recv(&self) -> Option<Message> {
        self.channel.recv()
    }

    /// The call is cancelled.
    pub fn close(&self) {
        self.channel.close();
    }
}
