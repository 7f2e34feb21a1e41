//! A failing model never kills what runs it, if its check is isolated.
#![cfg(raddle_model)]

use std::{process::Command, time::Duration};

use raddle::{
    Check, Coverage, Error, FailureKind, Strategy, Token, Verdict, World,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};

/// What a check says that is given up after a second, and long before a minute has passed.
fn hangs(name: &str, strategy: Strategy, model: impl Fn() + Send + Sync + 'static) -> Result<Verdict, Error> {
    let check = Check::new(name).strategy(strategy).isolated().hang(Duration::from_secs(1));
    let (sender, receiver) = std::sync::mpsc::channel();
    // A test is known by its thread's name.
    let test = std::thread::current().name().expect("libtest names its threads").to_owned();
    let run = move || drop(sender.send(check.run(model)));
    std::thread::Builder::new().name(test).spawn(run).expect("a thread");
    receiver.recv_timeout(Duration::from_secs(60)).expect("the watchdog answers")
}

/// One strategy for each world that explores.
fn strategies() -> Vec<Strategy> {
    let worlds = World::compiled().iter().filter(|world| **world != World::Std);
    worlds.map(|world| Strategy::defaults(*world)[0]).collect()
}

fn isolated(name: &str, strategy: Strategy, model: impl Fn() + Send + Sync + 'static) -> Result<Verdict, Error> {
    Check::new(name).strategy(strategy).isolated().run(model)
}

fn died(verdict: &Verdict, how: &str) {
    let failure = verdict.failure.as_ref().expect("the model dies");
    assert_eq!(failure.kind, FailureKind::Abort, "{}", failure.message);
    assert!(failure.message.contains(how), "{}", failure.message);
    let token: Token = failure.token.as_ref().expect("the last words hold a token").parse().expect("a token");
    assert_eq!(token.case, verdict.case);
}

#[test]
fn an_isolated_check_that_holds_is_explored_as_usual() {
    for strategy in strategies() {
        let verdict = isolated("holds", strategy, || {
            let total = AtomicUsize::new(0);
            thread::scope(|s| {
                s.spawn(|| total.fetch_add(1, Relaxed));
                s.spawn(|| total.fetch_add(1, Relaxed));
            });
            assert_eq!(total.load(Relaxed), 2);
        });
        let verdict = verdict.expect("the child reaches the check");
        assert!(verdict.passed());
        assert!(matches!(verdict.coverage, Coverage::Exhausted | Coverage::Sampled { schedules: 1_000 }));
    }
}

#[test]
fn an_ordinary_failure_comes_back_whole() {
    for strategy in strategies() {
        let verdict = isolated("panics", strategy, || panic!("no luck")).expect("the child reaches the check");
        let failure = verdict.failure.expect("the model panics");
        assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Panic, "no luck"));
        let [panic] = &failure.panics[..] else { panic!("{:?}", failure.panics) };
        assert_eq!((panic.thread.as_str(), panic.message.as_str()), ("main", "no luck"));
        assert!(panic.file.ends_with("isolation.rs"), "{panic}");
        assert!(failure.token.is_some());
    }
}

#[expect(unconditional_recursion, reason = "it is to overflow the stack")]
fn dive(depth: usize) -> usize {
    std::hint::black_box([depth; 64]);
    dive(depth + 1) + 1
}

#[test]
fn a_stack_overflow_is_a_verdict() {
    for strategy in strategies() {
        let verdict = isolated("overflows", strategy, || {
            drop(thread::spawn(|| std::hint::black_box(dive(0))).join());
        });
        died(&verdict.expect("a crash is a verdict"), "SIGSEGV");
    }
}

#[test]
fn an_abort_is_a_verdict() {
    for strategy in strategies() {
        let verdict = isolated("aborts", strategy, || std::process::abort());
        died(&verdict.expect("a crash is a verdict"), "SIGABRT");
    }
}

#[test]
fn a_panic_in_a_destructor_that_unwinds_is_a_verdict() {
    struct Unlucky;
    impl Drop for Unlucky {
        fn drop(&mut self) {
            panic!("and again");
        }
    }
    for strategy in strategies() {
        let verdict = isolated("panics twice", strategy, || {
            let _unlucky = Unlucky;
            panic!("once");
        });
        died(&verdict.expect("a crash is a verdict"), "SIGABRT");
    }
}

#[test]
fn a_loop_without_scheduling_points_is_a_livelock() {
    for strategy in strategies() {
        let verdict = hangs("spins", strategy, || {
            while std::hint::black_box(true) {
                std::hint::spin_loop();
            }
        });
        let failure = verdict.expect("a loop is a verdict").failure.expect("it never ends");
        assert_eq!(failure.kind, FailureKind::Livelock);
        assert!(failure.message.contains("no scheduling point"), "{}", failure.message);
    }
}

#[test]
fn a_lock_outside_the_shims_is_an_error_of_the_tool() {
    for strategy in strategies() {
        let verdict = hangs("blocks", strategy, || {
            let lock = std::sync::Mutex::new(());
            let _held = lock.lock();
            let (sender, receiver) = std::sync::mpsc::channel::<()>();
            let _never = receiver.recv();
            drop(sender);
        });
        let why = verdict.expect_err("the program has neither passed nor failed").to_string();
        assert!(why.contains("not modelled"), "{why}");
    }
}

#[test]
fn inputs_are_passed_along_and_earlier_checks_are_not_repeated() {
    let strategy = strategies()[0];
    // A child makes up another input, and uses the parent's.
    let inputs = [0, 1_000_000, 2_000_000].map(|n| n + std::process::id());
    let said = inputs.map(|input| {
        let check = Check::new("input").strategy(strategy).isolated();
        let verdict = check.run_with(input, |input| panic!("the input is {input}")).expect("the child is reached");
        verdict.failure.expect("the model panics").message
    });
    assert_eq!(said, inputs.map(|input| format!("the input is {input}")));
}

/// Run as a child by the next test: dies, and is not isolated.
#[test]
#[ignore = "it kills its process"]
fn dies_alone() {
    let _never = Check::new("dies alone").strategy(strategies()[0]).run(|| std::process::abort());
}

#[test]
fn a_crash_without_isolation_prints_the_case_and_the_token() {
    let program = std::env::current_exe().expect("this test");
    let output = Command::new(program)
        .args(["dies_alone", "--exact", "--ignored", "--nocapture"])
        .output()
        .expect("this test runs again");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    let token = said.split("RADDLE_REPLAY=").nth(1).unwrap_or_else(|| panic!("no token in: {said}"));
    let token: Token = token.lines().next().expect("a line").parse().expect("a token");
    assert_eq!(token.case, "dies alone");
}
