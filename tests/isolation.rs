//! A failing model never kills what runs it, if its check is isolated.
#![cfg(any(feature = "model", loom, shuttle))]

use std::{process::Command, time::Duration};

use raddle::{
    Check, Coverage, Error, FailureKind, Strategy, Token, Verdict, World,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};

/// What a check says that is given up after a second, and long before a minute has passed.
fn hangs(name: &str, strategy: Strategy, model: impl Fn() + Send + Sync + 'static) -> Result<Verdict, Error> {
    let check = Check::new(name).strategy(strategy).isolated().hang(Duration::from_secs(1));
    let (answered, waits) = std::sync::mpsc::channel::<()>();
    // The check itself stays on the test's thread, which knows what the checks before it have said.
    std::thread::spawn(move || {
        if waits.recv_timeout(Duration::from_secs(60)) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            eprintln!("the watchdog does not answer");
            std::process::abort();
        }
    });
    let verdict = check.run(model);
    drop(answered);
    verdict
}

/// One strategy for each world that explores.
fn strategies() -> Vec<Strategy> {
    compiled(&[Strategy::Exhaustive, Strategy::Random])
}

/// Those of the strategies whose world is compiled.
fn compiled(strategies: &[Strategy]) -> Vec<Strategy> {
    strategies.iter().copied().filter(|strategy| World::compiled().contains(&strategy.world())).collect()
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
    for strategy in compiled(&[
        Strategy::Exhaustive,
        Strategy::Random,
        // Before its first schedule, URW draws one that is not counted: so does SURW.
        Strategy::Urw,
        Strategy::Surw,
        Strategy::Dpor,
    ]) {
        let verdict = isolated("aborts", strategy, || std::process::abort()).expect("a crash is a verdict");
        died(&verdict, "SIGABRT");
        let token = verdict.failure.and_then(|failure| failure.token).expect("a token").parse().expect("a token");
        let check = Check::new("aborts").strategy(strategy).isolated();
        died(&check.replay(&token, || std::process::abort()).expect("a crash is a verdict"), "SIGABRT");
    }
}

/// Dies in few executions, none of which comes soon.
fn dies_late() {
    let total = AtomicUsize::new(0);
    thread::scope(|s| {
        for n in [1, 10, 100] {
            let total = &total;
            s.spawn(move || (0..2).for_each(|_| total.store(total.load(Relaxed) + n, Relaxed)));
        }
    });
    if total.load(Relaxed) == 101 {
        std::process::abort();
    }
}

#[test]
fn an_abort_in_a_part_of_a_search_is_the_same_with_any_number_of_workers() {
    for strategy in compiled(&[Strategy::Dpor]) {
        for rounds in [(32, 256), (4, 3)] {
            let check = || Check::new("dies late").strategy(strategy).rounds(rounds.0, rounds.1).isolated();
            let verdicts = [1, 2, 8].map(|workers| check().workers(workers).run(dies_late).unwrap());
            let told = |verdict: &Verdict| (verdict.failure.clone(), verdict.executions, verdict.coverage);
            for verdict in &verdicts {
                died(verdict, "SIGABRT");
                assert_eq!(told(verdict), told(&verdicts[0]));
            }
            assert!(verdicts[0].executions > rounds.1, "it dies in execution {}", verdicts[0].executions);
            let token: Token = verdicts[0].failure.clone().and_then(|failure| failure.token).unwrap().parse().unwrap();
            died(&check().workers(2).replay(&token, dies_late).unwrap(), "SIGABRT");
        }
    }
}

#[test]
fn the_progress_of_an_isolated_check_is_told_to_whoever_awaits_it() {
    for strategy in compiled(&[Strategy::Dpor]) {
        let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let mine = std::sync::Arc::clone(&told);
        let tell = move |progress| mine.lock().unwrap().push(progress);
        let check = Check::new("long").strategy(strategy).isolated().progress(Duration::from_millis(10), tell);
        let verdict = check.run(|| {
            std::thread::sleep(Duration::from_millis(5));
            let total = AtomicUsize::new(0);
            thread::scope(|s| {
                for n in 0..3 {
                    let total = &total;
                    s.spawn(move || total.store(total.load(Relaxed) + n, Relaxed));
                }
            });
        });
        let (verdict, told) = (verdict.unwrap(), told.lock().unwrap());
        let last = told.last().expect("the end is told");
        assert_eq!((last.executions, last.estimate), (verdict.executions, Some(verdict.executions as f64)));
        assert!(told.iter().any(|progress| progress.executions < verdict.executions), "{told:?}");
    }
}

