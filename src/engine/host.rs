//! Hosts: processes that talk over [`net`](crate::net), write to [`fs`](crate::fs), and crash. And what else may go wrong.
//!
//! A distributed program in a model is a few hosts, each a closure with threads of its own. A crash ends all threads of its host
//! at once and takes their memory with them; what was synced to its disk is there when it starts again. Threads that belong
//! to no host never crash: the clients of a test, say.
//!
//! ```
//! use raddle::{
//!     host::{self, Faults},
//!     net::{TcpListener, TcpStream},
//! };
//! use std::io::{Read, Write};
//!
//! fn model() {
//!     let server = host::spawn("server", || {
//!         let listener = TcpListener::bind("127.0.0.1:1234").unwrap();
//!         while let Ok((mut stream, _)) = listener.accept() {
//!             let mut byte = [0];
//!             if matches!(stream.read(&mut byte), Ok(1)) {
//!                 let _ = stream.write(&byte);
//!             }
//!         }
//!     });
//!     Faults::new(1).crash().drop().allow();
//!     // Whatever goes wrong, there is no wrong answer.
//!     if let Ok(mut stream) = TcpStream::connect("127.0.0.1:1234") {
//!         let mut byte = [0];
//!         if stream.write(&[7]).is_ok() && matches!(stream.read(&mut byte), Ok(1)) {
//!             assert_eq!(byte, [7]);
//!         }
//!     }
//!     server.kill();
//! }
//! # #[cfg(feature = "model")]
//! raddle::check("an echo whose server crashes", model);
//! ```

use std::{fmt, panic::Location, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::world::{self, Execution};

/// What may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Fault {
    /// A message is lost, and with it its connection: both sides are told that it was reset. What arrived before can still be
    /// read.
    Drop,
    /// A message is late: who waits for it with a timeout waits in vain, once.
    Delay,
    /// A message is lost, and what follows on its connection in both directions; nobody is told. A new connection works.
    Partition,
    /// A host crashes at any moment, and starts again; also one that has ended and that nobody has joined, since it may have
    /// crashed just before.
    Crash,
    /// Of what was written to a file and not synced, a crash leaves nothing, a part, or all of it; without this, nothing. No
    /// fault of its own, it needs no budget.
    Tear,
}

impl Fault {
    /// The name as a trace shows it.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Drop => "drop",
            Fault::Delay => "delay",
            Fault::Partition => "partition",
            Fault::Crash => "crash",
            Fault::Tear => "tear",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How much may go wrong in an execution: which kinds of faults, and how many in all.
///
/// An explorer tries every place for each of them; who crashes a host is a thread of the model there, called `crash`. A
/// sampler draws: one in twelve messages or operations is struck, as long as the budget lasts.
///
/// What others can see of a host is what comes over the network, and what is on its disk. A crash is tried wherever that makes
/// a difference, and not between steps that only the host's own memory knows of: what a host's threads do there may be seen
/// by a test that shares memory with them, as it is after the crash or as it is before it.
///
/// TCP neither duplicates nor reorders what is sent over one connection, and neither does this network: it would be a false
/// alarm. What a server sees twice, or in another order than it was sent in, are requests that came late or were lost and
/// were sent again over another connection: `delay`, `drop` and `partition` lead to all of these.
#[derive(Clone, Debug)]
#[must_use = "nothing goes wrong before it is allowed to"]
pub struct Faults {
    budget: u32,
    kinds: Vec<Fault>,
}

impl Faults {
    /// So many faults, of kinds that are yet to be named.
    pub fn new(budget: u32) -> Faults {
        Faults { budget, kinds: Vec::new() }
    }

    fn with(mut self, fault: Fault) -> Faults {
        self.kinds.push(fault);
        self
    }

    /// See [`Fault::Drop`].
    pub fn drop(self) -> Faults {
        self.with(Fault::Drop)
    }

    /// See [`Fault::Delay`].
    pub fn delay(self) -> Faults {
        self.with(Fault::Delay)
    }

    /// See [`Fault::Partition`].
    pub fn partition(self) -> Faults {
        self.with(Fault::Partition)
    }

    /// See [`Fault::Crash`].
    pub fn crash(self) -> Faults {
        self.with(Fault::Crash)
    }

    /// See [`Fault::Tear`].
    pub fn tear(self) -> Faults {
        self.with(Fault::Tear)
    }

    /// From here on they may happen, in this execution, in place of those that were allowed before. That is a step of the
    /// model.
    ///
    /// # Panics
    /// Outside a model, and in a model on real threads: nothing can be made to go wrong there.
    #[track_caller]
    pub fn allow(self) {
        here("Faults::allow").allow_faults(self.budget, &self.kinds, Location::caller());
    }
}

/// A process of a model: see the [module](self).
///
/// Dropping it changes nothing: the host goes on. When main has returned and nobody can take a step, all hosts end if one of
/// their threads waits for a connection, or for what comes over one; what then still waits is a Leak.
#[derive(Debug)]
pub struct Host(usize);

/// Starts a process of this name, which ends when `main` and the threads that it has spawned have ended, or when it is killed.
/// After a crash `main` runs again, in a new life: with the same disk, and with what it captured, as it is then. Statics are
/// not forgotten by a crash; a host should have none.
///
/// A panic of one of its threads fails the execution as any other does, unless the host has crashed meanwhile. A thread of a
/// crashed host that waits for one that has died, or for anything else that does not come, dies when nobody can take a step.
///
/// # Panics
/// Outside a model, and in a model on real threads: start a process of the operating system there.
#[track_caller]
pub fn spawn(name: &str, main: impl Fn() + Send + Sync + 'static) -> Host {
    Host(here("host::spawn").add_host(name, Arc::new(main), Location::caller()))
}

impl Host {
    /// The host crashes, and starts again.
    ///
    /// # Panics
    /// If it belongs to another execution.
    #[track_caller]
    pub fn crash(&self) {
        here("Host::crash").crash(self.0, true, Location::caller());
    }

    /// Waits until all threads of the host have ended, of the lives after a crash as well.
    ///
    /// # Panics
    /// If it belongs to another execution.
    #[track_caller]
    pub fn join(self) {
        here("Host::join").join_host(self.0, Location::caller());
    }

    /// The host crashes, and does not start again.
    ///
    /// # Panics
    /// If it belongs to another execution.
    #[track_caller]
    pub fn kill(self) {
        here("Host::kill").crash(self.0, false, Location::caller());
    }
}

#[track_caller]
fn here(what: &str) -> &'static Execution {
    world::current().unwrap_or_else(|| {
        panic!(
            "{what} needs a model of the shuttle or the loom world: a host of the real world is a process of its own"
        )
    })
}
