//! Which events at channels come before a thread's next step under every schedule that takes the same steps.
//!
//! loom's reduction sees an event on a token and no more. What is known here of its order spares events: a thread that
//! cannot go on yet, and missed nothing that it could have come before, need not say that it waits; and that a sender or
//! receiver is dropped is no event if whoever would have seen it did so, and did not see it, before that in any case.
//! Only what loom orders by its own events counts as an order: spawning, the end of a thread, channels. To know of less
//! than there is costs executions, and misses nothing.

use std::collections::BTreeMap;

use super::{Engine, static_edge};
use crate::{channel::terms::Side, world::clock::Clock};

#[derive(Default)]
pub(super) struct Order {
    /// The events that come before each thread's next step, its own among them.
    threads: Vec<Clock>,
    /// The edges of those who ended.
    ends: BTreeMap<usize, usize>,
    channels: BTreeMap<usize, Channel>,
}

#[derive(Default)]
struct Channel {
    /// Its events.
    past: Clock,
    /// The events that would have been others if the senders, or the receivers, had hung up before.
    looks: [Clock; 2],
    /// Those who hung up, where that was no event.
    dropped: [Clock; 2],
    /// The edges of those who hung up.
    gone: [Vec<usize>; 2],
}

impl Order {
    pub(super) fn reset(&mut self) {
        self.threads.clear();
        self.threads.push(Clock::default());
        self.ends.clear();
        self.channels.clear();
    }
}

impl Engine {
    /// A thread is spawned: it comes after all that its parent has done.
    pub(super) fn orders_spawn(&self, parent: usize) {
        let threads = &mut self.order.borrow_mut().threads;
        let clock = threads[parent].clone();
        threads.push(clock);
    }

    /// Whether waiting for the thread's end is no event of loom's: nobody can tell whether it came first. Where there is
    /// no channel, loom's own `join` is used, so that a program costs what it costs with loom alone.
    pub(crate) fn joins_silently(&self, thread: usize, ended: bool) -> bool {
        let order = self.order.borrow();
        !order.channels.is_empty() && (!ended || order.ends.contains_key(&thread))
    }

    /// From now on there is a channel.
    pub(crate) fn new_channel(&self, object: usize) {
        self.order.borrow_mut().channels.entry(object).or_default();
    }

    /// A thread ends: publishes what it did.
    pub(crate) fn release_end(&self, me: usize) {
        if !self.order.borrow().channels.is_empty() {
            let edge = self.new_edge();
            self.order.borrow_mut().ends.insert(me, edge);
        }
    }

    /// Whoever has waited for a thread's end sees what it did.
    pub(crate) fn acquire_end(&self, me: usize, thread: usize) {
        self.comes_after(me, thread);
        if let Some(&edge) = self.order.borrow().ends.get(&thread) {
            static_edge(edge).get();
        }
    }

    /// The thread comes after all that another one has done.
    pub(crate) fn comes_after(&self, me: usize, other: usize) {
        let threads = &mut self.order.borrow_mut().threads;
        let clock = threads[other].clone();
        threads[me].join(&clock);
    }

    /// One event at channels of two threads.
    pub(crate) fn meets(&self, me: usize, partner: usize) {
        self.comes_after(me, partner);
        self.comes_after(partner, me);
    }

    /// An event at a channel.
    pub(super) fn channel_event(&self, me: usize, object: usize) {
        let Order { threads, channels, .. } = &mut *self.order.borrow_mut();
        let channel = channels.entry(object).or_default();
        threads[me].tick(me);
        threads[me].join(&channel.past);
        channel.past.clone_from(&threads[me]);
    }

    /// Whether the thread's next step could have come before some event of the channel's.
    pub(super) fn missed(&self, me: usize, object: usize) -> bool {
        let Order { threads, channels, .. } = &*self.order.borrow();
        channels.get(&object).is_some_and(|channel| !channel.past.within(&threads[me]))
    }

    /// The thread's last event would have been another one if that side had hung up before.
    pub(crate) fn looks_at(&self, me: usize, object: usize, side: Side) {
        let Order { threads, channels, .. } = &mut *self.order.borrow_mut();
        channels.entry(object).or_default().looks[side as usize].join(&threads[me]);
    }

    /// Whether the thread could have hung up before some event that would have been another one then.
    pub(crate) fn was_looked_at(&self, me: usize, object: usize, side: Side) -> bool {
        let Order { threads, channels, .. } = &*self.order.borrow();
        channels.get(&object).is_some_and(|channel| !channel.looks[side as usize].within(&threads[me]))
    }

    /// The thread hangs up, which is no event of loom's.
    pub(crate) fn drops_silently(&self, me: usize, object: usize, side: Side) {
        let Order { threads, channels, .. } = &mut *self.order.borrow_mut();
        threads[me].tick(me);
        channels.entry(object).or_default().dropped[side as usize].join(&threads[me]);
    }

    /// Whether the thread's next step could have come before one who hung up, where that was no event.
    pub(crate) fn drops_apart(&self, me: usize, object: usize, side: Side) -> bool {
        let Order { threads, channels, .. } = &*self.order.borrow();
        channels.get(&object).is_some_and(|channel| !channel.dropped[side as usize].within(&threads[me]))
    }

    /// A sender or receiver is dropped: publishes what its owner did.
    pub(crate) fn release_gone(&self, object: usize, side: Side) {
        let edge = self.new_edge();
        self.order.borrow_mut().channels.entry(object).or_default().gone[side as usize].push(edge);
    }

    /// Whoever sees that they all have been: sees what their owners did.
    pub(crate) fn acquire_gone(&self, object: usize, side: Side) {
        if let Some(channel) = self.order.borrow().channels.get(&object) {
            channel.gone[side as usize].iter().for_each(|&edge| *static_edge(edge).get());
        }
    }
}
