//! Iterators over the messages of a channel.

use std::{fmt, iter::FusedIterator};

use super::Receiver;

/// Messages, each waited for, until every sender is gone: [`crossbeam_channel::Iter`].
pub struct Iter<'a, T: 'a>(&'a Receiver<T>);

/// Messages, as long as there are any: [`crossbeam_channel::TryIter`].
pub struct TryIter<'a, T: 'a>(&'a Receiver<T>);

/// As [`Iter`], but it owns the receiver: [`crossbeam_channel::IntoIter`].
pub struct IntoIter<T>(Receiver<T>);

impl<'a, T> Iter<'a, T> {
    pub(super) fn new(receiver: &'a Receiver<T>) -> Iter<'a, T> {
        Iter(receiver)
    }
}

impl<'a, T> TryIter<'a, T> {
    pub(super) fn new(receiver: &'a Receiver<T>) -> TryIter<'a, T> {
        TryIter(receiver)
    }
}

impl<T> IntoIter<T> {
    pub(super) fn new(receiver: Receiver<T>) -> IntoIter<T> {
        IntoIter(receiver)
    }
}

macro_rules! iterates {
    ($($name:ident $(<$lifetime:lifetime>)? $receive:ident;)*) => {$(
        impl<T> Iterator for $name<$($lifetime,)? T> {
            type Item = T;

            #[track_caller]
            fn next(&mut self) -> Option<T> {
                self.0.$receive().ok()
            }
        }

        impl<T> fmt::Debug for $name<$($lifetime,)? T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(concat!(stringify!($name), " { .. }"))
            }
        }
    )*};
}

iterates! {
    Iter<'_> recv;
    TryIter<'_> try_recv;
    IntoIter recv;
}

impl<T> FusedIterator for Iter<'_, T> {}
impl<T> FusedIterator for IntoIter<T> {}
