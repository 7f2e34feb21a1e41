//! One check of one case, in a process of its own.

use std::time::Duration;

use clap::Args;
use raddle::{
    Check, Error, Progress, SCHEDULES, SEED, SMALLEST, Strategy, Token, Verdict, World,
    patterns::{Case, Size},
};

use crate::{Failure, select};

/// After this time no further run on real threads is begun.
const STRESS: Duration = Duration::from_secs(2);
/// How often a job tells of its progress.
const PROGRESS: Duration = Duration::from_millis(200);
/// Longer than any program of the catalogue sleeps.
const STRESS_HANG: Duration = Duration::from_secs(4);

/// A case, or a case with its large input, and how to check it. It is also the child process's command line.
#[derive(Args, Clone, Debug)]
pub(crate) struct Job {
    case: String,
    strategy: Strategy,
    #[arg(long, default_value_t = SCHEDULES)]
    schedules: u64,
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// Replays this execution in place of exploring.
    #[arg(long)]
    replay: Option<String>,
    /// Executions that may be spent on making a failure small.
    #[arg(long, default_value_t = 0)]
    smallest: u64,
}

impl Job {
    pub(crate) fn new(case: &Case, size: Size, strategy: Strategy, schedules: u64, seed: u64) -> Job {
        Job { case: case.sized(size), strategy, schedules, seed, replay: None, smallest: 0 }
    }

    pub(crate) fn replaying(token: &Token) -> Job {
        let (case, replay) = (token.case.clone(), Some(token.to_string()));
        Job { case, strategy: token.strategy, schedules: SCHEDULES, seed: SEED, replay, smallest: 0 }
    }

    /// The same, with its failure made small.
    pub(crate) fn smallest(self) -> Job {
        Job { smallest: SMALLEST, ..self }
    }

    /// Runs the job: in a child process, if this is the parent.
    pub(crate) fn run(&self) -> Result<Verdict, Error> {
        self.run_as(|check| check)
    }

    /// As `run`, and tells of its progress.
    pub(crate) fn run_telling(&self, tell: impl Fn(Progress) + Send + Sync + 'static) -> Result<Verdict, Error> {
        self.run_as(|check| check.progress(PROGRESS, tell))
    }

    fn run_as(&self, more: impl FnOnce(Check) -> Check) -> Result<Verdict, Error> {
        let (case, size) = select::sized(&self.case).map_err(|why| Error::Argument(why.to_string()))?;
        let input = case.input(size);
        let program = std::env::current_exe().map_err(|why| Error::Tool(format!("raddle cannot be found: {why}")))?;
        let mut check = case
            .check_sized(size, self.strategy)
            .schedules(self.schedules)
            .seed(self.seed)
            .smallest(self.smallest)
            .isolated_by(program, self.arguments());
        check = more(check);
        if self.world() == World::Std {
            // On real threads a sleep takes its time, and a hang is told from a pause by it.
            check = check.time(STRESS).hang(STRESS_HANG);
        }
        match &self.replay {
            None => case.run(check, input),
            Some(token) => {
                let (model, input) = (case.model, input.clone());
                check.replay(&token.parse::<Token>()?, move || model(&input))
            }
        }
    }

    fn arguments(&self) -> Vec<String> {
        let Job { case, strategy, schedules, seed, replay, smallest } = self;
        let mut arguments = vec!["job".to_owned(), case.clone(), strategy.to_string()];
        arguments.extend(["--schedules".to_owned(), schedules.to_string(), "--seed".to_owned(), seed.to_string()]);
        arguments.extend(["--smallest".to_owned(), smallest.to_string()]);
        arguments.extend(replay.iter().flat_map(|token| ["--replay".to_owned(), token.clone()]));
        arguments
    }

    /// The world that the job runs in.
    pub(crate) fn world(&self) -> World {
        self.strategy.world()
    }

    pub(crate) fn strategy(&self) -> Strategy {
        self.strategy
    }
}

/// The child process: reaches the check, which answers its parent and ends the process.
pub(crate) fn child(job: &Job) -> Result<(), Failure> {
    match job.run() {
        Ok(_) => Err(Failure::Usage("a job is run by raddle itself: use `raddle check`".to_owned())),
        Err(why) => Err(Failure::Tool(why.to_string())),
    }
}
