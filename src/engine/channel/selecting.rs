//! Selecting one of several operations.

use std::{fmt, panic::Location, time::Duration};

use super::{
    ReadyTimeoutError, Receiver, RecvError, SelectTimeoutError, SendError, Sender, TryReadyError, TrySelectError,
    endpoint::{ReceiverIn, SenderIn},
    store::{self, Arm},
    terms::{Asked, How, Kind, Outcome, Patience, Side},
};
use crate::{
    time::Instant,
    world::{self, Here, real},
};

/// Selects from a list of operations that is made at run time: [`crossbeam_channel::Select`] in every world.
///
/// In a model every operation that is ready may be selected, and each is explored; `ready` and its relatives never
/// succeed spuriously. All operations belong to the world that the caller runs in, or are receives from
/// [`never`](super::never). On real threads a list may have both channels that a run made and others: such a list tries
/// the others first, and looks at them once in a while as it waits.
///
/// In a model looking at all operations is one step. crossbeam looks at one after the other, and may miss what happens
/// meanwhile: nothing may be ready for it, although at every moment something was, and a biased list may take a later
/// operation although an earlier one was ready first. Models do not show that.
#[derive(Clone)]
pub struct Select<'a> {
    operations: Operations<'a>,
    next: usize,
    biased: bool,
}

#[derive(Clone)]
enum Operations<'a> {
    Std(Std<'a>),
    /// A model's, or a run's.
    Ours(Vec<Ours>),
    /// On real threads: some channels were made in a run, and others were not.
    Mixed(Std<'a>, Vec<Ours>),
}

/// An operation's index, its channel and its arm; a receive from `never` has no arm.
type Ours = (usize, *const (), Option<Arm>);

/// Operations at crossbeam's channels: its own number of each, and ours.
#[derive(Clone)]
struct Std<'a> {
    list: crossbeam_channel::Select<'a>,
    places: Vec<(usize, usize, *const ())>,
}

// SAFETY: the pointers are compared, never followed.
unsafe impl Send for Select<'_> {}
// SAFETY: as above.
unsafe impl Sync for Select<'_> {}

/// An operation that has begun, and must be completed: [`crossbeam_channel::SelectedOperation`].
#[must_use]
pub struct SelectedOperation<'a> {
    index: usize,
    channel: *const (),
    begun: Option<Begun<'a>>,
}

enum Begun<'a> {
    Std(crossbeam_channel::SelectedOperation<'a>),
    Ours { arm: Option<Arm>, ticket: u64, how: How, location: &'static Location<'static> },
}

const NOTHING: &str = "no operations have been added to `Select`";

