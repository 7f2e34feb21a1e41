//! What would be noticed if dpor overlooked something: one thing after another, it does.
//!
//! The truth about a few hundred small programs is found once. Then dpor runs them with one weakening after the other, up to
//! the first program of which it shows other outcomes, or runs another number of executions than there are classes. A
//! weakening that no program shows is a hole in the tests. (Who drops what is left in a channel is told apart for types that
//! have a destructor: `tests/models/hang_ups.rs` looks at that, and here the last test.)

use std::collections::BTreeSet;

use proptest::{strategy::ValueTree, test_runner::TestRunner};
use raddle::{
    Check, Kind, Strategy,
    channel::bounded,
    internals::Weakening,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
};

use crate::{
    Registers, check, classes, complete, end, facade, fail_early,
    fuzz::{cases, runner, size},
    program::{Family, Op, Op::*, Program, program},
};

/// Executions of depth-first search after which a program is too large.
const SMALL: u64 = 600;

/// Programs that are drawn of each family.
const EACH: u32 = 300;

/// A program, and what there is to be seen of it.
struct Known {
    program: Program,
    ends: BTreeSet<raddle::End<Registers>>,
    /// How many classes there are; unknown where some of them fail early.
    classes: Option<u64>,
    kinds: BTreeSet<&'static str>,
}

fn ends(classes: &raddle::internals::Classes<Registers>) -> BTreeSet<raddle::End<Registers>> {
    classes.all.values().flat_map(|(ends, _)| ends.iter().map(end)).collect()
}

fn known(program: Program) -> Option<Known> {
    let all = classes(&program, Strategy::Dfs, SMALL);
    let early = all.all.values().any(|(ends, _)| fail_early(ends));
    let kinds = all.all.keys().flat_map(|class| class.kinds()).collect();
    complete(&all.verdict).then(|| Known {
        program,
        ends: ends(&all),
        classes: (!early).then_some(all.all.len() as u64),
        kinds,
    })
}

impl Known {
    /// Whether dpor, weakened so, shows something else.
    fn shows(&self, weakening: Option<Weakening>) -> bool {
        let program = self.program.clone();
        let check = check(Strategy::Dpor, SMALL);
        let check = weakening.into_iter().fold(check, |check, weakening| check.weakened(weakening));
        match check.classes(move || facade::run(&program)) {
            Ok(found) => {
                ends(&found) != self.ends || self.classes.is_some_and(|classes| classes != found.verdict.executions)
            }
            // The tool itself has noticed.
            Err(_) => true,
        }
    }
}

fn programs(runner: &mut TestRunner, family: Family, number: u32) -> Vec<Known> {
    let drawn = program(family, size());
    let mut draw = || proptest::strategy::Strategy::new_tree(&drawn, runner).unwrap().current();
    (0..number).filter_map(|_| known(draw())).collect()
}

/// Programs on what random ones seldom come to.
fn chosen() -> Vec<Program> {
    let program = |channels: [Option<usize>; 2], threads: &[&[Op]]| Program {
        channels: channels.to_vec(),
        go: false,
        threads: threads.iter().map(|ops| ops.to_vec()).collect(),
    };
    let add = || Some(Box::new(Add(0)));
    let mut all = vec![
        program([Some(0); 2], &[&[Receive(0), TryReceive(0)], &[Send(0)], &[Send(0)]]),
        program([Some(0); 2], &[&[TryReceive(0)], &[Send(0)], &[Send(0)]]),
        program([Some(0); 2], &[&[Wait, Add(0)], &[Wait, Add(0)], &[Notify(false), Notify(false)]]),
        program([Some(1); 2], &[&[TrySend(1)], &[Send(1), Receive(1)]]),
    ];
    for tries in [TryLock(0, None), TryRead(None), TryWrite(None)] {
        for holds in [Lock(0, add()), Read(add()), Write(add()), Downgrade(add())] {
            all.push(program([Some(0); 2], &[&[tries.clone(), Add(0)], &[holds.clone(), Add(0)]]));
            all.push(program([Some(0); 2], &[&[holds.clone(), Add(1)], &[holds, Add(0)], &[tries.clone(), Add(1)]]));
        }
    }
    all
}

/// What the weakening is about, if it is one kind of step.
fn kind(weakening: Weakening) -> Option<Kind> {
    match weakening {
        Weakening::Commutes(kind) | Weakening::WakesNobody(kind) | Weakening::ChoosesFirst(kind) => Some(kind),
        Weakening::Forgets(_) | Weakening::Overlooks(_) => None,
    }
}

