//! Random numbers, in every world: [rand](https://docs.rs/rand/0.8), whose [`thread_rng`] and [`random`] follow the
//! model's schedule.
//!
//! In a model whose schedules are sampled, numbers come from the schedule's seed, so a token repeats them. Where
//! schedules are explored (loom, depth-first search), every number would have to be tried: that is an error which points
//! to [`choice`](crate::choice()). Outside any model, and without feature `model`, these are rand's own.
//!
//! Feature `rand` (`model` has it too).

pub use ::rand::{CryptoRng, Error, Fill, Rng, RngCore, SeedableRng, distributions, prelude, rngs, seq};

#[cfg(not(raddle_model))]
pub use ::rand::{random, thread_rng};

#[cfg(raddle_model)]
pub use self::model::{ThreadRng, random, thread_rng};

#[cfg(raddle_model)]
mod model {
    use rand::{
        Error, Rng, RngCore,
        distributions::{Distribution, Standard},
    };

    use crate::world;

    /// The running thread's source of random numbers: [`rand::rngs::ThreadRng`] in every world.
    #[derive(Clone, Debug)]
    pub struct ThreadRng(());

    /// See [`rand::thread_rng`].
    pub fn thread_rng() -> ThreadRng {
        ThreadRng(())
    }

    /// See [`rand::random`].
    pub fn random<T>() -> T
    where
        Standard: Distribution<T>,
    {
        thread_rng().r#gen()
    }

    impl RngCore for ThreadRng {
        fn next_u32(&mut self) -> u32 {
            self.next_u64() as u32
        }

        fn next_u64(&mut self) -> u64 {
            match world::current() {
                Some(ex) => ex.random(),
                None => rand::thread_rng().next_u64(),
            }
        }

        fn fill_bytes(&mut self, dest: &mut [u8]) {
            for chunk in dest.chunks_mut(8) {
                let bytes = self.next_u64().to_le_bytes();
                chunk.copy_from_slice(&bytes[..chunk.len()]);
            }
        }

        fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
            self.fill_bytes(dest);
            Ok(())
        }
    }
}
