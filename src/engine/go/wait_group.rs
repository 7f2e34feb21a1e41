//! `sync.WaitGroup`.

use std::{
    fmt,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

#[cfg(raddle_model)]
use crate::world::{
    self, Here,
    binding::Binding,
    event::{Kind, ObjectKind},
    real,
};

/// Waits until a counter is 0: Go's `sync.WaitGroup`.
///
/// In a model `add`, `done` and `wait` are one event each, and one more where `wait` had to wait. Go's detector of an
/// `add` from 0 that comes while a `wait` begins (WG3) has no counterpart: each order of the two is explored instead.
pub struct WaitGroup {
    #[cfg(raddle_model)]
    binding: Binding,
    real: Mutex<State>,
    zero: Condvar,
}

/// The counter, and how often it has come to 0 with somebody waiting.
#[derive(Default)]
struct State {
    count: i64,
    waiters: usize,
    rounds: u64,
}

const NEGATIVE: &str = "sync: negative WaitGroup counter";
const REUSED: &str = "sync: WaitGroup is reused before previous Wait has returned";

impl WaitGroup {
    /// A counter at 0.
    #[cfg_attr(raddle_model, track_caller)]
    pub const fn new() -> WaitGroup {
        WaitGroup {
            #[cfg(raddle_model)]
            binding: Binding::new(),
            real: Mutex::new(State { count: 0, waiters: 0, rounds: 0 }),
            zero: Condvar::new(),
        }
    }

    /// `wg.Add(delta)`.
    ///
    /// # Panics
    /// If the counter becomes negative (WG2).
    #[cfg_attr(raddle_model, track_caller)]
    pub fn add(&self, delta: i64) {
        #[cfg(raddle_model)]
        match world::here() {
            Here::Model(ex) => {
                let right = ex.count(ex.group(&self.binding), delta, std::panic::Location::caller());
                assert!(right, "{NEGATIVE}");
                return;
            }
            Here::Run => {}
            Here::Outside => self.binding.std(ObjectKind::WaitGroup),
        }
        let mut state = self.lock();
        state.count += delta;
        assert!(state.count >= 0, "{NEGATIVE}");
        if state.count == 0 && state.waiters > 0 {
            state.waiters = 0;
            state.rounds += 1;
            drop(state);
            self.zero.notify_all();
            #[cfg(raddle_model)]
            if let Here::Run = world::here() {
                real::wake(&self.binding, ObjectKind::WaitGroup);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.real.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `wg.Done()`: `add(-1)`.
    ///
    /// # Panics
    /// If the counter becomes negative.
    #[cfg_attr(raddle_model, track_caller)]
    pub fn done(&self) {
        self.add(-1);
    }

    /// `wg.Wait()`: returns when the counter is, or has come to, 0 (WG1, WG6).
    ///
    /// # Panics
    /// If the counter was used again before this has returned (WG4).
    #[cfg_attr(raddle_model, track_caller)]
    pub fn wait(&self) {
        #[cfg(raddle_model)]
        match world::here() {
            Here::Model(ex) => {
                let right = ex.await_zero(ex.group(&self.binding), std::panic::Location::caller());
                assert!(right, "{REUSED}");
                return;
            }
            Here::Run => {}
            Here::Outside => self.binding.std(ObjectKind::WaitGroup),
        }
        let round = {
            let mut state = self.lock();
            if state.count == 0 {
                return;
            }
            state.waiters += 1;
            state.rounds
        };
        let wait = || {
            let waits = |state: &mut State| state.rounds == round;
            drop(self.zero.wait_while(self.lock(), waits).unwrap_or_else(PoisonError::into_inner));
        };
        #[cfg(raddle_model)]
        if let Here::Run = world::here() {
            let op = (ObjectKind::WaitGroup, Kind::Wait);
            let zero = || (self.lock().rounds != round).then_some(());
            real::block(&self.binding, op, std::panic::Location::caller(), zero, wait);
        } else {
            wait();
        }
        #[cfg(not(raddle_model))]
        wait();
        let state = self.lock();
        assert!(state.count == 0 && state.waiters == 0, "{REUSED}");
    }
}

impl Default for WaitGroup {
    #[cfg_attr(raddle_model, track_caller)]
    fn default() -> WaitGroup {
        WaitGroup::new()
    }
}

impl fmt::Debug for WaitGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("WaitGroup { .. }")
    }
}
