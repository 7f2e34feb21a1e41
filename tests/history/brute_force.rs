//! The checker against all permutations, on random small histories of every specification.

use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use raddle::history::{
    Call, Consistency, Decision, Event, History, Refutation, Spec,
    specs::{Bank, BankOperation, Counter, KeyValue, KeyValueOperation, Lock, Queue, Register, Set, Stack},
};

/// Histories of each specification.
const HISTORIES: u32 = 400;
const CLIENTS: usize = 3;
/// Operations of all clients.
const MOST: usize = 6;

type CallOf<S> = Call<<S as Spec>::Operation, <S as Spec>::Answer>;
type HistoryOf<S> = History<<S as Spec>::Operation, <S as Spec>::Answer>;

/// What a client is doing, and what it is going to be told.
type Doing<S> = (<S as Spec>::Operation, Option<<S as Spec>::Answer>);

/// What an object might have done that is linearizable as a rule: each number moves a client one step on, and
/// says whether that goes wrong.
fn simulated<S: Spec>(operations: &[S::Operation], moves: &[u8]) -> HistoryOf<S> {
    let mut states = vec![S::initial()];
    let mut operations = operations.iter();
    let mut events = Vec::new();
    let mut doing: Vec<Option<Doing<S>>> = vec![None; CLIENTS];
    for &number in moves {
        let client = usize::from(number) % CLIENTS;
        doing[client] = match doing[client].take() {
            None => operations.next().map(|operation| {
                events.push(Event::Invoke { client, operation: operation.clone() });
                (operation.clone(), None)
            }),
            Some((operation, None)) => {
                // It sees a state that was, or is lost, or happens as it should.
                let (seen, lost) = match number / 3 % 8 {
                    0..3 => (usize::from(number / 24) % states.len(), false),
                    3..5 => (states.len() - 1, true),
                    _ => (states.len() - 1, false),
                };
                let mut state = states[seen].clone();
                let answer = S::apply(&mut state, &operation);
                if !lost {
                    states.push(state);
                }
                Some((operation, Some(answer)))
            }
            Some((_, Some(answer))) => {
                events.push(Event::Return { client, answer });
                None
            }
        };
    }
    History::new(events).unwrap()
}

/// Whether the second call has to come after the first.
fn ordered<O, A>(consistency: Consistency, first: &Call<O, A>, second: &Call<O, A>) -> bool {
    match consistency {
        Consistency::Linearizable => first.returned.is_some_and(|at| at < second.invoked),
        Consistency::Sequential => first.client == second.client && first.invoked < second.invoked,
    }
}

/// Whether an order, of calls by number, explains the history.
fn explains<S: Spec>(consistency: Consistency, calls: &[CallOf<S>], order: &[usize]) -> bool {
    let mut state = S::initial();
    let complete = (0..calls.len()).all(|call| order.contains(&call) || calls[call].returned.is_none());
    let distinct = (0..order.len()).all(|at| !order[..at].contains(&order[at]));
    let keeps = (0..order.len())
        .all(|at| order[..at].iter().all(|&first| !ordered(consistency, &calls[order[at]], &calls[first])));
    // One that is left out is pending, and nothing comes after it.
    let answers = order.iter().all(|&call| {
        let answer = S::apply(&mut state, &calls[call].operation);
        calls[call].answer.as_ref().is_none_or(|recorded| *recorded == answer)
    });
    complete && distinct && keeps && answers
}

/// Whether any of all permutations of all calls, or of all but some that are pending, explains the history.
fn by_brute_force<S: Spec>(consistency: Consistency, calls: &[CallOf<S>]) -> bool {
    fn permutations<S: Spec>(consistency: Consistency, calls: &[CallOf<S>], order: &mut Vec<usize>) -> bool {
        explains::<S>(consistency, calls, order)
            || (0..calls.len()).filter(|call| !order.contains(call)).collect::<Vec<_>>().into_iter().any(|call| {
                order.push(call);
                let found = permutations::<S>(consistency, calls, order);
                order.pop();
                found
            })
    }
    permutations::<S>(consistency, calls, &mut Vec::new())
}

/// The refutation of a history that is not linearizable is the longest prefix that is, and what comes next is not.
fn is_the_longest<S: Spec<Operation: PartialEq>>(
    history: &HistoryOf<S>,
    refutation: &Refutation<S::Operation, S::Answer>,
) {
    let part = S::part(&refutation.operation.operation);
    let calls: Vec<CallOf<S>> =
        history.calls().iter().filter(|call| part.is_none() || S::part(&call.operation) == part).cloned().collect();
    let until = |moment: usize| -> Vec<CallOf<S>> {
        let begun = calls.iter().filter(|call| call.invoked <= moment).cloned();
        begun
            .map(|call| match call.returned {
                Some(at) if at > moment => Call { answer: None, returned: None, ..call },
                _ => call,
            })
            .collect()
    };
    let moment = refutation.operation.returned.expect("what is pending can be placed nowhere, and need not be");
    assert!(calls.contains(&refutation.operation));
    assert_eq!(refutation.prefix, until(moment - 1));
    assert!(!by_brute_force::<S>(Consistency::Linearizable, &until(moment)), "a longer prefix is linearizable");
    let order: Vec<usize> = refutation.order.iter().map(|placed| placed.call).collect();
    assert!(explains::<S>(Consistency::Linearizable, &refutation.prefix, &order), "the order does not explain it");
}

