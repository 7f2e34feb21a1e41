//! Measuring two things against each other.

use std::time::Duration;

/// How long, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Rounds, of which the median counts.
    pub rounds: usize,
    /// What one turn of one side should take at least.
    pub turn: Duration,
}

/// What one turn did: so much work, in so much processor time.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Executions.
    pub executions: u64,
    /// Processor time of the whole process, which does nothing else meanwhile.
    pub time: Duration,
}

impl Turn {
    /// Times `work`, which returns how many executions it ran.
    pub fn of(work: impl FnOnce() -> u64) -> Turn {
        let start = processor_time();
        let executions = work();
        Turn { executions, time: processor_time() - start }
    }

    fn seconds_per_execution(self) -> f64 {
        self.time.as_secs_f64() / self.executions as f64
    }
}

/// Two sides, measured.
#[derive(Clone, Copy, Debug)]
pub struct Comparison {
    /// Median time of an execution of the first, in seconds.
    pub raw: f64,
    /// Of the second.
    pub shims: f64,
    /// The median of the ratios of each round: the second's time by the first's.
    pub ratio: f64,
    /// The smallest and the largest of these.
    pub spread: (f64, f64),
}

/// Measures two sides turn by turn: A B A B. Each side is given a number, which makes it work longer in proportion.
pub fn compare(effort: Effort, raw: impl Fn(u64) -> u64, shims: impl Fn(u64) -> u64) -> Comparison {
    let (raw_size, shims_size) = (size(effort.turn, &raw), size(effort.turn, &shims));
    let rounds: Vec<(f64, f64)> = (0..effort.rounds)
        .map(|_| {
            let raw = Turn::of(|| raw(raw_size)).seconds_per_execution();
            let shims = Turn::of(|| shims(shims_size)).seconds_per_execution();
            (raw, shims)
        })
        .collect();
    let ratios: Vec<f64> = rounds.iter().map(|(raw, shims)| shims / raw).collect();
    Comparison {
        raw: median(rounds.iter().map(|round| round.0)),
        shims: median(rounds.iter().map(|round| round.1)),
        ratio: median(ratios.iter().copied()),
        spread: ratios.iter().fold((f64::INFINITY, 0.0), |(least, most), &r| (f64::min(least, r), f64::max(most, r))),
    }
}

/// A number with which a turn takes long enough. What is tried on the way warms up.
fn size(turn: Duration, work: &impl Fn(u64) -> u64) -> u64 {
    let mut size = 1;
    loop {
        let took = Turn::of(|| work(size)).time;
        if took >= turn / 2 {
            return (size as f64 * turn.as_secs_f64() / took.as_secs_f64()).ceil() as u64;
        }
        size *= 2;
    }
}

/// The middle one, or the mean of both that are.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

/// The processor time that this process has used so far. Unlike time on the wall, it does not grow while other
/// processes run.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec that lives as long as the call.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    assert_eq!(status, 0, "every Unix has a clock of a process's own time");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
