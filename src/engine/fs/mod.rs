//! Files: the few operations of [`std::fs`] that a log needs.
//!
//! Without feature `model` everything here is std's; with it, so it is outside any model and in a model on real threads. In a
//! model of another world each [host](crate::host) has a disk of its own, empty at first, in memory:
//!
//! - Names are on the disk at once. What is in a file is there for certain after `sync_all` or `sync_data`; of the rest a
//!   crash leaves nothing, or, with [`Fault::Tear`](crate::host::Fault::Tear), a part.
//! - There are no permissions or errors; every folder is there, and the disk is never full. A folder can be opened if it is `.`, or if
//!   a file is in it, and to sync it changes nothing.
//! - Each operation is one event. A file's position is its own, and that of its clones.

#[cfg(not(raddle_model))]
pub use std::fs::{File, Metadata, OpenOptions, create_dir_all, exists, read, remove_file, rename, write};

#[cfg(raddle_model)]
mod file;
#[cfg(raddle_model)]
mod names;

#[cfg(raddle_model)]
pub use self::{
    file::{File, Metadata, OpenOptions},
    names::{create_dir_all, exists, read, remove_file, rename, write},
};
