//! Go's rules, statement by statement, in models and on real threads. The numbers are those of the statements that the
//! documentation of [`raddle::go`] refers to.

use std::time::Duration;

use crate::common::*;
use raddle::{
    Check,
    FailureKind::{Deadlock, Leak, Panic},
    Strategy, World,
    go::{Chan, Select, Timer, WaitGroup, after, after_func, go, select},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

const SECOND: Duration = Duration::from_secs(1);

/// In models, exactly these outcomes; on real threads, one of them.
#[track_caller]
fn shows<T: Ord + Clone + Send + std::fmt::Debug + 'static>(
    expected: impl IntoIterator<Item = T>,
    program: impl Fn() -> T + Send + Sync + Clone + 'static,
) {
    let expected: Vec<T> = expected.into_iter().collect();
    if World::compiled().contains(&World::Std) {
        for _ in 0..10 {
            let shown = program();
            assert!(expected.contains(&shown), "real threads show {shown:?}");
        }
    }
    explores(expected, program);
}

#[test]
fn ch4_an_unbuffered_send_ends_when_a_receiver_takes_the_value() {
    fails(Deadlock, "main in send of channel#1", || Chan::new(0).send(1));
    shows([1], || {
        let c = Chan::new(0);
        let d = c.clone();
        go(move || d.send(1));
        c.recv().unwrap()
    });
}

#[test]
fn ch5_a_buffered_send_waits_only_where_the_buffer_is_full() {
    shows([vec![1, 2]], || {
        let c = Chan::new(2);
        c.send(1);
        c.send(2);
        assert_eq!((c.len(), c.capacity()), (2, 2));
        c.close();
        c.iter().collect()
    });
    fails(Deadlock, "main in send", || {
        let c = Chan::new(1);
        c.send(1);
        c.send(2);
    });
}

#[test]
fn mm3_mm5_what_comes_before_one_end_is_seen_after_the_other() {
    // One sender is met while it waits, the other one may be met before its own event.
    passes(|| {
        let (made, done) = (Arc::new(AtomicUsize::new(0)), Chan::new(0));
        for _ in 0..2 {
            let (made, done) = (Arc::clone(&made), done.clone());
            go(move || {
                made.fetch_add(1, Relaxed);
                done.send(());
            });
        }
        done.recv();
        done.recv();
        assert_eq!(made.load(Relaxed), 2);
    });
    passes(|| {
        let (made, done) = (Arc::new(AtomicUsize::new(0)), Chan::new(0));
        let (theirs, to) = (Arc::clone(&made), done.clone());
        go(move || {
            theirs.fetch_add(1, Relaxed);
            to.recv();
        });
        done.send(());
        assert_eq!(made.load(Relaxed), 1);
    });
}

#[test]
fn ch7_a_receive_moves_up_the_value_of_a_sender_that_waits() {
    // Whether the sender waited already is open; if the buffer was still full, it did.
    shows([(1, 0, 2), (1, 1, 2)], || {
        let c = Chan::new(1);
        c.send(1);
        let d = c.clone();
        go(move || d.send(2));
        let first = c.recv().unwrap();
        let queued = c.len();
        (first, queued, c.recv().unwrap())
    });
}

#[test]
fn ch7_nobody_overtakes_a_sender_that_waits() {
    shows([true, false], || {
        let (c, waits) = (Chan::new(1), Chan::<()>::new(0));
        c.send(1);
        let (d, w) = (c.clone(), waits.clone());
        go(move || {
            d.send(2);
            w.close();
        });
        let first = c.recv();
        assert_eq!(first, Some(1));
        // Either the waiting sender has moved up, and there is no room, or it has not waited yet.
        let room = select! {
            send(c, 3) => true,
            default => false,
        };
        let second = c.recv();
        assert_eq!(second, Some(if room { 3 } else { 2 }));
        if room {
            assert_eq!(c.recv(), Some(2));
        }
        waits.recv();
        room
    });
}

#[test]
fn ch10_a_nil_channel_never_does_anything() {
    fails(Deadlock, "main in select", || {
        Chan::<u8>::nil().recv();
    });
    fails(Deadlock, "main in select", || Chan::nil().send(1));
    fails(Panic, "close of nil channel", || Chan::<u8>::nil().close());
    shows([0], || Chan::<u8>::nil().len() + Chan::<u8>::nil().capacity());
}

