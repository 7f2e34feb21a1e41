// A program written against std: `lib` is std, or raddle. It is included twice. Each function is one model; what it
// returns does not depend on the schedule.

use self::lib::{
    hint,
    sync::{
        Arc, Barrier, BarrierWaitResult, Condvar, LazyLock, LockResult, Mutex, MutexGuard, Once, OnceLock, OnceState,
        PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError, TryLockResult, Weak,
        atomic::{
            AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, AtomicU8, AtomicU16,
            AtomicU32, AtomicU64, AtomicUsize, Ordering, compiler_fence, fence,
        },
    },
    thread::{self, AccessError, Builder, JoinHandle, LocalKey, Scope, ScopedJoinHandle, Thread, ThreadId},
};

/// A model, with its name.
type Named = (&'static str, fn() -> String);

/// Every model.
pub const MODELS: [Named; 17] = [
    ("references", references),
    ("conversions", conversions),
    ("files", files),
    ("mutexes", mutexes),
    ("poison", poison),
    ("read-write locks", read_write_locks),
    ("a queue", queue),
    ("barriers", barriers),
    ("onces", onces),
    ("once locks", once_locks),
    ("lazy locks", lazy_locks),
    ("atomics", atomics),
    ("statics", statics),
    ("threads", threads),
    ("scopes", scopes),
    ("thread-locals", thread_locals),
    ("waiting", waiting),
];

#[derive(Clone, Debug, Default, PartialEq)]
struct Node {
    name: String,
    parent: Weak2,
}

/// A weak reference that can be compared.
#[derive(Clone, Debug, Default)]
struct Weak2(Weak<Node>);

impl PartialEq for Weak2 {
    fn eq(&self, other: &Weak2) -> bool {
        self.0.ptr_eq(&other.0)
    }
}

fn references() -> String {
    let root = Arc::new_cyclic(|me| Node { name: "root".to_owned(), parent: Weak2(me.clone()) });
    let leaf = Arc::new(Node { name: "leaf".to_owned(), parent: Weak2(Arc::downgrade(&root)) });
    let theirs = Arc::clone(&leaf);
    let named = thread::spawn(move || theirs.parent.0.upgrade().map(|parent| parent.name.clone())).join().unwrap();
    let counts = [Arc::strong_count(&root), Arc::weak_count(&root), Arc::strong_count(&leaf)];
    let mut copy = Arc::clone(&leaf);
    Arc::make_mut(&mut copy).name.push('2');
    let same = (Arc::ptr_eq(&leaf, &copy), leaf == copy, copy.parent == leaf.parent);
    drop(root);
    let gone = leaf.parent.0.upgrade().is_none();
    let name = Arc::try_unwrap(leaf).unwrap().name;
    let mut copy = Some(copy);
    let other = copy.as_mut().and_then(Arc::get_mut).map(|node| node.name.clone());
    let inner = copy.and_then(Arc::into_inner).map(|node| node.name);
    let slices: Vec<Arc<[u8]>> = vec![Arc::from([1, 2]), Arc::from(vec![3]), (4..6).collect()];
    let text: Arc<str> = Arc::from("text");
    let owned = Arc::unwrap_or_clone(Arc::new(5));
    format!("{named:?} {counts:?} {same:?} {gone} {name} {other:?} {inner:?} {slices:?} {text} {owned}")
}

fn conversions() -> String {
    use std::{
        borrow::Cow,
        ffi::{CStr, CString, OsStr, OsString},
        path::{Path, PathBuf},
    };
    let empty: (Arc<str>, Arc<[u8]>, Arc<CStr>) = Default::default();
    let cows: (Arc<str>, Arc<[u8]>, Arc<str>) =
        (Cow::Borrowed("cow").into(), Cow::<[u8]>::Owned(vec![1]).into(), Cow::<str>::Owned("own".to_owned()).into());
    let paths: [Arc<Path>; 2] = [PathBuf::from("a/b").into(), Path::new("c").into()];
    let names: [Arc<OsStr>; 2] = [OsString::from("os").into(), OsStr::new("str").into()];
    let texts: [Arc<CStr>; 2] = [CString::new("c").unwrap().into(), c"literal".into()];
    let mut list = [3, 4];
    let shared: Arc<[i32]> = (&mut list[..]).into();
    let text: Arc<str> = Arc::from("bytes");
    let bytes: Arc<[u8]> = Arc::clone(&text).into();
    let together = (Arc::strong_count(&text), bytes.len());
    let array: Result<Arc<[i32; 2]>, _> = shared.try_into();
    let slice: Result<Arc<[u8; 9]>, Arc<[u8]>> = bytes.try_into();
    let mut one: Arc<[String]> = vec!["one".to_owned()].into();
    let two = Arc::clone(&one);
    Arc::make_mut(&mut one)[0].push('!');
    let mut word: Arc<str> = "word".into();
    let weak = Arc::downgrade(&word);
    Arc::make_mut(&mut word).make_ascii_uppercase();
    let left = (weak.upgrade().is_none(), hint::black_box(7));
    format!(
        "{empty:?} {cows:?} {paths:?} {names:?} {texts:?} {together:?} {array:?} {slice:?} {one:?} {two:?} {word} {left:?}"
    )
}

fn files() -> String {
    use std::io::{Read, Seek, Write};
    let name = format!("raddle-source-{}-{:?}", std::process::id(), std::thread::current().id());
    let path = std::env::temp_dir().join(name);
    let mut options = std::fs::File::options();
    let mut file = Arc::new(options.read(true).write(true).create(true).truncate(true).open(&path).unwrap());
    let mut theirs = Arc::clone(&file);
    thread::spawn(move || write!(theirs, "written together").unwrap()).join().unwrap();
    file.seek(std::io::SeekFrom::Start(8)).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    std::fs::remove_file(&path).unwrap();
    text
}

fn add(mutex: &Mutex<Vec<u32>>, n: u32) -> LockResult<MutexGuard<'_, Vec<u32>>> {
    let mut guard = mutex.lock()?;
    guard.push(n);
    Ok(guard)
}

