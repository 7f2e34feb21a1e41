//! The plain data of one execution: its threads, its objects, what has happened, and what has been learned.
//!
//! One execution runs on one OS thread, whichever engine switches between the model's threads, so plain data behind a
//! `RefCell` is enough.

use std::{any::Any, collections::BTreeMap, panic::Location};

use smallvec::SmallVec;

use super::{
    channel::{Deal, Side},
    clock::{Clock, View},
    event::{Event, Kind, Number, ObjectKind, ObjectRef, Value},
    facts::{Facts, Settings, Stop},
    footprint::{Access, Place},
    host::{Home, Simulated},
    object::Object,
    progress::Progress,
    turns::Turns,
};
use crate::thread::Stack;

/// What a thread is about to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op {
    pub(crate) kind: Kind,
    /// Index in [`Core::objects`].
    pub(crate) object: Option<usize>,
    /// The thread that it is about: joined, unparked.
    pub(crate) peer: Option<usize>,
    /// The side of the channel, if an end of it is dropped.
    #[cfg_attr(not(raddle_shuttle), expect(dead_code, reason = "of use to those who know which steps commute"))]
    pub(crate) side: Option<Side>,
    pub(crate) location: &'static Location<'static>,
}

impl Op {
    pub(crate) fn new(kind: Kind, location: &'static Location<'static>) -> Op {
        Op { kind, object: None, peer: None, side: None, location }
    }

    pub(crate) fn on(mut self, object: usize) -> Op {
        self.object = Some(object);
        self
    }

    pub(crate) fn about(mut self, thread: usize) -> Op {
        self.peer = Some(thread);
        self
    }
}

/// When a step may be taken. It reads plain data only.
pub(crate) type Guard<'a> = &'a dyn Fn(&Core) -> bool;

