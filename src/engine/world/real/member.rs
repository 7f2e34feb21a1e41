//! What a thread of a run does, where it might block.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    rc::Rc,
    sync::{Arc, Condvar, PoisonError},
    time::{Duration, Instant},
};

use super::{Lock, Op, Run, State, Status, of_thread};
use crate::thread::Stack;
use crate::world::{
    Abort, Here,
    binding::Binding,
    event::{Kind, ObjectKind, ObjectRef},
    panics::{is_abort, last_note},
    set_here,
};

thread_local! {
    /// What this OS thread is in a run. std drops thread-locals in the reverse order of their first use, and this is
    /// the first of its thread: as long as any destructor may still wake somebody, the thread counts as running.
    static MEMBER: RefCell<Option<Rc<Member>>> = const { RefCell::new(None) };
}

/// A thread of a run.
struct Member {
    run: Arc<Run>,
    me: usize,
    waker: Arc<Condvar>,
    /// The locks that it owns.
    owns: RefCell<Vec<Lock>>,
    /// Its root has returned: it must not unwind any more.
    returned: Cell<bool>,
}

impl Drop for Member {
    fn drop(&mut self) {
        set_here(Here::Outside);
        self.run.end(self.me, self.owns.get_mut());
    }
}

/// The calling thread, which is one of a run.
fn member() -> Rc<Member> {
    MEMBER.with_borrow(Clone::clone).expect("only a thread of a run is told that it is one")
}

/// A thread that is to be spawned. If it cannot be, it has ended.
struct Start {
    run: Arc<Run>,
    thread: usize,
    begun: bool,
}

impl Start {
    /// Runs what the thread was spawned for.
    fn enter<T>(mut self, body: impl FnOnce() -> T) -> T {
        self.begun = true;
        let member = Rc::new(Member {
            run: Arc::clone(&self.run),
            me: self.thread,
            waker: Arc::clone(&self.run.state().threads[self.thread].waker),
            owns: RefCell::default(),
            returned: Cell::new(false),
        });
        MEMBER.set(Some(Rc::clone(&member)));
        set_here(Here::Run);
        let result = catch_unwind(AssertUnwindSafe(|| {
            // A thread that first runs when its run already ends early only drops what it was given.
            if member.run.stopping() {
                let _given = body;
                member.unwind();
            }
            body()
        }));
        member.returned.set(true);
        let panic = result.as_ref().err().filter(|payload| !is_abort(&***payload));
        member.run.returned(member.me, panic.map(|payload| last_note(&**payload)));
        result.unwrap_or_else(|payload| resume_unwind(payload))
    }
}

impl Drop for Start {
    fn drop(&mut self) {
        if !self.begun {
            self.run.end(self.thread, &[]);
        }
    }
}

/// What the run's first thread is to do.
pub(super) fn main(run: Arc<Run>, model: impl FnOnce()) -> impl FnOnce() {
    let start = Start { thread: run.add(None, None, false), run, begun: false };
    move || start.enter(model)
}

/// A thread of the calling thread's run: its handle, and what the OS thread is to do.
pub(crate) fn spawn<T, F: FnOnce() -> T>(
    name: Option<String>,
    scoped: bool,
    location: &'static Location<'static>,
    body: F,
) -> (Handle, impl FnOnce() -> T) {
    let run = Arc::clone(&member().run);
    let thread = run.add(name, Some(location), scoped);
    let start = Start { run: Arc::clone(&run), thread, begun: false };
    (Handle { place: Place { run, thread }, asked: false }, move || start.enter(body))
}

/// Which thread of which run.
#[derive(Clone)]
pub(crate) struct Place {
    pub(super) run: Arc<Run>,
    pub(super) thread: usize,
}

/// The calling thread.
pub(crate) fn here() -> Place {
    let member = member();
    Place { run: Arc::clone(&member.run), thread: member.me }
}

/// The same, if it is one of a run.
pub(crate) fn here_if_any() -> Option<Place> {
    matches!(crate::world::here(), Here::Run).then(here)
}