#[test]
fn ch11_a_closed_channel_is_drained_first() {
    shows([(Some(1), None, None)], || {
        let c = Chan::new(1);
        c.send(1);
        c.close();
        (c.recv(), c.recv(), c.recv())
    });
}

#[test]
fn ch12_ch13_sending_on_a_closed_channel_panics_and_closing_it_again_does_too() {
    fails(Panic, "send on closed channel", || {
        let c = Chan::new(1);
        c.close();
        c.send(1);
    });
    fails(Panic, "send on closed channel", || {
        let c = Chan::new(1);
        c.close();
        select! {
            send(c, 1) => {}
            default => {}
        }
    });
    fails(Panic, "close of closed channel", || {
        let c = Chan::<u8>::new(0);
        c.close();
        c.close();
    });
}

#[test]
fn ch14_closing_wakes_every_receiver_and_makes_every_sender_panic() {
    shows([None], || {
        let (c, done) = (Chan::<u8>::new(0), Chan::new(2));
        for _ in 0..2 {
            let (c, done) = (c.clone(), done.clone());
            go(move || done.send(c.recv()));
        }
        c.close();
        done.recv().unwrap().or(done.recv().unwrap())
    });
    fails(Panic, "send on closed channel", || {
        let c = Chan::new(0);
        let d = c.clone();
        go(move || d.send(1));
        c.close();
    });
}

#[test]
fn se1_every_operand_is_evaluated_on_entry() {
    shows([3], || {
        let (c, d) = (Chan::new(1), Chan::new(0));
        let evaluated = std::cell::Cell::new(0);
        let note = |n: i32| {
            evaluated.set(evaluated.get() + 1);
            n
        };
        let on = |chan: &Chan<i32>| {
            evaluated.set(evaluated.get() + 1);
            chan.clone()
        };
        select! {
            send(c, note(1)) => {}
            recv(on(&d)) -> _ => {}
            send(d, note(2)) => {}
        }
        evaluated.get()
    });
}

#[test]
fn se2_any_arm_that_can_be_taken_is() {
    shows([1, 2, 3], || {
        let (a, b) = (Chan::new(1), Chan::new(1));
        a.send(1);
        b.send(2);
        select! {
            recv(a) -> value => value.unwrap(),
            recv(b) -> value => value.unwrap(),
            recv(b) -> value => value.unwrap() + 1,
        }
    });
}

#[test]
fn se4_a_select_without_arms_waits_for_ever() {
    fails(Deadlock, "main in select", || {
        Select::new().run();
    });
}

#[test]
fn se5_a_nil_arm_is_never_taken() {
    shows([7], || {
        let (nil, c) = (Chan::nil(), Chan::new(1));
        c.send(7);
        select! {
            recv(nil) -> value => value.unwrap_or(0),
            recv(c) -> value => value.unwrap(),
        }
    });
}

#[test]
fn se6_a_send_on_a_closed_channel_may_be_selected() {
    let program = || {
        let (closed, open) = (Chan::new(0), Chan::new(1));
        closed.close();
        open.send(1);
        select! {
            send(closed, 1) => {}
            recv(open) -> _ => {}
        }
    };
    fails(Panic, "send on closed channel", program);
}

#[test]
fn se8_a_select_does_not_meet_itself() {
    fails(Deadlock, "main in select", || {
        let c = Chan::new(0);
        select! {
            send(c, 1) => {}
            recv(c) -> _ => {}
        }
    });
}

#[test]
fn se9_the_arms_that_were_not_taken_leave_no_trace() {
    shows([(1, 0)], || {
        let (a, b) = (Chan::new(0), Chan::new(1));
        let (theirs, also) = (a.clone(), b.clone());
        go(move || {
            select! {
                send(theirs, 1) => {}
                recv(also) -> _ => unreachable!("nobody sends on it"),
            }
        });
        let got = a.recv().unwrap();
        b.send(5);
        assert_eq!(b.recv(), Some(5));
        (got, b.len())
    });
}

#[test]
fn a_goroutine_that_panics_ends_the_program() {
    fails(Panic, "in a goroutine", || {
        go(|| panic!("in a goroutine"));
    });
}

#[test]
fn a_goroutine_that_nobody_serves_is_a_leak() {
    fails(Leak, "t1 in send of channel#1", || {
        let c = Chan::new(0);
        go(move || c.send(1));
    });
}

