//! Files: the few operations of [`std::fs`] that a log needs.

pub use std::fs::{File, OpenOptions, create_dir_all, remove_file, rename};
