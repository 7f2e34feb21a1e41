//! The programs that are measured.
//!
//! This one file is compiled once below each of the modules of `worlds`, which say what the names mean that it takes from
//! `super`. So the program on each raw engine and through the shims is the same, letter by letter. What needs more than
//! TraceForge has is in `further.rs`.

use super::{Arc, AtomicUsize, Mutex, Ordering, RwLock, thread};

/// Threads add to one number behind a mutex, so many times each.
pub fn mutex_counter(threads: usize, times: usize) {
    let total = Arc::new(Mutex::new(0));
    let add = |_| {
        let total = Arc::clone(&total);
        thread::spawn(move || {
            for _ in 0..times {
                *total.lock().unwrap() += 1;
            }
        })
    };
    let workers: Vec<_> = (0..threads).map(add).collect();
    for worker in workers {
        worker.join().unwrap();
    }
    assert_eq!(*total.lock().unwrap(), threads * times);
}

/// The same without a mutex: each increment loads, then stores. Updates get lost, which is no failure here, so that
/// the exploration does not stop at the first.
pub fn load_store_counter(threads: usize, times: usize) {
    let total = Arc::new(AtomicUsize::new(0));
    let add = |_| {
        let total = Arc::clone(&total);
        thread::spawn(move || {
            for _ in 0..times {
                let seen = total.load(Ordering::SeqCst);
                total.store(seen + 1, Ordering::SeqCst);
            }
        })
    };
    let workers: Vec<_> = (0..threads).map(add).collect();
    for worker in workers {
        worker.join().unwrap();
    }
    assert!((1..=threads * times).contains(&total.load(Ordering::SeqCst)));
}

/// Threads read what one thread writes.
pub fn readers_and_writer(readers: usize) {
    let number = Arc::new(RwLock::new(0));
    let read = |_| {
        let number = Arc::clone(&number);
        thread::spawn(move || {
            let seen = *number.read().unwrap();
            assert!(seen <= 1);
        })
    };
    let readers: Vec<_> = (0..readers).map(read).collect();
    let writer = {
        let number = Arc::clone(&number);
        thread::spawn(move || *number.write().unwrap() += 1)
    };
    for reader in readers {
        reader.join().unwrap();
    }
    writer.join().unwrap();
    assert_eq!(*number.read().unwrap(), 1);
}

/// Threads load what one thread stores.
pub fn loads_and_store(readers: usize) {
    let number = Arc::new(AtomicUsize::new(0));
    let read = |_| {
        let number = Arc::clone(&number);
        thread::spawn(move || assert!(number.load(Ordering::SeqCst) <= 1))
    };
    let readers: Vec<_> = (0..readers).map(read).collect();
    let writer = {
        let number = Arc::clone(&number);
        thread::spawn(move || number.store(1, Ordering::SeqCst))
    };
    for reader in readers {
        reader.join().unwrap();
    }
    writer.join().unwrap();
    assert_eq!(number.load(Ordering::SeqCst), 1);
}

/// Threads store to one place, then to another; a checker loads both.
pub fn reorder(setters: usize) {
    let places = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let set = |_| {
        let places = Arc::clone(&places);
        thread::spawn(move || {
            places.0.store(1, Ordering::SeqCst);
            places.1.store(1, Ordering::SeqCst);
        })
    };
    let setters: Vec<_> = (0..setters).map(set).collect();
    let checker = {
        let places = Arc::clone(&places);
        thread::spawn(move || {
            let seen = (places.0.load(Ordering::SeqCst), places.1.load(Ordering::SeqCst));
            assert!(seen.0 <= 1 && seen.1 <= 1);
        })
    };
    for setter in setters {
        setter.join().unwrap();
    }
    checker.join().unwrap();
}

/// Two threads, of which each adds the other's number to its own, so many times.
pub fn fibonacci(times: usize) {
    let numbers = Arc::new([AtomicUsize::new(1), AtomicUsize::new(1)]);
    let add = |mine: usize| {
        let numbers = Arc::clone(&numbers);
        thread::spawn(move || {
            for _ in 0..times {
                let sum = numbers[0].load(Ordering::SeqCst) + numbers[1].load(Ordering::SeqCst);
                numbers[mine].store(sum, Ordering::SeqCst);
            }
        })
    };
    for worker in [add(0), add(1)] {
        worker.join().unwrap();
    }
}
