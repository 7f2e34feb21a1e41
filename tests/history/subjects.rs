//! The project's own channels, locks, atomics and patterns are linearizable: scenarios are made up.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::Ordering::SeqCst,
};

use proptest::{arbitrary::Arbitrary, prelude::*};
use raddle::{
    channel::{self, TryRecvError, TrySendError},
    go::{Chan, Select},
    history::{
        Linearizable, Scenario, Spec, Subject,
        specs::{
            Counter, CounterAnswer, CounterOperation, KeyValue, KeyValueAnswer, KeyValueOperation, Lock, LockAnswer,
            LockOperation, Queue, QueueAnswer, QueueOperation, Register, RegisterAnswer, RegisterOperation, Set,
            SetOperation,
        },
    },
    patterns::{
        bank::{self, Transfer},
        channel::{Buffer, buffer},
    },
    sync::{
        Mutex, OnceLock, RwLock,
        atomic::{AtomicBool, AtomicI64, AtomicU8},
        mpsc,
    },
};

use crate::common::*;

/// Few scenarios, and small ones: there are many subjects.
fn few<S, T>() -> Linearizable<S, T>
where
    S: Spec + 'static,
    S::Operation: Arbitrary + Send + Sync + 'static,
    S::Answer: Send,
    T: Subject<S>,
{
    Linearizable::new().cases(12).executions(300).schedules(30)
}

#[track_caller]
fn is_linearizable<S, T>(check: Linearizable<S, T>)
where
    S: Spec + 'static,
    S::Operation: Send + Sync + 'static,
    S::Answer: Send,
    T: Subject<S>,
{
    let passed = check.run().unwrap().unwrap_or_else(|counterexample| panic!("{counterexample}"));
    eprintln!("{passed}");
    assert!(passed.exhausted > 0 && passed.executions > passed.scenarios, "{passed}");
}

/// Of crossbeam's shape, without limit.
struct Unbounded(channel::Sender<u8>, channel::Receiver<u8>);

impl Subject<Queue<u8>> for Unbounded {
    fn new() -> Unbounded {
        let (sender, receiver) = channel::unbounded();
        Unbounded(sender, receiver)
    }

    fn apply(&self, operation: &QueueOperation<u8>) -> QueueAnswer<u8> {
        match *operation {
            QueueOperation::Dequeue => self.1.try_recv().map_or(QueueAnswer::Empty, QueueAnswer::Dequeued),
            QueueOperation::Enqueue(value) => {
                self.0.send(value).unwrap();
                QueueAnswer::Enqueued
            }
        }
    }
}

/// With room for one.
struct Bounded(channel::Sender<u8>, channel::Receiver<u8>);

impl Subject<Queue<u8, 1>> for Bounded {
    fn new() -> Bounded {
        let (sender, receiver) = channel::bounded(1);
        Bounded(sender, receiver)
    }

    fn apply(&self, operation: &QueueOperation<u8>) -> QueueAnswer<u8> {
        match *operation {
            QueueOperation::Dequeue => match self.1.try_recv() {
                Ok(value) => QueueAnswer::Dequeued(value),
                Err(TryRecvError::Empty) => QueueAnswer::Empty,
                Err(TryRecvError::Disconnected) => unreachable!("its sender lives"),
            },
            QueueOperation::Enqueue(value) => match self.0.try_send(value) {
                Ok(()) => QueueAnswer::Enqueued,
                Err(TrySendError::Full(_)) => QueueAnswer::Full,
                Err(TrySendError::Disconnected(_)) => unreachable!("its receiver lives"),
            },
        }
    }
}

/// std's, whose receiver is one thread's at a time.
struct Mpsc(mpsc::SyncSender<u8>, Mutex<mpsc::Receiver<u8>>);

impl Subject<Queue<u8, 2>> for Mpsc {
    fn new() -> Mpsc {
        let (sender, receiver) = mpsc::sync_channel(2);
        Mpsc(sender, Mutex::new(receiver))
    }

    fn apply(&self, operation: &QueueOperation<u8>) -> QueueAnswer<u8> {
        match *operation {
            QueueOperation::Dequeue => {
                self.1.lock().unwrap().try_recv().map_or(QueueAnswer::Empty, QueueAnswer::Dequeued)
            }
            QueueOperation::Enqueue(value) => match self.0.try_send(value) {
                Ok(()) => QueueAnswer::Enqueued,
                Err(_) => QueueAnswer::Full,
            },
        }
    }
}

/// Go's, in selects with a default.
struct Go(Chan<u8>);

impl Subject<Queue<u8, 2>> for Go {
    fn new() -> Go {
        Go(Chan::new(2))
    }

    fn apply(&self, operation: &QueueOperation<u8>) -> QueueAnswer<u8> {
        let mut select = Select::new();
        match *operation {
            QueueOperation::Dequeue => {
                let receipt = select.recv(&self.0);
                match select.try_run() {
                    Some(_) => QueueAnswer::Dequeued(receipt.take().expect("it is not closed")),
                    None => QueueAnswer::Empty,
                }
            }
            QueueOperation::Enqueue(value) => {
                select.send(&self.0, value);
                select.try_run().map_or(QueueAnswer::Full, |_| QueueAnswer::Enqueued)
            }
        }
    }
}

