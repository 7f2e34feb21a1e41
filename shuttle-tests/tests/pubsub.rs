//! `pubsub`, sampled and, at the small size, exhaustive: servers that send to whoever has subscribed.
#![cfg(not(loom))]

use proptest::{collection::vec, prelude::Strategy};
use raddle::{
    go::{Chan, go},
    patterns::{
        Input,
        pubsub::{
            Received, Server, drop, helper, helper_and, helper_remember, helper_resubscribe, r#loop, loop_cancel,
            mutex, mutex_cancel, received,
        },
    },
    sync::Arc,
};
use shuttle_tests::verify;

use crate::common::{ends, hold, lines, named};

#[test]
fn mutex_cancel_pubsub_waits_for_who_leaves() {
    verify("pubsub/mutex-cancel");
}

#[test]
fn loop_cancel_pubsub_waits_for_who_leaves() {
    verify("pubsub/loop-cancel");
}

#[test]
fn loop_endless_pubsub_is_left_behind() {
    verify("pubsub/loop-endless");
}

#[test]
fn helper_index_pubsub_looks_into_an_empty_queue() {
    verify("pubsub/helper-index");
}

#[test]
fn helper_spin_pubsub_sends_what_nobody_published() {
    verify("pubsub/helper-spin");
}

#[test]
fn helper_and_pubsub_gives_up_before_it_has_begun() {
    verify("pubsub/helper-and");
}

#[test]
fn helper_deaf_pubsub_leaves_its_helper_behind() {
    verify("pubsub/helper-deaf");
}

#[test]
fn helper_resubscribe_pubsub_has_two_helpers_for_a_channel() {
    verify("pubsub/helper-resubscribe");
}

#[test]
fn mutex_pubsub_delivers_in_order() {
    verify("pubsub/mutex");
}

#[test]
fn loop_pubsub_delivers_in_order() {
    verify("pubsub/loop");
}

#[test]
fn drop_pubsub_counts_what_is_missed() {
    verify("pubsub/drop");
}

#[test]
fn helper_pubsub_delivers_in_order() {
    verify("pubsub/helper");
}

#[test]
fn helper_remember_pubsub_has_one_helper_for_a_channel() {
    verify("pubsub/helper-remember");
}

