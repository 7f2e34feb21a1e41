//! The search for an order that explains a history.
//!
//! J. M. Wing and C. Gong, "Testing and verifying concurrent objects", 1993; G. Lowe, "Testing for linearizability", 2016.

use std::collections::{BTreeMap, HashSet};

use super::{Call, Consistency, Decision, Placed, Refutation, Spec};

/// Configurations that a history may take unless another limit is given.
pub const CONFIGURATIONS: u64 = 1_000_000;

/// What a search has found: places in the calls that it was given.
enum Found {
    /// An order of all that have returned, and of those that are pending as many as it takes.
    Order(Vec<usize>),
    /// There is none. The longest that there is of a part of them.
    None(Vec<usize>),
    /// The limit was reached.
    Limit,
}

/// Where the search has been led by one more operation.
struct Point<S: Spec> {
    state: S::State,
    /// The lanes whose next operations are still to be tried here, the first one last.
    lanes: Vec<usize>,
}

/// Operations that come one after the other, in each lane; lanes have nothing to do with each other but for time.
struct Search<'a, S: Spec> {
    calls: &'a [&'a Call<S::Operation, S::Answer>],
    lanes: Vec<Vec<usize>>,
    /// How many of each lane are placed.
    placed: Vec<u32>,
    /// Whether what has returned comes before what is invoked later.
    real_time: bool,
}

impl<S: Spec> Search<'_, S> {
    fn next(&self, lane: usize) -> Option<usize> {
        self.lanes[lane].get(self.placed[lane] as usize).copied()
    }

    /// The lanes whose next operation may be the next of all. What returns first is tried first, for something has to be
    /// placed before that; what is pending, last.
    fn candidates(&self) -> Vec<usize> {
        let returned = |call: usize| self.calls[call].returned.unwrap_or(usize::MAX);
        let next = || (0..self.lanes.len()).filter_map(|lane| Some((lane, self.next(lane)?)));
        // No later operation of a lane returns sooner.
        let first = next().map(|(_, call)| returned(call)).min().unwrap_or(usize::MAX);
        let may_come = |call: usize| !self.real_time || self.calls[call].invoked < first;
        let mut all: Vec<(usize, usize)> = next().filter(|(_, call)| may_come(*call)).collect();
        all.sort_by_key(|(lane, call)| std::cmp::Reverse((returned(*call), *lane)));
        all.into_iter().map(|(lane, _)| lane).collect()
    }

    fn run(mut self, budget: &mut u64) -> Found {
        let has_returned = |call: usize| usize::from(self.calls[call].returned.is_some());
        let mut left: usize = (0..self.calls.len()).map(has_returned).sum();
        let mut points: Vec<Point<S>> = vec![Point { state: S::initial(), lanes: self.candidates() }];
        // The lanes of what is placed, and what that is.
        let mut order: Vec<(usize, usize)> = Vec::new();
        let mut longest: Vec<usize> = Vec::new();
        let mut seen: HashSet<(Box<[u32]>, S::State)> = HashSet::new();
        let calls = |order: &[(usize, usize)]| order.iter().map(|(_, call)| *call).collect();
        while left > 0 {
            let Some(point) = points.last_mut() else { return Found::None(longest) };
            let Some(lane) = point.lanes.pop() else {
                if order.len() > longest.len() {
                    longest = calls(&order);
                }
                points.pop();
                if let Some((lane, call)) = order.pop() {
                    self.placed[lane] -= 1;
                    left += has_returned(call);
                }
                continue;
            };
            let call = self.lanes[lane][self.placed[lane] as usize];
            let mut state = point.state.clone();
            let answer = S::apply(&mut state, &self.calls[call].operation);
            if self.calls[call].answer.as_ref().is_some_and(|recorded| *recorded != answer) {
                continue;
            }
            self.placed[lane] += 1;
            if !seen.insert((self.placed.as_slice().into(), state.clone())) {
                self.placed[lane] -= 1;
                continue;
            }
            if *budget == 0 {
                return Found::Limit;
            }
            *budget -= 1;
            left -= has_returned(call);
            order.push((lane, call));
            points.push(Point { state, lanes: self.candidates() });
        }
        Found::Order(calls(&order))
    }
}

/// An order that keeps to real time.
fn in_real_time<S: Spec>(calls: &[&Call<S::Operation, S::Answer>], budget: &mut u64) -> Found {
    // Operations that do not overlap have an order, whosever they are: so there are only as many lanes as operations at
    // a time.
    let mut lanes: Vec<Vec<usize>> = Vec::new();
    for (number, call) in calls.iter().enumerate() {
        let over = |lane: &&mut Vec<usize>| {
            lane.last().is_some_and(|last| calls[*last].returned.is_some_and(|at| at < call.invoked))
        };
        match lanes.iter_mut().find(over) {
            Some(lane) => lane.push(number),
            None => lanes.push(vec![number]),
        }
    }
    Search::<S> { calls, placed: vec![0; lanes.len()], lanes, real_time: true }.run(budget)
}

