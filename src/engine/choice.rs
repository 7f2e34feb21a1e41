//! Choices that are explored.

/// A number below `n`. In a model every one of them is explored (loom, DFS) or drawn (the samplers): a message that may
/// be lost, a timer that may fire first, a vote that may be cast either way. Outside a model it is random.
///
/// In the loom world the whole exploration runs once for each combination of choices: keep them few.
///
/// # Panics
/// If `n` is 0.
#[cfg_attr(raddle_model, track_caller)]
pub fn choice(n: usize) -> usize {
    assert!(n > 0, "choice(0): there is nothing to choose from");
    #[cfg(raddle_model)]
    if let Some(ex) = crate::world::current() {
        return ex.choice(n, std::panic::Location::caller());
    }
    random() % n
}

/// std's only source of randomness.
pub(crate) fn random() -> usize {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(()) as usize
}