/// The longest order that keeps to the clients' own ends where none of them can go on.
fn is_stuck<S: Spec<Operation: PartialEq>>(history: &HistoryOf<S>, refutation: &Refutation<S::Operation, S::Answer>) {
    assert!(history.calls().contains(&refutation.operation));
    assert!(!refutation.prefix.contains(&refutation.operation));
    let order: Vec<usize> = refutation.order.iter().map(|placed| placed.call).collect();
    assert!(explains::<S>(Consistency::Sequential, &refutation.prefix, &order));
    assert!(refutation.operation.answer.as_ref().is_some_and(|answer| *answer != refutation.would_answer));
}

/// How many of the histories of a specification hold, of those that are linearizable or sequentially consistent.
fn agrees<S: Spec<Operation: PartialEq>>(operations: impl Strategy<Value = S::Operation>) -> (u32, u32) {
    let config = Config { cases: HISTORIES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let counts = std::cell::Cell::new((0, 0));
    let strategy = (vec(operations, 3..=MOST), vec(any::<u8>(), 3 * MOST..=5 * MOST));
    let run = runner.run(&strategy, |(operations, moves)| {
        let history = simulated::<S>(&operations, &moves);
        let calls = history.calls();
        let decide = |consistency, decision: Decision<S::Operation, S::Answer>| {
            let expected = by_brute_force::<S>(consistency, calls);
            match &decision {
                Decision::Holds { order } => assert!(expected && explains::<S>(consistency, calls, order), "{history}"),
                Decision::Fails(refutation) => {
                    assert!(!expected, "{refutation}\n{history}");
                    match consistency {
                        Consistency::Linearizable => is_the_longest::<S>(&history, refutation),
                        Consistency::Sequential => is_stuck::<S>(&history, refutation),
                    }
                }
                Decision::Unknown { .. } => panic!("{MOST} operations have few configurations: {history}"),
            }
            expected
        };
        let linearizable = decide(Consistency::Linearizable, history.check::<S>());
        let sequential = decide(Consistency::Sequential, history.check_sequential::<S>());
        assert!(sequential || !linearizable, "what is linearizable is sequentially consistent: {history}");
        let (all, weak) = counts.get();
        counts.set((all + u32::from(linearizable), weak + u32::from(sequential)));
        Ok(())
    });
    run.unwrap_or_else(|why| panic!("{why}"));
    counts.get()
}

/// Agrees, and neither verdict is rare; nor is what one kind of consistency allows and the other does not.
fn agrees_on_both<S: Spec<Operation: PartialEq>>(operations: impl Strategy<Value = S::Operation>) {
    let (linearizable, sequential) = agrees::<S>(operations);
    eprintln!("{}: {linearizable} linearizable, {sequential} sequential of {HISTORIES}", std::any::type_name::<S>());
    assert!(linearizable > HISTORIES / 4 && HISTORIES - linearizable > HISTORIES / 8, "{linearizable} hold");
    assert!(sequential > linearizable, "{sequential}, {linearizable}");
    assert!(HISTORIES - sequential > HISTORIES / 20, "{sequential}");
}

#[test]
fn register() {
    agrees_on_both::<Register<u8>>(any::<<Register<u8> as Spec>::Operation>());
}

#[test]
fn key_value() {
    // Most gets come before any put.
    let get = (0..2_u8).prop_map(KeyValueOperation::Get);
    let put = (0..2_u8, 1..9_u8).prop_map(|(key, value)| KeyValueOperation::Put(key, value));
    agrees_on_both::<KeyValue<u8, u8>>(prop_oneof![get, put]);
}

#[test]
fn queue() {
    agrees_on_both::<Queue<u8>>(any::<<Queue<u8> as Spec>::Operation>());
}

#[test]
fn bounded_queue() {
    agrees_on_both::<Queue<u8, 1>>(any::<<Queue<u8, 1> as Spec>::Operation>());
}

#[test]
fn stack() {
    agrees_on_both::<Stack<u8>>(any::<<Stack<u8> as Spec>::Operation>());
}

#[test]
fn set() {
    agrees_on_both::<Set<u8>>(any::<<Set<u8> as Spec>::Operation>());
}

#[test]
fn counter() {
    agrees_on_both::<Counter>(any::<<Counter as Spec>::Operation>());
}

#[test]
fn lock() {
    agrees_on_both::<Lock>(any::<<Lock as Spec>::Operation>());
}

#[test]
fn bank() {
    // Most withdrawals come before any deposit.
    let deposit = (0..2_u8, 1..4_u64).prop_map(|(account, amount)| BankOperation::Deposit(account, amount));
    agrees_on_both::<Bank>(prop_oneof![deposit, Just(BankOperation::Total), any::<BankOperation>()]);
}
