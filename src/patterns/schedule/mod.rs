//! `schedule`: runs tasks on servers, each task once, on no server two at a time; and returns when all are done. The lecture
//! arrives at it in seventeen versions, `s1` to `s17`, most of them with a bug that the next one mends.
//!
//! An input's `work` has a number for each server: so many of its first calls fail. (Up to `s14` calls never do.) `goal` is
//! the number of tasks.
//!
//! Up to `s9` the servers are a list. From `s10` on they arrive on a channel, which holds them all from the start; an
//! acceptor starts a worker for each. Up to `s16` the acceptor ends only if the caller closes that channel, which it does but
//! for `s10`; in `s17` it is told to.
//!
//! Source: Russ Cox, guest lecture of MIT 6.824 on concurrency patterns in Go, pattern 2, "work scheduler". Two generations
//! of its slides are told apart, A and B. In A the third version's argument is a variable that there is not, and beside
//! the tenth a `range` over a channel has two variables: neither compiles. Loop variables are those before Go 1.22: one for
//! all iterations.

pub mod s1;
pub mod s10;
pub mod s11;
pub mod s12;
pub mod s13;
pub mod s14;
pub mod s15;
pub mod s16;
pub mod s16_small;
pub mod s16_unbuffered;
pub mod s17;
pub mod s17_closed;
pub mod s1_small;
pub mod s2;
pub mod s3;
pub mod s4;
pub mod s5;
pub mod s5_a;
pub mod s6;
pub mod s7;
pub mod s8;
pub mod s9;

mod cases;

use super::{Input, Pattern};
use crate::{
    go::Chan,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
};

/// A server's name: 1 and up. Go's zero value, the empty string, is 0: nobody.
pub type Name = usize;

/// The calls of tasks to servers.
pub struct Calls {
    servers: Vec<Server>,
    /// How often each task has been done.
    done: Vec<AtomicUsize>,
    /// How many workers an acceptor has started.
    hired: AtomicUsize,
    /// Whether calls never return.
    hang: bool,
}

struct Server {
    /// How many of its first calls fail.
    failures: usize,
    calls: AtomicUsize,
    busy: AtomicBool,
}

impl Calls {
    /// Servers and tasks, as an input says.
    pub fn new(input: &Input) -> Calls {
        let server = |&failures| Server { failures, calls: AtomicUsize::new(0), busy: AtomicBool::new(false) };
        let done = (0..input.goal).map(|_| AtomicUsize::new(0)).collect();
        Calls { servers: input.work.iter().map(server).collect(), done, hired: AtomicUsize::new(0), hang: false }
    }

    /// Calls that never return.
    pub fn hanging(input: &Input) -> Calls {
        Calls { hang: true, ..Calls::new(input) }
    }

    /// The names of all servers.
    pub fn names(&self) -> Vec<Name> {
        (1..=self.servers.len()).collect()
    }

    /// The lecture's `call`: has the server do the task, and returns whether it has. The property: it is a server, and not
    /// at work; it is a task, and not done.
    pub fn call(&self, srv: Name, task: usize) -> bool {
        assert!(srv > 0, "task {task} is given to nobody");
        assert!(task < self.done.len(), "task {task} is called, and there are {}", self.done.len());
        let server = &self.servers[srv - 1];
        let busy = server.busy.swap(true, Relaxed);
        assert!(!busy, "server {srv} has two tasks at once");
        if self.hang {
            Chan::<()>::nil().recv();
        }
        let done = server.failures == 0 || server.calls.fetch_add(1, Relaxed) >= server.failures;
        if done {
            let before = self.done[task].fetch_add(1, Relaxed);
            assert!(before == 0, "task {task} is done twice");
        }
        server.busy.store(false, Relaxed);
        done
    }

    /// An acceptor is about to start a worker. The property: it starts one for each server. One more is let through, so that
    /// it is seen what it does.
    pub fn hire(&self) {
        let (hired, servers) = (self.hired.fetch_add(1, Relaxed) + 1, self.servers.len());
        assert!(hired <= servers + 1, "{hired} workers are started for {servers} servers");
    }

    /// How many tasks are done.
    pub fn finished(&self) -> usize {
        self.done.iter().filter(|done| done.load(Relaxed) > 0).count()
    }

    /// The property: when the scheduler returns, every task is done. The last ones are looked at first: each look takes a
    /// step, in which another one may be done.
    pub fn all_done(&self) {
        for (task, done) in self.done.iter().enumerate().rev() {
            assert!(done.load(Relaxed) == 1, "task {task} is not done when the scheduler returns");
        }
    }
}

/// Keeps the servers that are idle.
pub trait Idle {
    /// A queue with all of them.
    fn idle(servers: &[Name]) -> Chan<Name>;
}

/// The property: all servers are idle, and nobody waits.
pub fn idle<P: Idle>(input: &Input) {
    let servers = Calls::new(input).names();
    let idle = P::idle(&servers);
    let (idle, all) = (idle.len(), servers.len());
    assert!(idle == all, "{idle} of {all} servers are idle");
}

/// A scheduler for servers that are there.
pub trait Schedule {
    /// Has the servers do the tasks 0 to `num_task`.
    fn schedule(servers: &[Name], num_task: usize, calls: &Arc<Calls>);
}

/// The property: when it returns every task is done, once; no server has two at a time; nobody is left behind.
pub fn schedule<P: Schedule>(input: &Input) {
    let calls = Arc::new(Calls::new(input));
    P::schedule(&calls.names(), input.goal, &calls);
    calls.all_done();
}

/// The scenario of a program that does not wait: nothing is said of what is done when it returns. The property: each call
/// is of a task that there is, once; and there is no data race.
pub fn schedule_and_go<P: Schedule>(input: &Input) {
    let calls = Arc::new(Calls::new(input));
    P::schedule(&calls.names(), input.goal, &calls);
}

/// A scheduler for servers that arrive.
pub trait Accept {
    /// Whether the caller closes the channel after the last server.
    const CLOSED: bool = true;

    /// Has the servers do the tasks 0 to `num_task`.
    fn schedule(servers: &Chan<Name>, num_task: usize, calls: &Arc<Calls>);
}

/// The property: when it returns every task is done, once; no server has two at a time; nobody is left behind.
pub fn accept<P: Accept>(input: &Input) {
    let calls = Arc::new(Calls::new(input));
    P::schedule(&arriving::<P>(&calls), input.goal, &calls);
    calls.all_done();
}

/// The channel with all servers.
pub fn arriving<P: Accept>(calls: &Calls) -> Chan<Name> {
    let names = calls.names();
    let servers = Chan::new(names.len());
    names.into_iter().for_each(|srv| servers.send(srv));
    if P::CLOSED {
        servers.close();
    }
    servers
}

/// The pattern.
pub const PATTERN: Pattern = Pattern {
    name: "schedule",
    about: "Tasks for servers: who waits for whom, and who tells whom to end",
    cases: cases::CASES,
};
