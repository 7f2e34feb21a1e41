//! Data races on `UnsafeCell`: found in loom and in shuttle wherever nothing orders two accesses, and nowhere else.

mod accesses;
mod atomics;

use std::time::Duration;

use crate::common::*;
use raddle::{
    FailureKind::DataRace,
    Kind, Strategy,
    cell::UnsafeCell,
    sync::{
        Arc, Condvar, Mutex, RwLock,
        atomic::{AtomicUsize, Ordering, Ordering::*, fence},
    },
    thread,
};

/// What the tests share between threads: a cell, which may be raced for, and things that order accesses to it.
#[derive(Default)]
struct Shared {
    cell: UnsafeCell<usize>,
    flag: AtomicUsize,
    mutex: Mutex<bool>,
    rwlock: RwLock<bool>,
    condvar: Condvar,
}

// SAFETY: the model's threads all run on one OS thread, so that a race is found, and never happens.
unsafe impl Sync for Shared {}

impl Shared {
    #[track_caller]
    fn write(&self) {
        // SAFETY: see `Sync`.
        self.cell.with_mut(|cell| unsafe { *cell += 1 });
    }

    #[track_caller]
    fn read(&self) -> usize {
        // SAFETY: see `Sync`.
        self.cell.with(|cell| unsafe { *cell })
    }
}

/// A model in which `one` runs in a spawned thread and `two` in main.
fn pair(one: fn(&Shared), two: fn(&Shared)) -> impl Fn() + Send + Sync + Clone + 'static {
    move || {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let other = thread::spawn(move || one(&theirs));
        two(&shared);
        other.join().unwrap();
    }
}

/// A model in which three spawned threads run.
fn three(threads: [fn(&Shared); 3]) -> impl Fn() + Send + Sync + Clone + 'static {
    move || {
        let shared = Arc::new(Shared::default());
        let others = threads.map(|body| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || body(&shared))
        });
        others.into_iter().for_each(|other| other.join().unwrap());
    }
}

fn publish(shared: &Shared, order: Ordering) {
    shared.write();
    shared.flag.store(1, order);
}

fn consume(shared: &Shared, order: Ordering) {
    if shared.flag.load(order) == 1 {
        shared.write();
    }
}

#[test]
fn two_writes_that_nothing_orders_are_a_race() {
    fails(DataRace, "and nothing orders the two", pair(Shared::write, Shared::write));
}

#[test]
fn a_read_and_a_write_that_nothing_orders_are_a_race() {
    fails(DataRace, "reads at", pair(Shared::write, |shared| _ = shared.read()));
    fails(DataRace, "reads at", pair(|shared| _ = shared.read(), Shared::write));
}

#[test]
fn a_race_is_told_with_both_threads_both_lines_and_the_cell() {
    for verdict in fails(DataRace, "", || {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let other = thread::Builder::new().name("other".into()).spawn(move || theirs.write());
        shared.read();
        other.unwrap().join().unwrap();
    }) {
        let failure = verdict.failure.unwrap();
        let here = file!();
        for part in [
            "data race on cell#1 (made at ".to_owned(),
            format!("other writes at {here}:"),
            format!("main reads at {here}:"),
        ] {
            assert!(failure.message.contains(&part), "{} should have {part}", failure.message);
        }
        let last = failure.steps.last().unwrap();
        assert!(matches!(last.kind, Kind::CellRead | Kind::CellWrite), "the racing access is the last step");
    }
}

#[test]
fn two_reads_are_no_race() {
    passes(pair(|shared| _ = shared.read(), |shared| _ = shared.read()));
}

#[test]
fn mm7_a_mutex_orders() {
    let add: fn(&Shared) = |shared| {
        let _guard = shared.mutex.lock().unwrap();
        shared.write();
    };
    passes(pair(add, add));
    fails(
        DataRace,
        "",
        pair(add, |shared| {
            drop(shared.mutex.lock().unwrap());
            shared.write();
        }),
    );
}

#[test]
fn a_mutex_that_is_tried_orders() {
    let add: fn(&Shared) = |shared| {
        let _guard = shared.mutex.lock().unwrap();
        shared.write();
    };
    passes(pair(add, |shared| {
        if let Ok(_guard) = shared.mutex.try_lock() {
            shared.write();
        }
    }));
    fails(
        DataRace,
        "",
        pair(add, |shared| {
            drop(shared.mutex.try_lock());
            shared.write();
        }),
    );
}

#[test]
fn mm8_a_lock_that_is_tried_in_vain_orders_nothing() {
    let write_and_lock: fn(&Shared) = |shared| {
        shared.write();
        let _guard = shared.mutex.lock().unwrap();
    };
    let write_and_write: fn(&Shared) = |shared| {
        shared.write();
        let _guard = shared.rwlock.write().unwrap();
    };
    let try_in_vain: [[fn(&Shared); 2]; 3] = [
        [write_and_lock, |shared| {
            if shared.mutex.try_lock().is_err() {
                shared.read();
            }
        }],
        [write_and_write, |shared| {
            if shared.rwlock.try_read().is_err() {
                shared.read();
            }
        }],
        [write_and_write, |shared| {
            if shared.rwlock.try_write().is_err() {
                shared.read();
            }
        }],
    ];
    for [one, two] in try_in_vain {
        fails(DataRace, "and nothing orders the two", pair(one, two));
    }
    // Nor does it tell anything to whoever takes the lock next.
    fails(
        DataRace,
        "and nothing orders the two",
        three([
            |shared| {
                let _guard = shared.mutex.lock().unwrap();
                shared.flag.fetch_add(0, Relaxed);
            },
            |shared| {
                shared.write();
                if shared.mutex.try_lock().is_err() {
                    shared.flag.store(1, Relaxed);
                }
            },
            |shared| {
                let _guard = shared.mutex.lock().unwrap();
                if shared.flag.load(Relaxed) == 1 {
                    shared.read();
                }
            },
        ]),
    );
}

