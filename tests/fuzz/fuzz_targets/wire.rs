//! Any bytes as frames and messages: no panic, and no frame that is longer than they are or than the limit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use raddle::rpc::{
    Call, Reply,
    frame::{Begins, HEADER, begins, frame, value},
};

const LIMIT: usize = 1000;

fuzz_target!(|bytes: &[u8]| {
    match begins(bytes, 0, LIMIT) {
        Ok(Begins::Whole(length)) => assert!(length <= LIMIT && HEADER + length <= bytes.len()),
        Ok(Begins::Needs(needs)) => assert!(needs > bytes.len() && needs <= HEADER + LIMIT),
        Err(_) => {}
    }
    // What can be read can be written, and is read again.
    if let Ok(call) = postcard::from_bytes::<Call<'_>>(bytes) {
        let bytes = frame(&call, 7, usize::MAX).unwrap();
        assert_eq!(begins(&bytes, 7, usize::MAX), Ok(Begins::Whole(bytes.len() - HEADER)));
        assert_eq!(postcard::from_bytes::<Call<'_>>(&bytes[HEADER..]), Ok(call));
    }
    if let Ok(reply) = value::<Reply>(bytes) {
        let bytes = frame(&reply, 0, usize::MAX).unwrap();
        assert_eq!(value::<Reply>(&bytes[HEADER..]), Ok(reply));
    }
});
