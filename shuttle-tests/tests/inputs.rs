//! Inputs drawn by proptest: fixed variants hold with any, and the smallest that breaks a broken variant is the one in
//! the catalogue.
#![cfg(not(loom))]

use std::{cell::RefCell, cmp::Reverse, rc::Rc};

use proptest::{
    collection::vec,
    strategy::{NewTree, Strategy, ValueTree},
    test_runner::{Config, TestCaseError, TestError, TestRunner},
};
use raddle::{
    Coverage,
    Strategy::{Dpor, Random},
    patterns::{Case, Input, bank, cases, counter, crawler, kv, leak, quote, replicated, rpc, timer, vote},
};

use crate::common::{fixed, hold, named, runner};

#[test]
fn fixed_counters_hold_with_any_work() {
    hold(fixed(&counter::PATTERN), (vec(0..=4_usize, 0..=6), 0..=0_usize));
}

#[test]
fn fixed_banks_hold_with_any_transfers_and_audits() {
    hold(fixed(&bank::PATTERN), (vec(0..=4_usize, 0..=5), 0..=4_usize));
}

#[test]
fn fixed_votes_hold_with_any_votes() {
    hold(fixed(&vote::PATTERN), (vec(0..=1_usize, 0..=7), 0..=8_usize));
}

#[test]
fn fixed_goroutines_hold_with_any_work() {
    hold(named(&["goroutine/loop"]), (vec(1..=1_usize, 0..=7), 0..=0_usize));
    hold(named(&["goroutine/waitgroup"]), (vec(0..=3_usize, 0..=7), 0..=0_usize));
}

#[test]
fn channels_hold_with_any_number_of_values() {
    let ahead = |capacity: usize| {
        let received = vec(0..=3_usize, 0..=4);
        (received, 0..=capacity).prop_map(|(work, ahead)| (work.clone(), work.iter().sum::<usize>() + ahead))
    };
    hold(named(&["channel/unbuffered"]), ahead(0));
    hold(named(&["channel/buffered"]), ahead(1));
    hold(named(&["channel/producer-consumer"]), (vec(0..=4_usize, 0..=5), 0..=0_usize));
    hold(named(&["channel/wait"]), (vec(1..=1_usize, 0..=7), 0..=0_usize));
}

#[test]
fn fixed_buffers_hold_with_any_producers_and_consumers() {
    let inputs = (vec(0..=4_usize, 1..=4), 1..=4_usize).prop_map(|(puts, consumers)| {
        let values = puts.iter().sum::<usize>();
        let takes = (0..consumers).map(|consumer| (values + consumer) / consumers);
        (puts.iter().copied().chain(takes).collect(), puts.len())
    });
    hold(named(&["channel/buffer", "channel/buffer-notify-all"]), inputs);
}

#[test]
fn a_condition_variable_kicks_any_workers() {
    hold(named(&["channel/kick-condvar"]), (vec(0..=4_usize, 0..=5), 0..=0_usize));
}

#[test]
fn fixed_timers_hold_with_any_number_of_goroutines_and_looks() {
    hold(fixed(&timer::PATTERN), (vec(1..=1_usize, 0..=4), 0..=3_usize));
}

/// Any web, of which any pages may be missing.
#[test]
fn fixed_crawlers_fetch_any_web() {
    hold(fixed(&crawler::PATTERN), (vec(0..32_usize, 1..=5), 0..32_usize));
}

#[test]
fn fixed_scanners_read_any_text() {
    let texts = || vec(0..=3_usize, 0..=8);
    let pulling = ["quote/data-state", "quote/escape-flag", "quote/code-state"];
    hold(named(&pulling), (texts(), 0..=0_usize));
    hold(named(&["quote/explicit-state", "quote/closing"]), (texts(), 0..=3_usize));
    let complete = |(mut work, more): (Vec<usize>, usize)| {
        // A string begins with a quote; of two more quotes one ends it.
        work.insert(0, 0);
        work.extend([0, 0]);
        (work, more)
    };
    hold(named(&["quote/goroutine"]), (texts(), 0..=0_usize).prop_map(complete));
}

#[test]
fn whoever_is_told_is_not_left_behind() {
    hold(fixed(&leak::PATTERN), (vec(0..=4_usize, 0..=7), 0..=8_usize));
}

#[test]
fn fixed_muxes_give_any_callers_their_replies() {
    hold(named(&["mux/delete"]), (vec(0..=3_usize, 0..=5), 1..=1_usize));
    hold(named(&["mux/cancel"]), (vec(1..=1_usize, 0..=6), 1..=3_usize));
}

