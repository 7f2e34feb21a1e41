//! A scenario as a model.

use std::sync::{Arc, Mutex, PoisonError};

use super::{
    super::{Decision, History, Recorder, Refutation, Spec},
    Scenario, Subject,
};
use crate::thread;

/// How a model panics whose history is not linearizable.
pub(super) const REFUTED: &str = "the history is not linearizable";

/// The history of an execution, and why it is not linearizable.
type Refuted<O, A> = (History<O, A>, Box<Refutation<O, A>>);
/// That of the last execution whose history is not linearizable.
pub(super) type Seen<S> = Arc<Mutex<Option<Refuted<<S as Spec>::Operation, <S as Spec>::Answer>>>>;

/// The scenario as a model, which panics if its history is not linearizable. All such panics say the same, so that the
/// smallest of these executions can be found.
pub(super) fn model<S, T>(scenario: Scenario<S::Operation>, seen: Seen<S>) -> impl Fn() + Send + Sync + 'static
where
    S: Spec + 'static,
    S::Operation: Send + Sync + 'static,
    S::Answer: Send,
    T: Subject<S>,
{
    move || {
        let subject = T::new();
        let recorder = Recorder::new();
        let run = |client, operations: &[S::Operation]| {
            for operation in operations {
                recorder.record(client, operation.clone(), |operation| subject.apply(operation));
            }
        };
        run(0, &scenario.before);
        thread::scope(|s| {
            for (client, operations) in scenario.threads.iter().enumerate() {
                s.spawn(move || run(client + 1, operations));
            }
        });
        run(0, &scenario.after);
        let history = recorder.history();
        match history.check::<S>() {
            Decision::Holds { .. } => {}
            Decision::Fails(refutation) => {
                *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some((history, refutation));
                panic!("{REFUTED}");
            }
            Decision::Unknown { configurations } => {
                panic!(
                    "{configurations} configurations do not tell whether the history is linearizable: allow fewer operations"
                )
            }
        }
    }
}
