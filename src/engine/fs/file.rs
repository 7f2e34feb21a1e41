//! `File` and how it is opened.

use std::{
    fmt,
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    panic::Location,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use crate::world::{
    self, Execution,
    disk::{Doing, Opening},
};

/// An open file: [`std::fs::File`] in every world, as far as a log needs it.
pub struct File(Inner);

enum Inner {
    Std(std::fs::File),
    Model(Opened),
}

/// A model's file.
#[derive(Clone)]
struct Opened {
    execution: u64,
    object: usize,
    reads: bool,
    writes: bool,
    appends: bool,
    /// Where the next byte is read or written: the clones' too.
    position: Arc<Mutex<u64>>,
}

/// How to open a file: [`std::fs::OpenOptions`] in every world.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    read: bool,
    write: bool,
    append: bool,
    truncate: bool,
    create: bool,
    create_new: bool,
}

/// What is known about a file: [`std::fs::Metadata`] in every world, as far as it goes.
#[derive(Clone, Debug)]
pub struct Metadata {
    length: u64,
    is_file: bool,
}

impl Metadata {
    /// See [`std::fs::Metadata::len`].
    #[expect(clippy::len_without_is_empty, reason = "as std has it")]
    pub fn len(&self) -> u64 {
        self.length
    }

    /// See [`std::fs::Metadata::is_file`].
    pub fn is_file(&self) -> bool {
        self.is_file
    }
}

impl OpenOptions {
    /// See [`std::fs::OpenOptions::new`].
    pub fn new() -> OpenOptions {
        OpenOptions::default()
    }

    /// See [`std::fs::OpenOptions::read`].
    pub fn read(&mut self, read: bool) -> &mut OpenOptions {
        self.read = read;
        self
    }

    /// See [`std::fs::OpenOptions::write`].
    pub fn write(&mut self, write: bool) -> &mut OpenOptions {
        self.write = write;
        self
    }

    /// See [`std::fs::OpenOptions::append`].
    pub fn append(&mut self, append: bool) -> &mut OpenOptions {
        self.append = append;
        self
    }

    /// See [`std::fs::OpenOptions::truncate`].
    pub fn truncate(&mut self, truncate: bool) -> &mut OpenOptions {
        self.truncate = truncate;
        self
    }

    /// See [`std::fs::OpenOptions::create`].
    pub fn create(&mut self, create: bool) -> &mut OpenOptions {
        self.create = create;
        self
    }

    /// See [`std::fs::OpenOptions::create_new`].
    pub fn create_new(&mut self, create_new: bool) -> &mut OpenOptions {
        self.create_new = create_new;
        self
    }

    /// See [`std::fs::OpenOptions::open`].
    ///
    /// # Errors
    /// As std's: `NotFound`, `AlreadyExists`, and `InvalidInput` for what cannot be meant.
    #[track_caller]
    pub fn open<P: AsRef<Path>>(&self, path: P) -> io::Result<File> {
        let OpenOptions { read, write, append, truncate, create, create_new } = *self;
        let Some(ex) = world::current() else {
            let mut std = std::fs::OpenOptions::new();
            std.read(read).write(write).append(append).truncate(truncate).create(create).create_new(create_new);
            return std.open(path).map(Inner::Std).map(File);
        };
        let writes = write || append;
        let nonsense = !read && !writes || (truncate && (append || !write)) || ((create || create_new) && !writes);
        if nonsense && !(create_new && writes) {
            return Err(ErrorKind::InvalidInput.into());
        }
        let how = Opening { truncates: truncate && !create_new, creates: create, must_be_new: create_new };
        let object = ex.open(path.as_ref(), how, Location::caller())?;
        let position = Arc::default();
        Ok(File(Inner::Model(Opened { execution: ex.id(), object, reads: read, writes, appends: append, position })))
    }
}

impl Opened {
    fn here(&self) -> &'static Execution {
        let ex = world::current().filter(|ex| ex.id() == self.execution);
        ex.expect("a File of a model is used in the execution that opened it")
    }

    fn does(&self, may: bool, doing: Doing<'_>, location: &'static Location<'static>) -> io::Result<u64> {
        if !may {
            // Linux: EBADF, which has no kind of its own.
            return Err(io::Error::from_raw_os_error(9));
        }
        self.here().with_file(self.object, doing, location)
    }

    fn position(&self) -> u64 {
        *self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stand_at(&self, position: u64) {
        *self.position.lock().unwrap_or_else(PoisonError::into_inner) = position;
    }
}

impl File {
    /// See [`std::fs::File::open`].
    ///
    /// # Errors
    /// As std's: `NotFound`.
    #[track_caller]
    pub fn open<P: AsRef<Path>>(path: P) -> io::Result<File> {
        OpenOptions::new().read(true).open(path)
    }

