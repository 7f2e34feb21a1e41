//! `raddle replay` runs the input that the token was found with.
#![cfg(not(any(loom, shuttle)))]

use std::process::{Command, Output};

use raddle::{
    Check, Strategy, Verdict,
    patterns::{Case, find},
};

fn replay(token: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_raddle")).args(["replay", token]).output().expect("raddle runs")
}

fn found(case: &Case, check: Check, large: bool) -> (String, String) {
    let verdict: Verdict = case.run(check, if large { &case.large } else { &case.small }).expect("it can be checked");
    let failure = verdict.failure.expect("it fails");
    (failure.token.expect("it has a token"), failure.message)
}

#[test]
fn a_token_is_replayed_with_the_input_that_it_was_found_with() {
    let found_by =
        [("counter/naive", Strategy::Random), ("bank/per-field", Strategy::Urw), ("bank/two-locks", Strategy::Surw)];
    for (name, strategy) in found_by {
        let case = find(name).expect("the catalogue has it");
        let (small, what) = found(case, case.check(strategy), false);
        let (large, more) = found(case, case.check_large(strategy), true);
        assert!(large.starts_with(&format!("rd1:{name}%40large:")), "{large}");
        for (token, message) in [(small, what), (large, more)] {
            let told = replay(&token);
            let said = String::from_utf8_lossy(&told.stdout).into_owned();
            assert_eq!(told.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&told.stderr));
            assert!(said.contains(&format!(": {message}")), "{said}\nshould say: {message}");
        }
    }
}

#[test]
fn a_token_of_another_input_is_refused() {
    let case = find("counter/naive").expect("the catalogue has it");
    // Under the name of an input that there is none of, and under that of the small one.
    let huge = found(case, Check::new("counter/naive@huge").strategy(Strategy::Random), false).0;
    let mistaken = found(case, case.check(Strategy::Random), true).0;
    for (token, told) in [(huge, "has no input called \"huge\""), (mistaken, "others than those recorded")] {
        let output = replay(&token);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(told), "{said}");
    }
}
