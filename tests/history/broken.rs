//! Objects that are not linearizable are found, and what is shown is as small as it can be.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    process::Command,
};

use proptest::prelude::*;
use raddle::{
    FailureKind,
    history::{
        Linearizable, Scenario, Spec, Subject,
        specs::{
            Counter, CounterAnswer, CounterOperation, Queue, QueueAnswer, QueueOperation, Set, SetOperation, Stack,
            StackAnswer, StackOperation,
        },
    },
    patterns::counter::{Count, naive},
    sync::{
        Mutex, RwLock,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use crate::common::*;

/// The catalogue's counter that loses increments.
struct Naive(naive::Counter);

impl Subject<Counter> for Naive {
    fn new() -> Naive {
        Naive(Count::new())
    }

    fn apply(&self, operation: &CounterOperation) -> CounterAnswer {
        match operation {
            CounterOperation::Add(1) => {
                self.0.increment();
                CounterAnswer::Added
            }
            CounterOperation::Get => CounterAnswer::Value(self.0.total() as i64),
            other => unreachable!("{other:?} is not made up"),
        }
    }
}

fn naive_counter() -> Linearizable<Counter, Naive> {
    Linearizable::with(prop_oneof![Just(CounterOperation::Get), Just(CounterOperation::Add(1))])
}

#[test]
fn what_is_shown_is_as_small_as_it_can_be() {
    if !shuttle() {
        return;
    }
    let found = naive_counter().run().unwrap().unwrap_err();
    let add = CounterOperation::Add(1);
    let expected = Scenario { before: vec![], threads: vec![vec![add], vec![add]], after: vec![CounterOperation::Get] };
    assert_eq!(found.scenario, expected);
    let text = found.to_string();
    let (told, checked) = text.split_once("\nNaive ").unwrap();
    assert_eq!(
        told,
        "\
not linearizable: Get -> Value(1) of client 0 cannot be placed
What had returned before can be explained by this order:
  client 1: Add(1) -> Added
  client 2: Add(1) -> Added
There it would be Get -> Value(2), and in no order is it as it was.

─────────────────────────────────────────────────────────
 client 0          client 1          client 2
═════════════════════════════════════════════════════════
                                     Add(1) ...
                   Add(1) -> Added
                                     ... Add(1) -> Added
 Get -> Value(1)
─────────────────────────────────────────────────────────
"
    );
    assert!(
        checked.contains("failed (shuttle, dpor), in execution ") && checked.contains("RADDLE_REPLAY=rd1:Naive%20")
    );
    // Without the places in the source, which move.
    let steps = &found.verdict.failure.as_ref().unwrap().steps;
    let steps: Vec<String> = steps.iter().map(|step| format!("{}: {step}", step.thread)).collect();
    assert_eq!(
        steps,
        [
            "0: spawn thread#1",
            "0: spawn thread#2",
            "2: invoke history#1",
            "2: load atomic#2 -> 0",
            "1: invoke history#1",
            "1: load atomic#2 -> 0",
            "1: store atomic#2 <- 1",
            "1: return history#1",
            "1: exit thread#1",
            "0: join thread#1",
            "2: store atomic#2 <- 1",
            "2: return history#1",
            "2: exit thread#2",
            "0: join thread#2",
            "0: invoke history#1",
            "0: load atomic#2 -> 1",
            "0: return history#1",
        ]
    );
}

#[test]
#[ignore = "run by the test below"]
fn shown_and_replayed() {
    println!("{}", naive_counter().run().unwrap().unwrap_err());
}

#[test]
fn the_line_that_is_shown_replays_what_is_shown() {
    if !shuttle() {
        return;
    }
    let shown = |token: Option<&str>| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["broken::shown_and_replayed", "--exact", "--ignored", "--nocapture"]);
        command.envs(token.map(|token| ("RADDLE_REPLAY", token)));
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let first = shown(None);
    let (_, token) = first.split_once("RADDLE_REPLAY=").unwrap();
    let again = shown(token.lines().next());
    let from_history =
        |text: &str| text[text.find("not linearizable").unwrap()..text.find("Replay").unwrap()].to_owned();
    assert!(again.contains("in execution 1\n"), "{again}");
    let number =
        |text: String| text.lines().filter(|line| !line.contains("in execution")).collect::<Vec<_>>().join("\n");
    assert_eq!(number(from_history(&again)), number(from_history(&first)));
}

/// Looks whether an element is there, and only then puts it in.
struct TwoSteps(RwLock<BTreeSet<u8>>);

impl Subject<Set<u8>> for TwoSteps {
    fn new() -> TwoSteps {
        TwoSteps(RwLock::default())
    }

    fn apply(&self, operation: &SetOperation<u8>) -> bool {
        match operation {
            SetOperation::Contains(element) => self.0.read().unwrap().contains(element),
            SetOperation::Insert(element) => {
                let is_new = !self.0.read().unwrap().contains(element);
                if is_new {
                    self.0.write().unwrap().insert(*element);
                }
                is_new
            }
            SetOperation::Remove(element) => self.0.write().unwrap().remove(element),
        }
    }
}

/// Looks at the first, and then takes out the first.
struct Peeks(Mutex<VecDeque<u8>>);

impl Subject<Queue<u8>> for Peeks {
    fn new() -> Peeks {
        Peeks(Mutex::default())
    }

    fn apply(&self, operation: &QueueOperation<u8>) -> QueueAnswer<u8> {
        match *operation {
            QueueOperation::Enqueue(value) => {
                self.0.lock().unwrap().push_back(value);
                QueueAnswer::Enqueued
            }
            QueueOperation::Dequeue => {
                let first = self.0.lock().unwrap().front().copied();
                if first.is_some() {
                    self.0.lock().unwrap().pop_front();
                }
                first.map_or(QueueAnswer::Empty, QueueAnswer::Dequeued)
            }
        }
    }
}

/// Who enqueues takes a place, and fills it afterwards: the queue of Herlihy and Wing's paper, with a dequeue that is one
/// step. It is linearizable, although no step of an enqueue is the one at which it happens.
struct Places {
    next: AtomicUsize,
    places: Mutex<BTreeMap<usize, u8>>,
}

impl Subject<Queue<u8>> for Places {
    fn new() -> Places {
        Places { next: AtomicUsize::new(0), places: Mutex::default() }
    }

    fn apply(&self, operation: &QueueOperation<u8>) -> QueueAnswer<u8> {
        match *operation {
            QueueOperation::Enqueue(value) => {
                let place = self.next.fetch_add(1, SeqCst);
                self.places.lock().unwrap().insert(place, value);
                QueueAnswer::Enqueued
            }
            QueueOperation::Dequeue => {
                let first = self.places.lock().unwrap().pop_first();
                first.map_or(QueueAnswer::Empty, |(_, value)| QueueAnswer::Dequeued(value))
            }
        }
    }
}

#[test]
fn what_is_done_in_two_steps_is_found() {
    if !shuttle() {
        return;
    }
    let found =
        Linearizable::<Set<u8>, TwoSteps>::new().threads(2).executions(300).schedules(30).run().unwrap().unwrap_err();
    let Scenario { before, threads, after } = &found.scenario;
    assert!(before.is_empty() && after.is_empty(), "{found}");
    assert!(matches!(&threads[..], [a, b] if a == b && matches!(a[..], [SetOperation::Insert(_)])), "{found}");
    // The second of them takes out what has come first since.
    let found =
        Linearizable::<Queue<u8>, Peeks>::new().threads(2).executions(300).schedules(30).run().unwrap().unwrap_err();
    let dequeue = vec![QueueOperation::Dequeue];
    let Scenario { before, threads, after } = &found.scenario;
    assert!(matches!(before[..], [QueueOperation::Enqueue(_)]) && after.is_empty(), "{found}");
    assert_eq!(*threads, [dequeue.clone(), dequeue], "{found}");
}

#[test]
fn where_an_operation_takes_effect_may_depend_on_what_comes_later() {
    if !shuttle() {
        return;
    }
    let passed = Linearizable::<Queue<u8>, Places>::new().cases(20).executions(500).schedules(50).run().unwrap();
    let passed = passed.unwrap_or_else(|counterexample| panic!("{counterexample}"));
    assert!(passed.exhausted > 5, "{passed}");
}

/// Panics when a third one is pushed.
struct Small(AtomicUsize);

impl Subject<Stack<u8>> for Small {
    fn new() -> Small {
        Small(AtomicUsize::new(0))
    }

    fn apply(&self, operation: &StackOperation<u8>) -> StackAnswer<u8> {
        match operation {
            StackOperation::Pop => StackAnswer::Empty,
            StackOperation::Push(_) => {
                assert!(self.0.fetch_add(1, SeqCst) < 2, "there is room for two");
                StackAnswer::Pushed
            }
        }
    }
}

#[test]
fn a_panic_is_found_too_and_made_no_other_failure() {
    // It is not linearizable either, but that is not what was found first.
    let found = Linearizable::<_, Small>::with(Just(StackOperation::Push(1_u8)));
    let found = found.run().unwrap().unwrap_err();
    let failure = found.verdict.failure.as_ref().unwrap();
    assert_eq!((failure.kind, &*failure.message), (FailureKind::Panic, "there is room for two"));
    let Scenario { before, threads, after } = &found.scenario;
    assert_eq!(before.len() + after.len() + threads.iter().map(Vec::len).sum::<usize>(), 3, "{found}");
    assert!(found.history.is_none());
}

#[test]
fn what_is_smaller_and_fails_in_another_way_is_another_failure() {
    use StackOperation::{Pop, Push};
    // Each execution panics. With one push less, each that pops last is not linearizable.
    let threads = vec![vec![Push(1), Push(2)], vec![Push(3), Pop]];
    let scenario = Scenario { before: vec![], threads, after: vec![] };
    let found = Linearizable::<_, Small>::new().run_scenario(scenario).unwrap().unwrap_err();
    assert_eq!(found.verdict.failure.as_ref().unwrap().message, "there is room for two");
    let Scenario { before, threads, after } = &found.scenario;
    let all: Vec<_> = before.iter().chain(threads.iter().flatten()).chain(after).collect();
    assert!(matches!(all[..], [Push(_), Push(_), Push(_)]), "{found}");
}

#[test]
fn what_is_asked_for_must_be_possible() {
    let why = naive_counter().threads(0).run().unwrap_err();
    assert_eq!(why.to_string(), "Naive: a check of 0 threads, operations or cases would check nothing");
    assert!(naive_counter().executions(0).run().unwrap_err().to_string().contains("0 executions"));
}

#[test]
#[should_panic(expected = "not linearizable: ")]
fn the_one_line_form_panics_with_what_it_found() {
    struct Nothing;

    impl Subject<Counter> for Nothing {
        fn new() -> Nothing {
            Nothing
        }

        fn apply(&self, operation: &CounterOperation) -> CounterAnswer {
            Counter::apply(&mut Counter::initial(), operation)
        }
    }

    raddle::check_linearizable::<Counter, Nothing>();
}
