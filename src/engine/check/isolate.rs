//! Checks in a process of their own, so that a model may die without taking down what runs it.
//!
//! [`Check::isolated`] runs the current test again, alone, in a child process, and that child reaches the same check:
//! there, and only there, the model runs. Isolated checks before it in the test are not repeated: the child is told
//! what they said. The verdict, and the last words of a child that dies, come back through a file.

mod heard;

use std::{
    cell::RefCell,
    collections::HashMap,
    ffi::OsString,
    fs::{self, File},
    io::{Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Check, Coverage, Error, Failure, FailureKind, Limit, Verdict, crash, progress::Listener};
use crate::world::{World, beat::beats as beats_of_models};

/// The variable through which a child is told what to do.
const REQUEST: &str = "RADDLE_ISOLATED";

/// How libtest ends when a test fails.
const TEST_FAILED: i32 = 101;

/// Time without a scheduling point after which a child gives up.
pub const HANG: Duration = Duration::from_secs(10);

/// How a child process is made that reaches the same check.
#[derive(Clone, Debug)]
pub(crate) enum Isolation {
    /// Runs this test again.
    Test {
        /// Where the model's closure stands: the test's name can be told from it.
        hint: &'static str,
    },
    /// Runs this program with these arguments.
    Program(PathBuf, Vec<OsString>),
}

/// What a child is asked to do.
#[derive(Serialize, Deserialize)]
struct Request {
    /// The check that is to run.
    case: String,
    /// What the isolated checks before it in the test have said.
    earlier: Vec<Verdict>,
    /// The model's input.
    input: serde_json::Value,
    /// OS threads that explore.
    workers: usize,
    /// Where the answer goes.
    answer: PathBuf,
    /// Where and how often progress is told, if anybody listens.
    progress: Option<(PathBuf, Duration)>,
}

#[derive(Serialize, Deserialize)]
enum Answer {
    Verdict(Box<Verdict>),
    Error(String),
    TooLarge(String),
    /// The model reached no scheduling point for so many seconds; whether it was busy; the execution.
    Hang {
        seconds: u64,
        busy: bool,
        run: u64,
    },
}

thread_local! {
    /// What the isolated checks of each test on this thread have said.
    static EARLIER: RefCell<HashMap<String, Vec<Verdict>>> = RefCell::default();
}

/// Runs an isolated check: in the parent by a child, in the child by `run`.
pub(crate) fn run<I: Serialize + DeserializeOwned>(
    check: &Check,
    isolation: &Isolation,
    input: I,
    run: impl FnOnce(I, usize, Option<Listener>) -> Result<Verdict, Error>,
) -> Result<Verdict, Error> {
    let test = test_name(isolation)?;
    if let Some(request) = std::env::var_os(REQUEST) {
        return in_child(&check.name, &test, Path::new(&request), check.hang, run);
    }
    // A program of its own reaches this check and no other.
    let alone = matches!(isolation, Isolation::Program(..));
    let earlier = EARLIER.with_borrow(|all| all.get(&test).filter(|_| !alone).cloned().unwrap_or_default());
    let start = Instant::now();
    let in_parent = |workers| in_parent(check, isolation, &test, &earlier, &input, workers);
    let mut verdict = in_parent(check.workers)?;
    // Which of several workers dies first is a matter of time, and which execution is the first one to die is not.
    if check.workers > 1 && verdict.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::Abort) {
        verdict = Verdict { elapsed: start.elapsed(), ..in_parent(1)? };
    }
    if alone {
        return Ok(verdict);
    }
    EARLIER.with_borrow_mut(|all| all.entry(test).or_default().push(verdict.clone()));
    Ok(verdict)
}

fn in_child<I: DeserializeOwned>(
    name: &str,
    test: &str,
    request: &Path,
    hang: Duration,
    run: impl FnOnce(I, usize, Option<Listener>) -> Result<Verdict, Error>,
) -> Result<Verdict, Error> {
    let text = fs::read(request).map_err(|why| tool("the request of an isolated check cannot be read", &why))?;
    let request: Request =
        serde_json::from_slice(&text).map_err(|why| tool("the request of an isolated check cannot be read", &why))?;
    let before = EARLIER.with_borrow_mut(|all| {
        let done = all.entry(test.to_owned()).or_default();
        let next = request.earlier.get(done.len()).cloned();
        done.extend(next.clone());
        next
    });
    if let Some(verdict) = before {
        return Ok(verdict);
    }
    if request.case != name {
        return Err(Error::Tool(format!(
            "the child process reached check {name:?} and was to run {:?}: an isolated check must be reached the same \
             way each time its test runs",
            request.case
        )));
    }
    let file = File::create(&request.answer).map_err(|why| tool("the answer cannot be written", &why))?;
    crash::last_words_to(&file);
    watch(hang, &file);
    let listener = request.progress.as_ref().and_then(|(file, every)| heard::teller(file, *every));
    let answer = match serde_json::from_value(request.input) {
        Ok(input) => match run(input, request.workers, listener) {
            Ok(verdict) => Answer::Verdict(Box::new(verdict)),
            Err(Error::Tool(why)) => Answer::Error(why),
            Err(Error::TooLarge(why)) => Answer::TooLarge(why),
            Err(why) => Answer::Error(why.to_string()),
        },
        Err(why) => Answer::Error(format!("the input of an isolated check cannot be read: {why}")),
    };
    reply(&file, &answer);
}