#[test]
fn on_real_threads_a_program_that_cannot_go_on_is_found_and_ended() {
    if !World::compiled().contains(&World::Std) {
        return;
    }
    let stress = |kind, message: &str, program: fn()| {
        let verdict = Check::new("stress").strategy(Strategy::Stress).schedules(20).run(program).unwrap();
        expect(&verdict, kind, message);
        assert_eq!((verdict.executions, verdict.failures), (20, 20));
    };
    stress(Deadlock, "main in send of channel#1", || Chan::new(0).send(1));
    stress(Deadlock, "main in recv of channel#1", || {
        let c = Chan::<u8>::new(3);
        c.recv();
    });
    stress(Deadlock, "main in select", || {
        Chan::<u8>::nil().recv();
    });
    stress(Deadlock, "main in wait of group#1", || {
        let group = WaitGroup::new();
        group.add(1);
        group.wait();
    });
    stress(Leak, "t1 in send of channel#1", || {
        let c = Chan::new(0);
        go(move || c.send(1));
    });
    stress(Panic, "in a goroutine", || go(|| panic!("in a goroutine")));
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

#[test]
fn wg_waits_until_all_are_done() {
    shows([2], || {
        let (group, c) = (Arc::new(WaitGroup::new()), Chan::new(2));
        for _ in 0..2 {
            group.add(1);
            let (group, c) = (Arc::clone(&group), c.clone());
            go(move || {
                c.send(());
                group.done();
            });
        }
        group.wait();
        c.len()
    });
}

#[test]
fn wg2_a_negative_counter_panics() {
    fails(Panic, "sync: negative WaitGroup counter", || WaitGroup::new().done());
}

#[test]
fn wg4_a_group_that_is_used_again_too_early_panics() {
    // The waiter has to go on between two steps of main's: few of PCT's schedules have that.
    let strategies = compiled(&[Strategy::Exhaustive, Strategy::Dfs, Strategy::Random, Strategy::Urw]);
    fails_with(&strategies, Panic, "sync: WaitGroup is reused before previous Wait has returned", || {
        let group = Arc::new(WaitGroup::new());
        group.add(1);
        let theirs = Arc::clone(&group);
        go(move || theirs.wait());
        group.done();
        group.add(1);
        group.done();
    });
}

#[test]
fn ti2_stop_says_whether_it_has_kept_a_value_back() {
    shows([(true, false)], || {
        let timer = Timer::new(Duration::from_secs(60));
        (timer.stop(), timer.stop())
    });
    explores([(true, false), (false, true)], || {
        let timer = Timer::new(SECOND);
        let got = select! {
            recv(timer.c) -> _ => true,
            default => false,
        };
        (timer.stop(), got)
    });
    fails(Deadlock, "main in recv", || {
        let timer = Timer::new(SECOND);
        timer.stop();
        timer.c.recv();
    });
}

#[test]
fn ti3_a_timer_that_is_set_again_is_due_again() {
    shows([(true, false)], || {
        let timer = Timer::new(Duration::from_millis(1));
        let active = timer.reset(Duration::from_millis(2));
        timer.c.recv().unwrap();
        (active, timer.reset(Duration::from_secs(60)))
    });
}

#[test]
fn a_timeout_races_with_what_it_waits_for() {
    explores([Some(1), None], || {
        let c = Chan::new(1);
        let d = c.clone();
        go(move || d.send(1));
        select! {
            recv(c) -> value => value,
            recv(after(SECOND)) -> _ => None,
        }
    });
}

#[test]
fn ti5_a_function_runs_when_the_time_is_over_unless_it_is_stopped() {
    explores([true, false], || {
        let c = Chan::new(1);
        let d = c.clone();
        let stopper = after_func(SECOND, move || d.send(1));
        let stopped = stopper.stop();
        assert!(stopped || c.recv() == Some(1));
        stopped
    });
}

#[test]
fn ch14_a_sender_that_waits_when_the_channel_is_closed_panics_and_is_not_served() {
    explores([(None, true)], || {
        let c = Chan::<u8>::new(0);
        let theirs = c.clone();
        let sends = move || std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| theirs.send(1))).is_err();
        let sender = raddle::thread::spawn(sends);
        c.close();
        (c.recv(), sender.join().unwrap())
    });
}
