//! `raddle::check`, the one-line form: what it runs, in which order, and what it tells.
#![cfg(any(feature = "model", loom, shuttle))]

mod common;

use std::process::Command;

use common::*;
use raddle::{
    LOOM_STEPS,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::*},
    },
    thread,
};

/// Several threads that add 1 to a number, so often each.
fn adds(threads: usize, times: usize) {
    let total = Arc::new(AtomicUsize::new(0));
    let add = |_| {
        let total = Arc::clone(&total);
        thread::spawn(move || {
            for _ in 0..times {
                total.fetch_add(1, SeqCst);
            }
        })
    };
    (0..threads).map(add).collect::<Vec<_>>().into_iter().for_each(|adds| adds.join().unwrap());
    assert_eq!(total.load(SeqCst), threads * times);
}

#[test]
#[ignore = "run by the tests below"]
fn small() {
    raddle::check("small", || adds(2, 2));
}

#[test]
#[ignore = "run by the tests below"]
fn too_many_threads() {
    raddle::check("many", || adds(5, 3));
}

#[test]
#[ignore = "run by the tests below"]
fn too_many_executions_for_all_of_loom() {
    raddle::check("wide", || adds(3, 3));
}

#[test]
#[ignore = "run by the tests below"]
fn too_many_steps_for_loom() {
    raddle::check("long", || adds(1, LOOM_STEPS as usize));
}

#[test]
#[ignore = "run by the tests below"]
fn shown_by_weak_memory_only() {
    raddle::check("published", || {
        let (data, ready) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (theirs, told) = (Arc::clone(&data), Arc::clone(&ready));
        let writes = thread::spawn(move || {
            theirs.store(1, Relaxed);
            told.store(1, Relaxed);
        });
        if ready.load(Relaxed) == 1 {
            assert_eq!(data.load(Relaxed), 1, "published before it was written");
        }
        writes.join().unwrap();
    });
}

#[test]
#[ignore = "run by the tests below"]
fn broken() {
    raddle::check("broken", || {
        let both = Arc::new((Mutex::new(0), Mutex::new(0)));
        let theirs = Arc::clone(&both);
        let other = thread::spawn(move || drop((theirs.1.lock(), theirs.0.lock())));
        drop((both.0.lock(), both.1.lock()));
        other.join().unwrap();
    });
}

/// Whether one of the tests above passes, and the lines that tell of a check.
fn child(test: &str, check: &str) -> (bool, Vec<String>) {
    let program = std::env::current_exe().expect("this test");
    let output = Command::new(program)
        .args([test, "--exact", "--ignored", "--nocapture"])
        .env_remove("RADDLE_REPLAY")
        .output()
        .expect("this test runs again");
    let said = String::from_utf8(output.stderr).expect("text");
    let begins = |line: &&str| line.starts_with(&format!("{check} "));
    (output.status.success(), said.lines().filter(begins).map(str::to_owned).collect())
}

/// The lines of a check that passes begin so, those of the compiled worlds.
fn passes(test: &str, check: &str, expected: &[&str]) {
    let (passed, lines) = child(test, check);
    assert!(passed, "{lines:?}");
    let sampled = ["passed (shuttle, random): sampled", "passed (shuttle, pct-3)", "passed (shuttle, urw)"];
    let world = |line: &&&str| match line.contains("loom") {
        true => loom(),
        false => shuttle(),
    };
    let expected: Vec<&str> = expected.iter().chain(&sampled).filter(world).copied().collect();
    assert_eq!(lines.len(), expected.len(), "{lines:?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(&format!("{check} {expected}")), "{line}");
    }
}

#[test]
fn a_small_model_is_explored_and_sampled() {
    passes(
        "small",
        "small",
        &["passed (shuttle, dpor): exhausted, 6 executions", "passed (loom, exhaustive): exhausted"],
    );
}

#[test]
fn weak_memory_is_explored_after_every_interleaving() {
    if !loom() {
        return passes("shown_by_weak_memory_only", "published", &["passed (shuttle, dpor): exhausted, 2 executions"]);
    }
    let (passed, lines) = child("shown_by_weak_memory_only", "published");
    assert!(!passed, "{lines:?}");
    let failed = lines.iter().any(|line| line.starts_with("published failed (loom, exhaustive)"));
    let explored = lines.iter().filter(|line| line.starts_with("published passed (shuttle, dpor): exhausted")).count();
    assert!(failed && explored == usize::from(shuttle()), "{lines:?}");
}

#[test]
fn a_failure_is_found_by_the_first_that_explores() {
    let (passed, lines) = child("broken", "broken");
    let by = if shuttle() { "broken failed (shuttle, dpor)" } else { "broken failed (loom, exhaustive)" };
    assert!(!passed && lines.len() == 1 && lines[0].starts_with(by), "{lines:?}");
}

#[test]
fn what_is_too_large_for_one_is_left_to_the_others_and_that_is_told() {
    if !shuttle() {
        for (test, check) in [("too_many_threads", "many"), ("too_many_steps_for_loom", "long")] {
            assert!(!child(test, check).0, "nothing draws schedules in place of loom");
        }
        return;
    }
    passes(
        "too_many_threads",
        "many",
        &[
            "was cut short (shuttle, dpor): truncated(executions), 100000 executions",
            "was not explored in the loom world: thread::spawn at tests/one_line.rs:",
        ],
    );
    passes(
        "too_many_executions_for_all_of_loom",
        "wide",
        &["passed (shuttle, dpor): exhausted, 1680 executions", "passed (loom, exhaustive): bounded(2 preemptions)"],
    );
    passes(
        "too_many_steps_for_loom",
        "long",
        &["passed (shuttle, dpor): exhausted, 1 executions", "was not explored in the loom world: an execution takes"],
    );
}