#[test]
fn channels_are_queues() {
    is_linearizable(few::<_, Unbounded>());
    is_linearizable(few::<_, Bounded>());
    is_linearizable(few::<_, Mpsc>());
    is_linearizable(few::<_, Go>());
}

/// What a lock protects, done as the specification does it.
struct Locked<S: Spec>(Mutex<S::State>);

impl<S: Spec<State: Send> + 'static> Subject<S> for Locked<S> {
    fn new() -> Locked<S> {
        Locked(Mutex::new(S::initial()))
    }

    fn apply(&self, operation: &S::Operation) -> S::Answer {
        S::apply(&mut self.0.lock().unwrap(), operation)
    }
}

/// A map behind a lock that readers share.
struct Shared(RwLock<BTreeMap<u8, u8>>);

impl Subject<KeyValue<u8, u8>> for Shared {
    fn new() -> Shared {
        Shared(RwLock::default())
    }

    fn apply(&self, operation: &KeyValueOperation<u8, u8>) -> KeyValueAnswer<u8> {
        match *operation {
            KeyValueOperation::Get(key) => return KeyValueAnswer::Value(self.0.read().unwrap().get(&key).copied()),
            KeyValueOperation::Put(key, value) => drop(self.0.write().unwrap().insert(key, value)),
            KeyValueOperation::Delete(key) => drop(self.0.write().unwrap().remove(&key)),
        }
        KeyValueAnswer::Done
    }
}

/// A set behind a lock that is taken for each step.
struct Sets(RwLock<BTreeSet<u8>>);

impl Subject<Set<u8>> for Sets {
    fn new() -> Sets {
        Sets(RwLock::default())
    }

    fn apply(&self, operation: &SetOperation<u8>) -> bool {
        match operation {
            SetOperation::Contains(element) => self.0.read().unwrap().contains(element),
            SetOperation::Insert(element) => self.0.write().unwrap().insert(*element),
            SetOperation::Remove(element) => self.0.write().unwrap().remove(element),
        }
    }
}

#[test]
fn what_locks_protect_is_one_step() {
    is_linearizable(few::<Register<u8>, Locked<_>>());
    is_linearizable(few::<raddle::history::specs::Bank, Locked<_>>());
    is_linearizable(few::<raddle::history::specs::Stack<u8>, Locked<_>>());
    is_linearizable(few::<_, Shared>());
    is_linearizable(few::<_, Sets>());
}

/// An atomic that is used as it is.
struct Atomic<A>(A);

impl Subject<Register<u8>> for Atomic<AtomicU8> {
    fn new() -> Self {
        Atomic(AtomicU8::new(0))
    }

    fn apply(&self, operation: &RegisterOperation<u8>) -> RegisterAnswer<u8> {
        match *operation {
            RegisterOperation::Read => RegisterAnswer::Value(self.0.load(SeqCst)),
            RegisterOperation::Write(value) => {
                self.0.store(value, SeqCst);
                RegisterAnswer::Written
            }
            RegisterOperation::CompareExchange(old, new) => {
                RegisterAnswer::Exchanged(self.0.compare_exchange(old, new, SeqCst, SeqCst).is_ok())
            }
        }
    }
}

impl Subject<Counter> for Atomic<AtomicI64> {
    fn new() -> Self {
        Atomic(AtomicI64::new(0))
    }

    fn apply(&self, operation: &CounterOperation) -> CounterAnswer {
        match *operation {
            CounterOperation::Get => CounterAnswer::Value(self.0.load(SeqCst)),
            CounterOperation::FetchAdd(n) => CounterAnswer::Value(self.0.fetch_add(n, SeqCst)),
            CounterOperation::Add(n) => {
                self.0.fetch_add(n, SeqCst);
                CounterAnswer::Added
            }
        }
    }
}

impl Subject<Lock> for Atomic<AtomicBool> {
    fn new() -> Self {
        Atomic(AtomicBool::new(false))
    }

    fn apply(&self, operation: &LockOperation) -> LockAnswer {
        match (operation, self.0.swap(*operation != LockOperation::Release, SeqCst)) {
            (LockOperation::Release, true) => LockAnswer::Released,
            (LockOperation::Release, false) => LockAnswer::NotHeld,
            (_, true) => LockAnswer::Busy,
            (_, false) => LockAnswer::Acquired,
        }
    }
}

/// A value that is set once: a specification of the test's own.
struct Once;

impl Spec for Once {
    type State = Option<u8>;
    /// Sets the value, or asks for it.
    type Operation = Option<u8>;
    /// What the value is afterwards, and whether this has set it.
    type Answer = (Option<u8>, bool);

    fn initial() -> Option<u8> {
        None
    }

    fn apply(value: &mut Option<u8>, operation: &Option<u8>) -> (Option<u8>, bool) {
        let sets = value.is_none() && operation.is_some();
        *value = value.or(*operation);
        (*value, sets)
    }
}

impl Subject<Once> for OnceLock<u8> {
    fn new() -> OnceLock<u8> {
        OnceLock::new()
    }

