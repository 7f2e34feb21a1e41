//! Hosts at the waist: processes that crash, and what may go wrong around them.
//!
//! A thread belongs to the host of the thread that spawned it, and to one *life* of it. A crash ends the life: the host's
//! connections are reset, what was not synced is gone from its disk, and each of its threads unwinds at its next operation
//! on the network or the disk that others could see. Before that it touches memory, and takes in what has come for it, which
//! nobody outside can see; so it does the same after a crash as before one, and the two commute. Once it unwinds it takes no
//! turns: nobody can tell in which order the dead let go of what they hold.
//!
//! Where all is tried, a crash is the step of a thread of its own: see [`Execution::threaten`]. Any other fault is a choice
//! before an operation, as long as the budget lasts. How much of it is left when a thread comes to its choice depends on the
//! order of steps that otherwise commute; no combination of faults is lost by that, since a combination that stays within
//! the budget does so in every order.

use std::{any::Any, panic::Location, sync::Arc};

use smallvec::SmallVec;

use super::{
    Branch, Effect, Engine, Execution,
    core::{Core, Guard, Op, Status, Thread},
    disk::DiskState,
    event::{Kind, ObjectKind, Value},
    footprint::{Access, Place},
    object::State,
};
use crate::host::Fault;

/// Of so many messages and operations, a sampler lets one go wrong.
const RARITY: u64 = 12;

/// A host, and one of its lives. Host 0 never crashes: threads that belong to no host are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Home {
    pub(crate) host: usize,
    pub(crate) life: u32,
}

impl Home {
    /// That the host still has this life: what each operation on the network or a disk depends on.
    pub(super) fn place(self) -> Place {
        Place::Life(self.host, self.life)
    }
}

/// What the network, the hosts and their disks are in an execution.
#[derive(Default)]
pub(crate) struct Simulated {
    /// The network's object.
    pub(super) net: Option<usize>,
    hosts: Vec<HostState>,
    kinds: Vec<Fault>,
    budget: u32,
    /// How often it has been said what may go wrong.
    allowed: u32,
    /// All hosts have been ended.
    over: bool,
    /// Where the next thread belongs, if not where its parent does.
    born: Option<Home>,
}

#[derive(Default)]
struct HostState {
    object: Option<usize>,
    life: u32,
    disk: Option<usize>,
    main: Option<Arc<dyn Fn() + Send + Sync>>,
    /// It will crash once more, unless that is no longer allowed by then.
    doomed: bool,
    /// It has ended, and somebody has seen that.
    over: bool,
}

/// The payload with which threads of a host that has crashed unwind.
struct Crashed;

/// An operation on the network or on a disk.
pub(crate) struct Outward<'a> {
    pub(crate) op: Op,
    /// What else it touches than its object.
    pub(crate) also: &'a [(usize, Access)],
    /// What it waits for. A thread whose host has crashed waits for nothing.
    pub(crate) guard: Option<Guard<'a>>,
    /// After so long it waits no longer, if nothing else can go on.
    pub(crate) patience: Option<u64>,
    /// It takes in what has come, or closes a connection: nobody outside can tell whether it comes before a crash of the
    /// thread's host or after it, or not at all.
    pub(crate) unseen: bool,
}

impl<'a> Outward<'a> {
    /// What others can see, which waits for nothing and touches nothing but its object.
    pub(crate) fn new(op: Op) -> Outward<'a> {
        Outward { op, also: &[], guard: None, patience: None, unseen: false }
    }
}

impl Core {
    pub(super) fn home_of_next(&mut self, parent: usize) -> Home {
        self.simulated.born.take().unwrap_or(self.threads[parent].home)
    }

    /// Whether the thread's host has not crashed since the thread was spawned.
    pub(crate) fn alive(&self, thread: usize) -> bool {
        self.lives(self.threads[thread].home)
    }

    pub(super) fn lives(&self, home: Home) -> bool {
        home.host == 0 || self.simulated.hosts[home.host].life == home.life
    }

    /// Whether a thread that waits for an answer has waited long enough.
    pub(super) fn loses_patience(&self, due: Option<u64>) -> bool {
        due.is_some_and(|due| due <= self.now || self.forced)
    }

    /// The disk of the running thread's host.
    pub(super) fn disk(&mut self, me: usize, location: &'static Location<'static>) -> usize {
        let host = self.threads[me].home.host;
        let known = self.simulated.hosts.get(host).and_then(|host| host.disk);
        known.unwrap_or_else(|| {
            let disk = self.add_object(ObjectKind::Disk, location, State::Disk(DiskState::of(host)));
            self.simulated.host(host).disk = Some(disk);
            disk
        })
    }

