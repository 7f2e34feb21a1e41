//! What is heard of a child's progress: it writes how things stand into a file, over what it wrote before.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt as _,
    path::Path,
    process::{Child, Output},
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    time::Duration,
};

use crate::check::{Progress, progress::Listener};

/// Bytes of the file. What is not needed is blank.
const TOLD: usize = 256;

/// Tells of progress by the file. Where that cannot be written, the check goes on.
pub(super) fn teller(file: &Path, every: Duration) -> Option<Listener> {
    let file = File::create(file).ok()?;
    let tell = move |progress| {
        let text = serde_json::to_string(&progress).expect("progress is plain data");
        let _ = file.write_all_at(format!("{text:TOLD$}").as_bytes(), 0);
    };
    Some(Listener { every, tell: Arc::new(tell) })
}

/// Waits for the child's end, and passes on what it tells.
pub(super) fn until_its_end(child: Child, listener: &Listener, file: &Path) -> io::Result<Output> {
    let mut last = None;
    let mut pass_on = || {
        let now = fs::read(file).ok().and_then(|text| serde_json::from_slice::<Progress>(&text).ok());
        if let Some(progress) = now.filter(|now| last != Some(*now)) {
            last = Some(progress);
            (listener.tell)(progress);
        }
    };
    let (waits, ended) = mpsc::channel::<()>();
    let waiting = std::thread::spawn(move || {
        let _waits = waits;
        child.wait_with_output()
    });
    while ended.recv_timeout(listener.every) == Err(RecvTimeoutError::Timeout) {
        pass_on();
    }
    pass_on();
    waiting.join().expect("waiting does not panic")
}
