//! Nothing is left of a check: not in the next one, not in memory, not on the terminal. And the same check says the same.
#![cfg(any(feature = "model", loom, shuttle))]

mod common;

use std::{
    process::Command,
    sync::atomic::{AtomicIsize, AtomicUsize as StdUsize},
    time::Duration,
};

use common::*;
use raddle::{
    Check, Error,
    FailureKind::{self, DataRace, Deadlock, Leak, Livelock, Panic},
    Strategy, Token, Verdict,
    cell::UnsafeCell,
    choice, hint,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicPtr, AtomicUsize, Ordering::*},
    },
    thread,
};

/// Everything that is compiled, with a bound too.
fn all() -> Vec<Strategy> {
    let mut all = strategies();
    all.extend(compiled(&[Strategy::Preemptions(2), Strategy::Pct { depth: 5 }]));
    all
}

/// A verdict but for the time that it took.
fn run_timeless(strategy: Strategy, model: impl Fn() + Send + Sync + 'static) -> Verdict {
    let mut verdict = run(strategy, model);
    verdict.elapsed = Duration::ZERO;
    verdict
}

/// In its destructor, waits until main says so.
struct Lingers(thread::Thread);

impl Drop for Lingers {
    fn drop(&mut self) {
        self.0.unpark();
        thread::park();
    }
}

/// Two threads that unwind at the same time.
fn panics_together() {
    let lingers = Lingers(thread::current());
    let other = thread::spawn(move || {
        let _lingers = lingers;
        panic!("together");
    });
    thread::park();
    struct Wakes(thread::Thread);
    impl Drop for Wakes {
        fn drop(&mut self) {
            self.0.unpark();
            thread::yield_now();
        }
    }
    let _wakes = Wakes(other.thread().clone());
    drop(other);
    panic!("together");
}

struct Plain(UnsafeCell<usize>);

// SAFETY: the model's threads all run on one OS thread, so that a race is found, and never happens.
unsafe impl Sync for Plain {}

/// How a model may fail, while two threads hold things.
fn fails_so(kind: FailureKind) {
    let shared = Arc::new((Mutex::new(()), Condvar::new(), Plain(UnsafeCell::new(0)), AtomicUsize::new(0)));
    let theirs = Arc::clone(&shared);
    let other = thread::spawn(move || match kind {
        Panic => panic!("it fails"),
        Deadlock | Leak => drop(theirs.1.wait(theirs.0.lock().unwrap())),
        DataRace => theirs.2.0.with_mut(|_| ()),
        _ => {
            while theirs.3.load(Acquire) == 0 {
                hint::spin_loop();
            }
        }
    });
    match kind {
        Leak => drop(other),
        DataRace => shared.2.0.with_mut(|_| ()),
        _ => other.join().unwrap(),
    }
}

/// A model whose bug takes some schedules to be met.
fn takes_a_while() {
    let total = Arc::new(AtomicUsize::new(0));
    let theirs = Arc::clone(&total);
    let other = thread::spawn(move || theirs.store(theirs.load(SeqCst) + 1, SeqCst));
    let chosen = choice(8);
    total.store(total.load(SeqCst) + 1, SeqCst);
    other.join().unwrap();
    assert!(chosen < 7 || total.load(SeqCst) == 2, "lost");
}

#[test]
fn a_check_is_clean_of_those_before_it() {
    const KINDS: [FailureKind; 5] = [Panic, Deadlock, Leak, DataRace, Livelock];
    for strategy in all() {
        let before = run_timeless(strategy, takes_a_while);
        expect(&before, Panic, "lost");
        assert!(before.executions > 1, "{strategy}: {} executions", before.executions);
        let before = format!("{before:?}");
        for kind in KINDS.map(Some).into_iter().chain([None]) {
            match kind {
                Some(kind) => expect(&run(strategy, move || fails_so(kind)), kind, ""),
                None => expect(&run(strategy, panics_together), Panic, "together"),
            }
            let good = run(strategy, || {
                assert!(!thread::panicking());
                let mutex = Arc::new(Mutex::new(0));
                let theirs = Arc::clone(&mutex);
                let other = thread::spawn(move || *theirs.lock().unwrap() += 1);
                *mutex.lock().unwrap() += 1;
                other.join().unwrap();
                assert_eq!(*mutex.lock().unwrap(), 2);
            });
            assert!(good.passed(), "after {kind:?}: {}", raddle::render(&good));
            assert_eq!(format!("{:?}", run_timeless(strategy, takes_a_while)), before, "{strategy}, after {kind:?}");
        }
        assert!(!std::thread::panicking());
    }
}

