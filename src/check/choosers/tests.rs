//! Samplers draw as they promise.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use crate::{
    Check, Strategy,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};

/// How often each value comes out of the model in so many schedules.
fn drawn(
    strategy: Strategy,
    schedules: u64,
    model: impl Fn() -> usize + Send + Sync + 'static,
) -> BTreeMap<usize, u64> {
    let seen: Arc<Mutex<BTreeMap<usize, u64>>> = Arc::default();
    let all = Arc::clone(&seen);
    let verdict = Check::new("drawn").strategy(strategy).schedules(schedules).run(move || {
        let value = model();
        *seen.lock().unwrap().entry(value).or_default() += 1;
    });
    assert!(verdict.unwrap().passed());
    std::mem::take(&mut *all.lock().unwrap())
}

/// One thread takes one step, and four steps are taken one after the other: by another thread or, if it `splits`, by
/// two of which the first spawns the second. How many of the four come first?
fn place(splits: bool) -> usize {
    fn step(steps: &AtomicUsize, times: usize) {
        for _ in 0..times {
            steps.fetch_add(1, Relaxed);
        }
    }
    let steps = Arc::new(AtomicUsize::new(0));
    let (one, two) = (Arc::clone(&steps), Arc::clone(&steps));
    let looks = thread::spawn(move || one.load(Relaxed));
    drop(thread::spawn(move || match splits {
        true => {
            step(&two, 2);
            drop(thread::spawn(move || step(&two, 2)));
        }
        false => step(&two, 4),
    }));
    looks.join().unwrap()
}

#[test]
fn urw_makes_every_interleaving_about_as_likely_and_random_does_not() {
    for splits in [false, true] {
        let urw = drawn(Strategy::Urw, 2_000, move || place(splits));
        assert!(urw.len() == 5 && urw.values().all(|times| (330..=470).contains(times)), "{urw:?}");
        let random = drawn(Strategy::Random, 2_000, move || place(splits));
        assert!(random[&0] > 900, "{random:?}");
    }
}
