//! `bank`: threads transfer between two accounts, and main audits their sum meanwhile.
//!
//! An input's `work` says how many transfers of 1 each thread makes: the first, third and so on from alice to bob, the
//! others from bob to alice. `goal` is the number of audits that main makes while they run.
//!
//! Source: MIT 6.824, lecture 5, `mutex/per-field` and `mutex/bank`.

pub mod fixed;
pub mod per_field;
pub mod two_locks;
pub mod two_locks_ordered;

use super::{Case, Expect, Input, Pattern, Stress, Symptom};
use crate::{FailureKind, sync::Arc, thread};

/// Which account: [`ALICE`] or [`BOB`].
pub type Account = usize;
/// The first account.
pub const ALICE: Account = 0;
/// The second account.
pub const BOB: Account = 1;
/// What is in each account at first.
pub const EACH: i64 = 10_000;
/// What is in both, always.
pub const TOTAL: i64 = 2 * EACH;

/// The property: no audit, whenever it is made, sees another sum than the one at first.
pub trait Transfer: Send + Sync + 'static {
    /// Two accounts with so much in each.
    fn new(each: i64) -> Self;

    /// Moves 1 from one account to the other.
    fn transfer(&self, from: Account, to: Account);

    /// The sum of both accounts.
    fn audit(&self) -> i64;
}

/// Each thread makes as many transfers as its work says, while main audits; then main waits, and audits once more.
pub fn scenario<B: Transfer>(input: &Input) {
    let last = run::<B>(input, EACH, |sum| assert!(sum == TOTAL, "the audit sees {sum} of {TOTAL}"));
    assert!(last == TOTAL, "{last} of {TOTAL} are left in the end");
}

/// The scenario without the assertions, with so much in each account: shows the sum of each audit, returns that in the end.
pub fn run<B: Transfer>(input: &Input, each: i64, audited: impl Fn(i64)) -> i64 {
    let bank = Arc::new(B::new(each));
    let transfers = |(thread, &times): (usize, &usize)| {
        let bank = Arc::clone(&bank);
        let (from, to) = if thread % 2 == 0 { (ALICE, BOB) } else { (BOB, ALICE) };
        thread::spawn(move || {
            for _ in 0..times {
                bank.transfer(from, to);
            }
        })
    };
    let threads: Vec<_> = input.work.iter().enumerate().map(transfers).collect();
    for _ in 0..input.goal {
        audited(bank.audit());
    }
    for thread in threads {
        thread.join().expect("a transfer does not panic");
    }
    bank.audit()
}

/// The pattern.
pub const PATTERN: Pattern =
    Pattern { name: "bank", about: "A lock protects an invariant, not a variable", cases: CASES };

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

const CASES: &[Case] = &[
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
