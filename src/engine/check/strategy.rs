//! The strategies, by name.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::world::World;

/// How executions are chosen in a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[non_exhaustive]
pub enum Strategy {
    /// loom: every execution, as far as loom's reduction tells them apart; past the budget, those with at most two
    /// preemptions.
    Exhaustive,
    /// loom: every execution with at most so many preemptions.
    Preemptions(usize),
    /// shuttle: any enabled thread at each step.
    Random,
    /// shuttle: random priorities, changed `depth - 1` times (PCT).
    Pct {
        /// The number of ordering constraints of the bugs that it is sure to find with some probability.
        depth: usize,
    },
    /// shuttle: a random walk that makes every interleaving about as likely (URW).
    Urw,
    /// shuttle: a random walk that makes every order of the selected steps about as likely, and leaves it to chance how many
    /// others come between (SURW, Zhao et al., ASPLOS 2025). What is selected is drawn for each schedule: the steps that
    /// use what is made at one place in the source. A trial execution, which is not counted, tells what there is: objects
    /// that two threads use at least, and not only read. Those that are used more often are drawn more often. If there
    /// are none, schedules are drawn as by [`Urw`](Strategy::Urw).
    Surw,
    /// shuttle: a random priority for each step, drawn anew after a step that it depends on (POS).
    Pos,
    /// shuttle: every schedule and every choice, depth first, without reduction.
    Dfs,
    /// shuttle: every schedule and every choice, as far as the steps of one do not commute with those of another: dynamic
    /// partial-order reduction.
    Dpor,
    /// std: run it again and again on real threads. Goes on after a failure, to count them. A run whose threads all wait
    /// for each other is a failure like any other; one that does not end for another reason ends the check, if it is
    /// isolated, and hangs it if not.
    Stress,
}

impl Strategy {
    /// The strategies that a world is checked with unless one is chosen.
    pub fn defaults(world: World) -> &'static [Strategy] {
        match world {
            World::Std => &[Strategy::Stress],
            World::Loom => &[Strategy::Exhaustive],
            World::Shuttle => &[Strategy::Random, Strategy::Pct { depth: 3 }, Strategy::Urw, Strategy::Dpor],
        }
    }

    /// Whether it draws schedules, from a seed.
    pub fn samples(self) -> bool {
        match self {
            Strategy::Random | Strategy::Pct { .. } | Strategy::Urw | Strategy::Surw | Strategy::Pos => true,
            Strategy::Exhaustive | Strategy::Preemptions(_) | Strategy::Dfs | Strategy::Dpor | Strategy::Stress => {
                false
            }
        }
    }

    /// The world that it belongs to.
    pub fn world(self) -> World {
        match self {
            Strategy::Exhaustive | Strategy::Preemptions(_) => World::Loom,
            Strategy::Random | Strategy::Pct { .. } | Strategy::Urw => World::Shuttle,
            Strategy::Surw | Strategy::Pos | Strategy::Dfs | Strategy::Dpor => World::Shuttle,
            Strategy::Stress => World::Std,
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Strategy::Exhaustive => f.pad("exhaustive"),
            Strategy::Preemptions(bound) => f.pad(&format!("preemptions-{bound}")),
            Strategy::Random => f.pad("random"),
            Strategy::Pct { depth } => f.pad(&format!("pct-{depth}")),
            Strategy::Urw => f.pad("urw"),
            Strategy::Surw => f.pad("surw"),
            Strategy::Pos => f.pad("pos"),
            Strategy::Dfs => f.pad("dfs"),
            Strategy::Dpor => f.pad("dpor"),
            Strategy::Stress => f.pad("stress"),
        }
    }
}

impl From<Strategy> for String {
    fn from(strategy: Strategy) -> String {
        strategy.to_string()
    }
}

impl TryFrom<String> for Strategy {
    type Error = String;

    fn try_from(text: String) -> Result<Strategy, String> {
        text.parse()
    }
}

impl FromStr for Strategy {
    type Err = String;

    fn from_str(text: &str) -> Result<Strategy, String> {
        let (name, n) = text.split_once('-').map_or((text, None), |(name, n)| (name, Some(n)));
        let n = n.map(|n| n.parse::<usize>().map_err(|why| format!("strategy {text:?}: {why}"))).transpose()?;
        match (name, n) {
            ("exhaustive", None) => Ok(Strategy::Exhaustive),
            ("preemptions", Some(bound @ ..=255)) => Ok(Strategy::Preemptions(bound)),
            ("random", None) => Ok(Strategy::Random),
            ("pct", None) => Ok(Strategy::Pct { depth: 3 }),
            ("pct", Some(depth @ 1..=1000)) => Ok(Strategy::Pct { depth }),
            ("urw", None) => Ok(Strategy::Urw),
            ("surw", None) => Ok(Strategy::Surw),
            ("pos", None) => Ok(Strategy::Pos),
            ("dfs", None) => Ok(Strategy::Dfs),
            ("dpor", None) => Ok(Strategy::Dpor),
            ("stress", None) => Ok(Strategy::Stress),
            _ => Err(format!(
                "no strategy is called {text:?}: loom has exhaustive and preemptions-N, shuttle has random, pct-DEPTH, \
                 urw, surw, pos, dfs and dpor, std has stress"
            )),
        }
    }
}
