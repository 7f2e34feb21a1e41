//! Timers, as of Go 1.23.

use super::*;
use raddle::time::Instant;
use std::sync::atomic::AtomicBool;

#[test]
fn ti1_a_timers_channel_presents_as_unbuffered() {
    shows([((0, 0), (0, 0), true)], || {
        let timer = Timer::new(SOON);
        let before = (timer.c.len(), timer.c.capacity());
        thread::sleep(2 * SOON);
        // It has fired, in some of the executions.
        ((timer.c.len(), timer.c.capacity()), before, timer.c.recv().is_some())
    });
}

#[test]
fn ti2_stop_says_whether_it_has_kept_a_value_back() {
    shows([(true, false)], || {
        let timer = Timer::new(LATE);
        (timer.stop(), timer.stop())
    });
    // Whether or not it has fired.
    shows([(true, false, false)], || {
        let timer = Timer::new(SOON);
        thread::sleep(2 * SOON);
        let stopped = timer.stop();
        let got = select! {
            recv(timer.c) -> _ => true,
            default => false,
        };
        (stopped, got, timer.stop())
    });
    explores([(true, false), (false, true)], || {
        let timer = Timer::new(SOON);
        let got = select! {
            recv(timer.c) -> _ => true,
            default => false,
        };
        (timer.stop(), got)
    });
    always_fails(Deadlock, "main in recv of channel#1", || {
        let timer = Timer::new(SOON);
        timer.stop();
        timer.c.recv();
    });
}

#[test]
fn ti3_a_timer_that_is_set_again_is_due_again_and_delivers_nothing_stale() {
    shows([(true, true, false)], || {
        let timer = Timer::new(SOON);
        thread::sleep(2 * SOON);
        let set = Instant::now();
        let active = timer.reset(2 * SOON);
        let due = timer.c.recv().unwrap();
        (active, due >= set + 2 * SOON, timer.reset(LATE))
    });
    shows([(false, true)], || {
        let timer = Timer::new(LATE);
        timer.stop();
        (timer.reset(SOON), timer.c.recv().is_some())
    });
}

/// Whether the timer was active when it was ended, and whether its value was received.
fn ended(end: fn(&Timer) -> bool) -> (bool, bool) {
    let (timer, ended, got) = (Timer::new(SOON), Chan::<()>::new(0), Chan::new(1));
    let (c, ends, told) = (timer.c.clone(), ended.clone(), got.clone());
    go(move || {
        told.send(select! {
            recv(c) -> value => value.is_some(),
            recv(ends) -> _ => false,
        });
    });
    thread::sleep(SOON);
    let active = end(&timer);
    ended.close();
    (active, got.recv().unwrap())
}

#[test]
fn ti4_either_a_timer_is_ended_or_its_value_received() {
    shows([(true, false), (false, true)], || ended(Timer::stop));
    // In a model, one that is set again may fire again.
    shows([(true, false), (false, true), (true, true)], || ended(|timer| timer.reset(LATE)));
}

#[test]
fn ti5_a_function_runs_when_the_time_is_over_unless_it_is_stopped() {
    shows([(true, false), (false, false)], || {
        let (c, kept) = (Chan::new(1), std::sync::Arc::new(AtomicBool::new(false)));
        let (d, never) = (c.clone(), std::sync::Arc::clone(&kept));
        let stopper = after_func(SOON, move || {
            assert!(!never.load(SeqCst), "it was stopped");
            d.send(1);
        });
        let stopped = stopper.stop();
        kept.store(stopped, SeqCst);
        assert!(stopped || c.recv() == Some(1));
        (stopped, stopper.stop())
    });
}

#[test]
fn ti5_stopping_does_not_wait_for_the_function() {
    shows([(false, true)], || {
        let (begun, go_on, ended) = (Chan::new(0), Chan::<()>::new(0), Chan::new(0));
        let (begins, goes_on, ends) = (begun.clone(), go_on.clone(), ended.clone());
        let stopper = after_func(SOON, move || {
            begins.send(());
            goes_on.recv();
            ends.send(());
        });
        begun.recv();
        let stopped = stopper.stop();
        go_on.close();
        (stopped, ended.recv().is_some())
    });
}

#[test]
fn ti8_a_timer_of_no_duration_fires_at_once_and_values_are_due_times() {
    for wait in [Duration::ZERO, SOON] {
        shows([true], move || {
            let before = Instant::now();
            let c = after(wait);
            let made = Instant::now();
            let due = c.recv().unwrap();
            before + wait <= due && due <= made + wait && due <= Instant::now()
        });
    }
}

#[test]
fn a_timeout_races_with_what_it_waits_for() {
    explores([Some(1), None], || {
        let c = Chan::new(1);
        let d = c.clone();
        go(move || d.send(1));
        select! {
            recv(c) -> value => value,
            recv(after(SOON)) -> _ => None,
        }
    });
}
