//! What a recorded history tells apart, at the waist: who had returned when somebody began.
//!
//! An operation that has returned came before those that begin later, whatever they touch. Two that begin, or two that
//! return, have no order.

use std::panic::Location;

use super::{
    Branch, Effect, Execution,
    binding::Binding,
    core::Op,
    event::{Kind, ObjectKind, Value},
    object::State,
};

/// The moments at which operations begin and return, as steps of a model. They order nothing, so they hide no race.
#[derive(Debug)]
pub struct Marks(Binding);

impl Marks {
    /// Marks of a history of their own.
    #[allow(clippy::new_without_default, reason = "made by recorders alone")]
    #[track_caller]
    pub const fn new() -> Marks {
        Marks(Binding::new())
    }

    /// An operation begins. In a model others may come first, and nobody comes between this and what the thread does up to
    /// its next step.
    #[track_caller]
    pub fn invoke(&self) {
        self.mark(Kind::Invoke);
    }

    /// An operation returns; as [`invoke`](Marks::invoke).
    #[track_caller]
    pub fn answer(&self) {
        self.mark(Kind::Return);
    }

    #[track_caller]
    fn mark(&self, kind: Kind) {
        let Some(ex) = super::current() else { return };
        let object = ex.marks(&self.0);
        ex.step(Op::new(kind, Location::caller()).on(object), None, Branch::Point, |_, _| {
            ((), Value::None, Effect::Nothing)
        });
    }
}

impl Execution {
    /// The object of a history.
    fn marks(&self, binding: &Binding) -> usize {
        let object = binding.object(self, ObjectKind::History, |_| State::Marks);
        #[cfg(raddle_loom)]
        self.bind_quiet(object, None);
        object
    }
}
