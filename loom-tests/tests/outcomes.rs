//! Golden outcomes: everything that a program can show, and nothing else.
#![cfg(not(shuttle))]

use std::{
    cell::Cell,
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use raddle::{
    Check, Coverage, Strategy,
    patterns::{
        Input,
        bank::{self, EACH, TOTAL, Transfer, fixed, per_field, two_locks_ordered},
        channel::{Exchange, buffered, unbuffered},
        goroutine::{self, bad, r#loop},
    },
};

/// What the program returns, over all executions. None fails.
fn everything<T: Ord + Clone + Send + 'static>(program: impl Fn() -> T + Send + Sync + 'static) -> BTreeSet<T> {
    let seen: Arc<Mutex<BTreeSet<T>>> = Arc::default();
    let seeing = Arc::clone(&seen);
    let verdict = Check::new("everything").strategy(Strategy::Exhaustive).run(move || {
        let shown = program();
        seeing.lock().unwrap().insert(shown);
    });
    let verdict = verdict.expect("the check can be done");
    assert!(verdict.passed(), "{}", raddle::render(&verdict));
    assert_eq!(verdict.coverage, Coverage::Exhausted);
    let seen = seen.lock().unwrap();
    seen.clone()
}

/// One transfer each way and one audit: the sums that the audit sees, and the sums in the end.
fn sums<B: Transfer>() -> (BTreeSet<i64>, BTreeSet<i64>) {
    let shown = everything(|| {
        let audited = Cell::new(0);
        let last = bank::run::<B>(&Input::new(&[1, 1], 1), EACH, |sum| audited.set(sum));
        (audited.get(), last.iter().sum::<i64>())
    });
    shown.into_iter().unzip()
}

#[test]
fn per_field_bank_shows_up_to_two_too_little_and_never_too_much() {
    let (audited, last) = sums::<per_field::Bank>();
    assert_eq!(audited, BTreeSet::from([TOTAL - 2, TOTAL - 1, TOTAL]));
    assert_eq!(last, BTreeSet::from([TOTAL]), "the sum in the end is right in every execution");
}

#[test]
fn fixed_banks_show_one_sum() {
    for (audited, last) in [sums::<fixed::Bank>(), sums::<two_locks_ordered::Bank>()] {
        assert_eq!(audited, BTreeSet::from([TOTAL]));
        assert_eq!(last, BTreeSet::from([TOTAL]));
    }
}

#[test]
fn loop_makes_each_call_once_and_bad_makes_any() {
    let two = Input::new(&[1, 1], 0);
    assert_eq!(everything(move || goroutine::calls::<r#loop::Program>(&two)), BTreeSet::from([vec![0, 1]]));
    // With two goroutines it has more executions than a test should.
    let one = Input::new(&[1], 0);
    assert_eq!(everything(move || goroutine::calls::<bad::Program>(&one)), BTreeSet::from([vec![0], vec![1]]));
}

#[test]
fn buffered_channel_keeps_what_is_not_received() {
    assert_eq!(everything(|| unbuffered::Program::run(&[1], 1, &Default::default())), BTreeSet::from([0]));
    assert_eq!(everything(|| buffered::Program::run(&[1], 2, &Default::default())), BTreeSet::from([1]));
}
