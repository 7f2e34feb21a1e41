//! Golden outcomes: everything that a program can show, and nothing else.
#![cfg(not(loom))]

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use raddle::{
    Check, Coverage, Failure, FailureKind, Kind, Strategy,
    patterns::{
        Input,
        bank::{self, TOTAL, Transfer, fixed, per_field, two_locks_ordered},
        vote::{
            self, Elect, channel, channel_buffered, channel_done, channel_drain, channel_off_by_one, condvar, racy,
        },
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

/// How a program ends, in each of so many schedules: what main returns, if it does, and the failure, if there is one.
/// An exploration would stop at the first.
fn endings<T: Clone + Send + 'static>(
    schedules: u64,
    program: impl Fn() -> T + Clone + Send + Sync + 'static,
) -> Vec<(Option<T>, Option<Failure>)> {
    let schedule = |seed| {
        let returned: Arc<Mutex<Option<T>>> = Arc::default();
        let (returning, program) = (Arc::clone(&returned), program.clone());
        let check = Check::new("endings").strategy(Strategy::Random).seed(seed).schedules(1);
        let verdict = check.run(move || {
            let value = program();
            *returning.lock().unwrap() = Some(value);
        });
        let failure = verdict.expect("the check can be done").failure;
        let returned = returned.lock().unwrap().clone();
        (returned, failure)
    };
    (0..schedules).map(schedule).collect()
}

/// Two voters, two votes needed: what main decides, or `hang`, in 300 schedules.
fn decisions<E: Elect>(votes: &'static [usize; 2]) -> BTreeSet<&'static str> {
    let name = |ending| match ending {
        (Some(true), None) => "win",
        (Some(false), None) => "lost",
        (None, Some(Failure { kind: FailureKind::Livelock, .. })) => "hang",
        (_, failure) => panic!("{failure:?}"),
    };
    endings(300, || vote::run::<E>(&Input::new(votes, 2))).into_iter().map(name).collect()
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

/// What main decides, and how many voters it leaves behind, with any of these votes.
fn leaks<E: Elect>(
    schedules: u64,
    votes: impl IntoIterator<Item = Vec<usize>>,
    needed: usize,
) -> BTreeSet<(&'static str, usize)> {
    let mut seen = BTreeSet::new();
    for votes in votes {
        let input = Input { work: votes.into(), goal: needed };
        let voters = input.work.len();
        for (won, failure) in endings(schedules, move || vote::run::<E>(&input)) {
            let leaked = failure.map_or(0, |failure| {
                assert_eq!(failure.kind, FailureKind::Leak, "{}", failure.message);
                assert!(failure.waiting.iter().all(|waiting| waiting.operation == Kind::Send), "{}", failure.message);
                let received = failure.steps.iter().filter(|step| step.kind == Kind::Receive).count();
                assert_eq!(failure.waiting.len(), voters - received, "{}", failure.message);
                failure.waiting.len()
            });
            seen.insert((if won.expect("main returns") { "win" } else { "lost" }, leaked));
        }
    }
    seen
}

/// Whatever so many voters may say.
fn any_votes(voters: u32) -> impl Iterator<Item = Vec<usize>> {
    (0..1_usize << voters).map(move |bits| (0..voters).map(|voter| bits >> voter & 1).collect())
}

/// Ten voters, of whom at least five say yes.
fn enough_of_ten() -> impl Iterator<Item = Vec<usize>> {
    (5..=10).map(|yes| (0..10).map(|voter| usize::from(voter < yes)).collect())
}

#[test]
fn channel_vote_leaves_behind_whom_main_did_not_hear() {
    let golden = BTreeSet::from([("win", 2), ("win", 1), ("win", 0), ("lost", 0)]);
    assert_eq!(leaks::<channel::Election>(60, any_votes(3), 1), golden);
    assert_eq!(leaks::<channel::Election>(60, any_votes(4), 2), golden);
    let lecture = (0..=5).map(|leaked| ("win", leaked)).collect();
    assert_eq!(leaks::<channel::Election>(60, enough_of_ten(), 5), lecture);
}

#[test]
fn channel_off_by_one_vote_leaves_one_fewer_behind() {
    let golden = BTreeSet::from([("win", 1), ("win", 0), ("lost", 0)]);
    assert_eq!(leaks::<channel_off_by_one::Election>(60, any_votes(3), 1), golden);
    assert_eq!(leaks::<channel_off_by_one::Election>(60, any_votes(4), 2), golden);
    let lecture = (0..=4).map(|leaked| ("win", leaked)).collect();
    assert_eq!(leaks::<channel_off_by_one::Election>(60, enough_of_ten(), 5), lecture);
}

#[test]
fn mended_channel_votes_leave_nobody_behind() {
    let golden = BTreeSet::from([("win", 0), ("lost", 0)]);
    assert_eq!(leaks::<channel_drain::Election>(30, any_votes(3), 1), golden);
    assert_eq!(leaks::<channel_buffered::Election>(30, any_votes(3), 1), golden);
    assert_eq!(leaks::<channel_done::Election>(30, any_votes(3), 1), golden);
}
