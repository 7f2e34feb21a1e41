//! The leak is told, over HTTP and on SIGQUIT.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use raddle::{Failure, FailureKind};
use signal_hook::{consts::SIGQUIT, low_level::raise};
use tiny_http::Server;

use super::program;

/// SIGQUIT, and a dump from outside, are for all programs in the process: there is one at a time.
static ONE: Mutex<()> = Mutex::new(());

/// What is written can be read elsewhere.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<u8>>>);

impl Told {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The program as it runs.
struct Running {
    server: Arc<Server>,
    told: Told,
    ended: JoinHandle<Option<Failure>>,
    _one: MutexGuard<'static, ()>,
}

impl Running {
    /// All its goroutines have come to where they wait.
    fn stuck() -> Running {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let (server, told) = (program::open("0").unwrap(), Told::default());
        let (serving, err) = (Arc::clone(&server), told.clone());
        let ended = std::thread::spawn(move || program::run(&serving, err));
        let running = Running { server, told, ended, _one: one };
        for _ in 0..1_000 {
            if running.page("/debug/threads?debug=2").matches("[chan send]").count() == 100 {
                return running;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("they do not all wait:\n{}", running.page("/debug/threads"));
    }

    fn page(&self, path: &str) -> String {
        let url = format!("http://{}{path}", self.server.server_addr());
        ureq::get(&url).call().unwrap().into_body().read_to_string().unwrap()
    }

    fn ends_as_a_leak(self) {
        let failure = self.ended.join().unwrap().expect("it leaks");
        assert_eq!((failure.kind, failure.waiting.len()), (FailureKind::Leak, 100));
    }
}

/// The functions of the frames that follow a thread or a group, without their modules.
fn functions<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let frames = lines.map_while(|line| line.strip_prefix("    "));
    frames.map(|frame| frame.split(" (").next().unwrap().rsplit("program::").next().unwrap()).collect()
}

#[test]
fn the_page_tells_one_group_of_a_hundred() {
    let running = Running::stuck();
    let page = running.page("/debug/threads");
    let mut lines = page.lines();
    assert_eq!(lines.next(), Some("thread profile: total 101"), "{page}");
    assert_eq!(lines.next(), Some(""), "{page}");
    let leak = lines.next().unwrap();
    assert!(leak.starts_with("100 [chan send] at examples/leak/program.rs:"), "{page}");
    assert!(leak.contains(", spawned at examples/leak/program.rs:"), "{page}");
    assert_eq!(functions(lines)[..3], ["h", "g", "f"], "{page}");
    assert_eq!(page.matches("[chan send]").count(), 1, "one group:\n{page}");
    running.server.unblock();
    running.ends_as_a_leak();
}

#[test]
fn sigquit_tells_each_of_them_and_ends_the_program() {
    let running = Running::stuck();
    let told = running.told.clone();
    raise(SIGQUIT).unwrap();
    running.ends_as_a_leak();
    let told = told.text();
    assert!(told.starts_with("SIGQUIT: quit\n"), "{told}");
    let goroutines = || told.lines().enumerate().filter(|(_, line)| line.contains("[chan send] at"));
    assert_eq!(goroutines().count(), 100, "{told}");
    for (at, _) in goroutines() {
        assert_eq!(functions(told.lines().skip(at + 1))[..3], ["h", "g", "f"], "{told}");
    }
}
