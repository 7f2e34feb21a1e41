//! Go's channels on real threads: one lock for all of them, and queues of those who wait, first come, first served.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

#[cfg(raddle_model)]
use crate::world;

/// Held by whoever looks at, or changes, any channel.
static CHANNELS: Mutex<()> = Mutex::new(());
/// Rung when a thread that waits has been served.
static BELL: Condvar = Condvar::new();

/// Some thread has been served.
fn ring(held: MutexGuard<'static, ()>) {
    drop(held);
    BELL.notify_all();
    #[cfg(raddle_model)]
    world::real::served();
}

/// Waits until the thread has been served, or until then.
#[cfg_attr(raddle_model, track_caller)]
fn await_bell(
    held: MutexGuard<'static, ()>,
    thread: &Waiting,
    until: Option<Instant>,
    place: &Place,
) -> MutexGuard<'static, ()> {
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    #[cfg(raddle_model)]
    if matches!(world::here(), world::Here::Run) {
        drop(held);
        world::real::await_service(place.kind, place.number, left, place.location, || thread.served());
        return lock(&CHANNELS);
    }
    let _ = (thread, place);
    match left {
        None => BELL.wait(held).unwrap_or_else(PoisonError::into_inner),
        Some(left) => BELL.wait_timeout(held, left).unwrap_or_else(PoisonError::into_inner).0,
    }
}

/// Where a thread waits, for reports.
pub(super) struct Place {
    #[cfg(raddle_model)]
    pub(super) kind: world::event::Kind,
    /// The channel's number, if there is one channel.
    #[cfg(raddle_model)]
    pub(super) number: u32,
    #[cfg(raddle_model)]
    pub(super) location: &'static std::panic::Location<'static>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A channel.
pub(super) struct Channel<T> {
    state: Mutex<State<T>>,
    /// Its number among the objects of a run.
    #[cfg(raddle_model)]
    number: u32,
}

struct State<T> {
    capacity: usize,
    closed: bool,
    queue: VecDeque<T>,
    senders: VecDeque<Waiter<T>>,
    receivers: VecDeque<Waiter<T>>,
    /// When it delivers what `tick` makes, if time sends on it.
    due: Option<Instant>,
    tick: Option<fn(Instant) -> T>,
}

/// An operation that waits: whose, and where its message is or goes.
struct Waiter<T> {
    thread: Arc<Waiting>,
    arm: usize,
    message: Arc<Mutex<Option<T>>>,
}

/// A thread that waits, until an arm of its operation is done: which, and whether the channel was open.
#[derive(Default)]
pub(super) struct Waiting(Mutex<Option<(usize, bool)>>);

impl Waiting {
    fn served(&self) -> bool {
        lock(&self.0).is_some()
    }

    fn serve(&self, arm: usize, open: bool) {
        *lock(&self.0) = Some((arm, open));
    }
}

/// The first that still waits. Others have been served elsewhere.
fn first<T>(waiters: &mut VecDeque<Waiter<T>>) -> Option<Waiter<T>> {
    waiters.retain(|waiter| !waiter.thread.served());
    waiters.pop_front()
}

/// One arm of an operation.
pub(super) trait Arm {
    /// Whether it could be done now.
    fn ready(&self) -> bool;

    /// Does it. False if the channel is closed.
    fn act(&mut self) -> bool;

    /// Waits for it.
    fn enqueue(&self, thread: &Arc<Waiting>, arm: usize);

    /// Another thread has done it. `open` as [`Arm::act`] returns it.
    fn served(&mut self, open: bool);

    /// When time does it.
    fn due(&self) -> Option<Instant>;
}

/// A receive, with the place that the message goes to.
pub(super) struct Receive<'a, T> {
    pub(super) channel: &'a Channel<T>,
    pub(super) message: Option<T>,
    place: Arc<Mutex<Option<T>>>,
}

/// A send, with its message.
pub(super) struct Send<'a, T> {
    pub(super) channel: &'a Channel<T>,
    message: Arc<Mutex<Option<T>>>,
}

impl<'a, T> Receive<'a, T> {
    pub(super) fn new(channel: &'a Channel<T>) -> Receive<'a, T> {
        Receive { channel, message: None, place: Arc::default() }
    }
}

impl<'a, T> Send<'a, T> {
    pub(super) fn new(channel: &'a Channel<T>, message: T) -> Send<'a, T> {
        Send { channel, message: Arc::new(Mutex::new(Some(message))) }
    }
}

impl<T> Arm for Receive<'_, T> {
    fn ready(&self) -> bool {
        let state = &mut *lock(&self.channel.state);
        state.senders.retain(|sender| !sender.thread.served());
        !state.queue.is_empty()
            || !state.senders.is_empty()
            || state.closed
            || state.due.is_some_and(|due| due <= Instant::now())
    }

