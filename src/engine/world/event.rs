//! What an execution tells: operations, their values, and where in the source they stand.

use std::{fmt, panic::Location};

use serde::{Deserialize, Serialize};

use crate::host::Fault;

/// The kind of an operation on a primitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Kind {
    /// A thread starts to run.
    Start,
    /// A thread ends.
    Exit,
    /// `thread::spawn` and its relatives.
    Spawn,
    /// `JoinHandle::join`, and the end of a scope.
    Join,
    /// `JoinHandle::is_finished`.
    IsFinished,
    /// `thread::park`.
    Park,
    /// `Thread::unpark`.
    Unpark,
    /// `thread::yield_now`.
    Yield,
    /// `thread::sleep`.
    Sleep,
    /// `hint::spin_loop`.
    SpinLoop,
    /// An atomic load.
    Load,
    /// An atomic store.
    Store,
    /// An atomic read-modify-write that wrote.
    Rmw,
    /// A compare-exchange that failed: a load.
    CompareFailed,
    /// An atomic fence.
    Fence,
    /// `Mutex::lock`, or the re-acquisition at the end of `Condvar::wait`.
    Lock,
    /// `Mutex::try_lock`.
    TryLock,
    /// A `MutexGuard` is dropped.
    Unlock,
    /// `RwLock::read`.
    Read,
    /// `RwLock::try_read`.
    TryRead,
    /// A read guard is dropped.
    ReadUnlock,
    /// `RwLock::write`.
    Write,
    /// `RwLock::try_write`.
    TryWrite,
    /// A write guard is dropped.
    WriteUnlock,
    /// `RwLockWriteGuard::downgrade`.
    Downgrade,
    /// `Condvar::wait` gives up the lock and waits; `Barrier::wait`; `WaitGroup::wait`; `Once::wait` and its relatives.
    Wait,
    /// `Condvar::notify_one`.
    NotifyOne,
    /// `Condvar::notify_all`.
    NotifyAll,
    /// `Once::call_once` and `Once::call_once_force`: whether this call runs the initialiser.
    CallOnce,
    /// `OnceLock::get_or_init`: whether this call runs the initialiser.
    GetOrInit,
    /// `LazyLock::force`, or a `LazyLock` is dereferenced that is not there yet: whether this call runs the initialiser.
    Force,
    /// The initialiser of a `Once`, a `OnceLock` or a `LazyLock` has returned.
    Initialised,
    /// It has panicked.
    Poisoned,
    /// `OnceLock::set`: whether it set the value.
    Set,
    /// `OnceLock::get`, `LazyLock::get`: whether a value is there.
    Get,
    /// `Once::is_completed`.
    IsCompleted,
    /// An `UnsafeCell` is read.
    CellRead,
    /// An `UnsafeCell` is written.
    CellWrite,
    /// A reference count goes up (`Arc::clone`, `Weak::clone`, `Arc::downgrade`).
    RefInc,
    /// A reference count goes down.
    RefDec,
    /// A reference count is looked at (`strong_count`, `get_mut`, `try_unwrap`, `upgrade` and their relatives).
    RefRead,
    /// [`choice`](crate::choice).
    Choice,
    /// A message is sent: `Sender::send` and its relatives that wait.
    Send,
    /// `Sender::try_send`.
    TrySend,
    /// A message is received: `Receiver::recv` and its relatives that wait.
    Receive,
    /// `Receiver::try_recv`.
    TryReceive,
    /// One of several channel operations: `select!`, `Select::select` and their relatives.
    Select,
    /// `Select::ready` and its relatives: waits until an operation could be done.
    Ready,
    /// A thread begins to wait at a channel where others can tell.
    Arrive,
    /// A sender or a receiver of a channel is dropped, or the channel is closed.
    HangUp,
    /// A timer is stopped or set again.
    Arm,
    /// `WaitGroup::add` and `done`.
    Count,
    /// A channel is looked at: `len`, `is_empty`, `is_full`.
    Look,
    /// An operation begins that is recorded in a history.
    Invoke,
    /// It returns.
    Return,
    /// The main function has returned and waits for the rest to come to rest.
    Rest,
    /// `TcpListener::bind`.
    Bind,
    /// `TcpStream::connect`.
    Connect,
    /// `TcpListener::accept`.
    Accept,
    /// A stream is read: `TcpStream::read`, `peek`.
    StreamRead,
    /// A stream is written: `TcpStream::write`.
    StreamWrite,
    /// A listener or a stream is dropped, or the stream is shut down.
    Close,
    /// A file is opened, or looked for, that is there or is not.
    FileOpen,
    /// A file is made, or emptied as it is opened.
    FileCreate,
    /// A file is read, or its length is.
    FileRead,
    /// A file is written, or cut.
    FileWrite,
    /// `File::sync_all`, `sync_data`.
    FileSync,
    /// `fs::rename`, `fs::remove_file`.
    FileRename,
    /// `Faults::allow`.
    Allow,
    /// Something goes wrong with what the thread does next.
    Fault,
    /// A host crashes.
    Crash,
}

