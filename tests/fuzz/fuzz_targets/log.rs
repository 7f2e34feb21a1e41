//! Any bytes as a log, and behind one: no panic, nothing that was synced is lost, and what is opened once can be opened again.
#![no_main]

use std::{fs, path::Path};

use libfuzzer_sys::fuzz_target;
use raddle::rpc::{Call, CallId, Delivery, Journal, Log, LogError};

const LIMIT: usize = 1000;

fn open(path: &Path) -> Result<(Log, Vec<Vec<u8>>), LogError> {
    let mut bodies = Vec::new();
    let log = Log::open(path, LIMIT, |call| {
        bodies.push(call.body.to_vec());
        true
    })?;
    Ok((log, bodies))
}

fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("raddle-fuzz-{}.log", std::process::id()));
    fs::write(&path, bytes).unwrap();
    if let Ok((_, bodies)) = open(&path) {
        assert_eq!(open(&path).unwrap().1, bodies);
    }
    fs::remove_file(&path).unwrap();
    let (log, _) = open(&path).unwrap();
    let id = CallId { client: 1, sequence: 1 };
    log.append(&Call { id, delivery: Delivery::ExactlyOnce, resent: false, body: b"synced" }).unwrap();
    log.sync(log.end()).unwrap();
    drop(log);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [&whole, bytes].concat()).unwrap();
    if let Ok((_, bodies)) = open(&path) {
        assert_eq!(bodies[0], b"synced");
    }
    fs::remove_file(&path).unwrap();
});
