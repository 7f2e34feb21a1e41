//! Spawning and joining.

use std::{
    fmt, io,
    panic::Location,
    sync::{Arc, Mutex, PoisonError},
    thread::Result,
};

use super::handle::{Inner, Thread};
use crate::world::{self, Execution, Here, real};

/// Where a thread of a model leaves its result.
pub(super) type Packet<T> = Arc<Mutex<Option<Result<T>>>>;

/// What a thread runs. Boxed at once: the rest is compiled for each result, not for each closure.
pub(super) type Body<'a, T> = Box<dyn FnOnce() -> T + Send + 'a>;

/// How to spawn a thread: [`std::thread::Builder`] in every world.
///
/// The stack size is used in the std and loom worlds. A model's threads have 256 KiB unless one is given in the loom world.
#[derive(Debug, Default)]
#[must_use = "must eventually spawn the thread"]
pub struct Builder {
    pub(super) name: Option<String>,
    stack_size: Option<usize>,
}

/// Waits for a thread and takes its result: [`std::thread::JoinHandle`] in every world.
///
/// Dropping it detaches the thread; if that thread panics, the execution fails.
pub struct JoinHandle<T>(Native<T>);

enum Native<T> {
    Std(std::thread::JoinHandle<T>, Thread),
    Run(std::thread::JoinHandle<T>, Thread, real::Handle),
    Model(Joiner<T>),
}

/// The model's side of a join handle.
pub(super) struct Joiner<T> {
    pub(super) execution: u64,
    pub(super) thread: usize,
    pub(super) packet: Packet<T>,
    pub(super) handle: Thread,
    pub(super) asked: bool,
    /// What the thread borrows is somebody's promise: it ends before the handle does.
    pub(super) unchecked: bool,
}

impl Builder {
    /// See [`std::thread::Builder::new`].
    pub fn new() -> Builder {
        Builder::default()
    }

    /// See [`std::thread::Builder::name`].
    ///
    /// # Panics
    /// If the name has a null byte.
    pub fn name(mut self, name: String) -> Builder {
        assert!(!name.contains('\0'), "thread name may not contain interior null bytes");
        self.name = Some(name);
        self
    }

    /// See [`std::thread::Builder::stack_size`]. In bytes.
    pub fn stack_size(mut self, size: usize) -> Builder {
        self.stack_size = Some(size);
        self
    }

    /// See [`std::thread::Builder::spawn`].
    ///
    /// # Errors
    /// In the std world, if the operating system cannot make a thread.
    #[track_caller]
    pub fn spawn<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.spawn_body(Box::new(f))
    }

    #[track_caller]
    fn spawn_body<T: Send + 'static>(self, f: Body<'static, T>) -> io::Result<JoinHandle<T>> {
        Ok(JoinHandle(match world::here() {
            // SAFETY: `f` borrows nothing.
            Here::Model(ex) => Native::Model(unsafe { self.spawn_in(ex, Location::caller(), f) }),
            Here::Run => {
                let (member, body) = real::spawn(self.name.clone(), false, Location::caller(), f);
                let handle = self.std().spawn(body)?;
                let thread = Thread(Inner::Run(handle.thread().clone(), member.place().clone()));
                Native::Run(handle, thread, member)
            }
            Here::Outside => {
                super::handle::require_std("thread::spawn");
                let handle = self.std().spawn(f)?;
                let thread = Thread(Inner::Std(handle.thread().clone()));
                Native::Std(handle, thread)
            }
        }))
    }

    /// As [`spawn`](Builder::spawn), for what borrows. See [`std::thread::Builder::spawn_unchecked`].
    ///
    /// # Errors
    /// In the std world, if the operating system cannot make a thread.
    ///
    /// # Safety
    /// As with std's: what `f` borrows must outlive the thread, and what it returns must outlive the handle. An execution
    /// that ends early unwinds whoever joins or otherwise waits for the thread; the handle, joined or dropped, then
    /// waits until the thread has unwound too, so what `f` borrows must outlive the handle as well.
    #[track_caller]
    pub unsafe fn spawn_unchecked<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        Ok(JoinHandle(match world::current() {
            Some(ex) => {
                // SAFETY: the caller's promise.
                let mut joiner = unsafe { self.spawn_in(ex, Location::caller(), Box::new(f)) };
                joiner.unchecked = true;
                Native::Model(joiner)
            }
            None => {
                super::handle::require_std("thread::spawn");
                // SAFETY: the caller's promise.
                let handle = unsafe { self.std().spawn_unchecked(f) }?;
                let thread = Thread(Inner::Std(handle.thread().clone()));
                Native::Std(handle, thread)
            }
        }))
    }

    pub(super) fn std(self) -> std::thread::Builder {
        let mut std = std::thread::Builder::new();
        if let Some(name) = self.name {
            std = std.name(name);
        }
        if let Some(size) = self.stack_size {
            std = std.stack_size(size);
        }
        std
    }

    /// Spawns a thread of a model.
    ///
    /// # Safety
    /// What `f` borrows must outlive the thread.
    pub(super) unsafe fn spawn_in<'a, T: 'a>(
        self,
        ex: &Execution,
        location: &'static Location<'static>,
        f: Body<'a, T>,
    ) -> Joiner<T> {
        let packet: Packet<T> = Packet::default();
        let result = Arc::clone(&packet);
        let body = move || {
            let ex = world::current().expect("a model's threads run inside the model");
            let ended = ex.run_body(f);
            *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(ended);
            // The result goes before the thread ends: nobody may come to take it.
            drop(result);
            ex.exit(location);
        };
        // SAFETY: the caller's promise.
        let thread = unsafe { ex.spawn(self.name, self.stack_size, location, Box::new(body)) };
        Joiner { execution: ex.id(), thread, packet, handle: Thread::of(ex, thread), asked: false, unchecked: false }
    }
}

