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

mod cases;

use super::{Input, Pattern};
use crate::{sync::Arc, thread};

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

/// The property: no audit sees another sum than the one at first, and in the end each account has what is due to it.
pub trait Transfer: Send + Sync + 'static {
    /// Two accounts with so much in each.
    fn new(each: i64) -> Self;

    /// Moves 1 from one account to the other.
    fn transfer(&self, from: Account, to: Account);

    /// What is in each account.
    fn audit(&self) -> [i64; 2];
}

/// Each thread makes as many transfers as its work says, while main audits; then main waits, and audits once more.
pub fn scenario<B: Transfer>(input: &Input) {
    let last = run::<B>(input, EACH, |sum| assert!(sum == TOTAL, "the audit sees {sum} of {TOTAL}"));
    assert!(last == due(input), "{last:?} are left in the end, and {:?} are due", due(input));
}

/// The scenario without the assertions, with so much in each account: shows each audit's sum, returns the last audit.
pub fn run<B: Transfer>(input: &Input, each: i64, audited: impl Fn(i64)) -> [i64; 2] {
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
        audited(bank.audit().iter().sum());
    }
    for thread in threads {
        thread.join().expect("a transfer does not panic");
    }
    bank.audit()
}

/// What is to be in each account once all transfers are made.
fn due(input: &Input) -> [i64; 2] {
    let from = |account| input.work.iter().skip(account).step_by(2).map(|&times| times as i64).sum::<i64>();
    let moved = from(ALICE) - from(BOB);
    [EACH - moved, EACH + moved]
}

/// The pattern.
pub const PATTERN: Pattern =
    Pattern { name: "bank", about: "A lock protects an invariant, not a variable", cases: cases::CASES };
