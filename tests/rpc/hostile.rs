//! Clients that send nonsense, too much, too slowly, or go away: they are told, or left, and nobody else notices.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use raddle::rpc::{
    Call, CallError, CallId, Client, ClientOptions,
    Delivery::{AtMostOnce, Once},
    Failure, Outcome, Refused, Reply, Server, ServerOptions, Service, frame,
};

use crate::{
    common::{Tally, client, message, quick, reply, serve},
    memory::LARGEST_OF_ALL,
};

/// A server that waits for a slow message no longer than this.
const TIMEOUT: Duration = Duration::from_millis(200);

/// A server, and a client that is connected before others misbehave, and is served after it.
struct Court {
    server: Server,
    tally: Tally,
    good: Client<Tally>,
}

impl Court {
    fn open(options: ServerOptions) -> Court {
        let (server, tally) = serve(ServerOptions { timeout: TIMEOUT, limit: 10_000, ..options });
        let mut good = client(server.local_addr(), AtMostOnce, 1);
        good.call(&5).unwrap();
        Court { server, tally, good }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.server.local_addr()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }

    /// What somebody is told who sends these bytes. In the end the connection is closed.
    fn told(&mut self, bytes: &[u8]) -> Option<Refused> {
        let mut stream = self.connect();
        let _ = stream.write_all(bytes);
        let said = refusal(reply(&mut stream));
        assert!(reply(&mut stream).is_none(), "and then the connection is closed");
        self.others_are_served();
        said
    }

    fn others_are_served(&mut self) {
        let start = Instant::now();
        self.good.call(&7).unwrap();
        client(self.server.local_addr(), AtMostOnce, 2 + self.tally.ran().len() as u64).call(&9).unwrap();
        assert!(start.elapsed() < Duration::from_secs(5), "others wait");
    }
}

fn refusal(reply: Option<Reply>) -> Option<Refused> {
    reply.map(|reply| match reply {
        Reply { id: CallId::NONE, outcome: Outcome::Refused(why) } => why,
        other => panic!("{other:?}"),
    })
}

