//! The class of an execution, for tests that count classes; and what dpor is made to overlook, for tests of those.
//!
//! Two executions are of one class if each thread takes the same steps in both, and chooses the same, and of every two
//! steps that are [dependent](super::footprint) the same one comes first. That is found here from the footprints of what
//! the steps came to, two by two: no clocks, and nothing of what the search keeps. That a step is the last one, because the
//! execution fails, needs no mention: what it kept from coming is not there.

use std::collections::BTreeSet;

use super::{
    core::Core,
    event::{Kind, Value},
    footprint::{Access, Footprint},
};

/// What has been taken down in an execution.
#[derive(Default)]
pub(crate) struct Noted {
    steps: Vec<Step>,
    /// Who chose what.
    choices: Vec<(usize, usize)>,
}

struct Step {
    thread: usize,
    kind: Kind,
    footprint: Footprint,
    /// Events that were recorded before it.
    since: usize,
}

/// A step: its thread, and which of its steps it is.
type Place = (usize, usize);

/// What executions of one class have in common, and no others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class {
    /// By thread: its steps, and its choices.
    steps: Vec<(Vec<&'static str>, Vec<usize>)>,
    /// Dependent steps of different threads, the earlier one first.
    before: BTreeSet<(Place, Place)>,
}

/// What dpor overlooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakening {
    /// That steps of this kind depend on others, and others on them.
    Commutes(Kind),
    /// That they wake whoever sleeps.
    WakesNobody(Kind),
    /// All but the first of what a thread could choose in such a step.
    ChoosesFirst(Kind),
    /// What steps touch at places of this kind.
    Forgets(&'static str),
    /// That an access of a cell is not ordered with another.
    Overlooks(Kind),
}

impl Class {
    /// The names of what its steps do.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.steps.iter().flat_map(|(kinds, _)| kinds.iter().copied())
    }
}

impl Weakening {
    /// What is left of what a step of this kind touches.
    pub(crate) fn weaken(self, kind: Kind, touched: &mut Footprint) {
        match self {
            Weakening::Commutes(weak) if weak == kind => touched.places.clear(),
            Weakening::Forgets(name) => touched.places.retain(|(place, _)| place.name() != name),
            _ => {}
        }
    }
}

impl Core {
    /// The thread takes its pending step.
    pub(crate) fn note_step(&mut self, thread: usize) {
        if self.noted.is_some() {
            let (kind, footprint, since) = (self.threads[thread].op.kind, self.footprint(thread), self.events.len());
            self.noted.iter_mut().for_each(|noted| {
                noted.steps.push(Step { thread, kind, footprint: footprint.clone(), since });
            });
        }
    }

    pub(crate) fn note_choice(&mut self, thread: usize, chosen: usize) {
        self.noted.iter_mut().for_each(|noted| noted.choices.push((thread, chosen)));
    }

    pub(crate) fn chooses_first(&self, thread: usize) -> bool {
        self.settings.weakening == Some(Weakening::ChoosesFirst(self.threads[thread].op.kind))
    }

    pub(crate) fn overlooks(&self, kind: Kind) -> bool {
        self.settings.weakening == Some(Weakening::Overlooks(kind))
    }

    pub(crate) fn wakes_nobody(&self, kind: Kind) -> bool {
        self.settings.weakening == Some(Weakening::WakesNobody(kind))
    }

    /// The class of the execution that has ended, if it was noted.
    pub(crate) fn class(&self) -> Option<Class> {
        let Noted { steps, choices } = self.noted.as_ref()?;
        let mut by_thread = vec![(Vec::new(), Vec::new()); self.threads.len()];
        let mut came_to: Vec<(Place, Footprint)> = Vec::new();
        let mut before = BTreeSet::new();
        for (at, step) in steps.iter().enumerate() {
            let kinds: &mut Vec<&'static str> = &mut by_thread[step.thread].0;
            let place = (step.thread, kinds.len());
            kinds.push(step.kind.name());
            let footprint = self.came_to(step, &steps[at + 1..]);
            let earlier =
                came_to.iter().filter(|((thread, _), theirs)| *thread != step.thread && footprint.depends_on(theirs));
            before.extend(earlier.map(|(earlier, _)| (*earlier, place)));
            came_to.push((place, footprint));
        }
        choices.iter().for_each(|(thread, chosen)| by_thread[*thread].1.push(*chosen));
        Some(Class { steps: by_thread, before })
    }

    /// What the step came to may be less than what it might have been: what was compared and not exchanged, or tried and
    /// not locked, has only been read. Not so a write lock, which readers may have kept: it does not commute with them.
    fn came_to(&self, step: &Step, later: &[Step]) -> Footprint {
        let mut footprint = step.footprint.clone();
        let next = later.iter().find(|later| later.thread == step.thread);
        let events = &self.events[step.since.min(self.events.len())..];
        let events =
            &events[..next.map_or(events.len(), |next| next.since.saturating_sub(step.since)).min(events.len())];
        let own = events.iter().find(|event| event.thread as usize == step.thread);
        let tried = matches!(step.kind, Kind::TryLock | Kind::TryRead);
        if own.is_some_and(|own| own.kind == Kind::CompareFailed || (tried && own.value == Value::Done(false))) {
            footprint.places.iter_mut().for_each(|(_, access)| *access = Access::Reads);
        }
        footprint
    }
}
