//! Channels on real threads: one lock for all of them, and queues of those who wait. Right, not fast.
//!
//! Go's channels are these outside any model; in a run of a model on real threads every channel that the run makes is,
//! so that the run sees who waits at it.
//!
//! An operation looks, under the lock, for an arm that can be taken, and takes it. If there is none, it joins the queues
//! of all its arms, and sleeps. Whoever changes a channel tells those who wait there: that an arm of theirs *has been*
//! taken, where two threads meet, or that one *may* be ready, and then they look again and compete. It tells them before
//! it lets go of the lock, and wakes them afterwards. Who looks in vain is in the queues before it lets go of the lock. So
//! no change is missed.
//!
//! Messages are not here, only their *tickets*: no destructor runs under the lock. A select takes its arm before its
//! message is known; the place of such a message is *promised*, and whoever has received it waits until it is there.

mod waiter;

use std::{
    collections::{BTreeMap, VecDeque},
    panic::Location,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use self::waiter::{Waiter, sleep, wake};
use super::terms::{Asked, How, Kind, Outcome, Patience, Rules, Side, Timer};
use crate::time::Instant;
#[cfg(raddle_model)]
use crate::world::{
    binding::Binding,
    event::{ObjectKind, ObjectRef},
    real,
};

/// Held by whoever looks at, or changes, any channel.
static CHANNELS: Mutex<()> = Mutex::new(());

type Held = MutexGuard<'static, ()>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the next message is known by.
pub(crate) fn ticket() -> u64 {
    static TICKETS: AtomicU64 = AtomicU64::new(1);
    TICKETS.fetch_add(1, Relaxed)
}

/// A channel.
pub(crate) struct Channel {
    /// `None` if it is unbounded.
    capacity: Option<usize>,
    rules: Rules,
    state: Mutex<State>,
    /// The run whose threads alone use it.
    #[cfg(raddle_model)]
    binding: Binding,
}

/// One operation that a thread would do.
pub(crate) type Arm<'a> = (&'a Channel, Side);

struct State {
    /// Tickets of the messages, oldest first.
    queue: VecDeque<u64>,
    /// Messages whose places are taken and that are not there yet, and who waits for them.
    promised: BTreeMap<u64, Option<Arc<Waiter>>>,
    /// How many senders and receivers there are.
    handles: [usize; 2],
    /// Who waits to send, and to receive, and with which arm.
    waiting: [VecDeque<(Arc<Waiter>, usize)>; 2],
    timer: Option<Timer>,
}

/// A way in which an arm could be taken.
#[derive(Clone, Copy)]
enum Way {
    /// There is room.
    Put,
    /// There is a message.
    Take,
    /// Another thread waits to do the opposite.
    Meet,
    HungUp,
    /// The timer is due.
    Fire,
}

/// The arms in any order.
fn shuffled(arms: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..arms).collect();
    for left in (2..=arms).rev() {
        order.swap(left - 1, crate::choice::random() % left);
    }
    order
}

/// A thread in the queues of its arms, until it leaves them. It may unwind instead of waking.
struct Queued<'a> {
    arms: &'a [Arm<'a>],
    waiter: Arc<Waiter>,
    left: bool,
}

impl Queued<'_> {
    fn leave(&mut self) {
        self.left = true;
        for (channel, side) in self.arms {
            lock(&channel.state).waiting[*side as usize].retain(|(waiter, _)| !Arc::ptr_eq(waiter, &self.waiter));
        }
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        if !self.left {
            let held = lock(&CHANNELS);
            self.leave();
            drop(held);
            // What it was to send is not going to come.
            if let Some((arm, How::Sent)) = self.waiter.made() {
                self.arms[arm].0.fill(self.waiter.ticket);
            }
        }
    }
}

