//! What is decided of histories that are known, and how it is told.

use raddle::history::{
    Decision,
    Event::*,
    History, HistoryError, Spec,
    specs::{
        Queue, QueueAnswer::*, QueueOperation, QueueOperation::*, Register, RegisterAnswer, RegisterAnswer::Value,
        RegisterOperation, RegisterOperation::*,
    },
};

type RegisterEvent = raddle::history::Event<RegisterOperation<u8>, RegisterAnswer<u8>>;

fn begins(client: usize, operation: RegisterOperation<u8>) -> RegisterEvent {
    Invoke { client, operation }
}

fn told(client: usize, answer: RegisterAnswer<u8>) -> RegisterEvent {
    Return { client, answer }
}

const WRITTEN: RegisterAnswer<u8> = RegisterAnswer::Written;

/// Whether the history is linearizable, and whether it is sequentially consistent.
fn decided(events: impl IntoIterator<Item = RegisterEvent>) -> (bool, bool) {
    let history = History::new(events).unwrap();
    let decisions = (history.check::<Register<u8>>(), history.check_sequential::<Register<u8>>());
    for decision in [&decisions.0, &decisions.1] {
        assert!(!matches!(decision, Decision::Unknown { .. }));
    }
    (decisions.0.holds(), decisions.1.holds())
}

#[test]
fn a_stale_read_is_sequentially_consistent_and_not_linearizable() {
    assert_eq!(decided([begins(1, Write(1)), told(1, WRITTEN), begins(2, Read), told(2, Value(0))]), (false, true));
    assert_eq!(decided([begins(1, Write(1)), begins(2, Read), told(1, WRITTEN), told(2, Value(0))]), (true, true));
}

#[test]
fn what_a_client_has_read_itself_stays() {
    let read = |client, value| [begins(client, Read), told(client, Value(value))];
    let events = [vec![begins(1, Write(1))], read(2, 1).into(), read(2, 0).into(), vec![told(1, WRITTEN)]].concat();
    assert_eq!(decided(events), (false, false));
}

#[test]
fn a_pending_operation_may_have_happened_or_not_and_late() {
    let read = |client, value| [begins(client, Read), told(client, Value(value))];
    let with = |reads: &[u8]| {
        let reads = reads.iter().flat_map(|value| read(2, *value));
        decided([begins(1, Write(1))].into_iter().chain(reads))
    };
    assert_eq!(with(&[0, 0]), (true, true));
    assert_eq!(with(&[0, 1]), (true, true));
    assert_eq!(with(&[1, 1]), (true, true));
    assert_eq!(with(&[1, 0]), (false, false));
    assert_eq!(with(&[2]), (false, false));
}

#[test]
fn registers_of_their_own_that_are_sequentially_consistent_are_not_so_together() {
    use raddle::history::specs::{KeyValue, KeyValueAnswer::*, KeyValueOperation::*};
    // Each writes its own key, and then does not see the other's.
    let client = |client: usize, mine: u8| {
        let (put, get) = (Put(mine, 1_u8), Get(1 - mine));
        [
            Invoke { client, operation: put },
            Return { client, answer: Done },
            Invoke { client, operation: get },
            Return { client, answer: Value(None) },
        ]
    };
    let history = History::new(client(0, 0).into_iter().chain(client(1, 1))).unwrap();
    assert!(!history.check_sequential::<KeyValue<u8, u8>>().holds());
}

/// So many clients write at a time, and then somebody reads what nobody has written.
fn hard(clients: usize) -> History<RegisterOperation<u8>, RegisterAnswer<u8>> {
    let writes = (0..clients).map(|client| begins(client, Write(client as u8 + 1)));
    let written = (0..clients).map(|client| told(client, WRITTEN));
    let read = [begins(0, Read), told(0, Value(200))];
    History::new(writes.chain(written).chain(read)).unwrap()
}

