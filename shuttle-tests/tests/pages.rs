//! The pages of the docs that tie the lectures to the cases: every link leads to one.
#![cfg(not(loom))]

use raddle::patterns::find;

const HINTS: &str = include_str!("../../src/patterns/hints.md");
const QUESTIONS: &str = include_str!("../../src/patterns/questions.md");

/// The names of the cases that a text links to. Each link must be to the variant's module, the other page, or
/// what dumps threads.
fn cases(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices("](") {
        let (_, name) = text[..at].rsplit_once('[').expect("a link has a text");
        let (target, _) = text[at + 2..].split_once(')').expect("a link ends");
        // A module that a function shares its name with is told apart so.
        let target = target.strip_prefix("mod@").unwrap_or(target);
        if ["super::questions", "super::hints", "crate::thread::dump"].contains(&target) {
            continue;
        }
        let case = find(name).unwrap_or_else(|| panic!("there is no case {name:?}"));
        let module = case.variant.replace('-', "_");
        assert_eq!(target, format!("super::{}::{module}", case.pattern), "the link of {name}");
        names.push(case.name());
    }
    names
}

#[test]
fn there_are_eighteen_hints_and_each_has_a_case_or_is_style() {
    let hints: Vec<&str> = HINTS.split("\n\n").filter(|text| text.starts_with(|c: char| c.is_ascii_digit())).collect();
    assert_eq!(hints.len(), 18);
    for (at, hint) in hints.iter().enumerate() {
        assert!(hint.starts_with(&format!("{}. **", at + 1)), "hint {}: {hint}", at + 1);
        let shown = !cases(hint).is_empty();
        assert!(shown || hint.contains("Style."), "hint {} has no case, and is not said to be style", at + 1);
    }
}

#[test]
fn each_question_has_an_answer_with_a_case() {
    let questions: Vec<&str> = QUESTIONS.split("\n## ").skip(1).collect();
    assert!(questions.len() > 15, "there are {} questions", questions.len());
    for question in questions {
        let (question, answer) = question.split_once('\n').expect("an answer follows");
        assert!(question.ends_with('?'), "{question}");
        assert!(!cases(answer).is_empty(), "{question} is answered without a case");
    }
}
