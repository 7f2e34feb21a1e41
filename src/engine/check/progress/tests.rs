use std::{sync::mpsc, time::Instant};

use super::*;
use crate::{
    check::{Plan, ROUNDS, SHUTTLE_STEPS, Strategy, explore::explore},
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
    world::facts::Settings,
};

fn load_store_counter(threads: usize, times: usize) {
    let total = AtomicUsize::new(0);
    thread::scope(|s| {
        for _ in 0..threads {
            s.spawn(|| (0..times).for_each(|_| total.store(total.load(SeqCst) + 1, SeqCst)));
        }
    });
}

/// How things stand when each execution begins, and at the end.
fn progress(strategy: Strategy, model: impl Fn() + Send + Sync + 'static) -> Vec<Progress> {
    let meter = Arc::new(Meter::new(Instant::now()));
    let plan = Plan {
        preemptions: None,
        case: "model".to_owned(),
        strategy,
        seed: 0,
        budget: if strategy == Strategy::Random { 1_000 } else { u64::MAX },
        settings: Settings {
            max_steps: SHUTTLE_STEPS,
            firings: 0,
            spurious: 0,
            timed: false,
            reduces: strategy == Strategy::Dpor,
            #[cfg(raddle_internals)]
            weakening: None,
        },
        deadline: None,
        smallest: 0,
        gatherer: None,
        workers: 1,
        rounds: ROUNDS,
        replay: None,
        meter: Some(Arc::clone(&meter)),
        watch: Arc::default(),
    };
    let (tells, told) = mpsc::channel();
    let seen = Arc::clone(&meter);
    let model = move || {
        tells.send(seen.progress()).unwrap();
        model();
    };
    std::thread::spawn(move || explore(&plan, &(Arc::new(model) as _)).map(drop)).join().unwrap().unwrap();
    told.into_iter().chain([meter.progress()]).collect()
}

#[test]
fn the_estimate_comes_near_the_total_and_is_exact_at_the_end() {
    let sizes = [(2, 3, 328), (3, 2, 7_134), (2, 5, 34_904)];
    for (strategy, (threads, times, total)) in
        sizes.map(|size| (Strategy::Dpor, size)).into_iter().chain([(Strategy::Dfs, (2, 3, 924))])
    {
        let told = progress(strategy, move || load_store_counter(threads, times));
        let counts: Vec<u64> = told.iter().map(|progress| progress.executions).collect();
        assert!(counts.iter().copied().eq(0..=total), "{strategy}: none is left out");
        let factor = |part: usize| {
            let estimate = told[total as usize * part / 100].estimate.unwrap() / total as f64;
            f64::max(estimate, 1.0 / estimate)
        };
        for (part, most) in [(10, 5.0), (50, 1.5), (75, 1.2), (100, 1.000_001)] {
            assert!(factor(part) <= most, "{strategy}, {total}: {} times off at {part} %", factor(part));
        }
    }
}

#[test]
fn what_is_sampled_is_known_from_the_start() {
    let told = progress(Strategy::Random, || {});
    assert!(told[1..].iter().all(|progress| (progress.estimate.unwrap() - 1_000.0).abs() < 1e-6));
}
