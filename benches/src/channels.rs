//! Programs on channels, which no two of the three have alike.

use raddle::channel::{bounded, select};

/// How many send, and how many receive.
const THREADS: usize = 4;
/// Values that each of them sends.
const VALUES: usize = 10;

/// Two threads meet.
pub fn rendezvous() {
    let (s, r) = bounded(0);
    let sender = raddle::thread::spawn(move || s.send(7).unwrap());
    assert_eq!(r.recv(), Ok(7));
    sender.join().unwrap();
}

/// Two values pass through one place.
pub fn two_through_one() {
    let (s, r) = bounded(1);
    let sender = raddle::thread::spawn(move || [1, 2].map(|value| s.send(value).unwrap()));
    assert_eq!([r.recv(), r.recv()], [Ok(1), Ok(2)]);
    sender.join().unwrap();
}

/// Two threads send, each on a channel of its own, and main takes both values in the order in which they come.
pub fn select_two() {
    let ((s1, r1), (s2, r2)) = (bounded(1), bounded(1));
    let senders = [(s1, 1), (s2, 2)].map(|(s, value)| raddle::thread::spawn(move || s.send(value).unwrap()));
    let total = select! {
        recv(r1) -> first => first.unwrap() + r2.recv().unwrap(),
        recv(r2) -> first => first.unwrap() + r1.recv().unwrap(),
    };
    assert_eq!(total, 3);
    for sender in senders {
        sender.join().unwrap();
    }
}

/// Threads send, and threads receive until there is no more.
pub fn many_to_many() {
    use raddle::{channel, thread};

    let (s, r) = channel::unbounded();
    let receivers: Vec<_> = (0..THREADS)
        .map(|_| {
            let r = r.clone();
            thread::spawn(move || r.iter().count())
        })
        .collect();
    let senders: Vec<_> = (0..THREADS)
        .map(|_| {
            let s = s.clone();
            thread::spawn(move || (0..VALUES).for_each(|value| s.send(value).unwrap()))
        })
        .collect();
    drop((s, r));
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    assert_eq!(receivers.into_iter().map(|receiver| receiver.join().unwrap()).sum::<usize>(), THREADS * VALUES);
}

/// The same on raw shuttle.
pub mod raw {
    use std::collections::VecDeque;

    use shuttle::{
        sync::{Arc, Condvar, Mutex, mpsc},
        thread,
    };

    use super::{THREADS, VALUES};

    /// Runs what each thread is given: those that receive say how many they got.
    fn run<R, S>(mut receives: impl FnMut() -> R, mut sends: impl FnMut() -> S)
    where
        R: FnOnce() -> usize + Send + 'static,
        S: FnOnce() + Send + 'static,
    {
        let receivers: Vec<_> = (0..THREADS).map(|_| thread::spawn(receives())).collect();
        let senders: Vec<_> = (0..THREADS).map(|_| thread::spawn(sends())).collect();
        // With what they have captured: the last sender may be among that.
        drop((receives, sends));
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        assert_eq!(receivers.into_iter().map(|receiver| receiver.join().unwrap()).sum::<usize>(), THREADS * VALUES);
    }

    /// On its `mpsc`, whose one receiver is shared behind a mutex.
    pub fn mpsc() {
        let (s, r) = mpsc::channel();
        let r = Arc::new(Mutex::new(r));
        run(
            move || {
                let r = Arc::clone(&r);
                move || std::iter::from_fn(|| r.lock().unwrap().recv().ok()).count()
            },
            move || {
                let s = s.clone();
                move || (0..VALUES).for_each(|value| s.send(value).unwrap())
            },
        );
    }

    /// What is queued, and how many still send.
    type Queue = (Mutex<(VecDeque<usize>, usize)>, Condvar);

    fn next((queue, more): &Queue) -> Option<usize> {
        let mut queue = queue.lock().unwrap();
        while queue.0.is_empty() && queue.1 > 0 {
            queue = more.wait(queue).unwrap();
        }
        queue.0.pop_front()
    }

    /// On a queue behind a mutex, with a condition variable.
    pub fn condvar() {
        let theirs: Arc<Queue> = Arc::new((Mutex::new((VecDeque::new(), THREADS)), Condvar::new()));
        let ours = Arc::clone(&theirs);
        run(
            move || {
                let queue = Arc::clone(&theirs);
                move || std::iter::from_fn(|| next(&queue)).count()
            },
            move || {
                let queue = Arc::clone(&ours);
                move || {
                    for value in 0..VALUES {
                        queue.0.lock().unwrap().0.push_back(value);
                        queue.1.notify_one();
                    }
                    queue.0.lock().unwrap().1 -= 1;
                    queue.1.notify_all();
                }
            },
        );
    }
}