fn mutexes() -> String {
    let mutex: Arc<Mutex<Vec<u32>>> = Arc::default();
    let handles: Vec<JoinHandle<()>> = (0..2)
        .map(|n| {
            let mutex = Arc::clone(&mutex);
            thread::spawn(move || drop(add(&mutex, n)))
        })
        .collect();
    drop(add(&mutex, 7).unwrap());
    handles.into_iter().for_each(|handle| handle.join().unwrap());
    let taken = {
        let _guard = mutex.lock().unwrap();
        let again: TryLockResult<_> = mutex.try_lock();
        matches!(again, Err(TryLockError::WouldBlock))
    };
    let mut list = Arc::try_unwrap(mutex).unwrap();
    list.get_mut().unwrap().sort_unstable();
    format!("{taken} {:?} {:?}", list.is_poisoned(), list.into_inner())
}

fn poison() -> String {
    let state = Arc::new((Mutex::from(1), RwLock::from(2)));
    let theirs = Arc::clone(&state);
    let payload = thread::spawn(move || {
        let _one: MutexGuard<'_, i32> = theirs.0.lock().unwrap();
        let mut two: RwLockWriteGuard<'_, i32> = theirs.1.write().unwrap();
        *two += 1;
        std::panic::panic_any(11_u8)
    })
    .join()
    .map(|never: ()| never)
    .unwrap_err();
    let poisoned = (state.0.is_poisoned(), state.1.is_poisoned());
    let one = *state.0.lock().unwrap_or_else(PoisonError::into_inner);
    let two = *state.1.read().unwrap_err().into_inner();
    state.0.clear_poison();
    state.1.clear_poison();
    format!("{:?} {poisoned:?} {one} {two} {}", payload.downcast_ref::<u8>(), state.1.try_write().is_ok())
}

