//! Condition variables mean what std says they mean, in every world.

use crate::common::*;
use raddle::{
    FailureKind::Deadlock,
    sync::{Arc, Condvar, Mutex},
    thread,
};

fn shared<T: Default>() -> (Arc<T>, Arc<T>) {
    let one = Arc::new(T::default());
    (Arc::clone(&one), one)
}

/// A model in which main wakes `waiters` threads one by one: returns who came to wait, and who woke, in order.
fn woken(waiters: usize) -> (Vec<usize>, Vec<usize>) {
    #[derive(Default)]
    struct Hall {
        state: Mutex<(Vec<usize>, Vec<usize>)>,
        bell: Condvar,
        news: Condvar,
    }
    let hall = Arc::new(Hall::default());
    let threads: Vec<_> = (0..waiters)
        .map(|me| {
            let hall = Arc::clone(&hall);
            thread::spawn(move || {
                let mut state = hall.state.lock().unwrap();
                state.0.push(me);
                hall.news.notify_one();
                state = hall.bell.wait(state).unwrap();
                state.1.push(me);
                hall.news.notify_one();
            })
        })
        .collect();
    let mut state = hall.state.lock().unwrap();
    for awake in 0..waiters {
        state = hall.news.wait_while(state, |(came, woken)| came.len() < waiters || woken.len() < awake).unwrap();
        assert_eq!(state.1.len(), awake, "one notification wakes one");
        hall.bell.notify_one();
    }
    drop(state);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    std::mem::take(&mut *hall.state.lock().unwrap())
}

#[test]
fn co4_notify_one_wakes_any_waiter_and_only_one() {
    let orders = || [vec![0, 1], vec![1, 0]].into_iter();
    explores(orders().flat_map(|came| orders().map(move |woke| (came.clone(), woke))), || woken(2));
}

#[test]
fn co5_notify_all_wakes_every_waiter() {
    passes(|| {
        let (pair, theirs) = shared::<(Mutex<bool>, Condvar)>();
        let others = [(); 2].map(|()| {
            let pair = Arc::clone(&theirs);
            thread::spawn(move || {
                let open = pair.0.lock().unwrap();
                assert!(*pair.1.wait_while(open, |open| !*open).unwrap());
            })
        });
        *pair.0.lock().unwrap() = true;
        pair.1.notify_all();
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

#[test]
fn co4_one_notification_for_two_waiters_is_a_deadlock() {
    fails(Deadlock, "in wait of condvar", || {
        let (pair, theirs) = shared::<(Mutex<bool>, Condvar)>();
        let others = [(); 2].map(|()| {
            let pair = Arc::clone(&theirs);
            thread::spawn(move || {
                let open = pair.0.lock().unwrap();
                drop(pair.1.wait_while(open, |open| !*open).unwrap());
            })
        });
        *pair.0.lock().unwrap() = true;
        pair.1.notify_one();
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

#[test]
fn co3_a_notification_that_nobody_waits_for_is_lost() {
    fails(Deadlock, "main in wait of condvar", || {
        let (mutex, condvar) = (Mutex::new(()), Condvar::new());
        condvar.notify_one();
        condvar.notify_all();
        drop(condvar.wait(mutex.lock().unwrap()));
    });
}

#[test]
fn co1_co6_a_notification_without_the_lock_wakes_whoever_has_given_the_lock_up() {
    passes(|| {
        let (pair, theirs) = shared::<(Mutex<()>, Condvar)>();
        let guard = pair.0.lock().unwrap();
        let other = thread::spawn(move || {
            // It gets the lock once main waits.
            drop(theirs.0.lock().unwrap());
            theirs.1.notify_one();
        });
        drop(pair.1.wait(guard).unwrap());
        other.join().unwrap();
    });
}

#[test]
fn co2_a_wait_ends_by_a_notification_only_and_with_the_lock() {
    passes(|| {
        let (pair, theirs) = shared::<(Mutex<usize>, Condvar)>();
        let mut guard = pair.0.lock().unwrap();
        let other = thread::spawn(move || {
            *theirs.0.lock().unwrap() = 1;
            let mut guard = theirs.0.lock().unwrap();
            *guard = 2;
            theirs.1.notify_one();
            *guard = 3;
        });
        guard = pair.1.wait(guard).unwrap();
        assert_eq!(*guard, 3);
        assert!(pair.0.try_lock().is_err(), "main has it");
        drop(guard);
        other.join().unwrap();
    });
}

#[test]
fn co4_who_comes_later_does_not_steal_a_notification() {
    passes(|| {
        let (pair, theirs) = shared::<(Mutex<bool>, Condvar)>();
        let mut woken = pair.0.lock().unwrap();
        let other = thread::spawn(move || {
            // It wakes main's first wait, and its own wait is ended by main's notification.
            let guard = theirs.0.lock().unwrap();
            theirs.1.notify_one();
            *theirs.1.wait(guard).unwrap() = true;
            theirs.1.notify_one();
        });
        woken = pair.1.wait(woken).unwrap();
        pair.1.notify_one();
        // Main waits again before the other can go on.
        woken = pair.1.wait(woken).unwrap();
        assert!(*woken);
        drop(woken);
        other.join().unwrap();
    });
}
