//! What the users of an object do.

use std::fmt;

use proptest::{collection::vec, option::weighted, strategy::BoxedStrategy, strategy::Strategy};

/// What the users of an object do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scenario<O> {
    /// By main, before the threads start: it is client 0.
    pub before: Vec<O>,
    /// By each thread, all at a time: clients 1, 2, ...
    pub threads: Vec<Vec<O>>,
    /// By main, after the threads have ended.
    pub after: Vec<O>,
}

impl<O: fmt::Debug> Scenario<O> {
    /// A name for its checks: tokens carry it, and what is not this scenario does not replay them.
    pub(super) fn name(&self, subject: String) -> String {
        format!("{subject} {:08x}", crc32fast::hash(format!("{self:?}").as_bytes()))
    }
}

impl<O: fmt::Debug> fmt::Display for Scenario<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "before: {:?}", self.before)?;
        for (thread, operations) in self.threads.iter().enumerate() {
            write!(f, "\nclient {}: {operations:?}", thread + 1)?;
        }
        write!(f, "\nafter: {:?}", self.after)
    }
}

/// How much is done in a scenario, at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) before: usize,
    pub(super) threads: usize,
    pub(super) operations: usize,
    pub(super) after: usize,
}

impl Size {
    /// Scenarios of these operations. Most have nearly as many as they may.
    pub(super) fn scenarios<O>(self, operations: &BoxedStrategy<O>) -> BoxedStrategy<Scenario<O>>
    where
        O: Clone + fmt::Debug + 'static,
    {
        let some = |most: usize| {
            let maybe = weighted(0.85, operations.clone());
            vec(maybe, most).prop_map(|all| all.into_iter().flatten().collect::<Vec<O>>()).boxed()
        };
        let threads = vec(some(self.operations), 1.min(self.threads)..=self.threads);
        (some(self.before), threads, some(self.after))
            .prop_map(|(before, mut threads, after)| {
                threads.retain(|operations| !operations.is_empty());
                Scenario { before, threads, after }
            })
            .boxed()
    }
}

/// The scenario without one of its threads, or one of its operations; or with less of it at a time.
pub(super) fn smaller<O: Clone>(scenario: &Scenario<O>) -> Vec<Scenario<O>> {
    let mut all = Vec::new();
    let mut add = |change: &dyn Fn(&mut Scenario<O>)| {
        let mut next = scenario.clone();
        change(&mut next);
        next.threads.retain(|operations| !operations.is_empty());
        all.push(next);
    };
    (0..scenario.threads.len()).for_each(|thread| add(&|next| drop(next.threads.remove(thread))));
    (0..scenario.before.len()).for_each(|at| add(&|next| drop(next.before.remove(at))));
    (0..scenario.after.len()).for_each(|at| add(&|next| drop(next.after.remove(at))));
    for (thread, operations) in scenario.threads.iter().enumerate() {
        (0..operations.len()).for_each(|at| add(&|next| drop(next.threads[thread].remove(at))));
    }
    for thread in 0..scenario.threads.len() {
        add(&|next| next.before.push(next.threads[thread].remove(0)));
        add(&|next| next.after.splice(0..0, next.threads[thread].pop()).for_each(drop));
    }
    all
}
