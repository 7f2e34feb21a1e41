//! Right, but busy: how main waits for the votes, read from what it does.
#![cfg(not(loom))]

use raddle::{
    Check, Kind, Step, Strategy,
    patterns::{
        Input,
        vote::{self, Elect, busy_lock, condvar, polling, signal},
    },
};

const TWO_VOTERS: Input = Input::new(&[1, 1], 2);

/// What happens in each of 200 schedules.
fn schedules<E: Elect>() -> Vec<Vec<Step>> {
    let schedule = |seed| {
        // The panic is there for its report: a verdict has the steps of a failure only.
        let check = Check::new("two voters").strategy(Strategy::Random).seed(seed).schedules(1);
        let verdict = check.run(|| {
            assert!(vote::run::<E>(&TWO_VOTERS), "the election is lost");
            panic!("the election is won");
        });
        let failure = verdict.expect("the check can be done").failure.expect("the model panics");
        assert_eq!(failure.message, "the election is won");
        failure.steps
    };
    (0..200).map(schedule).collect()
}

/// What main does in each of them.
fn what_main_does<E: Elect>() -> Vec<Vec<Step>> {
    let main = |steps: Vec<Step>| steps.into_iter().filter(|step| step.thread == 0).collect();
    schedules::<E>().into_iter().map(main).collect()
}

/// How often main takes the lock of its own accord. When a wait ends, the lock is taken again: that does not count.
fn locks(steps: &[Step]) -> usize {
    let wakes = steps.windows(2).filter(|pair| pair[0].kind == Kind::Wait && pair[1].kind == Kind::Lock).count();
    steps.iter().filter(|step| step.kind == Kind::Lock).count() - wakes
}

fn sleeps(steps: &[Step]) -> usize {
    steps.iter().filter(|step| step.kind == Kind::Sleep).count()
}

/// The most often that main takes the lock in any of the schedules.
fn most_locks<E: Elect>() -> usize {
    what_main_does::<E>().iter().map(|steps| locks(steps)).max().expect("there are schedules")
}

#[test]
fn busy_lock_takes_the_lock_again_and_again() {
    // Two votes can wake it twice: what is more is for nothing.
    assert!(most_locks::<busy_lock::Election>() > 3, "vote/busy-lock does not busy-wait");
    assert!(what_main_does::<busy_lock::Election>().iter().all(|steps| sleeps(steps) == 0));
}

#[test]
fn polling_takes_the_lock_again_after_each_sleep() {
    let schedules = what_main_does::<polling::Election>();
    assert!(most_locks::<polling::Election>() > 1, "vote/polling does not poll");
    assert!(schedules.iter().all(|steps| sleeps(steps) + 1 == locks(steps)), "vote/polling does not sleep in between");
}

#[test]
fn condvar_takes_the_lock_once_and_sleeps() {
    assert_eq!(most_locks::<condvar::Election>(), 1, "vote/condvar spins");
    assert_eq!(most_locks::<signal::Election>(), 1, "vote/signal spins");
    let waits = |steps: &Vec<Step>| steps.iter().any(|step| step.kind == Kind::Wait);
    assert!(what_main_does::<condvar::Election>().iter().any(waits), "vote/condvar never waits");
}

/// The break leaves the lock held: once the last vote is in, main locks once, sees it, and decides.
#[test]
fn whoever_has_seen_the_votes_decides_before_it_unlocks() {
    let all = [schedules::<busy_lock::Election>(), schedules::<polling::Election>()].concat();
    for steps in all {
        let last =
            steps.iter().rposition(|step| step.thread != 0 && step.kind == Kind::Unlock).expect("there are votes");
        let locks = steps[last..].iter().filter(|step| step.thread == 0 && step.kind == Kind::Lock).count();
        assert_eq!(locks, 1);
    }
}
