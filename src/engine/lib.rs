//! The library `raddle` without its catalogue of programs: use it as `raddle`, which re-exports all of it.

pub mod cell;
pub mod channel;
mod choice;
pub mod fs;
pub mod go;
pub mod hint;
#[cfg(raddle_model)]
pub mod host;
pub mod net;
#[cfg(any(feature = "rand", raddle_model))]
pub mod rand;
pub mod sync;
pub mod thread;
pub mod time;

#[cfg(raddle_model)]
mod check;
#[cfg(raddle_model)]
mod world;

pub use self::choice::choice;
#[cfg(raddle_model)]
#[doc(hidden)]
pub use self::world::marks::Marks;
#[cfg(raddle_model)]
pub use self::{check::*, world::World};
#[cfg(not(raddle_model))]
pub use std::thread_local;
