//! Deterministic concurrency model checking: one source, every world.
//!
//! Write a concurrent program once against [`sync`], [`thread`] and [`cell`]. It then runs for real on std, is explored
//! exhaustively by [loom](https://docs.rs/loom), and is scheduled by [shuttle](https://docs.rs/shuttle), all in one
//! `cargo test`. A failure is a short table of what happened and one line that replays it.
//!
//! Read in this order:
//!
//! 1. [`check()`](check()) takes a closure and explores it: the one line that a test needs. [`Check`] is the same with
//!    choices.
//! 2. [`sync`], [`thread`], [`cell`], [`hint`]: std's API. Without feature `model` they are std's own types.
//! 3. [`choice()`](choice()): nondeterminism that is explored.
//! 4. [`net`], [`fs`]: std's API, and in models a network and disks; `host`: processes that crash, and what else may go wrong.
//! 5. [`rpc`]: calls, and what becomes of them when messages are lost (feature `rpc`).
//! 6. [`history`]: is what several threads were told by one object linearizable (feature `history`)? `check_linearizable`
//!    makes up what they do.
//! 7. [`patterns`]: the catalogue of lecture programs, broken and fixed (feature `catalogue`).
//!
//! # Features
//!
//! None by default. `model` compiles the checker and both engines; `rpc` adds calls over TCP, which need no model; `history`
//! adds histories; `catalogue` implies all three, and adds the patterns. Put `raddle` under `[dependencies]`, and again with
//! `features = ["model"]` under `[dev-dependencies]`.
//! `RUSTFLAGS="--cfg loom"` and `RUSTFLAGS="--cfg shuttle"` narrow a build to one world.

#[cfg(feature = "history")]
pub mod history;
#[cfg(all(raddle_model, feature = "catalogue"))]
pub mod patterns;
#[cfg(feature = "rpc")]
pub mod rpc;
#[cfg(all(raddle_model, feature = "catalogue"))]
pub mod worlds;

// The engine is a package of its own, so that it is optimised in debug builds too, and is not compiled anew with each
// pattern.
#[doc(inline)]
pub use raddle_engine::*;

#[cfg(all(raddle_model, feature = "history"))]
pub use self::history::check_linearizable;
