//! `goroutine`: what a goroutine sees of the variables around it, and how somebody waits for it.
//!
//! Three programs. What an input means to each:
//!
//! - `closure`: there is one goroutine, whatever the input.
//! - `loop`, `bad`: `work` has a number for each iteration; which one does not matter.
//! - `waitgroup`: `work` says how many calls each thread makes before it is done. One that makes none waits, as main
//!   does.
//!
//! Source: MIT 6.824, lecture 5, `goroutine/closure`, `goroutine/loop`, `goroutine/bad`; Go's `sync.WaitGroup`.

pub mod bad;
pub mod bad_race;
pub mod closure;
pub mod closure_early;
pub mod closure_race;
pub mod r#loop;
pub mod waitgroup;
pub mod waitgroup_notify_one;

mod cases;

use super::{Input, Pattern};
use crate::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

/// A goroutine writes a string.
pub trait Greet {
    /// What main prints.
    fn run() -> String;
}

/// The property: main prints what the goroutine writes.
pub fn greet<P: Greet>(_input: &Input) {
    let printed = P::run();
    assert!(printed == "hello world", "main prints {printed:?}");
}

/// The property of a program with a data race, which says nothing of what it prints: it has none.
pub fn greet_without_race<P: Greet>(_input: &Input) {
    P::run();
}

/// Calls that goroutines make.
#[derive(Default)]
pub struct Calls(Mutex<Vec<usize>>);

impl Calls {
    /// The lecture's `sendRPC`, which prints its argument.
    pub fn send_rpc(&self, x: usize) {
        self.0.lock().expect("no call panics").push(x);
    }
}

/// A loop starts a goroutine in each iteration.
pub trait Spread {
    /// Makes the calls 0 to `n`, each in a goroutine of its own, and waits for them.
    fn run(n: usize, calls: &Arc<Calls>);
}

/// The property: each call is made once, in whatever order.
pub fn spread<P: Spread>(input: &Input) {
    let made = calls::<P>(input);
    for x in 0..input.work.len() {
        let times = made.iter().filter(|call| **call == x).count();
        assert!(times == 1, "call {x} is made {times} times");
    }
}

/// The scenario without the assertions: the calls in the order of their numbers.
pub fn calls<P: Spread>(input: &Input) -> Vec<usize> {
    let calls = Arc::default();
    P::run(input.work.len(), &calls);
    let mut made = calls.0.lock().expect("no call panics").clone();
    made.sort_unstable();
    made
}

/// A wait group.
pub trait Group: Send + Sync + 'static {
    /// A counter at 0.
    fn new() -> Self;

    /// Adds to the counter.
    fn add(&self, delta: usize);

    /// Takes 1 from it.
    fn done(&self);

    /// Waits until it is 0.
    fn wait(&self);
}

/// The property: whoever has waited finds all calls made; and nobody waits for ever.
pub fn group<G: Group>(input: &Input) {
    let (group, calls) = (Arc::new(G::new()), Arc::new(AtomicUsize::new(0)));
    let all = input.work.iter().sum::<usize>();
    let wait = move |group: &G, calls: &AtomicUsize| {
        group.wait();
        let made = calls.load(Relaxed);
        assert!(made == all, "the wait is over after {made} of {all} calls");
    };
    group.add(input.work.iter().filter(|calls| **calls > 0).count());
    for &own in &*input.work {
        let (group, calls) = (Arc::clone(&group), Arc::clone(&calls));
        thread::spawn(move || {
            if own == 0 {
                wait(&group, &calls);
                return;
            }
            for _ in 0..own {
                calls.fetch_add(1, Relaxed);
            }
            group.done();
        });
    }
    wait(&group, &calls);
}

/// The pattern.
pub const PATTERN: Pattern =
    Pattern { name: "goroutine", about: "Starting a goroutine orders nothing that comes after", cases: cases::CASES };
