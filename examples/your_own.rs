//! A structure of your own: is it linearizable?
//!
//! The structure here is Treiber's stack (R. K. Treiber, "Systems programming: coping with parallelism", 1986): a list whose
//! head is swung by a compare-exchange. Nodes are places in an array, and one that has been popped is used again, as memory
//! is that an allocator has been given back.
//!
//! Three things make a test of it:
//!
//! 1. What does it do when nobody shares it? That is a [`Spec`](raddle::history::Spec). Here it is [`Stack`], which is there;
//!    `raddle::history::specs` has others, and one of your own is a state and a function.
//! 2. How is an operation of the specification done with it? That is a [`Subject`]: see below.
//! 3. `raddle::check_linearizable::<Stack<u8>, YourOwn>()`, in a test. It makes up what the threads do, and panics with what it
//!    finds. [`Linearizable`] is the same with choices; its `run_scenario` checks what has failed once and shall not again.
//!
//! ```console
//! $ cargo run --release --features model,history --example your_own      # the bug
//! $ cargo test --features model,history --example your_own               # and that the fix is one
//! ```
//!
//! **The bug.** A thread is about to pop: it has read the head, and which node comes next. It is preempted. Others pop that
//! head and the next node, and push something, for which they get the first node again. The head is what it was, so the
//! compare-exchange of the first thread succeeds, and makes a node the head that is on no stack any more: the head went
//! from A to B and back to A, and it did not notice.
//!
//! **The fix.** The head holds, next to the node, how often it has been changed. So it is never the same again.

use std::collections::VecDeque;

use raddle::{
    history::{
        Linearizable, Subject,
        specs::{Stack, StackAnswer, StackOperation},
    },
    sync::{
        Mutex,
        atomic::{AtomicU8, AtomicUsize, Ordering::SeqCst},
    },
};

/// Nodes that there are: as many as a scenario has operations.
const NODES: usize = 16;
/// No node.
const NIL: usize = NODES;

/// A node of the list. The program may read one that another thread has popped meanwhile, so all of it is atomic.
struct Node {
    value: AtomicU8,
    next: AtomicUsize,
}

/// The stack. `TAGGED`: its head counts its changes.
struct Treiber<const TAGGED: bool> {
    /// The topmost node; above it, if it is tagged, how often that has been changed.
    head: AtomicUsize,
    nodes: [Node; NODES],
    /// Stands for the allocator: nodes that were popped, to be used again in this order, and how many were ever used.
    free: Mutex<(VecDeque<usize>, usize)>,
}

impl<const TAGGED: bool> Treiber<TAGGED> {
    /// The node that a head points at.
    fn node(head: usize) -> usize {
        head % (NODES + 1)
    }

    /// Swings the head from what was read there to a node, unless it has changed.
    fn swing(&self, head: usize, node: usize) -> bool {
        let changes = if TAGGED { head / (NODES + 1) + 1 } else { 0 };
        self.head.compare_exchange(head, changes * (NODES + 1) + node, SeqCst, SeqCst).is_ok()
    }

    fn allocate(&self) -> usize {
        let (free, used) = &mut *self.free.lock().unwrap();
        free.pop_front().unwrap_or_else(|| {
            *used += 1;
            *used - 1
        })
    }

    fn push(&self, value: u8) {
        let node = self.allocate();
        self.nodes[node].value.store(value, SeqCst);
        loop {
            let head = self.head.load(SeqCst);
            self.nodes[node].next.store(Self::node(head), SeqCst);
            if self.swing(head, node) {
                return;
            }
        }
    }

    fn pop(&self) -> Option<u8> {
        loop {
            let head = self.head.load(SeqCst);
            let node = Self::node(head);
            if node == NIL {
                return None;
            }
            // Here others may pop the node, and push it again.
            let next = self.nodes[node].next.load(SeqCst);
            if self.swing(head, next) {
                let value = self.nodes[node].value.load(SeqCst);
                self.free.lock().unwrap().0.push_back(node);
                return Some(value);
            }
        }
    }
}

