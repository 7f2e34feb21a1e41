//! A connection is what std's is; and what faults make of it.

use std::{
    collections::BTreeSet,
    io::{self, ErrorKind, Read, Write},
    time::Duration,
};

use crate::common::*;
use raddle::{
    FailureKind::{Deadlock, Leak},
    Strategy,
    host::Faults,
    net::{Shutdown, TcpListener, TcpStream},
    thread,
};

const HERE: &str = "127.0.0.1:4000";

/// What one read of at most `most` bytes says.
fn read(mut stream: &TcpStream, most: usize) -> Result<String, ErrorKind> {
    let mut bytes = vec![0; most];
    let count = stream.read(&mut bytes).map_err(|why| why.kind())?;
    bytes.truncate(count);
    Ok(String::from_utf8(bytes).unwrap())
}

fn both() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(HERE).unwrap();
    let mine = TcpStream::connect(HERE).unwrap();
    let (theirs, peer) = listener.accept().unwrap();
    assert_eq!(peer, mine.local_addr().unwrap());
    assert_eq!((theirs.peer_addr().unwrap(), theirs.local_addr().unwrap()), (peer, mine.peer_addr().unwrap()));
    (mine, theirs)
}

#[test]
fn a_message_is_read_as_it_was_written_in_parts_and_up_to_the_end() {
    passes(|| {
        let (mut mine, theirs) = both();
        mine.write_all(b"hello").unwrap();
        mine.write_all(b"world").unwrap();
        assert_eq!(theirs.peek(&mut [0; 9]).unwrap(), 5);
        assert_eq!(read(&theirs, 3).as_deref(), Ok("hel"));
        assert_eq!(read(&theirs, 9).as_deref(), Ok("lo"));
        let again = mine.try_clone().unwrap();
        drop(mine);
        again.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read(&theirs, 9).as_deref(), Ok("world"));
        assert_eq!(read(&theirs, 9).as_deref(), Ok(""));
        assert_eq!((&again).write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        (&theirs).write_all(b"back").unwrap();
        assert_eq!(read(&again, 9).as_deref(), Ok("back"));
    });
}

#[test]
fn who_goes_away_without_reading_all_resets_the_connection() {
    passes(|| {
        let (mut mine, theirs) = both();
        mine.write_all(b"unread").unwrap();
        drop(theirs);
        assert_eq!(read(&mine, 1), Err(ErrorKind::ConnectionReset));
        assert!(mine.write(b"more").is_err());
    });
}

#[test]
fn addresses_are_taken_once_and_refused_when_nobody_listens() {
    passes(|| {
        let refused = || TcpStream::connect(HERE).unwrap_err().kind();
        assert_eq!(refused(), ErrorKind::ConnectionRefused);
        let listener = TcpListener::bind(HERE).unwrap();
        assert_eq!(TcpListener::bind(HERE).unwrap_err().kind(), ErrorKind::AddrInUse);
        let waits = TcpStream::connect(HERE).unwrap();
        drop(listener);
        assert_eq!(read(&waits, 1), Err(ErrorKind::ConnectionReset));
        assert_eq!(refused(), ErrorKind::ConnectionRefused);
        let any = TcpListener::bind("127.0.0.1:0").unwrap();
        assert_ne!(any.local_addr().unwrap().port(), 0);
        TcpStream::connect(any.local_addr().unwrap()).unwrap();
    });
}

/// Each of two clients sends its name, and is sent it back. Who was accepted first?
fn two_clients() -> String {
    let listener = TcpListener::bind(HERE).unwrap();
    let clients = ["a", "b"].map(|name| {
        thread::spawn(move || {
            let mut stream = TcpStream::connect(HERE).unwrap();
            stream.write_all(name.as_bytes()).unwrap();
            assert_eq!(read(&stream, 9).as_deref(), Ok(name));
        })
    });
    let mut order = String::new();
    for stream in listener.incoming().take(2) {
        let mut stream = stream.unwrap();
        let name = read(&stream, 9).unwrap();
        stream.write_all(name.as_bytes()).unwrap();
        order += &name;
    }
    clients.into_iter().for_each(|client| client.join().unwrap());
    order
}

#[test]
fn either_client_may_be_the_first() {
    explores(["ab".to_owned(), "ba".to_owned()], two_clients);
}

