//! Runs on real threads end: a run whose threads all wait has failed, says who waits for what, and leaves nothing behind.
//! A run that can go on is never stopped.
#![cfg(all(feature = "model", not(any(loom, shuttle))))]

mod channels;
#[path = "../common/mod.rs"]
mod common;
mod ends;
mod goes_on;
mod once;
mod shared;
mod stuck;

use std::{
    sync::{
        Arc as StdArc,
        atomic::{AtomicUsize as StdUsize, Ordering::SeqCst},
        mpsc,
    },
    time::Duration,
};

use common::expect;
use raddle::{
    Check, Coverage, FailureKind, Verdict, World,
    sync::{Arc, Mutex, atomic::AtomicUsize},
    thread,
};

/// So many runs, which must have ended long before a minute has passed.
#[track_caller]
fn stress(runs: u64, model: impl Fn() + Send + Sync + 'static) -> Verdict {
    let (sender, receiver) = mpsc::channel();
    let check = Check::new("model").world(World::Std).schedules(runs);
    std::thread::spawn(move || drop(sender.send(check.run(model))));
    let verdict = receiver.recv_timeout(Duration::from_secs(100)).expect("every run ends");
    verdict.expect("the model can be checked")
}

/// Every run fails so.
#[track_caller]
fn fails(kind: FailureKind, message: &str, model: impl Fn() + Send + Sync + 'static) -> Verdict {
    let verdict = stress(20, model);
    expect(&verdict, kind, message);
    assert_eq!((verdict.failures, verdict.executions), (20, 20));
    assert_eq!(verdict.coverage, Coverage::Sampled { schedules: 20 });
    verdict
}

/// No run fails.
#[track_caller]
fn passes(runs: u64, model: impl Fn() + Send + Sync + 'static) {
    let verdict = stress(runs, model);
    assert!(verdict.passed(), "{}", raddle::render(&verdict));
    assert_eq!((verdict.executions, verdict.coverage), (runs, Coverage::Sampled { schedules: runs }));
}

/// Counts those that exist.
struct Counted(StdArc<StdUsize>);

impl Counted {
    fn new(count: &StdArc<StdUsize>) -> Counted {
        count.fetch_add(1, SeqCst);
        Counted(StdArc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// Waits busily until so many threads have come here.
fn meet(here: &AtomicUsize, threads: usize) {
    here.fetch_add(1, SeqCst);
    while here.load(SeqCst) < threads {
        thread::yield_now();
    }
}

/// Two threads, each of which owns what the other waits for.
fn embrace(locks: &Arc<(Mutex<()>, Mutex<()>)>) {
    let met = Arc::new(AtomicUsize::new(0));
    let (theirs, there) = (Arc::clone(locks), Arc::clone(&met));
    let other = thread::Builder::new().name("other".into()).spawn(move || {
        let _b = theirs.1.lock().unwrap();
        meet(&there, 2);
        let _a = theirs.0.lock().unwrap();
    });
    {
        let _a = locks.0.lock().unwrap();
        meet(&met, 2);
        let _b = locks.1.lock().unwrap();
    }
    other.unwrap().join().unwrap();
}
