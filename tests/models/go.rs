//! Go's rules, statement by statement, in models and on real threads. What the numbers in the names say is in
//! `go/statements.rs`.

mod channels;
mod edges;
mod group;
mod program;
mod select;
mod statements;
mod timers;

use std::time::Duration;

use crate::common::*;
use raddle::{
    Check,
    FailureKind::{self, DataRace, Deadlock, Leak, Panic},
    Strategy, World,
    go::{Chan, Select, Timer, WaitGroup, after, after_func, go, select},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

/// No real run lasts so long.
const LATE: Duration = Duration::from_secs(3_600);

/// A real run lets it pass.
const SOON: Duration = Duration::from_millis(1);

/// In models, exactly these outcomes; on real threads, one of them.
#[track_caller]
fn shows<T: Ord + Clone + Send + std::fmt::Debug + 'static>(
    expected: impl IntoIterator<Item = T>,
    program: impl Fn() -> T + Send + Sync + Clone + 'static,
) {
    let expected: Vec<T> = expected.into_iter().collect();
    if real_threads() {
        // Outside any model, and as a model.
        let shown = (0..10).map(|_| program()).chain(outcomes(Strategy::Stress, program.clone()));
        for shown in shown {
            assert!(expected.contains(&shown), "real threads show {shown:?}");
        }
    }
    explores(expected, program);
}

/// The program shows this if all others have done what they can while main sleeps for so long: so it is in models whose
/// time passes when nothing else can go on, and on real threads if the time is long enough.
#[track_caller]
fn settles<T: Ord + Clone + Send + Sync + std::fmt::Debug + 'static>(
    expected: T,
    program: impl Fn(Duration) -> T + Send + Sync + Clone + 'static,
) {
    if real_threads() {
        let mut pauses = (0..11).map(|doubled| SOON * 2_u32.pow(doubled));
        let settled = |pause| (0..10).all(|_| program(pause) == expected);
        assert!(pauses.any(settled), "real threads do not always show {expected:?}");
    }
    for strategy in compiled(&[Strategy::Dfs, Strategy::Dpor]).into_iter().chain(samplers()) {
        let (expected, program) = (expected.clone(), program.clone());
        let model = move || assert_eq!(program(SOON), expected);
        let verdict = Check::new("model").strategy(strategy).schedules(300).timed().run(model).unwrap();
        assert!(verdict.passed(), "{}", raddle::render(&verdict));
    }
}

/// It fails so in models, and in every run on real threads.
#[track_caller]
fn always_fails(kind: FailureKind, message: &str, program: impl Fn() + Send + Sync + Clone + 'static) {
    if real_threads() {
        let verdict = Check::new("run").strategy(Strategy::Stress).schedules(20).run(program.clone()).unwrap();
        expect(&verdict, kind, message);
        assert_eq!((verdict.executions, verdict.failures), (20, 20));
    }
    fails(kind, message, program);
}

/// Whether it panics.
fn panics(f: impl FnOnce()) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).is_err()
}