#[test]
fn a_read_that_nobody_answers_waits_for_ever_or_until_its_timeout() {
    fails(Deadlock, "main in read of stream#", || {
        let (mine, _theirs) = both();
        drop(read(&mine, 1));
    });
    fails(Leak, "t1 in accept of listener#", || {
        let listener = TcpListener::bind(HERE).unwrap();
        thread::spawn(move || listener.accept().map(drop));
    });
    passes(|| {
        let (mine, _theirs) = both();
        mine.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        assert_eq!(mine.read_timeout().unwrap(), Some(Duration::from_secs(1)));
        assert_eq!(read(&mine, 1), Err(ErrorKind::WouldBlock));
        assert_eq!(mine.set_read_timeout(Some(Duration::ZERO)).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(mine.set_nonblocking(true).unwrap_err().kind(), ErrorKind::Unsupported);
    });
}

/// One message with so many faults: how does the reader find it, twice?
fn message(faults: Faults) -> (Result<String, ErrorKind>, Result<String, ErrorKind>) {
    let (mine, theirs) = both();
    theirs.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    faults.allow();
    let _ = (&mine).write(b"m");
    // The connection stays open.
    (read(&theirs, 9), read(&theirs, 9))
}

#[test]
fn each_fault_is_explored_and_no_other() {
    let (sent, none, late, reset) =
        (Ok("m".to_owned()), Ok("m".to_owned()), Err(ErrorKind::WouldBlock), Err(ErrorKind::ConnectionReset));
    explores([(sent.clone(), late.clone())], || message(Faults::new(0).drop().delay().partition()));
    explores([(sent.clone(), late.clone()), (reset.clone(), reset)], || message(Faults::new(1).drop()));
    explores([(sent.clone(), late.clone()), (late.clone(), none)], || message(Faults::new(1).delay()));
    explores([(sent, late.clone()), (late.clone(), late)], || message(Faults::new(1).partition()));
}

/// Two messages over two connections, of two threads, at most `budget` of which are lost.
fn lost(budget: u32) -> BTreeSet<usize> {
    let listener = TcpListener::bind(HERE).unwrap();
    let pairs = [0, 1].map(|_| {
        let mine = TcpStream::connect(HERE).unwrap();
        (mine, listener.accept().unwrap().0)
    });
    Faults::new(budget).drop().allow();
    let (mine, theirs): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let writers: Vec<_> =
        mine.into_iter().map(|mut mine| thread::spawn(move || mine.write(b"m").map(|_| mine).unwrap())).collect();
    let lost = theirs.iter().enumerate().filter(|(_, theirs)| read(theirs, 1).is_err()).map(|(at, _)| at).collect();
    writers.into_iter().for_each(|writer| drop(writer.join().unwrap()));
    lost
}

#[test]
fn the_budget_is_for_all_threads_and_nothing_within_it_is_left_out() {
    let sets =
        |sets: &[&[usize]]| -> Vec<BTreeSet<usize>> { sets.iter().map(|set| set.iter().copied().collect()).collect() };
    explores(sets(&[&[], &[0], &[1]]), || lost(1));
    explores(sets(&[&[], &[0], &[1], &[0, 1]]), || lost(2));
}

/// What is set is told.
fn keeps_its_options(address: &str) {
    let listener = TcpListener::bind(address).unwrap();
    listener.set_ttl(9).unwrap();
    assert_eq!((listener.ttl().unwrap(), listener.take_error().unwrap().is_none()), (9, true));
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    assert_eq!(
        (stream.nodelay().unwrap(), stream.read_timeout().unwrap(), stream.write_timeout().unwrap()),
        (false, None, None)
    );
    stream.set_nodelay(true).unwrap();
    stream.set_ttl(7).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(4))).unwrap();
    assert_eq!((stream.nodelay().unwrap(), stream.ttl().unwrap()), (true, 7));
    assert_eq!(stream.read_timeout().unwrap(), Some(Duration::from_secs(3)));
    assert_eq!(stream.write_timeout().unwrap(), Some(Duration::from_secs(4)));
    assert!(stream.take_error().unwrap().is_none());
    assert_eq!(stream.set_read_timeout(Some(Duration::ZERO)).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn options_are_kept_as_std_s_keeps_them() {
    passes(|| keeps_its_options(HERE));
    if real_threads() {
        keeps_its_options("127.0.0.1:0");
    }
}

#[test]
fn outside_any_model_it_is_std_s() {
    if !real_threads() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let echo = thread::spawn(move || -> io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        let mut bytes = [0; 4];
        stream.read_exact(&mut bytes)?;
        stream.write_all(&bytes)
    });
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"echo").unwrap();
    let mut back = [0; 4];
    stream.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"echo");
    echo.join().unwrap().unwrap();
}

#[test]
fn in_a_run_on_real_threads_it_is_std_s_too() {
    if real_threads() {
        let verdict = run(Strategy::Stress, || {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let client = thread::spawn(move || TcpStream::connect(address).unwrap().write_all(b"x").unwrap());
            assert_eq!(read(&listener.accept().unwrap().0, 9).as_deref(), Ok("x"));
            client.join().unwrap();
        });
        assert!(verdict.passed(), "{}", raddle::render(&verdict));
    }
}
