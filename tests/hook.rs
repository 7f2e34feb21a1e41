//! The program may set a panic hook of its own: it gets its own panics, and none of a model's.
//!
//! One test, since there is one hook.
#![cfg(any(feature = "model", loom, shuttle))]

mod common;

use std::{
    panic::{catch_unwind, set_hook, take_hook},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use common::*;
use raddle::{FailureKind::Panic, thread};

/// A hook that counts, and passes nothing on.
fn counts(seen: &Arc<AtomicUsize>) {
    let seen = Arc::clone(seen);
    set_hook(Box::new(move |_| {
        seen.fetch_add(1, SeqCst);
    }));
}

/// A check whose model panics in every way, and that knows where.
fn check() {
    for verdict in fails(Panic, "at last", || {
        assert!(catch_unwind(|| panic!("caught")).is_err());
        assert!(thread::spawn(|| panic!("joined")).join().is_err());
        panic!("at last");
    }) {
        let panics = verdict.failure.unwrap().panics;
        assert_eq!(panics.len(), 2, "{panics:?}");
        assert!(panics.iter().all(|panic| panic.file.ends_with("hook.rs")), "{panics:?}");
    }
}

#[test]
fn a_hook_that_the_program_sets_between_checks_gets_its_own_panics_alone() {
    let seen = Arc::new(AtomicUsize::new(0));
    let panics_outside = || assert!(catch_unwind(|| panic!("outside any model")).is_err());
    counts(&seen);
    check();
    assert_eq!(seen.load(SeqCst), 0);
    panics_outside();
    assert_eq!(seen.load(SeqCst), 1, "what is not a model's is passed on");

    // Another one in place of ours.
    let other = Arc::new(AtomicUsize::new(0));
    drop(take_hook());
    counts(&other);
    check();
    assert_eq!(other.load(SeqCst), 0);
    panics_outside();
    assert_eq!((seen.load(SeqCst), other.load(SeqCst)), (1, 1));

    // Ours, taken away for a while and set again: it is known, and none is put around it.
    let ours = take_hook();
    let at = std::ptr::from_ref(&*ours).addr();
    counts(&other);
    check();
    set_hook(ours);
    check();
    let ours = take_hook();
    assert_eq!(std::ptr::from_ref(&*ours).addr(), at);
    set_hook(ours);
    panics_outside();
    assert_eq!((seen.load(SeqCst), other.load(SeqCst)), (1, 2));
}