/// Whether the calls, in the order of their invocations, are linearizable.
pub(super) fn linearizable<S: Spec>(
    calls: &[Call<S::Operation, S::Answer>],
    configurations: u64,
) -> Decision<S::Operation, S::Answer> {
    let mut budget = configurations;
    let mut unknown = false;
    // Each operation with its moment: one after all that is placed before it in its part has begun. What is placed later
    // has not returned by then, so the moments make one order of those of all parts.
    let mut moments: Vec<(usize, usize)> = Vec::new();
    for part in parts::<S>(calls) {
        let of_part: Vec<_> = part.iter().map(|call| &calls[*call]).collect();
        match in_real_time::<S>(&of_part, &mut budget) {
            Found::Order(order) => {
                let mut moment = 0;
                for call in order {
                    moment = moment.max(of_part[call].invoked);
                    moments.push((moment, part[call]));
                }
            }
            Found::None(_) => return Decision::Fails(Box::new(refute::<S>(&of_part, configurations))),
            Found::Limit => unknown = true,
        }
    }
    if unknown {
        return Decision::Unknown { configurations };
    }
    moments.sort_by_key(|(moment, _)| *moment);
    Decision::Holds { order: moments.into_iter().map(|(_, call)| call).collect() }
}

/// The calls by part, those with the fewest first: what is small is decided whatever the limit.
fn parts<S: Spec>(calls: &[Call<S::Operation, S::Answer>]) -> Vec<Vec<usize>> {
    let mut parts: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (number, call) in calls.iter().enumerate() {
        match S::part(&call.operation) {
            Some(part) => parts.entry(part).or_default().push(number),
            None => return vec![(0..calls.len()).collect()],
        }
    }
    let mut parts: Vec<Vec<usize>> = parts.into_values().collect();
    parts.sort_by_key(Vec::len);
    parts
}

/// Why calls are not linearizable. If a history is linearizable then so is each of its prefixes, so the longest that is can
/// be found by halving.
fn refute<S: Spec>(
    calls: &[&Call<S::Operation, S::Answer>],
    configurations: u64,
) -> Refutation<S::Operation, S::Answer> {
    let mut returns: Vec<(usize, usize)> =
        calls.iter().enumerate().filter_map(|(number, call)| Some((call.returned?, number))).collect();
    returns.sort_unstable();
    let order_of = |prefix: &[Call<S::Operation, S::Answer>]| match in_real_time::<S>(
        &prefix.iter().collect::<Vec<_>>(),
        &mut configurations.clone(),
    ) {
        Found::Order(order) => Some(order),
        Found::None(_) | Found::Limit => None,
    };
    // Up to the first of these returns there is an order; up to the one after the last there is none.
    let (mut least, mut most) = (0, returns.len() - 1);
    let (mut prefix, mut order) = (before(calls, returns[0].0), Vec::new());
    while least < most {
        let middle = least + (most - least).div_ceil(2);
        let longer = before(calls, returns[middle].0);
        match order_of(&longer) {
            Some(found) => (least, prefix, order) = (middle, longer, found),
            None => most = middle - 1,
        }
    }
    let operation = calls[returns[least].1];
    refutation::<S>(Consistency::Linearizable, prefix, order, operation.clone())
}

/// What had been seen before a moment.
fn before<O: Clone, A: Clone>(calls: &[&Call<O, A>], moment: usize) -> Vec<Call<O, A>> {
    let begun = calls.iter().filter(|call| call.invoked < moment);
    let seen = begun.map(|&call| match call.returned {
        Some(at) if at >= moment => Call { answer: None, returned: None, ..call.clone() },
        _ => call.clone(),
    });
    seen.collect()
}

fn refutation<S: Spec>(
    consistency: Consistency,
    prefix: Vec<Call<S::Operation, S::Answer>>,
    order: Vec<usize>,
    operation: Call<S::Operation, S::Answer>,
) -> Refutation<S::Operation, S::Answer> {
    let mut state = S::initial();
    let placed = |call| Placed { call, answer: S::apply(&mut state, &prefix[call].operation) };
    let order: Vec<Placed<S::Answer>> = order.into_iter().map(placed).collect();
    // It may have been placed while it was pending, to be answered in another way.
    let early = order.iter().find(|placed| prefix[placed.call].invoked == operation.invoked);
    let would_answer = early.map_or_else(|| S::apply(&mut state, &operation.operation), |placed| placed.answer.clone());
    Refutation { consistency, prefix, order, operation, would_answer }
}

/// Whether the calls, in the order of their invocations, are sequentially consistent.
pub(super) fn sequential<S: Spec>(
    calls: &[Call<S::Operation, S::Answer>],
    configurations: u64,
) -> Decision<S::Operation, S::Answer> {
    let mut clients: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (number, call) in calls.iter().enumerate() {
        clients.entry(call.client).or_default().push(number);
    }
    let all: Vec<_> = calls.iter().collect();
    let lanes: Vec<Vec<usize>> = clients.into_values().collect();
    let search = Search::<S> { calls: &all, placed: vec![0; lanes.len()], lanes, real_time: false };
    match search.run(&mut configurations.clone()) {
        Found::Order(order) => Decision::Holds { order },
        Found::Limit => Decision::Unknown { configurations },
        Found::None(longest) => {
            let is_placed = |call: &usize| longest.contains(call);
            let rest = (0..calls.len()).filter(|call| !is_placed(call));
            // Each client's first is what could come next, and the first of all is one of them.
            let stuck = rest.into_iter().find(|call| calls[*call].returned.is_some());
            let stuck = stuck.expect("an order of all that have returned would have been found");
            let mut placed: Vec<usize> = longest.clone();
            placed.sort_unstable();
            let prefix = placed.iter().map(|call| calls[*call].clone()).collect();
            let order = longest.iter().map(|call| placed.binary_search(call).expect("it is placed")).collect();
            Decision::Fails(Box::new(refutation::<S>(Consistency::Sequential, prefix, order, calls[stuck].clone())))
        }
    }
}
