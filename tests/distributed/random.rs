//! Random programs on connections, files and names, with faults: `dpor` sees what depth-first search without any reduction
//! sees.

use std::{
    cell::Cell,
    collections::BTreeSet,
    io::{Read, Write},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use proptest::{
    collection::vec,
    prelude::{Just, Strategy as Generator, any, prop_oneof},
    test_runner::TestCaseError,
};

use crate::{common::*, fuzz};
use raddle::{
    Check, Strategy, channel,
    fs::{self, OpenOptions},
    host::{self, Faults},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
};

/// What a thread does next.
#[derive(Clone, Copy, Debug)]
enum Does {
    /// At its side of the connection.
    Write,
    Read,
    Shut,
    /// Listens at the other address, for a moment.
    Listen,
    Connect,
    Append,
    Sync,
    Look,
    Rename,
}

#[derive(Clone, Debug)]
struct Program {
    threads: Vec<Vec<Does>>,
    /// The first of them is no thread of the host, and has no part in its crash.
    outside: bool,
    faults: [bool; 5],
    budget: u32,
}

fn program() -> impl Generator<Value = Program> {
    use Does::*;
    let does = || {
        prop_oneof![
            2 => Just(Write), 2 => Just(Read), 1 => Just(Shut), 1 => Just(Listen), 1 => Just(Connect),
            2 => Just(Append), 1 => Just(Sync), 1 => Just(Look), 1 => Just(Rename),
        ]
    };
    (vec(vec(does(), 1..4), 2), any::<bool>(), any::<[bool; 5]>(), 0..3_u32)
        .prop_map(|(threads, outside, faults, budget)| Program { threads, outside, faults, budget })
}

type Told = Arc<Mutex<Vec<Vec<String>>>>;

/// Does it; what came of it.
fn does(what: Does, me: usize, stream: &mut TcpStream) -> String {
    match what {
        Does::Write => format!("{:?}", stream.write(&[me as u8]).map_err(|why| why.kind())),
        Does::Read => {
            let mut byte = [0];
            format!("{:?} {}", stream.read(&mut byte).map_err(|why| why.kind()), byte[0])
        }
        Does::Shut => format!("{:?}", stream.shutdown(Shutdown::Write).map_err(|why| why.kind())),
        Does::Listen => format!("{:?}", TcpListener::bind("127.0.0.1:5000").map(drop).map_err(|why| why.kind())),
        Does::Connect => format!("{:?}", TcpStream::connect("127.0.0.1:5000").map(drop).map_err(|why| why.kind())),
        Does::Append => {
            let file = OpenOptions::new().append(true).create(true).open("file");
            format!("{:?}", file.and_then(|mut file| file.write(&[b'0' + me as u8])).map_err(|why| why.kind()))
        }
        Does::Sync => {
            format!("{:?}", fs::File::open("file").and_then(|file| file.sync_all()).map_err(|why| why.kind()))
        }
        Does::Look => format!("{:?}", fs::read("file").map_err(|why| why.kind())),
        Does::Rename => format!("{:?}", fs::rename("file", "other").map_err(|why| why.kind())),
    }
}

fn does_all(all: Vec<Does>, me: usize, mut stream: TcpStream, told: &Told) {
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    for what in all {
        let came = does(what, me, &mut stream);
        told.lock().unwrap()[me].push(format!("{what:?} {came}"));
    }
}

/// Two threads of a host, connected with each other; after a crash the host tells what is left.
fn run_it(program: &Program, told: &Told) {
    let (telling, threads, outside) = (Arc::clone(told), program.threads.clone(), program.outside);
    let (listens, listening) = channel::unbounded();
    let lives = AtomicUsize::new(0);
    let with: [fn(Faults) -> Faults; 5] = [Faults::drop, Faults::delay, Faults::partition, Faults::crash, Faults::tear];
    let kinds = with.iter().zip(program.faults).filter(|(_, on)| *on);
    kinds.fold(Faults::new(program.budget), |faults, (with, _)| with(faults)).allow();
    let host = host::spawn("host", move || {
        if lives.fetch_add(1, Relaxed) > 0 {
            let left = format!("{:?} {:?}", fs::read("file").ok(), fs::read("other").ok());
            telling.lock().unwrap()[2].push(left);
            return listens.send(false).unwrap();
        }
        let Ok(listener) = TcpListener::bind("127.0.0.1:4000") else { return };
        listens.send(true).unwrap();
        let mine = (!outside).then(|| TcpStream::connect("127.0.0.1:4000"));
        let Ok((theirs, _)) = listener.accept() else { return };
        let sides = mine.into_iter().flatten().map(|mine| (0, mine)).chain([(1, theirs)]);
        for (me, stream) in sides {
            let (telling, all) = (Arc::clone(&telling), threads[me].clone());
            thread::spawn(move || does_all(all, me, stream, &telling));
        }
    });
    if outside
        && listening.recv() == Ok(true)
        && let Ok(stream) = TcpStream::connect("127.0.0.1:4000")
    {
        does_all(program.threads[0].clone(), 0, stream, told);
    }
    host.join();
}

/// All that may be told; `None` if there are too many executions.
fn all_told(program: &Program, strategy: Strategy) -> Option<(BTreeSet<Vec<Vec<String>>>, u64)> {
    let all: Arc<Mutex<BTreeSet<Vec<Vec<String>>>>> = Arc::default();
    let (ours, programs) = (Arc::clone(&all), program.clone());
    let verdict = Check::new("random")
        .strategy(strategy)
        .executions(fuzz::budget())
        .run(move || {
            let told: Told = Arc::new(Mutex::new(vec![Vec::new(); 3]));
            run_it(&programs, &told);
            ours.lock().unwrap().insert(told.lock().unwrap().clone());
        })
        .expect("the program can be checked");
    assert!(verdict.passed(), "{}", raddle::render(&verdict));
    let told = std::mem::take(&mut *all.lock().unwrap());
    (!verdict.truncated()).then_some((told, verdict.executions))
}

#[test]
fn dpor_sees_what_happens_without_reduction() {
    if !shuttle() {
        return;
    }
    let (compared, outcomes, executions) = (Cell::new(0), Cell::new(0), Cell::new((0, 0)));
    fuzz::runner(100)
        .run(&program(), |program| {
            let Some((slow, of)) = all_told(&program, Strategy::Dfs) else { return Ok(()) };
            let (fast, few) = all_told(&program, Strategy::Dpor)
                .ok_or_else(|| TestCaseError::fail("dpor has more executions than dfs"))?;
            if slow != fast {
                let (missed, invented): (Vec<_>, Vec<_>) =
                    (slow.difference(&fast).collect(), fast.difference(&slow).collect());
                return Err(TestCaseError::fail(format!("missed {missed:#?}, invented {invented:#?}")));
            }
            compared.set(compared.get() + 1);
            outcomes.set(outcomes.get() + slow.len());
            executions.set((executions.get().0 + of, executions.get().1 + few));
            Ok(())
        })
        .unwrap_or_else(|why| panic!("{why}"));
    let (of, few) = executions.get();
    println!("{} programs, {} outcomes, {of} executions by dfs, {few} by dpor", compared.get(), outcomes.get());
    assert!(compared.get() * 2 > fuzz::cases(100), "{} programs were small enough", compared.get());
    assert!(2 * outcomes.get() > 3 * compared.get() as usize, "{} outcomes are few", outcomes.get());
}
