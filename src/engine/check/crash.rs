//! When the process dies under a model: says which case and which execution it was.
//!
//! A stack overflow, an abort, a panic in a destructor that unwinds: no report can be made any more. So while a model
//! runs, what a token needs stands ready in the OS thread's [`Slot`], and a signal handler on a stack of its own writes
//! it to stderr and, in an isolated check, to the file that the parent reads.

use std::{
    cell::Cell,
    ffi::c_int,
    fs::File,
    os::fd::{AsRawFd, RawFd},
    ptr::{null, null_mut},
    sync::{
        Once,
        atomic::{AtomicI32, AtomicPtr, AtomicU64, Ordering::Relaxed},
    },
};

use super::{Strategy, Token, token::Body};

/// Bytes of the stack that the handler runs on.
const HANDLER_STACK: usize = 64 * 1024;
const SIGNALS: [c_int; 5] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGABRT, libc::SIGILL, libc::SIGFPE];

thread_local! {
    /// What the model that runs on this OS thread is about to do.
    static SLOT: Cell<*const Slot> = const { Cell::new(null()) };
}

/// The file in which an isolated check leaves its last words; -1 outside.
static LAST_WORDS: AtomicI32 = AtomicI32::new(-1);
/// The slot of the OS thread that has crashed.
static DYING: AtomicPtr<Slot> = AtomicPtr::new(null_mut());
/// The handlers that were there before, by place in `SIGNALS`.
static BEFORE: [AtomicPtr<libc::sigaction>; SIGNALS.len()] = [const { AtomicPtr::new(null_mut()) }; SIGNALS.len()];

struct Slot {
    /// The token up to its parameters, and what comes after the seed or number: `rd1:case:world:strategy:` and `,k=16`.
    head: Cell<*const [u8]>,
    tail: Cell<*const [u8]>,
    /// `s` or `n`, and its value.
    key: Cell<u8>,
    value: AtomicU64,
    /// The execution's number, from 1.
    execution: AtomicU64,
}

/// While it lives, a crash of this OS thread is reported.
pub(crate) struct Armed {
    slot: Box<Slot>,
    /// Heads and tails, which a handler may still be reading.
    texts: Vec<Box<[u8]>>,
    stack: *mut libc::c_void,
}

impl Armed {
    /// Prepares for the executions of a case.
    pub(crate) fn new(case: &str, strategy: Strategy) -> Armed {
        engines();
        let slot = Box::new(Slot {
            head: Cell::new(&[]),
            tail: Cell::new(&[]),
            key: Cell::new(b'n'),
            value: AtomicU64::new(0),
            execution: AtomicU64::new(0),
        });
        let mut armed = Armed { slot, texts: Vec::new(), stack: install() };
        armed.head(case, strategy);
        SLOT.set(&raw const *armed.slot);
        armed
    }

    /// From here on executions of a case are those of this strategy.
    pub(crate) fn head(&mut self, case: &str, strategy: Strategy) {
        let sample =
            Token::new(case, strategy, Body::Number { number: 0, choices: Default::default() }, &Default::default())
                .to_string();
        let head = self.keep(sample.rfind(":n=0").map_or("", |at| &sample[..=at]));
        self.slot.head.set(head);
    }

    fn keep(&mut self, text: &str) -> *const [u8] {
        let at = self.texts.iter().position(|kept| **kept == *text.as_bytes()).unwrap_or_else(|| {
            self.texts.push(text.as_bytes().into());
            self.texts.len() - 1
        });
        &raw const *self.texts[at]
    }

    /// What all executions from here on share: the facts and the estimates, as a token would hold them.
    pub(crate) fn tail(&mut self, token: &Token) {
        let text = token.to_string();
        let parameters = text.rsplit(':').nth(1).unwrap_or_default();
        let shared = parameters.split_once(',').map_or(String::new(), |(_, rest)| format!(",{rest}"));
        let tail = self.keep(&shared);
        self.slot.tail.set(tail);
    }

    /// The execution that begins now grows from a seed.
    #[cfg(raddle_shuttle)]
    pub(crate) fn seed(&self, execution: u64, seed: u64) {
        self.slot.key.set(b's');
        self.slot.value.store(seed, Relaxed);
        self.slot.execution.store(execution, Relaxed);
    }

    /// The execution that begins now is known by a number.
    pub(crate) fn number(&self, number: u64, execution: u64) {
        self.slot.key.set(b'n');
        self.slot.value.store(number, Relaxed);
        self.slot.execution.store(execution, Relaxed);
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        SLOT.set(null());
        // SAFETY: the stack was given to this OS thread by `install`, and no handler runs on it now.
        unsafe {
            let off = libc::stack_t { ss_sp: null_mut(), ss_flags: libc::SS_DISABLE, ss_size: HANDLER_STACK };
            libc::sigaltstack(&off, null_mut());
            libc::munmap(self.stack, HANDLER_STACK);
        }
    }
}

/// Has last words written to a file as well. For the process of an isolated check.
pub(crate) fn last_words_to(file: &File) {
    LAST_WORDS.store(file.as_raw_fd(), Relaxed);
}

/// Has loom's coroutines install what they install in the process: a signal handler and a panic hook.
pub(crate) fn engines() {
    static ENGINES: Once = Once::new();
    ENGINES.call_once(|| {
        // loom's coroutines bring a handler of their own, which turns an overflow into undefined behaviour: it has to be
        // there before ours replaces it.
        #[cfg(raddle_loom)]
        drop(std::thread::spawn(|| ::loom::model::Builder::new().check(|| {})).join());
    });
}