fn read_write_locks() -> String {
    let lock = Arc::new(RwLock::new(1));
    let theirs = Arc::clone(&lock);
    let writer = thread::spawn(move || *theirs.write().unwrap() += 1);
    let seen = {
        let guard: RwLockReadGuard<'_, i32> = lock.read().unwrap();
        let together = lock.try_read().is_ok();
        (*guard == 1 || *guard == 2, together, lock.try_write().is_err())
    };
    writer.join().unwrap();
    let down: RwLockReadGuard<'_, i32> = RwLockWriteGuard::downgrade(lock.write().unwrap());
    let told = (*down, lock.try_read().is_ok(), lock.try_write().is_err());
    drop(down);
    let mut lock = Arc::try_unwrap(lock).unwrap();
    *lock.get_mut().unwrap() *= 10;
    format!("{seen:?} {told:?} {}", lock.into_inner().unwrap())
}

/// A bounded queue.
#[derive(Default)]
struct Queue {
    items: Mutex<(Vec<u32>, bool)>,
    changed: Condvar,
}

fn queue() -> String {
    let queue: Arc<Queue> = Arc::default();
    let theirs = Arc::clone(&queue);
    let consumer = thread::spawn(move || {
        let mut all = Vec::new();
        loop {
            let items = theirs.items.lock().unwrap();
            let mut items = theirs.changed.wait_while(items, |(items, ended)| items.is_empty() && !*ended).unwrap();
            if items.0.is_empty() {
                return all;
            }
            all.append(&mut items.0);
            theirs.changed.notify_all();
        }
    });
    for n in 0..3 {
        let mut items = queue.items.lock().unwrap();
        while items.0.len() == 2 {
            items = queue.changed.wait(items).unwrap();
        }
        items.0.push(n);
        queue.changed.notify_one();
    }
    queue.items.lock().unwrap().1 = true;
    queue.changed.notify_all();
    format!("{:?}", consumer.join().unwrap())
}

fn barriers() -> String {
    let barrier = Arc::new(Barrier::new(2));
    let theirs = Arc::clone(&barrier);
    let waits = |barrier: &Barrier| -> usize {
        let rounds: [BarrierWaitResult; 2] = [barrier.wait(), barrier.wait()];
        rounds.iter().filter(|result| result.is_leader()).count()
    };
    let other = thread::spawn(move || waits(&theirs));
    let leaders = waits(&barrier) + other.join().unwrap();
    format!("{leaders} {barrier:?} {:?}", Barrier::new(0).wait())
}

fn onces() -> String {
    let once = Arc::new((Once::new(), AtomicUsize::new(0)));
    let theirs = Arc::clone(&once);
    let other = thread::spawn(move || theirs.0.call_once(|| _ = theirs.1.fetch_add(1, Ordering::Relaxed)));
    once.0.call_once_force(|state: &OnceState| _ = once.1.fetch_add(1 + usize::from(state.is_poisoned()), Ordering::Relaxed));
    once.0.wait();
    let ran = once.1.load(Ordering::Relaxed);
    other.join().unwrap();
    let poisoned = Arc::new(Once::new());
    let theirs = Arc::clone(&poisoned);
    let first = thread::spawn(move || theirs.call_once(|| std::panic::resume_unwind(Box::new("no")))).join();
    let mut told = String::new();
    poisoned.call_once_force(|state| told = format!("{state:?}"));
    poisoned.wait_force();
    format!("{ran} {} {} {told} {} {poisoned:?}", once.0.is_completed(), first.is_err(), poisoned.is_completed())
}

/// A type that may hold what does not live as long.
fn shorten<'short>(value: RwLockReadGuard<'short, &'static str>) -> RwLockReadGuard<'short, &'short str> {
    value
}

fn once_locks() -> String {
    let lock: Arc<OnceLock<String>> = Arc::default();
    let theirs = Arc::clone(&lock);
    let other = thread::spawn(move || theirs.wait().len());
    let made = lock.get_or_init(|| "made".to_owned()).len();
    let set = lock.set("set".to_owned());
    let (copy, other) = (OnceLock::clone(&lock), other.join().unwrap());
    let same = (copy == *lock, *lock == OnceLock::new(), OnceLock::from(1) == OnceLock::from(1));
    let mut lock = Arc::try_unwrap(lock).unwrap();
    lock.get_mut().unwrap().push('!');
    let taken = (lock.take(), lock.get().is_none(), copy.into_inner());
    let borrows = OnceLock::new();
    let text = String::from("shorter");
    // It is dropped after what it borrows, and never looks at it.
    let set_too = borrows.set(&text).is_ok();
    let lock = RwLock::new("static");
    let short = shorten(lock.read().unwrap()).len();
    format!("{made} {set:?} {other} {same:?} {taken:?} {set_too} {:?} {short}", borrows.get())
}