impl<T> Joiner<T> {
    pub(super) fn here(&self) -> Option<&'static Execution> {
        world::current().filter(|ex| ex.id() == self.execution)
    }

    pub(super) fn join(mut self, location: &'static Location<'static>) -> Result<T> {
        let ex = self.here().unwrap_or_else(|| panic!("JoinHandle::join: the thread's execution is over"));
        self.asked = true;
        ex.handle_gone(self.thread, true);
        ex.join(self.thread, location);
        let ended = self.packet.lock().unwrap_or_else(PoisonError::into_inner).take();
        ended.unwrap_or_else(|| Err(Box::new("the thread was stopped, as its execution ended early")))
    }

    pub(super) fn is_finished(&self, location: &'static Location<'static>) -> bool {
        match self.here() {
            Some(ex) => ex.is_finished(self.thread, location),
            None => true,
        }
    }
}

impl<T> Drop for Joiner<T> {
    fn drop(&mut self) {
        let Some(ex) = self.here() else { return };
        if !self.asked {
            ex.handle_gone(self.thread, false);
        }
        if self.unchecked && ex.aborting() {
            ex.wait_until_unwound(self.thread);
        }
    }
}

impl<T> JoinHandle<T> {
    /// Waits until the thread has ended. See [`std::thread::JoinHandle::join`].
    ///
    /// # Errors
    /// With the payload, if the thread panicked: in every world.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        match self.0 {
            Native::Std(handle, _) => handle.join(),
            Native::Run(handle, _, member) => {
                member.join(Location::caller());
                handle.join()
            }
            Native::Model(joiner) => joiner.join(Location::caller()),
        }
    }

    /// See [`std::thread::JoinHandle::thread`].
    pub fn thread(&self) -> &Thread {
        match &self.0 {
            Native::Std(_, thread) | Native::Run(_, thread, _) => thread,
            Native::Model(joiner) => &joiner.handle,
        }
    }

    /// Whether the thread has ended. See [`std::thread::JoinHandle::is_finished`].
    #[track_caller]
    pub fn is_finished(&self) -> bool {
        match &self.0 {
            Native::Std(handle, _) | Native::Run(handle, ..) => handle.is_finished(),
            Native::Model(joiner) => joiner.is_finished(Location::caller()),
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}

/// Spawns a thread. See [`std::thread::spawn`].
///
/// # Panics
/// In the std world, if the operating system cannot make a thread.
#[track_caller]
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Builder::new().spawn(f).expect("failed to spawn thread")
}

/// Spawns a thread of a model that nobody joins.
pub(crate) fn boot(
    ex: &Execution,
    name: Option<String>,
    location: &'static Location<'static>,
    main: impl FnOnce() + Send + 'static,
) {
    let builder = Builder { name, stack_size: None };
    // SAFETY: `main` borrows nothing.
    drop(unsafe { builder.spawn_in(ex, location, Box::new(main)) });
}
