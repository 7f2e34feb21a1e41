//! What each world models of std's, crossbeam-channel's and Go's concurrency, and what it does not.
//!
#![doc = include_str!("worlds.md")]

/// How a world has an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// The engine's own, or std's.
    Native,
    /// Built here, and as documented by std, crossbeam-channel or Go.
    Built,
    /// There, but not in all that it may do: what is different.
    Approximated(&'static str),
    /// Not there: what happens instead.
    Missing(&'static str),
}

/// Some items of one module that the worlds have alike.
#[derive(Clone, Copy, Debug)]
pub struct Api {
    /// The module: `sync`.
    pub module: &'static str,
    /// The items, as they are exported: `Mutex`; or, after a dot, what is different about one: `Condvar.wait_timeout`.
    pub items: &'static [&'static str],
    /// In the std world.
    pub std: Support,
    /// In the loom world.
    pub loom: Support,
    /// In the shuttle world.
    pub shuttle: Support,
}

use Support::{Approximated, Built, Missing, Native};

const fn api(
    module: &'static str,
    items: &'static [&'static str],
    std: Support,
    loom: Support,
    shuttle: Support,
) -> Api {
    Api { module, items, std, loom, shuttle }
}

/// What loom makes of a channel.
const ORDERS_MORE: Support = Approximated(
    "each operation is ordered after all earlier ones on the channel: races that only its exact guarantees leave open \
     are seen in the shuttle world",
);
/// Selects in a model.
const ONE_STEP: Support = Approximated(
    "looks at all operations in one step: a default although something was ready at every moment, or a later operation \
     although an earlier one was ready first, are not seen",
);
/// Channels on real threads.
const SEEN: Support = Approximated("native; in a run, built: waits are seen");
/// Timers in a model.
const ANY_POINT: Support = Approximated("comes due at any point: durations mean nothing, but in a timed model");

/// The network in a model.
const IN_MEMORY: Support = Approximated(
    "in memory; faults are explored; a timeout fires when a message is late or nothing else can go on; no nonblocking \
     sockets",
);
/// Files in a model.
const ON_A_DISK: Support = Approximated(
    "in memory, lost in a crash unless synced; names are there at once; no folders, permissions or errors",
);

/// A dump on real threads.
const WAITS_SEEN: Support = Approximated("built: tells the waits that runs see");
/// A dump in a model.
const NO_EVENT: Support = Approximated("a look, no event: not all that it could say is explored");

