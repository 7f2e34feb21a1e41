//! Memory models: the loom world shows what C11 allows and nothing else, as far as loom goes; the shuttle world shows
//! what is sequentially consistent.

use std::collections::BTreeSet;

use crate::common::*;
use raddle::{
    Strategy,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering, Ordering::*, fence},
    },
    thread,
};

type Memory = [AtomicUsize; 4];

/// A litmus test: each thread's code returns what it has read.
fn litmus<const N: usize>(threads: [fn(&Memory) -> [usize; 2]; N]) -> impl Fn() -> Vec<[usize; 2]> + Clone {
    move || {
        let memory: Arc<Memory> = Arc::default();
        let handles = threads.map(|code| {
            let memory = Arc::clone(&memory);
            thread::spawn(move || code(&memory))
        });
        handles.into_iter().map(|handle| handle.join().unwrap()).collect()
    }
}

/// What the threads read in the loom world; nothing, if it is not compiled.
fn in_loom<const N: usize>(threads: [fn(&Memory) -> [usize; 2]; N]) -> BTreeSet<Vec<[usize; 2]>> {
    let seen = compiled(&[Strategy::Exhaustive]).into_iter().map(|strategy| outcomes(strategy, litmus(threads)));
    seen.flatten().collect()
}

/// What they read under every interleaving; nothing, if the shuttle world is not compiled.
fn interleaved<const N: usize>(threads: [fn(&Memory) -> [usize; 2]; N]) -> BTreeSet<Vec<[usize; 2]>> {
    let mut all = BTreeSet::new();
    for strategy in compiled(&[Strategy::Dfs]) {
        all = outcomes(strategy, litmus(threads));
    }
    for strategy in samplers() {
        assert!(outcomes(strategy, litmus(threads)).is_subset(&all), "{strategy} leaves what can be interleaved");
    }
    all
}

/// Every interleaving shows exactly `consistent`; loom shows that, and `weak` besides.
#[track_caller]
fn shows<const N: usize, const S: usize, const W: usize>(
    threads: [fn(&Memory) -> [usize; 2]; N],
    consistent: [[[usize; 2]; N]; S],
    weak: [[[usize; 2]; N]; W],
) {
    let set = |outcomes: &[[[usize; 2]; N]]| outcomes.iter().map(|outcome| outcome.to_vec()).collect::<BTreeSet<_>>();
    if shuttle() {
        assert_eq!(interleaved(threads), set(&consistent));
    }
    if loom() {
        assert_eq!(in_loom(threads), &set(&consistent) | &set(&weak));
    }
}

fn store_then_load(memory: &Memory, mine: usize, order: Ordering, fenced: Option<Ordering>) -> [usize; 2] {
    memory[mine].store(1, order);
    if let Some(order) = fenced {
        fence(order);
    }
    let order = if order == Release { Acquire } else { order };
    [memory[1 - mine].load(order), 0]
}

const BUFFERED: [[[usize; 2]; 2]; 3] = [[[0, 0], [1, 0]], [[1, 0], [0, 0]], [[1, 0], [1, 0]]];

#[test]
fn stores_are_buffered_unless_there_are_sequentially_consistent_fences() {
    let both_zero = [[[0, 0], [0, 0]]];
    shows([|m| store_then_load(m, 0, Relaxed, None), |m| store_then_load(m, 1, Relaxed, None)], BUFFERED, both_zero);
    shows([|m| store_then_load(m, 0, Release, None), |m| store_then_load(m, 1, Release, None)], BUFFERED, both_zero);
    shows(
        [|m| store_then_load(m, 0, Relaxed, Some(AcqRel)), |m| store_then_load(m, 1, Relaxed, Some(AcqRel))],
        BUFFERED,
        both_zero,
    );
    shows(
        [|m| store_then_load(m, 0, Relaxed, Some(SeqCst)), |m| store_then_load(m, 1, Relaxed, Some(SeqCst))],
        BUFFERED,
        [],
    );
    shows(
        [|m| store_then_load(m, 0, Relaxed, Some(SeqCst)), |m| store_then_load(m, 1, Relaxed, None)],
        BUFFERED,
        both_zero,
    );
}

#[test]
fn mm12_sequentially_consistent_accesses_count_as_acquire_and_release_in_loom() {
    // C11 forbids this outcome: the one place where the loom world shows too much, as the docs say.
    shows(
        [|m| store_then_load(m, 0, SeqCst, None), |m| store_then_load(m, 1, SeqCst, None)],
        BUFFERED,
        [[[0, 0], [0, 0]]],
    );
}

fn send(memory: &Memory, order: Ordering) -> [usize; 2] {
    memory[0].store(1, Relaxed);
    memory[1].store(1, order);
    [0, 0]
}

fn receive(memory: &Memory, order: Ordering) -> [usize; 2] {
    let flag = memory[1].load(order);
    [flag, memory[0].load(Relaxed)]
}

const RECEIVED: [[[usize; 2]; 2]; 3] = [[[0, 0], [0, 0]], [[0, 0], [0, 1]], [[0, 0], [1, 1]]];
const STALE: [[[usize; 2]; 2]; 1] = [[[0, 0], [1, 0]]];