/// A guard that lives on the stack of the thread that waits for it.
#[derive(Clone, Copy)]
pub(crate) struct StoredGuard(*const (dyn Fn(&Core) -> bool + 'static));

impl StoredGuard {
    pub(crate) fn new(guard: Guard<'_>) -> StoredGuard {
        // SAFETY: only the lifetime changes. The guard is borrowed for as long as its thread stays in `announce`, and
        // the thread takes it out of its record before it leaves `announce`, by return or by unwinding.
        StoredGuard(unsafe {
            std::mem::transmute::<*const (dyn Fn(&Core) -> bool + '_), *const (dyn Fn(&Core) -> bool + 'static)>(guard)
        })
    }

    fn holds(self, core: &Core) -> bool {
        // SAFETY: see `new`: whoever is in the record is suspended inside `announce`.
        unsafe { (*self.0)(core) }
    }
}

/// Where a thread stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Spawned; it has announced nothing yet.
    Fresh,
    /// It runs, or may run on.
    Running,
    /// It has announced its operation and waits to be scheduled, or for its guard.
    Pending,
    /// It has ended.
    Finished,
}

pub(crate) struct Thread {
    pub(crate) name: Option<String>,
    pub(crate) spawned: &'static Location<'static>,
    pub(crate) status: Status,
    pub(crate) op: Op,
    pub(crate) guard: Option<StoredGuard>,
    /// Whether a strategy may choose another thread at the pending operation.
    pub(crate) branches: bool,
    /// Suspended inside the engine until another thread makes its guard true (loom world).
    pub(crate) parked: bool,
    pub(crate) view: View,
    pub(crate) progress: Progress,
    /// `park`'s token, and what `unpark` published with it.
    pub(crate) token: bool,
    pub(crate) token_clock: Clock,
    /// Chosen by a notification.
    pub(crate) notified: bool,
    /// Its operation at channels.
    pub(crate) deal: Option<Deal>,
    /// When it took a place for a message that has yet to follow ([`Core::decided`]), in which channel, and its number there.
    pub(crate) took_place: Option<(u32, usize, u32)>,
    /// It has come to where it waits, and others may meet it there. In the loom world coming to a channel is an event of
    /// loom's own, before which others may go on.
    pub(crate) there: bool,
    /// It waits no longer than until then, for something else than channels.
    pub(crate) deadline: Option<u64>,
    /// The latest time that it knows to have come.
    pub(crate) time: u64,
    /// What the thread's end published, for `join`.
    pub(crate) end_clock: Clock,
    /// Goes up when the thread ends: what `is_finished` reads.
    pub(crate) version: u32,
    /// The panic that ended it.
    pub(crate) panic: Option<PanicNote>,
    /// Its result has been, or will be, taken by `join`, or nobody asks: a panic is then an answer, not a failure.
    pub(crate) joined: bool,
    /// A handle that could still join it exists.
    pub(crate) joinable: bool,
    /// Its scope answers for its panic.
    pub(crate) scoped: bool,
    /// It is unwinding.
    pub(crate) unwinding: bool,
    /// What it does next to the network is seen by its host alone.
    pub(crate) unseen: bool,
    /// It crashes a host as long as what has been allowed so many times stands.
    pub(crate) strikes: Option<u32>,
    /// It unwinds because its host has crashed, or does so when it is resumed: what it still does to memory, nobody sees.
    pub(crate) dies: bool,
    /// The latest of its panics, as the hook saw them: whichever is still under way is among them.
    pub(crate) notes: Vec<PanicNote>,
    /// In an execution that ends early: it waits for others to unwind first.
    pub(crate) yields: bool,
    /// In an execution that ends early: it never ends, and is not scheduled again.
    pub(crate) left: bool,
    /// Types whose last references it has dropped, and whose destructors run.
    pub(crate) destroying: SmallVec<[&'static str; 1]>,
    /// Operations it has done since the execution began to end early.
    pub(crate) abort_steps: u32,
    pub(crate) locals: Vec<(usize, Option<Box<dyn Any>>)>,
    /// How many threads it has spawned: its children's place in the spawn tree.
    pub(crate) children: u32,
    /// The host that it belongs to.
    pub(crate) home: Home,
    /// What the pending operation touches besides its object.
    pub(crate) also: SmallVec<[(Place, Access); 1]>,
    /// Until when it waits for what comes from outside, if nothing else can go on.
    pub(crate) patience: Option<u64>,
    /// How many ports it has been given.
    pub(crate) ports: u32,
    /// Hash of the path from main to it in the spawn tree: the same thread in every execution.
    pub(crate) path: u64,
    /// How many choices it has made.
    pub(crate) choices: u32,
    /// How many scheduling points it has reached.
    pub(crate) points: u32,
    pub(crate) parent: Option<usize>,
}

impl Thread {
    /// Whether what it has announced can be done now.
    #[inline]
    pub(super) fn may_act(&self, core: &Core) -> bool {
        // Who is not there is on its way.
        !self.there || self.guard.is_none_or(|guard| guard.holds(core))
    }
}

/// A panic as the hook saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PanicNote {
    pub(crate) message: String,
    pub(crate) file: String,
    pub(crate) line: u32,
}

pub(crate) struct Core {
    pub(crate) threads: Vec<Thread>,
    /// Each thread's stack when it last let others run while stacks were recorded.
    pub(crate) stacks: BTreeMap<usize, Stack>,
    /// What the threads of the last execution have allocated.
    spare: Vec<Progress>,
    pub(crate) objects: Vec<Object>,
    /// Objects whose own slot belongs to another execution: statics, and what a closure captured.
    pub(crate) by_address: BTreeMap<usize, usize>,
    /// Onces that were given a value, in that order.
    pub(crate) filled: Vec<usize>,
    /// Arcs that have something to remember, by the address of their value.
    pub(crate) arcs: BTreeMap<usize, usize>,
    /// Pointers that atomics hold, or have held: each one's number, and how many hold it.
    pointers: BTreeMap<u64, (u32, usize)>,
    /// The last pointer's number.
    pointer: u32,
    pub(crate) events: Vec<Event>,
    /// The engine keeps the clocks.
    counts_only: bool,
    pub(crate) steps: u64,
    pub(crate) settings: Settings,
    pub(crate) facts: Facts,
    pub(crate) stop: Option<Stop>,
    /// A fact was learned where the execution could not be stopped: start over once it has ended.
    pub(crate) learned: bool,
    /// Some thread has been seen to unwind.
    pub(crate) unwinders: bool,
    /// The thread that took the last step, and how often it has paused, not in vain, since another one did.
    pub(crate) pauses: (usize, usize),
    /// Panics that have ended a thread, or wait in a scope for its threads to end; and whose they are.
    pub(crate) panics: Vec<(usize, PanicNote)>,
    /// Rounds that busy threads were let through because nobody else could run, since the last change.
    pub(crate) vain_rounds: u32,
    /// Nanoseconds since the model began: up to where timers have fired.
    pub(crate) now: u64,
    /// The model has asked for the time, in this execution or an earlier one. Known only to a search that reduces: what a
    /// sampler does in one execution must not depend on others.
    pub(crate) asks_time: bool,
    /// Threads that have gone on since the scheduler decided last, in that order.
    pub(crate) ran: Vec<usize>,
    /// How often it has.
    pub(crate) decided: u32,
    /// Waits that have ended by themselves.
    pub(crate) spurious: u32,
    /// Timers that have fired early.
    pub(crate) early: u32,
    /// Nothing but a timer can go on: the next event is a timer's.
    pub(crate) forced: bool,
    /// A timer was kept from firing early, by the limit.
    pub(crate) kept_back: bool,
    /// A wait was kept from ending by itself, by the limit.
    pub(crate) kept_asleep: bool,
    /// What the last message is known by.
    pub(crate) tickets: u64,
    /// Messages that were taken or left in a channel: what was published with them, once they are there.
    pub(crate) in_flight: BTreeMap<u64, Option<Clock>>,
    /// Where the events of the first of those rounds began.
    pub(crate) vain_since: usize,
    /// Decisions of the scheduler where it had a choice, and the choices that the program asked for.
    pub(crate) decisions: Vec<u32>,
    /// Turns taken from a thread that could have gone on, and did not ask for it (shuttle world).
    pub(crate) preemptions: u32,
    pub(crate) turns: Turns,
    /// The network, the hosts and their disks.
    pub(crate) simulated: Simulated,
    /// A wait has ended spuriously: the event that says so is yet to come.
    pub(crate) by_itself: bool,
    /// What its class is told by, if somebody asks for that.
    #[cfg(raddle_internals)]
    pub(crate) noted: Option<super::classes::Noted>,
}

impl Core {
    pub(crate) fn new(settings: Settings, facts: Facts, counts_only: bool) -> Core {
        Core {
            counts_only,
            threads: Vec::new(),
            stacks: BTreeMap::new(),
            spare: Vec::new(),
            objects: Vec::new(),
            by_address: BTreeMap::new(),
            filled: Vec::new(),
            arcs: BTreeMap::new(),
            pointers: BTreeMap::new(),
            pointer: 0,
            events: Vec::new(),
            steps: 0,
            settings,
            facts,
            stop: None,
            learned: false,
            unwinders: false,
            pauses: (0, 0),
            panics: Vec::new(),
            vain_rounds: 0,
            now: 0,
            asks_time: false,
            ran: Vec::new(),
            decided: 0,
            spurious: 0,
            early: 0,
            forced: false,
            kept_back: false,
            kept_asleep: false,
            tickets: 0,
            in_flight: BTreeMap::new(),
            vain_since: 0,
            decisions: Vec::new(),
            preemptions: 0,
            turns: Turns::default(),
            simulated: Simulated::default(),
            by_itself: false,
            #[cfg(raddle_internals)]
            noted: None,
        }
    }

    /// Forgets the last execution, but keeps its facts and its allocations.
    pub(crate) fn reset(&mut self) {
        self.spare.extend(self.threads.drain(..).map(|thread| thread.progress.emptied()));
        self.stacks.clear();
        self.objects.clear();
        self.by_address.clear();
        self.filled.clear();
        self.arcs.clear();
        self.pointers.clear();
        self.pointer = 0;
        self.events.clear();
        self.steps = 0;
        self.stop = None;
        self.learned = false;
        self.unwinders = false;
        self.pauses = (0, 0);
        self.panics.clear();
        self.vain_rounds = 0;
        self.vain_since = 0;
        self.now = 0;
        self.ran.clear();
        self.decided = 0;
        self.spurious = 0;
        self.early = 0;
        self.forced = false;
        self.kept_back = false;
        self.kept_asleep = false;
        self.tickets = 0;
        self.in_flight.clear();
        self.decisions.clear();
        self.preemptions = 0;
        self.turns.reset();
        self.simulated = Simulated::default();
        self.by_itself = false;
        #[cfg(raddle_internals)]
        self.noted.iter_mut().for_each(|noted| *noted = Default::default());
    }

    /// How large the execution is: its preemptions, and its steps.
    #[cfg(raddle_shuttle)]
    pub(crate) fn size(&self) -> (u32, u64) {
        (self.preemptions, self.steps)
    }

    pub(crate) fn add_thread(
        &mut self,
        parent: Option<usize>,
        name: Option<String>,
        location: &'static Location<'static>,
    ) -> usize {
        let id = self.threads.len();
        let home = parent.map_or(Home::default(), |parent| self.home_of_next(parent));
        let (view, path) = match parent {
            None => (View::main(self.counts_only), 0),
            Some(parent) => {
                let spawner = &mut self.threads[parent];
                spawner.children += 1;
                (spawner.view.fork(parent, id), mix(spawner.path, u64::from(spawner.children)))
            }
        };
        self.threads.push(Thread {
            name,
            spawned: location,
            status: Status::Fresh,
            op: Op::new(Kind::Start, location),
            guard: None,
            branches: false,
            parked: false,
            view,
            progress: self.spare.pop().unwrap_or_default(),
            token: false,
            token_clock: Clock::default(),
            notified: false,
            deal: None,
            took_place: None,
            there: false,
            deadline: None,
            time: 0,
            end_clock: Clock::default(),
            version: 0,
            panic: None,
            joined: false,
            joinable: parent.is_some(),
            scoped: false,
            unwinding: false,
            unseen: false,
            strikes: None,
            dies: false,
            notes: Vec::new(),
            yields: false,
            left: false,
            destroying: SmallVec::new(),
            abort_steps: 0,
            locals: Vec::new(),
            children: 0,
            home,
            also: SmallVec::new(),
            patience: None,
            ports: 0,
            path,
            choices: 0,
            points: 0,
            parent,
        });
        id
    }

    /// Whether the thread could take its next step now.
    pub(crate) fn enabled(&self, thread: usize) -> bool {
        let t = &self.threads[thread];
        match t.status {
            Status::Finished => false,
            Status::Fresh | Status::Running => true,
            Status::Pending => t.may_act(self),
        }
    }

    pub(crate) fn any_enabled_but(&self, me: usize) -> bool {
        (0..self.threads.len()).any(|t| t != me && self.enabled(t))
    }

    pub(crate) fn finished(&self, thread: usize) -> bool {
        self.threads[thread].status == Status::Finished
    }

    pub(crate) fn all_finished_but(&self, me: usize) -> bool {
        self.threads.iter().enumerate().all(|(t, thread)| t == me || thread.status == Status::Finished)
    }

    pub(crate) fn object_ref(&self, op: &Op) -> Option<ObjectRef> {
        match (op.object, op.peer) {
            (Some(object), _) => Some(ObjectRef { kind: self.objects[object].kind, number: object as u32 + 1 }),
            (None, Some(thread)) => Some(ObjectRef { kind: ObjectKind::Thread, number: thread as u32 }),
            (None, None) => None,
        }
    }

    /// A pointer's number. Traces must not depend on where memory was given, nor on whether it was given again: a pointer
    /// that is `stored`, and that no atomic holds, is another one than was held before at that address.
    pub(crate) fn pointer(&mut self, bits: u64, stored: bool) -> Number {
        if bits == 0 {
            return Number::Pointer(0);
        }
        let (number, holders) = self.pointers.entry(bits).or_default();
        if *number == 0 || (stored && *holders == 0) {
            self.pointer += 1;
            *number = self.pointer;
        }
        Number::Pointer(*number)
    }

    /// One more atomic holds a pointer, or one fewer.
    pub(crate) fn holds_pointer(&mut self, bits: u64, holds: bool) {
        if let Some((_, holders)) = self.pointers.get_mut(&bits) {
            *holders = if holds { *holders + 1 } else { holders.saturating_sub(1) };
        }
    }

    pub(crate) fn push_event(&mut self, me: usize, op: &Op, value: Value) {
        let object = self.object_ref(op);
        self.tell_switch(me);
        let spurious = std::mem::take(&mut self.by_itself);
        let (thread, kind, location) = (me as u32, op.kind, op.location);
        self.events.push(Event { thread, kind, object, value, location, spurious });
    }

    pub(crate) fn thread_name(&self, thread: usize) -> String {
        match (&self.threads[thread].name, thread) {
            (Some(name), _) => name.clone(),
            (None, 0) => "main".to_owned(),
            (None, thread) => format!("t{thread}"),
        }
    }
}

/// One step of SplitMix64: spreads small numbers into hashes and seeds.
pub(crate) fn mix(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A 32-bit name for a place in the source, the same in every process of the same build.
pub(crate) fn place(location: &Location<'_>) -> u32 {
    hash32(location.file(), location.line() << 10 | location.column())
}

/// A 32-bit name for a place or a type, the same in every process of the same build.
pub(crate) fn hash32(text: &str, n: u32) -> u32 {
    let mut hash = crc32fast::Hasher::new();
    hash.update(text.as_bytes());
    hash.update(&n.to_le_bytes());
    hash.finalize()
}