/// Does one of the operations, waits until one can be done, or gives up.
pub(crate) fn deal(arms: &[Arm<'_>], asked: &Asked) -> Outcome {
    #[cfg(raddle_model)]
    for (channel, _) in arms {
        channel.object();
    }
    let order = if asked.biased { (0..arms.len()).collect() } else { shuffled(arms.len()) };
    let mut held = lock(&CHANNELS);
    let mut queued: Option<Queued<'_>> = None;
    loop {
        let me = queued.as_ref().map(|queued| &queued.waiter);
        let mut told = Vec::new();
        let outcome = match me.and_then(|me| me.made()) {
            Some(made) => Some(made),
            None => {
                let ready = |&at: &usize| arms[at].0.way(arms[at].1, me).map(|way| (at, way));
                order.iter().find_map(ready).map(|(at, way)| match asked.looks {
                    true => (at, How::Seen),
                    false => (at, arms[at].0.take(arms[at].1, way, asked, me, &mut told)),
                })
            }
        };
        let until = match asked.patience {
            Patience::Until(until) if until.is_none_or(|until| Instant::now() < until) => Some(until),
            _ => None,
        };
        let Some(until) = until.filter(|_| outcome.is_none()) else {
            queued.iter_mut().for_each(Queued::leave);
            drop(held);
            wake(told);
            return outcome;
        };
        let queued = queued.get_or_insert_with(|| Queued::new(arms, &order, asked, &mut told));
        wake(told);
        let due = arms.iter().filter_map(|(channel, side)| channel.due(*side)).chain(until).min();
        held = sleep(held, &queued.waiter, arms, due, asked);
        lock(&queued.waiter.told).changed = false;
    }
}

impl<'a> Queued<'a> {
    /// Joins the queues. Those who only look, and wait to see the opposite come, are told.
    fn new(arms: &'a [Arm<'a>], order: &[usize], asked: &Asked, told: &mut Vec<Arc<Waiter>>) -> Queued<'a> {
        let waiter = Waiter::new(asked);
        for &at in order {
            let (channel, side) = arms[at];
            let state = &mut *lock(&channel.state);
            state.waiting[side as usize].push_back((Arc::clone(&waiter), at));
            if !asked.looks && channel.meeting_place() {
                state.tell(side.other(), |waiter| waiter.looks, told);
            }
        }
        Queued { arms, waiter, left: false }
    }
}

impl State {
    /// A side with no handle left has hung up, but time never does.
    fn hung_up(&self, side: Side) -> bool {
        self.handles[side as usize] == 0 && self.timer.is_none()
    }

    fn is_due(&self) -> bool {
        self.timer.and_then(|timer| timer.due).is_some_and(|due| due <= Instant::now())
    }

    /// Who has waited longest to do `side`, and can still be met: nobody once the channel is closed.
    fn partner(&self, side: Side, me: Option<&Arc<Waiter>>) -> Option<&(Arc<Waiter>, usize)> {
        let can_be_met = |(waiter, _): &&(Arc<Waiter>, usize)| {
            !waiter.looks && me.is_none_or(|me| !Arc::ptr_eq(me, waiter)) && waiter.made().is_none()
        };
        self.waiting[side as usize].iter().find(can_be_met).filter(|_| !self.hung_up(side.other()))
    }

    /// Takes an arm for a thread that waits for it.
    fn serve(&mut self, (waiter, arm): &(Arc<Waiter>, usize), how: How, told: &mut Vec<Arc<Waiter>>) {
        if how == How::Sent && !waiter.given {
            self.promised.insert(waiter.ticket, None);
        }
        lock(&waiter.told).made = Some((*arm, how));
        told.push(Arc::clone(waiter));
    }

    /// Something has changed for those who wait to do `side`.
    fn tell(&self, side: Side, whom: impl Fn(&Waiter) -> bool, told: &mut Vec<Arc<Waiter>>) {
        for (waiter, _) in self.waiting[side as usize].iter().filter(|(waiter, _)| whom(waiter)) {
            lock(&waiter.told).changed = true;
            told.push(Arc::clone(waiter));
        }
    }