impl<'a> Select<'a> {
    /// An empty list, of which any ready operation may be selected. See [`crossbeam_channel::Select::new`].
    pub fn new() -> Select<'a> {
        Select::with(false)
    }

    /// An empty list, of which the first ready operation is selected. See [`crossbeam_channel::Select::new_biased`].
    pub fn new_biased() -> Select<'a> {
        Select::with(true)
    }

    fn with(biased: bool) -> Select<'a> {
        let operations = match world::here() {
            Here::Model(_) | Here::Run => Operations::Ours(Vec::new()),
            Here::Outside => Operations::Std(Std::new(biased)),
        };
        Select { operations, next: 0, biased }
    }

    /// Adds a send. Returns its index. See [`crossbeam_channel::Select::send`].
    pub fn send<T>(&mut self, s: &'a Sender<T>) -> usize {
        let channel = std::ptr::from_ref(s).cast();
        match s.here() {
            SenderIn::Std(s) => self.std(channel, |list| list.send(s)),
            SenderIn::Ours(end) => self.ours(channel, Some(end.channel.arm(Side::Send))),
        }
        self.added()
    }

    /// Adds a receive. Returns its index. See [`crossbeam_channel::Select::recv`].
    pub fn recv<T>(&mut self, r: &'a Receiver<T>) -> usize {
        let channel = std::ptr::from_ref(r).cast();
        match r.here() {
            ReceiverIn::Std(r) => self.std(channel, |list| list.recv(r)),
            ReceiverIn::Time(r, _) => self.std(channel, |list| list.recv(r)),
            ReceiverIn::Ours(end) => self.ours(channel, Some(end.channel.arm(Side::Receive))),
            ReceiverIn::Never(r) => match self.operations {
                Operations::Std(_) => self.std(channel, |list| list.recv(r)),
                _ => self.ours(channel, None),
            },
        }
        self.added()
    }

    /// Adds an operation at a channel of crossbeam's.
    fn std(&mut self, channel: *const (), add: impl FnOnce(&mut crossbeam_channel::Select<'a>) -> usize) {
        if let Operations::Ours(ours) = &mut self.operations {
            let (std, ours) = (Std::new(self.biased), std::mem::take(ours));
            self.operations = if ours.is_empty() { Operations::Std(std) } else { Operations::Mixed(std, ours) };
        }
        if let Operations::Std(std) | Operations::Mixed(std, _) = &mut self.operations {
            let number = add(&mut std.list);
            std.places.push((number, self.next, channel));
        }
    }

    /// Adds an operation at a channel of ours.
    fn ours(&mut self, channel: *const (), arm: Option<Arm>) {
        if let Operations::Std(std) = &mut self.operations {
            let std = std::mem::replace(std, Std::new(self.biased));
            self.operations = match std.places.is_empty() {
                true => Operations::Ours(Vec::new()),
                false => Operations::Mixed(std, Vec::new()),
            };
        }
        if let Operations::Ours(ours) | Operations::Mixed(_, ours) = &mut self.operations {
            ours.push((self.next, channel, arm));
        }
    }

    fn added(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    /// Takes an operation out. See [`crossbeam_channel::Select::remove`].
    ///
    /// # Panics
    /// If there is no operation of this index.
    pub fn remove(&mut self, index: usize) {
        assert!(index < self.next, "index out of bounds; {index} >= {}", self.next);
        let was_there = match &mut self.operations {
            Operations::Std(std) => std.remove(index),
            Operations::Ours(ours) => remove(ours, index),
            Operations::Mixed(std, ours) => std.remove(index) || remove(ours, index),
        };
        assert!(was_there, "no operation with this index");
    }

    /// Begins an operation if one is ready. See [`crossbeam_channel::Select::try_select`].
    ///
    /// # Errors
    /// If none is ready.
    #[track_caller]
    pub fn try_select(&mut self) -> Result<SelectedOperation<'a>, TrySelectError> {
        match &mut self.operations {
            Operations::Std(std) => std.list.try_select().map(|begun| std.begun(begun)),
            _ => self.begin(Patience::Nothing).ok_or(TrySelectError),
        }
    }

    /// Waits until an operation is ready, and begins it. See [`crossbeam_channel::Select::select`].
    ///
    /// # Panics
    /// If there are no operations.
    #[track_caller]
    pub fn select(&mut self) -> SelectedOperation<'a> {
        match &mut self.operations {
            Operations::Std(std) => {
                let begun = std.list.select();
                std.begun(begun)
            }
            operations => {
                assert!(!operations.is_empty(), "{NOTHING}");
                self.begin(Patience::FOREVER).expect("it waits until an operation is ready")
            }
        }
    }

    /// Waits so long. See [`crossbeam_channel::Select::select_timeout`].
    ///
    /// # Errors
    /// If no operation was ready in time.
    #[track_caller]
    pub fn select_timeout(&mut self, timeout: Duration) -> Result<SelectedOperation<'a>, SelectTimeoutError> {
        match &mut self.operations {
            Operations::Std(std) => std.list.select_timeout(timeout).map(|begun| std.begun(begun)),
            _ => self.begin(Patience::within(timeout)).ok_or(SelectTimeoutError),
        }
    }

    /// Waits until then. See [`crossbeam_channel::Select::select_deadline`].
    ///
    /// # Errors
    /// If no operation was ready in time.
    #[track_caller]
    pub fn select_deadline(&mut self, deadline: Instant) -> Result<SelectedOperation<'a>, SelectTimeoutError> {
        match &mut self.operations {
            Operations::Std(std) => std.list.select_deadline(deadline.std()).map(|begun| std.begun(begun)),
            _ => self.begin(Patience::Until(Some(deadline))).ok_or(SelectTimeoutError),
        }
    }

    /// The index of an operation that is ready now. See [`crossbeam_channel::Select::try_ready`].
    ///
    /// # Errors
    /// If none is ready.
    #[track_caller]
    pub fn try_ready(&mut self) -> Result<usize, TryReadyError> {
        match &mut self.operations {
            Operations::Std(std) => std.list.try_ready().map(|number| std.place(number).0),
            _ => self.look(Patience::Nothing).ok_or(TryReadyError),
        }
    }

    /// Waits until an operation is ready, and returns its index. See [`crossbeam_channel::Select::ready`].
    ///
    /// # Panics
    /// If there are no operations.
    #[track_caller]
    pub fn ready(&mut self) -> usize {
        match &mut self.operations {
            Operations::Std(std) => {
                let number = std.list.ready();
                std.place(number).0
            }
            operations => {
                assert!(!operations.is_empty(), "{NOTHING}");
                self.look(Patience::FOREVER).expect("it waits until an operation is ready")
            }
        }
    }

    /// Waits so long. See [`crossbeam_channel::Select::ready_timeout`].
    ///
    /// # Errors
    /// If no operation was ready in time.
    #[track_caller]
    pub fn ready_timeout(&mut self, timeout: Duration) -> Result<usize, ReadyTimeoutError> {
        match &mut self.operations {
            Operations::Std(std) => std.list.ready_timeout(timeout).map(|number| std.place(number).0),
            _ => self.look(Patience::within(timeout)).ok_or(ReadyTimeoutError),
        }
    }

    /// Waits until then. See [`crossbeam_channel::Select::ready_deadline`].
    ///
    /// # Errors
    /// If no operation was ready in time.
    #[track_caller]
    pub fn ready_deadline(&mut self, deadline: Instant) -> Result<usize, ReadyTimeoutError> {
        match &mut self.operations {
            Operations::Std(std) => std.list.ready_deadline(deadline.std()).map(|number| std.place(number).0),
            _ => self.look(Patience::Until(Some(deadline))).ok_or(ReadyTimeoutError),
        }
    }

    #[track_caller]
    fn begin(&mut self, patience: Patience) -> Option<SelectedOperation<'a>> {
        let location = Location::caller();
        let (biased, kind) = (self.biased, Kind::Select);
        self.operations.deal(
            patience,
            |std| std.list.try_select().ok().map(|begun| std.begun(begun)),
            |ours, patience| {
                let (ticket, outcome) = deal(ours, biased, patience, (kind, location));
                let (arm, how) = outcome?;
                let (index, channel, arm) = place(ours, arm)?;
                let begun = Begun::Ours { arm: arm.clone(), ticket, how, location };
                Some(SelectedOperation { index: *index, channel: *channel, begun: Some(begun) })
            },
        )
    }

    #[track_caller]
    fn look(&mut self, patience: Patience) -> Option<usize> {
        let location = Location::caller();
        let (biased, kind) = (self.biased, Kind::Ready);
        self.operations.deal(
            patience,
            |std| std.list.try_ready().ok().map(|number| std.place(number).0),
            |ours, patience| {
                let (_, outcome) = deal(ours, biased, patience, (kind, location));
                place(ours, outcome?.0).map(|(index, ..)| *index)
            },
        )
    }
}

