//! `counter`: threads add to one number, and main reads the total.
//!
//! An input's `work` says how often each thread increments; `goal` is not used.
//!
//! Source: MIT 6.824, lecture 5, `mutex/bad` and `mutex/basic`.

pub mod atomic;
pub mod mutex;
pub mod naive;
pub mod racy_cell;
pub mod racy_read;
pub mod sleep;

use super::{Case, Expect, Input, Pattern, Stress, Symptom};
use crate::{
    FailureKind,
    sync::Arc,
    thread::{self, JoinHandle},
};

/// The property: once main has waited for the threads, the total is the number of increments.
pub trait Count: Send + Sync + 'static {
    /// A counter at 0.
    fn new() -> Self;

    /// Adds 1.
    fn increment(&self);

    /// What the counter shows.
    fn total(&self) -> usize;

    /// How main waits for the threads.
    fn wait(threads: Vec<JoinHandle<()>>) {
        for thread in threads {
            thread.join().expect("an increment does not panic");
        }
    }
}

/// Each thread increments as often as its work says; main waits, and reads the total.
pub fn scenario<C: Count>(input: &Input) {
    let (total, made) = (run::<C>(input), input.work.iter().sum::<usize>());
    assert!(total == made, "the total is {total} after {made} increments");
}

/// The scenario of a program with a data race, which says nothing of the total: it has none.
pub fn scenario_without_race<C: Count>(input: &Input) {
    run::<C>(input);
}

/// The scenario without the assertion: returns the total.
pub fn run<C: Count>(input: &Input) -> usize {
    let counter = Arc::new(C::new());
    let increment = |&times: &usize| {
        let counter = Arc::clone(&counter);
        thread::spawn(move || {
            for _ in 0..times {
                counter.increment();
            }
        })
    };
    let threads = input.work.iter().map(increment).collect();
    C::wait(threads);
    counter.total()
}

/// The pattern.
pub const PATTERN: Pattern =
    Pattern { name: "counter", about: "Read, add and write back is three steps", cases: CASES };

const SMALL: Input = Input::new(&[1, 1], 0);
const LARGE: Input = Input::new(&[1; 1_000], 0);
const LOST: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::Panic,
    message: "the total is 1 after 2 increments",
    meaning: "both threads read 0, and the second to write wrote over the first one's 1",
}]);
const RACE: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::DataRace,
    message: "data race on cell#",
    meaning: "two threads touch the number, one of them writes, and nothing orders the two",
}]);
const EARLY: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::Panic,
    message: "the total is 0 after 1 increments",
    meaning: "main woke up, and read the total, before the thread had run",
}]);

const CASES: &[Case] = &[
    Case {
        pattern: "counter",
        variant: "naive",
        about: "load, then store: an update is lost",
        source: "MIT 6.824 lecture 5, mutex/bad",
        code: include_str!("naive.rs"),
        aliases: &["mutex/bad"],
        counterpart: Some("mutex"),
        test: "naive_counter_loses_an_update",
        loom: LOST,
        shuttle: LOST,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<naive::Counter>,
        small: SMALL,
        large: LARGE,
    },
    Case {
        pattern: "counter",
        variant: "racy-cell",
        about: "plain memory: a data race",
        source: "MIT 6.824 lecture 5, mutex/bad as the race detector sees it",
        code: include_str!("racy_cell.rs"),
        aliases: &[],
        counterpart: Some("mutex"),
        test: "racy_cell_counter_is_a_data_race",
        loom: RACE,
        shuttle: RACE,
        stress: Stress::Undefined,
        limits: None,
        model: scenario::<racy_cell::Counter>,
        small: SMALL,
        large: LARGE,
    },
    Case {
        pattern: "counter",
        variant: "racy-read",
        about: "locked increments, and a total that is read without the lock: a data race",
        source: "MIT 6.824 lecture 5, mutex/bad with the increments locked",
        code: include_str!("racy_read.rs"),
        aliases: &[],
        counterpart: Some("mutex"),
        test: "racy_read_counter_is_a_data_race",
        loom: RACE,
        shuttle: RACE,
        stress: Stress::Undefined,
        limits: None,
        model: scenario_without_race::<racy_read::Counter>,
        small: Input::new(&[1], 0),
        large: LARGE,
    },
    Case {
        pattern: "counter",
        variant: "sleep",
        about: "sleeping is not waiting: the total is read too early",
        source: "MIT 6.824 lecture 5, mutex/basic",
        code: include_str!("sleep.rs"),
        aliases: &["mutex/basic"],
        counterpart: Some("mutex"),
        test: "sleep_counter_is_read_too_early",
        loom: EARLY,
        shuttle: EARLY,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<sleep::Counter>,
        small: Input::new(&[1], 0),
        large: LARGE,
    },
    Case {
        pattern: "counter",
        variant: "mutex",
        about: "one critical section an increment",
        source: "MIT 6.824 lecture 5, mutex/basic, waiting properly",
        code: include_str!("mutex.rs"),
        aliases: &[],
        counterpart: Some("naive"),
        test: "mutex_counter_keeps_every_update",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<mutex::Counter>,
        small: SMALL,
        large: LARGE,
    },
    Case {
        pattern: "counter",
        variant: "atomic",
        about: "one atomic step an increment",
        source: "the same with fetch_add",
        code: include_str!("atomic.rs"),
        aliases: &[],
        counterpart: Some("naive"),
        test: "atomic_counter_keeps_every_update",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<atomic::Counter>,
        small: SMALL,
        large: LARGE,
    },
];