#[test]
fn a_message_may_be_stale_unless_its_flag_is_released_and_acquired() {
    shows([|m| send(m, Relaxed), |m| receive(m, Relaxed)], RECEIVED, STALE);
    shows([|m| send(m, Release), |m| receive(m, Relaxed)], RECEIVED, STALE);
    shows([|m| send(m, Relaxed), |m| receive(m, Acquire)], RECEIVED, STALE);
    shows([|m| send(m, Release), |m| receive(m, Acquire)], RECEIVED, []);
}

#[test]
fn a_message_is_not_stale_between_two_fences() {
    shows(
        [
            |m| {
                m[0].store(1, Relaxed);
                fence(Release);
                m[1].store(1, Relaxed);
                [0, 0]
            },
            |m| {
                let flag = m[1].load(Relaxed);
                fence(Acquire);
                [flag, m[0].load(Relaxed)]
            },
        ],
        RECEIVED,
        [],
    );
}

#[test]
fn mm15_one_location_never_goes_back() {
    // Two reads of one location by one thread, while another writes 1 and then 2.
    shows(
        [
            |m| {
                m[0].store(1, Relaxed);
                m[0].store(2, Relaxed);
                [0, 0]
            },
            |m| [m[0].load(Relaxed), m[0].load(Relaxed)],
        ],
        [[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 2]].map(|reads| [[0, 0], reads]),
        [],
    );
}

#[test]
fn a_thread_reads_its_own_store_or_a_later_one() {
    shows(
        [
            |m| {
                m[0].store(1, Relaxed);
                [m[0].load(Relaxed), 0]
            },
            |m| {
                m[0].store(2, Relaxed);
                [m[0].load(Relaxed), 0]
            },
        ],
        [[[1, 0], [1, 0]], [[1, 0], [2, 0]], [[2, 0], [2, 0]]],
        [],
    );
}

#[test]
fn mm15_loads_are_not_buffered() {
    // C11 allows both to read 1; no world shows it, as the README says.
    shows(
        [
            |m| {
                let read = m[0].load(Relaxed);
                m[1].store(1, Relaxed);
                [read, 0]
            },
            |m| {
                let read = m[1].load(Relaxed);
                m[0].store(1, Relaxed);
                [read, 0]
            },
        ],
        [[[0, 0], [0, 0]], [[0, 0], [1, 0]], [[1, 0], [0, 0]]],
        [],
    );
}

#[test]
fn a_read_modify_write_reads_the_latest_value() {
    shows(
        [|m| [m[0].fetch_add(1, Relaxed), 0], |m| [m[0].fetch_add(1, Relaxed), 0]],
        [[[0, 0], [1, 0]], [[1, 0], [0, 0]]],
        [],
    );
    shows(
        [
            |m| [m[0].swap(1, Relaxed), 0],
            |m| [m[0].compare_exchange(0, 2, Relaxed, Relaxed).unwrap_or_else(|found| found + 10), 0],
        ],
        [[[0, 0], [11, 0]], [[2, 0], [0, 0]]],
        [],
    );
}

#[test]
fn what_a_read_modify_write_has_written_may_outlive_a_later_store_in_loom() {
    // One adds 1 and then stores 10, the other adds 1: C11 forbids that 2 is left. The loom world shows too much, as the
    // docs say.
    for strategy in exhaustive() {
        let left = outcomes(strategy, || {
            let number = Arc::new(AtomicUsize::new(0));
            let (one, two) = (Arc::clone(&number), Arc::clone(&number));
            let stores = thread::spawn(move || {
                one.fetch_add(1, AcqRel);
                one.store(10, Release);
            });
            let adds = thread::spawn(move || two.fetch_add(1, AcqRel));
            stores.join().unwrap();
            adds.join().unwrap();
            number.load(Acquire)
        });
        let loom = strategy == Strategy::Exhaustive;
        assert_eq!(left, if loom { [2, 10, 11].into() } else { BTreeSet::from([10, 11]) }, "{strategy}");
    }
}

#[test]
fn what_is_acquired_is_passed_on() {
    // Write, then read and write, then read: causality over three threads.
    let threads: [fn(&Memory) -> [usize; 2]; 3] = [
        |m| {
            m[0].store(1, Release);
            [0, 0]
        },
        |m| {
            let first = m[0].load(Acquire);
            m[1].store(1, Release);
            [first, 0]
        },
        |m| [m[1].load(Acquire), m[0].load(Acquire)],
    ];
    let forbidden = vec![[0, 0], [1, 0], [1, 0]];
    for seen in [in_loom(threads), interleaved(threads)] {
        assert!(!seen.contains(&forbidden));
        assert!(seen.is_empty() || seen.contains(&vec![[0, 0], [1, 0], [1, 1]]));
    }
}

#[test]
fn two_readers_may_see_two_independent_writes_in_either_order() {
    let writers: [fn(&Memory) -> [usize; 2]; 2] = [
        |m| {
            m[0].store(1, Release);
            [0, 0]
        },
        |m| {
            m[1].store(1, Release);
            [0, 0]
        },
    ];
    let threads = [
        writers[0],
        writers[1],
        |m: &Memory| [m[0].load(Acquire), m[1].load(Acquire)],
        |m: &Memory| [m[1].load(Acquire), m[0].load(Acquire)],
    ];
    let apart = vec![[0, 0], [0, 0], [1, 0], [1, 0]];
    assert!(!loom() || in_loom(threads).contains(&apart));
    assert!(!interleaved(threads).contains(&apart), "one order of all accesses shows the same to both");
}
