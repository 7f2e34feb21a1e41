//! The tree of a search that is explored in several parts at a time.
//!
//! A [`Dpor`] searches one part of the tree, depth first: what begins with the nodes before its floor. Those are *shared*.
//! In a round every search goes on for a while, and no search sees what another one does: where one finds that a shared
//! node has to try something, it says so, and that is noted after the round, in the order of the searches. If there are
//! fewer than there may be, new ones begin between two rounds, where a shared node has something left to try; if none has,
//! searches that go on hand over what they would try next at the first of their own nodes where there is something, which
//! so becomes shared. Therefore nothing depends on who runs a search, nor on how long that takes, and what is remembered
//! grows with the depth of the tree, not with its size.
//!
//! The siblings at a node sleep in those that begin after them, whether or not they have been explored by then: they will
//! be. What their steps touch has to be known by then, or it would not be known what wakes them. So each class has one complete execution, as if the tree were searched by one alone.

use std::{cell::RefCell, rc::Rc};

use super::{Dpor, node::Node};

/// Nodes that the paths of all searches may have together. Where executions are that long, there are fewer searches.
const MOST_NODES: usize = 1 << 20;

/// A node that several searches come through. Its pick is the last that has been begun.
type Shared = Rc<RefCell<Node>>;

pub(crate) struct Frontier {
    /// How many searches there may be.
    most: usize,
    parts: Vec<Part>,
    /// Shared nodes that have something left to try, the deepest last as a rule.
    open: Vec<Open>,
    /// See [`Dpor::wakes`].
    wakes: bool,
}

/// What one search explores.
struct Part {
    search: Dpor,
    /// The nodes before its floor.
    shared: Vec<Shared>,
}

/// A shared node that has something left to try.
struct Open {
    /// What has been decided before it.
    path: Vec<Node>,
    /// The nodes on that way, and itself.
    shared: Vec<Shared>,
}

impl Open {
    /// Whether what is left may be begun: it is known what wakes those who have been tried.
    fn ready(&self) -> bool {
        let node = self.shared.last().expect("it is shared itself");
        match &*node.borrow() {
            Node::Choice { .. } => true,
            // Once nobody searches behind it, nothing is to be learned of it any more.
            Node::Pick(pick) => pick.known || Rc::strong_count(node) == 1,
        }
    }
}

impl Part {
    /// Hands over the first of its own nodes that has something left to try, with those before it.
    fn share(&mut self) -> Option<Open> {
        let Dpor { path, floor, .. } = &mut self.search;
        let at = (*floor..path.len()).find(|&at| path[at].left() > 0)?;
        self.shared.extend(path[*floor..=at].iter().map(|node| Rc::new(RefCell::new(node.clone()))));
        *floor = at + 1;
        Some(Open { path: path[..at].to_vec(), shared: self.shared.clone() })
    }

    /// Tells what it has learned of the steps at shared nodes, where they are those that were begun last.
    fn tell(&self, search: &Dpor) {
        for (mine, shared) in search.path.iter().zip(&self.shared) {
            if let (Node::Pick(mine), Node::Pick(shared)) = (mine, &mut *shared.borrow_mut())
                && mine.picked == shared.picked
            {
                shared.touched.extend(&mine.touched);
                shared.known |= mine.known;
            }
        }
    }

    /// Learns what others have found is to be tried. Who sleeps does not change: those that began later sleep elsewhere.
    fn refresh(&mut self) {
        for (mine, shared) in self.search.path.iter_mut().zip(&self.shared) {
            if let (Node::Pick(mine), Node::Pick(shared)) = (mine, &*shared.borrow())
                && mine.backtrack.len() != shared.backtrack.len()
            {
                mine.backtrack.clone_from(&shared.backtrack);
            }
        }
    }
}

impl Frontier {
    /// All of the tree, for one search to begin with.
    pub(crate) fn new(most: usize) -> Frontier {
        let all = Part { search: Dpor::default(), shared: Vec::new() };
        Frontier { most, parts: vec![all], open: Vec::new(), wakes: false }
    }

    /// The searches of the next round, each with its share of the tree; none if nothing is left.
    pub(crate) fn round(&mut self) -> Vec<(Dpor, f64)> {
        let longest = self.parts.iter().map(|part| part.search.path.len()).max().unwrap_or(0);
        let most = self.most.min(MOST_NODES / (longest + 1)).max(1);
        self.begin(most);
        for at in 0..self.parts.len() {
            if self.parts.len() < most && !self.open.iter().any(Open::ready) {
                self.open.extend(self.parts[at].share());
                self.begin(most);
            }
        }
        self.parts.iter_mut().for_each(Part::refresh);
        let shares: Vec<f64> = self.parts.iter().map(|part| share(&part.shared)).collect();
        self.parts.iter_mut().map(|part| std::mem::take(&mut part.search)).zip(shares).collect()
    }

    /// Begins searches where something is left to try.
    fn begin(&mut self, most: usize) {
        while self.parts.len() < most
            && let Some(at) = self.open.iter().rposition(Open::ready)
        {
            let Open { path, shared } = &self.open[at];
            let mut node = shared.last().expect("it is shared itself").borrow_mut();
            let begun = node.advance(None, &mut false);
            debug_assert!(begun, "it has something left to try");
            let path: Vec<Node> = path.iter().chain([&*node]).cloned().collect();
            let all = node.left() == 0;
            drop(node);
            let search = Dpor { floor: path.len(), path, wakes: self.wakes, ..Dpor::default() };
            self.parts.push(Part { search, shared: shared.clone() });
            if all {
                self.open.remove(at);
            }
        }
    }

    /// The searches of a round come back, each with whether it has something left.
    pub(crate) fn merge(&mut self, searches: impl Iterator<Item = (Dpor, bool)>) {
        let mut parts = std::mem::take(&mut self.parts).into_iter();
        for (mut search, left) in searches {
            let mut part = parts.next().expect("every search is a part's");
            self.wakes |= search.wakes;
            part.tell(&search);
            for (at, first) in std::mem::take(&mut search.asked) {
                let mut node = part.shared[at].borrow_mut();
                let all = node.left() == 0;
                let Node::Pick(pick) = &mut *node else { unreachable!("a thread is asked for where one is picked") };
                pick.ask(&first);
                if all && node.left() > 0 {
                    let (path, shared) = (search.path[..at].to_vec(), part.shared[..=at].to_vec());
                    self.open.push(Open { path, shared });
                }
            }
            part.search = search;
            if left {
                self.parts.push(part);
            }
        }
    }

    /// How much of the tree has been explored, of 1: every branch of a node counts alike, as far as is known.
    pub(crate) fn done(&self) -> f64 {
        let parts = self.parts.iter().map(|part| share(&part.shared) * super::Search::left(&part.search));
        let open = self.open.iter().map(|open| {
            let left = open.shared.last().map_or(0, |node| node.borrow().left());
            share(&open.shared) * left as f64
        });
        1.0 - parts.chain(open).sum::<f64>()
    }
}

/// What part of the tree begins with these nodes.
fn share(shared: &[Shared]) -> f64 {
    shared.iter().map(|node| 1.0 / node.borrow().branches() as f64).product()
}
