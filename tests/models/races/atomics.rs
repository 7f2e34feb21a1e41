//! What atomics and fences order, by their orderings.

use super::*;

#[test]
fn release_and_acquire_order() {
    passes(pair(|shared| publish(shared, Release), |shared| consume(shared, Acquire)));
    passes(pair(|shared| publish(shared, SeqCst), |shared| consume(shared, SeqCst)));
}

#[test]
fn a_relaxed_flag_orders_nothing() {
    fails(DataRace, "", pair(|shared| publish(shared, Relaxed), |shared| consume(shared, Acquire)));
    fails(DataRace, "", pair(|shared| publish(shared, Release), |shared| consume(shared, Relaxed)));
    fails(DataRace, "", pair(|shared| publish(shared, Relaxed), |shared| consume(shared, Relaxed)));
}

#[test]
fn fences_order_relaxed_accesses() {
    passes(pair(
        |shared| {
            shared.write();
            fence(Release);
            shared.flag.store(1, Relaxed);
        },
        |shared| {
            if shared.flag.load(Relaxed) == 1 {
                fence(Acquire);
                shared.write();
            }
        },
    ));
    passes(pair(
        |shared| {
            shared.write();
            fence(SeqCst);
            shared.flag.store(1, Relaxed);
        },
        |shared| consume(shared, Acquire),
    ));
}

#[test]
fn one_fence_or_one_too_late_orders_nothing() {
    let fenced: fn(&Shared) = |shared| {
        if shared.flag.load(Relaxed) == 1 {
            fence(Acquire);
            shared.write();
        }
    };
    fails(DataRace, "", pair(|shared| publish(shared, Relaxed), fenced));
    fails(
        DataRace,
        "",
        pair(
            |shared| {
                shared.write();
                fence(Acquire);
                shared.flag.store(1, Relaxed);
            },
            fenced,
        ),
    );
    fails(
        DataRace,
        "",
        pair(
            |shared| {
                fence(Release);
                publish(shared, Relaxed);
            },
            fenced,
        ),
    );
}

#[test]
fn a_read_modify_write_continues_a_release_sequence() {
    passes(three([
        |shared| publish(shared, Release),
        |shared| _ = shared.flag.compare_exchange(1, 2, Relaxed, Relaxed),
        |shared| {
            if shared.flag.load(Acquire) == 2 {
                shared.read();
            }
        },
    ]));
}

#[test]
fn a_store_of_another_thread_ends_a_release_sequence() {
    fails(
        DataRace,
        "",
        three([
            |shared| publish(shared, Release),
            |shared| {
                if shared.flag.load(Relaxed) == 1 {
                    shared.flag.store(2, Relaxed);
                }
            },
            |shared| {
                if shared.flag.load(Acquire) == 2 {
                    shared.read();
                }
            },
        ]),
    );
}

#[test]
fn a_compare_exchange_that_fails_has_its_failure_ordering() {
    let model = |failure: fn(&Shared) -> Result<usize, usize>| {
        move || {
            let shared = Arc::new(Shared::default());
            let theirs = Arc::clone(&shared);
            let other = thread::spawn(move || publish(&theirs, Release));
            if failure(&shared) == Err(1) {
                shared.read();
            }
            other.join().unwrap();
        }
    };
    passes(model(|shared| shared.flag.compare_exchange(7, 8, Relaxed, Acquire)));
    fails(DataRace, "", model(|shared| shared.flag.compare_exchange(7, 8, AcqRel, Relaxed)));
}
