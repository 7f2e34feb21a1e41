//! A disk is std's, and keeps what was synced.

use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};

use crate::common::*;
use raddle::{
    channel,
    fs::{self, File, OpenOptions},
    host::{self, Faults},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

#[test]
fn a_file_is_what_std_s_is() {
    passes(|| {
        assert_eq!(File::open("log").unwrap_err().kind(), ErrorKind::NotFound);
        fs::create_dir_all("folder").unwrap();
        fs::write("log", "hello").unwrap();
        assert_eq!(File::create_new("log").unwrap_err().kind(), ErrorKind::AlreadyExists);
        let mut log = OpenOptions::new().read(true).append(true).open("log").unwrap();
        log.write_all(b" world").unwrap();
        assert_eq!(log.metadata().unwrap().len(), 11);
        log.seek(SeekFrom::Start(6)).unwrap();
        let mut text = String::new();
        log.try_clone().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "world");
        // A clone has the same position.
        assert_eq!(log.read(&mut [0]).unwrap(), 0);
        log.set_len(4).unwrap();
        assert_eq!(log.seek(SeekFrom::End(-1)).unwrap(), 3);
        assert!(File::open("log").unwrap().write(b"x").is_err());
        fs::rename("log", "old").unwrap();
        assert!(!fs::exists("log").unwrap());
        assert_eq!(fs::read("old").unwrap(), b"hell");
        let mut file = OpenOptions::new().write(true).open("old").unwrap();
        file.seek(SeekFrom::Start(1)).unwrap();
        file.write_all(b"ipp").unwrap();
        file.seek(SeekFrom::Start(6)).unwrap();
        file.write_all(b"!").unwrap();
        assert_eq!(fs::read("old").unwrap(), b"hipp\0\0!");
        fs::remove_file("old").unwrap();
        assert_eq!(fs::remove_file("old").unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(OpenOptions::new().open("old").unwrap_err().kind(), ErrorKind::InvalidInput);
    });
}

/// A host that does something in its first life, and is crashed then. What is in its log in the next?
fn left(faults: Faults, first: impl Fn() + Send + Sync + 'static) -> String {
    let (tell, told) = channel::unbounded();
    let lives = Arc::new(AtomicUsize::new(0));
    let host = host::spawn("disk", move || match lives.fetch_add(1, SeqCst) {
        0 => {
            first();
            tell.send(String::new()).unwrap();
        }
        _ => tell.send(String::from_utf8(fs::read("log").unwrap()).unwrap()).unwrap(),
    });
    told.recv().unwrap();
    faults.allow();
    host.crash();
    told.recv().unwrap()
}

#[test]
fn a_crash_keeps_what_was_synced_and_may_tear_the_rest() {
    let of = |texts: &[&str]| -> Vec<String> { texts.iter().map(|text| (*text).to_owned()).collect() };
    let writes = |syncs: bool| {
        move || {
            let mut log = File::create("log").unwrap();
            log.write_all(b"old ").unwrap();
            if syncs {
                log.sync_data().unwrap();
            }
            log.write_all(b"new?").unwrap();
        }
    };
    explores(of(&[""]), move || left(Faults::new(0), writes(false)));
    explores(of(&["old "]), move || left(Faults::new(0), writes(true)));
    explores(of(&["", "old ", "old new?"]), move || left(Faults::new(0).tear(), writes(false)));
    explores(of(&["old ", "old ne", "old new?"]), move || left(Faults::new(0).tear(), writes(true)));
}

#[test]
fn what_was_overwritten_is_torn_too() {
    explores(["aaaa", "bbaa", "bbbb"].map(str::to_owned), || {
        left(Faults::new(0).tear(), || {
            fs::write("log", "aaaa").unwrap();
            let mut log = OpenOptions::new().write(true).open("log").unwrap();
            log.sync_all().unwrap();
            log.write_all(b"bbbb").unwrap();
        })
    });
}

#[test]
fn each_host_has_a_disk_of_its_own() {
    passes(|| {
        fs::write("name", "main").unwrap();
        host::spawn("other", || {
            assert!(!fs::exists("name").unwrap());
            fs::write("name", "other").unwrap();
        });
        assert_eq!(fs::read("name").unwrap(), b"main");
    });
}