    /// Nobody can take a step. Threads of crashed hosts that wait for each other, or for those that have died, wait no longer,
    /// and true is returned.
    pub(super) fn lets_the_dead_go(&mut self) -> bool {
        let waits = |thread: &Thread| thread.status == Status::Pending && thread.guard.is_some() && !thread.dies;
        let dead = |&thread: &usize| waits(&self.threads[thread]) && !self.alive(thread);
        let dead: Vec<usize> = (0..self.threads.len()).filter(|thread| !self.simulated.over && dead(thread)).collect();
        for &thread in &dead {
            let Thread { guard, deal, dies, .. } = &mut self.threads[thread];
            (*guard, *deal, *dies) = (None, None, true);
        }
        !dead.is_empty()
    }

    /// Nobody can take a step. If main has returned, servers need not wait for more: all hosts end, and true is returned.
    pub(super) fn ends_hosts(&mut self) -> bool {
        let rests = self.threads[0].status == Status::Pending && self.threads[0].op.kind == Kind::Rest;
        let serves = |thread: &usize| {
            let op = &self.threads[*thread].op;
            matches!(op.kind, Kind::Accept | Kind::StreamRead)
                && self.threads[*thread].home.host != 0
                && self.alive(*thread)
        };
        let ends = rests && (0..self.threads.len()).any(|thread| !self.finished(thread) && serves(&thread));
        if ends {
            self.simulated.hosts.iter_mut().for_each(|host| host.life += 1);
            self.simulated.over = true;
        }
        ends
    }

    /// Whether nobody outside its host can see what the thread does next. It does that after a crash too, so that there is
    /// no difference.
    pub(super) fn unseen(&self, me: usize) -> bool {
        let Thread { unseen, op, .. } = &self.threads[me];
        *unseen && op.object.is_some_and(|object| op.kind == Kind::Close || self.has_come(object))
    }

    /// Whether the thread was to crash a host, and since then it has been said that something else may go wrong.
    fn spares(&self, me: usize) -> bool {
        self.threads[me].strikes.is_some_and(|allowed| allowed != self.simulated.allowed)
    }

    /// A crash of the host changes all that others can see of it. What that is, grows until it comes. Its disk is seen by
    /// its own threads alone: those of this life depend on that, and those of the next come later.
    #[cfg(raddle_shuttle)]
    pub(super) fn touch_host(&self, me: usize, touched: &mut super::footprint::Footprint) {
        touched.touch(Place::Faults, Access::Reads);
        if self.spares(me) {
            return;
        }
        let object = self.threads[me].op.object;
        let Some(State::Host(host)) = object.map(|object| &self.objects[object].state) else { return };
        let life = Home { host: *host, life: self.simulated.hosts[*host].life };
        touched.touch(life.place(), Access::Changes);
        for (at, object) in self.objects.iter().enumerate() {
            match &object.state {
                State::Pipe(pipe) if pipe.ends.iter().any(|end| end.host == *host) => {
                    touched.touch(Place::Cut(at), Access::Changes);
                }
                State::Net(_) => touched.touch(Place::Object(at), Access::Changes),
                State::Host(this) if this == host => touched.touch(Place::Object(at), Access::Changes),
                _ => {}
            }
        }
    }
}

impl Simulated {
    fn host(&mut self, host: usize) -> &mut HostState {
        while self.hosts.len() <= host {
            self.hosts.push(HostState::default());
        }
        &mut self.hosts[host]
    }
}

