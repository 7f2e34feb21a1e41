//! How long it takes to decide whether a history is linearizable.

use std::{collections::BTreeMap, time::Duration};

use comfy_table::CellAlignment;
use raddle::history::{
    CONFIGURATIONS, Decision, Event, History, Spec,
    specs::{KeyValue, KeyValueAnswer, KeyValueOperation, Queue, QueueOperation, Register, RegisterOperation},
};

use crate::{
    cli::{Options, Outcome, table},
    measure::{Turn, median},
};

/// Decides a history, which is made once: how many operations it has, what is said, and how long that took.
type Decides = fn(usize) -> (usize, &'static str, Vec<Duration>);

/// What is decided, and what must come out.
const HISTORIES: &[(&str, &str, Decides)] = &[
    ("10 clients, 10,000 operations, map of 100 keys", "holds", |rounds| decide::<Map>(&map(10_000, None), rounds)),
    ("the same, and a late get is stale", "fails", |rounds| decide::<Map>(&map(10_000, Some(9_900)), rounds)),
    ("the same, all keys in one part", "holds", |rounds| decide::<Whole>(&map(10_000, None), rounds)),
    ("10 clients, 10,000 operations, register", "holds", |rounds| decide::<Register<u64>>(&register(10_000), rounds)),
    ("10 clients, 10,000 operations, queue that is nearly empty", "holds", |rounds| {
        decide::<Queue<u64>>(&queue(3), rounds)
    }),
    ("the same, and as many enqueues as dequeues", "unknown", |rounds| decide::<Queue<u64>>(&queue(2), rounds)),
    ("14 writes at a time, and a read of none", "fails", |rounds| decide::<Register<u64>>(&hard(14), rounds)),
    ("40 writes at a time, and a read of none", "unknown", |rounds| decide::<Register<u64>>(&hard(40), rounds)),
];

type Map = KeyValue<u64, u64>;

/// The map, if nothing is known of its keys.
struct Whole;

impl Spec for Whole {
    type State = BTreeMap<u64, u64>;
    type Operation = KeyValueOperation<u64, u64>;
    type Answer = KeyValueAnswer<u64>;

    fn initial() -> BTreeMap<u64, u64> {
        Map::initial()
    }

    fn apply(map: &mut BTreeMap<u64, u64>, operation: &KeyValueOperation<u64, u64>) -> KeyValueAnswer<u64> {
        Map::apply(map, operation)
    }
}

/// The rows.
pub fn names() -> impl Iterator<Item = &'static str> {
    HISTORIES.iter().map(|(name, ..)| *name)
}

/// The table.
pub fn run(options: &Options) -> Outcome {
    let mut rows = table(&["history", "operations", "linearizable", "time"]);
    let mut problems = Vec::new();
    for (name, expected, decides) in HISTORIES.iter().filter(|(name, ..)| options.wants("history", name)) {
        let (operations, said, times) = decides(options.effort().rounds.min(5));
        let time = median(times.iter().map(Duration::as_secs_f64));
        rows.add_row([(*name).to_owned(), operations.to_string(), said.to_owned(), format!("{:.1} ms", time * 1e3)]);
        if said != *expected {
            problems.push(format!("{name}: {said}, and not {expected}"));
        }
    }
    for column in rows.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let notes = vec![
        format!(
            "in processor time, of which a refutation takes most to find the longest prefix; unknown: {CONFIGURATIONS} \
                 configurations do not tell"
        ),
        "half of the operations on maps and registers read; all clients are busy all the time".to_owned(),
    ];
    Outcome { about: "history: is it linearizable?".to_owned(), table: rows, notes, problems }
}

fn decide<S: Spec>(history: &History<S::Operation, S::Answer>, rounds: usize) -> (usize, &'static str, Vec<Duration>) {
    let mut said = "";
    let times = (0..rounds).map(|_| {
        let turn = Turn::of(|| {
            said = match history.check::<S>() {
                Decision::Holds { .. } => "holds",
                Decision::Fails(_) => "fails",
                Decision::Unknown { .. } => "unknown",
            };
            1
        });
        turn.time
    });
    let times = times.collect();
    (history.calls().len(), said, times)
}