/// Does one of our operations, or looks which could be done.
fn deal(
    ours: &[Ours],
    biased: bool,
    patience: Patience,
    (kind, location): (Kind, &'static Location<'static>),
) -> (u64, Outcome) {
    let arms: Vec<Arm> = ours.iter().filter_map(|(index, _, arm)| Some(arm.clone()?.numbered(*index))).collect();
    let (ticket, looks) = (store::ticket(), kind == Kind::Ready);
    (ticket, store::deal(&arms, Asked { ticket, given: false, biased, looks, patience, kind, location }))
}

/// The operation that has one of a deal's arms. An execution that ends early takes the first operation, whether or not it
/// has an arm.
fn place(ours: &[Ours], arm: usize) -> Option<&Ours> {
    ours.iter().filter(|(.., arm)| arm.is_some()).nth(arm).or(ours.first())
}

/// How long one side of a mixed list is waited for before the other is looked at.
const TURN: Duration = Duration::from_millis(1);

impl<'a> Operations<'a> {
    fn is_empty(&self) -> bool {
        match self {
            Operations::Std(std) => std.places.is_empty(),
            Operations::Ours(ours) => ours.is_empty(),
            Operations::Mixed(std, ours) => std.places.is_empty() && ours.is_empty(),
        }
    }

    /// Does one of our operations. In a mixed list waits for ours, and looks at crossbeam's again and again.
    fn deal<R>(
        &mut self,
        patience: Patience,
        mut std: impl FnMut(&mut Std<'a>) -> Option<R>,
        ours: impl Fn(&[Ours], Patience) -> Option<R>,
    ) -> Option<R> {
        let (theirs, mine) = match self {
            Operations::Std(_) => unreachable!("crossbeam deals by itself"),
            Operations::Ours(mine) => return ours(mine, patience),
            Operations::Mixed(theirs, mine) => (theirs, mine),
        };
        let mut turn = Patience::Nothing;
        loop {
            if let Some(done) = std(theirs).or_else(|| ours(mine, turn)) {
                return Some(done);
            }
            let Patience::Until(until) = patience else { return None };
            if until.is_some_and(|until| until <= Instant::now()) {
                return None;
            }
            let next = Instant::now() + TURN;
            turn = Patience::Until(Some(until.map_or(next, |until| until.min(next))));
        }
    }
}

/// Takes an operation out. False if it is not there.
fn remove(ours: &mut Vec<Ours>, index: usize) -> bool {
    let place = ours.iter().position(|place| place.0 == index);
    place.map(|place| ours.remove(place)).is_some()
}

impl<'a> Std<'a> {
    fn new(biased: bool) -> Std<'a> {
        let new = if biased { crossbeam_channel::Select::new_biased } else { crossbeam_channel::Select::new };
        Std { list: new(), places: Vec::new() }
    }

