//! What each delivery promises, when messages are lost, and when the server forgets or fails.

use std::{
    io::Write,
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use raddle::rpc::{
    Call, CallError, CallId, Client, ClientOptions, Delivery, Dispatcher, Failure, Journal, Latest, LogError, Outcome,
    Refused, Reply, Server, ServerOptions, frame,
};

use crate::{
    common::{Fate, PANICS, Tally, client, message, network, next, quick, reply, serve},
    log::Scratch,
};

use Delivery::{AtLeastOnce, AtMostOnce, ExactlyOnce, Once};

#[test]
fn once_does_not_know_what_became_of_a_call_without_a_reply() {
    for (fate, ran) in [(Fate::LoseRequest, vec![]), (Fate::LoseReply, vec![5])] {
        let (server, tally) = serve(ServerOptions::default());
        let said = client(network(server.local_addr(), [fate]), Once, 1).call(&5).unwrap_err();
        assert!(matches!(said, CallError::Unanswered { attempts: 1, last: Failure::Closed }), "{said}");
        assert_eq!(tally.ran(), ran);
    }
}

#[test]
fn at_least_once_runs_again_what_has_run() {
    let (server, tally) = serve(ServerOptions::default());
    let mut client = client(network(server.local_addr(), [Fate::LoseReply, Fate::LoseRequest]), AtLeastOnce, 1);
    assert_eq!(client.call(&5).unwrap().0, 2);
    assert_eq!(tally.ran(), [5, 5]);
}

#[test]
fn at_most_once_and_exactly_once_run_once() {
    for delivery in [AtMostOnce, ExactlyOnce] {
        let scratch = Scratch::new();
        let (server, tally) = serve(ServerOptions { log: Some(scratch.0.clone()), ..ServerOptions::default() });
        let fates = [Fate::LoseReply, Fate::LoseRequest, Fate::LoseReply];
        let mut client = client(network(server.local_addr(), fates), delivery, 1);
        assert_eq!(client.call(&5).unwrap().0, 1);
        assert_eq!(client.call(&7).unwrap().0, 2);
        assert_eq!(client.call(&7).unwrap().0, 3, "the same request is another call");
        assert_eq!(tally.ran(), [5, 7, 7]);
    }
}

#[test]
fn a_client_that_gives_up_says_that_the_call_may_have_run() {
    for delivery in [AtLeastOnce, AtMostOnce] {
        let (server, tally) = serve(ServerOptions::default());
        let mut client = client(network(server.local_addr(), [Fate::LoseReply; 4]), delivery, 1);
        let said = client.call(&5).unwrap_err();
        assert!(matches!(said, CallError::Unanswered { attempts: 4, last: Failure::Closed }), "{said}");
        assert_eq!(client.call(&7).unwrap().0, tally.ran().len());
    }
}

#[test]
fn nobody_there_is_refused_whatever_the_delivery() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for delivery in [Once, AtLeastOnce, AtMostOnce, ExactlyOnce] {
        let said = client(address, delivery, 1).call(&5).unwrap_err();
        assert!(matches!(said, CallError::Refused(Failure::Unreachable { .. })), "{said}");
    }
}

#[test]
fn the_services_no_is_told_from_the_servers_and_is_remembered() {
    let (server, tally) = serve(ServerOptions::default());
    let mut client = client(network(server.local_addr(), [Fate::LoseReply]), AtMostOnce, 1);
    assert!(matches!(client.call(&0).unwrap_err(), CallError::No(why) if why == "0 is refused"));
    assert_eq!(tally.ran(), [0]);
}

#[test]
fn exactly_once_is_refused_without_a_log() {
    let (server, tally) = serve(ServerOptions::default());
    let said = client(server.local_addr(), ExactlyOnce, 1).call(&5).unwrap_err();
    assert!(matches!(said, CallError::Refused(Failure::Refused(Refused::NoLog))), "{said}");
    assert!(tally.ran().is_empty());
}

/// Sends a message on a connection of its own. The reply.
fn send(server: &Server, message: &[u8]) -> Reply {
    let mut stream = TcpStream::connect(server.local_addr()).unwrap();
    stream.write_all(message).unwrap();
    reply(&mut stream).unwrap()
}

