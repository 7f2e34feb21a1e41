//! Panics inside models: noted for the report, and printed nowhere else.
//!
//! All threads of a model share an OS thread, so `std::thread::panicking` says whether *any* of them unwinds. That is
//! exact as long as no other thread of the model is suspended while it unwinds. Where one is, a thread begins to panic
//! with what the hook sees or [`Execution::resume`] is told, and ends with [`Execution::caught`]. A `resume_unwind` and
//! a `catch_unwind` of the program's own call nobody: the first is missed, and after the second the thread still counts
//! as panicking, until nothing unwinds any more.

use std::{any::Any, cell::RefCell, panic::PanicHookInfo, sync::Once};

use super::{Abort, Execution, Here, core::PanicNote, here};

thread_local! {
    /// The last panic on this OS thread, as the hook saw it.
    static LAST: RefCell<Option<PanicNote>> = const { RefCell::new(None) };
}

/// Sets the process's panic hook so that panics inside models are noted rather than printed. Other panics go to the
/// hook that was there before.
pub(crate) fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        #[cfg(raddle_shuttle)]
        super::shuttle::disarm_hook();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| match here() {
            Here::Model(ex) => {
                note(info);
                begins(ex);
            }
            Here::Run => note(info),
            Here::Outside => before(info),
        }));
    });
}

fn note(info: &PanicHookInfo<'_>) {
    let location = info.location();
    LAST.set(Some(PanicNote {
        message: message_of(info.payload()),
        file: location.map_or("unknown", |l| l.file()).to_owned(),
        line: location.map_or(0, |l| l.line()),
    }));
}

/// The running thread begins to unwind.
fn begins(ex: &Execution) {
    if let Ok(mut core) = ex.core.try_borrow_mut()
        && let Some(thread) = core.threads.get_mut(ex.me())
    {
        thread.unwinding = true;
        core.unwinders = true;
    }
}

/// The text of a panic's payload.
pub(crate) fn message_of(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic whose payload is not text".to_owned()
    }
}

/// What the hook noted of the panic that `payload` belongs to.
pub(crate) fn take_note(payload: &(dyn Any + Send)) -> PanicNote {
    let message = message_of(payload);
    match LAST.take() {
        Some(note) if note.message == message => note,
        // Raised by `resume_unwind`, which calls no hook.
        _ => PanicNote { message, file: "unknown".to_owned(), line: 0 },
    }
}

impl PanicNote {
    /// An assertion of the engine, rather than of the program.
    pub(crate) fn of_engine(&self) -> bool {
        ["/loom-0.", "/shuttle-engine-", "/generator-0.", "/corosensei-"]
            .iter()
            .any(|engine| self.file.contains(engine))
    }
}

/// Whether a payload is our own, with which an execution ends early.
pub(crate) fn is_abort(payload: &(dyn Any + Send)) -> bool {
    payload.is::<Abort>()
}

impl Execution {
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
