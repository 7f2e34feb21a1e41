//! Golden outcomes: everything that a program can show, and nothing else.
#![cfg(not(shuttle))]

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use raddle::{
    Check, Coverage, Strategy,
    patterns::{
        Input,
        bank::{self, TOTAL, Transfer, fixed, per_field, two_locks_ordered},
    },
};

/// One transfer each way and one audit: the sums that the audit sees, and the sums in the end.
fn sums<B: Transfer>() -> (BTreeSet<i64>, BTreeSet<i64>) {
    let seen: Arc<Mutex<(BTreeSet<i64>, BTreeSet<i64>)>> = Arc::default();
    let seeing = Arc::clone(&seen);
    let check = Check::new("sums").strategy(Strategy::Exhaustive);
    let verdict = check.run(move || {
        let last = bank::run::<B>(&Input::new(&[1, 1], 1), |sum| {
            seeing.lock().unwrap().0.insert(sum);
        });
        seeing.lock().unwrap().1.insert(last);
    });
    let verdict = verdict.expect("the check can be done");
    assert!(verdict.passed(), "{}", raddle::render(&verdict));
    assert_eq!(verdict.coverage, Coverage::Exhausted);
    let seen = seen.lock().unwrap();
    seen.clone()
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
