//! Channels that nobody sends to: `after`, `at`, `tick`, `never`.

use std::fmt::Debug;

use super::{
    Duration, Instant,
    channel::{Receiver, after, at, bounded, never, select, tick},
    conforms, late, soon, thread,
};

conforms![
    always(after_delivers_one_message_and_never_disconnects, "(true, Err(Empty), Err(Timeout), 0)"),
    always(at_delivers_its_own_instant, "(true, Err(Empty))"),
    always(what_is_due_at_once_is_waited_for_no_longer, "(true, true)"),
    always(the_clones_of_after_share_one_message, "(true, true, Err(Empty), Err(Empty))"),
    among(two_receivers_of_after_never_both_get_its_message, ["(true, false)", "(false, true)", "(false, false)"]),
    always(timers_hold_at_most_one_message, "[Some(1), Some(1), Some(1)]"),
    always(after_is_empty_once_its_message_is_taken, "(true, false, 0)"),
    exactly(after_tells_whether_it_has_a_message, ["(true, false)", "(false, true)"]),
    exactly(after_a_late_time_nothing_need_have_come, ["true", "false"]),
    exactly(a_timeout_races_with_after, ["true", "false"]),
    exactly(of_two_timers_either_may_fire_first, [r#""first""#, r#""second""#]),
    always(tick_delivers_again_and_again_and_never_disconnects, "(true, true)"),
    always(a_tick_of_no_duration_is_always_ready, "(true, true, true, true)"),
    exactly(a_late_tick_need_not_have_come, ["true", "false"]),
    always(ticks_are_shared_by_clones_but_not_by_tickers, "(true, false, true)"),
    always(a_tick_that_no_clock_can_tell_never_comes, "(Some(0), true, Err(Timeout))"),
    always(an_after_that_no_clock_can_tell_never_comes, "(Some(0), true, Err(Timeout))"),
    always(never_has_nothing, "(Err(Empty), Err(Timeout), Err(Timeout), (0, true, true, Some(0)))"),
    always(never_is_never_and_nothing_else, "(true, true, false)"),
    always(never_can_be_a_constant, "Err(Empty)"),
    always(never_stands_in_for_an_arm_that_is_not_there, "[2, 1]"),
    always(the_timers_can_be_iterated, "(2, 1, 0, true)"),
    exactly(a_deadline_races_with_the_message, [r#""message""#, r#""deadline""#]),
    always(a_loop_of_ticks_ends_when_it_is_told_to, "true"),
    blocks(a_receive_from_never_blocks),
    blocks(a_second_receive_from_after_blocks),
];

fn after_delivers_one_message_and_never_disconnects() -> impl Debug {
    let before = Instant::now();
    let timer = after(soon());
    let due = timer.recv().unwrap();
    (due >= before + soon(), timer.try_recv(), timer.recv_timeout(soon()), timer.len())
}

fn at_delivers_its_own_instant() -> impl Debug {
    let due = Instant::now() + soon();
    let timer = at(due);
    (timer.recv() == Ok(due), timer.try_recv())
}

fn what_is_due_at_once_is_waited_for_no_longer() -> impl Debug {
    let now = Instant::now();
    (at(now).recv() == Ok(now), after(Duration::ZERO).recv().is_ok())
}

fn the_clones_of_after_share_one_message() -> impl Debug {
    let timer = after(soon());
    let clone = timer.clone();
    (timer.same_channel(&clone), clone.recv().is_ok(), timer.try_recv(), clone.try_recv())
}

fn two_receivers_of_after_never_both_get_its_message() -> impl Debug {
    let timer = at(Instant::now());
    thread::scope(|scope| {
        let other = scope.spawn(|| timer.try_recv().is_ok());
        (timer.try_recv().is_ok(), other.join().unwrap())
    })
}

fn timers_hold_at_most_one_message() -> impl Debug {
    [after(late()), at(Instant::now() + late()), tick(late())].map(|timer| timer.capacity())
}

fn after_is_empty_once_its_message_is_taken() -> impl Debug {
    let timer = after(soon());
    timer.recv().unwrap();
    (timer.is_empty(), timer.is_full(), timer.len())
}

/// With a capacity of one it is either empty or full; what is true when it is asked may change before it is asked again.
fn after_tells_whether_it_has_a_message() -> impl Debug {
    let timer = after(soon());
    let empty = timer.is_empty();
    while timer.is_empty() {
        thread::yield_now();
    }
    assert_eq!(timer.len(), 1);
    (empty, !empty && timer.is_full())
}

fn after_a_late_time_nothing_need_have_come() -> impl Debug {
    after(late()).try_recv().is_ok()
}

fn a_timeout_races_with_after() -> impl Debug {
    after(late()).recv_timeout(soon()).is_ok()
}

/// Durations imply no order: in a real run the first comes first.
fn of_two_timers_either_may_fire_first() -> impl Debug {
    let (first, second) = (after(soon()), after(late()));
    select! {
        recv(first) -> due => due.map(|_| "first").unwrap(),
        recv(second) -> due => due.map(|_| "second").unwrap(),
    }
}

fn tick_delivers_again_and_again_and_never_disconnects() -> impl Debug {
    let before = Instant::now();
    let ticker = tick(soon());
    let ticks = [(); 2].map(|()| ticker.recv().unwrap());
    (ticks[0] >= before + soon(), ticks[1] >= ticks[0] + soon())
}

/// It is no error.
fn a_tick_of_no_duration_is_always_ready() -> impl Debug {
    let ticker = tick(Duration::ZERO);
    let received = (ticker.recv().is_ok(), ticker.recv().is_ok(), ticker.recv_timeout(late()).is_ok());
    (received.0, received.1, received.2, ticker.same_channel(&ticker.clone()))
}

fn a_late_tick_need_not_have_come() -> impl Debug {
    tick(late()).try_recv().is_ok()
}

fn ticks_are_shared_by_clones_but_not_by_tickers() -> impl Debug {
    let ticker = tick(soon());
    let clone = ticker.clone();
    (ticker.same_channel(&clone), ticker.same_channel(&tick(soon())), clone.recv().is_ok() && ticker.recv().is_ok())
}

fn a_tick_that_no_clock_can_tell_never_comes() -> impl Debug {
    let ticker = tick(Duration::MAX);
    (ticker.capacity(), ticker.same_channel(&never()), ticker.recv_timeout(soon()))
}

fn an_after_that_no_clock_can_tell_never_comes() -> impl Debug {
    let timer = after(Duration::MAX);
    (timer.capacity(), timer.same_channel(&never()), timer.recv_timeout(soon()))
}

fn never_has_nothing() -> impl Debug {
    let r = never::<i32>();
    let told = (r.len(), r.is_empty(), r.is_full(), r.capacity());
    (r.try_recv(), r.recv_timeout(soon()), r.recv_deadline(Instant::now()), told)
}

fn never_is_never_and_nothing_else() -> impl Debug {
    let r = never::<i32>();
    (r.same_channel(&never()), r.same_channel(&r.clone()), r.same_channel(&bounded(0).1))
}

fn never_can_be_a_constant() -> impl Debug {
    const NEVER: Receiver<i32> = never();
    let r = NEVER;
    r.try_recv()
}

fn never_stands_in_for_an_arm_that_is_not_there() -> impl Debug {
    let (s, r) = bounded(1);
    s.send(1).unwrap();
    [None, Some(&r)].map(|r| {
        select! {
            recv(r.unwrap_or(&never())) -> message => message.unwrap(),
            default => 2,
        }
    })
}

fn the_timers_can_be_iterated() -> impl Debug {
    let timer = after(soon());
    let first = timer.iter().next().is_some();
    (tick(soon()).iter().take(2).count(), after(soon()).into_iter().take(1).count(), timer.try_iter().count(), first)
}

fn a_deadline_races_with_the_message() -> impl Debug {
    let (s, r) = bounded(0);
    let deadline = after(late());
    let sender = thread::spawn(move || s.send(1).is_ok());
    let first = select! {
        recv(r) -> _ => "message",
        recv(deadline) -> _ => "deadline",
    };
    drop(r);
    assert_eq!(sender.join().unwrap(), first == "message", "what the deadline refused was not sent");
    first
}

fn a_loop_of_ticks_ends_when_it_is_told_to() -> impl Debug {
    let (stop, stopped) = bounded::<()>(0);
    let ticker = tick(soon());
    let other = thread::spawn(move || {
        loop {
            select! {
                recv(ticker) -> now => assert!(now.is_ok()),
                recv(stopped) -> end => return end.is_err(),
            }
        }
    });
    drop(stop);
    other.join().unwrap()
}

fn a_receive_from_never_blocks() -> impl Debug {
    never::<()>().recv()
}

fn a_second_receive_from_after_blocks() -> impl Debug {
    let timer = after(soon());
    timer.recv().unwrap();
    timer.recv()
}
