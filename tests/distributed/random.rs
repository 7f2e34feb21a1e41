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
    sync, thread,
};

/// What a thread does next.
#[derive(Clone, Copy, Debug)]
enum Does {
    /// At its side of the connection.
    Write,
    Read,
    Shut,
    Deafen,
    /// Listens at the other address, for a moment.
    Listen,
    Connect,
    Append,
    Sync,
    Look,
    Rename,
    /// Counts under the host's lock; what it comes to is written to the file or sent, still under the lock.
    Count,
    CountThere,
}

#[derive(Clone, Debug)]
struct Program {
    threads: Vec<Vec<Does>>,
    /// The first of them is no thread of the host, and has no part in its crash.
    outside: bool,
    faults: [bool; 5],
    budget: u32,
}

/// Anything may go wrong, or not.
fn program() -> impl Generator<Value = Program> {
    use Does::*;
    let does = || {
        prop_oneof![
            2 => Just(Write), 2 => Just(Read), 1 => Just(Shut), 1 => Just(Deafen), 1 => Just(Listen), 1 => Just(Connect),
            2 => Just(Append), 1 => Just(Sync), 1 => Just(Look), 1 => Just(Rename), 1 => Just(Count), 1 => Just(CountThere),
        ]
    };
    (vec(vec(does(), 1..4), 2), any::<bool>(), any::<[bool; 5]>(), 0..3_u32)
        .prop_map(|(threads, outside, faults, budget)| Program { threads, outside, faults, budget })
}

/// A host of two threads crashes, while somebody talks to one of them.
fn crashing() -> impl Generator<Value = Program> {
    use Does::*;
    let talks = || vec(prop_oneof![3 => Just(Write), 3 => Just(Read), 1 => Just(Shut), 1 => Just(Deafen)], 1..3);
    let works = || {
        let does = prop_oneof![
            3 => Just(Write), 2 => Just(Read), 1 => Just(Shut), 1 => Just(Listen), 2 => Just(Append), 1 => Just(Sync),
            1 => Just(Rename), 1 => Just(Count), 2 => Just(CountThere),
        ];
        vec(does, 1..3)
    };
    (talks(), works(), vec(works(), 0..2), any::<[bool; 2]>(), prop_oneof![3 => Just(1_u32), 1 => Just(2)]).prop_map(
        |(talks, works, more, also, budget)| {
            let threads = [talks, works].into_iter().chain(more).collect();
            Program { threads, outside: true, faults: [also[0], false, false, true, also[1]], budget }
        },
    )
}

impl Program {
    fn allow(&self) {
        let with: [fn(Faults) -> Faults; 5] =
            [Faults::drop, Faults::delay, Faults::partition, Faults::crash, Faults::tear];
        let kinds = with.iter().zip(self.faults).filter(|(_, on)| *on);
        kinds.fold(Faults::new(self.budget), |faults, (with, _)| with(faults)).allow();
    }

    /// What its threads have done is gone with a host's memory.
    fn forget(&self, told: &Told) {
        let told = &mut *told.lock().unwrap();
        if !told[3].is_empty() {
            told[usize::from(self.outside)..3].iter_mut().for_each(Vec::clear);
        }
    }
}

type Told = Arc<Mutex<Vec<Vec<String>>>>;

/// Does it; what came of it.
fn does(what: Does, me: usize, stream: &mut TcpStream, count: &sync::Mutex<u8>) -> String {
    let append = |byte: u8| {
        let file = OpenOptions::new().append(true).create(true).open("file");
        format!("{:?}", file.and_then(|mut file| file.write(&[byte])).map_err(|why| why.kind()))
    };
    match what {
        Does::Write => format!("{:?}", stream.write(&[me as u8]).map_err(|why| why.kind())),
        Does::Read => {
            let mut byte = [0];
            format!("{:?} {}", stream.read(&mut byte).map_err(|why| why.kind()), byte[0])
        }
        Does::Shut => format!("{:?}", stream.shutdown(Shutdown::Write).map_err(|why| why.kind())),
        Does::Deafen => format!("{:?}", stream.shutdown(Shutdown::Read).map_err(|why| why.kind())),
        Does::Listen => format!("{:?}", TcpListener::bind("127.0.0.1:5000").map(drop).map_err(|why| why.kind())),
        Does::Connect => format!("{:?}", TcpStream::connect("127.0.0.1:5000").map(drop).map_err(|why| why.kind())),
        Does::Append => append(b'0' + me as u8),
        Does::Count | Does::CountThere => {
            let Ok(mut count) = count.lock() else { return "poisoned".to_owned() };
            *count += 1;
            match what {
                Does::Count => append(b'a' + *count),
                _ => format!("{:?}", stream.write(&[*count]).map_err(|why| why.kind())),
            }
        }
        Does::Sync => {
            format!("{:?}", fs::File::open("file").and_then(|file| file.sync_all()).map_err(|why| why.kind()))
        }
        Does::Look => format!("{:?}", fs::read("file").map_err(|why| why.kind())),
        Does::Rename => format!("{:?}", fs::rename("file", "other").map_err(|why| why.kind())),
    }
}

fn does_all(all: Vec<Does>, me: usize, mut stream: TcpStream, count: &sync::Mutex<u8>, told: &Told) {
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    for what in all {
        let came = does(what, me, &mut stream, count);
        told.lock().unwrap()[me].push(format!("{what:?} {came}"));
    }
}

