//! What runs calls, explored without a network: a message and its copy come by two connections, in every order.

use raddle::{
    Check, Coverage, FailureKind, Strategy, Verdict,
    patterns::kv::{Answer, Request, Store},
    rpc::{Call, CallId, Calls, Delivery::AtMostOnce, Dispatcher, Latest, Outcome, Replies, Seen},
    sync::Arc,
    thread,
};

/// A word is sent, and sent again, while another client appends another one.
fn explore<R: Replies>(replies: fn() -> R) -> Verdict {
    let check = Check::new("a call and its copy").strategy(Strategy::Dpor);
    let verdict = check.run(move || {
        let calls = Arc::new(Dispatcher::new(Store::default(), replies()));
        let ask = |client, resent, request: &Request| {
            let (calls, body) = (Arc::clone(&calls), postcard::to_stdvec(request).unwrap());
            let id = CallId { client, sequence: 1 };
            thread::spawn(move || calls.call(&Call { id, delivery: AtMostOnce, resent, body: &body }))
        };
        let append = |word: &str| Request::Append { key: "words".to_owned(), value: word.to_owned() };
        let asked = [ask(1, false, &append("a")), ask(1, true, &append("a")), ask(2, false, &append("b"))];
        let stored = Outcome::Answer(postcard::to_stdvec(&Answer::Stored).unwrap());
        asked.into_iter().for_each(|asked| assert_eq!(asked.join().unwrap().as_ref(), Some(&stored)));
        let Some(Outcome::Answer(words)) = ask(3, false, &Request::Get { key: "words".to_owned() }).join().unwrap()
        else {
            panic!("nobody answers");
        };
        let Ok(Answer::Value(Some(words))) = postcard::from_bytes(&words) else { panic!("nothing is stored") };
        assert!(words == "ab" || words == "ba", "{words}");
    });
    verdict.unwrap()
}

/// Remembers nothing.
struct Forgetful;

impl Replies for Forgetful {
    fn look(&mut self, _: &Call<'_>) -> Seen {
        Seen::New
    }

    fn keep(&mut self, _: CallId, _: &Outcome) {}
}

#[test]
fn a_call_and_its_copy_run_once_in_every_order() {
    let verdict = explore(|| Latest::new(10, 1000));
    assert!(verdict.failure.is_none(), "{}", raddle::render(&verdict));
    assert_eq!(verdict.coverage, Coverage::Exhausted);
    let verdict = explore(|| Forgetful);
    assert_eq!(verdict.failure.expect("it runs twice").kind, FailureKind::Panic);
}