    /// The same for all who wait.
    fn tell_all(&self, told: &mut Vec<Arc<Waiter>>) {
        self.tell(Side::Send, |_| true, told);
        self.tell(Side::Receive, |_| true, told);
    }
}

impl Channel {
    /// With a sender and a receiver.
    pub(crate) fn new(capacity: Option<usize>, rules: Rules, timer: Option<Timer>) -> Channel {
        let channel = Channel {
            capacity,
            rules,
            state: Mutex::new(State {
                queue: VecDeque::new(),
                promised: BTreeMap::new(),
                handles: [1, 1],
                waiting: Default::default(),
                timer,
            }),
            #[cfg(raddle_model)]
            binding: Binding::new(),
        };
        #[cfg(raddle_model)]
        channel.object();
        channel
    }

    /// The channel as an object of the calling thread's run, if it is that run's alone.
    #[cfg(raddle_model)]
    fn object(&self) -> Option<ObjectRef> {
        real::object(&self.binding, ObjectKind::Channel)
    }

    /// Whether threads may meet here, rather than leave messages for each other.
    fn meeting_place(&self) -> bool {
        self.capacity == Some(0) || self.rules == Rules::HandOver
    }

    /// How the arm could be taken now.
    fn way(&self, side: Side, me: Option<&Arc<Waiter>>) -> Option<Way> {
        let state = lock(&self.state);
        match side {
            Side::Send if state.hung_up(Side::Receive) => Some(Way::HungUp),
            Side::Send if self.meeting_place() && state.partner(Side::Receive, me).is_some() => Some(Way::Meet),
            Side::Send => self.capacity.is_none_or(|capacity| state.queue.len() < capacity).then_some(Way::Put),
            Side::Receive if state.timer.is_some() => state.is_due().then_some(Way::Fire),
            Side::Receive if !state.queue.is_empty() => Some(Way::Take),
            Side::Receive if self.meeting_place() && state.partner(Side::Send, me).is_some() => Some(Way::Meet),
            Side::Receive => state.hung_up(Side::Send).then_some(Way::HungUp),
        }
    }

    /// Takes the arm.
    fn take(&self, side: Side, way: Way, asked: &Asked, me: Option<&Arc<Waiter>>, told: &mut Vec<Arc<Waiter>>) -> How {
        let state = &mut *lock(&self.state);
        if let (Way::Put | Way::Meet, Side::Send, false) = (way, side, asked.given) {
            state.promised.insert(asked.ticket, None);
        }
        let partner = match (way, self.rules) {
            // Go's hand over: the next message moves up as soon as there is room.
            (Way::Meet, _) | (Way::Take, Rules::HandOver) => state.partner(side.other(), me).cloned(),
            _ => None,
        };
        match (way, side) {
            (Way::Put, _) => {
                state.queue.push_back(asked.ticket);
                state.tell(Side::Receive, |_| true, told);
                How::Sent
            }
            (Way::Take, _) => {
                let ticket = state.queue.pop_front().expect("there is a message");
                match partner {
                    Some(sender) => {
                        state.queue.push_back(sender.0.ticket);
                        state.serve(&sender, How::Sent, told);
                    }
                    None => state.tell(Side::Send, |_| true, told),
                }
                How::Received(ticket)
            }
            (Way::Meet, Side::Send) => {
                state.serve(&partner.expect("somebody waits"), How::Received(asked.ticket), told);
                How::Sent
            }
            (Way::Meet, Side::Receive) => {
                let sender = partner.expect("somebody waits");
                state.serve(&sender, How::Sent, told);
                How::Received(sender.0.ticket)
            }
            (Way::HungUp, _) => How::HungUp,
            (Way::Fire, _) => {
                let timer = state.timer.as_mut().expect("a timer fires");
                let due = timer.due.expect("a timer that fires is due");
                // As crossbeam's: nothing is made up for.
                timer.due = timer.period.and_then(|period| due.max(Instant::now()).checked_add(period));
                How::Fired(due)
            }
        }
    }

