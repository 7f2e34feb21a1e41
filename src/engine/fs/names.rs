//! Functions on names.

use std::{
    io::{self, Read, Write},
    panic::Location,
    path::Path,
};

use super::File;
use crate::world::{self, disk::Naming};

/// See [`std::fs::create_dir_all`]. In a model every folder is there.
///
/// # Errors
/// As std's; none in a model.
pub fn create_dir_all<P: AsRef<Path>>(path: P) -> io::Result<()> {
    match world::current() {
        Some(_) => Ok(()),
        None => std::fs::create_dir_all(path),
    }
}

/// See [`std::fs::exists`].
///
/// # Errors
/// As std's; none in a model.
#[track_caller]
pub fn exists<P: AsRef<Path>>(path: P) -> io::Result<bool> {
    match world::current() {
        Some(ex) => ex.exists(path.as_ref(), Location::caller()),
        None => std::fs::exists(path),
    }
}

/// See [`std::fs::rename`]. In a model it is one step, and on the disk at once.
///
/// # Errors
/// As std's: `NotFound`.
#[track_caller]
pub fn rename<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> io::Result<()> {
    match world::current() {
        Some(ex) => ex.with_names(Naming::Rename(from.as_ref(), to.as_ref()), Location::caller()),
        None => std::fs::rename(from, to),
    }
}

/// See [`std::fs::remove_file`]. In a model it is on the disk at once; who has the file open can go on.
///
/// # Errors
/// As std's: `NotFound`.
#[track_caller]
pub fn remove_file<P: AsRef<Path>>(path: P) -> io::Result<()> {
    match world::current() {
        Some(ex) => ex.with_names(Naming::Remove(path.as_ref()), Location::caller()),
        None => std::fs::remove_file(path),
    }
}

/// See [`std::fs::read`].
///
/// # Errors
/// As std's: `NotFound`.
#[track_caller]
pub fn read<P: AsRef<Path>>(path: P) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// See [`std::fs::write`]. Nothing is synced.
///
/// # Errors
/// As std's.
#[track_caller]
pub fn write<P: AsRef<Path>, C: AsRef<[u8]>>(path: P, contents: C) -> io::Result<()> {
    File::create(path)?.write_all(contents.as_ref())
}