/// How the operations of the specification are done with it.
impl<const TAGGED: bool> Subject<Stack<u8>> for Treiber<TAGGED> {
    fn new() -> Self {
        Treiber {
            head: AtomicUsize::new(NIL),
            nodes: [const { Node { value: AtomicU8::new(0), next: AtomicUsize::new(NIL) } }; NODES],
            free: Mutex::default(),
        }
    }

    fn apply(&self, operation: &StackOperation<u8>) -> StackAnswer<u8> {
        match *operation {
            StackOperation::Pop => self.pop().map_or(StackAnswer::Empty, StackAnswer::Popped),
            StackOperation::Push(value) => {
                self.push(value);
                StackAnswer::Pushed
            }
        }
    }
}

fn main() {
    // With default limits, `raddle::check_linearizable::<Stack<u8>, Treiber<false>>()` panics with what is printed here.
    match Linearizable::<Stack<u8>, Treiber<false>>::new().threads(2).run() {
        Ok(Ok(passed)) => println!("{passed}"),
        Ok(Err(counterexample)) => println!("{counterexample}"),
        Err(why) => eprintln!("Treiber's stack could not be checked: {why}"),
    }
}

// loom takes `SeqCst` for `AcqRel`, with which a load may be late: what it says of atomics is not what is asked here.
#[cfg(all(test, not(loom)))]
mod tests {
    use raddle::history::Scenario;

    use super::*;
    use StackOperation::{Pop, Push};

    /// Two nodes; a thread pops, and the other one pops both, and pushes.
    fn a_b_a() -> Scenario<StackOperation<u8>> {
        Scenario { before: vec![Push(1), Push(2)], threads: vec![vec![Pop], vec![Pop, Pop, Push(3)]], after: vec![Pop] }
    }

    #[test]
    fn the_bug_is_found_and_shown_as_small_as_it_can_be() {
        let found = Linearizable::<Stack<u8>, Treiber<false>>::new().threads(2).run().unwrap().unwrap_err();
        let Scenario { before, threads, after } = &found.scenario;
        assert!(matches!(before[..], [Push(_), Push(_)]), "{found}");
        // The one that is preempted in a pop, and the one that makes it A, B, A.
        let sizes = (threads.iter().map(Vec::len).min(), threads.iter().map(Vec::len).max());
        assert!(threads.len() == 2 && sizes.1 == Some(3), "{found}");
        assert!(threads.iter().any(|operations| matches!(operations[..], [Pop, Pop, Push(_)])), "{found}");
        // Something is popped that was popped already.
        assert_eq!(sizes.0.unwrap() + after.len(), 2, "{found}");
        assert_eq!(found.refutation.unwrap().operation.operation, Pop);
    }

    #[test]
    fn it_is_the_one_of_the_textbook() {
        let found = Linearizable::<Stack<u8>, Treiber<false>>::new().run_scenario(a_b_a()).unwrap().unwrap_err();
        assert_eq!(found.scenario, a_b_a(), "nothing can be left out: {found}");
    }

    #[test]
    fn with_a_tag_every_schedule_of_it_is_linearizable() {
        let check = Linearizable::<Stack<u8>, Treiber<true>>::new().executions(100_000);
        let passed = check.run_scenario(a_b_a()).unwrap().unwrap_or_else(|counterexample| panic!("{counterexample}"));
        assert_eq!(passed.exhausted, 1, "{passed}");
    }

    #[test]
    fn with_a_tag_no_scenario_fails() {
        let passed = Linearizable::<Stack<u8>, Treiber<true>>::new().threads(2).executions(500).schedules(50).run();
        let passed = passed.unwrap().unwrap_or_else(|counterexample| panic!("{counterexample}"));
        assert!(passed.scenarios == 64 && passed.exhausted > 20, "{passed}");
    }
}