/// Any servers, of which one answers at least.
#[test]
fn fixed_clients_have_their_answers_whoever_hangs() {
    let answering = |(mut servers, at, calls): (Vec<usize>, usize, usize)| {
        servers.insert(at % (servers.len() + 1), 0);
        (servers, calls)
    };
    hold(fixed(&replicated::PATTERN), (vec(0..=1_usize, 0..=4), 0..=4_usize, 1..=3_usize).prop_map(answering));
}

#[test]
fn a_lock_for_the_whole_handler_is_right_for_any_calls_and_keys() {
    hold(fixed(&kv::PATTERN), (vec(0..=4_usize, 0..=4), 0..=3_usize));
}

#[test]
fn fixed_calls_run_once_for_any_clients_and_faults() {
    hold(fixed(&rpc::PATTERN), (vec(0..=3_usize, 0..=3), 0..=3_usize));
}

/// Inputs in the order of their size. A failing one is shrunk to the smallest that fails, without exception: where
/// proptest's own strategies take the first smaller input that fails for a step on the way, and may so be led to an
/// input that no single step makes smaller, this tries every smaller one, beginning with the smallest.
#[derive(Clone, Debug)]
struct Smallest(Rc<Vec<Input>>);

#[derive(Debug)]
struct Shrinking {
    inputs: Rc<Vec<Input>>,
    /// It fails, as far as is known.
    fails: usize,
    /// All below this one hold.
    next: usize,
    current: usize,
}

impl Strategy for Smallest {
    type Tree = Shrinking;
    type Value = Input;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Smallest> {
        let at = (0..self.0.len()).new_tree(runner)?.current();
        Ok(Shrinking { inputs: Rc::clone(&self.0), fails: at, next: 0, current: at })
    }
}

impl Shrinking {
    fn advance(&mut self) -> bool {
        let smaller = self.next < self.fails;
        self.current = if smaller { self.next } else { self.fails };
        self.next += usize::from(smaller);
        smaller
    }
}

impl ValueTree for Shrinking {
    type Value = Input;

    fn current(&self) -> Input {
        self.inputs[self.current].clone()
    }

    /// The current input fails.
    fn simplify(&mut self) -> bool {
        self.fails = self.current;
        self.advance()
    }

    /// The current input holds.
    fn complicate(&mut self) -> bool {
        self.advance()
    }
}

