//! How far an exploration came, and how long it took.

use std::{fmt, str::FromStr, time::Duration};

use crate::measure::Turn;

/// How far an exploration came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    pub executions: u64,
    /// Of them, those that count for nothing: blocked in TraceForge, redundant in `dpor`.
    pub blocked: u64,
    /// Nothing is left.
    pub exhausted: bool,
}

impl Reached {
    pub fn all(executions: u64) -> Reached {
        Reached { executions, blocked: 0, exhausted: true }
    }
}

/// How far, and in how much processor time.
pub struct Measured {
    pub reached: Reached,
    pub seconds: f64,
}

/// What short explorations are repeated for.
const TURN: Duration = Duration::from_millis(100);

/// Explores once; if that is short, as often as fits into a turn, so that the clock's grain does not show.
pub fn measure(mut explore: impl FnMut() -> Reached) -> Measured {
    let mut reached = None;
    let mut first = Turn::of(|| reached.insert(explore()).executions);
    let reached = reached.expect("it has been explored");
    let times = (TURN.as_secs_f64() / first.time.as_secs_f64()) as u64;
    if times > 1 {
        first = Turn::of(|| (0..times).map(|_| explore().executions).sum());
    }
    Measured { reached, seconds: first.time.as_secs_f64() / times.max(1) as f64 }
}

/// As one line, from one process to another.
impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reached { executions, blocked, exhausted } = self.reached;
        write!(f, "{executions} {blocked} {exhausted} {}", self.seconds)
    }
}

impl FromStr for Measured {
    type Err = ();

    fn from_str(line: &str) -> Result<Measured, ()> {
        let mut words = line.split(' ');
        let mut word = || words.next().ok_or(());
        Ok(Measured {
            reached: Reached {
                executions: word()?.parse().or(Err(()))?,
                blocked: word()?.parse().or(Err(()))?,
                exhausted: word()?.parse().or(Err(()))?,
            },
            seconds: word()?.parse().or(Err(()))?,
        })
    }
}
