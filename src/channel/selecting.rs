//! Selecting one of several operations.

use std::{fmt, panic::Location, time::Duration};

use super::{
    ReadyTimeoutError, Receiver, RecvError, SelectTimeoutError, SendError, Sender, TryReadyError, TrySelectError,
    endpoint::{ReceiverIn, SenderIn},
    store::Patience,
};
use crate::{
    time::Instant,
    world::{
        self,
        channel::{Arm, Deal, How, Outcome, Side},
        event::Kind,
    },
};

/// Selects from a list of operations that is made at run time: [`crossbeam_channel::Select`] in every world.
///
/// In a model every operation that is ready may be selected, and each is explored; `ready` and its relatives never
/// succeed spuriously. All operations belong to the world that the caller runs in, or are receives from
/// [`never`](super::never).
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
    /// crossbeam's numbers are this list's places.
    Std(crossbeam_channel::Select<'a>, Vec<(usize, *const ())>),
    /// Index, channel and arm; a receive from `never` has no arm.
    Model(Vec<(usize, *const (), Option<Arm>)>),
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
    Model { ticket: u64, how: How, location: &'static Location<'static> },
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
        let operations = match world::current() {
            Some(_) => Operations::Model(Vec::new()),
            None => Operations::Std(std(), Vec::new()),
        };
        Select { operations, next: 0, biased }
    }

    /// Adds a send. Returns its index. See [`crossbeam_channel::Select::send`].
    pub fn send<T>(&mut self, s: &'a Sender<T>) -> usize {
        let channel = std::ptr::from_ref(s).cast();
        match (s.here(), &mut self.operations) {
            (SenderIn::Std(s), Operations::Std(std, places)) => {
                std.send(s);
                places.push((self.next, channel));
            }
            (SenderIn::Model(end), Operations::Model(arms)) => {
                arms.push((self.next, channel, Some(end.channel.arm(Side::Send))));
            }
            _ => mixed(),
        }
        self.added()
    }

    /// Adds a receive. Returns its index. See [`crossbeam_channel::Select::recv`].
    pub fn recv<T>(&mut self, r: &'a Receiver<T>) -> usize {
        let channel = std::ptr::from_ref(r).cast();
        match (r.here(), &mut self.operations) {
            (ReceiverIn::Std(r), Operations::Std(std, places)) => {
                std.recv(r);
                places.push((self.next, channel));
            }
            (ReceiverIn::Time(r, _), Operations::Std(std, places)) => {
                std.recv(r);
                places.push((self.next, channel));
            }
            (ReceiverIn::Model(end), Operations::Model(arms)) => {
                arms.push((self.next, channel, Some(end.channel.arm(Side::Receive))));
            }
            (ReceiverIn::Never(r), Operations::Std(std, places)) => {
                std.recv(r);
                places.push((self.next, channel));
            }
            (ReceiverIn::Never(_), Operations::Model(arms)) => arms.push((self.next, channel, None)),
            _ => mixed(),
        }
        self.added()
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
            Operations::Model(arms) => arms.iter().position(|arm| arm.0 == index),
        };
        let place = place.expect("no operation with this index");
        match &mut self.operations {
            Operations::Std(std, places) => {
                std.remove(index);
                places.remove(place);
            }
            Operations::Model(arms) => {
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
            Operations::Model(_) => self.begin(Patience::Nothing).ok_or(TrySelectError),
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
            Operations::Model(arms) => {
                assert!(!arms.is_empty(), "{NOTHING}");
                self.begin(Patience::Until(None)).expect("it waits until an operation is ready")
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
            Operations::Model(_) => self.begin(within(timeout)).ok_or(SelectTimeoutError),
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
            Operations::Model(_) => self.begin(Patience::Until(Some(deadline.nanos()))).ok_or(SelectTimeoutError),
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
            Operations::Model(_) => self.look(Patience::Nothing).ok_or(TryReadyError),
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
            Operations::Model(arms) => {
                assert!(!arms.is_empty(), "{NOTHING}");
                self.look(Patience::Until(None)).expect("it waits until an operation is ready")
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
            Operations::Model(_) => self.look(within(timeout)).ok_or(ReadyTimeoutError),
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
            Operations::Model(_) => self.look(Patience::Until(Some(deadline.nanos()))).ok_or(ReadyTimeoutError),
        }
    }

    #[track_caller]
    fn begin(&self, patience: Patience) -> Option<SelectedOperation<'a>> {
        let (ticket, outcome) = self.deal(patience, Kind::Select, false);
        let (arm, how) = outcome?;
        let (index, channel) = self.place(arm)?;
        let begun = Begun::Model { ticket, how, location: Location::caller() };
        Some(SelectedOperation { index, channel, begun: Some(begun) })
    }

    #[track_caller]
    fn look(&self, patience: Patience) -> Option<usize> {
        let (_, outcome) = self.deal(patience, Kind::Ready, true);
        self.place(outcome?.0).map(|(index, _)| index)
    }

    #[track_caller]
    fn deal(&self, patience: Patience, kind: Kind, looks: bool) -> (u64, Outcome) {
        let ex = world::current().expect("a list of a model's operations stays in the model");
        let Operations::Model(arms) = &self.operations else { unreachable!("only a model deals") };
        let ticket = ex.ticket();
        let arms = arms.iter().filter_map(|&(index, _, arm)| Some(Arm { index, ..arm? }));
        let deal = Deal { ticket, looks, biased: self.biased, ..Deal::new(arms, patience) };
        (ticket, ex.deal(kind, deal, Location::caller()))
    }

    /// The index and the channel of one of the deal's arms. An execution that ends early takes the first operation,
    /// whether or not it has an arm.
    fn place(&self, arm: usize) -> Option<(usize, *const ())> {
        let Operations::Model(arms) = &self.operations else { unreachable!("only a model deals") };
        let taken = arms.iter().filter(|(.., arm)| arm.is_some()).nth(arm).or(arms.first())?;
        Some((taken.0, taken.1))
    }
}

/// Until when an operation waits in a model.
fn within(timeout: Duration) -> Patience {
    Patience::Until(world::current().and_then(|ex| ex.later(timeout)))
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
            (Some(Begun::Model { ticket, how: How::Sent, .. }), SenderIn::Model(end)) => {
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
            (Some(Begun::Model { how, location, .. }), ReceiverIn::Model(end)) => {
                end.channel.received(Some((0, how)), Kind::Receive, location).map_err(|_| RecvError)
            }
            _ => Err(RecvError),
        }
    }
}

impl Drop for SelectedOperation<'_> {
    /// # Panics
    /// If the operation was not completed. In a model it need not be where the thread unwinds or the execution ends
    /// early: crossbeam panics once more while it unwinds, which ends the process.
    fn drop(&mut self) {
        match self.begun.take() {
            None => {}
            // crossbeam's own panics.
            Some(Begun::Std(begun)) => drop(begun),
            Some(Begun::Model { .. }) if world::current().is_some_and(|ex| ex.aborting() || ex.unwinding(ex.me())) => {}
            Some(Begun::Model { .. }) => panic!("dropped `SelectedOperation` without completing the operation"),
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
