//! `leak`: goroutines that wait for something that will not come, while main goes on.
//!
//! Two programs. What an input means to each:
//!
//! - `dump`: `work` has a number for each goroutine; which one does not matter.
//! - `same-values`: `work` has the values of a tree, in order, of which half are on each side of the root; `goal` says at
//!   which of them the other tree differs. If there are fewer, it has the same values, in another shape.
//!
//! Source: Russ Cox, guest lecture of MIT 6.824 on concurrency patterns in Go, the goroutine leak and its dump; his "Coroutines for Go", the two tree
//! walkers.

pub mod dump;
pub mod dump_told;
pub mod same_values;
pub mod same_values_told;

mod cases;

use super::{Input, Pattern};
use crate::sync::Arc;

/// Goroutines are started.
pub trait Start {
    /// Starts so many.
    fn run(goroutines: usize);
}

/// The property: nobody is left behind.
pub fn start<P: Start>(input: &Input) {
    P::run(input.work.len());
}

/// A binary tree.
#[derive(Debug)]
pub enum Tree {
    /// Nothing.
    Leaf,
    /// What comes before the value, the value, and what comes after it.
    Node(Box<Tree>, usize, Box<Tree>),
}

impl Tree {
    /// A tree with these values, in order. Half of them are on each side of the root.
    pub fn balanced(values: &[usize]) -> Tree {
        let (left, rest) = values.split_at(values.len() / 2);
        match rest {
            [] => Tree::Leaf,
            [value, right @ ..] => Tree::Node(Box::new(Tree::balanced(left)), *value, Box::new(Tree::balanced(right))),
        }
    }

    /// A tree with these values, in order. All but the first are on one side of the root.
    pub fn leaning(values: &[usize]) -> Tree {
        match values {
            [] => Tree::Leaf,
            [value, right @ ..] => Tree::Node(Box::new(Tree::Leaf), *value, Box::new(Tree::leaning(right))),
        }
    }
}

/// Compares trees by their values, which a goroutine for each tree sends, one after the other.
pub trait Same {
    /// Whether both trees have the same values in the same order, whatever their shapes.
    fn same_values(one: &Arc<Tree>, other: &Arc<Tree>) -> bool;
}

/// The property: the answer is right, and nobody is left behind.
pub fn compare<P: Same>(input: &Input) {
    let mut values = input.work.to_vec();
    let one = Arc::new(Tree::balanced(&values));
    let differs = values.get_mut(input.goal).map(|value| *value += 1).is_some();
    let other = Arc::new(Tree::leaning(&values));
    let same = P::same_values(&one, &other);
    assert!(same != differs, "the same values: {same}; and one differs: {differs}");
}

/// The pattern.
pub const PATTERN: Pattern =
    Pattern { name: "leak", about: "Whoever starts a goroutine must know how it ends", cases: cases::CASES };
