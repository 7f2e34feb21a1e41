//! `quote`: a scanner for strings in quotes, `"([^"\\]|\\.)*"`, and where it keeps its place.
//!
//! An input's `work` has a number for each character: 0 is a quote, 1 a backslash, the others are letters. Some forms
//! *pull*: they read for themselves. The others are *pushed*: main hands over the text, character by character, until
//! the scanner says its last word or the text ends; and then `goal` characters more.
//!
//! Source: Russ Cox, guest lecture of MIT 6.824 on concurrency patterns in Go, the prologue: data state and code state.

pub mod closing;
pub mod code_state;
pub mod data_state;
pub mod escape_flag;
pub mod explicit_state;
pub mod go_on;
pub mod goroutine;
pub mod no_status;
pub mod shadowed;
pub mod stop_early;

mod cases;

use super::{Input, Pattern};
use crate::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A scanner that pulls.
pub trait Read {
    /// Reads up to the end of the string, and no further. False, after one character, if that is no quote.
    fn read_string(read_char: &mut dyn FnMut() -> char) -> bool;
}

/// What a scanner says after each character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// The string has begun, and is not complete.
    NeedMoreInput,
    /// The string is complete: the last word.
    Success,
    /// It is no string: the last word.
    BadInput,
}

/// A scanner that is pushed.
pub trait Push {
    /// A scanner to which nothing has been handed over yet.
    fn new() -> Self;

    /// Hands over a character.
    fn process_char(&mut self, c: char) -> Status;
}

/// How many characters the string takes at the beginning of the text; `None` if there is none that is complete. This is
/// the regular expression, word for word.
pub fn matched(text: &[char]) -> Option<usize> {
    let mut rest = text.strip_prefix(&['"'])?;
    loop {
        rest = match rest {
            ['"', rest @ ..] => return Some(text.len() - rest.len()),
            ['\\', _, rest @ ..] => rest,
            ['\\'] | [] => return None,
            [_, rest @ ..] => rest,
        }
    }
}

/// What is to be said of the text: a status for each character, up to the last word.
pub fn statuses(text: &[char]) -> Vec<Status> {
    match (text, matched(text)) {
        (_, Some(length)) => [vec![Status::NeedMoreInput; length - 1], vec![Status::Success]].concat(),
        ([c, ..], None) if *c != '"' => vec![Status::BadInput],
        (_, None) => vec![Status::NeedMoreInput; text.len()],
    }
}

/// The text that an input means.
pub fn text(input: &Input) -> Vec<char> {
    let letters = ('a'..='z').cycle();
    let char = |&n: &usize| match n {
        0 => '"',
        1 => '\\',
        n => letters.clone().nth(n - 2).unwrap_or('a'),
    };
    input.work.iter().map(char).collect()
}

/// Main pulls the text, which quotes without end follow. The property: it reads the string, all of it, and nothing else.
pub fn pull<R: Read>(input: &Input) {
    let mut text = text(input);
    let (ok, read) = run_pulling::<R>(&text);
    // One quote may be escaped, the next one ends the string.
    text.extend(['"', '"']);
    let expected = (matched(&text).is_some(), statuses(&text).len());
    assert!((ok, read) == expected, "it is a string: {ok}, after {read} characters; and is: {expected:?}");
}

/// Whether it is a string, and how much of it was read.
pub fn run_pulling<R: Read>(text: &[char]) -> (bool, usize) {
    let read = AtomicUsize::new(0);
    let ok = R::read_string(&mut || text.get(read.fetch_add(1, Relaxed)).copied().unwrap_or('"'));
    (ok, read.load(Relaxed))
}

/// Main pushes the text. The property: after each character the scanner says what is to be said, and nobody is left
/// behind. What it says after its last word is not looked at.
pub fn push<P: Push>(input: &Input) {
    let text = text(input);
    let (said, expected) = (run::<P>(&text, input.goal), statuses(&text));
    assert!(said == expected, "the scanner says {said:?}, and should say {expected:?}");
}

/// What the scanner says, up to its last word. After that, so many more quotes are pushed.
pub fn run<P: Push>(text: &[char], more: usize) -> Vec<Status> {
    let mut scanner = P::new();
    let mut said = Vec::new();
    for &c in text {
        said.push(scanner.process_char(c));
        if said.last() != Some(&Status::NeedMoreInput) {
            break;
        }
    }
    for _ in 0..more {
        scanner.process_char('"');
    }
    said
}

/// The pattern.
pub const PATTERN: Pattern =
    Pattern { name: "quote", about: "Where a program stands: in its data, or in its code", cases: cases::CASES };
