//! `goroutine`: what a goroutine sees of the variables around it, and how somebody waits for it.
//!
//! Three programs. What an input means to each:
//!
//! - `closure`: there is one goroutine, whatever the input.
//! - `loop`, `bad`: `work` has a number for each iteration; which one does not matter.
//! - `waitgroup`: `work` says how many calls each thread makes before it is done. One that makes none waits, as main
//!   does.
//!
//! Source: MIT 6.824, lecture 5, `goroutine/closure`, `goroutine/loop`, `goroutine/bad`; Go's `sync.WaitGroup`.

pub mod bad;
pub mod bad_race;
pub mod closure;
pub mod closure_early;
pub mod closure_race;
pub mod r#loop;
pub mod waitgroup;
pub mod waitgroup_notify_one;

use super::{Case, Expect, Input, Pattern, Stress, Symptom};
use crate::{
    FailureKind,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

/// A goroutine writes a string.
pub trait Greet {
    /// What main prints.
    fn run() -> String;
}

/// The property: main prints what the goroutine writes.
pub fn greet<P: Greet>(_input: &Input) {
    let printed = P::run();
    assert!(printed == "hello world", "main prints {printed:?}");
}

/// The property of a program with a data race, which says nothing of what it prints: it has none.
pub fn greet_without_race<P: Greet>(_input: &Input) {
    P::run();
}

/// Calls that goroutines make.
#[derive(Default)]
pub struct Calls(Mutex<Vec<usize>>);

impl Calls {
    /// The lecture's `sendRPC`, which prints its argument.
    pub fn send_rpc(&self, x: usize) {
        self.0.lock().expect("no call panics").push(x);
    }
}

/// A loop starts a goroutine in each iteration.
pub trait Spread {
    /// Makes the calls 0 to `n`, each in a goroutine of its own, and waits for them.
    fn run(n: usize, calls: &Arc<Calls>);
}

/// The property: each call is made once, in whatever order.
pub fn spread<P: Spread>(input: &Input) {
    let made = calls::<P>(input);
    for x in 0..input.work.len() {
        let times = made.iter().filter(|call| **call == x).count();
        assert!(times == 1, "call {x} is made {times} times");
    }
}

/// The scenario without the assertions: the calls in the order of their numbers.
pub fn calls<P: Spread>(input: &Input) -> Vec<usize> {
    let calls = Arc::default();
    P::run(input.work.len(), &calls);
    let mut made = calls.0.lock().expect("no call panics").clone();
    made.sort_unstable();
    made
}

/// A wait group.
pub trait Group: Send + Sync + 'static {
    /// A counter at 0.
    fn new() -> Self;

    /// Adds to the counter.
    fn add(&self, delta: usize);

    /// Takes 1 from it.
    fn done(&self);

    /// Waits until it is 0.
    fn wait(&self);
}

/// The property: whoever has waited finds all calls made; and nobody waits for ever.
pub fn group<G: Group>(input: &Input) {
    let (group, calls) = (Arc::new(G::new()), Arc::new(AtomicUsize::new(0)));
    let all = input.work.iter().sum::<usize>();
    let wait = move |group: &G, calls: &AtomicUsize| {
        group.wait();
        let made = calls.load(Relaxed);
        assert!(made == all, "the wait is over after {made} of {all} calls");
    };
    group.add(input.work.iter().filter(|calls| **calls > 0).count());
    for &own in &*input.work {
        let (group, calls) = (Arc::clone(&group), Arc::clone(&calls));
        thread::spawn(move || {
            if own == 0 {
                wait(&group, &calls);
                return;
            }
            for _ in 0..own {
                calls.fetch_add(1, Relaxed);
            }
            group.done();
        });
    }
    wait(&group, &calls);
}

/// The pattern.
pub const PATTERN: Pattern =
    Pattern { name: "goroutine", about: "Starting a goroutine orders nothing that comes after", cases: CASES };

const ONE: Input = Input::new(&[1], 0);
const TWO: Input = Input::new(&[1, 1], 0);
const FIVE: Input = Input::new(&[1; 5], 0);
/// A thread that waits, beside main, and one that works.
const TWO_WAIT: Input = Input::new(&[0, 1], 0);
const MANY_WAIT: Input = Input::new(&[0, 10, 0, 10, 0, 10, 0, 10], 0);
const RACE: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::DataRace,
    message: "data race on cell#",
    meaning: "main and the goroutine touch the variable, one of them writes, and nothing orders the two",
}]);
const EMPTY: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::Panic,
    message: "main prints \"\"",
    meaning: "main prints before the goroutine has written",
}]);
const TOO_LATE: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::Panic,
    message: "call 0 is made 0 times",
    meaning: "the loop's variable has gone on before the goroutine looks at it",
}]);
const ASLEEP: Expect = Expect::Fails(&[
    Symptom {
        kind: FailureKind::Deadlock,
        message: "every thread waits: main in wait of condvar#",
        meaning: "the only wake-up went to the other one who waits, and main sleeps for ever",
    },
    Symptom {
        kind: FailureKind::Leak,
        message: "in wait of condvar#",
        meaning: "the only wake-up went to main, and the other one who waits sleeps for ever",
    },
]);

