//! Golden outcomes: everything that a program can show, and nothing else.
#![cfg(not(loom))]

use std::{
    cell::Cell,
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use raddle::{
    Check, Coverage, Failure, FailureKind, Kind, Strategy,
    patterns::{
        self, Input,
        bank::{self, TOTAL, Transfer, fixed, per_field, two_locks_ordered},
        channel::{Exchange, buffered, unbuffered},
        goroutine::{self, bad, r#loop},
        vote::{
            self, Elect, channel, channel_buffered, channel_done, channel_drain, channel_off_by_one, condvar, racy,
        },
    },
};

/// What the program returns, over all executions. None fails.
fn everything<T: Ord + Clone + Send + 'static>(program: impl Fn() -> T + Send + Sync + 'static) -> BTreeSet<T> {
    let seen: Arc<Mutex<BTreeSet<T>>> = Arc::default();
    let seeing = Arc::clone(&seen);
    let verdict = Check::new("everything").strategy(Strategy::Dfs).run(move || {
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
        let last = bank::run::<B>(&Input::new(&[1, 1], 1), |sum| audited.set(sum));
        (audited.get(), last)
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

#[test]
fn loop_makes_each_call_once_and_bad_makes_any() {
    const TWO: Input = Input::new(&[1, 1], 0);
    assert_eq!(everything(|| goroutine::calls::<r#loop::Program>(&TWO)), BTreeSet::from([vec![0, 1]]));
    // The first goroutine may look before or after each step of the loop, the second one after the first.
    let any = [[0, 1], [0, 2], [1, 1], [1, 2], [2, 2]].map(Vec::from);
    assert_eq!(everything(|| goroutine::calls::<bad::Program>(&TWO)), BTreeSet::from(any));
}

#[test]
fn buffered_channel_keeps_what_is_not_received() {
    assert_eq!(everything(|| unbuffered::Program::run(&[1], 1, &Default::default())), BTreeSet::from([0]));
    assert_eq!(everything(|| buffered::Program::run(&[1], 2, &Default::default())), BTreeSet::from([1]));
}

/// The failures of a case in so many schedules: their kinds, and how many threads wait.
fn failures(schedules: u64, case: &str, input: Input) -> BTreeSet<Option<(FailureKind, usize)>> {
    let model = patterns::find(case).expect("the catalogue has it").model;
    let endings = endings(schedules, move || model(&input));
    endings.into_iter().map(|(_, failure)| failure.map(|failure| (failure.kind, failure.waiting.len()))).collect()
}

#[test]
fn wait_channel_leaves_as_many_behind_as_it_receives_too_few() {
    const FIVE: Input = Input::new(&[1; 5], 0);
    let failures = |case| failures(100, case, FIVE);
    assert_eq!(failures("channel/wait"), BTreeSet::from([None]));
    assert_eq!(failures("channel/wait-too-many"), BTreeSet::from([Some((FailureKind::Deadlock, 1))]));
    // One is left behind, unless main has gone on before the last call.
    let too_few = failures("channel/wait-too-few");
    assert!(too_few.contains(&Some((FailureKind::Leak, 1))), "{too_few:?}");
    let other = |ending: &&Option<(FailureKind, usize)>| {
        !matches!(ending, Some((FailureKind::Leak, 1) | (FailureKind::Panic, _)))
    };
    assert_eq!(too_few.iter().find(other), None);
}

#[test]
fn sleep_cancel_timer_lets_main_lock_once_more_or_never() {
    const ONE_LATER_LOCK: Input = Input::new(&[1], 1);
    let done_or_deadlock = BTreeSet::from([Some((FailureKind::Leak, 0)), Some((FailureKind::Deadlock, 2))]);
    assert_eq!(failures(100, "timer/sleep-cancel", ONE_LATER_LOCK), done_or_deadlock);
    assert_eq!(
        failures(100, "timer/sleep-cancel", Input::new(&[1], 0)),
        BTreeSet::from([Some((FailureKind::Leak, 0))])
    );
    assert_eq!(failures(100, "timer/sleep-cancel-fixed", ONE_LATER_LOCK), BTreeSet::from([None]));
}
