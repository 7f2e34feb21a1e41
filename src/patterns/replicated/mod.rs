//! `replicated`: a client that asks one of several servers, and the next one when that takes too long.
//!
//! An input's `work` has a number for each server: 0 answers, and 1 hangs, until the calls are over. `goal` says how many
//! calls there are at once; main makes one of them. In a model a timer may fire at any point, so every call may time out.
//!
//! Source: Russ Cox, guest lecture of MIT 6.824 on concurrency patterns in Go, the replicated service client, as it grows from slide to slide; the first
//! version has room for one answer.

pub mod capacity_enough;
pub mod capacity_one;
pub mod capacity_zero;
pub mod falls_off;
pub mod one_server;
pub mod prefer;
pub mod prefer_race;
pub mod timeouts;
pub mod timer_left;
pub mod wrong_id;

mod cases;

use std::{cell::RefCell, panic::resume_unwind, time::Duration};

use super::{Input, Pattern};
use crate::{
    go::{Chan, Timer},
    sync::Arc,
    thread,
};

/// A second of the lecture's. It is shorter here, for runs on real threads; in a model it is any time.
pub const SECOND: Duration = Duration::from_millis(10);

/// A client of so many servers.
pub trait Replicate: Send + Sync + 'static {
    /// The lecture's `Init`.
    fn new(servers: usize) -> Self;

    /// Asks until a server answers. May be called by several threads at once.
    fn call(&self, ask: &Ask) -> Option<Answer>;
}

/// Who has answered, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The server.
    pub id: usize,
    /// What it has said, which depends on the call and on the server.
    pub reply: (usize, usize),
}

/// A call, which remembers what is done for it.
pub struct Ask {
    number: usize,
    hang: Arc<Vec<usize>>,
    over: Chan<()>,
    asked: RefCell<Vec<usize>>,
    timers: RefCell<Vec<Timer>>,
}

/// A server that is asked.
pub struct Server {
    id: usize,
    number: usize,
    hangs: bool,
    over: Chan<()>,
}

impl Ask {
    /// The server that is asked next.
    pub fn server(&self, id: usize) -> Server {
        self.asked.borrow_mut().push(id);
        Server { id, number: self.number, hangs: self.hang[id] == 1, over: self.over.clone() }
    }

    /// A timer, due after so long.
    pub fn timer(&self, d: Duration) -> Timer {
        let timer = Timer::new(d);
        self.timers.borrow_mut().push(timer.clone());
        timer
    }

    /// The property of a call that has returned: it has an answer, of the server that it names; each server was asked
    /// once at most, one after the other round the circle; and no timer is armed.
    fn check(&self, answer: Option<&Answer>) {
        let Some(Answer { id, reply }) = answer else { panic!("the call has no answer") };
        assert!(*reply == (self.number, *id), "the answer is said to be of server {id}, and is of server {}", reply.1);
        let asked = self.asked.borrow();
        assert!(asked.contains(id) && asked.len() <= self.hang.len(), "servers {asked:?} are asked, and {id} answers");
        let in_turn = asked.windows(2).all(|pair| pair[1] == (pair[0] + 1) % self.hang.len());
        assert!(in_turn, "servers are asked in this order: {asked:?}");
        let armed = self.timers.borrow().iter().filter(|timer| timer.stop()).count();
        assert!(armed == 0, "{armed} timers are armed, and the call has returned");
    }
}

impl Server {
    /// Asks it, and waits for what it says.
    pub fn call_one(&self) -> (usize, usize) {
        if self.hangs {
            self.over.recv();
        }
        (self.number, self.id)
    }
}

/// What is asked for a call, and what comes of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    /// The servers, in the order in which they were asked.
    pub asked: Vec<usize>,
    /// The one that has answered.
    pub answered: Option<usize>,
}

/// So many calls at once. The property: each has its answer, as [`Ask`] demands, and nobody is left behind once the
/// servers that hang answer too.
pub fn scenario<C: Replicate>(input: &Input) {
    run::<C>(input, 1);
}

/// The scenario, with so many calls of each thread, one after the other: what is asked for each, and what comes of it,
/// thread by thread.
pub fn run<C: Replicate>(input: &Input, rounds: usize) -> Vec<Told> {
    let (client, over) = (Arc::new(C::new(input.work.len())), Chan::new(0));
    let hang = Arc::new(input.work.to_vec());
    let calls = |caller: usize| {
        let (client, hang, over) = (Arc::clone(&client), Arc::clone(&hang), over.clone());
        move || {
            let call = |round| {
                let number = caller * rounds + round;
                let (hang, over) = (Arc::clone(&hang), over.clone());
                let ask = Ask { number, hang, over, asked: RefCell::default(), timers: RefCell::default() };
                let answer = client.call(&ask);
                ask.check(answer.as_ref());
                Told { asked: ask.asked.take(), answered: answer.map(|answer| answer.id) }
            };
            (0..rounds).map(call).collect::<Vec<_>>()
        }
    };
    let others: Vec<_> = (1..input.goal).map(|caller| thread::spawn(calls(caller))).collect();
    let mut told = calls(0)();
    for other in others {
        told.extend(other.join().unwrap_or_else(|why| resume_unwind(why)));
    }
    over.close();
    told
}

/// The pattern.
pub const PATTERN: Pattern =
    Pattern { name: "replicated", about: "Asking the next one when it takes too long", cases: cases::CASES };
