//! Disks at the waist: what is written, what is synced, and what a crash leaves.
//!
//! A name is on the disk at once: a file that was created, renamed or removed is so after a crash too. What is in the file is
//! there for certain once it is synced. Of the rest a crash leaves nothing; or, where writes may be torn, nothing, a part, or
//! all.

use std::{
    collections::BTreeMap,
    io::{self, ErrorKind},
    panic::Location,
    path::{Path, PathBuf},
};

use super::{
    Execution,
    core::{Core, Op},
    event::{Kind, ObjectKind, Value},
    footprint::Access,
    host::Outward,
    object::State,
};

/// The names on a host's disk.
pub(crate) struct DiskState {
    pub(super) host: usize,
    files: BTreeMap<PathBuf, usize>,
}

/// What is in a file.
pub(crate) struct FileState {
    pub(super) host: usize,
    data: Vec<u8>,
    synced: Vec<u8>,
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Opening {
    pub(crate) truncates: bool,
    pub(crate) creates: bool,
    pub(crate) must_be_new: bool,
}

/// What is done with a file.
pub(crate) enum Doing<'a> {
    /// Reads from there on.
    Read(u64, &'a mut [u8]),
    /// Writes there; at the end, if nowhere is said.
    Write(Option<u64>, &'a [u8]),
    SetLength(u64),
    Sync,
    Length,
}

/// What is done with names.
pub(crate) enum Naming<'a> {
    Rename(&'a Path, &'a Path),
    Remove(&'a Path),
}

impl DiskState {
    pub(super) fn of(host: usize) -> DiskState {
        DiskState { host, files: BTreeMap::new() }
    }
}

impl Core {
    fn names(&mut self, disk: usize) -> &mut BTreeMap<PathBuf, usize> {
        match &mut self.objects[disk].state {
            State::Disk(disk) => &mut disk.files,
            _ => unreachable!("a host has one disk"),
        }
    }

    fn add_file(&mut self, disk: usize, location: &'static Location<'static>) -> usize {
        let State::Disk(DiskState { host, .. }) = self.objects[disk].state else { unreachable!("a host has one disk") };
        let state = State::File(FileState { host, data: Vec::new(), synced: Vec::new() });
        self.add_object(ObjectKind::File, location, state)
    }

    /// Whether it is the current folder, or one in which there is something.
    fn is_folder(&mut self, disk: usize, path: &Path) -> bool {
        path == Path::new(".") || self.names(disk).keys().any(|name| name.parent() == Some(path))
    }

    fn file(&mut self, object: usize) -> &mut FileState {
        match &mut self.objects[object].state {
            State::File(file) => file,
            _ => unreachable!("the facade binds a file to a file"),
        }
    }
}

fn missing() -> io::Error {
    ErrorKind::NotFound.into()
}

/// What the operation says if the host has crashed, and the thread unwinds already.
fn gone<T>(done: Option<io::Result<T>>) -> io::Result<T> {
    done.unwrap_or_else(|| Err(io::Error::other("the host has crashed")))
}

impl Execution {
    fn disk(&self, location: &'static Location<'static>) -> usize {
        self.core.borrow_mut().disk(self.me(), location)
    }

    /// The object of the file of that name.
    pub(crate) fn open(&self, path: &Path, how: Opening, location: &'static Location<'static>) -> io::Result<usize> {
        let disk = self.disk(location);
        self.fault(&[], location);
        let known = self.core.borrow_mut().names(disk).get(path).copied();
        // What is opened to be read commutes with what others open so.
        let changes = how.truncates || how.must_be_new || (how.creates && known.is_none());
        let kind = if changes { Kind::FileCreate } else { Kind::FileOpen };
        let also: Vec<_> = known.filter(|_| how.truncates).map(|file| (file, Access::Changes)).into_iter().collect();
        let outward = Outward { also: &also, ..Outward::new(Op::new(kind, location).on(disk)) };
        gone(self.outward(outward, |core, _| {
            let known = core.names(disk).get(path).copied();
            let opened = match known {
                Some(_) if how.must_be_new => Err(ErrorKind::AlreadyExists.into()),
                Some(file) => {
                    if how.truncates {
                        core.file(file).data.clear();
                    }
                    Ok(file)
                }
                None if how.creates || how.must_be_new => {
                    let file = core.add_file(disk, location);
                    core.names(disk).insert(path.to_owned(), file);
                    Ok(file)
                }
                // Whoever wants a name to be on the disk syncs its folder.
                None if core.is_folder(disk, path) => Ok(core.add_file(disk, location)),
                None => Err(missing()),
            };
            let value = Value::Done(opened.is_ok());
            (opened, value)
        }))
    }

    /// Does something with a file; how many bytes that was about.
    pub(crate) fn with_file(
        &self,
        file: usize,
        doing: Doing<'_>,
        location: &'static Location<'static>,
    ) -> io::Result<u64> {
        let kind = match doing {
            Doing::Read(..) | Doing::Length => Kind::FileRead,
            Doing::Write(..) | Doing::SetLength(_) => Kind::FileWrite,
            Doing::Sync => Kind::FileSync,
        };
        self.fault(&[], location);
        gone(self.outward(Outward::new(Op::new(kind, location).on(file)), |core, _| {
            let bytes = core.file(file).does(doing);
            (Ok(bytes), Value::Count(bytes))
        }))
    }

    /// Does something with names.
    pub(crate) fn with_names(&self, naming: Naming<'_>, location: &'static Location<'static>) -> io::Result<()> {
        let disk = self.disk(location);
        self.fault(&[], location);
        let op = Op::new(Kind::FileRename, location).on(disk);
        gone(self.outward(Outward::new(op), |core, _| {
            let names = core.names(disk);
            let (from, to) = match naming {
                Naming::Rename(from, to) => (from, Some(to)),
                Naming::Remove(path) => (path, None),
            };
            let file = names.remove(from);
            if let (Some(file), Some(to)) = (file, to) {
                names.insert(to.to_owned(), file);
            }
            (file.map(|_| ()).ok_or_else(missing), Value::Done(file.is_some()))
        }))
    }

    /// Whether there is a file of that name.
    pub(crate) fn exists(&self, path: &Path, location: &'static Location<'static>) -> io::Result<bool> {
        let disk = self.disk(location);
        self.fault(&[], location);
        let op = Op::new(Kind::FileOpen, location).on(disk);
        gone(self.outward(Outward::new(op), |core, _| {
            let exists = core.names(disk).contains_key(path);
            (Ok(exists), Value::Done(exists))
        }))
    }

    /// The host has crashed: what was not synced is gone, or a part of it is.
    pub(super) fn lose_unsynced(&self, host: usize) {
        let tears = self.tears();
        let unsynced: Vec<usize> = {
            let core = self.core.borrow();
            let lost = |state: &State| matches!(state, State::File(f) if f.host == host && f.data != f.synced);
            (0..core.objects.len()).filter(|&object| lost(&core.objects[object].state)).collect()
        };
        for file in unsynced {
            let left = if tears { self.choose(3) } else { 0 };
            self.core.borrow_mut().file(file).crash(left);
        }
    }
}

impl FileState {
    fn does(&mut self, doing: Doing<'_>) -> u64 {
        match doing {
            Doing::Read(at, into) => {
                let from = usize::try_from(at).unwrap_or(usize::MAX).min(self.data.len());
                let count = into.len().min(self.data.len() - from);
                into[..count].copy_from_slice(&self.data[from..from + count]);
                count as u64
            }
            Doing::Write(at, bytes) => {
                let at = at.map_or(self.data.len(), |at| usize::try_from(at).expect("a model's files fit into memory"));
                let end = at + bytes.len();
                if self.data.len() < end {
                    self.data.resize(end, 0);
                }
                self.data[at..end].copy_from_slice(bytes);
                bytes.len() as u64
            }
            Doing::SetLength(length) => {
                self.data.resize(usize::try_from(length).expect("a model's files fit into memory"), 0);
                length
            }
            Doing::Sync => {
                self.synced.clone_from(&self.data);
                self.data.len() as u64
            }
            Doing::Length => self.data.len() as u64,
        }
    }

    /// What a crash leaves: 0, what was synced; 1, half of what was written since; 2, all of it.
    fn crash(&mut self, left: usize) {
        let same = self.data.iter().zip(&self.synced).take_while(|(now, then)| now == then).count();
        match left {
            0 => self.data.clone_from(&self.synced),
            1 => {
                // The part that is new arrives up to its middle. What it overwrote or cut off beyond that is still there.
                let middle = same + (self.data.len() - same) / 2;
                let mut torn = self.data[..middle].to_vec();
                torn.extend(self.synced.iter().skip(middle));
                self.data = torn;
            }
            _ => {}
        }
        self.synced.clone_from(&self.data);
    }
}
