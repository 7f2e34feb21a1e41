//! How a server runs calls: what is looked up, run, written and remembered, in which order.

use std::path::Path;

use super::{
    Service, frame,
    log::{Journal, Log, LogError},
    message::{Call, Delivery, Outcome, Refused},
    replies::{Replies, Seen},
};
use crate::sync::{Mutex, PoisonError};

/// What a server makes of a call.
pub trait Calls: Send + Sync + 'static {
    /// Runs the call, or knows what has become of it. `None`: it may or may not have run, so there is nothing to say, and
    /// the connection is closed.
    fn call(&self, call: &Call<'_>) -> Option<Outcome>;
}

/// Calls of a service, each as its client expects.
///
/// A server without a log runs calls that need not be remembered as they come, several at a time. All others run one at a
/// time, under the lock of the reply cache: a call that comes again waits for the first one to end. The log has each call
/// *before* it runs, and is synced before the reply is sent, outside the lock, for all that wait for it at once. So what has
/// been answered is in the log, and what was seen by an answered call too, for it came before.
pub struct Dispatcher<S, R> {
    service: S,
    replies: Mutex<R>,
    journal: Option<Box<dyn Journal>>,
}

impl<S: Service, R: Replies> Dispatcher<S, R> {
    /// Calls of the service; nothing of them is written down, so exactly-once is refused.
    pub fn new(service: S, replies: R) -> Dispatcher<S, R> {
        Dispatcher { service, replies: Mutex::new(replies), journal: None }
    }

    /// With a log in this file. What it holds runs first: the service has to be as it was before the first call.
    ///
    /// # Errors
    /// If the log cannot be opened, or holds calls of another service.
    pub fn with_log(mut self, path: &Path, limit: usize) -> Result<Dispatcher<S, R>, LogError> {
        // With room for what a record holds beside a call that fits.
        let log = Log::open(path, limit.saturating_add(16), |call| self.replay(call))?;
        Ok(self.with_journal(log))
    }

    /// With a log that is written in another way. What it holds has been [replayed](Dispatcher::replay).
    #[must_use]
    pub fn with_journal(self, journal: impl Journal) -> Dispatcher<S, R> {
        Dispatcher { journal: Some(Box::new(journal)), ..self }
    }

    /// Runs a call that the log holds, as it ran before. False if it is no call of this service.
    pub fn replay(&mut self, call: &Call<'_>) -> bool {
        let Ok(request) = frame::value(call.body) else { return false };
        let outcome = run(&self.service, request);
        if call.delivery.remembers() {
            self.replies.get_mut().unwrap_or_else(PoisonError::into_inner).keep(call.id, &outcome);
        }
        true
    }
}

impl<S: Service, R: Replies> Calls for Dispatcher<S, R> {
    fn call(&self, call: &Call<'_>) -> Option<Outcome> {
        let Ok(request) = frame::value(call.body) else { return Some(Outcome::Refused(Refused::Malformed)) };
        let remembers = call.delivery.remembers();
        match &self.journal {
            None if call.delivery == Delivery::ExactlyOnce => return Some(Outcome::Refused(Refused::NoLog)),
            None if !remembers => return Some(run(&self.service, request)),
            _ => {}
        }
        // A call that has panicked under the lock is in the log, and what it has done is not known.
        let Ok(mut replies) = self.replies.lock() else { return Some(Outcome::Refused(Refused::Panicked)) };
        let outcome = match if remembers { replies.look(call) } else { Seen::New } {
            Seen::Again(outcome) => outcome,
            Seen::Refused(why) => return Some(Outcome::Refused(why)),
            Seen::New => {
                if let Some(journal) = &self.journal
                    && journal.append(call).is_err()
                {
                    return Some(Outcome::Refused(Refused::LogFailed));
                }
                let outcome = run(&self.service, request);
                if remembers {
                    replies.keep(call.id, &outcome);
                }
                outcome
            }
        };
        let journal = self.journal.as_ref().map(|journal| (journal, journal.end()));
        drop(replies);
        match journal {
            Some((journal, mark)) => journal.sync(mark).ok().map(|()| outcome),
            None => Some(outcome),
        }
    }
}

fn run<S: Service>(service: &S, request: S::Request) -> Outcome {
    let said = match service.handle(request) {
        Ok(answer) => postcard::to_stdvec(&answer).map(Outcome::Answer),
        Err(refusal) => postcard::to_stdvec(&refusal).map(Outcome::No),
    };
    // What cannot be written at all is as what is too long: it has run, and nobody can be told.
    said.unwrap_or(Outcome::TooLong)
}