    /// See [`std::fs::File::create`].
    ///
    /// # Errors
    /// As std's.
    #[track_caller]
    pub fn create<P: AsRef<Path>>(path: P) -> io::Result<File> {
        OpenOptions::new().write(true).create(true).truncate(true).open(path)
    }

    /// See [`std::fs::File::create_new`].
    ///
    /// # Errors
    /// As std's: `AlreadyExists`.
    #[track_caller]
    pub fn create_new<P: AsRef<Path>>(path: P) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(path)
    }

    /// See [`std::fs::File::options`].
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// What has been written is on the disk, whatever happens. See [`std::fs::File::sync_all`].
    ///
    /// # Errors
    /// As std's; none in a model.
    #[track_caller]
    pub fn sync_all(&self) -> io::Result<()> {
        match &self.0 {
            Inner::Std(file) => file.sync_all(),
            Inner::Model(file) => file.does(true, Doing::Sync, Location::caller()).map(drop),
        }
    }

    /// See [`std::fs::File::sync_data`]. In a model it is [`sync_all`](File::sync_all).
    ///
    /// # Errors
    /// As std's; none in a model.
    #[track_caller]
    pub fn sync_data(&self) -> io::Result<()> {
        match &self.0 {
            Inner::Std(file) => file.sync_data(),
            Inner::Model(file) => file.does(true, Doing::Sync, Location::caller()).map(drop),
        }
    }

    /// See [`std::fs::File::set_len`].
    ///
    /// # Errors
    /// As std's: if it was not opened to be written.
    #[track_caller]
    pub fn set_len(&self, length: u64) -> io::Result<()> {
        match &self.0 {
            Inner::Std(file) => file.set_len(length),
            Inner::Model(file) => file.does(file.writes, Doing::SetLength(length), Location::caller()).map(drop),
        }
    }

    /// See [`std::fs::File::metadata`].
    ///
    /// # Errors
    /// As std's; none in a model.
    #[track_caller]
    pub fn metadata(&self) -> io::Result<Metadata> {
        match &self.0 {
            Inner::Std(file) => file.metadata().map(|about| Metadata { length: about.len(), is_file: about.is_file() }),
            Inner::Model(file) => {
                let length = file.does(true, Doing::Length, Location::caller())?;
                Ok(Metadata { length, is_file: true })
            }
        }
    }

    /// See [`std::fs::File::try_clone`].
    ///
    /// # Errors
    /// As std's; none in a model.
    pub fn try_clone(&self) -> io::Result<File> {
        match &self.0 {
            Inner::Std(file) => file.try_clone().map(Inner::Std),
            Inner::Model(file) => Ok(Inner::Model(file.clone())),
        }
        .map(File)
    }
}

impl Read for &File {
    #[track_caller]
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &self.0 {
            Inner::Std(file) => Read::read(&mut &*file, into),
            Inner::Model(file) => {
                let at = file.position();
                let read = file.does(file.reads, Doing::Read(at, into), Location::caller())?;
                file.stand_at(at + read);
                Ok(read as usize)
            }
        }
    }
}

impl Write for &File {
    #[track_caller]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &self.0 {
            Inner::Std(file) => Write::write(&mut &*file, bytes),
            Inner::Model(file) => {
                let at = (!file.appends).then(|| file.position());
                let wrote = file.does(file.writes, Doing::Write(at, bytes), Location::caller())?;
                at.into_iter().for_each(|at| file.stand_at(at + wrote));
                Ok(wrote as usize)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &self.0 {
            Inner::Std(file) => Write::flush(&mut &*file),
            Inner::Model(_) => Ok(()),
        }
    }
}

impl Seek for &File {
    #[track_caller]
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &self.0 {
            Inner::Std(file) => Seek::seek(&mut &*file, to),
            Inner::Model(file) => {
                let (from, by) = match to {
                    SeekFrom::Start(at) => (Some(at), 0),
                    SeekFrom::Current(by) => (Some(file.position()), by),
                    SeekFrom::End(by) => (None, by),
                };
                let from = match from {
                    Some(from) => from,
                    None => file.does(true, Doing::Length, Location::caller())?,
                };
                let at = from.checked_add_signed(by).ok_or(ErrorKind::InvalidInput)?;
                file.stand_at(at);
                Ok(at)
            }
        }
    }
}

impl Read for File {
    #[track_caller]
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        (&*self).read(into)
    }
}

impl Write for File {
    #[track_caller]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self).flush()
    }
}

impl Seek for File {
    #[track_caller]
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        (&*self).seek(to)
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Std(file) => file.fmt(f),
            Inner::Model(_) => f.debug_struct("File").finish_non_exhaustive(),
        }
    }
}
