//! The log, after crashes and damage.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use proptest::{collection::vec, prelude::*};
use raddle::rpc::{Call, CallId, Delivery, Journal, Log, LogError, MAGIC, frame::HEADER};

use crate::memory::largest;

/// More than the files of most tests have: a damaged length cannot be taken for that of a longer record.
const LIMIT: usize = 2000;

/// A file's name that nobody else has. The file is removed in the end.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new() -> Scratch {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("raddle-rpc-{}-{}.log", std::process::id(), NEXT.fetch_add(1, Relaxed));
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_file(&path);
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Opens the log. The bodies of its calls.
fn open(path: &Path) -> Result<(Log, Vec<Vec<u8>>), LogError> {
    let mut bodies = Vec::new();
    let log = Log::open(path, LIMIT, |call| {
        bodies.push(call.body.to_vec());
        true
    })?;
    Ok((log, bodies))
}

fn append(log: &Log, body: &[u8]) -> Result<(), LogError> {
    let id = CallId { client: 1, sequence: 1 };
    log.append(&Call { id, delivery: Delivery::ExactlyOnce, resent: false, body })
}

/// Writes a log, synced after each record, or with the first only. Where each record begins, and where the last one ends.
fn write(path: &Path, bodies: &[Vec<u8>], each: bool) -> Vec<usize> {
    let (log, found) = open(path).unwrap();
    assert!(found.is_empty());
    let mut ends = vec![MAGIC.len()];
    for (number, body) in bodies.iter().enumerate() {
        append(&log, body).unwrap();
        if each || number == 0 {
            log.sync(log.end()).unwrap();
        }
        ends.push(fs::metadata(path).unwrap().len() as usize);
    }
    ends
}

fn bodies() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(vec(any::<u8>(), 0..100), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_torn_tail_is_cut_off_and_the_log_goes_on(bodies in bodies(), cut: prop::sample::Index) {
        let scratch = Scratch::new();
        let ends = write(&scratch.0, &bodies, true);
        let length = cut.index(ends[bodies.len()] + 1);
        fs::OpenOptions::new().write(true).open(&scratch.0).unwrap().set_len(length as u64).unwrap();
        let whole = ends.iter().filter(|end| **end <= length).count().saturating_sub(1);
        let (log, found) = open(&scratch.0).unwrap();
        prop_assert_eq!(&found, &bodies[..whole]);
        append(&log, b"next").unwrap();
        log.sync(log.end()).unwrap();
        drop(log);
        let (_, found) = open(&scratch.0).unwrap();
        prop_assert_eq!(found, [&bodies[..whole], &[b"next".to_vec()]].concat());
    }

    #[test]
    fn a_damaged_record_is_never_read(bodies in bodies(), at: prop::sample::Index, change in 1..=u8::MAX) {
        let scratch = Scratch::new();
        let ends = write(&scratch.0, &bodies, true);
        let mut bytes = fs::read(&scratch.0).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        fs::write(&scratch.0, &bytes).unwrap();
        let damaged = ends.iter().filter(|end| **end <= at).count();
        let (opened, memory) = largest(|| open(&scratch.0));
        prop_assert!(memory <= 3 * (HEADER + LIMIT) || memory <= 8192, "{memory} bytes");
        match opened {
            Err(LogError::NotALog(_)) => prop_assert_eq!(damaged, 0),
            Err(LogError::Damaged { offset, .. }) => {
                prop_assert!(damaged < bodies.len());
                prop_assert_eq!(offset, ends[damaged - 1] as u64);
            }
            Err(error) => prop_assert!(false, "{error}"),
            // The last one alone can look as if it had never been whole.
            Ok((_, found)) => {
                prop_assert_eq!(damaged, bodies.len());
                prop_assert_eq!(found, &bodies[..damaged - 1]);
            }
        }
        if damaged < bodies.len() {
            prop_assert_eq!(fs::read(&scratch.0).unwrap(), bytes, "a log that is not opened is left as it is");
        }
    }

    #[test]
    fn what_was_not_synced_may_be_damaged_anywhere(bodies in bodies(), at: prop::sample::Index) {
        prop_assume!(bodies.len() > 1);
        let scratch = Scratch::new();
        let ends = write(&scratch.0, &bodies, false);
        let mut bytes = fs::read(&scratch.0).unwrap();
        let at = ends[1] + at.index(bytes.len() - ends[1]);
        bytes[at] ^= 1;
        fs::write(&scratch.0, &bytes).unwrap();
        let whole = ends.iter().filter(|end| **end <= at).count() - 1;
        let (_, found) = open(&scratch.0).unwrap();
        prop_assert_eq!(found, &bodies[..whole]);
    }

    #[test]
    fn any_bytes_behind_a_log_are_cut_off_or_an_error(bodies in bodies(), tail in vec(any::<u8>(), 1..1500)) {
        let scratch = Scratch::new();
        let ends = write(&scratch.0, &bodies, true);
        let bytes = [fs::read(&scratch.0).unwrap(), tail].concat();
        fs::write(&scratch.0, &bytes).unwrap();
        let (opened, memory) = largest(|| open(&scratch.0));
        prop_assert!(memory <= 8192, "{memory} bytes");
        let (_, found) = opened.unwrap();
        prop_assert_eq!(found, bodies);
        prop_assert_eq!(fs::metadata(&scratch.0).unwrap().len(), *ends.last().unwrap() as u64);
    }

    #[test]
    fn another_file_is_left_as_it_is(bytes in vec(any::<u8>(), 1..100)) {
        prop_assume!(!MAGIC.starts_with(&bytes[..bytes.len().min(MAGIC.len())]));
        let scratch = Scratch::new();
        fs::write(&scratch.0, &bytes).unwrap();
        prop_assert!(matches!(open(&scratch.0), Err(LogError::NotALog(_))));
        prop_assert_eq!(fs::read(&scratch.0).unwrap(), bytes);
    }
}

