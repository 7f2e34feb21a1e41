//! Go's timers, as of Go 1.23: what has fired and was not received is gone once the timer is stopped or set again.

use std::{fmt, time::Duration};

use super::{
    chan::{Chan, Inner},
    go,
};
use crate::time::Instant;

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
        #[cfg(raddle_model)]
        if let Some(ex) = crate::world::current() {
            let timer = crate::world::channel::Timer { due: ex.later(d), period: None };
            let created = std::panic::Location::caller();
            let channel = crate::channel::store::Channel::bare_timer(ex, timer, Instant::at, created);
            return Timer { c: Chan(Inner::Model(channel)) };
        }
        #[cfg(raddle_model)]
        let tick = Instant::from_std;
        #[cfg(not(raddle_model))]
        let tick = |due| due;
        Timer { c: Chan::real(0, std::time::Instant::now().checked_add(d), Some(tick)) }
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
        match &self.c.0 {
            Inner::Nil => false,
            Inner::Real(channel) => channel.arm(d.and_then(|d| std::time::Instant::now().checked_add(d))),
            #[cfg(raddle_model)]
            Inner::Model(channel) => {
                let due = d.and_then(|d| crate::world::current().and_then(|ex| ex.later(d)));
                channel.rearm(due, std::panic::Location::caller())
            }
        }
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
