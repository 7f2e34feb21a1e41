//! Scoped threads.

use std::{
    fmt, io,
    marker::PhantomData,
    panic::Location,
    sync::{Mutex, PoisonError},
    thread::Result,
};

use super::{
    Builder,
    handle::{Inner, Thread},
    spawn::{Body, Joiner},
};
use crate::world::{self, Execution, Here, panics::SCOPED, real};

/// A scope to spawn threads in that borrow from outside it: [`std::thread::Scope`] in every world.
pub struct Scope<'scope, 'env: 'scope> {
    /// std's scope, in the std world.
    std: Option<&'scope std::thread::Scope<'scope, 'env>>,
    /// The threads of a model that have been spawned, by number.
    threads: Mutex<Vec<usize>>,
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// Waits for a scoped thread and takes its result: [`std::thread::ScopedJoinHandle`] in every world.
pub struct ScopedJoinHandle<'scope, T>(Native<'scope, T>);

enum Native<'scope, T> {
    Std(std::thread::ScopedJoinHandle<'scope, T>, Thread),
    Run(std::thread::ScopedJoinHandle<'scope, T>, Thread, real::Handle),
    Model(Joiner<T>),
}

/// Runs `f`, which may spawn threads that borrow from outside, and waits for all of them. See [`std::thread::scope`].
///
/// # Panics
/// If a thread that was not joined panicked.
#[track_caller]
pub fn scope<'env, F, T>(f: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let location = Location::caller();
    let new = |std| Scope { std, threads: Mutex::default(), scope: PhantomData, env: PhantomData };
    let Some(ex) = world::current() else {
        super::handle::require_std("thread::scope");
        let slot = std::cell::OnceCell::new();
        return std::thread::scope(|std| {
            // SAFETY: only the lifetimes change. `slot` outlives std's scope, which ends when its threads have.
            let std = unsafe { std::mem::transmute::<&std::thread::Scope<'_, '_>, &std::thread::Scope<'_, 'env>>(std) };
            let scope: *const Scope<'_, 'env> = slot.get_or_init(|| new(Some(std)));
            // SAFETY: as above.
            let scope = unsafe { &*scope };
            match world::here() {
                Here::Run => real::scope(|| f(scope), |at| scope.nth(at), location),
                _ => f(scope),
            }
        });
    };
    let scope = new(None);
    let result = ex.caught(|| f(&scope));
    let note = result.as_ref().err().and_then(|payload| ex.suspend_panic(&**payload));
    let waited = ex.caught(|| scope.wait(ex, location));
    // Whatever happened, no thread may outlive what it borrows.
    scope.wait_for_all(ex);
    if let Some(note) = note {
        ex.go_on(note);
    }
    match result {
        Err(payload) => ex.resume(payload),
        Ok(_) if !ex.aborting() && scope.taken().iter().any(|&t| ex.panicked_unasked(t)) => {
            std::panic::panic_any(SCOPED)
        }
        Ok(value) => {
            if let Err(payload) = waited {
                ex.resume(payload);
            }
            value
        }
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Spawns a thread in the scope. See [`std::thread::Scope::spawn`].
    ///
    /// # Panics
    /// In the std world, if the operating system cannot make a thread.
    #[track_caller]
    pub fn spawn<F, T>(&'scope self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        Builder::new().spawn_scoped(self, f).expect("failed to spawn thread")
    }

    fn taken(&self) -> std::sync::MutexGuard<'_, Vec<usize>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread that was spawned after so many others.
    fn nth(&self, at: usize) -> Option<usize> {
        self.taken().get(at).copied()
    }

    /// Waits for the threads in turn; each may have spawned more.
    fn wait(&self, ex: &Execution, location: &'static Location<'static>) {
        (0..).map_while(|at| self.nth(at)).for_each(|thread| ex.join(thread, location));
    }

    /// Waits for the threads of an execution that ends early.
    fn wait_for_all(&self, ex: &Execution) {
        (0..).map_while(|at| self.nth(at)).for_each(|thread| ex.wait_until_unwound(thread));
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

impl Builder {
    /// Spawns a thread in a scope. See [`std::thread::Builder::spawn_scoped`].
    ///
    /// # Errors
    /// In the std world, if the operating system cannot make a thread.
    #[track_caller]
    pub fn spawn_scoped<'scope, F, T>(
        self,
        scope: &'scope Scope<'scope, '_>,
        f: F,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        self.spawn_scoped_body(scope, Box::new(f))
    }

    #[track_caller]
    fn spawn_scoped_body<'scope, T: Send + 'scope>(
        self,
        scope: &'scope Scope<'scope, '_>,
        f: Body<'scope, T>,
    ) -> io::Result<ScopedJoinHandle<'scope, T>> {
        if let Some(std) = scope.std {
            if let Here::Run = world::here() {
                let (member, body) = real::spawn(self.name.clone(), true, Location::caller(), f);
                let handle = self.std().spawn_scoped(std, body)?;
                scope.taken().push(member.number());
                let thread = Thread(Inner::Run(handle.thread().clone(), member.place().clone()));
                return Ok(ScopedJoinHandle(Native::Run(handle, thread, member)));
            }
            let handle = self.std().spawn_scoped(std, f)?;
            let thread = Thread(Inner::Std(handle.thread().clone()));
            return Ok(ScopedJoinHandle(Native::Std(handle, thread)));
        }
        let ex = world::current().expect("a scope of a model stays in the model");
        // SAFETY: `scope` waits for the thread, whatever happens, before what `'scope` borrows ends.
        let joiner = unsafe { self.spawn_in(ex, Location::caller(), f) };
        ex.scoped(joiner.thread);
        scope.taken().push(joiner.thread);
        Ok(ScopedJoinHandle(Native::Model(joiner)))
    }
}

impl<T> ScopedJoinHandle<'_, T> {
    /// Waits until the thread has ended. See [`std::thread::ScopedJoinHandle::join`].
    ///
    /// # Errors
    /// With the payload, if the thread panicked.
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

    /// See [`std::thread::ScopedJoinHandle::thread`].
    pub fn thread(&self) -> &Thread {
        match &self.0 {
            Native::Std(_, thread) | Native::Run(_, thread, _) => thread,
            Native::Model(joiner) => &joiner.handle,
        }
    }

    /// Whether the thread has ended. See [`std::thread::ScopedJoinHandle::is_finished`].
    #[track_caller]
    pub fn is_finished(&self) -> bool {
        match &self.0 {
            Native::Std(handle, _) | Native::Run(handle, ..) => handle.is_finished(),
            Native::Model(joiner) => joiner.is_finished(Location::caller()),
        }
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").finish_non_exhaustive()
    }
}