#[test]
fn mm7_a_read_write_lock_orders_writers_and_readers() {
    let write: fn(&Shared) = |shared| {
        let _guard = shared.rwlock.write().unwrap();
        shared.write();
    };
    let read: fn(&Shared) = |shared| {
        let _guard = shared.rwlock.read().unwrap();
        shared.read();
    };
    passes(three([write, read, write]));
    passes(three([read, write, read]));
}

#[test]
fn a_read_write_lock_does_not_order_its_readers() {
    let write_among_readers: fn(&Shared) = |shared| {
        let _guard = shared.rwlock.read().unwrap();
        shared.write();
    };
    fails(
        DataRace,
        "",
        pair(write_among_readers, |shared| {
            let _guard = shared.rwlock.read().unwrap();
            shared.read();
        }),
    );
}

#[test]
fn a_read_write_lock_that_is_tried_orders() {
    passes(pair(
        |shared| {
            if let Ok(_guard) = shared.rwlock.try_write() {
                shared.write();
            }
        },
        |shared| {
            let _guard = shared.rwlock.read().unwrap();
            shared.read();
        },
    ));
}

/// Waits on the condition variable with the lock, after a write, and writes again.
fn wait_between_two_writes(shared: &Shared) {
    let mut ready = shared.mutex.lock().unwrap();
    shared.write();
    while !*ready {
        ready = shared.condvar.wait(ready).unwrap();
    }
    shared.write();
}

#[test]
fn mm7_co2_a_wait_gives_up_its_lock_in_order() {
    passes(pair(wait_between_two_writes, |shared| {
        let mut ready = shared.mutex.lock().unwrap();
        shared.write();
        *ready = true;
        shared.condvar.notify_one();
    }));
}

#[test]
fn a_wait_gives_up_a_lock_that_is_tried_in_order() {
    passes(pair(wait_between_two_writes, |shared| {
        let mut guard = shared.mutex.try_lock().ok();
        if guard.is_some() {
            shared.write();
        }
        let mut ready = guard.take().unwrap_or_else(|| shared.mutex.lock().unwrap());
        *ready = true;
        shared.write();
        shared.condvar.notify_one();
    }));
}

#[test]
fn mm11_a_notification_alone_orders_nothing() {
    // Loom orders a notification before the wake-up: shuttle alone sees this one.
    fails_with(
        &compiled(&[Strategy::Random, Strategy::Dfs]),
        DataRace,
        "",
        pair(
            |shared| {
                let ready = shared.mutex.lock().unwrap();
                if shared.flag.load(Relaxed) == 0 {
                    drop(shared.condvar.wait(ready).unwrap());
                    shared.read();
                }
            },
            |shared| {
                drop(shared.mutex.lock().unwrap());
                shared.write();
                shared.flag.store(1, Relaxed);
                shared.condvar.notify_one();
            },
        ),
    );
}

#[test]
fn mm1_spawn_and_join_order() {
    passes(|| {
        let shared = Arc::new(Shared::default());
        shared.write();
        let theirs = Arc::clone(&shared);
        let other = thread::spawn(move || theirs.write());
        other.join().unwrap();
        shared.write();
    });
    fails(DataRace, "", || {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let other = thread::spawn(move || theirs.write());
        shared.write();
        other.join().unwrap();
    });
}

#[test]
fn a_scope_orders() {
    passes(|| {
        let shared = Shared::default();
        shared.write();
        thread::scope(|scope| {
            scope.spawn(|| shared.write());
        });
        shared.write();
    });
    fails(DataRace, "", || {
        let shared = Shared::default();
        thread::scope(|scope| {
            scope.spawn(|| shared.write());
            scope.spawn(|| shared.write());
        });
    });
}

#[test]
fn mm2_asking_whether_a_thread_has_finished_orders_nothing() {
    fails(DataRace, "", || {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let other = thread::spawn(move || theirs.write());
        if other.is_finished() {
            shared.write();
        }
        other.join().unwrap();
    });
}

#[test]
fn unpark_and_park_order() {
    passes(|| {
        let shared = Arc::new(Shared::default());
        let (theirs, main) = (Arc::clone(&shared), thread::current());
        let other = thread::spawn(move || {
            theirs.write();
            main.unpark();
        });
        thread::park();
        shared.write();
        other.join().unwrap();
    });
    fails(DataRace, "", || {
        let shared = Arc::new(Shared::default());
        let (theirs, main) = (Arc::clone(&shared), thread::current());
        let other = thread::spawn(move || {
            main.unpark();
            theirs.write();
        });
        thread::park();
        shared.write();
        other.join().unwrap();
    });
}

#[test]
fn time_orders_nothing() {
    for pause in [thread::yield_now, || thread::sleep(Duration::from_secs(3600)), raddle::hint::spin_loop] {
        fails(DataRace, "", move || {
            let shared = Arc::new(Shared::default());
            let theirs = Arc::clone(&shared);
            let other = thread::spawn(move || theirs.write());
            pause();
            shared.write();
            other.join().unwrap();
        });
    }
}

#[test]
fn a_busy_wait_orders_as_its_loads_do() {
    let wait = |order: Ordering| {
        move || {
            let shared = Arc::new(Shared::default());
            let theirs = Arc::clone(&shared);
            let other = thread::spawn(move || publish(&theirs, Release));
            while shared.flag.load(order) == 0 {
                thread::yield_now();
            }
            shared.write();
            other.join().unwrap();
        }
    };
    passes(wait(Acquire));
    fails(DataRace, "", wait(Relaxed));
}
