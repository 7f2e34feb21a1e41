//! Frames: what stands on the wire, and in the log. A length, a checksum, and so many bytes.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | the payload's length, little-endian |
//! | 4 | CRC-32 of the place and the payload, little-endian |
//! | length | the payload |
//!
//! The *place* is where in its file a record begins, and 0 on the wire. It is not written. What has been copied to another
//! place of the file does not pass for a record, and zeros are no frame.

use crc32fast::Hasher;
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

/// What stands before the payload, in bytes.
pub const HEADER: usize = 8;

/// Why bytes are no frame.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// It is longer than what is allowed.
    #[error("a message of {length} bytes, and {limit} are the limit: send less, or raise `limit` on both sides")]
    TooLarge {
        /// How long its payload is, or says that it is.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// The bytes are not those that were written.
    #[error("the checksum does not fit: the bytes were damaged, or the other side speaks another protocol")]
    Checksum,
    /// A value cannot be written, or bytes are no such value.
    #[error("the message is no value of this type ({0}): both sides must be built from the same types")]
    Value(#[from] postcard::Error),
}

/// What bytes begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begins {
    /// A whole frame, with a payload of this length.
    Whole(usize),
    /// The beginning of a frame: it takes so many bytes in all, as far as is known.
    Needs(usize),
}

/// What the bytes at this place begin with. Reads nothing but the bytes, and allocates nothing.
///
/// # Errors
/// If it is no frame, or too long.
pub fn begins(bytes: &[u8], place: u64, limit: usize) -> Result<Begins, FrameError> {
    let Some((head, rest)) = bytes.split_at_checked(HEADER) else { return Ok(Begins::Needs(HEADER)) };
    let (length, sum) = (number(&head[..4]), number(&head[4..]));
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > limit {
        return Err(FrameError::TooLarge { length, limit });
    }
    match rest.get(..length) {
        None => Ok(Begins::Needs(HEADER + length)),
        Some(payload) if checksum(payload, place) == sum => Ok(Begins::Whole(length)),
        Some(_) => Err(FrameError::Checksum),
    }
}

/// A value as one frame, header and payload in one buffer: one write sends it.
///
/// # Errors
/// If it is too long, or cannot be serialized.
pub fn frame<T: Serialize + ?Sized>(value: &T, place: u64, limit: usize) -> Result<Vec<u8>, FrameError> {
    let mut bytes = postcard::to_extend(value, vec![0; HEADER])?;
    let length = bytes.len() - HEADER;
    let Some(header) = u32::try_from(length).ok().filter(|_| length <= limit) else {
        return Err(FrameError::TooLarge { length, limit });
    };
    let sum = checksum(&bytes[HEADER..], place);
    bytes[..4].copy_from_slice(&header.to_le_bytes());
    bytes[4..HEADER].copy_from_slice(&sum.to_le_bytes());
    Ok(bytes)
}

/// A value from all of the bytes.
///
/// # Errors
/// If they are none, or some are left over.
pub fn value<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FrameError> {
    match postcard::take_from_bytes(bytes)? {
        (value, []) => Ok(value),
        _ => Err(FrameError::Value(postcard::Error::SerdeDeCustom)),
    }
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes.try_into().expect("four bytes"))
}

fn checksum(payload: &[u8], place: u64) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&place.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}
