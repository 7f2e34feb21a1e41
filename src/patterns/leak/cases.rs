//! The cases.

use super::{
    super::{Case, Expect, Input, Stress, Symptom},
    compare, start,
};
use crate::FailureKind;

const ONE: Input = Input::new(&[1], 0);
const TWO: Input = Input::new(&[1, 1], 0);
const HUNDRED: Input = Input::new(&[1; 100], 0);
/// The first of two values differs.
const FIRST_DIFFERS: Input = Input::new(&[1, 1], 0);
const ONLY_DIFFERS: Input = Input::new(&[1], 0);
const FOURTH_DIFFERS: Input = Input::new(&[1, 2, 3, 4, 5, 6, 7, 8, 9], 3);
const STUCK: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::Leak,
    message: "t1 in send of channel#1 at src/patterns/leak/dump.rs",
    meaning: "nobody receives from the channel, and whoever sends on it waits for ever",
}]);
const LEFT_BEHIND: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::Leak,
    message: "in send of channel#1 at src/patterns/leak/same_values.rs",
    meaning: "main has seen a difference and receives no more, and a walker waits for ever",
}]);

pub(super) const CASES: &[Case] = &[
    Case {
        pattern: "leak",
        variant: "dump",
        about: "a channel without a receiver: all who send wait for ever",
        source: "Russ Cox, guest lecture of MIT 6.824, goroutine leak",
        code: include_str!("dump.rs"),
        aliases: &[],
        counterpart: Some("dump-told"),
        test: "dump_leak_is_told_as_one_group",
        loom: STUCK,
        shuttle: STUCK,
        stress: Stress::Runs,
        limits: None,
        model: start::<super::dump::Program>,
        small: ONE,
        large: HUNDRED,
    },
    Case {
        pattern: "leak",
        variant: "same-values",
        about: "main stops early: those who walk for it are left behind",
        source: "Russ Cox, Coroutines for Go, SameValues",
        code: include_str!("same_values.rs"),
        aliases: &[],
        counterpart: Some("same-values-told"),
        test: "same_values_leak_leaves_the_walkers_behind",
        loom: LEFT_BEHIND,
        shuttle: LEFT_BEHIND,
        stress: Stress::Runs,
        limits: None,
        model: compare::<super::same_values::Program>,
        small: FIRST_DIFFERS,
        large: FOURTH_DIFFERS,
    },
    Case {
        pattern: "leak",
        variant: "dump-told",
        about: "a closed channel sends all of them home",
        source: "Russ Cox, guest lecture of MIT 6.824, goroutine leak, with a done channel",
        code: include_str!("dump_told.rs"),
        aliases: &[],
        counterpart: Some("dump"),
        test: "dump_told_leak_leaves_nobody_behind",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: start::<super::dump_told::Program>,
        small: TWO,
        large: HUNDRED,
    },
    Case {
        pattern: "leak",
        variant: "same-values-told",
        about: "a closed channel sends the walkers home",
        source: "Russ Cox, Coroutines for Go, SameValues, with a done channel",
        code: include_str!("same_values_told.rs"),
        aliases: &[],
        counterpart: Some("same-values"),
        test: "same_values_told_leak_leaves_nobody_behind",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: compare::<super::same_values_told::Program>,
        small: ONLY_DIFFERS,
        large: FOURTH_DIFFERS,
    },
];