impl Place {
    /// The thread, which waits for news, has some: see [`await_news`].
    pub(crate) fn told(&self) {
        let mut state = self.run.state();
        match state.threads[self.thread].status {
            Status::Blocked(..) => self.run.resume(&mut state, self.thread),
            // It may wait with a timeout.
            _ => state.threads[self.thread].waker.notify_one(),
        }
    }

    /// Gives the thread its park token.
    pub(crate) fn unpark(&self) {
        let mut state = self.run.state();
        state.threads[self.thread].token = true;
        // It may wait with a timeout.
        state.threads[self.thread].waker.notify_one();
        self.run.wake(&mut state, of_thread(self.thread), true);
    }
}

/// The run's side of a join handle.
pub(crate) struct Handle {
    place: Place,
    asked: bool,
}

impl Handle {
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The thread's number in its run.
    pub(crate) fn number(&self) -> usize {
        self.place.thread
    }

    /// Waits until the thread has ended: joining it then takes no time. A thread of another run only joins.
    pub(crate) fn join(mut self, location: &'static Location<'static>) {
        let Place { run, thread } = &self.place;
        self.asked = true;
        run.handle_gone(*thread, true);
        let member = matches!(crate::world::here(), Here::Run).then(member);
        if let Some(member) = member.filter(|member| Arc::ptr_eq(&member.run, run)) {
            let op = Op::new(Kind::Join, Some(of_thread(*thread)), location);
            let ended = |state: &mut State| matches!(state.threads[*thread].status, Status::Ended).then_some(());
            member.wait(op, true, ended);
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if !self.asked {
            self.place.run.handle_gone(self.place.thread, false);
        }
    }
}

/// Runs the closure of a scope, and waits for the scope's threads, whatever happens. `threads` says which one is the
/// n-th that was spawned.
pub(crate) fn scope<R>(
    body: impl FnOnce() -> R,
    threads: impl Fn(usize) -> Option<usize>,
    location: &'static Location<'static>,
) -> R {
    let member = member();
    let result = catch_unwind(AssertUnwindSafe(body));
    // Each may have spawned more.
    for thread in (0..).map_while(threads) {
        let op = Op::new(Kind::Join, Some(of_thread(thread)), location);
        // std waits for them too, but unseen.
        member.wait(op, false, |state| state.threads[thread].returned.then_some(()));
    }
    let result = result.unwrap_or_else(|payload: Box<dyn Any + Send>| resume_unwind(payload));
    member.check();
    result
}

/// `thread::park` and `park_timeout`.
pub(crate) fn park(timeout: Option<Duration>, location: &'static Location<'static>) {
    let member = member();
    let op = Op::new(Kind::Park, Some(of_thread(member.me)), location);
    let token = |state: &mut State| std::mem::take(&mut state.threads[member.me].token).then_some(());
    match timeout {
        Some(timeout) => drop(member.wait_timeout(op, timeout, token)),
        None => member.wait(op, true, token),
    }
}

/// `thread::sleep`. A run that ends early wakes the thread.
pub(crate) fn sleep(duration: Duration, location: &'static Location<'static>) {
    let _: Option<()> = member().wait_timeout(Op::new(Kind::Sleep, None, location), duration, |_| None);
}

/// The calling thread waits busily: if its run ends early, it unwinds.
pub(crate) fn paused() {
    member().check();
}

/// Whether the calling thread is part of a run that ends early.
pub(crate) fn ends_early() -> bool {
    matches!(crate::world::here(), Here::Run) && member().run.stopping()
}

/// Every operation of a run's thread that may block: tries until it succeeds, and meanwhile waits for a [`wake`] of the
/// primitive. If the primitive is std's alone, blocks in std.
pub(crate) fn block<R>(
    binding: &Binding,
    (object, kind): (ObjectKind, Kind),
    location: &'static Location<'static>,
    mut attempt: impl FnMut() -> Option<R>,
    std: impl FnOnce() -> R,
) -> R {
    let member = member();
    let Some(object) = binding.in_run(&member.run, object) else { return std() };
    if let Some(result) = attempt() {
        return result;
    }
    let result = member.wait(Op::new(kind, Some(object), location), true, |_| match binding.is_in(&member.run) {
        true => attempt().map(Some),
        false => Some(None),
    });
    result.unwrap_or_else(std)
}

/// A primitive has changed: whoever waits for it tries again.
pub(crate) fn wake(binding: &Binding, object: ObjectKind) {
    let member = member();
    if let Some(object) = binding.in_run(&member.run, object) {
        member.run.has_changed(object, true);
    }
}

/// The primitive as an object of the calling thread's run. `None` outside any, and if it is std's alone.
pub(crate) fn object(binding: &Binding, kind: ObjectKind) -> Option<ObjectRef> {
    match crate::world::here() {
        Here::Run => binding.in_run(&member().run, kind),
        Here::Outside => {
            binding.std(kind);
            None
        }
        Here::Model(_) => None,
    }
}

/// Whether the primitive belongs to the calling thread's run.
pub(crate) fn owns(binding: &Binding) -> bool {
    binding.is_in(&member().run)
}

/// Waits at channels, of which there may be none (`nowhere`), until there is `news`, or for so long. Whoever has some for
/// the thread leaves it where `news` finds it, and calls [`Place::told`] afterwards.
pub(crate) fn await_news(
    kind: Kind,
    object: Option<ObjectRef>,
    nowhere: bool,
    timeout: Option<Duration>,
    location: &'static Location<'static>,
    news: impl Fn() -> bool,
) {
    let member = member();
    let op = Op { nowhere, ..Op::new(kind, object, location) };
    let news = |_: &mut State| news().then_some(());
    match timeout {
        Some(timeout) => drop(member.wait_timeout(op, timeout, news)),
        None => member.wait(op, true, news),
    }
}

/// A lock that a thread of a run owns: given back, it wakes who waits for it.
pub(crate) struct Owned<G> {
    guard: Option<G>,
    /// `None` if the lock is std's alone.
    object: Option<ObjectRef>,
}

impl<G> Owned<G> {
    fn new(binding: &Binding, object: ObjectKind, guard: G) -> Owned<G> {
        let member = member();
        let object = binding.in_run(&member.run, object);
        member.owns.borrow_mut().extend(object.map(|object| Lock { object, created: binding.created() }));
        Owned { guard: Some(guard), object }
    }

