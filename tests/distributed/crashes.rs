//! A crash ends a host's threads, and what they held; it may come before each step that others can see.

use std::io::{ErrorKind, Read, Write};

use crate::common::*;
use raddle::{
    FailureKind::{Leak, Panic},
    channel, fs,
    host::{self, Faults},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

const HERE: &str = "127.0.0.1:4000";

/// Counts requests in a file, and answers each with how many there have been. It is written, and synced or not, before the
/// answer.
fn counts(syncs: bool) {
    let listener = TcpListener::bind(HERE).unwrap();
    let count = Arc::new(Mutex::new(fs::read("count").map_or(0, |bytes| bytes.len())));
    while let Ok((mut stream, _)) = listener.accept() {
        let count = Arc::clone(&count);
        // A thread for each connection dies with its host, wherever it is.
        thread::spawn(move || {
            let mut byte = [0];
            while matches!(stream.read(&mut byte), Ok(1)) {
                let mut count = count.lock().unwrap();
                *count += 1;
                let mut log = fs::OpenOptions::new().append(true).create(true).open("count").unwrap();
                log.write_all(b"x").unwrap();
                if syncs {
                    log.sync_all().unwrap();
                }
                if stream.write(&[*count as u8]).is_err() {
                    break;
                }
            }
        });
    }
}

/// Asks until there is an answer, so many times at most.
fn ask(times: usize) -> Option<u8> {
    for _ in 0..times {
        let Ok(mut stream) = TcpStream::connect(HERE) else { continue };
        let mut byte = [0];
        if stream.write(b"?").is_ok() && matches!(stream.read(&mut byte), Ok(1)) {
            return Some(byte[0]);
        }
    }
    None
}

/// What two requests, one after the other, are answered, if one thing goes wrong.
fn two(syncs: bool) -> (Option<u8>, Option<u8>) {
    host::spawn("server", move || counts(syncs));
    Faults::new(1).crash().allow();
    (ask(2), ask(2))
}

#[test]
fn what_was_synced_is_counted_after_a_crash_and_what_was_not_is_not() {
    if !shuttle() {
        return;
    }
    // The server may not listen yet, or not again.
    let possible = |answers: &(Option<u8>, Option<u8>), syncs: bool| match *answers {
        (Some(1), Some(2)) | (Some(1), None) | (None, Some(1)) | (None, None) => true,
        // The request came to the disk and no answer came back: it was asked again.
        (Some(2), Some(3)) | (Some(2), None) | (Some(1), Some(3)) => syncs,
        (None, Some(2)) => syncs,
        // What was answered is forgotten.
        (Some(1), Some(1)) => !syncs,
        _ => false,
    };
    for syncs in [true, false] {
        let seen = outcomes(raddle::Strategy::Dpor, move || two(syncs));
        assert!(seen.iter().all(|answers| possible(answers, syncs)), "{syncs}: {seen:?}");
        assert!(seen.contains(&(Some(1), Some(2))), "{seen:?}");
        let telling = if syncs { (Some(1), Some(3)) } else { (Some(1), Some(1)) };
        assert!(seen.contains(&telling), "{syncs}: {seen:?}");
    }
}

#[test]
fn a_host_that_is_killed_leaves_nobody_waiting() {
    if !shuttle() {
        return;
    }
    passes(|| {
        let server = host::spawn("server", || {
            let listener = TcpListener::bind(HERE).unwrap();
            let lock = Arc::new(Mutex::new(()));
            let held = lock.lock().unwrap();
            let other = Arc::clone(&lock);
            let waits = thread::spawn(move || drop(other.lock().unwrap()));
            // It holds a lock, which its other thread waits for; and would be joined.
            drop(listener.accept());
            drop(held);
            waits.join().unwrap();
        });
        server.kill();
        assert_eq!(TcpStream::connect(HERE).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn who_waits_for_a_thread_that_has_died_dies_too() {
    if !shuttle() {
        return;
    }
    passes(|| {
        let server = host::spawn("server", || {
            let told = Arc::new((Mutex::new(false), Condvar::new()));
            let tells = Arc::clone(&told);
            thread::spawn(move || {
                let listener = TcpListener::bind(HERE).unwrap();
                drop(listener.accept());
                *tells.0.lock().unwrap() = true;
                tells.1.notify_all();
            });
            drop(told.1.wait_while(told.0.lock().unwrap(), |told| !*told));
        });
        server.kill();
    });
}

#[test]
fn a_host_that_panics_has_failed_unless_it_has_crashed() {
    fails(Panic, "the server is wrong", || {
        host::spawn("server", || panic!("the server is wrong"));
    });
    passes(|| {
        let server = host::spawn("server", || {
            let listener = TcpListener::bind(HERE).unwrap();
            let dies = thread::spawn(move || drop(listener.accept()));
            // The other thread dies in the crash: what this one makes of that is nobody's failure.
            dies.join().expect("it never ends");
            panic!("nor does this");
        });
        server.kill();
    });
}

#[test]
fn a_server_may_wait_for_connections_when_main_has_returned_and_for_nothing_else() {
    passes(|| {
        host::spawn("server", || {
            let listener = TcpListener::bind(HERE).unwrap();
            thread::spawn(move || drop(listener.accept())).join().expect("the model is over");
        });
    });
    fails(Leak, "server in park", || {
        host::spawn("server", || {
            let listener = TcpListener::bind(HERE).unwrap();
            thread::spawn(move || drop(listener.accept()));
            thread::park();
        });
    });
}

#[test]
fn a_crash_that_is_no_longer_allowed_does_not_come_late() {
    let asks = |calm: bool| {
        move || {
            let (ready, is_ready) = channel::unbounded();
            let lives = Arc::new(AtomicUsize::new(0));
            let counts = Arc::clone(&lives);
            host::spawn("echo", move || {
                counts.fetch_add(1, SeqCst);
                let listener = TcpListener::bind(HERE).unwrap();
                _ = ready.send(());
                while let Ok((mut stream, _)) = listener.accept() {
                    let mut byte = [0];
                    while matches!(stream.read(&mut byte), Ok(1)) && stream.write(&byte).is_ok() {}
                }
            });
            is_ready.recv().unwrap();
            drop(is_ready);
            Faults::new(1).crash().allow();
            if calm {
                Faults::new(0).allow();
            }
            let (mut stream, mut byte) = (TcpStream::connect(HERE).unwrap(), [0]);
            (stream.write(&[7]).is_ok() && matches!(stream.read(&mut byte), Ok(1)), lives.load(SeqCst))
        }
    };
    if shuttle() {
        for strategy in [raddle::Strategy::Dpor, raddle::Strategy::Dfs] {
            assert_eq!(Vec::from_iter(outcomes(strategy, asks(true))), [(true, 1), (true, 2)]);
            let late = [(false, 1), (false, 2), (true, 1), (true, 2)];
            assert_eq!(Vec::from_iter(outcomes(strategy, asks(false))), late);
        }
    }
}

#[test]
fn a_host_that_may_crash_has_not_ended_before_it_does() {
    let lives = |crashes| {
        let lives = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&lives);
        Faults::new(crashes).crash().allow();
        let host = host::spawn("writer", move || {
            counts.fetch_add(1, SeqCst);
            fs::write("log", "x").unwrap();
        });
        host.join();
        lives.load(SeqCst)
    };
    if shuttle() {
        // Crashed before it began, it counts one life less.
        for strategy in [raddle::Strategy::Dpor, raddle::Strategy::Dfs] {
            assert_eq!(Vec::from_iter(outcomes(strategy, move || lives(1))), [1, 2]);
            assert_eq!(Vec::from_iter(outcomes(strategy, move || lives(2))), [1, 2, 3]);
        }
    }
}

#[test]
fn of_many_steps_of_hosts_those_on_the_network_and_on_disks_are_told() {
    if !shuttle() {
        return;
    }
    for verdict in fails(Panic, "it is over", || {
        let server = host::spawn("server", || {
            let lock = Arc::new(Mutex::new(0));
            (0..40).for_each(|_| *lock.lock().unwrap() += 1);
            thread::Builder::new().name("silent".to_owned()).spawn(move || *lock.lock().unwrap() += 1).unwrap();
            fs::write("log", "x").unwrap();
        });
        server.join();
        panic!("it is over");
    }) {
        let shown = raddle::interleaving(verdict.failure.as_ref().unwrap());
        assert!(shown.contains("write file") && shown.contains("steps in memory"), "{shown}");
        assert!(!shown.contains("lock mutex") && !shown.contains("silent") && !shown.contains("/rustc/"), "{shown}");
    }
}

#[test]
fn outside_a_model_there_are_no_hosts() {
    let said = std::panic::catch_unwind(|| host::spawn("server", || ())).unwrap_err();
    let said = said.downcast_ref::<String>().cloned().unwrap_or_default();
    assert!(said.contains("host::spawn needs a model"), "{said}");
}
