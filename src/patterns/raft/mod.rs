//! `raft`: what a server of Raft may do with its lock, and what it must look at again once it has given the lock back.
//!
//! Two programs. What an input means to each:
//!
//! - elections (all but `apply`): `work` has a number for each server: so many elections it starts, in whatever order the
//!   servers' timers fire. With `goal` 1 an RPC's handler runs in a goroutine of its own, as in the lecture's rpc library;
//!   with `goal` 0 in its caller's, who waits for it in any case: that needs fewer threads.
//! - `apply`: `goal` entries are committed at once. `work` has a number for each goroutine that looks what has been
//!   applied, beside the service itself: so often it looks.
//!
//! Source: MIT 6.824, lecture 5, the Raft-lock examples shown live, and the rules R1 to R5 of `raft-locking.txt`: rules 1,
//! 2, 3, 4 and 5 are broken by `unlocked`, `two-sections`, `two-tests`, `apply-locked` (and `rpc-locked`) and `rpc-late`.

pub mod apply;
pub mod apply_locked;
pub mod double_check;
pub mod rpc;
pub mod rpc_late;
pub mod rpc_locked;
pub mod stale_tally;
pub mod two_sections;
pub mod two_tests;
pub mod unlocked;

mod cases;

use std::collections::{BTreeMap, BTreeSet};

use super::{Input, Pattern};
use crate::{
    choice,
    go::{Chan, WaitGroup, go},
    sync::Arc,
};

/// What a server is in its term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It follows whoever leads.
    Follower,
    /// It asks for votes.
    Candidate,
    /// It has a majority.
    Leader,
}

/// The arguments of RequestVote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Args {
    /// The term in which a vote is asked for.
    pub term: usize,
    /// Who asks.
    pub candidate: usize,
}

/// The reply to RequestVote.
#[derive(Clone, Copy, Debug)]
pub struct Reply {
    /// The term of whoever replies.
    pub term: usize,
    /// Whether the candidate has the vote.
    pub granted: bool,
}

/// A server's state, which its lock protects; and what has become of it, for the property.
#[derive(Debug)]
pub struct Raft {
    /// What it is.
    pub role: Role,
    /// The latest term that it knows of.
    pub current_term: usize,
    /// Whom it has given its vote of this term to.
    pub voted_for: Option<usize>,
    /// Whom it has voted for, in each term.
    votes: BTreeMap<usize, usize>,
    /// The terms in which it was a candidate.
    stood: Vec<usize>,
    /// The terms in which it was a leader.
    led: Vec<usize>,
    /// What it was asked.
    asked: Vec<Args>,
    tallies: BTreeMap<usize, Tally>,
}

/// The votes of an election.
#[derive(Debug)]
pub struct Tally {
    /// How many there are. A candidate votes for itself.
    pub votes: usize,
    /// Whether it has been decided.
    pub done: bool,
}

impl Raft {
    /// A follower in term 0.
    pub fn new() -> Raft {
        let (votes, tallies) = (BTreeMap::new(), BTreeMap::new());
        let (stood, led, asked) = (Vec::new(), Vec::new(), Vec::new());
        Raft { role: Role::Follower, current_term: 0, voted_for: None, votes, stood, led, asked, tallies }
    }

    /// The votes of the election that it started in this term. In Go they are local variables of AttemptElection that its
    /// goroutines capture, under the server's lock too; in Rust what a lock protects is in it.
    pub fn tally(&mut self, term: usize) -> &mut Tally {
        self.tallies.entry(term).or_insert(Tally { votes: 1, done: false })
    }

    /// Goes on to a term. The property: terms never fall.
    pub fn go_on_to(&mut self, term: usize) {
        assert!(term >= self.current_term, "the term falls from {} to {term}", self.current_term);
        self.current_term = term;
    }

    /// Becomes a candidate in its term, and votes for itself.
    pub fn stand(&mut self, me: usize) {
        self.role = Role::Candidate;
        self.vote_for(me);
        self.stood.push(self.current_term);
    }

    /// Steps down: somebody is in a later term.
    pub fn follow(&mut self, term: usize) {
        self.go_on_to(term);
        self.role = Role::Follower;
        self.voted_for = None;
    }

    /// Answers who asks for a vote: the first candidate of a term has it.
    pub fn vote(&mut self, args: Args) -> Reply {
        self.asked.push(args);
        let granted = args.term == self.current_term && self.voted_for.is_none_or(|voted| voted == args.candidate);
        if granted {
            self.vote_for(args.candidate);
        }
        Reply { term: self.current_term, granted }
    }

    /// The property: a server has one vote in each term.
    fn vote_for(&mut self, candidate: usize) {
        let term = self.current_term;
        let first = *self.votes.entry(term).or_insert(candidate);
        assert!(first == candidate, "in term {term} a server votes for {first}, and then for {candidate}");
        self.voted_for = Some(candidate);
    }

    /// Becomes the leader of its term.
    pub fn lead(&mut self) {
        self.role = Role::Leader;
        self.led.push(self.current_term);
    }
}

impl Default for Raft {
    fn default() -> Raft {
        Raft::new()
    }
}

/// A server that may start an election. Its numbers are 0 and up, and none is leader at first.
pub trait Server: Sized + Send + Sync + 'static {
    /// The server with this number, in term 0.
    fn new(me: usize) -> Self;

    /// The lecture's AttemptElection: becomes a candidate in the next term, and asks all others for their votes, each in a
    /// goroutine.
    fn attempt_election(&self, cluster: &Cluster<Self>);

    /// The handler of RequestVote.
    fn handle_request_vote(&self, args: Args) -> Reply;

    /// Looks at the state, once all is over.
    fn look<T>(&self, look: impl FnOnce(&Raft) -> T) -> T;
}

