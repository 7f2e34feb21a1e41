//! The end of a program, deadlocks and panics.

use super::*;
use raddle::{
    Kind,
    sync::{Condvar, RwLock},
};

#[test]
fn pe1_a_goroutine_that_panics_is_seen_although_main_has_returned() {
    always_fails(Panic, "in a goroutine", || go(|| panic!("in a goroutine")));
}

#[test]
fn pe4_a_goroutine_that_nobody_serves_is_a_leak() {
    always_fails(Leak, "t1 in send of channel#1", || {
        let c = Chan::new(0);
        go(move || c.send(1));
    });
}

#[test]
fn pe2_ti9_a_pending_sleep_or_function_is_no_deadlock() {
    shows([Some(1)], || {
        let c = Chan::new(0);
        let d = c.clone();
        go(move || {
            thread::sleep(SOON);
            d.send(1);
        });
        c.recv()
    });
    shows([Some(1)], || {
        let c = Chan::new(0);
        let d = c.clone();
        after_func(SOON, move || d.send(1));
        c.recv()
    });
    // Once the function has run, it is one.
    let verdicts = fails(Deadlock, "main in recv of channel#1", || {
        let (c, ran) = (Chan::<u8>::new(0), AtomicUsize::new(0));
        after_func(SOON, move || ran.store(1, SeqCst));
        c.recv();
    });
    for verdict in verdicts {
        let steps = verdict.failure.unwrap().steps;
        assert!(steps.iter().any(|step| step.kind == Kind::Store), "{}: the function has run", verdict.strategy);
    }
    always_fails(Deadlock, "main in recv of channel#2", || {
        let _timer = Timer::new(LATE);
        Chan::<u8>::new(0).recv();
    });
}

#[test]
fn pe2_while_a_goroutine_runs_it_is_no_deadlock() {
    // It is one when the last of them waits.
    let verdicts = fails(Deadlock, "main in recv of channel#1", || {
        let (c, count) = (Chan::<u8>::new(0), AtomicUsize::new(0));
        go(move || (0..3).for_each(|_| _ = count.fetch_add(1, SeqCst)));
        c.recv();
    });
    for verdict in verdicts {
        let steps = verdict.failure.unwrap().steps;
        assert_eq!(steps.iter().filter(|step| step.kind == Kind::Rmw).count(), 3, "{}", verdict.strategy);
    }
}

#[test]
fn pe5_a_report_says_what_a_goroutine_waits_for() {
    let programs: [(&str, fn()); 11] = [
        ("main in send of channel#1", || Chan::new(0).send(1)),
        ("main in recv of channel#1", || _ = Chan::<u8>::new(0).recv()),
        ("main in send at ", || Chan::nil().send(1)),
        ("main in recv at ", || _ = Chan::<u8>::nil().recv()),
        ("main in select at ", || {
            select! {
                recv(Chan::<u8>::new(0)) -> _ => {}
                recv(Chan::<u8>::new(0)) -> _ => {}
            }
        }),
        ("main in select at ", || select! {}),
        ("main in lock of mutex#1", || {
            let mutex = Mutex::new(());
            let _guard = mutex.lock().unwrap();
            drop(mutex.lock());
        }),
        ("main in read of rwlock#1", || {
            let lock = RwLock::new(());
            let _guard = lock.write().unwrap();
            drop(lock.read());
        }),
        ("main in write of rwlock#1", || {
            let lock = RwLock::new(());
            let _guard = lock.read().unwrap();
            drop(lock.write());
        }),
        ("main in wait of condvar#", || {
            let (mutex, condvar) = (Mutex::new(()), Condvar::new());
            drop(condvar.wait(mutex.lock().unwrap()));
        }),
        ("main in wait of group#1", || {
            let group = WaitGroup::new();
            group.add(1);
            group.wait();
        }),
    ];
    for (said, program) in programs {
        always_fails(Deadlock, said, program);
    }
}

/// Says when it is dropped.
struct Deferred<'a>(usize, &'a std::sync::Mutex<Vec<usize>>);

impl Drop for Deferred<'_> {
    fn drop(&mut self) {
        self.1.lock().unwrap().push(self.0);
    }
}

#[test]
fn pe6_destructors_run_last_in_first_out_also_while_a_panic_unwinds() {
    for panic in [false, true] {
        shows([(vec![3, 2, 1], panic)], move || {
            let order = std::sync::Mutex::new(Vec::new());
            let panicked = panics(|| {
                let mut n = 1;
                let _first = Deferred(n, &order);
                n += 1;
                let _second = Deferred(n, &order);
                let _third = Deferred(n + 1, &order);
                n = 9;
                assert!(!panic, "{n}");
            });
            (order.into_inner().unwrap(), panicked)
        });
    }
}

#[test]
fn pe6_destructors_run_last_in_first_out_where_an_execution_ends_early() {
    let order = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let theirs = std::sync::Arc::clone(&order);
    always_fails(Deadlock, "main in recv of channel#1", move || {
        theirs.lock().unwrap().clear();
        let _first = Deferred(1, &theirs);
        let _second = Deferred(2, &theirs);
        Chan::<u8>::new(0).recv();
    });
    assert_eq!(*order.lock().unwrap(), [2, 1]);
}

#[test]
fn on_real_threads_what_can_go_on_is_never_ended() {
    if !real_threads() {
        return;
    }
    let fine = || {
        let (c, group) = (Chan::new(0), Arc::new(WaitGroup::new()));
        for n in 0..4 {
            group.add(1);
            let (c, group) = (c.clone(), Arc::clone(&group));
            go(move || {
                c.send(n);
                group.done();
            });
        }
        let mut got: Vec<i32> = (0..4).map(|_| c.recv().unwrap()).collect();
        got.sort_unstable();
        assert_eq!(got, [0, 1, 2, 3]);
        group.wait();
    };
    let verdict = Check::new("fine").strategy(Strategy::Stress).schedules(200).run(fine).unwrap();
    assert!(verdict.passed(), "{}", raddle::render(&verdict));
}
