//! Stacks of threads that wait, and what a reader wants to see of them.

use std::{
    backtrace::Backtrace,
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use crate::world::panics::of_engine;

/// Goes up whenever recording begins, and whenever it ends: threads record while it is odd.
static PERIOD: AtomicU32 = AtomicU32::new(0);

/// From here on each thread of a model or a run records its stack when it begins to wait, and [`dump`](super::dump()) tells
/// it; or no more. For the whole process, and off at first, since it makes waiting dear. It changes nothing else: not what
/// an exploration finds, nor after how many executions.
pub fn record_stacks(on: bool) {
    // It fails where nothing changes.
    let _ = PERIOD.fetch_update(Relaxed, Relaxed, |period| ((period % 2 == 1) != on).then(|| period.wrapping_add(1)));
}

/// The stack of a thread at one moment. Its symbols are looked up only when it is shown.
#[derive(Clone)]
pub struct Stack(Arc<(Backtrace, u32)>);

/// One call in a stack.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Frame {
    /// The function: `leak::h`, or `h` where the debug information has no paths, as it is where there are line tables only.
    pub function: String,
    /// The source file and the line in it, where the program has them.
    pub at: Option<(String, u32)>,
}

impl Stack {
    /// Whether stacks are recorded.
    pub(crate) fn records() -> bool {
        PERIOD.load(Relaxed) % 2 == 1
    }

    /// The caller's, if stacks are recorded.
    pub(crate) fn recorded() -> Option<Stack> {
        let period = PERIOD.load(Relaxed);
        (period % 2 == 1).then(|| Stack(Arc::new((Backtrace::force_capture(), period))))
    }

    /// Whether recording has gone on ever since: then nothing came after it unrecorded.
    pub(crate) fn is_latest(&self) -> bool {
        self.0.1 == PERIOD.load(Relaxed)
    }

    /// The program's own functions in it, the innermost first: neither those of std nor those of raddle and its engines.
    /// A call that was inlined has a frame too if there is debug information; one that was optimised away has none.
    pub fn frames(&self) -> Vec<Frame> {
        let here = std::env::current_dir().unwrap_or_default();
        told(&self.0.0.to_string(), &here)
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.frames()).finish()
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.function)?;
        match &self.at {
            Some((file, line)) => write!(f, " ({file}:{line})"),
            None => Ok(()),
        }
    }
}

/// The program's frames, of what std prints: a line `  4: leak::h` for each, without the number if it was inlined into the
/// next, and then, if that is known, a line `             at ./main.rs:47:7`.
fn told(backtrace: &str, here: &Path) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    for line in backtrace.lines().map(str::trim_start) {
        match (line.strip_prefix("at "), frames.last_mut()) {
            (Some(place), Some(frame)) => frame.at = place_of(place),
            _ => {
                let function = match line.split_once(": ") {
                    Some((number, function)) if number.bytes().all(|digit| digit.is_ascii_digit()) => function,
                    _ => line,
                };
                frames.push(Frame { function: function.to_owned(), at: None });
            }
        }
    }
    frames.retain(|frame| match &frame.at {
        Some((file, _)) => is_program_s(&here.join(file).to_string_lossy()),
        None => sounds_program_s(&frame.function),
    });
    frames
}

/// `./main.rs:47:7` without the column.
fn place_of(text: &str) -> Option<(String, u32)> {
    let (file, _column) = text.rsplit_once(':')?;
    let (file, line) = file.rsplit_once(':')?;
    Some((file.strip_prefix("./").unwrap_or(file).to_owned(), line.parse().ok()?))
}

/// Whether a source file is the program's own. The catalogue's programs are programs.
fn is_program_s(file: &str) -> bool {
    const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let of_std = file.starts_with("/rustc/") || file.contains("/rustlib/src/rust/library/");
    file.ends_with(".rs") && !of_std && !file.starts_with(SOURCE) && !of_engine(file)
}

/// Whether a function is the program's own, by its path. What has none (`main`, `clone3`) is of C's world.
fn sounds_program_s(function: &str) -> bool {
    const OTHERS: [&str; 8] =
        ["std", "core", "alloc", "corosensei", "generator", "loom", "shuttle_engine", "raddle_engine"];
    let path = function.trim_start_matches(['<', '&', '*', '(', '[']).trim_start_matches("mut ");
    // A method of anything at all, `<F as core::ops::FnOnce>::call_once`, is its trait's.
    let path = match path.split_once(" as ") {
        Some((of, of_trait)) if function.starts_with('<') && !of.contains("::") => of_trait,
        _ => path,
    };
    path.split_once("::").is_some_and(|(root, _)| !OTHERS.contains(&root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_std_prints_the_programs_frames_are_told() {
        let root =
            Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("src/engine stands in the repository");
        let repository = root.display();
        let frames = told(
            &format!(
                "   0: std::backtrace::Backtrace::force_capture
             at /rustc/59807616e/library/std/src/backtrace.rs:312:9
   1: then<raddle_engine::thread::dump::stack::Stack>
             at /home/me/.rustup/lib/rustlib/src/rust/library/core/src/bool.rs:61:24
      wait
             at ./src/engine/world/real/member.rs:410:20
   2: <raddle_engine::go::chan::Chan<usize>>::send
   3: leak::h
             at ./examples/leak/main.rs:47:7
   4: g
             at {here}/examples/leak/main.rs:41:5
      leak::f
             at ./examples/leak/main.rs:35:5
   5: <F as core::ops::function::FnOnce<()>>::call_once
   6: <leak::Tree as core::iter::traits::iterator::Iterator>::next
   7: raddle::patterns::leak::dump::f::{{{{closure}}}}
             at {here}/src/patterns/leak/dump.rs:51:5
   8: <&mut core::iter::Map<leak::Tree> as core::iter::Iterator>::next
   9: run
             at /home/me/.cargo/registry/src/index/loom-0.7.3/src/rt/scheduler.rs:1:1
  10: start_thread
             at ./nptl/pthread_create.c:442:8
  11: clone3
  12: <unknown>
",
                here = repository,
            ),
            root,
        );
        let frames: Vec<String> = frames.iter().map(Frame::to_string).collect();
        assert_eq!(
            frames,
            [
                "leak::h (examples/leak/main.rs:47)".to_owned(),
                format!("g ({repository}/examples/leak/main.rs:41)"),
                "leak::f (examples/leak/main.rs:35)".to_owned(),
                "<leak::Tree as core::iter::traits::iterator::Iterator>::next".to_owned(),
                format!("raddle::patterns::leak::dump::f::{{{{closure}}}} ({repository}/src/patterns/leak/dump.rs:51)"),
            ]
        );
    }
}
