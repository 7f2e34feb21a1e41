//! Programs that wait at channels all the time, and never for ever.

use super::*;

fn threads<T: Send + 'static>(
    n: usize,
    body: impl Fn(usize) -> T + Clone + Send + 'static,
) -> Vec<thread::JoinHandle<T>> {
    (0..n)
        .map(|me| {
            let body = body.clone();
            thread::spawn(move || body(me))
        })
        .collect()
}

pub fn many_to_many(capacity: Option<usize>) {
    let (sender, receiver) = capacity.map_or_else(unbounded, bounded);
    let senders = threads(3, move |me| (0..10).for_each(|n| sender.send(me * 10 + n).unwrap()));
    let receivers = threads(2, move |_| receiver.iter().collect::<Vec<_>>());
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    let mut got: Vec<usize> = receivers.into_iter().flat_map(|receiver| receiver.join().unwrap()).collect();
    got.sort_unstable();
    assert_eq!(got, (0..30).collect::<Vec<_>>(), "each came once");
}

pub fn selects() {
    let channels: Arc<Vec<(Sender<usize>, Receiver<usize>)>> = Arc::new([0, 1, 0].map(bounded).into());
    let (done, stops) = bounded::<()>(0);
    let sends = Arc::clone(&channels);
    let senders = threads(3, move |me| {
        for n in 0..8 {
            select! {
                send(sends[me].0, n) -> sent => sent.unwrap(),
                send(sends[(me + 1) % 3].0, n) -> sent => sent.unwrap(),
            }
        }
    });
    let sum = Arc::new(Mutex::new((0, 0)));
    let (total, receives) = (Arc::clone(&sum), Arc::clone(&channels));
    let receivers = threads(2, move |_| {
        loop {
            let got = select! {
                recv(receives[0].1) -> got => got.unwrap(),
                recv(receives[1].1) -> got => got.unwrap(),
                recv(receives[2].1) -> got => got.unwrap(),
                recv(stops) -> stop => {
                    stop.unwrap_err();
                    break;
                },
            };
            let mut total = total.lock().unwrap();
            *total = (total.0 + got, total.1 + 1);
        }
    });
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    // What is queued is received before the end is seen, or after it.
    drop(done);
    receivers.into_iter().for_each(|receiver| receiver.join().unwrap());
    let rest = channels[1].1.try_iter().fold((0, 0), |(sum, n), got| (sum + got, n + 1));
    let sum = *sum.lock().unwrap();
    assert_eq!((sum.0 + rest.0, sum.1 + rest.1), (3 * 28, 24));
}

pub fn ping_pong() {
    let ((ping, pinged), (pong, ponged)) = (bounded(0), mpsc::sync_channel(0));
    let other = thread::spawn(move || pinged.into_iter().for_each(|n: usize| pong.send(n).unwrap()));
    for n in 0..10 {
        ping.send(n).unwrap();
        assert_eq!(ponged.recv(), Ok(n));
    }
    drop(ping);
    assert!(ponged.recv().is_err());
    other.join().unwrap();
}

/// Each looks until it can go on, and then competes for it.
pub fn looks() {
    let (sender, receiver) = bounded(0);
    let receivers = threads(2, move |_| {
        let mut got = 0;
        loop {
            let mut list = Select::new();
            list.recv(&receiver);
            list.ready();
            match receiver.try_recv() {
                Ok(()) => got += 1,
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => break got,
            }
        }
    });
    let senders = threads(2, move |_| (0..5).for_each(|_| sender.send(()).unwrap()));
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    assert_eq!(receivers.into_iter().map(|receiver| receiver.join().unwrap()).sum::<i32>(), 10);
}

/// A timeout races with the message.
pub fn timeouts() {
    let (sender, receiver) = bounded(0);
    let senders = threads(2, move |me| {
        let mut sent = 0;
        for n in 0..5 {
            sent += usize::from(sender.send_timeout((me, n), Duration::from_micros(20 * n)).is_ok());
        }
        sent
    });
    let mut got = 0;
    loop {
        match receiver.recv_timeout(Duration::from_micros(30)) {
            Ok(_) => got += 1,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    assert_eq!(senders.into_iter().map(|sender| sender.join().unwrap()).sum::<usize>(), got);
}

/// The last to go is seen by all.
pub fn hang_ups() {
    let ((sender, receiver), (stds, received)) = (bounded::<u8>(1), mpsc::sync_channel::<u8>(1));
    let waits = threads(2, move |_| receiver.recv().unwrap_err());
    let other = thread::spawn(move || received.recv().unwrap_err());
    let holds = threads(3, move |_| drop((sender.clone(), stds.clone())));
    holds.into_iter().for_each(|hold| hold.join().unwrap());
    waits.into_iter().for_each(|wait| _ = wait.join().unwrap());
    other.join().unwrap();
    let (sender, receiver) = bounded(0);
    let waits = threads(2, move |me| assert_eq!(sender.send(me).unwrap_err().0, me));
    let holds = threads(2, move |_| drop(receiver.clone()));
    waits.into_iter().chain(holds).for_each(|thread| thread.join().unwrap());
}

pub fn goes() {
    let (c, d, done) = (Chan::new(0), Chan::new(1), Chan::<()>::new(0));
    let (to, from, end) = (c.clone(), d.clone(), done.clone());
    let workers = threads(2, move |_| {
        loop {
            let n: usize = raddle::go::select! {
                recv(to) -> n => n.unwrap(),
                recv(end) -> _ => break,
            };
            raddle::go::select! {
                send(from, n) => {},
            }
        }
    });
    let feeder = thread::spawn(move || (0..10).for_each(|n| c.send(n)));
    assert_eq!((0..10).map(|_| d.recv().unwrap()).sum::<usize>(), 45);
    done.close();
    feeder.join().unwrap();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
}