/// Two threads of a host, connected with each other; after a crash the host tells what is left. What its threads have done
/// before is gone with their memory.
fn run_it(program: &Program, told: &Told) {
    let (telling, threads, outside) = (Arc::clone(told), program.threads.clone(), program.outside);
    let (listens, listening) = channel::unbounded();
    let lives = AtomicUsize::new(0);
    program.allow();
    let host = host::spawn("host", move || {
        if lives.fetch_add(1, Relaxed) > 0 {
            let left = format!("{:?} {:?}", fs::read("file").ok(), fs::read("other").ok());
            telling.lock().unwrap()[3].push(left);
            return listens.send(false).unwrap();
        }
        let count = sync::Arc::default();
        let Ok(listener) = TcpListener::bind("127.0.0.1:4000") else { return };
        listens.send(true).unwrap();
        let mine = (!outside).then(|| TcpStream::connect("127.0.0.1:4000"));
        let Ok((theirs, _)) = listener.accept() else { return };
        let sides = mine.into_iter().flatten().map(|mine| (0, mine)).chain([(1, theirs)]);
        for (me, stream) in sides {
            let (telling, all, count) = (Arc::clone(&telling), threads[me].clone(), sync::Arc::clone(&count));
            thread::spawn(move || does_all(all, me, stream, &count, &telling));
        }
    });
    if outside
        && listening.recv() == Ok(true)
        && let Ok(stream) = TcpStream::connect("127.0.0.1:4000")
    {
        does_all(program.threads[0].clone(), 0, stream, &sync::Mutex::default(), told);
    }
    host.join();
    program.forget(told);
}

/// Main talks to a host, which crashes at some moment. It begins its work when it is told to.
fn crash_it(program: &Program, told: &Told) {
    let (telling, threads) = (Arc::clone(told), program.threads.clone());
    let ((ready, is_ready), (over, is_over)) = (channel::unbounded(), channel::unbounded::<()>());
    let lives = AtomicUsize::new(0);
    let host = host::spawn("host", move || {
        if lives.fetch_add(1, Relaxed) > 0 {
            // It looks when all is quiet again.
            _ = is_over.recv();
            let left = format!("{:?} {:?}", fs::read("file").ok(), fs::read("other").ok());
            telling.lock().unwrap()[3].push(left);
            return;
        }
        let listener = TcpListener::bind("127.0.0.1:4000").unwrap();
        _ = ready.send(());
        let Ok((mut stream, _)) = listener.accept() else { return };
        if !matches!(stream.read(&mut [0]), Ok(1)) {
            return;
        }
        let count = sync::Arc::default();
        if let Some(all) = threads.get(2).cloned() {
            let (telling, count) = (Arc::clone(&telling), sync::Arc::clone(&count));
            let stream = stream.try_clone().unwrap();
            thread::spawn(move || does_all(all, 2, stream, &count, &telling));
        }
        does_all(threads[1].clone(), 1, stream, &count, &telling);
    });
    is_ready.recv().unwrap();
    drop(is_ready);
    program.allow();
    match TcpStream::connect("127.0.0.1:4000").and_then(|mut stream| stream.write(&[0]).map(|_| stream)) {
        Ok(stream) => does_all(program.threads[0].clone(), 0, stream, &sync::Mutex::default(), told),
        Err(why) => told.lock().unwrap()[0].push(format!("{:?}", why.kind())),
    }
    drop(over);
    host.join();
    program.forget(told);
}

type Run = fn(&Program, &Told);

/// All that may be told; `None` if there are too many executions.
fn all_told(program: &Program, run: Run, strategy: Strategy) -> Option<(BTreeSet<Vec<Vec<String>>>, u64)> {
    let all: Arc<Mutex<BTreeSet<Vec<Vec<String>>>>> = Arc::default();
    let (ours, programs) = (Arc::clone(&all), program.clone());
    let verdict = Check::new("random")
        .strategy(strategy)
        .executions(fuzz::budget())
        .run(move || {
            let told: Told = Arc::new(Mutex::new(vec![Vec::new(); 4]));
            run(&programs, &told);
            ours.lock().unwrap().insert(told.lock().unwrap().clone());
        })
        .expect("the program can be checked");
    assert!(verdict.passed(), "{}", raddle::render(&verdict));
    let told = std::mem::take(&mut *all.lock().unwrap());
    (!verdict.truncated()).then_some((told, verdict.executions))
}

/// Compares what is told of so many programs, of which more than one in `small` must be small enough.
fn compare(default: u32, small: u32, programs: impl Generator<Value = Program>, run: Run) {
    if !shuttle() {
        return;
    }
    let (compared, outcomes, executions) = (Cell::new(0), Cell::new(0), Cell::new((0, 0)));
    fuzz::runner(default)
        .run(&programs, |program| {
            let Some((slow, of)) = all_told(&program, run, Strategy::Dfs) else { return Ok(()) };
            let (fast, few) = all_told(&program, run, Strategy::Dpor)
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
    assert!(compared.get() * small > fuzz::cases(default), "{} programs were small enough", compared.get());
    assert!(2 * outcomes.get() > 3 * compared.get() as usize, "{} outcomes are few", outcomes.get());
}

#[test]
fn dpor_sees_what_happens_without_reduction() {
    compare(100, 2, program(), run_it);
}

#[test]
fn dpor_sees_each_crash_that_makes_a_difference() {
    compare(200, 5, crashing(), crash_it);
}