/// Numbers that look random: the same in each run (Steele, Lea and Flood, "Fast splittable pseudorandom number generators").
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// The number of an operation that a client is doing, what it is, and what it is going to be told.
type Doing<S> = (usize, <S as Spec>::Operation, Option<<S as Spec>::Answer>);

/// Ten clients, of which one after the other goes one step on: it begins, its operation happens, it returns.
fn simulated<S: Spec>(
    operations: usize,
    mut next: impl FnMut(usize, &mut Numbers) -> S::Operation,
    mut answered: impl FnMut(usize, S::Answer) -> S::Answer,
) -> History<S::Operation, S::Answer> {
    let mut numbers = Numbers(1);
    let mut state = S::initial();
    let mut doing: Vec<Option<Doing<S>>> = vec![None; 10];
    let (mut begun, mut over) = (0, 0);
    let mut events = Vec::new();
    while over < operations {
        let client = numbers.below(10) as usize;
        doing[client] = match doing[client].take() {
            None if begun == operations => None,
            None => {
                let operation = next(begun, &mut numbers);
                events.push(Event::Invoke { client, operation: operation.clone() });
                begun += 1;
                Some((begun - 1, operation, None))
            }
            Some((number, operation, None)) => {
                let answer = answered(number, S::apply(&mut state, &operation));
                Some((number, operation, Some(answer)))
            }
            Some((_, _, Some(answer))) => {
                events.push(Event::Return { client, answer });
                over += 1;
                None
            }
        };
    }
    History::new(events).expect("a client does one thing at a time")
}

/// Gets and puts; the get with this number, or the next, gets what nobody has put.
fn map(operations: usize, stale: Option<usize>) -> History<KeyValueOperation<u64, u64>, KeyValueAnswer<u64>> {
    let mut stale = stale;
    simulated::<Map>(
        operations,
        |number, numbers| match (numbers.below(100), numbers.below(2)) {
            (key, 0) => KeyValueOperation::Get(key),
            (key, _) => KeyValueOperation::Put(key, number as u64),
        },
        |number, answer| match answer {
            KeyValueAnswer::Value(_) if stale.is_some_and(|from| number >= from) => {
                stale = None;
                KeyValueAnswer::Value(Some(u64::MAX))
            }
            answer => answer,
        },
    )
}

fn register(operations: usize) -> History<RegisterOperation<u64>, <Register<u64> as Spec>::Answer> {
    simulated::<Register<u64>>(
        operations,
        |number, numbers| match numbers.below(2) {
            0 => RegisterOperation::Read,
            _ => RegisterOperation::Write(number as u64),
        },
        |_, answer| answer,
    )
}

/// One of so many operations enqueues. Where values stay for long, so does the question which of two came first.
fn queue(one_of: u64) -> History<QueueOperation<u64>, <Queue<u64> as Spec>::Answer> {
    simulated::<Queue<u64>>(
        10_000,
        |number, numbers| match numbers.below(one_of) {
            0 => QueueOperation::Enqueue(number as u64),
            _ => QueueOperation::Dequeue,
        },
        |_, answer| answer,
    )
}

/// So many clients write at a time, and then somebody reads what nobody has written: each set of writes has to be tried, with
/// each of them as the last.
fn hard(clients: usize) -> History<RegisterOperation<u64>, <Register<u64> as Spec>::Answer> {
    use raddle::history::specs::RegisterAnswer::{Value, Written};
    let writes =
        (0..clients).map(|client| Event::Invoke { client, operation: RegisterOperation::Write(client as u64 + 1) });
    let written = (0..clients).map(|client| Event::Return { client, answer: Written });
    let read = [
        Event::Invoke { client: 0, operation: RegisterOperation::Read },
        Event::Return { client: 0, answer: Value(u64::MAX) },
    ];
    History::new(writes.chain(written).chain(read)).expect("a client does one thing at a time")
}
