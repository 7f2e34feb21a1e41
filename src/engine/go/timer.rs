//! Go's timers, as of Go 1.23: what has fired and was not received is gone once the timer is stopped or set again.

use std::{fmt, time::Duration};

use super::{Chan, go};
use crate::{channel::terms::later, time::Instant};

/// `time.Timer`: delivers the time on its channel, once, when it is due.
///
/// In a model it may fire at any point: see [`time`](crate::time).
#[derive(Clone)]
pub struct Timer {
    /// The channel, `t.C`.
    pub c: Chan<Instant>,
}

impl Timer {
    /// `time.NewTimer(d)`.
    #[cfg_attr(raddle_model, track_caller)]
    pub fn new(d: Duration) -> Timer {
        Timer { c: Chan::timer(later(d), |due| due) }
    }

    /// `t.Stop()`: true if that has kept a value from being received (TI2).
    #[cfg_attr(raddle_model, track_caller)]
    pub fn stop(&self) -> bool {
        self.arm(None)
    }

    /// `t.Reset(d)`: due again after so long. True if the timer was active (TI3).
    #[cfg_attr(raddle_model, track_caller)]
    pub fn reset(&self, d: Duration) -> bool {
        self.arm(Some(d))
    }

    #[cfg_attr(raddle_model, track_caller)]
    fn arm(&self, d: Option<Duration>) -> bool {
        let location = std::panic::Location::caller();
        self.c.inner().is_some_and(|channel| channel.rearm(d.and_then(later), location))
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Timer { .. }")
    }
}

/// `time.After(d)`: the channel of a new timer.
#[cfg_attr(raddle_model, track_caller)]
pub fn after(d: Duration) -> Chan<Instant> {
    Timer::new(d).c
}

/// `time.AfterFunc(d, f)`: runs `f` in a goroutine of its own when the time is over, unless the timer, whose channel is
/// nil to the caller, is stopped first: then [`Stopper::stop`] is true. Stopping does not wait for `f` (TI5).
#[cfg_attr(raddle_model, track_caller)]
pub fn after_func(d: Duration, f: impl FnOnce() + Send + 'static) -> Stopper {
    let (timer, stopped) = (Timer::new(d), Chan::new(0));
    let stopper = Stopper { timer: timer.clone(), stopped: stopped.clone() };
    go(move || {
        let fired = super::select! {
            recv(timer.c) -> _ => true,
            recv(stopped) -> _ => false,
        };
        if fired {
            f();
        }
    });
    stopper
}

/// Stops what [`after_func`] has set up.
#[derive(Clone, Debug)]
pub struct Stopper {
    timer: Timer,
    stopped: Chan<()>,
}

impl Stopper {
    /// True if that has kept the function from being run.
    #[cfg_attr(raddle_model, track_caller)]
    pub fn stop(&self) -> bool {
        let kept = self.timer.stop();
        if kept {
            self.stopped.close();
        }
        kept
    }
}
