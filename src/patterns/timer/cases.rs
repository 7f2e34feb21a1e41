//! The cases of `timer`.

use super::{cancel, leave, sleep, sleep_cancel, sleep_cancel_fixed, sleep_cancel_racy};
use crate::{
    FailureKind,
    patterns::{Case, Expect, Input, Stress, Symptom},
};

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

pub(super) const CASES: &[Case] = &[
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
