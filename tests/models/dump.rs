//! A dump tells, in every world, what each thread waits for and where, and equal ones once.

use std::{
    collections::BTreeSet,
    hint::black_box,
    sync::{Arc as StdArc, Mutex as StdMutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::common::*;
use raddle::{
    Check, Coverage,
    FailureKind::{Deadlock, Leak, Panic},
    Strategy, Verdict, World, channel,
    go::{self, Chan, WaitGroup, go},
    sync::{Arc, Barrier, Condvar, Mutex, Once, OnceLock, RwLock, atomic::AtomicUsize},
    thread::{self, Dump, Dumped, Reason},
};

/// Whether stacks are recorded is for the whole process: one test at a time.
static ONE: StdMutex<()> = StdMutex::new(());

fn one() -> MutexGuard<'static, ()> {
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Every strategy of the compiled worlds, and real threads.
fn everywhere() -> Vec<Option<Strategy>> {
    strategies().into_iter().map(Some).chain(real_threads().then_some(None)).collect()
}

/// Some executions of the model, up to the first that fails. In a timed model, where there is one.
fn checked(strategy: Option<Strategy>, model: impl Fn() + Send + Sync + 'static) -> Verdict {
    let check = Check::new("model").schedules(20).executions(200);
    let check = match strategy {
        None => check.world(World::Std).schedules(1),
        Some(strategy) if strategy.world() == World::Shuttle => check.strategy(strategy).timed(),
        Some(strategy) => check.strategy(strategy),
    };
    check.run(model).unwrap()
}

/// What is dumped once all others have come to rest, or as soon as `enough`: in a timed model time passes when nothing
/// else can go on, and in the loom world nobody sleeps so often while others can.
fn dump_when(enough: impl Fn(&Dump) -> bool) -> Dump {
    if World::current() == World::Loom {
        (0..99).for_each(|_| thread::sleep(Duration::ZERO));
    }
    for _ in 0..1_000 {
        thread::sleep(Duration::from_millis(10));
        let dump = thread::dump();
        if World::current() != World::Std || enough(&dump) {
            return dump;
        }
    }
    panic!("they never come there: {}", thread::dump())
}

/// What a model dumps, in all of its executions.
#[derive(Clone, Default)]
struct Dumps(StdArc<StdMutex<Vec<Dump>>>);

impl Dumps {
    fn add(&self, dump: Dump) {
        self.0.lock().unwrap().push(dump);
    }

    fn take(&self) -> Vec<Dump> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Holds back what would be dropped, for ever.
fn never<T>() -> T {
    thread::park();
    unreachable!("nobody unparks it")
}

/// Each reason, what Go would say, and what waits for it.
const REASONS: &[(Reason, &str, fn())] = &[
    (Reason::ChanSend, "chan send", || Chan::new(0).send(1)),
    (Reason::ChanSend, "chan send", || {
        let (sender, _receiver) = channel::bounded(0);
        _ = sender.send(1);
    }),
    (Reason::ChanReceive, "chan receive", || _ = Chan::<u8>::new(0).recv()),
    (Reason::ChanReceive, "chan receive", || {
        let (_sender, receiver) = channel::unbounded::<u8>();
        _ = receiver.recv();
    }),
    (Reason::ChanSendNil, "chan send (nil chan)", || Chan::nil().send(1)),
    (Reason::ChanReceiveNil, "chan receive (nil chan)", || _ = Chan::<u8>::nil().recv()),
    (Reason::Select, "select", || {
        let (a, b) = (Chan::<u8>::new(0), Chan::<u8>::new(0));
        go::select! {
            recv(a) -> _ => {},
            send(b, 1) => {},
        }
    }),
    (Reason::SelectNoCases, "select (no cases)", || _ = go::Select::new().run()),
    (Reason::MutexLock, "sync.Mutex.Lock", || {
        let mutex = Mutex::new(());
        let _held = mutex.lock();
        drop(mutex.lock());
    }),
    (Reason::RwLockRead, "sync.RWMutex.RLock", || {
        let lock = RwLock::new(());
        let _held = lock.write();
        drop(lock.read());
    }),
    (Reason::RwLockWrite, "sync.RWMutex.Lock", || {
        let lock = RwLock::new(());
        let _held = lock.read();
        drop(lock.write());
    }),
    (Reason::CondvarWait, "sync.Cond.Wait", || drop(Condvar::new().wait(Mutex::new(()).lock().unwrap()))),
    (Reason::WaitGroupWait, "sync.WaitGroup.Wait", || {
        let group = WaitGroup::new();
        group.add(1);
        group.wait();
    }),
    (Reason::BarrierWait, "sync.Barrier.Wait", || _ = Barrier::new(2).wait()),
    (Reason::OnceWait, "sync.Once.Wait", || _ = OnceLock::<u8>::new().wait()),
    (Reason::OnceWait, "sync.Once.Wait", || {
        let once = Arc::new(Once::new());
        let other = Arc::clone(&once);
        thread::spawn(move || other.call_once(never));
        once.call_once(never);
    }),
    (Reason::OnceWait, "sync.Once.Wait", || {
        let once = Arc::new(OnceLock::<u8>::new());
        let other = Arc::clone(&once);
        thread::spawn(move || *other.get_or_init(never));
        once.get_or_init(never);
    }),
    (Reason::Park, "park", thread::park),
    (Reason::Join, "join", || drop(thread::spawn(thread::park).join())),
    (Reason::Scope, "scope", || thread::scope(|scope| drop(scope.spawn(thread::park)))),
    (Reason::Join, "join", || thread::scope(|scope| drop(scope.spawn(thread::park).join()))),
];

#[test]
fn each_reason_is_told_in_go_s_words_in_every_world() {
    let _one = one();
    for (reason, words, waits) in REASONS {
        assert_eq!(reason.to_string(), *words);
        for strategy in everywhere() {
            let dumps = Dumps::default();
            let dumped = dumps.clone();
            let is_there = move |dump: &Dump| dump.threads.iter().any(|thread| thread.reason == Some(*reason));
            let verdict = checked(strategy, move || {
                let dumped = dumped.clone();
                thread::spawn(move || dumped.add(dump_when(is_there)));
                waits();
            });
            assert_eq!(verdict.failure.expect("it waits for ever").kind, Deadlock, "{words} {strategy:?}");
            let dumps = dumps.take();
            assert!(!dumps.is_empty() && dumps.iter().all(is_there), "{words} {strategy:?}: {dumps:#?}");
        }
    }
}

#[test]
fn who_waits_for_time_is_told_where_time_passes() {
    let _one = one();
    const WAITS: &[(Reason, fn())] = &[
        (Reason::Sleep, || thread::sleep(Duration::from_millis(500))),
        (Reason::Park, || thread::park_timeout(Duration::from_millis(500))),
        (Reason::CondvarWait, || {
            drop(Condvar::new().wait_timeout(Mutex::new(()).lock().unwrap(), Duration::from_millis(500)))
        }),
        (Reason::ChanReceive, || {
            let (_sender, receiver) = channel::bounded::<u8>(0);
            _ = receiver.recv_timeout(Duration::from_millis(500));
        }),
        (Reason::ChanReceive, || _ = go::after(Duration::from_millis(500)).recv()),
    ];
    for (reason, waits) in WAITS {
        for strategy in everywhere() {
            if strategy.is_some_and(|strategy| strategy.world() == World::Loom) {
                continue;
            }
            let verdict = checked(strategy, move || {
                let is_there = move |dump: &Dump| dump.threads[0].reason == Some(*reason);
                let dumper = thread::spawn(move || {
                    let dump = dump_when(is_there);
                    assert!(is_there(&dump), "{dump}");
                });
                waits();
                // On real threads it is past, and nobody waits so any more.
                assert_eq!(thread::dump().threads[0].reason, None);
                dumper.join().unwrap();
            });
            assert!(verdict.passed(), "{}", raddle::render(&verdict));
        }
    }
}

/// Two alike and one that has a name, at an unbuffered channel; and where they were spawned, and wait.
fn three_senders() -> (Chan<u8>, [u32; 3]) {
    let c = Chan::new(0);
    for _ in 0..2 {
        let c = c.clone();
        go(move || send(&c));
    }
    let named = thread::Builder::new().name("named".to_owned());
    let theirs = c.clone();
    drop(named.spawn(move || send(&theirs)).unwrap());
    (c, [line!() - 5, line!() - 1, line!() + 4])
}

fn send(c: &Chan<u8>) {
    c.send(1);
}

fn lines(thread: &Dumped) -> (Option<u32>, Option<u32>) {
    let line = |place: Option<&'static std::panic::Location<'static>>| place.map(|place| place.line());
    (line(thread.spawned), line(thread.at))
}

#[test]
fn a_dump_tells_names_and_places_and_equal_threads_once() {
    let _one = one();
    for strategy in everywhere() {
        let dumps = Dumps::default();
        let dumped = dumps.clone();
        let all_wait = |dump: &Dump| dump.threads.iter().filter(|thread| thread.reason.is_some()).count() == 3;
        let verdict = checked(strategy, move || {
            let (c, [spawned, named, waits]) = three_senders();
            let (dump, here) = (dump_when(all_wait), line!());
            (0..3).for_each(|_| assert_eq!(c.recv(), Some(1)));
            assert!(all_wait(&dump), "{dump}");
            let names: Vec<&str> = dump.threads.iter().map(|thread| &*thread.name).collect();
            assert_eq!(names, ["main", "t1", "t2", "named"]);
            let [main, first, second, third] = &dump.threads[..] else { panic!("{dump}") };
            assert_eq!((main.reason, main.spawned), (None, None));
            assert!(main.at.unwrap().line() < here, "where it calls dump");
            for (thread, place) in [(first, spawned), (second, spawned), (third, named)] {
                assert_eq!(thread.reason, Some(Reason::ChanSend));
                assert_eq!(lines(thread), (Some(place), Some(waits)));
                assert!(thread.at.unwrap().file().ends_with("tests/models/dump.rs"));
            }
            let groups = dump.groups();
            let counts: Vec<usize> = groups.iter().map(|group| group.count).collect();
            assert_eq!(counts, [2, 1, 1], "{dump:#}");
            assert_eq!(groups[0].reason, Some(Reason::ChanSend));
            assert_eq!(groups[1].reason, None, "of equally many, main comes first");
            dumped.add(dump);
        });
        assert!(verdict.passed(), "{}", raddle::render(&verdict));
        assert!(!dumps.take().is_empty(), "{strategy:?}");
    }
}

#[test]
fn a_dump_reads_like_go_s_traceback_and_its_profile() {
    let _one = one();
    let dumps = Dumps::default();
    let dumped = dumps.clone();
    if !shuttle() {
        return;
    }
    checked(Some(Strategy::Dfs), move || {
        let (c, _) = three_senders();
        dumped.add(dump_when(|_| true));
        (0..3).for_each(|_| assert_eq!(c.recv(), Some(1)));
    });
    let dump = dumps.take().remove(0);
    let place = |place: Option<&'static std::panic::Location<'static>>| {
        let place = place.unwrap();
        format!("{}:{}", place.file(), place.line())
    };
    let [main, first, second, named] = &dump.threads[..] else { panic!("{dump}") };
    let [at, sends] = [place(main.at), place(first.at)];
    let [spawned, other] = [place(first.spawned), place(named.spawned)];
    assert_eq!(place(second.at), sends);
    assert_eq!(
        dump.to_string(),
        format!(
            "main [running] at {at}\n\nt1 [chan send] at {sends}, spawned at {spawned}\n\nt2 [chan send] at {sends}, \
             spawned at {spawned}\n\nnamed [chan send] at {sends}, spawned at {other}\n"
        )
    );
    assert_eq!(
        format!("{dump:#}"),
        format!(
            "thread profile: total 4\n\n2 [chan send] at {sends}, spawned at {spawned}\n\n1 [running] at {at}\n\n\
             1 [chan send] at {sends}, spawned at {other}\n"
        )
    );
}

// A call that ends a function may leave no frame of it, unless something comes after.

#[inline(never)]
fn f(c: &Chan<u8>) {
    g(c);
    black_box(());
}

#[inline(never)]
fn g(c: &Chan<u8>) {
    h(c);
    black_box(());
}

#[inline(never)]
fn h(c: &Chan<u8>) {
    c.send(1);
    black_box(());
}

/// Puts the switch back.
struct Recorded;

impl Drop for Recorded {
    fn drop(&mut self) {
        thread::record_stacks(false);
    }
}

#[test]
fn a_recorded_stack_has_the_program_s_functions_alone() {
    let _one = one();
    let _recorded = Recorded;
    for recorded in [true, false] {
        thread::record_stacks(recorded);
        for strategy in everywhere() {
            let dumps = Dumps::default();
            let dumped = dumps.clone();
            let waits = |dump: &Dump| dump.threads.get(1).is_some_and(|thread| thread.reason.is_some());
            let verdict = checked(strategy, move || {
                let c = Chan::new(0);
                let theirs = c.clone();
                go(move || f(&theirs));
                let dump = dump_when(waits);
                c.recv();
                // Symbols can be looked up on a model's small stacks.
                assert!(dump.to_string().lines().count() > 2);
                assert!(waits(&dump), "{dump}");
                dumped.add(dump);
            });
            assert!(verdict.passed(), "{}", raddle::render(&verdict));
            let dump = dumps.take().pop().expect("there is an execution");
            let Some(stack) = &dump.threads[1].stack else {
                assert!(!recorded, "{strategy:?}");
                continue;
            };
            assert!(recorded, "{strategy:?}");
            let frames = stack.frames();
            let functions: Vec<&str> = frames.iter().map(|frame| &*frame.function).collect();
            let [h, g, f, spawned @ ..] = &functions[..] else { panic!("{strategy:?}: {functions:?}") };
            assert!(h.ends_with("dump::h") && g.ends_with("dump::g") && f.ends_with("dump::f"), "{functions:?}");
            assert!(spawned.iter().all(|function| function.starts_with("models::dump")), "{functions:?}");
            assert!(dump.threads[0].stack.is_some(), "the one that dumps knows its own");
        }
    }
}

/// Two threads at a lock, and main that may dump all.
fn contend(dumps: bool) {
    let n = Arc::new(Mutex::new(0));
    let threads = [(); 2].map(|()| {
        let n = Arc::clone(&n);
        thread::spawn(move || *n.lock().unwrap() += 1)
    });
    if dumps {
        assert_eq!(thread::dump().threads[0].name, "main");
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    if dumps {
        assert_eq!(thread::dump().threads.len(), 1, "those that have ended are not told");
    }
}

#[test]
fn a_dump_is_no_event() {
    let _one = one();
    for strategy in exhaustive() {
        let [without, with] = [false, true].map(|dumps| passes_with(strategy, move || contend(dumps)));
        assert_eq!((with.executions, with.steps), (without.executions, without.steps), "{strategy}");
        assert_eq!(with.coverage, Coverage::Exhausted);
    }
}

#[test]
fn the_same_schedule_gives_the_same_dump() {
    let _one = one();
    let contends = || {
        let n = Arc::new((Mutex::new(()), AtomicUsize::new(0)));
        let theirs = Arc::clone(&n);
        let other = thread::spawn(move || {
            let _held = theirs.0.lock();
            theirs.1.store(1, std::sync::atomic::Ordering::SeqCst);
        });
        let held = n.0.lock();
        n.1.load(std::sync::atomic::Ordering::SeqCst);
        let dump = thread::dump();
        drop(held);
        other.join().unwrap();
        assert!(dump.threads.iter().all(|thread| thread.reason.is_none()), "it waits for the lock");
    };
    // Each failure is replayed.
    fails_with(&compiled(&[Strategy::Exhaustive, Strategy::Dfs]), Panic, "it waits for the lock", contends);
}

#[test]
fn outside_all_runs_a_dump_tells_those_of_all_runs() {
    if !real_threads() {
        return;
    }
    let _one = one();
    let (sender, receiver) = std::sync::mpsc::channel();
    let watcher = std::thread::spawn(move || {
        thread::watched(move || {
            let c = Chan::<u8>::new(0);
            let theirs = c.clone();
            let waits = thread::Builder::new().name("seen from outside".to_owned()).spawn(move || theirs.recv());
            let told = dump_when(|dump| dump.threads[1].reason == Some(Reason::ChanReceive));
            // It is its own run's.
            let names: BTreeSet<String> = told.threads.iter().map(|thread| thread.name.clone()).collect();
            assert_eq!(names, ["main", "seen from outside"].map(str::to_owned).into());
            let (done, is_done) = std::sync::mpsc::channel::<()>();
            sender.send(done).unwrap();
            // As far as the run knows, main runs.
            _ = is_done.recv();
            c.send(1);
            assert_eq!(waits.unwrap().join().unwrap(), Some(1));
        })
    });
    let done = receiver.recv().unwrap();
    let dump = thread::dump();
    let seen = dump.threads.iter().find(|thread| thread.name == "seen from outside").expect("its run lives");
    assert_eq!(seen.reason, Some(Reason::ChanReceive));
    drop(done);
    assert!(watcher.join().unwrap().is_none());
    assert!(!thread::dump().threads.iter().any(|thread| thread.name == "seen from outside"), "its run is over");
}

#[test]
fn a_watched_program_says_what_has_ended_it() {
    if !real_threads() {
        return;
    }
    let _one = one();
    assert!(thread::watched(|| drop(thread::spawn(|| ()))).is_none());
    let deadlock = thread::watched(thread::park).unwrap();
    assert_eq!((deadlock.kind, deadlock.waiting.len()), (Deadlock, 1));
    let panic = thread::watched(|| panic!("said once")).unwrap();
    assert_eq!((panic.kind, &*panic.message), (Panic, "said once"));
    let leak = thread::watched(|| go(thread::park)).unwrap();
    assert_eq!((leak.kind, &*leak.waiting[0].thread), (Leak, "t1"));
}