impl Kind {
    /// Whether it is one on the network or a disk, or something that goes wrong there: what there is to tell of several
    /// hosts.
    pub(crate) fn is_told_of_hosts(self) -> bool {
        let net = matches!(
            self,
            Kind::Bind | Kind::Connect | Kind::Accept | Kind::StreamRead | Kind::StreamWrite | Kind::Close
        );
        let disk =
            matches!(self, Kind::FileOpen | Kind::FileCreate | Kind::FileRead | Kind::FileWrite | Kind::FileSync);
        net || disk || matches!(self, Kind::FileRename | Kind::Allow | Kind::Fault | Kind::Crash)
    }

    /// The operation's name as a trace shows it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Start => "start",
            Kind::Exit => "exit",
            Kind::Spawn => "spawn",
            Kind::Join => "join",
            Kind::IsFinished => "is_finished",
            Kind::Park => "park",
            Kind::Unpark => "unpark",
            Kind::Yield => "yield_now",
            Kind::Sleep => "sleep",
            Kind::SpinLoop => "spin_loop",
            Kind::Load => "load",
            Kind::Store => "store",
            Kind::Rmw => "update",
            Kind::CompareFailed => "compare",
            Kind::Fence => "fence",
            Kind::Lock => "lock",
            Kind::TryLock => "try_lock",
            Kind::Unlock => "unlock",
            Kind::Read => "read",
            Kind::TryRead => "try_read",
            Kind::ReadUnlock => "unlock(read)",
            Kind::Write => "write",
            Kind::TryWrite => "try_write",
            Kind::WriteUnlock => "unlock(write)",
            Kind::Downgrade => "downgrade",
            Kind::Wait => "wait",
            Kind::NotifyOne => "notify_one",
            Kind::NotifyAll => "notify_all",
            Kind::CallOnce => "call_once",
            Kind::GetOrInit => "get_or_init",
            Kind::Force => "force",
            Kind::Initialised => "initialised",
            Kind::Poisoned => "poisoned",
            Kind::Set => "set",
            Kind::Get => "get",
            Kind::IsCompleted => "is_completed",
            Kind::CellRead => "with",
            Kind::CellWrite => "with_mut",
            Kind::RefInc => "clone",
            Kind::RefDec => "drop",
            Kind::RefRead => "count",
            Kind::Choice => "choice",
            Kind::Send => "send",
            Kind::TrySend => "try_send",
            Kind::Receive => "recv",
            Kind::TryReceive => "try_recv",
            Kind::Select => "select",
            Kind::Ready => "ready",
            Kind::Arrive => "arrive",
            Kind::HangUp => "hang up",
            Kind::Arm => "set",
            Kind::Count => "add",
            Kind::Look => "len",
            Kind::Invoke => "invoke",
            Kind::Return => "return",
            Kind::Rest => "end",
            Kind::Bind => "bind",
            Kind::Connect => "connect",
            Kind::Accept => "accept",
            Kind::StreamRead | Kind::FileRead => "read",
            Kind::StreamWrite | Kind::FileWrite => "write",
            Kind::Close => "close",
            Kind::FileOpen => "open",
            Kind::FileCreate => "create",
            Kind::FileSync => "sync",
            Kind::FileRename => "rename",
            Kind::Allow => "allow",
            Kind::Fault => "fault",
            Kind::Crash => "crash",
        }
    }
}

/// What an object is, for names in traces and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ObjectKind {
    /// One of the atomic integers, `AtomicBool` or `AtomicPtr`.
    Atomic,
    /// `sync::Mutex`.
    Mutex,
    /// `sync::RwLock`.
    RwLock,
    /// `sync::Condvar`.
    Condvar,
    /// `sync::Barrier`.
    Barrier,
    /// `sync::Once`.
    Once,
    /// `sync::OnceLock`.
    OnceLock,
    /// `sync::LazyLock`.
    LazyLock,
    /// `cell::UnsafeCell`.
    Cell,
    /// `sync::Arc`.
    Arc,
    /// A channel.
    Channel,
    /// `go::WaitGroup`.
    WaitGroup,
    /// A history of operations that is recorded.
    History,
    /// A thread.
    Thread,
    /// The network: who listens where.
    Net,
    /// `net::TcpListener`.
    Listener,
    /// One direction of a connection.
    Stream,
    /// `host::Host`.
    Host,
    /// The names on a host's disk.
    Disk,
    /// What is in a file.
    File,
}

