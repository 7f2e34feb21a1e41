//! Waits that end by themselves: by a timeout, or spuriously.

use std::time::Duration;

use crate::common::*;
use raddle::{
    Check, Coverage,
    FailureKind::{Deadlock, Panic},
    Strategy,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Instant,
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_wait_with_a_timeout_is_notified_or_times_out() {
    explores([true, false], || {
        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let theirs = Arc::clone(&pair);
        let other = thread::spawn(move || {
            *theirs.0.lock().unwrap() = true;
            theirs.1.notify_one();
        });
        let guard = pair.0.lock().unwrap();
        let (guard, result) = pair.1.wait_timeout_while(guard, SECOND, |ready| !*ready).unwrap();
        assert!(*guard || result.timed_out(), "a wait that was not timed out has seen the change");
        drop(guard);
        other.join().unwrap();
        result.timed_out()
    });
}

#[test]
fn a_wait_that_nobody_notifies_times_out() {
    passes(|| {
        let pair = (Mutex::new(()), Condvar::new());
        let start = Instant::now();
        let (_guard, result) = pair.1.wait_timeout(pair.0.lock().unwrap(), SECOND).unwrap();
        assert!(result.timed_out());
        assert!(start.elapsed() >= SECOND);
    });
}

#[test]
fn a_notification_wakes_nobody_whose_wait_has_timed_out() {
    // Two waiters and one notification: it is not lost on a waiter that has gone.
    explores([1, 2], || {
        let pair = Arc::new((Mutex::new(0), Condvar::new()));
        let theirs = Arc::clone(&pair);
        let waiter = thread::spawn(move || {
            let (_guard, result) = theirs.1.wait_timeout(theirs.0.lock().unwrap(), SECOND).unwrap();
            result.timed_out()
        });
        let guard = pair.0.lock().unwrap();
        let (guard, mine) = pair.1.wait_timeout(guard, SECOND).unwrap();
        drop(guard);
        pair.1.notify_one();
        usize::from(waiter.join().unwrap()) + usize::from(mine.timed_out())
    });
}

#[test]
fn a_park_with_a_timeout_needs_no_token() {
    passes(|| thread::park_timeout(SECOND));
    explores([true, false], || {
        let set = Arc::new(AtomicBool::new(false));
        let (theirs, me) = (Arc::clone(&set), thread::current());
        let other = thread::spawn(move || {
            theirs.store(true, SeqCst);
            me.unpark();
        });
        thread::park_timeout(SECOND);
        let seen = set.load(SeqCst);
        other.join().unwrap();
        seen
    });
}

#[test]
fn park_without_a_timeout_waits_for_its_token() {
    fails(Deadlock, "main in park", thread::park);
}

/// Waits once, where a loop is needed.
fn waits_once() {
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let theirs = Arc::clone(&pair);
    let other = thread::spawn(move || {
        *theirs.0.lock().unwrap() = true;
        theirs.1.notify_one();
    });
    let mut ready = pair.0.lock().unwrap();
    if !*ready {
        ready = pair.1.wait(ready).unwrap();
    }
    assert!(*ready, "woken for nothing");
    drop(ready);
    other.join().unwrap();
}

#[test]
fn a_condition_that_is_tested_once_fails_where_waits_may_end_spuriously() {
    passes(waits_once);
    for strategy in strategies() {
        let verdict = Check::new("once").strategy(strategy).spurious(1).run(waits_once).unwrap();
        expect(&verdict, Panic, "woken for nothing");
    }
}

#[test]
fn a_condition_that_is_tested_in_a_loop_holds_where_waits_may_end_spuriously() {
    for strategy in exhaustive() {
        let verdict = Check::new("loop").strategy(strategy).spurious(1).run(|| {
            let pair = Arc::new((Mutex::new(false), Condvar::new()));
            let theirs = Arc::clone(&pair);
            let other = thread::spawn(move || {
                *theirs.0.lock().unwrap() = true;
                theirs.1.notify_one();
            });
            let ready = pair.1.wait_while(pair.0.lock().unwrap(), |ready| !*ready).unwrap();
            assert!(*ready);
            drop(ready);
            other.join().unwrap();
        });
        let verdict = verdict.unwrap();
        assert!(verdict.passed(), "{}", raddle::render(&verdict));
        assert_eq!(
            verdict.coverage,
            Coverage::Bounded { preemptions: None, firings: None, wakes: Some(1) },
            "{strategy}"
        );
    }
}

#[test]
fn a_park_may_end_spuriously_where_that_is_asked_for() {
    for strategy in exhaustive() {
        let verdict = Check::new("park").strategy(strategy).spurious(1).run(thread::park).unwrap();
        assert!(verdict.passed(), "{strategy}: {}", raddle::render(&verdict));
    }
}

#[test]
fn a_schedule_is_repeated_by_its_token_whatever_earlier_ones_have_asked() {
    // The time is asked for after the timer, so only an earlier schedule can have told the sampler of it.
    fails_with(&compiled(&[Strategy::Random, Strategy::Surw, Strategy::Pos]), Panic, "three steps", || {
        let steps = Arc::new(AtomicUsize::new(0));
        let theirs = Arc::clone(&steps);
        let other = thread::spawn(move || (0..6).for_each(|_| drop(theirs.fetch_add(1, SeqCst).to_string())));
        thread::park_timeout(SECOND);
        let seen = steps.load(SeqCst);
        thread::park_timeout(SECOND);
        assert!(seen != 3 || steps.load(SeqCst) != 5, "three steps, then two");
        other.join().unwrap();
        assert!(Instant::now().elapsed() < SECOND);
    });
}