    /// When time does the arm.
    fn due(&self, side: Side) -> Option<Instant> {
        let timer = lock(&self.state).timer.filter(|_| side == Side::Receive);
        timer.and_then(|timer| timer.due)
    }

    /// Waits until a message that was received is there.
    pub(crate) fn collect(&self, ticket: u64, kind: Kind, location: &'static Location<'static>) {
        let patience = Patience::FOREVER;
        let asked = &Asked { ticket, given: false, biased: false, looks: false, patience, kind, location };
        let mut held = lock(&CHANNELS);
        let mut waiter = None;
        loop {
            let waiter = match lock(&self.state).promised.get_mut(&ticket) {
                Some(wanted) => wanted.insert(Arc::clone(waiter.get_or_insert_with(|| Waiter::new(asked)))).clone(),
                None => return,
            };
            held = sleep(held, &waiter, &[(self, Side::Receive)], None, asked);
        }
    }

    /// A message whose place was taken before is there now, or will never be. False if nobody will receive it.
    pub(crate) fn fill(&self, ticket: u64) -> bool {
        let held = lock(&CHANNELS);
        let wanted = lock(&self.state).promised.remove(&ticket);
        if let Some(Some(waiter)) = &wanted {
            lock(&waiter.told).changed = true;
        }
        drop(held);
        let is_wanted = wanted.is_some();
        wake(wanted.flatten().into_iter().collect());
        is_wanted
    }

    /// One more sender or receiver.
    pub(crate) fn one_more(&self, side: Side) {
        let _held = lock(&CHANNELS);
        lock(&self.state).handles[side as usize] += 1;
    }

    /// One sender or receiver less. Returns the messages that nobody will receive, to be dropped.
    pub(crate) fn hang_up(&self, side: Side) -> VecDeque<u64> {
        let held = lock(&CHANNELS);
        let mut told = Vec::new();
        let left = {
            let state = &mut *lock(&self.state);
            state.handles[side as usize] -= 1;
            if state.handles[side as usize] == 0 {
                state.tell_all(&mut told);
            }
            // crossbeam keeps what is queued in a bounded channel as long as there is a sender.
            let discards = self.capacity.is_none() || self.rules == Rules::Discard;
            let [senders, receivers] = state.handles;
            let abandoned = receivers == 0 && (senders == 0 || discards);
            let left = if abandoned { std::mem::take(&mut state.queue) } else { VecDeque::new() };
            left.iter().for_each(|ticket| _ = state.promised.remove(ticket));
            left
        };
        drop(held);
        wake(told);
        left
    }

    /// Closes the channel as Go does. False if it was closed already.
    pub(crate) fn close(&self) -> bool {
        let held = lock(&CHANNELS);
        let mut told = Vec::new();
        let open = {
            let state = &mut *lock(&self.state);
            state.tell_all(&mut told);
            std::mem::take(&mut state.handles) != [0, 0]
        };
        drop(held);
        wake(told);
        open
    }

    pub(crate) fn len(&self) -> usize {
        let _held = lock(&CHANNELS);
        let state = lock(&self.state);
        match state.timer {
            Some(_) => usize::from(state.is_due()),
            None => state.queue.len(),
        }
    }

    pub(crate) fn capacity(&self) -> Option<usize> {
        self.capacity
    }

    /// Arms, or disarms, the timer that sends on it. True if it was armed.
    pub(crate) fn rearm(&self, due: Option<Instant>) -> bool {
        let held = lock(&CHANNELS);
        let mut told = Vec::new();
        let was = {
            let state = &mut *lock(&self.state);
            // Whoever waits for it looks how long.
            state.tell(Side::Receive, |_| true, &mut told);
            let timer = state.timer.as_mut().expect("a timer's channel has one");
            std::mem::replace(&mut timer.due, due)
        };
        drop(held);
        wake(told);
        was.is_some()
    }
}