impl ObjectKind {
    /// The name as a trace shows it.
    pub fn name(self) -> &'static str {
        match self {
            ObjectKind::Atomic => "atomic",
            ObjectKind::Mutex => "mutex",
            ObjectKind::RwLock => "rwlock",
            ObjectKind::Condvar => "condvar",
            ObjectKind::Barrier => "barrier",
            ObjectKind::Once => "once",
            ObjectKind::OnceLock => "oncelock",
            ObjectKind::LazyLock => "lazylock",
            ObjectKind::Cell => "cell",
            ObjectKind::Arc => "arc",
            ObjectKind::Channel => "channel",
            ObjectKind::WaitGroup => "group",
            ObjectKind::History => "history",
            ObjectKind::Thread => "thread",
            ObjectKind::Net => "net",
            ObjectKind::Listener => "listener",
            ObjectKind::Stream => "stream",
            ObjectKind::Host => "host",
            ObjectKind::Disk => "disk",
            ObjectKind::File => "file",
        }
    }
}

/// An object of one execution: its kind, and its number among the execution's objects in the order of first use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    /// What it is.
    pub kind: ObjectKind,
    /// Its number, from 1, among the objects of this execution; a thread's own number, from 0.
    pub number: u32,
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.kind.name(), self.number)
    }
}

/// A number that an atomic holds. Pointers differ from process to process, so a pointer has a number from when it
/// is stored, and no atomic holds it already (0 is null).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Number {
    /// An unsigned integer.
    Unsigned(u64),
    /// A signed integer.
    Signed(i64),
    /// A truth value.
    Bool(bool),
    /// The n-th pointer stored in the execution.
    Pointer(u32),
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Unsigned(n) => n.fmt(f),
            Number::Signed(n) => n.fmt(f),
            Number::Bool(b) => b.fmt(f),
            Number::Pointer(0) => f.write_str("null"),
            Number::Pointer(n) => write!(f, "ptr#{n}"),
        }
    }
}

/// What came out of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Value {
    /// Nothing to tell.
    None,
    /// The value that was read.
    Got(Number),
    /// The value that was written.
    Set(Number),
    /// The value before and after.
    Changed(Number, Number),
    /// Whether an attempt succeeded, or what a question answered.
    Done(bool),
    /// A thread: spawned, joined, woken.
    Thread(u32),
    /// How many: threads woken, references left, the choice taken, messages queued.
    Count(u64),
    /// What a counter holds.
    Balance(i64),
    /// A message, by its number in the execution.
    Message(u64),
    /// The arm of a select that was taken, from 0.
    Arm(u32),
    /// The other side of the channel has hung up.
    HungUp,
    /// The wait ended by its deadline, or a timer fired.
    Fired,
    /// What goes wrong.
    Fault(Fault),
    /// The thread's host has crashed.
    Crashed,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::None => Ok(()),
            Value::Got(n) => write!(f, "-> {n}"),
            Value::Set(n) => write!(f, "<- {n}"),
            Value::Changed(from, to) => write!(f, "{from} -> {to}"),
            Value::Done(done) => write!(f, "-> {done}"),
            Value::Thread(thread) => write!(f, "t{thread}"),
            Value::Count(n) => write!(f, "{n}"),
            Value::Balance(n) => write!(f, "-> {n}"),
            Value::Message(n) => write!(f, "message {n}"),
            Value::Arm(arm) => write!(f, "-> arm {arm}"),
            Value::HungUp => f.write_str("-> hung up"),
            Value::Fired => f.write_str("-> fired"),
            Value::Fault(fault) => write!(f, "{fault}"),
            Value::Crashed => f.write_str("-> crashed"),
        }
    }
}

/// One step of an execution as it is recorded at the waist. [`Step`](crate::check::Step) is what leaves the crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) thread: u32,
    pub(crate) kind: Kind,
    pub(crate) object: Option<ObjectRef>,
    pub(crate) value: Value,
    pub(crate) location: &'static Location<'static>,
    /// Nobody ended the wait that this step ends.
    pub(crate) spurious: bool,
}
