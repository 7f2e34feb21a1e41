//! What comes before what: the edges of Go's memory model, shown by data that nothing else orders.

use raddle::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::*;

/// Plain data, and somebody else's handle to it.
fn plain() -> (Arc<Plain>, Arc<Plain>) {
    let plain = Arc::new(Plain::default());
    (Arc::clone(&plain), plain)
}

const RACE: &str = "nothing orders the two";

/// What loom has for channels orders an operation that was done in vain after all before it: it shows no such race.
#[track_caller]
fn races_in_shuttle(program: impl Fn() + Send + Sync + 'static) {
    let strategies: Vec<Strategy> =
        strategies().into_iter().filter(|strategy| strategy.world() != World::Loom).collect();
    fails_with(&strategies, DataRace, RACE, program);
}

#[test]
fn mm1_a_go_statement_comes_before_its_goroutine() {
    passes(|| {
        let (mine, theirs) = plain();
        mine.set(1);
        let done = Chan::new(0);
        let told = done.clone();
        go(move || told.send(theirs.get()));
        assert_eq!(done.recv(), Some(1));
    });
}

#[test]
fn mm2_the_end_of_a_goroutine_comes_before_nothing() {
    fails(DataRace, RACE, || {
        let (mine, theirs) = plain();
        go(move || theirs.set(1));
        mine.get();
    });
}

#[test]
fn mm3_a_send_comes_before_its_receive() {
    for capacity in [0, 1, 2] {
        passes(move || {
            let (mine, theirs) = plain();
            let c = Chan::new(capacity);
            let d = c.clone();
            go(move || {
                d.send(0);
                theirs.set(1);
                d.send(1);
            });
            c.recv();
            c.recv();
            assert_eq!(mine.get(), 1);
        });
        fails(DataRace, RACE, move || {
            let (mine, theirs) = plain();
            let c = Chan::new(capacity);
            let d = c.clone();
            go(move || {
                d.send(0);
                theirs.set(1);
                d.send(1);
            });
            c.recv();
            mine.get();
            c.recv();
        });
    }
}

#[test]
fn mm4_a_close_comes_before_a_receive_that_finds_it() {
    for capacity in [0, 1] {
        passes(move || {
            let (mine, theirs) = plain();
            let c = Chan::<u8>::new(capacity);
            let d = c.clone();
            go(move || {
                theirs.set(1);
                d.close();
            });
            assert_eq!(c.recv(), None);
            assert_eq!(mine.get(), 1);
        });
    }
}

#[test]
fn mm5_an_unbuffered_receive_comes_before_the_end_of_its_send() {
    passes(|| {
        let (mine, theirs) = plain();
        let c = Chan::new(0);
        let d = c.clone();
        go(move || {
            theirs.set(1);
            d.recv();
        });
        c.send(());
        assert_eq!(mine.get(), 1);
    });
}

#[test]
fn mm3_mm5_two_senders_meet_one_receiver() {
    // One sender is met while it waits, the other one may be met before its own event.
    passes(|| {
        let (made, done) = ([plain(), plain()], Chan::new(0));
        let mine = made.map(|(mine, theirs)| {
            let done = done.clone();
            go(move || {
                theirs.set(1);
                done.send(());
            });
            mine
        });
        done.recv();
        done.recv();
        assert_eq!(mine.map(|made| made.get()), [1, 1]);
    });
}

/// Main sends `sends` values on a channel for `capacity`, and another thread writes before it receives any of them.
fn room(capacity: usize, sends: usize) -> impl Fn() + Send + Sync + Clone + 'static {
    move || {
        let (mine, theirs) = plain();
        let c = Chan::new(capacity);
        let d = c.clone();
        go(move || {
            theirs.set(1);
            (0..sends).for_each(|_| _ = d.recv());
        });
        (0..sends).for_each(|_| c.send(()));
        mine.get();
    }
}

#[test]
fn mm6_a_receive_comes_before_the_end_of_the_send_that_has_its_place() {
    for capacity in [1, 2] {
        passes(room(capacity, capacity + 1));
        // The first receive makes room for no send before that.
        fails(DataRace, RACE, room(capacity, capacity));
    }
    // Nor does it where it was made before.
    races_in_shuttle(|| {
        let (mine, theirs) = plain();
        let c = Chan::new(2);
        c.send(());
        let d = c.clone();
        go(move || {
            theirs.set(1);
            d.recv();
        });
        while !c.is_empty() {
            thread::yield_now();
        }
        c.send(());
        mine.get();
    });
}

#[test]
fn mm6_a_value_that_is_handed_over_counts_as_queued() {
    // Whoever looks at the length tells a receiver that waits from one that does not.
    for capacity in [1, 2] {
        passes(move || {
            let (mine, theirs) = plain();
            let c = Chan::new(capacity);
            let d = c.clone();
            go(move || {
                theirs.set(1);
                (0..=capacity).for_each(|_| _ = d.recv());
            });
            (0..=capacity).for_each(|_| c.send(()));
            c.len();
            mine.get();
        });
    }
}

#[test]
fn mm6_a_buffer_is_a_semaphore() {
    let visit = |limit: &Chan<()>, plain: &Plain| {
        limit.send(());
        plain.set(plain.get() + 1);
        limit.recv();
    };
    let program = move |capacity| {
        move || {
            let (mine, theirs) = plain();
            let limit = Chan::new(capacity);
            let also = limit.clone();
            go(move || visit(&also, &theirs));
            visit(&limit, &mine);
        }
    };
    passes(program(1));
    fails(DataRace, RACE, program(2));
}

