//! The log: what has been asked, in order, on disk before it is answered.
//!
//! A file of [frames](super::frame) behind a line that says what it is. Calls that come at once are synced together, so
//! several records may be written and not yet synced; a crash leaves any part of those. What is damaged, and was not synced,
//! is cut off when the log is opened, with all that follows: nobody has been answered. What was synced, and is damaged, is an
//! error. To tell the one from the other each record says up to where the file was synced when it was written.
//!
//! What cannot be told apart: where no later record says so, one that was synced and is damaged later looks like one that
//! was never written to its end.
//!
//! Nothing is ever taken out of a log: it grows with each call, and so does the time to open it.

use std::{
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    frame::{self, Begins, FrameError, HEADER},
    message::Call,
};
use crate::{
    fs::{File, OpenOptions},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

/// What a log begins with.
pub const MAGIC: &[u8] = b"raddle log 1\n";

/// A record's payload.
#[derive(Debug, Serialize, Deserialize)]
struct Record<'a> {
    /// Up to where the file was synced before.
    synced: u64,
    #[serde(borrow)]
    call: Call<'a>,
}

/// Where a server writes what it has been asked.
pub trait Journal: Send + Sync + 'static {
    /// Writes a call. The caller sees to it that one call is written at a time, in the order in which they run.
    ///
    /// # Errors
    /// If the call is not in the log, and will not be found there.
    fn append(&self, call: &Call<'_>) -> Result<(), LogError>;

    /// How far it has been written: a mark for [`sync`](Journal::sync). It is asked between calls of `append`.
    fn end(&self) -> u64;

    /// Returns when all up to the mark survives a crash.
    ///
    /// # Errors
    /// If it may, or may not. Nothing can be appended after that.
    fn sync(&self, mark: u64) -> Result<(), LogError>;
}

/// Why a log cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LogError {
    /// The file system says no.
    #[error("cannot {doing} the log {path}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is another file.
    #[error("{0} is no log: it is left as it is. Name another file, or one that does not exist")]
    NotALog(PathBuf),
    /// A record is damaged, and whole ones follow.
    #[error(
        "the log {path} is damaged at byte {offset}, and calls that were answered may follow: it is left as it is. \
         Restore it, or cut it there and lose them"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the record begins.
        offset: u64,
    },
    /// A record is whole, and no call of this service.
    #[error(
        "the log {path} holds no call of this service at byte {offset}: it is another service's, or an older one's"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Where the record begins.
        offset: u64,
    },
    /// A record is longer than the limit.
    #[error(
        "the log {path} says at byte {offset} that a call of {length} bytes follows, and {limit} are the limit: it is left as \
         it is. Raise the server's `limit`"
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Where the record begins.
        offset: u64,
        /// How long it says that it is.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// A call cannot be written.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// An earlier error.
    #[error("the log {0} could not be written before: start the server again, which cuts off what is not whole")]
    Failed(PathBuf),
}

/// No offset: the log has failed.
const FAILED: u64 = u64::MAX;

/// A log in a file. One process has it open at a time, which is not checked.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    limit: usize,
    /// Where the next record begins, or [`FAILED`].
    end: AtomicU64,
    /// Up to where it is synced.
    synced: AtomicU64,
    /// Who syncs holds it; those who wait meanwhile find that theirs is done too.
    syncing: Mutex<()>,
}

