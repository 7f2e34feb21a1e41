//! Channels that are not one run's alone.

use std::sync::Barrier as StdBarrier;

use super::*;

#[test]
fn a_channel_that_outlives_its_run_is_a_channel_elsewhere_and_in_the_next() {
    type Kept = Option<(Sender<usize>, Receiver<usize>)>;
    let kept: StdArc<std::sync::Mutex<Kept>> = StdArc::default();
    let theirs = StdArc::clone(&kept);
    passes(20, move || {
        let (sender, receiver) = theirs.lock().unwrap().get_or_insert_with(|| bounded(0)).clone();
        let other = thread::spawn(move || sender.send(1));
        assert_eq!(receiver.recv(), Ok(1));
        other.join().unwrap().unwrap();
    });
    let (sender, receiver) = kept.lock().unwrap().take().unwrap();
    let theirs = sender.clone();
    let other = std::thread::spawn(move || {
        theirs.send(2).unwrap();
        select! {
            send(theirs, 3) -> sent => sent.unwrap(),
            recv(never::<u8>()) -> _ => unreachable!(),
        }
    });
    assert_eq!((receiver.recv(), receiver.recv()), (Ok(2), Ok(3)));
    other.join().unwrap();
    assert_eq!(receiver.recv_timeout(SOON), Err(RecvTimeoutError::Timeout));
    drop(sender);
    assert!(receiver.recv().is_err());
}

#[test]
fn a_channel_made_outside_is_a_channel_in_a_run() {
    let (sender, receiver) = unbounded();
    passes(20, move || {
        let theirs = sender.clone();
        let other = thread::spawn(move || theirs.send(1).unwrap());
        let got = select! {
            recv(receiver) -> got => got.unwrap(),
            default(LATE) => unreachable!(),
        };
        assert_eq!(got, 1);
        other.join().unwrap();
    });
}

#[test]
fn a_select_takes_channels_made_in_a_run_and_outside_it() {
    let (outer, inner) = bounded(0);
    passes(20, move || {
        let (sender, receiver) = bounded(0);
        let (theirs, last) = (outer.clone(), sender.clone());
        let others = [thread::spawn(move || theirs.send(1).unwrap()), thread::spawn(move || last.send(2).unwrap())];
        let mut list = Select::new();
        let (first, second) = (list.recv(&inner), list.recv(&receiver));
        let mut got = [0, 0];
        for _ in 0..2 {
            let done = list.select();
            let from = done.index();
            assert!([first, second].contains(&from));
            got[from] = done.recv([&inner, &receiver][from]).unwrap();
        }
        assert_eq!(got, [1, 2]);
        assert!(list.try_ready().is_err() && list.select_timeout(SOON).is_err());
        others.into_iter().for_each(|other| other.join().unwrap());
        let theirs = thread::spawn(move || sender.send(3).unwrap());
        list.remove(first);
        assert_eq!(list.ready(), second);
        let got = select_biased! {
            recv(inner) -> _ => unreachable!(),
            recv(receiver) -> got => got.unwrap(),
        };
        assert_eq!(got, 3);
        theirs.join().unwrap();
    });
}

#[test]
fn threads_made_elsewhere_use_a_runs_channels() {
    passes(50, || {
        let ((ping, pinged), (pong, ponged)) = (bounded(0), bounded(1));
        let met = StdArc::new(StdBarrier::new(2));
        let there = StdArc::clone(&met);
        let stranger = std::thread::spawn(move || {
            pong.send(0).unwrap();
            assert!(pinged.try_recv().is_err());
            there.wait();
            for n in pinged {
                std::thread::sleep(Duration::from_micros(50));
                select! {
                    send(pong, n) -> sent => sent.unwrap(),
                }
            }
        });
        met.wait();
        assert_eq!(ponged.recv(), Ok(0));
        // Waits at either are not judged any more: others may help.
        for n in 1..5 {
            ping.send(n).unwrap();
            assert_eq!(ponged.recv(), Ok(n));
        }
        drop(ping);
        assert!(ponged.recv().is_err());
        stranger.join().unwrap();
    });
}