    /// The lock is owned in another way, which may let others in.
    pub(crate) fn map<H>(mut self, how: impl FnOnce(G) -> H) -> Owned<H> {
        let guard = how(self.guard.take().expect("it is taken once"));
        let object = self.object.take();
        if let Some(object) = object {
            member().run.has_changed(object, true);
        }
        Owned { guard: Some(guard), object }
    }

    /// std's guard.
    pub(crate) fn into_std(mut self) -> G {
        self.guard.take().expect("it is taken once")
    }
}

impl<G> Drop for Owned<G> {
    fn drop(&mut self) {
        drop(self.guard.take());
        if let Some(object) = self.object {
            let member = member();
            let at = member.owns.borrow().iter().rposition(|lock| lock.object == object);
            member.owns.borrow_mut().remove(at.expect("a guard stays on its thread"));
            // A mutex has one owner at a time, and whoever is woken wakes the next.
            member.run.has_changed(object, object.kind != ObjectKind::Mutex);
        }
    }
}

/// Takes a lock, waiting for it if need be. See [`block`].
pub(crate) fn lock<G>(
    binding: &Binding,
    (object, kind): (ObjectKind, Kind),
    location: &'static Location<'static>,
    attempt: impl FnMut() -> Option<G>,
    std: impl FnOnce() -> G,
) -> Owned<G> {
    let guard = block(binding, (object, kind), location, attempt, std);
    Owned::new(binding, object, guard)
}

/// Takes a lock if it is free.
pub(crate) fn try_lock<G>(
    binding: &Binding,
    object: ObjectKind,
    attempt: impl FnOnce() -> Option<G>,
) -> Option<Owned<G>> {
    binding.in_run(&member().run, object);
    attempt().map(|guard| Owned::new(binding, object, guard))
}

/// A lock is dropped although it is locked: its guard was forgotten, and keeps nothing locked any more.
pub(crate) fn forgotten(binding: &Binding, object: ObjectKind) {
    let member = member();
    let object = binding.in_run(&member.run, object);
    member.run.state().gone.extend(object);
}

/// Gives a mutex up and waits for a notification, or so long. True if the time was over first.
///
/// # Errors
/// With the mutex, if the condition variable is std's alone.
pub(crate) fn wait<G>(
    binding: &Binding,
    owned: Owned<G>,
    timeout: Option<Duration>,
    location: &'static Location<'static>,
) -> Result<bool, Owned<G>> {
    let member = member();
    let Some(object) = binding.in_run(&member.run, ObjectKind::Condvar) else { return Err(owned) };
    {
        let mut state = member.run.state();
        if !binding.is_in(&member.run) {
            return Err(owned);
        }
        let since = state.wait();
        let thread = &mut state.threads[member.me];
        (thread.listens, thread.notified) = (Some((object, since)), false);
    }
    drop(owned);
    let op = Op::new(Kind::Wait, Some(object), location);
    let notified = |state: &mut State| std::mem::take(&mut state.threads[member.me].notified).then_some(());
    let Some(timeout) = timeout else {
        member.wait(op, true, notified);
        return Ok(false);
    };
    Ok(member.wait_timeout(op, timeout, notified).is_none())
}

/// Wakes one waiter of a condition variable, or all. Says whether that is all there is to do: it is not if the
/// condition variable is std's alone.
pub(crate) fn notify(binding: &Binding, all: bool) -> bool {
    let member = member();
    let object = binding.in_run(&member.run, ObjectKind::Condvar);
    if let Some(object) = object {
        member.run.notify(&mut member.run.state(), object, all);
    }
    object.is_some()
}

impl Member {
    /// Waits until `ready`, which is asked under the registry's lock. If the run ends early, unwinds where it can, and
    /// where `unwinds`; else goes on waiting.
    fn wait<R>(&self, op: Op, unwinds: bool, mut ready: impl FnMut(&mut State) -> Option<R>) -> R {
        let stack = Stack::recorded();
        let mut state = self.run.state();
        let since = state.wait();
        loop {
            if state.failure.is_some() && unwinds && self.may_unwind() {
                state.threads[self.me].listens = None;
                drop(state);
                self.unwind();
            }
            self.run.block(&mut state, self.me, op, since, &self.owns.borrow(), &stack);
            if let Some(result) = ready(&mut state) {
                self.run.resume(&mut state, self.me);
                return result;
            }
            self.run.settle(&mut state);
            while let Status::Blocked(..) = state.threads[self.me].status {
                state = self.waker.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Waits until `ready`, but no longer than this: so the thread counts as running. If the run ends early, unwinds
    /// where it can.
    fn wait_timeout<R>(&self, op: Op, timeout: Duration, mut ready: impl FnMut(&mut State) -> Option<R>) -> Option<R> {
        let start = Instant::now();
        let stack = Stack::recorded();
        let mut state = self.run.state();
        state.threads[self.me].waits = Some(op);
        state.threads[self.me].stack = stack;
        let result = loop {
            if let Some(result) = ready(&mut state) {
                break Some(result);
            }
            let Some(left) = timeout.checked_sub(start.elapsed()) else { break None };
            if state.failure.is_some() && self.may_unwind() {
                break None;
            }
            state = self.waker.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        };
        let thread = &mut state.threads[self.me];
        (thread.waits, thread.stack) = (None, None);
        if result.is_none() {
            // A notification from here on is for another.
            thread.listens = None;
        }
        drop(state);
        if result.is_none() {
            self.check();
        }
        result
    }

    /// Unwinds if the run ends early, and the thread can.
    fn check(&self) {
        if self.run.stopping() && self.may_unwind() {
            self.unwind();
        }
    }

    /// A panic in a destructor that unwinds, or in what comes after a thread's root, would end the process.
    fn may_unwind(&self) -> bool {
        !std::thread::panicking() && !self.returned.get()
    }

    fn unwind(&self) -> ! {
        resume_unwind(Box::new(Abort))
    }
}