fn lazy_locks() -> String {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let lazy = Arc::new(LazyLock::new(move || vec![counted.fetch_add(1, Ordering::Relaxed)]));
    let early = LazyLock::get(&lazy).is_none();
    let theirs = Arc::clone(&lazy);
    let other = thread::spawn(move || theirs.len());
    let first = lazy[0];
    let other = other.join().unwrap();
    let mut lazy = Arc::try_unwrap(lazy).ok().unwrap();
    lazy.push(7);
    LazyLock::force_mut(&mut lazy).push(8);
    let late = (LazyLock::get_mut(&mut lazy).is_some(), LazyLock::force(&lazy).len());
    let function: LazyLock<u32> = LazyLock::default();
    let poisoned: LazyLock<u32, _> = LazyLock::new(|| std::panic::resume_unwind(Box::new("no")));
    let forces = || std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| *poisoned)).is_err();
    let failed = [forces(), forces()];
    format!("{early} {first} {other} {lazy} {late:?} {} {failed:?} {}", *function, calls.load(Ordering::Relaxed), lazy = lazy.len())
}

fn atomics() -> String {
    let small = (AtomicU8::new(250), AtomicI8::new(-5), AtomicU16::new(1), AtomicI16::new(1), AtomicBool::new(true));
    let large = (AtomicU32::new(1), AtomicI32::new(-1), AtomicU64::new(1), AtomicI64::new(-1), AtomicIsize::new(0));
    small.0.fetch_add(10, Ordering::SeqCst);
    small.1.fetch_min(-7, Ordering::AcqRel);
    small.2.fetch_nand(3, Ordering::Relaxed);
    small.3.fetch_sub(3, Ordering::Release);
    let was = small.4.fetch_not(Ordering::Acquire);
    let swapped = large.0.swap(9, Ordering::AcqRel);
    let exchanged = large.1.compare_exchange(-1, 4, Ordering::SeqCst, Ordering::Relaxed);
    let failed = large.2.compare_exchange(5, 6, Ordering::Relaxed, Ordering::Acquire);
    let updated = large.3.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_mul(3));
    large.4.store(large.4.fetch_xor(5, Ordering::SeqCst) - 1, Ordering::Release);
    let (mut one, mut two) = (1, 2);
    let pointer = AtomicPtr::new(&raw mut one);
    let first = pointer.swap(&raw mut two, Ordering::AcqRel) == &raw mut one;
    fence(Ordering::SeqCst);
    compiler_fence(Ordering::SeqCst);
    let total = Arc::new(AtomicUsize::new(0));
    let theirs = Arc::clone(&total);
    let other = thread::spawn(move || theirs.fetch_max(8, Ordering::Relaxed));
    total.fetch_or(3, Ordering::Relaxed);
    let before = other.join().unwrap();
    let total = total.load(Ordering::Relaxed);
    format!(
        "{small:?} {was} {large:?} {swapped} {exchanged:?} {failed:?} {updated:?} {first} {} {}",
        before == 0 || before == 3,
        total == 8 || total == 11,
    )
}

static COUNT: AtomicUsize = AtomicUsize::new(0);
static READY: Condvar = Condvar::new();
static MEET: Barrier = Barrier::new(2);
static FIRST: Once = Once::new();
static TEXT: OnceLock<String> = OnceLock::new();
static TABLE: LazyLock<Mutex<Vec<usize>>> = LazyLock::new(Mutex::default);

