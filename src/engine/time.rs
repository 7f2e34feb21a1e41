//! `std::time`, in every world.
//!
//! Without feature `model` everything here is std's. With it, an [`Instant`] is std's outside any model, and inside one
//! a point on the model's own clock: it moves when a timer fires, a wait times out or a sleep ends, never by itself.
//!
//! In a model an armed timer may fire at any point: [`channel::after`](crate::channel::after) and its relatives,
//! `recv_timeout`, `wait_timeout`, `park_timeout`. Both the timeout and the event that it races with are explored, and
//! durations imply no order. Timers that fire although something else could go on are limited in each execution
//! (`Check::firings`), and an exploration that met the limit is *bounded*. `Check::timed` keeps virtual time instead.
//! `SystemTime` is left out: it is not modelled, so a model that asks for it does not repeat itself.

pub use std::time::Duration;

pub use crate::thread::sleep;

#[cfg(not(raddle_model))]
pub use std::time::Instant;

#[cfg(raddle_model)]
pub use self::model::Instant;

#[cfg(raddle_model)]
mod model {
    use std::{
        ops::{Add, AddAssign, Sub, SubAssign},
        sync::OnceLock,
        time::Duration,
    };

    use crate::world;

    /// A point in time: [`std::time::Instant`] in every world.
    ///
    /// In a model, `now` is where the model's clock stands. Asking is no event: the clock moves only with events.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub struct Instant(std::time::Instant);

    /// Where every model begins.
    fn base() -> std::time::Instant {
        static BASE: OnceLock<std::time::Instant> = OnceLock::new();
        *BASE.get_or_init(std::time::Instant::now)
    }

    impl Instant {
        /// See [`std::time::Instant::now`].
        #[must_use]
        pub fn now() -> Instant {
            Instant(match world::current() {
                Some(ex) => base() + Duration::from_nanos(ex.now()),
                None => std::time::Instant::now(),
            })
        }

        /// Nanoseconds on a model's clock.
        pub(crate) fn nanos(self) -> u64 {
            u64::try_from(self.0.saturating_duration_since(base()).as_nanos()).unwrap_or(u64::MAX)
        }

        /// The instant at which a model's clock stands so.
        pub(crate) fn at(nanos: u64) -> Instant {
            Instant(base() + Duration::from_nanos(nanos))
        }

        pub(crate) fn std(self) -> std::time::Instant {
            self.0
        }

        pub(crate) fn from_std(std: std::time::Instant) -> Instant {
            Instant(std)
        }

        /// See [`std::time::Instant::duration_since`].
        #[must_use]
        pub fn duration_since(&self, earlier: Instant) -> Duration {
            self.0.duration_since(earlier.0)
        }

        /// See [`std::time::Instant::checked_duration_since`].
        #[must_use]
        pub fn checked_duration_since(&self, earlier: Instant) -> Option<Duration> {
            self.0.checked_duration_since(earlier.0)
        }

        /// See [`std::time::Instant::saturating_duration_since`].
        #[must_use]
        pub fn saturating_duration_since(&self, earlier: Instant) -> Duration {
            self.0.saturating_duration_since(earlier.0)
        }

        /// See [`std::time::Instant::elapsed`].
        #[must_use]
        pub fn elapsed(&self) -> Duration {
            Instant::now().duration_since(*self)
        }

        /// See [`std::time::Instant::checked_add`].
        #[must_use]
        pub fn checked_add(&self, duration: Duration) -> Option<Instant> {
            self.0.checked_add(duration).map(Instant)
        }

        /// See [`std::time::Instant::checked_sub`].
        #[must_use]
        pub fn checked_sub(&self, duration: Duration) -> Option<Instant> {
            self.0.checked_sub(duration).map(Instant)
        }
    }

    impl Add<Duration> for Instant {
        type Output = Instant;

        /// # Panics
        /// As std's, if the point in time cannot be represented.
        fn add(self, duration: Duration) -> Instant {
            Instant(self.0 + duration)
        }
    }

    impl AddAssign<Duration> for Instant {
        fn add_assign(&mut self, duration: Duration) {
            self.0 += duration;
        }
    }

    impl Sub<Duration> for Instant {
        type Output = Instant;

        fn sub(self, duration: Duration) -> Instant {
            Instant(self.0 - duration)
        }
    }

    impl SubAssign<Duration> for Instant {
        fn sub_assign(&mut self, duration: Duration) {
            self.0 -= duration;
        }
    }

    impl Sub for Instant {
        type Output = Duration;

        fn sub(self, earlier: Instant) -> Duration {
            self.0 - earlier.0
        }
    }
}
