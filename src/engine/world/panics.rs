//! Panics inside models: noted for the report, and printed nowhere else.
//!
//! All threads of a model share an OS thread, so `std::thread::panicking` says whether *any* of them unwinds. That is
//! exact as long as no other thread of the model is suspended while it unwinds. Where one is, a thread begins to panic
//! with what the hook sees or [`Execution::resume`] is told, and ends with [`Execution::caught`]. A `resume_unwind` and
//! a `catch_unwind` of the program's own call nobody: the first is missed, and after the second the thread still counts
//! as panicking, until nothing unwinds any more.

use std::{
    any::Any,
    cell::RefCell,
    panic::PanicHookInfo,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use super::{
    Abort, Execution, Here,
    core::{Core, PanicNote, Status},
    here,
};
use crate::check::{Panicked, crash};

/// What a scope says of a thread's panic, as std's does.
pub(crate) const SCOPED: &str = "a scoped thread panicked";
/// How the payload of a panic ends a message of `unwrap` or `expect`.
const PAYLOAD: &str = "Any { .. }";
/// Panics of a thread that are remembered: those in destructors come while others are under way.
const NOTES: usize = 8;

thread_local! {
    /// The last panic on this OS thread, as the hook saw it.
    static LAST: RefCell<Option<PanicNote>> = const { RefCell::new(None) };
}

/// The process's panic hook, as far as it is ours.
struct Hooks {
    /// Hooks of ours that somebody still has: where each is, and whether it lives. One may have been taken away, to be set
    /// again later.
    ours: Vec<(usize, Weak<()>)>,
    /// Checks that run.
    checks: usize,
}

static HOOKS: Mutex<Hooks> = Mutex::new(Hooks { ours: Vec::new(), checks: 0 });

/// While it lives, panics inside models are noted rather than printed. Other panics go to the hook that was there before.
pub(crate) struct Hooked(());

/// Sees to it that the process's panic hook is ours.
///
/// The program may set a hook of its own between two checks: ours is then set again, around it. There is no way to look
/// at the hook but to take it, which leaves std's own in its place for a moment, so that is done only when no other
/// check runs, whose panics would meet it. A hook that is set *while* a check runs gets the panics of its models, and
/// they have no place in reports, until a check begins alone.
pub(crate) fn hook() -> Hooked {
    let mut hooks = HOOKS.lock().unwrap_or_else(PoisonError::into_inner);
    if hooks.checks == 0 {
        crash::engines();
        let present = std::panic::take_hook();
        hooks.ours.retain(|(_, lives)| lives.strong_count() > 0);
        let ours = hooks.ours.iter().any(|(at, _)| *at == address(&*present));
        std::panic::set_hook(if ours { present } else { around(present, &mut hooks.ours) });
    }
    hooks.checks += 1;
    Hooked(())
}

impl Drop for Hooked {
    fn drop(&mut self) {
        HOOKS.lock().unwrap_or_else(PoisonError::into_inner).checks -= 1;
    }
}

type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

fn address(hook: &Hook) -> usize {
    std::ptr::from_ref(hook).addr()
}

/// A hook of ours that passes to another one what is not a model's.
fn around(before: Box<Hook>, ours: &mut Vec<(usize, Weak<()>)>) -> Box<Hook> {
    let lives = Arc::new(());
    let token = Arc::downgrade(&lives);
    let hook: Box<Hook> = Box::new(move |info| {
        let _lives = &lives;
        match here() {
            Here::Model(_) | Here::Run if ends_coroutine(info) => {}
            Here::Model(ex) => begins(ex, note(info)),
            Here::Run => drop(note(info)),
            Here::Outside => before(info),
        }
    });
    ours.push((address(&*hook), token));
    hook
}

/// loom's coroutines end by panics of their own. Their hook keeps them to itself, unless it has been taken away.
fn ends_coroutine(info: &PanicHookInfo<'_>) -> bool {
    info.payload_as_str().is_none() && info.location().is_some_and(|l| l.file().contains("/generator-0."))
}

fn note(info: &PanicHookInfo<'_>) -> PanicNote {
    let location = info.location();
    let note = PanicNote {
        message: message_of(info.payload()),
        file: location.map_or("unknown", |l| l.file()).to_owned(),
        line: location.map_or(0, |l| l.line()),
    };
    LAST.set(Some(note.clone()));
    note
}

/// The running thread begins to unwind.
fn begins(ex: &Execution, note: PanicNote) {
    if let Ok(mut core) = ex.core.try_borrow_mut()
        && let Some(thread) = core.threads.get_mut(ex.me())
    {
        thread.unwinding = true;
        if thread.notes.len() == NOTES {
            thread.notes.remove(0);
        }
        thread.notes.push(note);
        core.unwinders = true;
    }
}

/// What is said of a payload that is not text.
const NOT_TEXT: &str = "a panic whose payload is not text";

/// The text of a panic's payload.
pub(crate) fn message_of(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        NOT_TEXT.to_owned()
    }
}