fn statics() -> String {
    // std's static keeps its value from one run to the next: what is told is the difference.
    let before = COUNT.load(Ordering::SeqCst);
    let handles = [(); 2].map(|()| thread::spawn(|| COUNT.fetch_add(1, Ordering::SeqCst)));
    handles.into_iter().for_each(|handle| drop(handle.join()));
    READY.notify_all();
    let meets = thread::spawn(|| {
        TABLE.lock().unwrap().push(1);
        MEET.wait();
        TEXT.get_or_init(|| "text".to_owned()).len()
    });
    MEET.wait();
    FIRST.call_once(|| ());
    let seen: &'static str = TEXT.get_or_init(|| "text".to_owned());
    let table = std::mem::take(&mut *TABLE.lock().unwrap());
    format!("{} {seen} {} {table:?} {}", COUNT.load(Ordering::SeqCst) - before, meets.join().unwrap(), FIRST.is_completed())
}

fn threads() -> String {
    let named: JoinHandle<(Option<String>, ThreadId)> = Builder::new()
        .name("named".to_owned())
        .stack_size(128 * 1024)
        .spawn(|| {
            let me: Thread = thread::current();
            (me.name().map(str::to_owned), me.id())
        })
        .unwrap();
    let id = named.thread().id();
    let (name, theirs) = named.join().unwrap();
    let ended = thread::spawn(|| ());
    while !ended.is_finished() {
        thread::yield_now();
    }
    let result: thread::Result<()> = ended.join();
    let panicked: thread::Result<()> = thread::spawn(|| std::panic::resume_unwind(Box::new("quiet"))).join();
    let payload = panicked.unwrap_err().downcast_ref::<&str>().copied();
    let own = thread::current().id();
    let borrowed = AtomicU8::new(1);
    // SAFETY: the thread is joined before what it borrows ends.
    let unchecked = unsafe { Builder::new().spawn_unchecked(|| borrowed.fetch_add(1, Ordering::Relaxed)) };
    let before = unchecked.unwrap().join().unwrap();
    format!("{name:?} {} {} {result:?} {payload:?} {} {before}", id == theirs, own != id, thread::panicking())
}

fn spawn_two<'scope>(scope: &'scope Scope<'scope, '_>, total: &'scope AtomicU32) -> ScopedJoinHandle<'scope, u32> {
    scope.spawn(move || {
        scope.spawn(move || total.fetch_add(1, Ordering::Relaxed));
        total.fetch_add(1, Ordering::Relaxed);
        5
    })
}

fn scopes() -> String {
    let total = AtomicU32::new(0);
    let mut list = vec![1, 2, 3];
    let (five, sum, failed) = thread::scope(|scope| {
        let five = spawn_two(scope, &total);
        let sum = Builder::new().name("sum".into()).spawn_scoped(scope, || {
            list.push(4);
            list.iter().sum::<i32>()
        });
        let failed = scope.spawn(|| std::panic::resume_unwind(Box::new(3_u8)));
        let failed: thread::Result<()> = failed.join();
        (five.join().unwrap(), sum.unwrap().join().unwrap(), failed.is_err())
    });
    format!("{five} {sum} {failed} {} {list:?}", total.into_inner())
}

lib::thread_local! {
    static NUMBER: std::cell::Cell<u32> = const { std::cell::Cell::new(3) };
    static WORDS: std::cell::RefCell<Vec<&'static str>> = std::cell::RefCell::new(vec!["first"]);
}

fn thread_locals() -> String {
    let told = || {
        let key: &'static LocalKey<_> = &NUMBER;
        let old = key.replace(key.get() + 1);
        WORDS.with_borrow_mut(|words| words.push("more"));
        let tried: Result<u32, AccessError> = NUMBER.try_with(|number| number.get());
        (old, tried, WORDS.take(), WORDS.with(|words| words.borrow().len()))
    };
    let theirs = thread::spawn(told).join().unwrap();
    let again = thread::spawn(told).join().unwrap();
    format!("{theirs:?} {again:?}")
}

fn waiting() -> String {
    let flag = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&flag);
    let main = thread::current();
    let other = thread::spawn(move || {
        while !theirs.load(Ordering::Acquire) {
            hint::spin_loop();
        }
        main.unpark();
        thread::park();
        theirs.swap(false, Ordering::AcqRel)
    });
    thread::sleep(std::time::Duration::from_micros(1));
    flag.store(true, Ordering::Release);
    thread::park();
    other.thread().unpark();
    let parallel = thread::available_parallelism().is_ok();
    format!("{} {parallel} {:?}", other.join().unwrap(), flag)
}
