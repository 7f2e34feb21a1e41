//! Golden outcomes: everything that a program can show, and nothing else.
#![cfg(not(loom))]

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use raddle::{
    Check, Coverage, FailureKind, Strategy,
    patterns::{
        Input,
        bank::{self, TOTAL, Transfer, fixed, per_field, two_locks_ordered},
        vote::{self, Elect, condvar, racy},
    },
};

/// One transfer each way and one audit: the sums that the audit sees, and the sums in the end.
fn sums<B: Transfer>() -> (BTreeSet<i64>, BTreeSet<i64>) {
    let seen: Arc<Mutex<(BTreeSet<i64>, BTreeSet<i64>)>> = Arc::default();
    let seeing = Arc::clone(&seen);
    let check = Check::new("sums").strategy(Strategy::Dfs);
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

/// Two voters, two votes needed: what main decides, or `hang`, in 300 schedules.
fn decisions<E: Elect>(votes: &'static [usize; 2]) -> BTreeSet<&'static str> {
    let schedule = |seed| {
        let decided: Arc<Mutex<bool>> = Arc::default();
        let deciding = Arc::clone(&decided);
        let check = Check::new("decisions").strategy(Strategy::Random).seed(seed).schedules(1);
        let verdict = check.run(move || *deciding.lock().unwrap() = vote::run::<E>(&Input::new(votes, 2)));
        match verdict.expect("the check can be done").failure {
            None if *decided.lock().unwrap() => "win",
            None => "lost",
            Some(failure) => {
                assert_eq!(failure.kind, FailureKind::Livelock, "{}", failure.message);
                "hang"
            }
        }
    };
    (0..300).map(schedule).collect()
}

#[test]
fn racy_vote_ends_in_every_way_that_it_can() {
    assert_eq!(decisions::<racy::Election>(&[1, 1]), BTreeSet::from(["win", "lost", "hang"]));
    // It never wins with fewer votes than are needed.
    for votes in [&[0, 0], &[0, 1], &[1, 0]] {
        assert_eq!(decisions::<racy::Election>(votes), BTreeSet::from(["lost", "hang"]), "{votes:?}");
    }
}

#[test]
fn condvar_vote_ends_in_one_way_for_each_input() {
    assert_eq!(decisions::<condvar::Election>(&[1, 1]), BTreeSet::from(["win"]));
    for votes in [&[0, 0], &[0, 1], &[1, 0]] {
        assert_eq!(decisions::<condvar::Election>(votes), BTreeSet::from(["lost"]), "{votes:?}");
    }
}
