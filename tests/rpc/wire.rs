//! The wire format, on any bytes.

use proptest::{collection::vec, prelude::*};
use raddle::rpc::{
    Call, CallId, Delivery, Outcome, Refused, Reply,
    frame::{Begins, FrameError, HEADER, begins, frame, value},
};

use crate::memory::largest;

const LIMIT: usize = 2000;

fn delivery() -> impl Strategy<Value = Delivery> {
    use Delivery::{AtLeastOnce, AtMostOnce, ExactlyOnce, Once};
    prop::sample::select(vec![Once, AtLeastOnce, AtMostOnce, ExactlyOnce])
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        vec(any::<u8>(), 0..200).prop_map(Outcome::Answer),
        vec(any::<u8>(), 0..200).prop_map(Outcome::No),
        Just(Outcome::TooLong),
        any::<u64>().prop_map(|limit| Outcome::Refused(Refused::TooLarge { limit })),
    ]
}

proptest! {
    #[test]
    fn a_call_is_read_as_it_was_written(
        (client, sequence) in any::<(u64, u64)>(), delivery in delivery(), resent: bool, body in vec(any::<u8>(), 0..200),
        next in vec(any::<u8>(), 0..20), place: u64,
    ) {
        let call = Call { id: CallId { client, sequence }, delivery, resent, body: &body };
        let mut bytes = frame(&call, place, LIMIT).unwrap();
        let length = bytes.len() - HEADER;
        bytes.extend(next);
        prop_assert_eq!(begins(&bytes, place, LIMIT), Ok(Begins::Whole(length)));
        prop_assert_eq!(postcard::from_bytes::<Call<'_>>(&bytes[HEADER..HEADER + length]), Ok(call));
        // Any beginning of it is one.
        for cut in 0..HEADER + length {
            let needs = if cut < HEADER { HEADER } else { HEADER + length };
            prop_assert_eq!(begins(&bytes[..cut], place, LIMIT), Ok(Begins::Needs(needs)));
        }
    }

    #[test]
    fn a_reply_is_read_as_it_was_written((client, sequence) in any::<(u64, u64)>(), outcome in outcome()) {
        let reply = Reply { id: CallId { client, sequence }, outcome };
        let bytes = frame(&reply, 0, LIMIT).unwrap();
        prop_assert_eq!(value::<Reply>(&bytes[HEADER..]), Ok(reply.clone()));
        let longer = [&bytes[HEADER..], &[0]].concat();
        prop_assert!(value::<Reply>(&longer).is_err(), "a byte is left over");
    }

    #[test]
    fn a_damaged_frame_is_none(body in vec(any::<u8>(), 0..200), at: prop::sample::Index, change in 1..=u8::MAX) {
        let mut bytes = frame(&body, 0, LIMIT).unwrap();
        let length = bytes.len();
        let at = at.index(length);
        bytes[at] ^= change;
        match begins(&bytes, 0, LIMIT) {
            Ok(Begins::Whole(_)) => prop_assert!(false, "byte {at} is damaged, and nobody sees it"),
            // Only a longer one could still come to be.
            Ok(Begins::Needs(needs)) => prop_assert!(needs > length && at < 4),
            Err(FrameError::TooLarge { .. }) => prop_assert!(at < 4),
            Err(_) => {}
        }
    }

    #[test]
    fn a_frame_is_one_at_its_own_place_only(body in vec(any::<u8>(), 0..200), place: u64, other: u64) {
        prop_assume!(place != other);
        let bytes = frame(&body, place, LIMIT).unwrap();
        prop_assert_eq!(begins(&bytes, other, LIMIT), Err(FrameError::Checksum));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic_and_without_memory_that_they_claim(bytes in vec(any::<u8>(), 0..300)) {
        // As a frame they are looked at in place; as messages, nothing is made that is much longer
        // than they are, whatever length they claim: a vector grows by doubling.
        let (_, memory) = largest(|| begins(&bytes, 0, LIMIT).is_ok());
        prop_assert_eq!(memory, 0);
        let (_, memory) = largest(|| {
            let call = postcard::from_bytes::<Call<'_>>(&bytes).is_ok();
            (call, value::<Reply>(&bytes).is_ok(), value::<(Vec<u8>, String)>(&bytes).is_ok())
        });
        prop_assert!(memory <= (2 * bytes.len()).max(64), "{memory} bytes for {}", bytes.len());
    }
}

#[test]
fn what_is_longer_than_the_limit_is_neither_written_nor_read() {
    let body = vec![0; LIMIT];
    let too_large = Err(FrameError::TooLarge { length: LIMIT + 2, limit: LIMIT });
    assert_eq!(frame(&body, 0, LIMIT), too_large);
    let bytes = frame(&body, 0, LIMIT + 2).unwrap();
    assert_eq!(begins(&bytes, 0, LIMIT), too_large.map(|_: Vec<u8>| Begins::Whole(0)));
    let huge = [0xff; HEADER];
    assert_eq!(begins(&huge, 0, LIMIT), Err(FrameError::TooLarge { length: u32::MAX as usize, limit: LIMIT }));
}

#[test]
fn zeros_are_no_frame() {
    assert_eq!(begins(&[0; 100], 0, LIMIT), Err(FrameError::Checksum));
}
