//! Fixed variants with more threads than the catalogue's small inputs. With four threads, every execution; with five,
//! which is as many as loom runs, those with at most two preemptions. How many that is stands in each test's closing
//! note. What takes long is left to `ci/long.sh`. A build that is narrowed to loom has the same engine, and need not go
//! through all of that again.
#![cfg(not(any(loom, shuttle)))]

use raddle::{
    Coverage, Strategy,
    patterns::{Input, find, suite},
};

/// More than any of these needs: an exploration that is cut short fails.
const EXECUTIONS: u64 = 10_000_000;

const EXHAUSTIVE: Strategy = Strategy::Exhaustive;
const BOUNDED: Strategy = Strategy::Preemptions(2);

// Work for three threads, and for four, beside main.
const THREE_INCREMENTS: Input = Input::new(&[1, 1, 1], 0);
const FOUR_INCREMENTS: Input = Input::new(&[1, 1, 1, 1], 0);
const THREE_TRANSFERS: Input = Input::new(&[1, 1, 1], 1);
const FOUR_TRANSFERS: Input = Input::new(&[1, 1, 1, 1], 1);
const THREE_VOTES: Input = Input::new(&[1, 0, 1], 2);
const FOUR_VOTES: Input = Input::new(&[1, 0, 1, 1], 3);
const THREE_CALLS: Input = Input::new(&[1, 1, 1], 0);
const FOUR_CALLS: Input = Input::new(&[1, 1, 1, 1], 0);
const THREE_USERS: Input = Input::new(&[2, 1, 1], 1);
const FOUR_USERS: Input = Input::new(&[1, 1, 1, 1], 2);
// How many calls each caller of a mux makes, and how many replies there are to each. The first caller is main.
const TWO_CALLS: Input = Input::new(&[2], 1);
const TWO_CALLERS: Input = Input::new(&[1, 1], 1);
const THREE_CALLERS: Input = Input::new(&[1, 1, 1], 1);
// Servers that answer, and how many calls there are at once.
const THREE_SERVERS: Input = Input::new(&[0, 0, 0], 1);
const FOUR_SERVERS: Input = Input::new(&[0, 0, 0, 0], 1);
const TWO_CALLS_AT_ONCE: Input = Input::new(&[0], 2);
// Webs of which `mutex` makes four goroutines, one a link; and `channel`, one a page and the starter.
const FOUR_LINKS: Input = Input::new(&[0b0110, 0b1000, 0b1000, 0], 0);
const THREE_PAGES: Input = Input::new(&[0b110, 0b001, 0], 0);
/// Two of three servers start an election: four goroutines ask.
const THREE_RAFTS: Input = Input::new(&[1, 1, 0], 0);

#[track_caller]
fn holds(case: &str, strategy: Strategy, input: &Input) {
    let case = find(case).unwrap_or_else(|| panic!("there is no case {case:?}"));
    let check = case.check(strategy).executions(EXECUTIONS);
    let verdict = case.run(check, input).unwrap_or_else(|why| panic!("{}: {why}", case.name()));
    print!("{:?}: {}", input.work, suite::closing_note(std::slice::from_ref(&verdict)));
    assert!(verdict.passed(), "{}", raddle::render(&verdict));
    let expected = match strategy {
        Strategy::Preemptions(bound) => Coverage::Bounded { preemptions: Some(bound), firings: None, wakes: None },
        _ => Coverage::Exhausted,
    };
    assert_eq!(verdict.coverage, expected, "{} with {:?}", case.name(), input.work);
}

#[test]
fn mutex_counter_keeps_every_update_of_four_threads() {
    holds("counter/mutex", EXHAUSTIVE, &THREE_INCREMENTS);
    holds("counter/mutex", BOUNDED, &FOUR_INCREMENTS);
}

#[test]
fn atomic_counter_keeps_every_update_of_four_threads() {
    holds("counter/atomic", EXHAUSTIVE, &THREE_INCREMENTS);
    holds("counter/atomic", BOUNDED, &FOUR_INCREMENTS);
}

#[test]
fn fixed_bank_is_right_with_four_threads_that_transfer() {
    holds("bank/fixed", EXHAUSTIVE, &THREE_TRANSFERS);
    holds("bank/fixed", BOUNDED, &FOUR_TRANSFERS);
}

#[test]
fn two_locks_ordered_bank_is_right_with_three_threads_that_transfer() {
    holds("bank/two-locks-ordered", EXHAUSTIVE, &THREE_TRANSFERS);
}

#[test]
#[ignore = "long: see ci/long.sh"]
fn two_locks_ordered_bank_is_right_with_four_threads_that_transfer() {
    holds("bank/two-locks-ordered", BOUNDED, &FOUR_TRANSFERS);
}

