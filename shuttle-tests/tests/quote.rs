//! `quote`, sampled and, at the small size, exhaustive: strings are read to their end, and no further. What is a string
//! is said by a regular expression.
#![cfg(not(loom))]

use proptest::{
    collection::vec,
    prelude::Strategy,
    proptest,
    sample::select,
    test_runner::{Config, RngSeed},
};
use raddle::{
    Check, End, Kind,
    patterns::quote::{
        Push, Read,
        Status::{self, BadInput, NeedMoreInput, Success},
        closing, code_state, data_state, escape_flag, explicit_state, go_on, goroutine, matched, no_status, run,
        run_pulling, statuses, stop_early,
    },
};
use regex::Regex;
use shuttle_tests::verify;

use crate::common::ends;

#[test]
fn shadowed_quote_reads_for_ever() {
    verify("quote/shadowed");
}

#[test]
fn no_status_quote_never_hears_the_last_word() {
    verify("quote/no-status");
}

#[test]
fn stop_early_quote_leaves_the_goroutine_behind() {
    verify("quote/stop-early");
}

#[test]
fn go_on_quote_waits_for_nobody() {
    verify("quote/go-on");
}

#[test]
fn data_state_quote_reads_a_string() {
    verify("quote/data-state");
}

#[test]
fn escape_flag_quote_reads_a_string() {
    verify("quote/escape-flag");
}

#[test]
fn code_state_quote_reads_a_string() {
    verify("quote/code-state");
}

#[test]
fn explicit_state_quote_says_what_is_to_be_said() {
    verify("quote/explicit-state");
}

#[test]
fn goroutine_quote_says_what_is_to_be_said() {
    verify("quote/goroutine");
}

#[test]
fn closing_quote_leaves_nobody_behind() {
    verify("quote/closing");
}

/// What a scanner says of the text, and how else it may end.
fn said<P: Push>(text: &str, more: usize) -> Vec<String> {
    let text: Vec<char> = text.chars().collect();
    ends(move || run::<P>(&text, more)).into_iter().collect()
}

/// One way to end: this is said.
fn says(statuses: &[Status]) -> Vec<String> {
    vec![format!("{statuses:?}")]
}

#[test]
fn pushed_scanners_say_one_thing_in_every_execution() {
    for (text, statuses) in [
        (r#""a""#, &[NeedMoreInput, NeedMoreInput, Success][..]),
        ("a", &[BadInput]),
        (r#""\"""#, &[NeedMoreInput, NeedMoreInput, NeedMoreInput, Success]),
    ] {
        assert_eq!(said::<explicit_state::Scanner>(text, 0), says(statuses));
        assert_eq!(said::<goroutine::Scanner>(text, 0), says(statuses));
        assert_eq!(said::<closing::Scanner>(text, 0), says(statuses));
        assert_eq!(said::<closing::Scanner>(text, 2), says(statuses));
    }
}

#[test]
fn a_goroutine_that_reads_ends_with_its_last_word_alone() {
    assert_eq!(said::<stop_early::Scanner>(r#""a"#, 0), ["Leak {t1:recv}"]);
    assert_eq!(said::<stop_early::Scanner>("", 0), ["Leak {t1:recv}"]);
    assert_eq!(said::<go_on::Scanner>(r#""a""#, 1), ["Deadlock {main:send}"]);
    assert_eq!(said::<go_on::Scanner>("a", 1), ["Deadlock {main:send}"]);
}

#[test]
fn no_status_says_that_it_needs_more_twice_and_then_nothing() {
    let explored = Check::new("no status").outcomes(|| run::<no_status::Scanner>(&['"', 'a', '"'], 0));
    let explored = explored.expect("the check can be done");
    let [only] = &explored.all[..] else { panic!("it ends in {} ways", explored.all.len()) };
    assert_eq!(said::<no_status::Scanner>(r#""a""#, 0), ["Deadlock {main:recv}"]);
    assert!(matches!(only.end, End::Failed { .. }));
    let heard = only.steps.iter().filter(|step| step.kind == Kind::Receive && step.thread == 0).count();
    assert_eq!(heard, 3, "once when it is made, and twice of three characters:\n{}", only.interleaving());
}

/// Main and the goroutine take turns: there is one execution.
#[test]
fn a_scanner_and_its_caller_never_run_at_the_same_time() {
    let text: Vec<char> = r#""a\"b\\""#.chars().collect();
    for strategy in [raddle::Strategy::Dfs, raddle::Strategy::Dpor] {
        let text = text.clone();
        let check = Check::new("turns").strategy(strategy);
        let verdict = check.run(move || drop(run::<goroutine::Scanner>(&text, 0))).expect("the check can be done");
        assert_eq!((verdict.passed(), verdict.executions), (true, 1));
    }
}

/// Texts of the characters that matter.
fn texts() -> impl Strategy<Value = String> {
    vec(select(vec!['"', '"', '\\', 'a', 'ß', '\n']), 0..10).prop_map(|text| text.into_iter().collect())
}

/// How many characters a string takes at the beginning of the text, as the regular expression says.
fn by_regex(text: &str) -> Option<usize> {
    let string = Regex::new(r#"(?s)\A"([^"\\]|\\.)*""#).expect("it is one");
    string.find(text).map(|found| found.as_str().chars().count())
}

/// What a scanner finds that pulls the text: there is one execution.
fn pulls<R: Read>(text: &str) -> Vec<String> {
    let text: Vec<char> = text.chars().collect();
    ends(move || run_pulling::<R>(&text)).into_iter().collect()
}

proptest! {
    // The same texts in each run.
    #![proptest_config(Config { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() })]
    #[test]
    fn all_scanners_agree_with_the_regular_expression(text in texts()) {
        let chars: Vec<char> = text.chars().collect();
        assert_eq!(matched(&chars), by_regex(&text));
        // Who pulls finds quotes where the text ends.
        let length = by_regex(&format!("{text}\"\""));
        let expected = [format!("{:?}", (length.is_some(), length.unwrap_or(1)))];
        assert_eq!(pulls::<data_state::Scanner>(&text), expected);
        assert_eq!(pulls::<escape_flag::Scanner>(&text), expected);
        assert_eq!(pulls::<code_state::Scanner>(&text), expected);

        let expected = match by_regex(&text) {
            Some(length) => [vec![NeedMoreInput; length - 1], vec![Success]].concat(),
            None if text.is_empty() || text.starts_with('"') => vec![NeedMoreInput; chars.len()],
            None => vec![BadInput],
        };
        assert_eq!(statuses(&chars), expected);
        assert_eq!(said::<explicit_state::Scanner>(&text, 2), says(&expected));
        assert_eq!(said::<closing::Scanner>(&text, 2), says(&expected));
        let last = matches!(expected.last(), Some(Success | BadInput));
        let expected = if last { says(&expected) } else { vec!["Leak {t1:recv}".to_owned()] };
        assert_eq!(said::<goroutine::Scanner>(&text, 0), expected);
    }
}