/// Writes the answer and ends the process: nothing after the check is to run in a child.
fn reply(mut file: &File, answer: &Answer) -> ! {
    let text = serde_json::to_vec(answer).expect("an answer is plain data");
    let written = file.rewind().and_then(|()| file.write_all(&text)).and_then(|()| file.sync_data());
    std::process::exit(if written.is_ok() { 0 } else { 3 })
}

/// Gives up if the model comes to a halt.
fn watch(hang: Duration, file: &File) {
    let Ok(file) = file.try_clone() else { return };
    let watchdog = move || {
        let (mut beat, mut since, mut used) = (beats(), Instant::now(), processor_time());
        loop {
            std::thread::sleep(hang.min(Duration::from_millis(100)));
            let now = beats();
            if now != beat {
                (beat, since, used) = (now, Instant::now(), processor_time());
            } else if since.elapsed() >= hang {
                // Whoever is blocked uses next to nothing, and on a busy machine a loop gets but a share.
                let busy = processor_time().saturating_sub(used) >= since.elapsed() / 20;
                reply(&file, &Answer::Hang { seconds: since.elapsed().as_secs(), busy, run: runs() });
            }
        }
    };
    // Without a watchdog a model that hangs has to be stopped by hand: no reason not to check it.
    let _ = std::thread::Builder::new().name("raddle watchdog".to_owned()).spawn(watchdog);
}

fn beats() -> u64 {
    beats_of_models() + runs()
}

/// Runs on real threads so far, the one that runs included.
fn runs() -> u64 {
    #[cfg(not(any(loom, shuttle)))]
    return super::explore_std::RUNS.load(Relaxed);
    #[cfg(any(loom, shuttle))]
    return 0;
}