#[test]
fn nonsense_is_refused() {
    let mut court = Court::open(ServerOptions::default());
    let good = message(77, 1, AtMostOnce, false, 5);
    let mut damaged = good.clone();
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(court.told(&damaged), Some(Refused::Malformed));
    let no_call = frame::frame(&"this is no call", 0, 1000).unwrap();
    assert_eq!(court.told(&no_call), Some(Refused::Malformed));
    let nobody = message(0, 0, AtMostOnce, false, 5);
    assert_eq!(court.told(&nobody), Some(Refused::Malformed));
    // A call whose request is none of the service's is refused, and the connection stays.
    let mut stream = court.connect();
    let call = Call {
        id: CallId { client: 78, sequence: 1 },
        delivery: AtMostOnce,
        resent: false,
        body: b"no number that ends \xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    };
    stream.write_all(&frame::frame(&call, 0, 1000).unwrap()).unwrap();
    assert_eq!(reply(&mut stream).unwrap().outcome, Outcome::Refused(Refused::Malformed));
    stream.write_all(&good).unwrap();
    assert!(matches!(reply(&mut stream).unwrap().outcome, Outcome::Answer(_)));
}

#[test]
fn huge_lengths_are_refused_before_anything_is_read_for_them() {
    let mut court = Court::open(ServerOptions::default());
    let mut huge = u32::MAX.to_le_bytes().to_vec();
    huge.extend([0; 4]);
    assert_eq!(court.told(&huge), Some(Refused::TooLarge { limit: 10_000 }));
    // Another protocol: its length is "GET ". What was sent and not read may cost it what it is told.
    assert!(matches!(court.told(b"GET / HTTP/1.1\r\n\r\n"), None | Some(Refused::TooLarge { .. })));
    // A client of raddle's looks at its own limit first.
    let mut client: Client<Tally> =
        Client::new(court.server.local_addr(), AtMostOnce, ClientOptions { limit: 3, ..quick() });
    let said = client.call(&5).unwrap_err();
    assert!(matches!(said, CallError::Refused(Failure::Request(_))), "{said}");
}

#[test]
fn who_stops_in_the_middle_or_trickles_is_told_that_it_is_too_slow() {
    let mut court = Court::open(ServerOptions::default());
    let good = message(77, 1, AtMostOnce, false, 5);
    for half in [1, 8, good.len() - 1] {
        assert_eq!(court.told(&good[..half]), Some(Refused::TooSlow));
    }
    // A byte at a time is always in time for the next read, and never for the whole.
    let mut long = 9_000_u32.to_le_bytes().to_vec();
    long.resize(9_008, 0);
    let mut stream = court.connect();
    let start = Instant::now();
    for byte in long {
        if stream.write_all(&[byte]).is_err() || start.elapsed() > Duration::from_secs(5) {
            break;
        }
        thread::sleep(TIMEOUT / 20);
    }
    assert!(start.elapsed() < Duration::from_secs(5), "it goes on for ever");
    court.others_are_served();
}

#[test]
fn who_claims_much_and_sends_little_costs_little() {
    // What one of the other tests sends is a thousandth of this.
    let claimed = 1 << 28;
    let (server, _) = serve(ServerOptions { limit: claimed, timeout: TIMEOUT, ..ServerOptions::default() });
    let mut stream = TcpStream::connect(server.local_addr()).unwrap();
    let mut message = u32::try_from(claimed).unwrap().to_le_bytes().to_vec();
    message.resize(5_000, 0);
    stream.write_all(&message).unwrap();
    assert_eq!(refusal(reply(&mut stream)), Some(Refused::TooSlow));
    let largest = LARGEST_OF_ALL.load(Relaxed);
    assert!(largest < claimed / 16, "{largest} bytes for what is only claimed");
}

#[test]
fn who_was_slow_once_may_be_silent_again() {
    let court = Court::open(ServerOptions::default());
    let mut stream = court.connect();
    for sequence in 1..=2 {
        let message = message(77, sequence, AtMostOnce, false, 5);
        stream.write_all(&message[..5]).unwrap();
        thread::sleep(TIMEOUT / 10);
        stream.write_all(&message[5..]).unwrap();
        assert!(matches!(reply(&mut stream).unwrap().outcome, Outcome::Answer(_)));
        thread::sleep(2 * TIMEOUT);
    }
}

#[test]
fn silence_is_no_slowness_unless_that_is_asked_for() {
    let mut court = Court::open(ServerOptions::default());
    thread::sleep(2 * TIMEOUT);
    court.others_are_served();
    let mut court = Court::open(ServerOptions { idle: Some(TIMEOUT), ..ServerOptions::default() });
    let start = Instant::now();
    assert_eq!(reply(&mut court.connect()), None);
    assert!(start.elapsed() < Duration::from_secs(5));
    court.others_are_served();
}

#[test]
fn who_goes_away_harms_nobody() {
    let mut court = Court::open(ServerOptions::default());
    let good = message(77, 1, AtMostOnce, false, 5);
    for bytes in [&good[..0], &good[..5], &good[..]] {
        drop(court.connect().write_all(bytes));
        court.others_are_served();
    }
    let stream = court.connect();
    (&stream).write_all(&good[..9]).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!((&stream).read(&mut [0]).unwrap(), 0, "there is nothing to say to half a message");
    court.others_are_served();
    assert!(court.tally.ran().iter().filter(|&&call| call == 5).count() <= 2);
}

#[test]
fn who_does_not_read_is_left() {
    let mut court = Court::open(ServerOptions::default());
    let stream = court.connect();
    stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
    let start = Instant::now();
    // Each answer has 8,000 bytes. Sooner or later neither side can write, and the server hangs up.
    let sent = (1..).find(|&sequence| (&stream).write_all(&message(77, sequence, AtMostOnce, false, 8_000)).is_err());
    assert!(sent.is_some() && start.elapsed() < Duration::from_secs(9), "it waits for ever");
    court.others_are_served();
}

#[test]
fn more_connections_than_there_may_be_are_refused_until_some_go() {
    let (server, _) = serve(ServerOptions { connections: 2, ..ServerOptions::default() });
    let mut two: Vec<_> = (1..=2).map(|id| client(server.local_addr(), AtMostOnce, id)).collect();
    two.iter_mut().for_each(|client| drop(client.call(&5).unwrap()));
    let mut third = client(server.local_addr(), AtMostOnce, 3);
    match third.call(&5).unwrap_err() {
        CallError::Refused(Failure::Refused(Refused::Busy)) => {}
        // What it has sent may cost it what it is told.
        CallError::Refused(Failure::Unsent(_)) | CallError::Unanswered { last: Failure::Lost(_), .. } => {}
        said => panic!("{said}"),
    }
    let mut told = TcpStream::connect(server.local_addr()).unwrap();
    assert_eq!(refusal(reply(&mut told)), Some(Refused::Busy));
    two.iter_mut().for_each(|client| drop(client.call(&7).unwrap()));
    two.pop();
    let start = Instant::now();
    while third.call(&5).is_err() {
        assert!(start.elapsed() < Duration::from_secs(5), "nobody takes the place");
    }
}

#[test]
fn a_server_that_ends_lets_calls_end_and_leaves_nothing_behind() {
    let (server, tally) = serve(ServerOptions::default());
    let address = server.local_addr();
    let clients: Vec<_> = (1..=4)
        .map(|id| {
            thread::spawn(move || {
                let mut client = client(address, AtMostOnce, id);
                std::iter::repeat_with(|| client.call(&5)).take_while(Result::is_ok).count()
            })
        })
        .collect();
    while tally.ran().len() < 100 {
        thread::yield_now();
    }
    let _silent = TcpStream::connect(address).unwrap();
    server.shutdown();
    let answered: usize = clients.into_iter().map(|client| client.join().unwrap()).sum();
    // A reply that is under way when its connection closes may be lost; each client has one call under way.
    let ran = tally.ran().len();
    assert!(answered <= ran && ran <= answered + 4, "{answered} answered, {ran} ran");
    assert_eq!(Arc::strong_count(&tally.0), 1, "a thread still has the service");
    Server::bind(address, Tally::default(), ServerOptions::default()).unwrap();
}

/// Takes its time. Says when it begins, and counts when it ends.
struct Slow(Mutex<mpsc::Sender<()>>, Arc<AtomicUsize>);

impl Service for Slow {
    type Request = ();
    type Answer = ();
    type Refusal = ();

    fn handle(&self, (): ()) -> Result<(), ()> {
        self.0.lock().unwrap().send(()).unwrap();
        thread::sleep(TIMEOUT);
        self.1.fetch_add(1, Relaxed);
        Ok(())
    }
}

#[test]
fn a_call_that_runs_when_the_server_ends_is_answered_first() {
    let (begins, begun) = mpsc::channel();
    let ended = Arc::new(AtomicUsize::new(0));
    let service = Slow(Mutex::new(begins), Arc::clone(&ended));
    let server = Server::bind("127.0.0.1:0", service, ServerOptions::default()).unwrap();
    let mut client = Client::<Slow>::new(server.local_addr(), Once, quick());
    let client = thread::spawn(move || client.call(&()));
    begun.recv().unwrap();
    server.shutdown();
    assert_eq!(ended.load(Relaxed), 1, "it still runs");
    client.join().unwrap().unwrap();
}

#[test]
fn an_address_that_is_taken_is_an_error_that_says_so() {
    let (server, _) = serve(ServerOptions::default());
    let said = Server::bind(server.local_addr(), Tally::default(), ServerOptions::default()).unwrap_err();
    assert!(said.to_string().contains("Choose another address"), "{said}");
}
