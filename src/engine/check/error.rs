//! What can go wrong with a check itself. None of these is a find.

use thiserror::Error;

use crate::world::World;

/// A check that could not be done. The program under test has neither passed nor failed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A primitive was used where it cannot be, or an engine gave up.
    #[error("{0}")]
    Tool(String),
    /// The model is too large for its world: for loom, more than five threads.
    #[error("{0}")]
    TooLarge(String),
    /// This build does not have the world.
    #[error(
        "this build does not compile the {world} world{}",
        if cfg!(any(loom, shuttle)) { ": it is narrowed by --cfg; build without" } else { "" }
    )]
    NoSuchWorld {
        /// The world asked for.
        world: World,
    },
    /// An argument makes no sense.
    #[error("{0}")]
    Argument(String),
    /// A model was started inside a model.
    #[error("check {0:?} was started inside another model: a model cannot run models")]
    Nested(String),
    /// A token could not be replayed.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// What is wrong with a token.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenError {
    /// It is not a token at all.
    #[error("not a token: it must begin with {expected:?}. Copy the whole line from the report")]
    NotAToken {
        /// How tokens begin.
        expected: &'static str,
    },
    /// It is cut off, or has too much.
    #[error("the token has {found} parts, and should have {expected}: it was cut off, or something was added")]
    Parts {
        /// Parts that were found.
        found: usize,
        /// Parts that a token has.
        expected: usize,
    },
    /// Some of its characters have changed.
    #[error("the token's checksum is {found}, and should be {expected}: some of it has changed. Copy it again")]
    Checksum {
        /// The checksum in the token.
        found: String,
        /// The checksum of the rest.
        expected: String,
    },
    /// A part of it cannot be read.
    #[error("the token's {part} cannot be read: {why}")]
    Malformed {
        /// Which part.
        part: &'static str,
        /// Why.
        why: String,
    },
    /// It was made by other versions.
    #[error(
        "the token belongs to {found}, and this is {expected}: a schedule belongs to the versions it was found with"
    )]
    Outdated {
        /// The versions in the token.
        found: String,
        /// The versions here.
        expected: String,
    },
    /// It belongs to another case.
    #[error("the token belongs to case {found:?}, not to {expected:?}")]
    OtherCase {
        /// The case in the token.
        found: String,
        /// The case at hand.
        expected: String,
    },
    /// The model no longer follows its schedule.
    #[error("the model does not follow the token's schedule ({0}): the code has changed since the token was made")]
    DoesNotFit(String),
}