/// What the hook noted of the last panic on this OS thread, if `payload` belongs to it; else what the payload says. One
/// that was raised by `resume_unwind`, which calls no hook, is in no note.
pub(crate) fn last_note(payload: &(dyn Any + Send)) -> PanicNote {
    let message = message_of(payload);
    // An engine ends its threads by panics of its own, whose payloads are no text either.
    let belongs = |note: &PanicNote| note.message == message && !(message == NOT_TEXT && note.of_engine());
    LAST.take().filter(belongs).unwrap_or_else(|| PanicNote { message, file: "unknown".to_owned(), line: 0 })
}

impl PanicNote {
    /// Whether it only says that another thread has panicked.
    fn vague(&self) -> bool {
        self.message == SCOPED || self.message.ends_with(PAYLOAD)
    }

    /// For a report: the panic of the thread of this name.
    pub(super) fn told(&self, thread: String) -> Panicked {
        let PanicNote { message, file, line } = self.clone();
        Panicked { thread, message, file, line }
    }

    /// An assertion of the engine, rather than of the program.
    pub(crate) fn of_engine(&self) -> bool {
        of_engine(&self.file)
    }
}

/// Whether a source file is an engine's.
pub(crate) fn of_engine(file: &str) -> bool {
    ["/loom-0.", "/shuttle-engine-", "/generator-0.", "/corosensei-"].iter().any(|engine| file.contains(engine))
}

/// Whether a payload is our own, with which an execution ends early.
pub(crate) fn is_abort(payload: &(dyn Any + Send)) -> bool {
    payload.is::<Abort>()
}

impl Core {
    /// A panic that nobody will be told of by `join` or by a scope.
    pub(super) fn unasked_panic(&self) -> Option<String> {
        let unasked = |t: &usize| !self.threads[*t].joined && !self.threads[*t].scoped;
        (0..self.threads.len()).filter(unasked).find_map(|t| self.panic_of(t))
    }

    /// A panic that nobody has been told of: in a stuck execution, nobody will be. Of several, that of the thread which was
    /// spawned first: equivalent executions tell the same.
    pub(super) fn untold_panic(&self) -> Option<String> {
        let untold = |t: usize| self.threads[t].status != Status::Finished || !self.threads[t].joined;
        let told = self.panics.iter().filter(|(t, _)| untold(*t)).min_by_key(|(t, _)| *t);
        told.map(|(t, note)| self.full(*t, note))
    }

    /// What the panic says that has ended a thread.
    pub(super) fn panic_of(&self, thread: usize) -> Option<String> {
        self.threads[thread].panic.as_ref().map(|note| self.full(thread, note))
    }