/// With three voters it has 110,634 executions: too many for a test.
#[test]
#[ignore = "long: see ci/long.sh"]
fn busy_lock_vote_is_right_with_four_voters() {
    holds("vote/busy-lock", Strategy::Preemptions(3), &THREE_VOTES);
    holds("vote/busy-lock", BOUNDED, &FOUR_VOTES);
}

#[test]
#[ignore = "long: see ci/long.sh"]
fn polling_vote_is_right_with_four_voters() {
    holds("vote/polling", EXHAUSTIVE, &THREE_VOTES);
    holds("vote/polling", BOUNDED, &FOUR_VOTES);
}

/// With four voters it has 60,982 executions, and its two like have about as many: it stands for them.
#[test]
#[ignore = "long: see ci/long.sh"]
fn condvar_vote_is_right_with_four_voters() {
    holds("vote/condvar", BOUNDED, &FOUR_VOTES);
}

#[test]
fn condvar_vote_is_right_with_three_voters() {
    holds("vote/condvar", EXHAUSTIVE, &THREE_VOTES);
}

#[test]
fn signal_vote_is_right_with_three_voters() {
    holds("vote/signal", EXHAUSTIVE, &THREE_VOTES);
}

#[test]
#[ignore = "long: see ci/long.sh"]
fn broadcast_after_unlock_vote_is_right_with_three_voters() {
    holds("vote/broadcast-after-unlock", EXHAUSTIVE, &THREE_VOTES);
}

/// With four voters `channel-drain` has more than 100,000 executions within the bound.
#[test]
fn channel_votes_leave_nobody_of_three_behind() {
    for case in ["vote/channel-drain", "vote/channel-buffered", "vote/channel-done"] {
        holds(case, BOUNDED, &THREE_VOTES);
    }
}

#[test]
fn loop_goroutine_makes_four_calls() {
    holds("goroutine/loop", BOUNDED, &THREE_CALLS);
    holds("goroutine/loop", BOUNDED, &FOUR_CALLS);
}

#[test]
fn buffer_channels_keep_none_of_four_users_waiting() {
    for case in ["channel/buffer", "channel/buffer-notify-all"] {
        holds(case, BOUNDED, &THREE_USERS);
        holds(case, BOUNDED, &FOUR_USERS);
    }
}

#[test]
fn crawlers_fetch_each_page_once_with_four_goroutines() {
    holds("crawler/mutex", EXHAUSTIVE, &THREE_PAGES);
    holds("crawler/channel", EXHAUSTIVE, &THREE_PAGES);
    holds("crawler/channel-count-after", EXHAUSTIVE, &THREE_PAGES);
}

#[test]
fn mutex_crawlers_fetch_the_page_at_the_end_of_two_ways_once() {
    holds("crawler/mutex", BOUNDED, &FOUR_LINKS);
    holds("crawler/mutex-held", BOUNDED, &FOUR_LINKS);
}

#[test]
fn muxes_give_two_callers_their_replies() {
    holds("mux/delete", EXHAUSTIVE, &TWO_CALLS);
    holds("mux/delete", Strategy::Preemptions(1), &TWO_CALLERS);
}

#[test]
#[ignore = "long: see ci/long.sh"]
fn muxes_give_three_callers_their_replies() {
    holds("mux/delete", BOUNDED, &TWO_CALLERS);
    holds("mux/cancel", BOUNDED, &TWO_CALLERS);
    holds("mux/delete", BOUNDED, &THREE_CALLERS);
}

#[test]
fn replicated_clients_ask_three_servers() {
    for case in ["replicated/prefer", "replicated/timeouts", "replicated/capacity-enough"] {
        holds(case, BOUNDED, &THREE_SERVERS);
    }
    holds("replicated/prefer", BOUNDED, &TWO_CALLS_AT_ONCE);
}

#[test]
#[ignore = "long: see ci/long.sh"]
fn replicated_clients_ask_four_servers() {
    for case in ["replicated/prefer", "replicated/timeouts", "replicated/capacity-enough"] {
        holds(case, BOUNDED, &FOUR_SERVERS);
    }
}

/// The catalogue's own inputs, of which the suite explores what takes one preemption.
#[test]
#[ignore = "long: see ci/long.sh"]
fn pubsub_helpers_hold_with_two_preemptions() {
    for case in ["pubsub/helper", "pubsub/helper-remember"] {
        let input = find(case).expect("the catalogue has it").small.clone();
        holds(case, BOUNDED, &input);
    }
}

#[test]
fn rafts_hold_with_three_servers() {
    holds("raft/rpc", BOUNDED, &THREE_RAFTS);
    holds("raft/double-check", BOUNDED, &THREE_RAFTS);
}