    fn act(&mut self) -> bool {
        let state = &mut *lock(&self.channel.state);
        if let Some(due) = state.due.take() {
            self.message = state.tick.map(|tick| tick(due));
            return true;
        }
        let waiting = first(&mut state.senders);
        let theirs = waiting.as_ref().and_then(|sender| lock(&sender.message).take());
        self.message = state.queue.pop_front();
        match (&self.message, theirs) {
            (Some(_), Some(theirs)) => state.queue.push_back(theirs),
            (None, Some(theirs)) => self.message = Some(theirs),
            (_, None) => {}
        }
        if let Some(sender) = waiting {
            sender.thread.serve(sender.arm, true);
        }
        self.message.is_some()
    }

    fn enqueue(&self, thread: &Arc<Waiting>, arm: usize) {
        let waiter = Waiter { thread: Arc::clone(thread), arm, message: Arc::clone(&self.place) };
        lock(&self.channel.state).receivers.push_back(waiter);
    }

    fn served(&mut self, _open: bool) {
        self.message = lock(&self.place).take();
    }

    fn due(&self) -> Option<Instant> {
        lock(&self.channel.state).due
    }
}

impl<T> Arm for Send<'_, T> {
    fn ready(&self) -> bool {
        let state = &mut *lock(&self.channel.state);
        state.receivers.retain(|receiver| !receiver.thread.served());
        state.closed || !state.receivers.is_empty() || state.queue.len() < state.capacity
    }

    fn act(&mut self) -> bool {
        let state = &mut *lock(&self.channel.state);
        if state.closed {
            return false;
        }
        let message = lock(&self.message).take();
        match first(&mut state.receivers) {
            Some(receiver) => {
                *lock(&receiver.message) = message;
                receiver.thread.serve(receiver.arm, true);
            }
            None => state.queue.extend(message),
        }
        true
    }

    fn enqueue(&self, thread: &Arc<Waiting>, arm: usize) {
        let waiter = Waiter { thread: Arc::clone(thread), arm, message: Arc::clone(&self.message) };
        lock(&self.channel.state).senders.push_back(waiter);
    }

    fn served(&mut self, _open: bool) {}

    fn due(&self) -> Option<Instant> {
        None
    }
}

/// Does one of the arms: which, and whether its channel was open. `None` if none can be done and it is not to wait.
pub(super) fn select(arms: &mut [&mut dyn Arm], wait: bool, place: &Place) -> Option<(usize, bool)> {
    let mut held = lock(&CHANNELS);
    let mut thread: Option<Arc<Waiting>> = None;
    loop {
        let served = thread.as_ref().and_then(|thread| *lock(&thread.0));
        if let Some((arm, open)) = served {
            arms[arm].served(open);
            return Some((arm, open));
        }
        // Once it waits, others serve it: all but time.
        let ready: Vec<usize> = match &thread {
            None => (0..arms.len()).filter(|&arm| arms[arm].ready()).collect(),
            Some(_) => {
                (0..arms.len()).filter(|&arm| arms[arm].due().is_some_and(|due| due <= Instant::now())).collect()
            }
        };
        if !ready.is_empty() {
            let arm = ready[crate::choice::random() % ready.len()];
            let open = arms[arm].act();
            if let Some(thread) = &thread {
                thread.serve(arm, open);
            }
            ring(held);
            return Some((arm, open));
        }
        if !wait {
            return None;
        }
        let waiting = thread.get_or_insert_with(|| {
            let waiting = Arc::default();
            arms.iter().enumerate().for_each(|(at, arm)| arm.enqueue(&waiting, at));
            waiting
        });
        let due = arms.iter().filter_map(|arm| arm.due()).min();
        held = await_bell(held, waiting, due, place);
    }
}

impl<T> Channel<T> {
    pub(super) fn new(capacity: usize, due: Option<Instant>, tick: Option<fn(Instant) -> T>) -> Channel<T> {
        let state = State {
            capacity,
            closed: false,
            queue: VecDeque::new(),
            senders: VecDeque::new(),
            receivers: VecDeque::new(),
            due,
            tick,
        };
        Channel {
            state: Mutex::new(state),
            #[cfg(raddle_model)]
            number: world::real::number(),
        }
    }

    /// Its number among the objects of a run.
    #[cfg(raddle_model)]
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// False if it was closed before.
    pub(super) fn close(&self) -> bool {
        let held = lock(&CHANNELS);
        {
            let state = &mut *lock(&self.state);
            if std::mem::replace(&mut state.closed, true) {
                return false;
            }
            for waiter in state.senders.drain(..).chain(state.receivers.drain(..)) {
                if !waiter.thread.served() {
                    waiter.thread.serve(waiter.arm, false);
                }
            }
        }
        ring(held);
        true
    }

    pub(super) fn len(&self) -> usize {
        let _held = lock(&CHANNELS);
        lock(&self.state).queue.len()
    }

    pub(super) fn capacity(&self) -> usize {
        lock(&self.state).capacity
    }

    /// Arms, or disarms, time. True if it was armed.
    pub(super) fn arm(&self, due: Option<Instant>) -> bool {
        let held = lock(&CHANNELS);
        let was = std::mem::replace(&mut lock(&self.state).due, due).is_some();
        // Whoever waits for it looks how long.
        BELL.notify_all();
        drop(held);
        was
    }
}