impl Log {
    /// Opens a log, or begins one, cuts off what is not whole, and hands each call to `replay`, which says whether it
    /// can be one of the service's.
    ///
    /// # Errors
    /// If the file cannot be read or written, is no log, or is damaged before its end. It is left as it is then.
    pub fn open(path: &Path, limit: usize, mut replay: impl FnMut(&Call<'_>) -> bool) -> Result<Log, LogError> {
        let fail = |doing| move |source| LogError::Io { doing, path: path.to_owned(), source };
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(fail("open"))?;
        let size = file.metadata().map_err(fail("read"))?.len();
        let mut reader = BufReader::new(&file);
        let head = up_to(&mut reader, MAGIC.len()).map_err(fail("read"))?;
        if !MAGIC.starts_with(&head) {
            return Err(LogError::NotALog(path.to_owned()));
        }
        let mut end = head.len() as u64;
        if head == MAGIC {
            loop {
                let bytes = next(&mut reader, end, limit).map_err(fail("read"))?;
                let (path, offset) = (path.to_owned(), end);
                match frame::begins(&bytes, end, limit) {
                    Ok(Begins::Whole(_)) => {
                        let record = postcard::from_bytes::<Record<'_>>(&bytes[HEADER..]);
                        if !record.is_ok_and(|record| replay(&record.call)) {
                            return Err(LogError::Foreign { path, offset });
                        }
                        end += bytes.len() as u64;
                    }
                    // It may be whole.
                    Err(FrameError::TooLarge { length, limit }) if end + (HEADER + length) as u64 <= size => {
                        return Err(LogError::TooLarge { path, offset, length, limit });
                    }
                    _ if bytes.is_empty() || !was_synced(&file, end, limit).map_err(fail("read"))? => break,
                    _ => return Err(LogError::Damaged { path, offset }),
                }
            }
        } else {
            end = 0;
        }
        file.set_len(end).map_err(fail("cut"))?;
        (&file).seek(SeekFrom::Start(end)).map_err(fail("read"))?;
        if end == 0 {
            (&file).write_all(MAGIC).map_err(fail("begin"))?;
            end = MAGIC.len() as u64;
        }
        file.sync_all().map_err(fail("sync"))?;
        // Also if the file was there: whoever made it may have been killed before this.
        folder(path).map_err(fail("keep the name of"))?;
        Ok(Log {
            path: path.to_owned(),
            file,
            limit,
            end: AtomicU64::new(end),
            synced: AtomicU64::new(end),
            syncing: Mutex::new(()),
        })
    }

    fn failed(&self, doing: &'static str, source: io::Error) -> LogError {
        self.end.store(FAILED, SeqCst);
        LogError::Io { doing, path: self.path.clone(), source }
    }
}

impl Journal for Log {
    fn append(&self, call: &Call<'_>) -> Result<(), LogError> {
        let place = self.end.load(SeqCst);
        if place == FAILED {
            return Err(LogError::Failed(self.path.clone()));
        }
        let record = Record { synced: self.synced.load(SeqCst), call: *call };
        let bytes = frame::frame(&record, place, self.limit)?;
        // What of it has been written is not whole, and is cut off at the next start.
        (&self.file).write_all(&bytes).map_err(|source| self.failed("write", source))?;
        // Somebody else's sync may have failed meanwhile. Then this call's own will.
        let _ = self.end.compare_exchange(place, place + bytes.len() as u64, SeqCst, SeqCst);
        Ok(())
    }

    fn end(&self) -> u64 {
        self.end.load(SeqCst)
    }

    fn sync(&self, mark: u64) -> Result<(), LogError> {
        let _syncing = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        if mark <= self.synced.load(SeqCst) {
            return Ok(());
        }
        let end = self.end.load(SeqCst);
        if end == FAILED {
            return Err(LogError::Failed(self.path.clone()));
        }
        self.file.sync_data().map_err(|source| self.failed("sync", source))?;
        self.synced.store(end, SeqCst);
        Ok(())
    }
}

/// So many bytes, or as many as there are.
fn up_to(reader: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(length as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The bytes of the next record, as many as there are. It may be none, or be damaged.
fn next(reader: &mut impl Read, place: u64, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = up_to(reader, HEADER)?;
    if let (HEADER, Ok(Begins::Needs(length))) = (bytes.len(), frame::begins(&bytes, place, limit)) {
        reader.take((length - HEADER) as u64).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Whether what begins here was synced once: a whole record that follows says so. It may begin anywhere, since the damaged
/// one's length may be what is damaged.
fn was_synced(mut file: &File, damaged: u64, limit: usize) -> io::Result<bool> {
    let mut place = damaged + 1;
    file.seek(SeekFrom::Start(place))?;
    let mut reader = BufReader::new(file);
    let longest = HEADER + limit;
    let mut window = up_to(&mut reader, 2 * longest)?;
    while !window.is_empty() {
        let more = up_to(&mut reader, longest)?;
        // What begins in the first half is whole in the window, or nowhere.
        let tried = if more.is_empty() { window.len() } else { longest.min(window.len()) };
        for at in 0..tried {
            let bytes = &window[at..];
            if let Ok(Begins::Whole(length)) = frame::begins(bytes, place + at as u64, limit)
                && let Ok(record) = postcard::from_bytes::<Record<'_>>(&bytes[HEADER..HEADER + length])
                && record.synced > damaged
            {
                return Ok(true);
            }
        }
        place += tried as u64;
        window.drain(..tried);
        window.extend(more);
    }
    Ok(false)
}

/// A file's name is in its folder, which has to be synced too. Elsewhere than on Unix a folder cannot be opened.
fn folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}