const CASES: &[Case] = &[
    Case {
        pattern: "goroutine",
        variant: "closure-race",
        about: "nobody waits for the goroutine: a data race",
        source: "MIT 6.824 lecture 5, goroutine/closure without the WaitGroup",
        code: include_str!("closure_race.rs"),
        aliases: &[],
        counterpart: Some("closure"),
        test: "closure_race_goroutine_is_a_data_race",
        loom: RACE,
        shuttle: RACE,
        stress: Stress::Undefined,
        limits: None,
        model: greet_without_race::<closure_race::Program>,
        small: ONE,
        large: ONE,
    },
    Case {
        pattern: "goroutine",
        variant: "closure-early",
        about: "nobody waits for the goroutine: main prints an empty string",
        source: "MIT 6.824 lecture 5, goroutine/closure with a mutex for the WaitGroup",
        code: include_str!("closure_early.rs"),
        aliases: &[],
        counterpart: Some("closure"),
        test: "closure_early_goroutine_comes_too_late",
        loom: EMPTY,
        shuttle: EMPTY,
        stress: Stress::Runs,
        limits: None,
        model: greet::<closure_early::Program>,
        small: ONE,
        large: ONE,
    },
    Case {
        pattern: "goroutine",
        variant: "bad",
        about: "the loop's variable is captured: some calls are made twice, others never",
        source: "MIT 6.824 lecture 5, goroutine/bad",
        code: include_str!("bad.rs"),
        aliases: &[],
        counterpart: Some("loop"),
        test: "bad_goroutine_sees_a_later_iteration",
        loom: TOO_LATE,
        shuttle: TOO_LATE,
        stress: Stress::Runs,
        limits: None,
        model: spread::<bad::Program>,
        small: ONE,
        large: FIVE,
    },
    Case {
        pattern: "goroutine",
        variant: "bad-race",
        about: "the loop's variable is captured: a data race",
        source: "MIT 6.824 lecture 5, goroutine/bad as the race detector sees it",
        code: include_str!("bad_race.rs"),
        aliases: &[],
        counterpart: Some("loop"),
        test: "bad_race_goroutine_is_a_data_race",
        loom: RACE,
        shuttle: RACE,
        stress: Stress::Undefined,
        limits: None,
        model: spread::<bad_race::Program>,
        small: ONE,
        large: FIVE,
    },
    Case {
        pattern: "goroutine",
        variant: "waitgroup-notify-one",
        about: "the last wakes one of those who wait: a lost wake-up",
        source: "Go's sync.WaitGroup by hand, with notify_one",
        code: include_str!("waitgroup_notify_one.rs"),
        aliases: &[],
        counterpart: Some("waitgroup"),
        test: "waitgroup_notify_one_goroutine_wakes_one_of_two",
        loom: ASLEEP,
        shuttle: ASLEEP,
        stress: Stress::Runs,
        limits: None,
        model: group::<waitgroup_notify_one::WaitGroup>,
        small: TWO_WAIT,
        large: MANY_WAIT,
    },
    Case {
        pattern: "goroutine",
        variant: "closure",
        about: "done happens before the wait is over",
        source: "MIT 6.824 lecture 5, goroutine/closure",
        code: include_str!("closure.rs"),
        aliases: &[],
        counterpart: Some("closure-race"),
        test: "closure_goroutine_is_waited_for",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: greet::<closure::Program>,
        small: ONE,
        large: ONE,
    },
    Case {
        pattern: "goroutine",
        variant: "loop",
        about: "each goroutine has a number of its own",
        source: "MIT 6.824 lecture 5, goroutine/loop",
        code: include_str!("loop.rs"),
        aliases: &[],
        counterpart: Some("bad"),
        test: "loop_goroutine_makes_each_call_once",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: spread::<r#loop::Program>,
        small: TWO,
        large: FIVE,
    },
    Case {
        pattern: "goroutine",
        variant: "waitgroup",
        about: "the last wakes all who wait, and each tests again",
        source: "Go's sync.WaitGroup by hand",
        code: include_str!("waitgroup.rs"),
        aliases: &[],
        counterpart: Some("waitgroup-notify-one"),
        test: "waitgroup_goroutine_lets_all_go_on",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: group::<waitgroup::WaitGroup>,
        small: TWO_WAIT,
        large: MANY_WAIT,
    },
];
