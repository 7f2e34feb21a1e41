//! Selects and timers in models: what goes round in vain and what does not, which firings are early, what never comes.

use std::time::Duration;

use crate::common::*;
use raddle::{
    Check,
    FailureKind::{Deadlock, Livelock, Panic},
    Strategy, World,
    channel::{self, Receiver, Select, after, bounded, never, select, tick, unbounded},
    sync::atomic::{AtomicU8, Ordering::Relaxed},
    thread,
    time::Instant,
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_timer_that_is_polled_fires_when_nothing_else_can_go_on() {
    passes(|| {
        let timer = after(SECOND);
        while timer.is_empty() {
            thread::yield_now();
        }
        assert_eq!(timer.len(), 1);
        timer.try_recv().unwrap();
    });
    passes(|| {
        let ticks = tick(SECOND);
        let mut count = 0;
        while count < 3 {
            count += usize::from(ticks.try_recv().is_ok());
            thread::yield_now();
        }
    });
    // Also without a pause, and beside a thread that waits for a later one.
    let model = || {
        let other = thread::spawn(|| after(2 * SECOND).recv().unwrap());
        let timer = after(SECOND);
        while timer.try_recv().is_err() {}
        other.join().unwrap();
    };
    let bounded = |strategy| Check::new("two timers").strategy(strategy).run(model).unwrap();
    for verdict in exhaustive().into_iter().map(bounded) {
        assert!(verdict.passed() && !verdict.truncated(), "{}", raddle::render(&verdict));
    }
}

#[test]
fn in_a_timed_model_time_passes_for_whoever_polls() {
    if !shuttle() {
        return;
    }
    let model = || {
        let start = Instant::now();
        let timer = after(SECOND);
        while timer.try_recv().is_err() {
            thread::yield_now();
        }
        assert_eq!(start.elapsed(), SECOND);
    };
    let verdict = Check::new("timed").strategy(Strategy::Dfs).timed().run(model).unwrap();
    assert!(verdict.passed(), "{}", raddle::render(&verdict));
}

#[test]
fn polling_what_has_fired_already_is_a_livelock() {
    fails(Livelock, "main in ", || {
        let timer = after(SECOND);
        timer.recv().unwrap();
        while timer.is_empty() {
            thread::yield_now();
        }
    });
}

#[test]
fn a_select_over_a_ticker_comes_to_its_other_arm() {
    // Ticks that come although the other arm could be taken are limited.
    explores([0, 1, 2], || {
        let (stop, stopped) = bounded::<()>(0);
        drop(stop);
        let ticks = tick(SECOND);
        let mut count = 0;
        loop {
            select! {
                recv(ticks) -> _ => count += 1,
                recv(stopped) -> _ => return count,
            }
        }
    });
}

#[test]
fn a_select_that_goes_round_in_vain_takes_each_arm_in_its_turn() {
    // Whoever is chosen by chance again and again is not chosen for ever.
    passes(|| {
        let ((gone, closed), (s, r)) = (unbounded::<()>(), unbounded());
        drop(gone);
        let sender = thread::spawn(move || s.send(7).unwrap());
        loop {
            select! {
                recv(closed) -> _ => thread::yield_now(),
                recv(r) -> message => break assert_eq!(message, Ok(7)),
            }
        }
        sender.join().unwrap();
    });
    // A biased one takes its first arm for ever.
    fails(Livelock, "main in ", || {
        let ((gone, closed), (s, r)) = (unbounded::<()>(), unbounded());
        drop(gone);
        s.send(7).unwrap();
        loop {
            channel::select_biased! {
                recv(closed) -> _ => thread::yield_now(),
                recv(r) -> message => break assert_eq!(message, Ok(7)),
            }
        }
    });
}

/// It belongs to no world.
const NEVER: Receiver<i32> = never();

#[test]
fn what_never_comes_can_be_made_anywhere() {
    let outside = never::<i32>();
    if World::compiled().contains(&World::Std) {
        assert!(NEVER.try_recv().is_err() && outside.same_channel(&NEVER));
    }
    passes(move || {
        assert!(outside.try_recv().is_err() && outside.recv_timeout(SECOND).is_err());
        assert!(after(Duration::MAX).same_channel(&never()));
        let (s, r) = bounded(1);
        s.send(1).unwrap();
        let taken = select! {
            recv(NEVER) -> _ => 0,
            recv(r) -> message => message.unwrap(),
            recv(outside) -> _ => 0,
        };
        assert_eq!(taken, 1);
    });
}

#[test]
fn whoever_waits_for_what_never_comes_is_stuck() {
    fails(Deadlock, "main in recv", || assert!(NEVER.recv().is_err()));
    fails(Deadlock, "main in select", || {
        select! {
            recv(NEVER) -> _ => {}
            recv(never::<()>()) -> _ => {}
        }
    });
    fails(Livelock, "main in ", || {
        while NEVER.try_recv().is_err() {
            thread::yield_now();
        }
    });
}

#[test]
fn an_arm_is_reported_by_its_number_in_the_list() {
    let verdicts = fails(Panic, "told", || {
        let (none, (_s, a), (t, b)) = (NEVER, unbounded::<i32>(), unbounded::<i32>());
        t.send(1).unwrap();
        let mut list = Select::new();
        for r in [&none, &a, &b] {
            list.recv(r);
        }
        let selected = list.select();
        assert_eq!(selected.index(), 2);
        selected.recv(&b).unwrap();
        panic!("told");
    });
    for verdict in verdicts {
        let shown = raddle::render(&verdict).to_string();
        assert!(shown.contains("-> arm 2"), "{shown}");
    }
}

#[test]
fn a_capacity_that_crossbeam_refuses_is_refused() {
    fails(Panic, "bounded channel capacity is too large", || drop(bounded::<()>(usize::MAX)));
    passes(|| drop(bounded::<()>(1 << 40)));
}

#[test]
fn an_operation_given_another_channel_is_one_panic() {
    fails(Panic, "passed a receiver that wasn't selected", || {
        let ((s, a), (_t, b)) = (unbounded(), unbounded::<i32>());
        s.send(1).unwrap();
        let mut list = Select::new();
        list.recv(&a);
        let _ = list.select().recv(&b);
    });
}

#[test]
fn a_message_that_is_yet_to_follow_its_place_is_not_there() {
    // What the select sends is made after its place has been taken, by a step of its own.
    let model = || {
        let (s, r) = bounded(1);
        let sender = thread::spawn(move || {
            let steps = AtomicU8::new(6);
            select! {
                send(s, steps.fetch_add(1, Relaxed) + 1) -> sent => sent.unwrap(),
            }
        });
        let found = (r.len(), r.try_recv().ok());
        std::mem::forget(r);
        sender.join().unwrap();
        found
    };
    for strategy in compiled(&[Strategy::Dfs, Strategy::Dpor]) {
        let expected = [(0, None), (0, Some(7)), (1, None), (1, Some(7))];
        assert_eq!(outcomes(strategy, model), expected.into_iter().collect(), "{strategy}");
    }
}
