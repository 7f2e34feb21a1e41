//! The programs that are measured.
//!
//! This one file is compiled three times, below each of the modules of `worlds`, which say what the names mean that it
//! takes from `super`. So the program on raw loom, on raw shuttle and through the shims is the same, letter by letter.

use super::{Arc, AtomicBool, AtomicUsize, Condvar, Mutex, Ordering, RwLock, UnsafeCell, thread};

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

struct Message {
    text: UnsafeCell<usize>,
    sent: AtomicBool,
}

// SAFETY: the text is written before `sent` is stored with release, and read only after it was loaded with acquire.
unsafe impl Sync for Message {}

/// One thread writes plain memory and raises a flag, for one message after another; main reads the memory of each
/// message whose flag it sees.
pub fn message_passing(messages: usize) {
    let message = |_| Message { text: UnsafeCell::new(0), sent: AtomicBool::new(false) };
    let messages: Arc<Vec<Message>> = Arc::new((0..messages).map(message).collect());
    let sender = {
        let messages = Arc::clone(&messages);
        thread::spawn(move || {
            for message in messages.iter() {
                // SAFETY: main reads only after the store below.
                message.text.with_mut(|text| unsafe { *text = 42 });
                message.sent.store(true, Ordering::Release);
            }
        })
    };
    for message in messages.iter() {
        if message.sent.load(Ordering::Acquire) {
            // SAFETY: the sender writes no more once the flag is up.
            assert_eq!(message.text.with(|text| unsafe { *text }), 42);
        }
    }
    sender.join().unwrap();
}

/// Main hands values over to a thread, one after another: each waits for the other.
pub fn condvar_hand_off(values: usize) {
    let slot = Arc::new((Mutex::new(None), Condvar::new()));
    let consumer = {
        let slot = Arc::clone(&slot);
        thread::spawn(move || {
            let (value, changed) = &*slot;
            for expected in 0..values {
                let mut value = value.lock().unwrap();
                while value.is_none() {
                    value = changed.wait(value).unwrap();
                }
                assert_eq!(value.take(), Some(expected));
                changed.notify_one();
            }
        })
    };
    for sent in 0..values {
        let (value, changed) = &*slot;
        let mut value = value.lock().unwrap();
        while value.is_some() {
            value = changed.wait(value).unwrap();
        }
        *value = Some(sent);
        changed.notify_one();
    }
    consumer.join().unwrap();
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