    fn apply(&self, operation: &Option<u8>) -> (Option<u8>, bool) {
        let sets = operation.is_some_and(|value| self.set(value).is_ok());
        (self.get().copied(), sets)
    }
}

#[test]
fn atomics_and_onces_are_one_step() {
    // loom takes `SeqCst` for `AcqRel`, with which a load may be late.
    if !shuttle() {
        return;
    }
    is_linearizable(few::<_, Atomic<AtomicU8>>());
    is_linearizable(few::<_, Atomic<AtomicI64>>());
    is_linearizable(few::<_, Atomic<AtomicBool>>());
    is_linearizable(few::<Once, OnceLock<u8>>());
}

/// Two accounts that may be overdrawn, as the catalogue has them.
struct Accounts;

/// What is asked of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Asked {
    Move(usize, usize),
    Audit,
}

impl Spec for Accounts {
    type State = [i64; 2];
    type Operation = Asked;
    type Answer = Option<i64>;

    fn initial() -> [i64; 2] {
        [10; 2]
    }

    fn apply(accounts: &mut [i64; 2], operation: &Asked) -> Option<i64> {
        match *operation {
            Asked::Audit => Some(accounts.iter().sum()),
            Asked::Move(from, to) => {
                accounts[from] -= 1;
                accounts[to] += 1;
                None
            }
        }
    }
}

struct Ledger<B>(B);

impl<B: Transfer> Subject<Accounts> for Ledger<B> {
    fn new() -> Ledger<B> {
        Ledger(B::new(10))
    }

    fn apply(&self, operation: &Asked) -> Option<i64> {
        match *operation {
            Asked::Audit => Some(self.0.audit().iter().sum()),
            Asked::Move(from, to) => {
                self.0.transfer(from, to);
                None
            }
        }
    }
}

fn asked() -> impl proptest::strategy::Strategy<Value = Asked> {
    prop_oneof![Just(Asked::Audit), Just(Asked::Move(0, 1)), Just(Asked::Move(1, 0))]
}

#[test]
fn the_banks_of_the_catalogue_are_told_apart() {
    let check = Linearizable::<Accounts, Ledger<bank::fixed::Bank>>::with(asked());
    is_linearizable(check.cases(8).threads(2).executions(300).schedules(30));
    if !shuttle() {
        return;
    }
    let check = Linearizable::<Accounts, Ledger<bank::per_field::Bank>>::with(asked());
    let found = check.threads(2).executions(300).schedules(30).run().unwrap().unwrap_err();
    let (audit, transfer) = (vec![Asked::Audit], vec![Asked::Move(0, 1)]);
    let threads = &found.scenario.threads;
    assert!(*threads == [audit.clone(), transfer.clone()] || *threads == [transfer, audit], "{found}");
    assert!(found.scenario.before.is_empty() && found.scenario.after.is_empty(), "{found}");
    assert_eq!(found.refutation.unwrap().operation.answer, Some(Some(19)));
}

/// The catalogue's buffer, which keeps its users waiting: what it is asked for must come to an end.
struct Waits(buffer::Bounded);

impl Subject<Queue<u8, 1>> for Waits {
    fn new() -> Waits {
        Waits(Buffer::new(1))
    }

    fn apply(&self, operation: &QueueOperation<u8>) -> QueueAnswer<u8> {
        match *operation {
            QueueOperation::Dequeue => self.0.take().map_or(QueueAnswer::Empty, |n| QueueAnswer::Dequeued(n as u8)),
            QueueOperation::Enqueue(value) => {
                self.0.put(value.into());
                QueueAnswer::Enqueued
            }
        }
    }
}

#[test]
fn one_scenario_can_be_checked() {
    use QueueOperation::{Dequeue, Enqueue};
    let scenario = Scenario {
        before: vec![Enqueue(1)],
        threads: vec![vec![Enqueue(2)], vec![Dequeue], vec![Dequeue, Enqueue(3)]],
        after: vec![Dequeue],
    };
    let passed = Linearizable::<_, Waits>::new().executions(20_000).run_scenario(scenario).unwrap();
    let passed = passed.unwrap_or_else(|counterexample| panic!("{counterexample}"));
    assert!(passed.scenarios == 1 && passed.executions > 10, "{passed}");
    // loom bounds the preemptions of what is too large for it.
    assert!(passed.exhausted == 1 || !shuttle(), "{passed}");
    // One that waits for ever is found, and shown without a history.
    let scenario = Scenario { before: vec![], threads: vec![vec![Dequeue], vec![Dequeue, Enqueue(1)]], after: vec![] };
    let stuck = Linearizable::<_, Waits>::new().run_scenario(scenario).unwrap().unwrap_err();
    assert_eq!(stuck.verdict.failure.as_ref().unwrap().kind, raddle::FailureKind::Deadlock);
    assert_eq!(stuck.scenario, Scenario { before: vec![Dequeue], threads: vec![], after: vec![] });
    assert!(stuck.history.is_none() && stuck.to_string().starts_with("before: [Dequeue]\nafter: []\n"), "{stuck}");
}
