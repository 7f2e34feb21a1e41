//! Primitives that are not one run's alone.

use std::{
    sync::{Arc as StdArc, mpsc},
    time::Duration,
};

use raddle::{
    sync::{Arc, Condvar, Mutex, RwLock},
    thread,
};

use super::passes;

#[test]
fn a_lock_that_was_used_before_the_run_is_a_lock_in_it() {
    let lock = Mutex::new(0);
    *lock.lock().unwrap() += 1;
    let (lock, condvar) = (Arc::new(lock), Arc::new(Condvar::new()));
    condvar.notify_all();
    passes(50, move || {
        let (theirs, ours) = (Arc::clone(&lock), Arc::clone(&condvar));
        *lock.lock().unwrap() = 0;
        let other = thread::spawn(move || {
            *theirs.lock().unwrap() = 1;
            ours.notify_one();
        });
        drop(condvar.wait_while(lock.lock().unwrap(), |n| *n == 0).unwrap());
        other.join().unwrap();
    });
}

#[test]
fn threads_made_elsewhere_share_a_runs_primitives() {
    // Each is first used by the run, by both at once, or by the other thread.
    for first in 0..3 {
        passes(50, move || {
            let shared = Arc::new((Mutex::new(0), Condvar::new(), RwLock::new(0)));
            let met = StdArc::new(std::sync::Barrier::new(2));
            if first == 0 {
                drop((shared.0.lock().unwrap(), shared.2.read().unwrap()));
                shared.1.notify_one();
            }
            let (theirs, there) = (Arc::clone(&shared), StdArc::clone(&met));
            let stranger = std::thread::spawn(move || {
                if first == 1 {
                    there.wait();
                }
                let guard = theirs.0.lock().unwrap();
                if first == 2 {
                    there.wait();
                }
                std::thread::sleep(Duration::from_millis(1));
                drop(guard);
                for _ in 0..20 {
                    *theirs.0.lock().unwrap() += 1;
                    *theirs.2.write().unwrap() += 1;
                    theirs.1.notify_all();
                }
            });
            // As long as this one waits in std, the run is not judged.
            let (done, joined) = mpsc::channel();
            let waits = thread::spawn(move || {
                stranger.join().unwrap();
                done.send(()).unwrap();
            });
            if first > 0 {
                met.wait();
            }
            for n in 0..20 {
                *shared.2.write().unwrap() += 1;
                drop(shared.1.wait_while(shared.0.lock().unwrap(), |total| *total < n).unwrap());
            }
            joined.recv().unwrap();
            waits.join().unwrap();
            assert_eq!((*shared.0.lock().unwrap(), *shared.2.read().unwrap()), (20, 40));
        });
    }
}

#[test]
fn runs_at_the_same_time_share_a_static() {
    static TURNS: (Mutex<u64>, Condvar) = (Mutex::new(0), Condvar::new());
    static GATE: RwLock<u64> = RwLock::new(0);
    fn model() {
        let turn = |me: u64| {
            for _ in 0..5 {
                let mut turns = TURNS.0.lock().unwrap();
                thread::yield_now();
                *turns += 1;
                *GATE.write().unwrap() += me;
                TURNS.1.notify_all();
                drop(turns);
            }
        };
        thread::scope(|s| {
            s.spawn(|| turn(1));
            s.spawn(|| turn(1));
        });
        drop(GATE.read().unwrap());
    }
    let checks: Vec<_> = (0..2).map(|_| std::thread::spawn(|| passes(200, model))).collect();
    checks.into_iter().for_each(|check| check.join().unwrap());
    assert_eq!((*TURNS.0.lock().unwrap(), *GATE.read().unwrap()), (4_000, 4_000));
}
