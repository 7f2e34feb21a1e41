//! `std::hint`, in every world.

// In a model `spin_loop` is the one below.
pub use std::hint::*;

/// Says that the thread busy-waits. See [`std::hint::spin_loop`].
///
/// In a model this is a scheduling point, and ends a round of a loop: a thread that has changed nothing in its round
/// waits until something that it has read changes.
#[cfg(raddle_model)]
#[track_caller]
pub fn spin_loop() {
    use crate::world::{self, Here, event::Kind, real};
    match world::here() {
        Here::Model(ex) => ex.pause(Kind::SpinLoop, std::panic::Location::caller()),
        Here::Run => {
            std::hint::spin_loop();
            real::paused();
        }
        Here::Outside => std::hint::spin_loop(),
    }
}
