//! Programs as in `programs.rs`, that need what TraceForge does not have: `fetch_add`, orderings, plain memory, condition
//! variables.

use super::{Arc, AtomicBool, AtomicUsize, Condvar, Mutex, Ordering, UnsafeCell, thread};

/// Threads add to one number, so many times each, in one step.
pub fn fetch_add_counter(threads: usize, times: usize) {
    let total = Arc::new(AtomicUsize::new(0));
    let add = |_| {
        let total = Arc::clone(&total);
        thread::spawn(move || {
            for _ in 0..times {
                total.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    let workers: Vec<_> = (0..threads).map(add).collect();
    for worker in workers {
        worker.join().unwrap();
    }
    assert_eq!(total.load(Ordering::SeqCst), threads * times);
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