    /// Takes an operation out. False if it is not there.
    fn remove(&mut self, index: usize) -> bool {
        let place = self.places.iter().position(|place| place.1 == index);
        let place = place.map(|place| self.places.remove(place));
        place.is_some_and(|(number, ..)| {
            self.list.remove(number);
            true
        })
    }

    /// The index and the channel of an operation, by crossbeam's number.
    fn place(&self, number: usize) -> (usize, *const ()) {
        let place = self.places.iter().find(|place| place.0 == number).expect("what was selected is in the list");
        (place.1, place.2)
    }

    fn begun(&self, begun: crossbeam_channel::SelectedOperation<'a>) -> SelectedOperation<'a> {
        let (index, channel) = self.place(begun.index());
        SelectedOperation { index, channel, begun: Some(Begun::Std(begun)) }
    }
}

impl<'a> SelectedOperation<'a> {
    /// The operation's index. See [`crossbeam_channel::SelectedOperation::index`].
    pub fn index(&self) -> usize {
        self.index
    }

    /// Completes a send. See [`crossbeam_channel::SelectedOperation::send`].
    ///
    /// # Errors
    /// With the message, if every receiver is gone.
    ///
    /// # Panics
    /// If another sender was selected.
    pub fn send<T>(mut self, s: &Sender<T>, msg: T) -> Result<(), SendError<T>> {
        assert!(std::ptr::from_ref(s).cast() == self.channel, "passed a sender that wasn't selected");
        match (self.begun.take(), &s.inner) {
            (Some(Begun::Std(begun)), SenderIn::Std(s)) => begun.send(s, msg),
            (Some(Begun::Ours { ticket, how: How::Sent, .. }), SenderIn::Ours(end)) => {
                end.channel.give(ticket, msg);
                Ok(())
            }
            _ => Err(SendError(msg)),
        }
    }

    /// Completes a receive. See [`crossbeam_channel::SelectedOperation::recv`].
    ///
    /// # Errors
    /// If every sender is gone.
    ///
    /// # Panics
    /// If another receiver was selected.
    pub fn recv<T>(mut self, r: &Receiver<T>) -> Result<T, RecvError> {
        assert!(std::ptr::from_ref(r).cast() == self.channel, "passed a receiver that wasn't selected");
        match (self.begun.take(), &r.inner) {
            (Some(Begun::Std(begun)), ReceiverIn::Std(r)) => begun.recv(r),
            (Some(Begun::Std(begun)), ReceiverIn::Time(r, message)) => begun.recv(r).map(message),
            (Some(Begun::Ours { how, location, .. }), ReceiverIn::Ours(end)) => {
                end.channel.received(Some((0, how)), Kind::Receive, location).map_err(|_| RecvError)
            }
            _ => Err(RecvError),
        }
    }
}

impl Drop for SelectedOperation<'_> {
    /// # Panics
    /// If the operation was not completed. In a model or a run it need not be where the thread unwinds or the execution
    /// ends early: crossbeam panics once more while it unwinds, which ends the process.
    fn drop(&mut self) {
        match self.begun.take() {
            None => {}
            // crossbeam's own panics.
            Some(Begun::Std(begun)) => drop(begun),
            Some(Begun::Ours { .. }) if world::current().is_some_and(|ex| ex.aborting() || ex.unwinding(ex.me())) => {}
            Some(Begun::Ours { arm, ticket, .. }) if real::ends_early() || std::thread::panicking() => {
                arm.iter().for_each(|arm| arm.give_up(ticket));
            }
            Some(Begun::Ours { .. }) => panic!("dropped `SelectedOperation` without completing the operation"),
        }
    }
}

impl Default for Select<'_> {
    fn default() -> Self {
        Select::new()
    }
}

impl fmt::Debug for Select<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Select { .. }")
    }
}

impl fmt::Debug for SelectedOperation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("SelectedOperation { .. }")
    }
}