/// Processor time that this process has used.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a system call that fills in the structure.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn in_parent<I: Serialize>(
    check: &Check,
    isolation: &Isolation,
    test: &str,
    earlier: &[Verdict],
    input: &I,
    workers: usize,
) -> Result<Verdict, Error> {
    let Check { name, listener, .. } = check;
    let blank = &check.blank();
    let start = Instant::now();
    let scratch = Scratch::new();
    let answer = scratch.0.join("answer");
    let progress = listener.as_ref().map(|listener| (scratch.0.join("progress"), listener.every));
    let input = serde_json::to_value(input).map_err(|why| tool("the input cannot be passed to a child", &why))?;
    let request = Request {
        case: name.to_owned(),
        earlier: earlier.to_vec(),
        input,
        workers,
        progress: progress.clone(),
        answer: answer.clone(),
    };
    let file = scratch.0.join("request");
    let text = serde_json::to_vec(&request).map_err(|why| tool("the input cannot be passed to a child", &why))?;
    fs::create_dir(&scratch.0).and_then(|()| fs::write(&file, text)).map_err(|why| tool("no request file", &why))?;
    let mut command = match isolation {
        Isolation::Program(program, arguments) => {
            let mut command = Command::new(program);
            command.args(arguments);
            command
        }
        Isolation::Test { .. } => {
            let program = std::env::current_exe().map_err(|why| tool("this test cannot be found", &why))?;
            let mut command = Command::new(program);
            command.args([test, "--exact", "--nocapture", "--include-ignored", "--test-threads=1"]);
            command
        }
    };
    let child = command.env(REQUEST, &file).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let output = child
        .and_then(|child| match (listener, &progress) {
            (Some(listener), Some((file, _))) => heard::until_its_end(child, listener, file),
            _ => child.wait_with_output(),
        })
        .map_err(|why| tool("the child process of an isolated check cannot be started", &why))?;
    let mut text = Vec::new();
    if let Ok(mut file) = File::open(&answer) {
        file.read_to_end(&mut text).map_err(|why| tool("the answer cannot be read", &why))?;
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if let Ok(answer) = serde_json::from_slice::<Answer>(&text) {
        return match answer {
            Answer::Verdict(verdict) => Ok(Verdict { elapsed: start.elapsed(), ..*verdict }),
            Answer::Error(why) => Err(Error::Tool(why)),
            Answer::TooLarge(why) => Err(Error::TooLarge(why)),
            Answer::Hang { seconds, busy, run } => hung(blank, start, seconds, busy, run),
        };
    }
    match last_words(&text) {
        Some((signal, execution, token)) => {
            let message = format!("the process died of {}{}", crash::signal_name(signal), cause(signal, &said));
            Ok(failed(blank, start, FailureKind::Abort, message, execution, Some(token)))
        }
        None if text.is_empty() && output.status.success() => Err(Error::Tool(format!(
            "the child process ended without reaching check {name:?}: it ran test {test:?}. An isolated check must be \
             reached when its test runs alone"
        ))),
        None if output.status.code() == Some(TEST_FAILED) => Err(Error::Tool(format!(
            "the child process failed before it reached check {name:?}{}. An isolated check must be reached the same \
             way each time its test runs",
            tail(&said)
        ))),
        None => {
            let message = format!("the process died: {}{}", status(output.status), tail(&said));
            Ok(failed(blank, start, FailureKind::Abort, message, 0, None))
        }
    }
}

fn hung(blank: &Verdict, start: Instant, seconds: u64, busy: bool, run: u64) -> Result<Verdict, Error> {
    match (blank.world, busy) {
        (World::Std, true) => {
            let message = format!("real threads kept busy for {seconds} s, and the run did not end");
            Ok(failed(blank, start, FailureKind::Livelock, message, run, None))
        }
        (World::Std, false) => {
            let message = format!("real threads were blocked for {seconds} s, and the run did not end");
            Ok(failed(blank, start, FailureKind::Deadlock, message, run, None))
        }
        (_, true) => {
            let message = format!(
                "an execution kept busy for {seconds} s and reached no scheduling point: a loop that uses nothing that \
                 is modelled"
            );
            Ok(failed(blank, start, FailureKind::Livelock, message, 0, None))
        }
        (_, false) => Err(Error::Tool(format!(
            "{}: an execution was blocked for {seconds} s and reached no scheduling point: it waits for something that \
             is not modelled, such as a lock, a channel or a sleep of std's, or input",
            blank.case
        ))),
    }
}

fn failed(
    blank: &Verdict,
    start: Instant,
    kind: FailureKind,
    message: String,
    executions: u64,
    token: Option<String>,
) -> Verdict {
    let failure = Failure {
        kind,
        message,
        panics: Vec::new(),
        waiting: Vec::new(),
        threads: Vec::new(),
        steps: Vec::new(),
        token,
    };
    Verdict {
        failure: Some(failure),
        coverage: Coverage::Truncated { by: Limit::Failure },
        executions,
        failures: 1,
        elapsed: start.elapsed(),
        ..blank.clone()
    }
}

/// `crash SIGNAL EXECUTION TOKEN`, as the crash handler writes it.
fn last_words(text: &[u8]) -> Option<(i32, u64, String)> {
    let text = std::str::from_utf8(text).ok()?;
    let mut words = text.trim().strip_prefix("crash ")?.split(' ');
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?.to_owned()))
}

fn cause(signal: i32, said: &str) -> String {
    match signal {
        libc::SIGSEGV | libc::SIGBUS => {
            ": a stack overflow, most likely (a model's thread has 256 KiB; in the loom world its Builder may say \
             otherwise)"
                .to_owned()
        }
        _ => tail(said),
    }
}

/// The last lines that a child printed, without what the crash handler says.
fn tail(said: &str) -> String {
    let lines: Vec<&str> = said
        .lines()
        .take_while(|line| !line.starts_with("raddle: the process dies"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let last = &lines[lines.len().saturating_sub(3)..];
    if last.is_empty() { String::new() } else { format!(": {}", last.join("; ")) }
}

fn status(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match status.signal() {
        Some(signal) => format!("{} (signal {signal})", crash::signal_name(signal)),
        None => status.to_string(),
    }
}

/// The name by which the test that is running can be run again.
fn test_name(isolation: &Isolation) -> Result<String, Error> {
    let Isolation::Test { hint } = isolation else { return Ok(String::new()) };
    // libtest names the thread of a test after it; with one test thread, it runs tests on its main thread.
    if let Some(name) = std::thread::current().name().filter(|name| *name != "main") {
        return Ok(name.to_owned());
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    if arguments.iter().any(|argument| argument == "--exact")
        && let [name] = filters[..]
    {
        return Ok(name.clone());
    }
    // `crate::module::test::{{closure}}`.
    let path = hint.split_once("::").map(|(_, path)| path.replace("::{{closure}}", ""));
    path.filter(|path| !path.contains(['<', '{'])).ok_or_else(|| {
        Error::Tool("the name of the running test cannot be told: run without --test-threads=1".to_owned())
    })
}

fn tool(what: &str, why: &dyn std::fmt::Display) -> Error {
    Error::Tool(format!("{what}: {why}"))
}

/// A folder that is removed again.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("raddle-isolated-{}-{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
        Scratch(std::env::temp_dir().join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It may never have been made.
        let _ = fs::remove_dir_all(&self.0);
    }
}
