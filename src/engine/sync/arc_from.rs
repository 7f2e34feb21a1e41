//! What an `Arc` is made from, and which traits of its value it has.

use std::{
    borrow::Cow,
    error::Error,
    ffi::{CStr, CString, OsStr, OsString},
    fs::File,
    io::{self, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write},
    os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd},
    path::{Path, PathBuf},
};

use super::arc::Arc;

/// What [`Arc::make_mut`] can clone: every `Clone` type, and the slices and strings that std clones as well.
pub trait CloneShared {
    /// A clone in a reference of its own.
    #[doc(hidden)]
    fn clone_shared(&self) -> std::sync::Arc<Self>;

    /// std's `make_mut`, which has no bound that could be named.
    #[doc(hidden)]
    fn make_mut(this: &mut std::sync::Arc<Self>) -> &mut Self;
}

impl<T: Clone> CloneShared for T {
    fn clone_shared(&self) -> std::sync::Arc<T> {
        std::sync::Arc::new(self.clone())
    }

    fn make_mut(this: &mut std::sync::Arc<T>) -> &mut T {
        std::sync::Arc::make_mut(this)
    }
}

macro_rules! clone_shared {
    ($([$($generics:tt)*] $type:ty;)*) => {$(
        impl<$($generics)*> CloneShared for $type {
            fn clone_shared(&self) -> std::sync::Arc<Self> {
                std::sync::Arc::from(self)
            }

            fn make_mut(this: &mut std::sync::Arc<Self>) -> &mut Self {
                std::sync::Arc::make_mut(this)
            }
        }
    )*};
}

clone_shared! {
    [T: Clone] [T];
    [] str;
    [] CStr;
    [] OsStr;
    [] Path;
}

impl<T: Default> Default for Arc<T> {
    #[track_caller]
    fn default() -> Arc<T> {
        Arc::new(T::default())
    }
}

macro_rules! default {
    ($([$($generics:tt)*] $type:ty;)*) => {$(
        impl<$($generics)*> Default for Arc<$type> {
            #[track_caller]
            fn default() -> Arc<$type> {
                Arc::fresh(std::sync::Arc::default())
            }
        }
    )*};
}

default! {
    [T] [T];
    [] str;
    [] CStr;
}

macro_rules! from {
    ($([$($generics:tt)*] $from:ty => $to:ty;)*) => {$(
        impl<$($generics)*> From<$from> for Arc<$to> {
            #[track_caller]
            fn from(value: $from) -> Arc<$to> {
                Arc::fresh(std::sync::Arc::from(value))
            }
        }
    )*};
}

from! {
    [T] T => T;
    [T: ?Sized] Box<T> => T;
    [T] Vec<T> => [T];
    [T: Clone] &[T] => [T];
    [T: Clone] &mut [T] => [T];
    [T, const N: usize] [T; N] => [T];
    [] &str => str;
    [] &mut str => str;
    [] String => str;
    [] &CStr => CStr;
    [] &mut CStr => CStr;
    [] CString => CStr;
    [] &OsStr => OsStr;
    [] &mut OsStr => OsStr;
    [] OsString => OsStr;
    [] &Path => Path;
    [] &mut Path => Path;
    [] PathBuf => Path;
}

impl<'a, B: ToOwned + ?Sized> From<Cow<'a, B>> for Arc<B>
where
    Arc<B>: From<&'a B> + From<B::Owned>,
{
    #[track_caller]
    fn from(value: Cow<'a, B>) -> Arc<B> {
        match value {
            Cow::Borrowed(value) => Arc::from(value),
            Cow::Owned(value) => Arc::from(value),
        }
    }
}

impl From<Arc<str>> for Arc<[u8]> {
    /// The same references, to the text's bytes.
    #[track_caller]
    fn from(text: Arc<str>) -> Arc<[u8]> {
        Arc::from_std(Arc::into_std(text).into())
    }
}

impl<T, const N: usize> TryFrom<Arc<[T]>> for Arc<[T; N]> {
    type Error = Arc<[T]>;

    /// The same references, to an array.
    #[track_caller]
    fn try_from(slice: Arc<[T]>) -> Result<Arc<[T; N]>, Arc<[T]>> {
        Arc::into_std(slice).try_into().map(Arc::from_std).map_err(Arc::from_std)
    }
}

impl<T> FromIterator<T> for Arc<[T]> {
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Arc<[T]> {
        Arc::fresh(items.into_iter().collect())
    }
}

impl<T: ?Sized + Error> Error for Arc<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        (**self).source()
    }
}

impl Read for Arc<File> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&**self).read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&**self).read_vectored(buffers)
    }

    fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        (&**self).read_to_end(bytes)
    }

    fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        (&**self).read_to_string(text)
    }
}

impl Write for Arc<File> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&**self).write(bytes)
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        (&**self).write_vectored(buffers)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&**self).flush()
    }
}

impl Seek for Arc<File> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        (&**self).seek(to)
    }
}

impl<T: AsFd> AsFd for Arc<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        (**self).as_fd()
    }
}

impl<T: AsRawFd> AsRawFd for Arc<T> {
    fn as_raw_fd(&self) -> RawFd {
        (**self).as_raw_fd()
    }
}