#[test]
fn a_call_that_is_sent_again_to_a_server_that_was_started_again_runs_once_if_there_is_a_log() {
    let scratch = Scratch::new();
    for (log, delivery, runs) in [(Some(scratch.0.clone()), ExactlyOnce, vec![5]), (None, AtMostOnce, vec![])] {
        let options = ServerOptions { log, ..ServerOptions::default() };
        let (server, _) = serve(options.clone());
        let first = send(&server, &message(9, 1, delivery, false, 5));
        server.shutdown();
        let (server, tally) = serve(options);
        assert_eq!(tally.ran(), runs, "what the log holds has run again");
        let again = send(&server, &message(9, 1, delivery, true, 5));
        assert_eq!(again, first);
        assert_eq!(tally.ran(), [5]);
    }
}

#[test]
fn a_log_has_the_calls_of_all_deliveries_in_the_order_in_which_they_ran() {
    let scratch = Scratch::new();
    let options = ServerOptions { log: Some(scratch.0.clone()), ..ServerOptions::default() };
    let (server, tally) = serve(options.clone());
    thread::scope(|s| {
        for (id, delivery) in [Once, AtLeastOnce, AtMostOnce, ExactlyOnce].into_iter().enumerate() {
            let mut client = client(server.local_addr(), delivery, id as u64 + 1);
            s.spawn(move || (0..20).for_each(|call| drop(client.call(&(100 * id as u64 + 2 * call + 1)).unwrap())));
        }
    });
    let ran = tally.ran();
    assert_eq!(ran.len(), 80);
    server.shutdown();
    let (_server, tally) = serve(options);
    assert_eq!(tally.ran(), ran);
}

#[test]
fn a_late_reply_is_not_taken_for_the_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = |stream: &mut TcpStream, sequence, number: usize| {
        let outcome = Outcome::Answer(postcard::to_stdvec(&(number, Vec::<u8>::new())).unwrap());
        let reply = Reply { id: CallId { client: 1, sequence }, outcome };
        stream.write_all(&frame::frame(&reply, 0, 1000).unwrap())
    };
    let server = thread::spawn(move || {
        // The first call is not answered in time, on any attempt.
        let mut late: Vec<TcpStream> = (0..4).map(|_| listener.accept().unwrap().0).collect();
        late.iter_mut().for_each(|stream| drop(next(stream).unwrap()));
        // The second comes on another connection. A late reply to the first comes there, and on the old one.
        let mut stream = listener.accept().unwrap().0;
        next(&mut stream).unwrap();
        let _ = answer(&mut late[3], 1, 100);
        answer(&mut stream, 1, 100).unwrap();
        assert!(next(&mut stream).is_none(), "who says such things is left");
        let mut stream = listener.accept().unwrap().0;
        next(&mut stream).unwrap();
        answer(&mut stream, 2, 200).unwrap();
    });
    let options = ClientOptions { timeout: Duration::from_millis(300), id: Some(1), ..quick() };
    let mut client = Client::<Tally>::new(address, AtMostOnce, options);
    let said = client.call(&5).unwrap_err();
    assert!(matches!(said, CallError::Unanswered { attempts: 4, last: Failure::Slow(_) }), "{said}");
    assert_eq!(client.call(&7).unwrap().0, 200);
    server.join().unwrap();
}

#[test]
fn a_message_that_was_under_way_for_long_is_refused() {
    let (server, tally) = serve(ServerOptions::default());
    let mut client = client(server.local_addr(), AtMostOnce, 9);
    client.call(&5).unwrap();
    client.call(&7).unwrap();
    let late = send(&server, &message(9, 1, AtMostOnce, false, 5));
    assert_eq!(late.outcome, Outcome::Refused(Refused::Stale));
    assert_eq!(tally.ran(), [5, 7]);
}

#[test]
fn a_client_that_was_forgotten_is_told_that_its_call_may_have_run() {
    let (server, tally) = serve(ServerOptions { clients: 2, ..ServerOptions::default() });
    let mut clients: Vec<_> = (1..=3).map(|id| client(server.local_addr(), AtMostOnce, id)).collect();
    clients.iter_mut().for_each(|client| drop(client.call(&5).unwrap()));
    let said = clients[0].call(&7).unwrap_err();
    assert!(matches!(said, CallError::Unanswered { last: Failure::Refused(Refused::Forgotten), .. }), "{said}");
    let again = send(&server, &message(1, 1, AtMostOnce, true, 5));
    assert_eq!(again.outcome, Outcome::Refused(Refused::Forgotten));
    assert_eq!(clients[1].call(&7).unwrap().0, 4, "it is remembered");
    assert_eq!(client(server.local_addr(), AtMostOnce, 4).call(&9).unwrap().0, 5, "and who is new is welcome");
    assert_eq!(tally.ran(), [5, 5, 5, 7, 9]);
}

