//! `RADDLE_REPLAY` makes a check replay one execution, however the check is made, and leaves others alone.
#![cfg(any(feature = "model", loom, shuttle))]

mod common;

use std::{panic::catch_unwind, process::Command};

use common::*;
use raddle::{
    Check, Error, Failure, REPLAY, Strategy, Token, TokenError, Verdict,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::*},
    },
    thread,
};

/// Loses an update.
fn loses() {
    let total = Arc::new(AtomicUsize::new(0));
    let theirs = Arc::clone(&total);
    let other = thread::spawn(move || theirs.store(theirs.load(SeqCst) + 1, SeqCst));
    total.store(total.load(SeqCst) + 1, SeqCst);
    other.join().unwrap();
    assert_eq!(total.load(SeqCst), 2);
}

fn found(strategy: Strategy) -> Failure {
    Check::new("replayed").strategy(strategy).run(loses).unwrap().failure.expect("it fails")
}

fn tell(verdict: Result<Verdict, raddle::Error>) {
    match verdict {
        Ok(verdict) => println!("\nVERDICT {}", serde_json::to_string(&verdict).unwrap()),
        Err(why) => println!("\nERROR {why}"),
    }
}

/// Run as a child by the tests below, with and without a token in its environment.
#[test]
#[ignore = "it fails"]
fn checks_in_every_way() {
    let last = strategies().pop().expect("there is a strategy");
    let check = |name: &str| Check::new(name).strategy(last);
    tell(check("replayed").run(loses));
    tell(check("replayed").run_with(1, |_: &i32| loses()));
    tell(check("another").run(loses));
    tell(check("replayed").isolated().run(loses));
    tell(check("another").isolated().run(loses));
    println!(
        "\nCHECK {:?}",
        catch_unwind(|| raddle::check("replayed", loses)).unwrap_err().downcast::<String>().unwrap()
    );
}

/// What the child tells, line by line.
fn child(token: &str) -> Vec<String> {
    let program = std::env::current_exe().expect("this test");
    let output = Command::new(program)
        .args(["checks_in_every_way", "--exact", "--ignored", "--nocapture"])
        .env(REPLAY, token)
        .output()
        .expect("this test runs again");
    let said = String::from_utf8(output.stdout).expect("text");
    said.lines()
        .filter(|line| ["VERDICT", "ERROR", "CHECK"].iter().any(|word| line.starts_with(word)))
        .map(str::to_owned)
        .collect()
}

#[test]
fn each_way_to_check_replays_a_token_of_its_name() {
    for strategy in strategies() {
        let failure = found(strategy);
        let token = failure.token.clone().expect("it has a token");
        let lines = child(&token);
        let told = |line: &String| -> Verdict {
            serde_json::from_str(line.strip_prefix("VERDICT ").unwrap_or_else(|| panic!("{line}"))).expect("a verdict")
        };
        let verdicts: Vec<Verdict> = lines[..5].iter().map(told).collect();
        for verdict in verdicts {
            let Verdict { case, executions, .. } = &verdict;
            if case == "replayed" {
                assert_eq!((verdict.strategy, *executions), (strategy, 1));
                assert_eq!(verdict.failure, Some(failure.clone()), "{strategy}");
            } else {
                assert_eq!(verdict.strategy, strategies().pop().unwrap());
                assert_ne!(verdict.failure.and_then(|failure| failure.token), Some(token.clone()), "{strategy}");
            }
        }
        assert!(lines[5].contains("in execution 1") && lines[5].contains(&token), "{}", lines[5]);
    }
}

#[test]
fn a_token_that_is_damaged_is_an_error_of_each_check() {
    let token = found(strategies()[0]).token.expect("it has a token");
    let lines = child(&format!("{token}0"));
    assert_eq!(lines.len(), 6, "{lines:?}");
    assert!(lines.iter().all(|line| line.contains("checksum")), "{lines:?}");
}

#[test]
fn a_token_does_not_fit_code_that_has_changed_although_there_is_nothing_to_decide() {
    fn stores(values: &[usize]) -> AtomicUsize {
        let atomic = AtomicUsize::new(0);
        values.iter().for_each(|n| atomic.store(*n, SeqCst));
        atomic
    }
    for strategy in strategies() {
        let check = || Check::new("replayed").strategy(strategy);
        let found = check().run(|| panic!("at {}", stores(&[1, 2]).load(SeqCst))).unwrap().failure.unwrap();
        let token: Token = found.token.unwrap().parse().unwrap();
        let replay = |model: fn()| check().replay(&token, model);
        for changed in [
            (|| panic!("at {}", stores(&[1, 3]).load(SeqCst))) as fn(),
            || panic!("at {}", stores(&[1, 2, 2]).load(SeqCst)),
            || panic!("at {}", stores(&[1, 2]).swap(2, SeqCst)),
            || assert_eq!(stores(&[1]).into_inner(), 1),
        ] {
            let why = replay(changed).expect_err("another execution than the one that was recorded");
            assert!(matches!(why, Error::Token(TokenError::DoesNotFit(_))), "{strategy}: {why}");
        }
        // What the program does after those steps, and what it says, are not what the schedule was found with.
        let other = replay(|| panic!("elsewhere: {}", stores(&[1, 2]).load(SeqCst))).unwrap().failure.unwrap();
        assert_eq!((other.message.as_str(), other.token.as_deref()), ("elsewhere: 2", Some(&*token.to_string())));
        let mended = replay(|| assert_eq!(stores(&[1, 2]).load(SeqCst), 2)).unwrap();
        assert!(mended.passed() && mended.executions == 1);
    }
}
