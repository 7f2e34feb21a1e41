//! What waits for long, and not for ever.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use raddle::{
    sync::{
        Arc, Condvar, Mutex, RwLock,
        atomic::{AtomicBool, AtomicUsize},
    },
    thread,
};

use super::passes;

#[test]
fn a_thread_that_sleeps_or_computes_is_not_blocked() {
    passes(20, || {
        let main = thread::current();
        let sleeper = thread::spawn(move || {
            thread::sleep(Duration::from_millis(5));
            main.unpark();
        });
        thread::park();
        sleeper.join().unwrap();
        let (mutex, set) = (Mutex::new(()), AtomicBool::new(false));
        thread::scope(|s| {
            let guard = mutex.lock().unwrap();
            s.spawn(|| drop(mutex.lock().unwrap()));
            s.spawn(|| {
                (0..100_000).for_each(|n| _ = std::hint::black_box(n));
                set.store(true, SeqCst);
            });
            while !set.load(SeqCst) {}
            drop(guard);
        });
    });
}

#[test]
fn a_blocked_thread_is_a_leak_only_once_the_rest_has_come_to_rest() {
    passes(200, || {
        let sleeper = thread::spawn(thread::park).thread().clone();
        drop(thread::spawn(move || sleeper.unpark()));
    });
    passes(20, || {
        let sleeper = thread::spawn(thread::park).thread().clone();
        drop(thread::spawn(move || {
            thread::sleep(Duration::from_millis(5));
            sleeper.unpark();
        }));
    });
}

/// In its destructor, unparks a thread.
struct Wakes(Option<thread::Thread>);

impl Drop for Wakes {
    fn drop(&mut self) {
        thread::sleep(Duration::from_millis(1));
        self.0.take().unwrap().unpark();
    }
}

raddle::thread_local! {
    static FIRST: std::cell::RefCell<Option<Wakes>> = const { std::cell::RefCell::new(None) };
    static SECOND: std::cell::RefCell<Option<Wakes>> = const { std::cell::RefCell::new(None) };
}

#[test]
fn a_destructor_that_runs_when_its_thread_has_returned_may_still_wake_others() {
    passes(50, || {
        let main = thread::current();
        let locals = main.clone();
        drop(thread::spawn(move || {
            FIRST.with_borrow_mut(|first| *first = Some(Wakes(Some(locals.clone()))));
            SECOND.with_borrow_mut(|second| *second = Some(Wakes(Some(locals))));
        }));
        thread::park();
        let result = thread::spawn(move || Wakes(Some(main)));
        drop(result);
        thread::park();
    });
}

mod traffic {
    //! Programs that block all the time, and never for ever.

    use super::*;

    pub fn mutex() {
        let mutex = Mutex::new(0);
        thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    for _ in 0..10 {
                        let mut total = mutex.lock().unwrap();
                        thread::yield_now();
                        *total += 1;
                    }
                });
            }
        });
        assert_eq!(mutex.into_inner().unwrap(), 40);
    }

    pub fn hand_off() {
        let shared = Arc::new((Mutex::new(0), Condvar::new()));
        let threads: Vec<_> = (0..3)
            .map(|me| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    for round in 0..10 {
                        let mut turn = shared.0.lock().unwrap();
                        while *turn != round * 3 + me {
                            turn = shared.1.wait(turn).unwrap();
                        }
                        *turn += 1;
                        shared.1.notify_all();
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }

    /// A buffer of one, with a condition variable for each side, and no notification more than needed.
    pub fn notify_one() {
        let shared = Arc::new((Mutex::new(None), Condvar::new(), Condvar::new()));
        let producers: Vec<_> = (0..2)
            .map(|_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    for n in 1..=10 {
                        let mut slot = shared.1.wait_while(shared.0.lock().unwrap(), |slot| slot.is_some()).unwrap();
                        *slot = Some(n);
                        drop(slot);
                        shared.2.notify_one();
                    }
                })
            })
            .collect();
        let mut sum = 0;
        for _ in 0..20 {
            let mut slot = shared.2.wait_while(shared.0.lock().unwrap(), |slot| slot.is_none()).unwrap();
            sum += slot.take().unwrap();
            shared.1.notify_one();
        }
        producers.into_iter().for_each(|producer| producer.join().unwrap());
        assert_eq!(sum, 110);
    }

    pub fn rwlock() {
        let lock = RwLock::new(0);
        thread::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| {
                    for _ in 0..10 {
                        let mut total = lock.write().unwrap();
                        thread::yield_now();
                        *total += 1;
                    }
                });
                s.spawn(|| {
                    let mut last = 0;
                    for _ in 0..20 {
                        let now = lock.read().unwrap();
                        thread::yield_now();
                        assert!(*now >= last);
                        last = *now;
                    }
                });
            }
        });
        assert_eq!(lock.into_inner().unwrap(), 20);
    }

    pub fn park() {
        let main = thread::current();
        let ball = Arc::new(AtomicUsize::new(0));
        let theirs = Arc::clone(&ball);
        let other = thread::spawn(move || {
            for n in 0..20 {
                while theirs.load(SeqCst) != 2 * n + 1 {
                    thread::park();
                }
                theirs.fetch_add(1, SeqCst);
                main.unpark();
            }
        });
        for n in 0..20 {
            ball.fetch_add(1, SeqCst);
            other.thread().unpark();
            while ball.load(SeqCst) != 2 * n + 2 {
                thread::park();
            }
        }
        other.join().unwrap();
    }

    pub fn spawns() {
        let total = Arc::new(Mutex::new(0));
        fn tree(depth: usize, total: &Arc<Mutex<usize>>) {
            let children: Vec<_> = (0..2 * usize::from(depth > 0))
                .map(|_| {
                    let total = Arc::clone(total);
                    thread::spawn(move || tree(depth - 1, &total))
                })
                .collect();
            *total.lock().unwrap() += 1;
            children.into_iter().for_each(|child| child.join().unwrap());
        }
        tree(2, &total);
        assert_eq!(*total.lock().unwrap(), 7);
        thread::scope(|s| {
            let inner = s.spawn(|| s.spawn(|| thread::scope(|s| s.spawn(|| 7).join().unwrap())));
            assert_eq!(inner.join().unwrap().join().unwrap(), 7);
        });
    }
}

#[test]
fn what_blocks_and_goes_on_is_never_taken_for_stuck() {
    let programs: [fn(); 6] =
        [traffic::mutex, traffic::hand_off, traffic::notify_one, traffic::rwlock, traffic::park, traffic::spawns];
    for program in programs {
        passes(1_000, program);
    }
}