#[test]
fn past_the_limit_the_answer_is_unknown_and_never_wrong() {
    // Each set of writes, with each of them the last: that is all there is.
    let all = 12 * (1 << 11);
    assert_eq!(hard(12).check_within::<Register<u8>>(all - 1), Decision::Unknown { configurations: all - 1 });
    assert!(hard(12).check_within::<Register<u8>>(all).refutation().is_some());
    let unknown = Decision::Unknown { configurations: all - 1 };
    assert_eq!(hard(12).check_sequential_within::<Register<u8>>(all - 1), unknown);
    assert_eq!(hard(40).check_within::<Register<u8>>(1_000), Decision::Unknown { configurations: 1_000 });
}

#[test]
fn the_limit_is_no_matter_where_a_small_part_is_wrong() {
    use raddle::history::specs::{KeyValue, KeyValueAnswer::*, KeyValueOperation::*};
    let writes = (0..12_u8).map(|client| Invoke { client: client.into(), operation: Put(0_u8, client) });
    let written = (0..12).map(|client| Return { client, answer: Done });
    let wrong =
        |key: u8, client| [Invoke { client, operation: Get(key) }, Return { client, answer: Value(Some(200_u8)) }];
    let events = writes.chain(written).chain(wrong(0, 3)).chain(wrong(1, 4));
    let history = History::new(events).unwrap();
    let decision = history.check_within::<KeyValue<u8, u8>>(100);
    let refutation = decision.refutation().unwrap();
    assert_eq!((refutation.operation.client, refutation.operation.operation), (4, Get(1)));
}

#[test]
fn a_refutation_tells_the_longest_prefix_and_what_cannot_be_placed() {
    let history: History<QueueOperation<u8>, _> = History::new([
        Invoke { client: 1, operation: Enqueue(1) },
        Return { client: 1, answer: Enqueued },
        Invoke { client: 1, operation: Enqueue(2) },
        Invoke { client: 2, operation: Dequeue },
        Return { client: 2, answer: Dequeued(2) },
        Return { client: 1, answer: Enqueued },
        Invoke { client: 3, operation: Enqueue(3) },
    ])
    .unwrap();
    let Decision::Fails(refutation) = history.check::<Queue<u8>>() else { panic!("2 came first") };
    assert_eq!(
        refutation.to_string(),
        "\
not linearizable: Dequeue -> Dequeued(2) of client 2 cannot be placed
What had returned before can be explained by this order:
  client 1: Enqueue(1) -> Enqueued
There it would be Dequeue -> Dequeued(1), and in no order is it as it was."
    );
    assert_eq!(
        history.to_string(),
        "\
────────────────────────────────────────────────────────────────────────────
 client 1                     client 2                 client 3
════════════════════════════════════════════════════════════════════════════
 Enqueue(1) -> Enqueued
 Enqueue(2) ...
                              Dequeue -> Dequeued(2)
 ... Enqueue(2) -> Enqueued
                                                       Enqueue(3) (pending)
────────────────────────────────────────────────────────────────────────────"
    );
    let json = serde_json::to_string(&refutation).unwrap();
    assert_eq!(serde_json::from_str::<raddle::history::Refutation<_, _>>(&json).unwrap(), *refutation);
    // It says which history it belongs to, down to what was pending.
    assert_eq!(refutation.prefix.len(), 3);
    assert!(refutation.prefix[1..].iter().all(|call| call.answer.is_none() && call.returned.is_none()));
}

#[test]
fn an_assertion_that_fails_tells_the_history() {
    let history = History::new([begins(1, Read), told(1, Value(3))]).unwrap();
    let panics = std::panic::catch_unwind(|| history.assert_linearizable::<Register<u8>>()).unwrap_err();
    let message = panics.downcast_ref::<String>().unwrap();
    assert!(
        message.starts_with("not linearizable: Read -> Value(3) of client 1 cannot be placed\nNothing"),
        "{message}"
    );
    assert!(message.ends_with('─') && message.contains("client 1\n"), "{message}");
    let panics = std::panic::catch_unwind(|| history.assert_sequential::<Register<u8>>()).unwrap_err();
    assert!(panics.downcast_ref::<String>().unwrap().starts_with("not sequentially consistent: Read -> Value(3)"));
}