/// Counts the values that are there, and those that ever were.
#[derive(Clone)]
struct Counted(&'static AtomicIsize, &'static StdUsize);

impl Counted {
    fn another(&self) -> Counted {
        self.0.fetch_add(1, SeqCst);
        self.1.fetch_add(1, SeqCst);
        self.clone()
    }

    /// A value whose drop is counted, and which does operations.
    fn held(&self, atomic: &Arc<AtomicUsize>) -> Held {
        Held(self.another(), Arc::clone(atomic))
    }
}

struct Held(Counted, Arc<AtomicUsize>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, SeqCst);
        self.1.fetch_add(1, SeqCst);
    }
}

raddle::thread_local! {
    static LOCAL: std::cell::RefCell<Option<Held>> = const { std::cell::RefCell::new(None) };
}

#[test]
fn every_destructor_runs_however_an_execution_ends() {
    static THERE: AtomicIsize = AtomicIsize::new(0);
    static EVER: StdUsize = StdUsize::new(0);
    for strategy in all() {
        for kind in [Panic, Deadlock, Leak, DataRace, Livelock] {
            let counted = Counted(&THERE, &EVER);
            let captured = std::sync::Arc::new(());
            let theirs = std::sync::Arc::clone(&captured);
            let before = EVER.load(SeqCst);
            let verdict = run(strategy, move || {
                let _captured = std::sync::Arc::clone(&theirs);
                let atomic = Arc::new(AtomicUsize::new(0));
                let _stack = counted.held(&atomic);
                LOCAL.set(Some(counted.held(&atomic)));
                let locked = Arc::new(Mutex::new(Some(counted.held(&atomic))));
                let (given, moved) = (counted.held(&atomic), Arc::clone(&locked));
                let (count, held) = (counted.clone(), Arc::clone(&atomic));
                drop(thread::spawn(move || {
                    let _given = given;
                    LOCAL.set(Some(count.held(&held)));
                    drop(moved.lock().unwrap().take());
                }));
                // One that may never run.
                let given = counted.held(&atomic);
                let result = thread::spawn(move || given);
                fails_so(kind);
                drop(result.join());
            });
            expect(&verdict, kind, "");
            assert_eq!(THERE.load(SeqCst), 0, "{strategy}, {kind}: values are left");
            assert!(EVER.load(SeqCst) >= before + 5, "{strategy}, {kind}");
            assert_eq!(std::sync::Arc::strong_count(&captured), 1, "{strategy}, {kind}: the model is left");
        }
    }
}

/// Fails in every way with every strategy, and tells what it has found.
#[test]
#[ignore = "run as a child by the tests below"]
fn tells_all() {
    for strategy in all() {
        let models: [fn(); 8] = [
            takes_a_while,
            panics_together,
            || fails_so(Panic),
            || fails_so(Deadlock),
            || fails_so(Leak),
            || fails_so(DataRace),
            || fails_so(Livelock),
            || {
                // Addresses differ from process to process.
                let mut place = 0;
                let pointer = Arc::new(AtomicPtr::new(std::ptr::null_mut()));
                pointer.store(&raw mut place, Release);
                let theirs = Arc::clone(&pointer);
                let other = thread::spawn(move || theirs.load(Acquire).is_null());
                assert!(Arc::strong_count(&pointer) == 2 || choice(2) == 0);
                assert!(!other.join().unwrap());
            },
        ];
        for model in models {
            let verdict = run_timeless(strategy, model);
            assert!(verdict.failure.is_some());
            println!("\nVERDICT {}", serde_json::to_string(&verdict).unwrap());
        }
        let caught = run(strategy, || {
            assert!(std::panic::catch_unwind(|| panic!("caught")).is_err());
            assert!(thread::spawn(|| panic!("joined")).join().is_err());
        });
        assert!(caught.passed());
    }
}