#[test]
fn mm10_done_comes_before_the_return_of_the_wait_that_it_ends() {
    passes(|| {
        let (data, group) = ([plain(), plain()], Arc::new(WaitGroup::new()));
        group.add(2);
        let mine = data.map(|(mine, theirs)| {
            let group = Arc::clone(&group);
            go(move || {
                theirs.set(1);
                group.done();
            });
            mine
        });
        group.wait();
        assert_eq!(mine.map(|data| data.get()), [1, 1]);
    });
    fails(DataRace, RACE, || {
        let ((mine, theirs), group) = (plain(), Arc::new(WaitGroup::new()));
        group.add(1);
        let done = Arc::clone(&group);
        go(move || {
            done.done();
            theirs.set(1);
        });
        group.wait();
        mine.get();
    });
}

#[test]
fn mm13_a_buffered_receive_does_not_come_before_a_send_before_it() {
    fails(DataRace, RACE, || {
        let (mine, theirs) = plain();
        let c = Chan::new(1);
        let d = c.clone();
        go(move || {
            theirs.set(1);
            d.recv();
        });
        c.send(());
        mine.get();
    });
}

#[test]
fn mm13_a_close_does_not_come_before_a_send_that_panics() {
    for capacity in [0, 1] {
        races_in_shuttle(move || {
            let (mine, theirs) = plain();
            let c = Chan::new(capacity);
            let d = c.clone();
            go(move || {
                theirs.set(1);
                d.close();
            });
            if panics(|| c.send(())) {
                mine.get();
            } else {
                c.recv();
            }
        });
    }
}

#[test]
fn mm4_a_close_that_panics_comes_before_nothing() {
    for capacity in [0, 1] {
        races_in_shuttle(move || {
            let (mine, theirs) = plain();
            let c = Chan::<u8>::new(capacity);
            let d = c.clone();
            c.close();
            let closed = Arc::new(AtomicBool::new(false));
            let told = Arc::clone(&closed);
            go(move || {
                theirs.set(1);
                assert!(panics(|| d.close()));
                told.store(true, Relaxed);
            });
            // Only after that does the receive look, and nothing but the close could order the two.
            if closed.load(Relaxed) {
                c.recv();
                mine.get();
            }
        });
    }
}

#[test]
fn mm13_what_is_tried_in_vain_comes_after_nothing() {
    races_in_shuttle(|| {
        let (mine, theirs) = plain();
        let c = Chan::new(1);
        c.send(());
        let d = c.clone();
        go(move || {
            theirs.set(1);
            d.recv();
        });
        select! {
            recv(c) -> _ => {
                c.send(());
            }
            default => _ = mine.get(),
        }
    });
}

#[test]
fn mm14_a_close_that_nothing_orders_after_a_send_makes_it_panic() {
    for capacity in [0, 1] {
        fails(Panic, "send on closed channel", move || {
            let c = Chan::new(capacity);
            let (sends, receives) = (c.clone(), c.clone());
            go(move || sends.send(1));
            go(move || _ = receives.recv());
            c.close();
        });
    }
    shows([(0, 1)], || {
        let c = Chan::<u8>::new(1);
        let d = c.clone();
        go(move || d.close());
        (c.len(), c.capacity())
    });
}

#[test]
fn mm15_without_data_races_executions_are_sequentially_consistent() {
    // What each thread reads after it has written: one of them comes first.
    shows([(0, 1), (1, 0), (1, 1)], || {
        let [x, y] = [(); 2].map(|()| Arc::new(Mutex::new(0)));
        let (also_x, also_y, c) = (Arc::clone(&x), Arc::clone(&y), Chan::new(1));
        let told = c.clone();
        go(move || {
            *also_x.lock().unwrap() = 1;
            told.send(*also_y.lock().unwrap());
        });
        *y.lock().unwrap() = 1;
        let mine = *x.lock().unwrap();
        (mine, c.recv().unwrap())
    });
}

#[test]
fn ch19_a_length_orders_nothing() {
    races_in_shuttle(|| {
        let (mine, theirs) = plain();
        let c = Chan::new(1);
        let d = c.clone();
        go(move || {
            theirs.set(1);
            d.send(());
        });
        while c.is_empty() {
            thread::yield_now();
        }
        mine.get();
    });
}

/// A variable that holds a channel.
struct Variable(raddle::cell::UnsafeCell<Chan<u8>>);

// SAFETY: the model's threads all run on one OS thread, so that a race is found, and never happens.
unsafe impl Sync for Variable {}

#[test]
fn ch20_a_variable_that_holds_a_channel_is_data_as_any_other() {
    fails(DataRace, RACE, || {
        let variable = Arc::new(Variable(raddle::cell::UnsafeCell::new(Chan::new(2))));
        let theirs = Arc::clone(&variable);
        go(move || {
            let another = Chan::new(2);
            // SAFETY: see `Sync`.
            theirs.0.with_mut(|c| unsafe { *c = another });
        });
        // SAFETY: see `Sync`.
        variable.0.with(|c| unsafe { (*c).clone() }).send(1);
    });
}