fn install() -> *mut libc::c_void {
    // SAFETY: plain system calls on memory of our own; the handler is async-signal-safe (see `handle`).
    unsafe {
        let stack = libc::mmap(
            null_mut(),
            HANDLER_STACK,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        if stack != libc::MAP_FAILED {
            libc::sigaltstack(&libc::stack_t { ss_sp: stack, ss_flags: 0, ss_size: HANDLER_STACK }, null_mut());
        }
        for (signal, before) in SIGNALS.into_iter().zip(&BEFORE) {
            let mut present: libc::sigaction = std::mem::zeroed();
            libc::sigaction(signal, null(), &mut present);
            if present.sa_sigaction == handle as *const () as usize {
                continue;
            }
            let mut ours: libc::sigaction = std::mem::zeroed();
            ours.sa_sigaction = handle as *const () as usize;
            ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigemptyset(&mut ours.sa_mask);
            // Never freed: a handler may run at any time.
            before.store(Box::into_raw(Box::new(present)), Relaxed);
            libc::sigaction(signal, &ours, null_mut());
        }
        stack
    }
}

/// The signal handler. It allocates nothing and takes no lock.
extern "C" fn handle(signal: c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let slot = SLOT.get();
    if !slot.is_null() {
        // The first tells, and the process dies of that. Another worker's last words would only come in between.
        let first = DYING.compare_exchange(null_mut(), slot.cast_mut(), Relaxed, Relaxed);
        while first.is_err_and(|first| !std::ptr::eq(first, slot)) {
            // SAFETY: a system call that is async-signal-safe.
            unsafe { libc::pause() };
        }
        // SAFETY: the slot is this OS thread's own, and lives until `Armed` is dropped, which clears `SLOT` first.
        let slot = unsafe { &*slot };
        write_report(libc::STDERR_FILENO, signal, slot, true);
        let last_words = LAST_WORDS.load(Relaxed);
        if last_words >= 0 {
            write_report(last_words, signal, slot, false);
        }
    }
    // Then as it would have been without us; but a model's overflow goes to nobody who would carry on.
    // SAFETY: system calls that are async-signal-safe, and the handler that was installed before ours.
    unsafe {
        let before = SIGNALS.iter().position(|s| *s == signal).map_or(null_mut(), |at| BEFORE[at].load(Relaxed));
        let function = if before.is_null() { libc::SIG_DFL } else { (*before).sa_sigaction };
        if slot.is_null() && function != libc::SIG_DFL && function != libc::SIG_IGN {
            let function: extern "C" fn(c_int, *mut libc::siginfo_t, *mut libc::c_void) = std::mem::transmute(function);
            function(signal, info, context);
            return;
        }
        let mut default: libc::sigaction = std::mem::zeroed();
        default.sa_sigaction = libc::SIG_DFL;
        libc::sigaction(signal, &default, null_mut());
        libc::raise(signal);
    }
}

fn write_report(to: RawFd, signal: c_int, slot: &Slot, for_people: bool) {
    let mut digits = [0; 20];
    if for_people {
        put(to, b"\nraddle: the process dies of ");
        put(to, signal_name(signal).as_bytes());
        put(to, b" under a model, in execution ");
        put(to, decimal(slot.execution.load(Relaxed), &mut digits));
        put(to, b".\nReplay it: put RADDLE_REPLAY=");
        put_token(to, slot);
        put(to, b"\nbefore the command that ran this test.\n");
    } else {
        put(to, b"crash ");
        put(to, decimal(signal as u64, &mut digits));
        put(to, b" ");
        put(to, decimal(slot.execution.load(Relaxed), &mut digits));
        put(to, b" ");
        put_token(to, slot);
        put(to, b"\n");
    }
}

fn put_token(to: RawFd, slot: &Slot) {
    let mut digits = [0; 20];
    // SAFETY: both are kept until their `Armed` is dropped.
    let (head, tail) = unsafe { (&*slot.head.get(), &*slot.tail.get()) };
    let value = slot.value.load(Relaxed);
    let key = [slot.key.get(), b'='];
    let number = if key[0] == b's' { hexadecimal(value, &mut digits) } else { decimal(value, &mut digits) };
    let mut checksum = crc32fast::Hasher::new();
    for part in [head, &key, number, tail] {
        checksum.update(part);
        put(to, part);
    }
    let checksum = checksum.finalize();
    let mut shown = *b":00000000";
    for (at, place) in shown[1..].iter_mut().enumerate() {
        *place = digit((checksum >> (28 - 4 * at)) & 15);
    }
    put(to, &shown);
}

fn put(to: RawFd, bytes: &[u8]) {
    let mut left = bytes;
    while !left.is_empty() {
        // SAFETY: the buffer is valid for its length.
        let written = unsafe { libc::write(to, left.as_ptr().cast(), left.len()) };
        if written <= 0 {
            return;
        }
        left = &left[written as usize..];
    }
}

fn decimal(n: u64, digits: &mut [u8; 20]) -> &[u8] {
    in_base(n, 10, digits)
}

fn hexadecimal(n: u64, digits: &mut [u8; 20]) -> &[u8] {
    in_base(n, 16, digits)
}

fn in_base(mut n: u64, base: u64, digits: &mut [u8; 20]) -> &[u8] {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = digit((n % base) as u32);
        n /= base;
        if n == 0 {
            return &digits[at..];
        }
    }
}

fn digit(n: u32) -> u8 {
    b"0123456789abcdef"[n as usize]
}

/// A signal's name.
pub(crate) fn signal_name(signal: c_int) -> &'static str {
    match signal {
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGBUS => "SIGBUS",
        libc::SIGABRT => "SIGABRT",
        libc::SIGILL => "SIGILL",
        libc::SIGFPE => "SIGFPE",
        libc::SIGKILL => "SIGKILL",
        _ => "a signal",
    }
}