#[test]
fn who_cancels_without_receiving_ends_well_or_waits_for_ever() {
    const ONE_OF_EACH: Input = Input::new(&[1, 1], 1);
    // Who receives what does not matter here.
    let mutex = ends(|| std::mem::drop(received::<mutex_cancel::Server>(&ONE_OF_EACH)));
    assert_eq!(mutex, lines(["()", "Deadlock {main:send, t1:lock}"]));
    let r#loop = ends(|| std::mem::drop(received::<loop_cancel::Server>(&ONE_OF_EACH)));
    assert_eq!(r#loop, lines(["()", "Deadlock {main:join, t1:send, t2:send}"]));
}

#[test]
fn helpers_that_give_up_keep_the_loop_waiting_and_others_hand_on_everything() {
    let input = Input::new(&[2, 0], 1);
    assert_eq!(ends(move || received::<helper_and::Server>(&input)), lines(["Deadlock {main:send, t1:send}"]));
    let input = Input::new(&[2, 0], 1);
    let all = Received { staying: vec![(vec![(1, 1), (1, 2)], 0)], passing: Vec::new() };
    assert_eq!(ends(move || received::<helper::Server>(&input)), lines([&format!("{all:?}")]));
}

/// What the loop does when a channel is subscribed, cancelled and subscribed again, without the loop: with it there are more
/// executions than a test should have.
#[test]
fn a_channel_that_is_subscribed_again_mixes_two_subscriptions() {
    let golden = lines([
        "Panic: send on closed channel",
        "Panic: the first subscription receives [1, 9]",
        "Panic: the first subscription receives [9, 1]",
    ]);
    let program = || {
        let out = Chan::new(0);
        for event in [1, 9] {
            let (input, out) = (Chan::new(0), out.clone());
            let theirs = input.clone();
            go(move || helper_resubscribe::help(theirs, &out));
            input.send((0, event));
            if event == 1 {
                input.close();
            }
        }
        let received: Vec<usize> = out.iter().map(|event| event.1).collect();
        assert!(received == [1], "the first subscription receives {received:?}");
    };
    assert_eq!(ends(program), golden);
}

/// What two subscribers receive of two publishers, who publish an event each.
fn crosswise<S: Server>() -> std::collections::BTreeSet<String> {
    ends(|| {
        let Received { staying, .. } = received::<S>(&Input::new(&[1, 1, 0, 0], 2));
        let [(one, _), (other, _)] = &staying[..] else { panic!("two subscribers stay") };
        (one.clone(), other.clone())
    })
}

#[test]
fn two_subscribers_receive_in_the_same_order() {
    let both = |x: usize, y: usize| format!("([({x}, 1), ({y}, 1)], [({x}, 1), ({y}, 1)])");
    assert_eq!(crosswise::<mutex::Server>(), lines([&both(1, 2), &both(2, 1)]));
}

/// How a program with one server and one channel ends.
fn misuse<S: Server>(program: impl Fn(&S, &Chan<(usize, usize)>) + Send + Sync + 'static) -> String {
    let ends = ends(move || {
        let (server, c) = (S::new(), Chan::new(0));
        program(&server, &c);
        server.stop();
    });
    ends.into_iter().collect::<Vec<_>>().join("; ")
}

fn misuses<S: Server>() -> [String; 5] {
    let receiver = |c: &Chan<(usize, usize)>| {
        let c = c.clone();
        go(move || c.iter().for_each(|_| {}));
    };
    [
        misuse::<S>(|server, c| {
            server.subscribe(c);
            server.subscribe(c);
        }),
        misuse::<S>(|server, c| {
            server.cancel(c);
        }),
        // Whoever closes its own channel.
        misuse::<S>(|server, c| {
            server.subscribe(c);
            c.close();
            server.cancel(c);
        }),
        misuse::<S>(|server, c| {
            server.subscribe(c);
            c.close();
            server.publish((1, 1));
        }),
        // A channel that has been closed is of no use to a second subscription.
        misuse::<S>(move |server, c| {
            receiver(c);
            server.subscribe(c);
            server.cancel(c);
            server.subscribe(c);
            server.publish((1, 1));
        }),
    ]
}

#[test]
fn whoever_breaks_the_rules_of_a_server_panics() {
    for misuses in [misuses::<mutex::Server>(), misuses::<r#loop::Server>()] {
        let [again, unknown, closed, sent, renewed] = misuses;
        assert_eq!(again, "Panic: pubsub: already subscribed");
        assert_eq!(unknown, "Panic: pubsub: not subscribed");
        assert_eq!(closed, "Panic: close of closed channel");
        assert_eq!([sent, renewed], ["Panic: send on closed channel"; 2]);
    }
}

#[test]
fn fixed_servers_deliver_whatever_is_published() {
    let inputs = (vec(0..=3_usize, 0..=2), vec(0..=1_usize, 0..=3));
    let inputs = inputs.prop_map(|(publishers, subscribers)| {
        let goal = publishers.len();
        ([publishers, subscribers].concat(), goal)
    });
    hold(named(&["pubsub/mutex", "pubsub/loop", "pubsub/drop", "pubsub/helper"]), inputs);
    hold(named(&["pubsub/helper-remember"]), (vec(0..=3_usize, 2), 0..=0_usize));
}

#[test]
fn a_server_that_drops_tells_how_many() {
    let golden = ends(|| {
        let Received { staying, .. } = received::<drop::Server>(&Input::new(&[2, 0], 1));
        (staying[0].0.len(), staying[0].1)
    });
    assert_eq!(golden, lines(["(0, 2)", "(1, 1)", "(2, 0)"]));
}

/// A subscriber that comes and goes receives nothing until it leaves, and misses what is published in between.
#[test]
fn who_leaves_a_server_that_drops_has_missed_what_came_meanwhile() {
    let golden = ends(|| received::<drop::Server>(&Input::new(&[2, 1], 1)).passing);
    assert_eq!(golden, lines(["[([], 0)]", "[([], 1)]", "[([], 2)]"]));
}

/// What a subscriber has that is subscribed, and leaves once an event has been published.
fn leaves<S: Server>() -> std::collections::BTreeSet<String> {
    ends(|| {
        let (server, c) = (Arc::new(S::new()), Chan::new(0));
        server.subscribe(&c);
        server.publish((1, 1));
        let left = S::leave(&server, &c);
        server.stop();
        left
    })
}

#[test]
fn who_leaves_a_server_with_helpers_has_what_was_published_before() {
    assert_eq!(leaves::<helper::Server>(), lines(["([(1, 1)], 0)"]));
    assert_eq!(leaves::<helper_remember::Server>(), lines(["([(1, 1)], 0)"]));
}