impl Execution {
    /// Does it, unless the thread's host has crashed: then the thread unwinds, or if it does so already, there is no answer.
    pub(crate) fn outward<R>(
        &self,
        outward: Outward<'_>,
        act: impl FnOnce(&mut Core, usize) -> (R, Value),
    ) -> Option<R> {
        let Outward { op, also, guard, patience, unseen } = outward;
        let me = self.me();
        {
            let mut core = self.core.borrow_mut();
            let thread = &mut core.threads[me];
            thread.also.clear();
            let mortal = (thread.home.host != 0).then(|| (thread.home.place(), Access::Reads));
            thread.unseen = unseen && mortal.is_some();
            thread.also.extend(mortal);
            thread.also.extend(also.iter().map(|(object, access)| (Place::Object(*object), *access)));
            thread.patience = patience;
        }
        let may = guard.map(|guard| {
            move |core: &Core| guard(core) || !core.alive(me) || core.loses_patience(core.threads[me].patience)
        });
        let may = may.as_ref().map(|may| may as Guard<'_>);
        let done = self.step(op, may, Branch::Point, |core, me| {
            let waited = guard.is_some_and(|guard| !guard(core)) && core.alive(me);
            if waited && let Some(due) = core.threads[me].patience {
                core.now = core.now.max(due);
            }
            let done = (core.alive(me) || core.unseen(me)).then(|| act(core, me));
            let thread = &mut core.threads[me];
            thread.also.clear();
            thread.unseen = false;
            thread.patience = None;
            let (done, value) = done.map_or((None, Value::Crashed), |(done, value)| (Some(done), value));
            (done, value, Effect::Change(None))
        });
        if done.is_none() {
            self.die();
        }
        done
    }

    /// The running thread's host has crashed.
    pub(super) fn die(&self) {
        if !self.aborting() && !self.unwinding(self.me()) {
            self.core.borrow_mut().threads[self.me()].dies = true;
            self.resume(Box::new(Crashed));
        }
    }

    /// What goes wrong with the operation that comes next, of what may. A crash has happened when this returns, and then it
    /// does so only if the thread unwinds already.
    pub(crate) fn fault(&self, may: &[Fault], location: &'static Location<'static>) -> Option<Fault> {
        let me = self.me();
        let calm = self.core.borrow().simulated.budget == 0 || !self.core.borrow().alive(me);
        if calm || self.aborting() || self.unwinding(me) {
            return None;
        }
        let drawn = self.drawn();
        let may: SmallVec<[Fault; 4]> = {
            let core = self.core.borrow();
            let Simulated { kinds, .. } = &core.simulated;
            // Where all is tried, `threaten` sees to crashes.
            let hosted = core.threads[me].home.host != 0 && drawn.is_some();
            let crash = [Fault::Crash].into_iter().filter(|_| hosted);
            crash.chain(may.iter().copied()).filter(|fault| kinds.contains(fault)).collect()
        };
        if may.is_empty() {
            return None;
        }
        let fault = match drawn {
            Some(drawn) if drawn % RARITY != 0 => None,
            Some(drawn) => Some(may[(drawn / RARITY) as usize % may.len()]),
            None => self.choose(may.len() + 1).checked_sub(1).map(|at| may[at]),
        }?;
        self.core.borrow_mut().simulated.budget -= 1;
        if fault == Fault::Crash {
            let host = self.core.borrow().threads[me].home.host;
            self.crash(host, true, location);
            self.die();
        } else {
            self.record(me, &Op::new(Kind::Fault, location), Value::Fault(fault), Effect::Change(None));
        }
        Some(fault)
    }

    /// A random number, if the strategy draws its schedules.
    fn drawn(&self) -> Option<u64> {
        match &self.engine {
            #[cfg(raddle_loom)]
            Engine::Loom(_) => None,
            #[cfg(raddle_shuttle)]
            Engine::Shuttle(engine) => engine.strategy.borrow_mut().random(),
        }
    }

    /// From here on so many faults of these kinds may happen.
    pub(crate) fn allow_faults(&self, budget: u32, kinds: &[Fault], location: &'static Location<'static>) {
        let net = self.net(location);
        let hosts = self.step(Op::new(Kind::Allow, location).on(net), None, Branch::Point, |core, _| {
            let Simulated { hosts, kinds: now, budget: left, allowed, .. } = &mut core.simulated;
            *now = kinds.to_vec();
            *left = budget;
            *allowed += 1;
            hosts.iter_mut().for_each(|host| host.doomed = false);
            (hosts.len(), Value::Count(u64::from(budget)), Effect::Change(None))
        });
        (1..hosts).for_each(|host| self.threaten(host, location));
    }

    /// Where faults are not drawn, but all of them tried, a crash is the one step of a thread that belongs to no host. So
    /// whether it comes is a choice, when it comes is a matter of the schedule, and two crashes that differ only in which of
    /// the host's threads is struck first are one.
    fn threaten(&self, host: usize, location: &'static Location<'static>) {
        if self.dooms(host) {
            let allowed = {
                let mut core = self.core.borrow_mut();
                core.simulated.born = Some(Home::default());
                core.simulated.allowed
            };
            crate::thread::boot(self, Some("crash".to_owned()), location, move || {
                let ex = super::current().expect("it is a thread of the model");
                ex.core.borrow_mut().threads[ex.me()].strikes = Some(allowed);
                while ex.crash(host, true, location) && ex.dooms(host) {}
            });
        }
    }

    /// Whether the host crashes once more: that is chosen, if it may.
    fn dooms(&self, host: usize) -> bool {
        let may = {
            let core = self.core.borrow();
            let Simulated { kinds, budget, hosts, .. } = &core.simulated;
            *budget > 0 && kinds.contains(&Fault::Crash) && hosts[host].main.is_some() && !hosts[host].over
        };
        let dooms = may && !self.aborting() && self.drawn().is_none() && self.choose(2) == 1;
        if dooms {
            let Simulated { budget, hosts, .. } = &mut self.core.borrow_mut().simulated;
            *budget -= 1;
            hosts[host].doomed = true;
        }
        dooms
    }

    /// A new host, which runs `main`.
    pub(crate) fn add_host(
        &self,
        name: &str,
        main: Arc<dyn Fn() + Send + Sync>,
        location: &'static Location<'static>,
    ) -> usize {
        let host = {
            let mut core = self.core.borrow_mut();
            let host = core.simulated.hosts.len().max(1);
            let object = core.add_object(ObjectKind::Host, location, State::Host(host));
            *core.simulated.host(host) = HostState { object: Some(object), main: Some(main), ..HostState::default() };
            host
        };
        self.boot(host, Some(name.to_owned()), location);
        self.threaten(host, location);
        host
    }

    fn boot(&self, host: usize, name: Option<String>, location: &'static Location<'static>) {
        let main = {
            let mut core = self.core.borrow_mut();
            let state = core.simulated.host(host);
            let (main, life) = (state.main.clone(), state.life);
            core.simulated.born = Some(Home { host, life });
            main
        };
        let Some(main) = main else { return };
        crate::thread::boot(self, name, location, move || main());
    }

    /// Waits until every thread of the host has ended.
    pub(crate) fn join_host(&self, host: usize, location: &'static Location<'static>) {
        let object = self.core.borrow().simulated.hosts[host].object;
        let Some(object) = object else { return };
        let of_host = |core: &Core, thread: usize| core.threads[thread].home.host == host;
        let ended = |core: &Core| (0..core.threads.len()).all(|t| !of_host(core, t) || core.finished(t));
        // A host that has ended may have crashed just before: it starts again then.
        let over = |core: &Core| ended(core) && !core.simulated.hosts[host].doomed;
        let op = Op::new(Kind::Join, location).on(object);
        self.step(op, Some(&over), Branch::Silent, |core, me| {
            let ends: Vec<_> = (0..core.threads.len())
                .filter(|&thread| of_host(core, thread))
                .map(|thread| core.threads[thread].end_clock.clone())
                .collect();
            ends.iter().for_each(|end| core.threads[me].view.acquire(end));
            core.simulated.hosts[host].over = true;
            ((), Value::None, Effect::Change(None))
        });
    }

    /// Ends a host's life; it `restarts` or stays down. False if it was to go wrong, and that is no longer allowed.
    pub(crate) fn crash(&self, host: usize, restarts: bool, location: &'static Location<'static>) -> bool {
        let object = self.core.borrow().simulated.hosts[host].object;
        let Some(object) = object else { return false };
        let op = Op::new(Kind::Crash, location).on(object);
        let life = self.step(op, None, Branch::Point, |core, me| {
            if core.spares(me) {
                return (None, Value::Done(false), Effect::Nothing);
            }
            let comes = core.threads[me].strikes.is_some();
            let state = &mut core.simulated.hosts[host];
            state.life += 1;
            state.doomed &= !comes;
            let life = state.life;
            core.reset_connections(host, restarts);
            (Some(life), Value::Count(u64::from(life)), Effect::Change(None))
        });
        let Some(life) = life else { return false };
        self.lose_unsynced(host);
        if !restarts {
            // It may own primitives, whose destructors are events.
            let main = self.core.borrow_mut().simulated.hosts[host].main.take();
            drop(main);
        } else if !self.aborting() {
            self.boot(host, Some(format!("life {}", life + 1)), location);
        }
        true
    }

    /// Whether torn writes are among what may go wrong.
    pub(super) fn tears(&self) -> bool {
        self.core.borrow().simulated.kinds.contains(&Fault::Tear)
    }
}

/// Whether a payload is that of a thread whose host has crashed.
pub(super) fn is_crash(payload: &(dyn Any + Send)) -> bool {
    payload.is::<Crashed>()
}
