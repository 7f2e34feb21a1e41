//! `timer`: a goroutine does something every second, until it is cancelled, if it can be.
//!
//! An input's `work` has a number for each such goroutine; which one does not matter. `goal` says how often main looks
//! whether it is cancelled, after it has cancelled it.
//!
//! Source: MIT 6.824, lecture 5, `time/sleep` and `time/sleep-cancel`. There main sleeps for three seconds in the end,
//! so that the goroutine can end too; here it waits to be told.

pub mod sleep;
pub mod sleep_cancel;
pub mod sleep_cancel_fixed;
pub mod sleep_cancel_racy;

use std::time::Duration;

use super::{Case, Expect, Input, Pattern, Stress, Symptom};
use crate::{
    FailureKind,
    go::{Chan, go},
    thread,
};

/// A second of the lecture's. It is shorter here, for runs on real threads; in a model it is any time.
pub const SECOND: Duration = Duration::from_millis(10);

/// What a goroutine does every second.
pub trait Periodic: Send + Sync + 'static {
    /// Not cancelled.
    fn new() -> Self;

    /// Ticks every second.
    fn periodic(&self);
}

/// It can be cancelled.
pub trait Cancel: Periodic {
    /// Has it return at its next tick.
    fn cancel(&self);

    /// Whether it is cancelled.
    fn cancelled(&self) -> bool;
}

/// Starts the goroutines, sleeps, and returns. The property: they end.
pub fn leave<T: Periodic>(input: &Input) {
    thread::sleep(SECOND);
    let task: &'static T = Box::leak(Box::new(T::new()));
    for _ in &*input.work {
        go(move || task.periodic());
    }
    thread::sleep(5 * SECOND);
}

/// Starts the goroutines, sleeps, and cancels them. The property: they end, and keep nothing.
pub fn cancel<T: Cancel>(input: &Input) {
    thread::sleep(SECOND);
    // As the lecture's package-level variables, it stays for ever.
    let task: &'static T = Box::leak(Box::new(T::new()));
    let ended = Chan::new(0);
    for _ in &*input.work {
        let ended = ended.clone();
        go(move || {
            task.periodic();
            ended.send(true);
        });
    }
    thread::sleep(5 * SECOND);
    task.cancel();
    for _ in 0..input.goal {
        assert!(task.cancelled(), "it was cancelled, and is not");
    }
    for _ in &*input.work {
        ended.recv();
    }
}

/// The pattern.
pub const PATTERN: Pattern =
    Pattern { name: "timer", about: "Whoever starts something periodic must be able to end it", cases: CASES };

const ONE: Input = Input::new(&[1], 0);
/// Main locks once more.
const ONE_LATER_LOCK: Input = Input::new(&[1], 1);
const ENDLESS: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::Livelock,
    message: "the step limit was reached: 200 steps in one execution",
    meaning: "main has returned, and the goroutine ticks for ever",
}]);
const KEPT: Expect = Expect::Fails(&[
    Symptom {
        kind: FailureKind::Leak,
        message: "t1 ended while it owns mutex#",
        meaning: "the goroutine has returned without giving the lock back",
    },
    Symptom {
        kind: FailureKind::Deadlock,
        message: "every thread waits: main in lock of mutex#2 (held by t1)",
        meaning: "main locks once more, and the goroutine has returned without giving the lock back",
    },
]);
const RACE: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::DataRace,
    message: "data race on cell#",
    meaning: "main writes the flag with the lock held, the goroutine reads it without, and nothing orders the two",
}]);

const CASES: &[Case] = &[
    Case {
        pattern: "timer",
        variant: "sleep",
        about: "a goroutine that ticks for ever: it outlives main",
        source: "MIT 6.824 lecture 5, time/sleep",
        code: include_str!("sleep.rs"),
        aliases: &["time/sleep"],
        counterpart: Some("sleep-cancel-fixed"),
        test: "sleep_timer_ticks_for_ever",
        loom: ENDLESS,
        shuttle: ENDLESS,
        stress: Stress::Runs,
        // It never ends: more steps show nothing new.
        limits: Some(|check| check.steps(200)),
        model: leave::<sleep::Task>,
        small: ONE,
        large: ONE,
    },
    Case {
        pattern: "timer",
        variant: "sleep-cancel",
        about: "returning with the lock held: whoever locks next waits for ever",
        source: "MIT 6.824 lecture 5, time/sleep-cancel",
        code: include_str!("sleep_cancel.rs"),
        aliases: &["time/sleep-cancel"],
        counterpart: Some("sleep-cancel-fixed"),
        test: "sleep_cancel_timer_keeps_the_lock",
        loom: KEPT,
        shuttle: KEPT,
        stress: Stress::Runs,
        limits: None,
        model: cancel::<sleep_cancel::Task>,
        small: ONE,
        large: ONE_LATER_LOCK,
    },
    Case {
        pattern: "timer",
        variant: "sleep-cancel-racy",
        about: "the flag is read without the lock: a data race",
        source: "MIT 6.824 lecture 5, time/sleep-cancel with the flag read without the lock",
        code: include_str!("sleep_cancel_racy.rs"),
        aliases: &[],
        counterpart: Some("sleep-cancel-fixed"),
        test: "sleep_cancel_racy_timer_is_a_data_race",
        loom: RACE,
        shuttle: RACE,
        stress: Stress::Undefined,
        limits: None,
        model: cancel::<sleep_cancel_racy::Task>,
        small: ONE,
        large: ONE,
    },
    Case {
        pattern: "timer",
        variant: "sleep-cancel-fixed",
        about: "the guard gives the lock back as the function returns",
        source: "MIT 6.824 lecture 5, time/sleep-cancel, unlocking before it returns",
        code: include_str!("sleep_cancel_fixed.rs"),
        aliases: &[],
        counterpart: Some("sleep-cancel"),
        test: "sleep_cancel_fixed_timer_ends_and_keeps_nothing",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: cancel::<sleep_cancel_fixed::Task>,
        small: ONE_LATER_LOCK,
        large: ONE_LATER_LOCK,
    },
];