#[test]
fn whatever_dpor_overlooks_is_noticed() {
    let families = [Family::Memory, Family::Locks, Family::Threads, Family::Onces, Family::Channels, Family::Timers];
    let mut runner = runner(EACH);
    let mut known: Vec<Known> = chosen().into_iter().filter_map(known).collect();
    known.extend(families.into_iter().flat_map(|family| programs(&mut runner, family, cases(EACH))));
    if let Some(flawed) = known.iter().find(|known| known.shows(None)) {
        panic!("not weakened, dpor differs: {:?}", flawed.program);
    }
    let kinds: BTreeSet<&str> = known.iter().flat_map(|known| known.kinds.iter().copied()).collect();
    assert_eq!(kinds, STEPS.iter().map(|kind| kind.name()).collect(), "each kind of step is weakened");
    let mut unnoticed = weakenings();
    unnoticed.retain(|&weakening| {
        let reaches = |known: &&Known| {
            kind(weakening).is_none_or(|kind| kind == Kind::Choice || known.kinds.contains(kind.name()))
        };
        let at = known.iter().filter(reaches).position(|known| known.shows(Some(weakening)));
        at.is_none()
    });
    println!("{} programs, {} weakenings", known.len(), weakenings().len());
    assert!(unnoticed.is_empty(), "nothing shows {unnoticed:?}");
}

fn weakenings() -> Vec<Weakening> {
    let mut all: Vec<Weakening> = STEPS.iter().copied().map(Weakening::Commutes).collect();
    all.extend(STEPS.iter().copied().map(Weakening::WakesNobody));
    let chooses =
        [Kind::Choice, Kind::NotifyOne, Kind::Wait, Kind::Receive, Kind::TryReceive, Kind::Select, Kind::Ready];
    all.extend(chooses.map(Weakening::ChoosesFirst));
    let places = ["object", "given", "waits", "tail", "head", "sent", "taken", "gone", "token", "end", "time"];
    all.extend(places.map(Weakening::Forgets));
    all.extend([Kind::CellRead, Kind::CellWrite].map(Weakening::Overlooks));
    all
}

/// What dpor takes as a step, and tries in both orders with others.
const STEPS: &[Kind] = &[
    Kind::Load,
    Kind::Store,
    Kind::Rmw,
    Kind::RefInc,
    Kind::RefDec,
    Kind::RefRead,
    Kind::Lock,
    Kind::TryLock,
    Kind::Unlock,
    Kind::Read,
    Kind::TryRead,
    Kind::ReadUnlock,
    Kind::Write,
    Kind::TryWrite,
    Kind::WriteUnlock,
    Kind::Downgrade,
    Kind::Wait,
    Kind::NotifyOne,
    Kind::NotifyAll,
    Kind::Park,
    Kind::Unpark,
    Kind::Exit,
    Kind::IsFinished,
    Kind::Count,
    Kind::CallOnce,
    Kind::GetOrInit,
    Kind::Force,
    Kind::Initialised,
    Kind::Set,
    Kind::Get,
    Kind::IsCompleted,
    Kind::Send,
    Kind::TrySend,
    Kind::Receive,
    Kind::TryReceive,
    Kind::Select,
    Kind::Ready,
    Kind::Arrive,
    Kind::HangUp,
    Kind::Look,
    Kind::Arm,
    Kind::Sleep,
];

#[test]
fn that_another_might_have_dropped_what_is_left_is_noticed() {
    /// Notes whether another thread than this one drops it.
    struct Message(thread::ThreadId, Arc<AtomicBool>);

    impl std::ops::Drop for Message {
        fn drop(&mut self) {
            self.1.store(thread::current().id() != self.0, SeqCst);
        }
    }

    let seen = |check: Check| {
        let model = || {
            let ((s, r), by_another) = (bounded(1), Arc::new(AtomicBool::new(false)));
            assert!(s.send(Message(thread::current().id(), Arc::clone(&by_another))).is_ok());
            let thread = thread::spawn(move || drop(r));
            drop(s);
            thread.join().unwrap();
            by_another.load(SeqCst)
        };
        let outcomes = check.outcomes(model).unwrap();
        outcomes.returned().copied().collect::<Vec<_>>()
    };
    assert_eq!(seen(check(Strategy::Dpor, SMALL)), [false, true]);
    assert_eq!(seen(check(Strategy::Dpor, SMALL).weakened(Weakening::Forgets("left"))).len(), 1);
}