#[test]
fn a_history_is_data() {
    let events = vec![begins(1, Write(1)), begins(2, Read), told(1, WRITTEN)];
    let history = History::new(events.clone()).unwrap();
    assert_eq!(history.events(), events);
    let json = serde_json::to_string(&history).unwrap();
    assert_eq!(json, serde_json::to_string(&events).unwrap());
    assert_eq!(serde_json::from_str::<History<_, _>>(&json).unwrap(), history);
    let wrong = serde_json::to_string(&events[2..]).unwrap();
    let why = serde_json::from_str::<History<RegisterOperation<u8>, RegisterAnswer<u8>>>(&wrong).unwrap_err();
    assert!(why.to_string().contains("client 1 is answered, and has no operation under way"), "{why}");
}

#[test]
fn a_client_does_one_thing_at_a_time() {
    let overlaps = History::new([begins(1, Read), begins(2, Read), begins(1, Read)]);
    assert_eq!(overlaps.unwrap_err(), HistoryError::Overlaps { event: 2, client: 1 });
    let unasked = History::new([begins(1, Read), told(1, Value(0)), told(1, Value(0))]);
    assert_eq!(unasked.unwrap_err(), HistoryError::NotInvoked { event: 2, client: 1 });
}

#[test]
fn nothing_is_linearizable() {
    let nothing = History::<RegisterOperation<u8>, RegisterAnswer<u8>>::new([]).unwrap();
    assert_eq!(nothing.check::<Register<u8>>(), Decision::Holds { order: vec![] });
    assert_eq!(nothing.check_sequential::<Register<u8>>(), Decision::Holds { order: vec![] });
}

#[test]
fn a_bank_moves_what_is_there() {
    use raddle::history::specs::{
        Bank,
        BankAnswer::{self, *},
        BankOperation::*,
    };
    let mut accounts = Bank::initial();
    let mut asked = |operation| Bank::apply(&mut accounts, &operation);
    let steps: [(_, BankAnswer); 12] = [
        (Balance(0), Amount(0)),
        (Withdraw(0, 1), TooLittle),
        (Deposit(0, 5), Done),
        (Transfer(0, 1, 6), TooLittle),
        (Total, Amount(5)),
        (Transfer(0, 1, 2), Done),
        (Balance(0), Amount(3)),
        (Balance(1), Amount(2)),
        (Transfer(1, 1, 2), Done),
        (Withdraw(1, 2), Done),
        (Withdraw(0, 3), Done),
        (Total, Amount(0)),
    ];
    for (operation, answer) in steps {
        assert_eq!(asked(operation), answer, "{operation:?}");
    }
    assert_eq!(accounts, Bank::initial(), "accounts that are equal look equal");
}

#[test]
fn a_lock_that_is_held_is_not_acquired() {
    use raddle::history::specs::{Lock, LockAnswer::*, LockOperation::*};
    let mut held = Lock::initial();
    let steps =
        [(Acquire, Acquired), (TryAcquire, Busy), (Release, Released), (Release, NotHeld), (TryAcquire, Acquired)];
    for (operation, answer) in steps {
        assert_eq!(Lock::apply(&mut held, &operation), answer, "{operation:?}");
    }
}

#[test]
fn a_queue_that_is_full_waits() {
    let full = |answer| {
        let one_by_one = |answer| [Invoke { client: 1, operation: Enqueue(7) }, Return { client: 1, answer }];
        let history = History::new([Enqueued, answer].into_iter().flat_map(one_by_one)).unwrap();
        history.check::<Queue<u8, 1>>().holds()
    };
    assert!(full(Full) && !full(Enqueued));
    assert_eq!(Queue::<u8, 1>::apply(&mut Queue::<u8, 1>::initial(), &Dequeue), Empty);
}