    /// What a panic says; if it is only that other threads have panicked, then also what they said.
    pub(super) fn full(&self, thread: usize, note: &PanicNote) -> String {
        let mut others: Vec<_> = self.panics.iter().filter(|(t, _)| note.vague() && *t != thread).collect();
        others.sort_by_key(|(t, _)| *t);
        let told = |(t, other): &(usize, PanicNote)| {
            (!other.vague()).then(|| format!("{}: {}", self.thread_name(*t), other.message))
        };
        let others: Vec<String> = others.into_iter().filter_map(told).collect();
        match others[..] {
            [] => note.message.clone(),
            _ => format!("{} ({})", note.message, others.join("; ")),
        }
    }

    /// The panics so far, for a report: those that have ended a thread or wait in a scope, and those under way.
    pub(super) fn panicked(&self) -> Vec<Panicked> {
        let waits = |t: usize, note: &PanicNote| self.panics.iter().any(|(other, n)| (*other, n) == (t, note));
        let under_way =
            self.threads.iter().enumerate().filter(|(_, thread)| thread.unwinding && std::thread::panicking());
        let under_way = under_way.filter_map(|(t, thread)| Some((t, thread.notes.last()?)));
        let all = self.panics.iter().map(|(t, note)| (*t, note)).chain(under_way.filter(|(t, note)| !waits(*t, note)));
        all.map(|(t, note)| note.told(self.thread_name(t))).collect()
    }
}

impl Execution {
    /// What the hook noted of the running thread's panic that `payload` belongs to.
    pub(crate) fn take_note(&self, payload: &(dyn Any + Send)) -> PanicNote {
        let last = last_note(payload);
        let notes = &mut self.core.borrow_mut().threads[self.me()].notes;
        let at = notes.iter().rposition(|note| note.message == last.message);
        // Those after it were caught in destructors on its way. Where there is none, the engine may have panicked while
        // it did not know yet which thread runs.
        at.and_then(|at| notes.drain(at..).next()).unwrap_or(last)
    }

    /// A panic has ended the running thread.
    pub(super) fn note_end(&self, note: PanicNote) {
        let core = &mut *self.core.borrow_mut();
        core.panics.push((self.me(), note.clone()));
        core.threads[self.me()].panic = Some(note);
    }

    /// A scope's closure has panicked, and the panic waits until the scope's threads have ended.
    pub(crate) fn suspend_panic(&self, payload: &(dyn Any + Send)) -> Option<PanicNote> {
        if self.aborting() || is_abort(payload) {
            return None;
        }
        let note = self.take_note(payload);
        self.core.borrow_mut().panics.push((self.me(), note.clone()));
        Some(note)
    }

    /// The panic goes on.
    pub(crate) fn go_on(&self, note: PanicNote) {
        let core = &mut *self.core.borrow_mut();
        let me = self.me();
        if let Some(at) = core.panics.iter().rposition(|(t, waits)| (*t, waits) == (me, &note)) {
            core.panics.remove(at);
        }
        core.threads[me].notes.push(note);
    }

    /// Whether the running thread unwinds: what `std::thread::panicking` says on a thread of its own, as far as it can
    /// be told.
    pub(crate) fn unwinding(&self, me: usize) -> bool {
        let mut core = self.core.borrow_mut();
        if !std::thread::panicking() {
            if std::mem::take(&mut core.unwinders) {
                core.threads.iter_mut().for_each(|thread| thread.unwinding = false);
            }
            return false;
        }
        core.unwinders = true;
        let others = core.threads.iter().enumerate().any(|(t, thread)| t != me && thread.unwinding);
        if !others {
            core.threads[me].unwinding = true;
        }
        core.threads[me].unwinding
    }

    /// Whether it cannot be told if the running thread unwinds, since another one does.
    pub(super) fn obscured(&self, me: usize) -> bool {
        let core = self.core.borrow();
        let others = || core.threads.iter().enumerate().any(|(t, thread)| t != me && thread.unwinding);
        std::thread::panicking() && !core.threads[me].unwinding && others()
    }
}