/// Every input of a case with up to three threads, in the order of its size, with which it would end if it were right.
fn inputs(case: &Case) -> Smallest {
    let buffer = case.variant.starts_with("buffer-");
    let (lengths, work, goals) = match (case.pattern, case.variant) {
        ("counter", _) => (1..=3, 1..=3, 0..=0),
        ("bank", _) => (1..=3, 1..=2, 0..=2),
        ("vote", _) => (1..=3, 0..=1, 1..=3),
        ("goroutine", "closure-race" | "closure-early") => (1..=1, 1..=1, 0..=0),
        ("goroutine", "bad" | "bad-race") => (1..=3, 1..=1, 0..=0),
        ("goroutine", "waitgroup-notify-one") => (1..=3, 0..=1, 0..=0),
        ("channel", "unbuffered-deadlock" | "unbuffered-spin") => (0..=0, 0..=0, 1..=2),
        ("channel", "wait-too-few" | "wait-too-many") => (1..=3, 1..=1, 0..=0),
        ("channel", "kick" | "kick-blocking" | "kick-slot") => (1..=3, 1..=2, 0..=0),
        ("channel", _) if buffer => (1..=3, 1..=2, 1..=2),
        ("timer", _) => (1..=2, 1..=1, 0..=1),
        ("crawler", _) => (1..=3, 0..=7, 0..=7),
        ("quote", "go-on") => (1..=3, 0..=2, 0..=1),
        ("quote", _) => (1..=3, 0..=2, 0..=0),
        ("mux", "unsolicited") => (1..=1, 1..=1, 1..=2),
        ("mux", _) => (1..=2, 1..=2, 1..=1),
        ("replicated", "prefer-race") => (1..=3, 0..=1, 1..=2),
        ("replicated", _) => (1..=3, 0..=1, 1..=1),
        ("leak", "dump") => (1..=3, 1..=1, 0..=0),
        ("leak", _) => (1..=3, 1..=1, 0..=3),
        ("raft", "apply-locked") => (0..=1, 1..=1, 1..=2),
        ("raft", _) => (1..=3, 0..=1, 0..=0),
        ("pubsub", "helper-resubscribe") => (2..=2, 0..=1, 0..=0),
        ("pubsub", _) => (0..=2, 0..=1, 0..=1),
        ("kv", _) => (1..=2, 1..=2, 1..=1),
        ("rpc", "no-eviction") => (1..=2, 1..=2, 0..=0),
        ("rpc", _) => (1..=1, 1..=2, 1..=1),
        ("schedule", "s1-small") => (1..=3, 0..=0, 0..=0),
        // A call of each server fails: without room for tasks, two tasks are too many even if none does.
        ("schedule", "s15" | "s16-small" | "s16-unbuffered") => (1..=2, 1..=1, 1..=2),
        ("schedule", _) => (1..=2, 0..=0, 1..=2),
        _ => panic!("nobody has said what an input of {} may be", case.name()),
    };
    let mut works: Vec<Vec<usize>> = vec![Vec::new()];
    let mut inputs = Vec::new();
    for length in 0..=*lengths.end() {
        if lengths.contains(&length) {
            inputs.extend(works.iter().flat_map(|w| goals.clone().map(|goal| Input { work: w.clone().into(), goal })));
        }
        works = works.iter().flat_map(|w| work.clone().map(|n| [&w[..], &[n]].concat())).collect();
    }
    if buffer {
        // As much is put in as is taken.
        let even = |input: &Input| {
            let (puts, takes) = input.work.split_at(input.goal.min(input.work.len()));
            puts.iter().sum::<usize>() == takes.iter().sum::<usize>()
        };
        inputs.retain(even);
    }
    if case.pattern == "crawler" {
        // Links lead to pages, and no page links to itself, unless that is what it takes.
        let own = case.variant == "channel-mark-late";
        inputs.retain(|input| {
            let links =
                |(page, links): (usize, &usize)| links >> input.work.len() == 0 && (own || links >> page & 1 == 0);
            input.work.iter().enumerate().all(links) && input.goal >> input.work.len() == 0
        });
    }
    if case.pattern == "quote" {
        // A string, or what is missing its last quote.
        inputs.retain(|input| {
            let mut text = quote::text(input);
            if case.variant == "stop-early" {
                text.push('"');
            }
            quote::matched(&text) == Some(text.len())
        });
    }
    if case.pattern == "replicated" {
        // If no server answers, no client has an answer.
        inputs.retain(|input| input.work.contains(&0));
    }
    if case.pattern == "raft" {
        // The servers are alike: those that start elections come first.
        inputs.retain(|input| input.work.is_sorted_by(|one, next| one >= next));
    }
    if case.pattern == "pubsub" && case.variant != "helper-resubscribe" {
        // One subscriber: with two there are more executions than can be explored.
        inputs.retain(|input| input.work.len() <= input.goal + 1);
    }
    if case.pattern == "vote" {
        // The simplest election of so many voters: everybody says yes, and every vote is needed.
        inputs.retain(|input| input.goal <= input.work.len());
        inputs.sort_by_key(|input| (input.work.len(), Reverse(vote::yes_votes(input)), Reverse(input.goal)));
    } else {
        inputs.sort_by_key(|input| (input.work.len(), input.work.iter().sum::<usize>() + input.goal));
    }
    Smallest(Rc::new(inputs))
}

/// Whether a case fails with an input: looked for in a thousand schedules, and then in all. `None` if those are too
/// many.
fn fails(case: &Case, input: &Input) -> Option<bool> {
    for check in [case.check(Random), case.check(Dpor).executions(20_000)] {
        let verdict = case.run(check, input).unwrap_or_else(|why| panic!("{}: {why}", case.name()));
        if !verdict.passed() {
            return Some(true);
        }
        if verdict.coverage == Coverage::Exhausted {
            return Some(false);
        }
    }
    None
}

#[test]
fn the_smallest_failing_input_is_the_catalogue_s() {
    for case in cases().filter(|case| case.broken()) {
        let inputs = inputs(case);
        let undecided = RefCell::new(Vec::new());
        let config = Config { cases: 100, max_shrink_iters: 100_000, failure_persistence: None, ..Config::default() };
        let shrunk = runner(config).run(&inputs, |input| match fails(case, &input) {
            Some(true) => Err(TestCaseError::fail("fails")),
            Some(false) => Ok(()),
            None => {
                undecided.borrow_mut().push(input);
                Ok(())
            }
        });
        let Err(TestError::Fail(_, smallest)) = shrunk else {
            panic!("{} holds with every input that was tried: {shrunk:?}", case.name());
        };
        assert_eq!(smallest, case.small, "{}: the smallest input that fails is not the catalogue's", case.name());
        let place = |input: &Input| inputs.0.iter().position(|other| other == input);
        let unsure: Vec<_> =
            undecided.borrow().iter().filter(|input| place(input) < place(&smallest)).cloned().collect();
        assert!(unsure.is_empty(), "{}: smaller inputs may fail too: {unsure:?}", case.name());
    }
}
