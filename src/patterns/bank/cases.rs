//! The cases of `bank`.

use super::{fixed, per_field, scenario, two_locks, two_locks_ordered};
use crate::{
    FailureKind,
    patterns::{Case, Expect, Input, Stress, Symptom},
};

const BOTH_WAYS: Input = Input::new(&[1, 1], 1);
const LARGE: Input = Input::new(&[1_000, 1_000], 1_000);
const MISSED: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::Panic,
    message: "the audit sees 19999 of 20000",
    meaning: "alice has given 1, and bob has not got it yet: the audit came in between",
}]);
// A mutex is numbered when it is first used: which account is mutex#1 depends on who comes first.
const CYCLE: Expect = Expect::Fails(&[
    Symptom {
        kind: FailureKind::Deadlock,
        message: "t2 in lock of mutex#1 (held by t1)",
        meaning: "t1 holds alice (mutex#1) and waits for bob, and t2 holds bob and waits for alice",
    },
    Symptom {
        kind: FailureKind::Deadlock,
        message: "t2 in lock of mutex#2 (held by t1)",
        meaning: "t2 holds bob (mutex#1) and waits for alice, and t1 holds alice and waits for bob",
    },
]);

pub(super) const CASES: &[Case] = &[
    Case {
        pattern: "bank",
        variant: "per-field",
        about: "two critical sections a transfer: the audit sees one half of it",
        source: "MIT 6.824 lecture 5, mutex/per-field",
        code: include_str!("per_field.rs"),
        aliases: &["mutex/per-field"],
        counterpart: Some("fixed"),
        test: "per_field_bank_shows_half_a_transfer",
        loom: MISSED,
        shuttle: MISSED,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<per_field::Bank>,
        small: Input::new(&[1], 1),
        large: LARGE,
    },
    Case {
        pattern: "bank",
        variant: "two-locks",
        about: "a lock an account, taken in both orders: a deadlock",
        source: "MIT 6.824 lecture 5, mutex/bank with a lock an account",
        code: include_str!("two_locks.rs"),
        aliases: &[],
        counterpart: Some("two-locks-ordered"),
        test: "two_locks_bank_deadlocks",
        loom: CYCLE,
        shuttle: CYCLE,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<two_locks::Bank>,
        small: Input::new(&[1, 1], 0),
        large: Input::new(&[1_000, 1_000], 0),
    },
    Case {
        pattern: "bank",
        variant: "fixed",
        about: "one critical section a transfer",
        source: "MIT 6.824 lecture 5, mutex/bank",
        code: include_str!("fixed.rs"),
        aliases: &["mutex/bank"],
        counterpart: Some("per-field"),
        test: "fixed_bank_shows_whole_transfers_only",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<fixed::Bank>,
        small: BOTH_WAYS,
        large: LARGE,
    },
    Case {
        pattern: "bank",
        variant: "two-locks-ordered",
        about: "a lock an account, taken in one order",
        source: "MIT 6.824 lecture 5, mutex/bank with a lock an account",
        code: include_str!("two_locks_ordered.rs"),
        aliases: &[],
        counterpart: Some("two-locks"),
        test: "two_locks_ordered_bank_never_deadlocks",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<two_locks_ordered::Bank>,
        small: BOTH_WAYS,
        large: LARGE,
    },
];
