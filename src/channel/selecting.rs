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
/// succeed spuriously. All operations belong to the world that the caller runs in.
#[derive(Clone)]
pub struct Select<'a> {
    operations: Operations<'a>,
    next: usize,
    biased: bool,
}

#[derive(Clone)]
enum Operations<'a> {
    /// crossbeam's numbers are this list's places.
    Std(crossbeam_channel::Select<'a>, Vec<(usize, *const ())>),
    /// A model's, or a run's.
    Ours(Vec<(usize, *const (), Arm)>),
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
    Ours { arm: Arm, ticket: u64, how: How, location: &'static Location<'static> },
}

const NOTHING: &str = "no operations have been added to `Select`";

impl<'a> Select<'a> {
    /// An empty list, of which any ready operation may be selected. See [`crossbeam_channel::Select::new`].
    pub fn new() -> Select<'a> {
        Select::with(crossbeam_channel::Select::new, false)
    }

    /// An empty list, of which the first ready operation is selected. See [`crossbeam_channel::Select::new_biased`].
    pub fn new_biased() -> Select<'a> {
        Select::with(crossbeam_channel::Select::new_biased, true)
    }

    fn with(std: fn() -> crossbeam_channel::Select<'a>, biased: bool) -> Select<'a> {
        let operations = match world::here() {
            Here::Model(_) | Here::Run => Operations::Ours(Vec::new()),
            Here::Outside => Operations::Std(std(), Vec::new()),
        };
        Select { operations, next: 0, biased }
    }

    /// Adds a send. Returns its index. See [`crossbeam_channel::Select::send`].
    pub fn send<T>(&mut self, s: &'a Sender<T>) -> usize {
        let channel = std::ptr::from_ref(s).cast();
        self.follow(matches!(s.inner, SenderIn::Ours(_)));
        match (s.here(), &mut self.operations) {
            (SenderIn::Std(s), Operations::Std(std, places)) => {
                std.send(s);
                places.push((self.next, channel));
            }
            (SenderIn::Ours(end), Operations::Ours(arms)) => {
                arms.push((self.next, channel, end.channel.arm(Side::Send)));
            }
            _ => mixed(),
        }
        self.added()
    }

    /// Adds a receive. Returns its index. See [`crossbeam_channel::Select::recv`].
    pub fn recv<T>(&mut self, r: &'a Receiver<T>) -> usize {
        let channel = std::ptr::from_ref(r).cast();
        self.follow(matches!(r.inner, ReceiverIn::Ours(_)));
        match (r.here(), &mut self.operations) {
            (ReceiverIn::Std(r), Operations::Std(std, places)) => {
                std.recv(r);
                places.push((self.next, channel));
            }
            (ReceiverIn::Time(r, _), Operations::Std(std, places)) => {
                std.recv(r);
                places.push((self.next, channel));
            }
            (ReceiverIn::Ours(end), Operations::Ours(arms)) => {
                arms.push((self.next, channel, end.channel.arm(Side::Receive)));
            }
            _ => mixed(),
        }
        self.added()
    }

    /// On real threads a list is crossbeam's, or ours, as its first channel is.
    fn follow(&mut self, ours: bool) {
        if self.next > 0 || matches!(world::here(), Here::Model(_)) {
            return;
        }
        self.operations = match (ours, self.biased) {
            (true, _) => Operations::Ours(Vec::new()),
            (false, false) => Operations::Std(crossbeam_channel::Select::new(), Vec::new()),
            (false, true) => Operations::Std(crossbeam_channel::Select::new_biased(), Vec::new()),
        };
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
        let place = match &self.operations {
            Operations::Std(_, places) => places.iter().position(|place| place.0 == index),
            Operations::Ours(arms) => arms.iter().position(|arm| arm.0 == index),
        };
        let place = place.expect("no operation with this index");
        match &mut self.operations {
            Operations::Std(std, places) => {
                std.remove(index);
                places.remove(place);
            }
            Operations::Ours(arms) => {
                arms.remove(place);
            }
        }
    }

    /// Begins an operation if one is ready. See [`crossbeam_channel::Select::try_select`].
    ///
    /// # Errors
    /// If none is ready.
    #[track_caller]
    pub fn try_select(&mut self) -> Result<SelectedOperation<'a>, TrySelectError> {
        match &mut self.operations {
            Operations::Std(std, places) => std.try_select().map(|begun| SelectedOperation::std(begun, places)),
            Operations::Ours(_) => self.begin(Patience::Nothing).ok_or(TrySelectError),
        }
    }

    /// Waits until an operation is ready, and begins it. See [`crossbeam_channel::Select::select`].
    ///
    /// # Panics
    /// If there are no operations.
    #[track_caller]
    pub fn select(&mut self) -> SelectedOperation<'a> {
        match &mut self.operations {
            Operations::Std(std, places) => SelectedOperation::std(std.select(), places),
            Operations::Ours(arms) => {
                assert!(!arms.is_empty(), "{NOTHING}");
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
            Operations::Std(std, places) => std.select_timeout(timeout).map(|b| SelectedOperation::std(b, places)),
            Operations::Ours(_) => self.begin(Patience::within(timeout)).ok_or(SelectTimeoutError),
        }
    }

    /// Waits until then. See [`crossbeam_channel::Select::select_deadline`].
    ///
    /// # Errors
    /// If no operation was ready in time.
    #[track_caller]
    pub fn select_deadline(&mut self, deadline: Instant) -> Result<SelectedOperation<'a>, SelectTimeoutError> {
        match &mut self.operations {
            Operations::Std(std, places) => {
                std.select_deadline(deadline.std()).map(|begun| SelectedOperation::std(begun, places))
            }
            Operations::Ours(_) => self.begin(Patience::Until(Some(deadline))).ok_or(SelectTimeoutError),
        }
    }

    /// The index of an operation that is ready now. See [`crossbeam_channel::Select::try_ready`].
    ///
    /// # Errors
    /// If none is ready.
    #[track_caller]
    pub fn try_ready(&mut self) -> Result<usize, TryReadyError> {
        match &mut self.operations {
            Operations::Std(std, _) => std.try_ready(),
            Operations::Ours(_) => self.look(Patience::Nothing).ok_or(TryReadyError),
        }
    }

    /// Waits until an operation is ready, and returns its index. See [`crossbeam_channel::Select::ready`].
    ///
    /// # Panics
    /// If there are no operations.
    #[track_caller]
    pub fn ready(&mut self) -> usize {
        match &mut self.operations {
            Operations::Std(std, _) => std.ready(),
            Operations::Ours(arms) => {
                assert!(!arms.is_empty(), "{NOTHING}");
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
            Operations::Std(std, _) => std.ready_timeout(timeout),
            Operations::Ours(_) => self.look(Patience::within(timeout)).ok_or(ReadyTimeoutError),
        }
    }

    /// Waits until then. See [`crossbeam_channel::Select::ready_deadline`].
    ///
    /// # Errors
    /// If no operation was ready in time.
    #[track_caller]
    pub fn ready_deadline(&mut self, deadline: Instant) -> Result<usize, ReadyTimeoutError> {
        match &mut self.operations {
            Operations::Std(std, _) => std.ready_deadline(deadline.std()),
            Operations::Ours(_) => self.look(Patience::Until(Some(deadline))).ok_or(ReadyTimeoutError),
        }
    }

    #[track_caller]
    fn begin(&self, patience: Patience) -> Option<SelectedOperation<'a>> {
        let (ticket, outcome) = self.deal(patience, Kind::Select, false);
        let (arm, how) = outcome?;
        let Operations::Ours(arms) = &self.operations else { unreachable!("crossbeam deals by itself") };
        let (index, channel, ref arm) = arms[arm];
        let begun = Begun::Ours { arm: arm.clone(), ticket, how, location: Location::caller() };
        Some(SelectedOperation { index, channel, begun: Some(begun) })
    }

    #[track_caller]
    fn look(&self, patience: Patience) -> Option<usize> {
        let (_, outcome) = self.deal(patience, Kind::Ready, true);
        let Operations::Ours(arms) = &self.operations else { unreachable!("crossbeam deals by itself") };
        outcome.map(|(arm, _)| arms[arm].0)
    }

    #[track_caller]
    fn deal(&self, patience: Patience, kind: Kind, looks: bool) -> (u64, Outcome) {
        let Operations::Ours(arms) = &self.operations else { unreachable!("crossbeam deals by itself") };
        let arms: Vec<Arm> = arms.iter().map(|(.., arm)| arm.clone()).collect();
        let (ticket, biased, location) = (store::ticket(), self.biased, Location::caller());
        (ticket, store::deal(&arms, Asked { ticket, given: false, biased, looks, patience, kind, location }))
    }
}

#[track_caller]
fn mixed() -> ! {
    panic!("a Select takes the channels of the world that it was made in: make both inside the model, or both outside")
}

impl<'a> SelectedOperation<'a> {
    fn std(begun: crossbeam_channel::SelectedOperation<'a>, places: &[(usize, *const ())]) -> SelectedOperation<'a> {
        let index = begun.index();
        let place = places.iter().find(|place| place.0 == index).expect("what was selected is in the list");
        SelectedOperation { index, channel: place.1, begun: Some(Begun::Std(begun)) }
    }

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
    /// If the operation was not completed. In a model whose execution ends early it need not be.
    fn drop(&mut self) {
        match self.begun.take() {
            None => {}
            // crossbeam's own panics.
            Some(Begun::Std(begun)) => drop(begun),
            Some(Begun::Ours { .. }) if world::current().is_some_and(|ex| ex.aborting()) => {}
            Some(Begun::Ours { arm, ticket, .. }) if real::ends_early() => arm.give_up(ticket),
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