#[test]
fn an_abort_after_the_fallback_to_a_bound_is_known_by_the_bound() {
    static EXECUTIONS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    for strategy in strategies().into_iter().filter(|strategy| *strategy == Strategy::Exhaustive) {
        let check = Check::new("falls back").strategy(strategy).executions(5).isolated();
        let verdict = check.run(|| {
            // Five executions are not enough, so it starts again with a bound.
            if EXECUTIONS.fetch_add(1, Relaxed) == 7 {
                std::process::abort();
            }
            let total = AtomicUsize::new(0);
            thread::scope(|s| {
                for n in 0..3 {
                    let total = &total;
                    s.spawn(move || total.store(total.load(Relaxed) + n, Relaxed));
                }
            });
        });
        let verdict = verdict.expect("a crash is a verdict");
        died(&verdict, "SIGABRT");
        let token = verdict.failure.and_then(|failure| failure.token).expect("a token");
        assert!(token.contains(":preemptions-2:n="), "{token}");
    }
}

#[test]
fn the_token_of_a_crash_holds_what_its_own_schedule_was_drawn_with() {
    /// Dies if the last thread sees one without the other, which few orders show.
    fn reorders() {
        let (a, b) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|s| {
            let own = AtomicUsize::new(0);
            for _ in 0..5 {
                s.spawn(|| [&a, &b].map(|set| set.store(1, Relaxed)));
                (0..5).for_each(|n| own.store(n, Relaxed));
            }
            s.spawn(|| {
                if a.load(Relaxed) != b.load(Relaxed) {
                    std::process::abort();
                }
            });
        });
    }
    // What SURW selects differs from schedule to schedule.
    for (strategy, seed) in
        compiled(&[Strategy::Surw]).into_iter().flat_map(|surw| (0..4).map(move |seed| (surw, seed)))
    {
        let check = || Check::new(format!("reorders {seed}")).strategy(strategy).seed(seed).isolated();
        let found = check().run(reorders).expect("a crash is a verdict");
        died(&found, "SIGABRT");
        let token = found.failure.and_then(|failure| failure.token).expect("a token");
        let again = check().replay(&token.parse().expect("a token"), reorders).expect("a crash is a verdict");
        died(&again, "SIGABRT");
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
fn a_loop_in_one_worker_is_a_livelock() {
    for strategy in compiled(&[Strategy::Dpor]) {
        let check = Check::new("spins late").strategy(strategy).rounds(4, 3).workers(2).isolated();
        let verdict = check.hang(Duration::from_secs(1)).run(|| {
            let total = AtomicUsize::new(0);
            thread::scope(|s| {
                for n in [1, 10, 100] {
                    let total = &total;
                    s.spawn(move || total.store(total.load(Relaxed) + n, Relaxed));
                }
            });
            let stays = total.load(Relaxed) == 101;
            while std::hint::black_box(stays) {
                std::hint::spin_loop();
            }
        });
        let failure = verdict.expect("a loop is a verdict").failure.expect("it never ends");
        assert_eq!(failure.kind, FailureKind::Livelock);
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
fn a_run_on_real_threads_that_does_not_end_is_given_up() {
    for strategy in compiled(&[Strategy::Stress]) {
        let blocked = hangs("blocks for ever", strategy, || {
            let (sender, receiver) = std::sync::mpsc::channel::<()>();
            // The run sees a thread that waits, and one that may yet do something.
            let waits = thread::spawn(thread::park);
            let _never = receiver.recv();
            drop((sender, waits));
        });
        let failure = blocked.expect("a hang is a verdict").failure.expect("it never ends");
        assert_eq!(failure.kind, FailureKind::Deadlock);
        assert!(failure.message.starts_with("real threads were blocked for "), "{}", failure.message);
        let busy = hangs("is busy for ever", strategy, || while std::hint::black_box(true) {});
        let failure = busy.expect("a loop is a verdict").failure.expect("it never ends");
        assert_eq!(failure.kind, FailureKind::Livelock);
        assert!(failure.message.starts_with("real threads kept busy for "), "{}", failure.message);
    }
}

#[test]
fn a_run_on_real_threads_whose_threads_all_wait_comes_back_whole() {
    for strategy in compiled(&[Strategy::Stress]) {
        let verdict = isolated("waits", strategy, thread::park).expect("the child reaches the check");
        assert_eq!((verdict.failures, verdict.executions), (1_000, 1_000));
        let failure = verdict.failure.expect("main waits");
        assert_eq!((failure.kind, failure.waiting.len()), (FailureKind::Deadlock, 1));
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