/// Every item of the facade.
pub const APIS: &[Api] = &[
    api("sync", &["Arc", "Weak"], Native, Built, Built),
    api("sync", &["Arc.coercion to Arc<dyn Trait>"], Native, Missing("does not compile"), Missing("does not compile")),
    api(
        "sync",
        &["Mutex", "MutexGuard", "LockResult", "PoisonError", "TryLockError", "TryLockResult"],
        Native,
        Native,
        Built,
    ),
    api("sync", &["RwLock", "RwLockReadGuard", "RwLockWriteGuard"], Native, Built, Built),
    api(
        "sync",
        &["Mutex.try_lock", "RwLock.try_read", "RwLock.try_write"],
        Native,
        Approximated("never fails spuriously"),
        Approximated("never fails spuriously"),
    ),
    api(
        "sync",
        &["Condvar"],
        Native,
        Approximated("a notification is ordered before the wake-up; spurious wake-ups on request"),
        Approximated("spurious wake-ups on request"),
    ),
    api(
        "sync",
        &["WaitTimeoutResult", "Condvar.wait_timeout", "Condvar.wait_timeout_while"],
        Native,
        ANY_POINT,
        ANY_POINT,
    ),
    api(
        "sync",
        &["Barrier", "BarrierWaitResult", "Once", "ONCE_INIT", "OnceState", "OnceLock", "LazyLock"],
        Native,
        Built,
        Built,
    ),
    api(
        "sync::mpsc",
        &[
            "channel",
            "sync_channel",
            "Sender",
            "SyncSender",
            "Receiver",
            "Iter",
            "TryIter",
            "IntoIter",
            "SendError",
            "RecvError",
            "TryRecvError",
            "TrySendError",
        ],
        SEEN,
        ORDERS_MORE,
        Built,
    ),
    api("sync::mpsc", &["RecvTimeoutError", "Receiver.recv_timeout"], SEEN, ANY_POINT, ANY_POINT),
    api(
        "sync::atomic",
        &[
            "AtomicBool",
            "AtomicI8",
            "AtomicI16",
            "AtomicI32",
            "AtomicI64",
            "AtomicIsize",
            "AtomicPtr",
            "AtomicU8",
            "AtomicU16",
            "AtomicU32",
            "AtomicU64",
            "AtomicUsize",
            "Ordering",
        ],
        Native,
        Approximated("no load buffering; SeqCst accesses count as AcqRel"),
        Approximated("a load returns the latest store; the orderings decide which accesses race"),
    ),
    api(
        "sync::atomic",
        &["AtomicBool.compare_exchange_weak"],
        Native,
        Approximated("never fails spuriously"),
        Approximated("never fails spuriously"),
    ),
    api(
        "sync::atomic",
        &["AtomicBool.as_ptr", "AtomicBool.from_ptr", "AtomicPtr.fetch_ptr_add"],
        Native,
        Missing("does not compile"),
        Missing("does not compile"),
    ),
    api("sync::atomic", &["fence"], Native, Native, Approximated("decides which accesses race, and no values")),
    api("sync::atomic", &["compiler_fence"], Native, Native, Native),
    api(
        "thread",
        &["spawn", "Builder", "JoinHandle", "Result", "Thread", "ThreadId", "current"],
        Native,
        Approximated("five threads in an execution, main and ended ones included: one more is an error that says so"),
        Native,
    ),
    api("thread", &["Scope", "ScopedJoinHandle", "scope"], Native, Built, Built),
    api(
        "thread",
        &["park"],
        Native,
        Approximated("spurious wake-ups on request"),
        Approximated("spurious wake-ups on request"),
    ),
    api("thread", &["park_timeout"], Native, ANY_POINT, ANY_POINT),
    api("thread", &["yield_now"], Native, Built, Built),
    api(
        "thread",
        &["sleep"],
        Native,
        Approximated("a scheduling point: orders nothing"),
        Approximated("a scheduling point: orders nothing, but in a timed model"),
    ),
    api("thread", &["LocalKey", "AccessError"], Native, Built, Built),
    api("thread", &["dump", "Dump", "Dumped", "Group", "Reason"], WAITS_SEEN, NO_EVENT, NO_EVENT),
    api("thread", &["record_stacks", "Stack", "Frame"], Built, Built, Built),
    api("thread", &["watched"], Built, Missing("panics"), Missing("panics")),
    api(
        "thread",
        &["panicking"],
        Native,
        Approximated("exact unless another thread stands still while it unwinds"),
        Approximated("exact unless another thread stands still while it unwinds"),
    ),
    api(
        "thread",
        &["available_parallelism"],
        Native,
        Approximated("the machine's: a model that depends on it replays on the same machine only"),
        Approximated("the machine's: a model that depends on it replays on the same machine only"),
    ),
    api("time", &["Instant", "Duration"], Native, Built, Built),
    api(
        "time",
        &["SystemTime"],
        Missing("does not compile: import it from std"),
        Missing("does not compile"),
        Missing("does not compile"),
    ),
    api(
        "channel",
        &[
            "bounded",
            "unbounded",
            "never",
            "Sender",
            "Receiver",
            "Iter",
            "TryIter",
            "IntoIter",
            "SendError",
            "RecvError",
            "TrySendError",
            "TryRecvError",
            "Select",
            "SelectedOperation",
            "select",
            "select_biased",
            "TrySelectError",
            "TryReadyError",
        ],
        SEEN,
        ORDERS_MORE,
        Built,
    ),
    api(
        "channel",
        &[
            "after",
            "at",
            "tick",
            "SendTimeoutError",
            "RecvTimeoutError",
            "SelectTimeoutError",
            "ReadyTimeoutError",
            "Receiver.recv_timeout",
            "Sender.send_timeout",
        ],
        SEEN,
        ANY_POINT,
        ANY_POINT,
    ),
    api("channel", &["Select.try_select", "Select.new_biased"], SEEN, ONE_STEP, ONE_STEP),
    api("go", &["go", "Chan", "Iter", "Select", "Receipt", "select"], Built, ORDERS_MORE, Built),
    api(
        "go",
        &["WaitGroup"],
        Built,
        Approximated(
            "an Add that races with a Wait from 0 is explored, not reported; counting orders more than Go does",
        ),
        Approximated("an Add that races with a Wait from 0 is explored, not reported"),
    ),
    api("go", &["Timer", "Stopper", "after", "after_func"], Built, ANY_POINT, ANY_POINT),
    api("net", &["TcpListener", "TcpStream", "Incoming"], Native, IN_MEMORY, IN_MEMORY),
    api(
        "net",
        &[
            "AddrParseError",
            "IpAddr",
            "Ipv4Addr",
            "Ipv6Addr",
            "Shutdown",
            "SocketAddr",
            "SocketAddrV4",
            "SocketAddrV6",
            "ToSocketAddrs",
        ],
        Native,
        Native,
        Native,
    ),
    api(
        "fs",
        &["File", "Metadata", "OpenOptions", "create_dir_all", "exists", "read", "remove_file", "rename", "write"],
        Native,
        ON_A_DISK,
        ON_A_DISK,
    ),
    api("host", &["spawn", "Host", "Fault", "Faults"], Missing("panics: start a process"), Built, Built),
    api("cell", &["UnsafeCell"], Native, Native, Built),
    api("hint", &["spin_loop"], Native, Built, Built),
    api("", &["choice"], Built, Approximated("each combination of choices is an exploration of its own"), Built),
    api("", &["thread_local"], Native, Built, Built),
    api(
        "rand",
        &["thread_rng", "random", "ThreadRng"],
        Native,
        Missing("an error that points to choice"),
        Approximated("from the schedule's seed; depth first, an error that points to choice"),
    ),
];