/// The servers, and the network between them. Clones are the same.
pub struct Cluster<S>(Arc<Inner<S>>);

struct Inner<S> {
    servers: Vec<S>,
    /// Whether a handler has a goroutine of its own.
    apart: bool,
    /// The goroutines of elections.
    running: WaitGroup,
}

impl<S: Server> Cluster<S> {
    /// How many votes are more than half.
    pub fn majority(&self) -> usize {
        self.0.servers.len() / 2 + 1
    }

    /// The numbers of all servers but this one.
    pub fn peers(&self, me: usize) -> impl Iterator<Item = usize> + use<S> {
        (0..self.0.servers.len()).filter(move |peer| *peer != me)
    }

    /// Starts a goroutine of an election of this server. Main waits for it in the end.
    #[track_caller]
    pub fn go(&self, me: usize, f: impl FnOnce(&S, &Cluster<S>) + Send + 'static) {
        self.0.running.add(1);
        let cluster = Cluster(Arc::clone(&self.0));
        go(move || {
            f(&cluster.0.servers[me], &cluster);
            cluster.0.running.done();
        });
    }

    /// The RPC: asks a server for its vote, and waits for the reply.
    pub fn request_vote(&self, peer: usize, args: Args) -> Reply {
        if !self.0.apart {
            return self.0.servers[peer].handle_request_vote(args);
        }
        let (cluster, replies) = (Arc::clone(&self.0), Chan::new(1));
        let reply = replies.clone();
        go(move || reply.send(cluster.servers[peer].handle_request_vote(args)));
        replies.recv().expect("nobody closes the channel")
    }
}

/// The property: each term has at most one leader. [`Raft`] demands more: terms never fall, and nobody votes twice in one.
pub fn elections<S: Server>(input: &Input) {
    let leaders = leaders::<S>(input);
    for (server, term) in &leaders {
        let other = leaders.iter().find(|(other, of)| other > server && of == term);
        assert!(other.is_none(), "term {term} has two leaders: {server} and {}", other.map_or(0, |other| other.0));
    }
}

/// The scenario without that assertion: each server that leads, and the term. Only this is asserted: whoever asks for
/// votes is the candidate of the term, after term 0, that they are asked in; and each election asks all others, once.
pub fn leaders<S: Server>(input: &Input) -> BTreeSet<(usize, usize)> {
    let servers = (0..input.work.len()).map(S::new).collect();
    let cluster = Cluster(Arc::new(Inner { servers, apart: input.goal > 0, running: WaitGroup::new() }));
    let Inner { servers, running, .. } = &*cluster.0;
    let elections = input.work.iter().enumerate().flat_map(|(server, times)| vec![server; *times]);
    let mut elections: Vec<usize> = elections.collect();
    while !elections.is_empty() {
        let next = if elections.len() > 1 { choice(elections.len()) } else { 0 };
        servers[elections.remove(next)].attempt_election(&cluster);
    }
    running.wait();
    let look = |server: &S| server.look(|raft| (raft.stood.clone(), raft.asked.clone(), raft.led.clone()));
    let seen: Vec<_> = servers.iter().map(look).collect();
    for Args { term, candidate } in seen.iter().flat_map(|(_, asked, _)| asked) {
        let stood = *term > 0 && seen[*candidate].0.contains(term);
        assert!(stood, "server {candidate} asks for votes in term {term}, in which it is no candidate");
    }
    for (server, times) in input.work.iter().enumerate() {
        let asked = seen.iter().flat_map(|(_, asked, _)| asked).filter(|args| args.candidate == server).count();
        assert!(asked == times * (servers.len() - 1), "server {server} asks {asked} times in {times} elections");
    }
    seen.iter().enumerate().flat_map(|(me, (.., led))| led.iter().map(move |term| (me, *term))).collect()
}

/// The property of a program with a data race, which says nothing of who leads: it has none.
pub fn elections_without_race<S: Server>(input: &Input) {
    leaders::<S>(input);
}

/// A server that applies what is committed.
pub trait Apply: Send + Sync + 'static {
    /// Nothing is applied yet.
    fn new(committed: usize) -> Self;

    /// Hands the numbers of all committed entries to the service, in order.
    fn apply(&self, apply_ch: &Chan<usize>);

    /// The number of the last entry that has been applied, or is about to be.
    fn last_applied(&self) -> usize;
}

/// The property: the service is given every entry, in order, and may ask the server meanwhile.
pub fn apply<A: Apply>(input: &Input) {
    let (server, apply_ch) = (Arc::new(A::new(input.goal)), Chan::new(0));
    let applier = (Arc::clone(&server), apply_ch.clone());
    go(move || {
        let (server, apply_ch) = applier;
        server.apply(&apply_ch);
        apply_ch.close();
    });
    for &looks in &*input.work {
        let server = Arc::clone(&server);
        go(move || {
            let seen: Vec<usize> = (0..looks).map(|_| server.last_applied()).collect();
            assert!(seen.is_sorted(), "{seen:?} are said to have been applied, one after the other");
        });
    }
    let mut applied = Vec::new();
    for entry in &apply_ch {
        let last = server.last_applied();
        assert!(last >= entry, "entry {entry} is applied, and the last one is said to be {last}");
        applied.push(entry);
    }
    assert!(applied.iter().copied().eq(1..=input.goal), "{applied:?} are applied, of {} entries", input.goal);
}

/// The pattern.
pub const PATTERN: Pattern =
    Pattern { name: "raft", about: "What was true before the lock was given back", cases: cases::CASES };