#[test]
fn a_call_of_another_service_is_an_error() {
    let scratch = Scratch::new();
    write(&scratch.0, &[b"one".to_vec(), b"two".to_vec()], true);
    let said = Log::open(&scratch.0, LIMIT, |call| call.body == b"one").unwrap_err();
    assert!(matches!(said, LogError::Foreign { offset, .. } if offset > MAGIC.len() as u64), "{said}");
}

#[test]
fn a_copy_of_a_record_is_none() {
    let scratch = Scratch::new();
    let ends = write(&scratch.0, &[b"one".to_vec()], true);
    let bytes = fs::read(&scratch.0).unwrap();
    fs::write(&scratch.0, [&bytes[..], &bytes[ends[0]..]].concat()).unwrap();
    assert_eq!(open(&scratch.0).unwrap().1, [b"one".to_vec()]);
}

#[test]
fn a_call_that_is_too_long_is_not_written() {
    let scratch = Scratch::new();
    let (log, _) = open(&scratch.0).unwrap();
    assert!(matches!(append(&log, &[0; LIMIT]), Err(LogError::Frame(_))));
    append(&log, b"short").unwrap();
    log.sync(log.end()).unwrap();
    drop(log);
    assert_eq!(open(&scratch.0).unwrap().1, [b"short".to_vec()]);
}

#[test]
fn a_last_call_that_is_longer_than_the_limit_is_an_error_and_not_cut_off() {
    let scratch = Scratch::new();
    let ends = write(&scratch.0, &[b"one".to_vec(), vec![0; 200]], true);
    let said = Log::open(&scratch.0, 100, |_| true).unwrap_err();
    assert!(matches!(said, LogError::TooLarge { offset, .. } if offset == ends[1] as u64), "{said}");
    assert_eq!(open(&scratch.0).unwrap().1.len(), 2);
}

#[test]
fn a_log_that_cannot_be_opened_says_so() {
    let said = open(Path::new("/nowhere/at/all.log")).unwrap_err();
    assert!(said.to_string().starts_with("cannot open the log /nowhere/at/all.log"), "{said}");
}