#[test]
fn replies_are_forgotten_when_they_are_too_long_together() {
    let (server, tally) = serve(ServerOptions { replies: 250, ..ServerOptions::default() });
    for id in 1..=3 {
        client(server.local_addr(), AtMostOnce, id).call(&100).unwrap();
    }
    let again = |id| send(&server, &message(id, 1, AtMostOnce, true, 100)).outcome;
    assert_eq!(again(1), Outcome::Refused(Refused::Forgotten));
    assert!(matches!(again(2), Outcome::Answer(_)));
    assert_eq!(tally.ran().len(), 3);
}

#[test]
fn an_answer_that_is_too_long_is_said_to_be() {
    let (server, tally) = serve(ServerOptions { limit: 1000, ..ServerOptions::default() });
    let mut client = client(server.local_addr(), AtMostOnce, 1);
    let said = client.call(&2000).unwrap_err();
    assert!(matches!(said, CallError::Unanswered { attempts: 1, last: Failure::TooLong }), "{said}");
    assert_eq!(client.call(&5).unwrap().0, 2);
    assert_eq!(tally.ran(), [2000, 5]);
}

/// A log on a disk that fails: when a record is written, or when it is synced.
struct Failing {
    write: bool,
}

impl Journal for Failing {
    fn append(&self, _: &Call<'_>) -> Result<(), LogError> {
        if self.write { Err(LogError::Failed("disk".into())) } else { Ok(()) }
    }

    fn end(&self) -> u64 {
        0
    }

    fn sync(&self, _: u64) -> Result<(), LogError> {
        Err(LogError::Failed("disk".into()))
    }
}

#[test]
fn a_log_that_cannot_be_written_is_no_answer() {
    let serve = |write| {
        let tally = Tally::default();
        let calls = Dispatcher::new(tally.clone(), Latest::new(10, 1000)).with_journal(Failing { write });
        (Server::with_calls("127.0.0.1:0", calls, ServerOptions::default()).unwrap(), tally)
    };
    let (server, tally) = serve(true);
    let said = client(server.local_addr(), ExactlyOnce, 1).call(&5).unwrap_err();
    assert!(matches!(said, CallError::Refused(Failure::Refused(Refused::LogFailed))), "{said}");
    assert!(tally.ran().is_empty());
    let (server, tally) = serve(false);
    let said = client(server.local_addr(), ExactlyOnce, 1).call(&5).unwrap_err();
    assert!(matches!(said, CallError::Unanswered { attempts: 4, last: Failure::Closed }), "{said}");
    assert_eq!(tally.ran(), [5]);
}

#[test]
fn a_call_that_panics_harms_none_that_need_not_be_remembered() {
    let (server, tally) = serve(ServerOptions::default());
    let said = client(server.local_addr(), Once, 1).call(&PANICS).unwrap_err();
    assert!(matches!(said, CallError::Unanswered { last: Failure::Closed, .. }), "{said}");
    assert_eq!(client(server.local_addr(), AtMostOnce, 2).call(&5).unwrap().0, 1);
    // Under the lock it leaves behind that nobody knows what has run.
    let said = client(server.local_addr(), AtMostOnce, 3).call(&PANICS).unwrap_err();
    assert!(matches!(said, CallError::Unanswered { last: Failure::Refused(Refused::Panicked), .. }), "{said}");
    let said = client(server.local_addr(), AtMostOnce, 4).call(&5).unwrap_err();
    assert!(matches!(said, CallError::Refused(Failure::Refused(Refused::Panicked))), "{said}");
    assert_eq!(tally.ran(), [5]);
}

#[test]
fn clients_draw_numbers_of_their_own() {
    let (server, tally) = serve(ServerOptions::default());
    for _ in 0..20 {
        Client::<Tally>::new(server.local_addr(), AtMostOnce, quick()).call(&5).unwrap();
    }
    assert_eq!(tally.ran().len(), 20);
}
