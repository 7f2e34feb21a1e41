//! Exploring in rounds, on as many OS threads as there are workers.
//!
//! Which searches there are in a round, and how far each goes, does not depend on the workers: see [`Frontier`]. Where one
//! ends the exploration, what those after it have found does not count.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use super::{
    Session, Tally, on_execution,
    search::{Halt, Known, Stretch},
};
use crate::{
    check::{
        Error,
        dpor::{Dpor, Frontier},
        ended::Explored,
    },
    world::panics::message_of,
};

/// Where workers take searches from, and bring them back.
#[derive(Default)]
struct Desk {
    round: Mutex<Round>,
    changed: Condvar,
    /// The first search of the round that ends the exploration.
    decided: AtomicUsize,
}

#[derive(Default)]
struct Round {
    known: Known,
    /// By their places in the round.
    waiting: VecDeque<(usize, Dpor, Stretch)>,
    /// How many are under way.
    running: usize,
    back: Vec<Option<(Dpor, Tally, Halt)>>,
    /// Complete executions of those that are back.
    executions: u64,
    /// There will be no further round.
    closed: bool,
}

impl Desk {
    fn round(&self) -> MutexGuard<'_, Round> {
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, round: MutexGuard<'a, Round>) -> MutexGuard<'a, Round> {
        self.changed.wait(round).unwrap_or_else(PoisonError::into_inner)
    }

    /// The next search; none when no further round will come, or, if `stays` is false, when this one has no further.
    fn take(&self, stays: bool) -> Option<(usize, Dpor, Stretch, Known)> {
        let mut round = self.round();
        loop {
            if let Some((at, search, mut stretch)) = round.waiting.pop_front() {
                round.running += 1;
                stretch.before += round.executions;
                return Some((at, search, stretch, round.known.clone()));
            }
            if !stays || round.closed {
                return None;
            }
            round = self.wait(round);
        }
    }

    fn bring(&self, at: usize, part: (Dpor, Tally, Halt)) {
        let mut round = self.round();
        round.executions += part.1.executions;
        round.back[at] = Some(part);
        round.running -= 1;
        drop(round);
        self.changed.notify_all();
    }
}

/// Lets the workers go.
struct Closing<'a>(&'a Desk);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.round().closed = true;
        self.0.changed.notify_all();
    }
}

impl Session<'_> {
    /// Explores the model, or up to the execution with a number.
    pub(super) fn rounds(&mut self, last: Option<u64>) -> Result<Explored, Error> {
        let (plan, model) = (self.plan, self.model);
        let (most, length) = plan.rounds;
        let desk = Desk::default();
        thread::scope(|s| {
            let _closing = Closing(&desk);
            let mut workers = 1;
            let (mut frontier, mut known) = (Frontier::new(most), self.known());
            let (mut number, mut restarts) = (0, 0);
            loop {
                let searches = frontier.round();
                if searches.is_empty() {
                    return self.concluded(Halt::Over, false);
                }
                let spent = self.tally.executions + self.tally.redundant;
                let mut budget = if last.is_none() { plan.budget.saturating_sub(spent) } else { u64::MAX };
                if budget == 0 {
                    return self.concluded(Halt::Spent, false);
                }
                if last.is_none() && plan.late() {
                    return self.concluded(Halt::Late, false);
                }
                while workers < plan.workers.min(searches.len()) {
                    let name = format!("raddle worker {workers}");
                    let work = || on_execution(plan, model, |session| session.work(&desk, true));
                    // Where there are no more OS threads, those that there are do the work.
                    let _ = thread::Builder::new().name(name).spawn_scoped(s, work);
                    workers += 1;
                }
                let before = self.tally.executions;
                let first = |at: usize| length.saturating_mul(at as u64).saturating_add(number);
                let waiting = searches.into_iter().enumerate().map(|(at, (search, share))| {
                    let limit = budget.min(length);
                    budget -= limit;
                    (at, search, Stretch { limit, number: first(at), last, before, share })
                });
                let halt = self.round(&desk, &known, waiting.collect(), &mut frontier);
                // What a search has learned that does not count is not known.
                self.knows(&known);
                number = first(most);
                match halt {
                    None if plan.meter.is_some() => self.has_done(frontier.done()),
                    None => {}
                    Some(Halt::Learned(more)) => {
                        known = more;
                        self.starts_over(&mut restarts)?;
                        (frontier, number) = (Frontier::new(most), 0);
                    }
                    Some(halt) => return self.concluded(halt, last.is_some()),
                }
            }
        })
    }

    /// One round, and why the exploration does not go on after it.
    fn round(
        &mut self,
        desk: &Desk,
        known: &Known,
        waiting: VecDeque<(usize, Dpor, Stretch)>,
        frontier: &mut Frontier,
    ) -> Option<Halt> {
        desk.decided.store(usize::MAX, Relaxed);
        {
            let mut round = desk.round();
            round.known = known.clone();
            round.back = waiting.iter().map(|_| None).collect();
            round.waiting = waiting;
            round.executions = 0;
        }
        desk.changed.notify_all();
        self.work(desk, false);
        let mut round = desk.round();
        while round.running > 0 {
            round = desk.wait(round);
        }
        let mut searches = Vec::new();
        for (search, tally, halt) in round.back.drain(..).flatten() {
            self.tally = self.tally.and(tally);
            if halt.decides() {
                return Some(halt);
            }
            searches.push((search, !matches!(halt, Halt::Over)));
        }
        frontier.merge(searches.into_iter());
        None
    }

    /// Goes on with searches, as long as there are any.
    fn work(&mut self, desk: &Desk, stays: bool) {
        while let Some((at, search, stretch, known)) = desk.take(stays) {
            let dropped = || desk.decided.load(Relaxed) < at;
            let work = || self.stretch(search, &stretch, &known, dropped);
            let part = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
                let why = format!("raddle failed: {}", message_of(&*payload));
                (Dpor::default(), Tally::default(), Halt::Tool(Error::Tool(why)))
            });
            if part.2.decides() {
                desk.decided.fetch_min(at, Relaxed);
            }
            desk.bring(at, part);
        }
    }
}
