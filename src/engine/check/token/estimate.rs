//! What samplers learn from earlier executions, and how tokens hold it.

use std::{collections::BTreeMap, sync::Arc};

use super::{Strategy, number};
use crate::world::core::mix;

/// What a sampler had learned from earlier executions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Estimated {
    Nothing,
    /// PCT: decisions in an execution.
    Steps(usize),
    /// URW, and SURW where nothing is selected: scheduling points of each thread.
    Points(Arc<Estimate>),
    /// SURW: where the objects that are selected are made, and how often each thread uses them.
    Selected {
        place: u32,
        uses: Arc<Estimate>,
    },
}

impl Estimated {
    pub(super) fn write(&self) -> Vec<String> {
        match self {
            Estimated::Nothing => Vec::new(),
            Estimated::Steps(steps) => vec![format!("k={steps}")],
            Estimated::Points(points) => vec![format!("e={}", points.write())],
            Estimated::Selected { place, uses } => vec![format!("d={place:x}"), format!("e={}", uses.write())],
        }
    }

    pub(super) fn read(strategy: Strategy, fields: &mut BTreeMap<&str, &str>) -> Result<Estimated, String> {
        let place = match strategy {
            Strategy::Surw => fields.remove("d"),
            _ => None,
        };
        let estimate = match (strategy, place) {
            (Strategy::Random | Strategy::Pos, _) => Estimated::Nothing,
            (Strategy::Pct { .. }, _) => Estimated::Steps(number(fields.remove("k").ok_or("k is missing")?, 10)?),
            (Strategy::Urw | Strategy::Surw, place) => {
                let threads = Estimate::read(fields.remove("e").ok_or("e is missing")?)?;
                match place {
                    None => Estimated::points(threads),
                    Some(place) => Estimated::selected(number(place, 16)?, threads),
                }
            }
            _ => return Err(format!("{strategy} has no seed")),
        };
        match estimate {
            Estimated::Steps(steps) if steps > 10_000_000 => Err("k is more than ten million".to_owned()),
            estimate => Ok(estimate),
        }
    }

    /// The scheduling points of each thread, and its parent: one thread after another, as they were spawned.
    pub(crate) fn points(threads: Vec<(usize, u32)>) -> Estimated {
        // Every thread has somewhere to begin.
        Estimated::Points(Arc::new(Estimate::new(threads, 1)))
    }

    /// The same of the steps that use what is made at a place.
    pub(crate) fn selected(place: u32, threads: Vec<(usize, u32)>) -> Estimated {
        Estimated::Selected { place, uses: Arc::new(Estimate::new(threads, 0)) }
    }
}

/// Steps of each thread, by its place in the spawn tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Estimate {
    /// For each thread of the trial, in the order of spawning: its parent, and its own steps.
    threads: Vec<(usize, u32)>,
    /// The steps of each thread and of all that it spawns, by path.
    subtrees: BTreeMap<u64, u64>,
    least: u64,
}

impl Estimate {
    /// A thread counts as having at least so many steps.
    fn new(threads: Vec<(usize, u32)>, at_least: u64) -> Estimate {
        let mut paths: Vec<u64> = Vec::new();
        let mut children = vec![0_u64; threads.len()];
        let mut totals: Vec<u64> = threads.iter().map(|&(_, steps)| u64::from(steps).max(at_least)).collect();
        for (id, &(parent, _)) in threads.iter().enumerate() {
            if id == 0 {
                paths.push(0);
            } else {
                children[parent] += 1;
                paths.push(mix(paths[parent], children[parent]));
            }
        }
        for id in (1..threads.len()).rev() {
            totals[threads[id].0] += totals[id];
        }
        let least = totals.iter().copied().min().unwrap_or(1);
        Estimate { threads, subtrees: paths.into_iter().zip(totals).collect(), least }
    }

    #[cfg_attr(not(raddle_shuttle), expect(dead_code, reason = "the samplers' estimate"))]
    pub(crate) fn subtree(&self, path: u64) -> u64 {
        self.subtrees.get(&path).copied().unwrap_or(self.least)
    }

    /// Equal neighbours are counted: `0.5+0.3x10`.
    fn write(&self) -> String {
        let mut runs: Vec<((usize, u32), usize)> = Vec::new();
        for &thread in &self.threads {
            match runs.last_mut() {
                Some((last, count)) if *last == thread => *count += 1,
                _ => runs.push((thread, 1)),
            }
        }
        let shown = runs.iter().map(|&((parent, steps), count)| match count {
            1 => format!("{parent}.{steps}"),
            _ => format!("{parent}.{steps}x{count}"),
        });
        shown.collect::<Vec<_>>().join("+")
    }

    fn read(text: &str) -> Result<Vec<(usize, u32)>, String> {
        let mut threads = Vec::new();
        for run in text.split('+') {
            let (thread, count) =
                run.split_once('x').map_or((run, Ok(1)), |(thread, count)| (thread, number(count, 10)));
            let (parent, steps) = thread.split_once('.').ok_or_else(|| format!("{run:?} has no '.'"))?;
            let (parent, steps) = (number(parent, 10)?, number(steps, 10)?);
            let count: u32 = count?;
            if count > 1_000_000 || threads.len() > 1_000_000 {
                return Err("more than a million threads".to_owned());
            }
            for _ in 0..count {
                if parent != 0 && parent >= threads.len() {
                    return Err(format!("thread {} is its own ancestor", threads.len()));
                }
                threads.push((parent, steps));
            }
        }
        Ok(threads)
    }
}