/// A list node.
struct Node(AtomicPtr<Node>);

#[test]
fn pointers_have_the_same_numbers_whether_or_not_memory_is_used_again() {
    let values = |strategy: Strategy, frees: bool| {
        let verdict = run(strategy, move || {
            let head = Arc::new(AtomicPtr::new(std::ptr::null_mut()));
            let push = |head: &AtomicPtr<Node>| {
                let node = Box::into_raw(Box::new(Node(AtomicPtr::default())));
                let next = head.load(Acquire);
                // SAFETY: the node is not shared yet; and one thread at a time pushes and pops.
                unsafe { (*node).0.store(next, Relaxed) };
                head.store(node, Release);
            };
            let pop = |head: &AtomicPtr<Node>| {
                let node = head.load(Acquire);
                // SAFETY: see above, and nobody else has the node.
                unsafe { head.store((*node).0.load(Relaxed), Release) };
                match frees {
                    // SAFETY: see above.
                    true => unsafe { drop(Box::from_raw(node)) },
                    // SAFETY: see above; nothing touches the node again.
                    false => unsafe { (&raw mut (*node).0).drop_in_place() },
                }
            };
            for _ in 0..3 {
                push(&head);
                push(&head);
                pop(&head);
                push(&head);
                pop(&head);
                pop(&head);
            }
            panic!("always");
        });
        let steps = verdict.failure.expect("it panics").steps;
        steps.iter().map(|step| format!("{:?} {}", step.object, step.value)).collect::<Vec<_>>()
    };
    for strategy in strategies() {
        let fresh = values(strategy, false);
        assert!(fresh.iter().any(|step| step.ends_with("ptr#9")), "nine nodes have nine numbers: {fresh:?}");
        for _ in 0..3 {
            assert_eq!(values(strategy, true), fresh, "{strategy}");
        }
    }
}

/// The verdicts that a child process tells, and what it prints besides.
fn child() -> (Vec<String>, String) {
    let program = std::env::current_exe().expect("this test");
    let output = Command::new(program)
        .args(["tells_all", "--exact", "--ignored", "--nocapture"])
        .env_remove("RUST_BACKTRACE")
        .output()
        .expect("this test runs again");
    let out = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{out}");
    let verdicts = out.lines().filter(|line| line.starts_with("VERDICT")).map(str::to_owned).collect();
    (verdicts, String::from_utf8(output.stderr).expect("text"))
}

#[test]
fn what_fails_prints_nothing() {
    let (verdicts, said) = child();
    assert_eq!(verdicts.len(), 8 * all().len());
    assert_eq!(said, "");
}

#[test]
fn two_processes_find_the_same_step_by_step() {
    let (one, two) = (child().0, child().0);
    assert!(one.len() == 8 * all().len() && one.iter().all(|verdict| verdict.contains("\"steps\":[{")));
    for (one, two) in one.iter().zip(&two) {
        assert_eq!(one, two);
    }
}

#[test]
fn another_models_token_gives_a_verdict_or_an_error() {
    let models: [fn(); 6] = [
        takes_a_while,
        panics_together,
        || fails_so(DataRace),
        || fails_so(Deadlock),
        || fails_so(Livelock),
        || assert_eq!(choice(2), 0),
    ];
    for strategy in all() {
        for (from, found) in models.into_iter().enumerate() {
            let verdict = run(strategy, found);
            let Some(failure) = verdict.failure else { continue };
            let token: Token = failure.token.as_ref().unwrap().parse().unwrap();
            for (to, other) in models.into_iter().enumerate() {
                match Check::new("model").replay(&token, other) {
                    Ok(again) if to == from => assert_eq!(again.failure.as_ref(), Some(&failure), "{strategy}"),
                    Ok(again) => assert_eq!(again.executions, 1, "{strategy}: {from} as {to}"),
                    Err(Error::Token(_)) if to != from => {}
                    Err(why) => panic!("{strategy}: {from} as {to}: {why}"),
                }
            }
        }
    }
}
