//! The reply cache, beside one that is a list.

use proptest::{collection::vec, prelude::*};
use raddle::rpc::{Call, CallId, Delivery::AtMostOnce, Latest, Outcome, Refused, Replies, Seen};

proptest! {
    #[test]
    fn the_last_reply_of_each_client_is_kept_as_long_as_there_is_room(
        calls in vec((1..6_u64, 0..3_u64, any::<bool>(), 0..50_usize), 0..60), clients in 1..5_usize, bytes in 0..150_usize,
    ) {
        let mut latest = Latest::new(clients, bytes);
        // Client, sequence, outcome; the last call at the end.
        let mut list: Vec<(u64, u64, Outcome)> = Vec::new();
        let mut forgotten = false;
        for (client, back, resent, length) in calls {
            // The call before, the last one, or the next.
            let last = list.iter().find(|kept| kept.0 == client).cloned();
            let sequence = (last.as_ref().map_or(1, |kept| kept.1) + 1).saturating_sub(back).max(1);
            let id = CallId { client, sequence };
            let expected = match last {
                Some((_, known, outcome)) if known == sequence => Seen::Again(outcome),
                Some((_, known, _)) if known > sequence => Seen::Refused(Refused::Stale),
                None if forgotten && (resent || sequence > 1) => Seen::Refused(Refused::Forgotten),
                _ => Seen::New,
            };
            let seen = latest.look(&Call { id, delivery: AtMostOnce, resent, body: &[] });
            prop_assert_eq!(&seen, &expected);
            if seen == Seen::New {
                let outcome = Outcome::Answer(vec![sequence as u8; length]);
                latest.keep(id, &outcome);
                list.retain(|kept| kept.0 != client);
                list.push((client, sequence, outcome));
                while list.len() > clients || (list.len() > 1 && list.iter().map(|kept| kept.2.size()).sum::<usize>() > bytes) {
                    list.remove(0);
                    forgotten = true;
                }
            }
            prop_assert_eq!(latest.clients(), list.len());
        }
    }
}
