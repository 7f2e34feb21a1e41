//! `crawler`, sampled and, at the small size, exhaustive: each page once, and no return before all are there. And every
//! way in which it can end, with the webs of the golden outcomes.
#![cfg(not(loom))]

use std::collections::BTreeSet;

use raddle::{
    Check,
    Strategy::Random,
    patterns::{
        Input,
        crawler::{
            Crawl, Fetcher, LECTURE, Missing, Web, channel, channel_count_after, channel_count_in_workers,
            channel_mark_late, channel_root, channel_send_per_url, channel_silent, mutex, mutex_add_in_child,
            mutex_done_skipped, mutex_held, mutex_no_lock, mutex_split_lock, run, serial, serial_go, url,
        },
    },
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};
use shuttle_tests::verify;

use crate::common::{ends, lines};

#[test]
fn serial_go_crawler_returns_too_early() {
    verify("crawler/serial-go");
}

#[test]
fn serial_go_race_crawler_is_a_data_race() {
    verify("crawler/serial-go-race");
}

#[test]
fn mutex_no_lock_crawler_is_a_data_race() {
    verify("crawler/mutex-no-lock");
}

#[test]
fn mutex_split_lock_crawler_fetches_a_page_twice() {
    verify("crawler/mutex-split-lock");
}

#[test]
fn mutex_add_in_child_crawler_returns_too_early() {
    verify("crawler/mutex-add-in-child");
}

#[test]
fn mutex_done_skipped_crawler_waits_for_ever() {
    verify("crawler/mutex-done-skipped");
}

#[test]
fn channel_root_crawler_waits_for_itself() {
    verify("crawler/channel-root");
}

#[test]
fn channel_silent_crawler_waits_for_ever() {
    verify("crawler/channel-silent");
}

#[test]
fn channel_send_per_url_crawler_returns_too_early() {
    verify("crawler/channel-send-per-url");
}

#[test]
fn channel_count_in_workers_crawler_returns_too_early() {
    verify("crawler/channel-count-in-workers");
}

#[test]
fn channel_count_race_crawler_is_a_data_race() {
    verify("crawler/channel-count-race");
}

#[test]
fn channel_mark_late_crawler_fetches_a_page_twice() {
    verify("crawler/channel-mark-late");
}

#[test]
fn serial_crawler_fetches_each_page_once() {
    verify("crawler/serial");
}

#[test]
fn mutex_crawler_fetches_each_page_once() {
    verify("crawler/mutex");
}

#[test]
fn mutex_held_crawler_fetches_one_page_at_a_time() {
    verify("crawler/mutex-held");
}

#[test]
fn channel_crawler_fetches_each_page_once() {
    verify("crawler/channel");
}

#[test]
fn channel_count_after_crawler_is_right_too() {
    verify("crawler/channel-count-after");
}

/// a links to b and c, and both link to d.
const TWO_WAYS: Input = Input::new(&[0b0110, 0b1000, 0b1000, 0], 0);
/// a links to b and c, and b links back to a.
const BACK: Input = Input::new(&[0b110, 0b001, 0], 0);
const TWO_LINKS: Input = Input::new(&[0b110, 0, 0], 0);

/// How often each page has been fetched when the crawl returns, in the order of their numbers; and how else it ends.
fn fetches<C: Crawl>(input: Input) -> BTreeSet<String> {
    ends(move || {
        let web = run::<C>(&input);
        let fetches = web.fetches();
        (0..input.work.len()).map(|page| fetches[&*url(page)]).collect::<Vec<_>>()
    })
}

#[test]
fn crawlers_fetch_each_page_once_in_every_execution() {
    for (input, once) in [(TWO_WAYS, "[1, 1, 1, 1]"), (BACK, "[1, 1, 1]")] {
        assert_eq!(fetches::<serial::Crawler>(input.clone()), lines([once]));
        assert_eq!(fetches::<mutex::Crawler>(input.clone()), lines([once]));
        assert_eq!(fetches::<mutex_held::Crawler>(input.clone()), lines([once]));
        assert_eq!(fetches::<channel::Crawler>(input.clone()), lines([once]));
        assert_eq!(fetches::<channel_count_after::Crawler>(input), lines([once]));
    }
}

/// The lecture's own web, in every execution: with `mutex` those are more than 200,000.
#[test]
fn channel_crawler_fetches_the_lecture_s_web_once() {
    assert_eq!(fetches::<channel::Crawler>(LECTURE), lines(["[1, 1, 1, 1, 1]"]));
}

#[test]
fn crawlers_find_four_pages_of_the_lecture_and_miss_one() {
    for crawl in [run::<serial::Crawler>, run::<mutex::Crawler>, run::<channel::Crawler>] {
        let check = Check::new("the lecture's web").strategy(Random).schedules(10);
        let verdict = check.run(move || {
            let web = crawl(&LECTURE);
            let fetches = web.fetches();
            assert_eq!(fetches.len(), 5);
            assert!(fetches.values().all(|times| *times == 1), "{fetches:?}");
            let missing = fetches.keys().filter(|url| web.fetch(url) == Err(Missing));
            assert_eq!(missing.collect::<Vec<_>>(), [&"http://golang.org/cmd/"]);
        });
        let verdict = verdict.expect("the check can be done");
        assert!(verdict.passed(), "{}", raddle::render(&verdict));
    }
}

#[test]
fn split_lock_fetches_the_page_at_the_end_of_two_ways_once_or_twice() {
    assert_eq!(fetches::<mutex_split_lock::Crawler>(TWO_WAYS), lines(["[1, 1, 1, 1]", "[1, 1, 1, 2]"]));
}

/// Without a lock there is no saying how often a page is fetched: in every execution there is a race first.
#[test]
fn no_lock_is_a_data_race_in_every_execution() {
    assert_eq!(fetches::<mutex_no_lock::Crawler>(TWO_WAYS), lines(["DataRace"]));
}

#[test]
fn mark_late_fetches_the_page_at_the_end_of_two_ways_once_or_twice() {
    assert_eq!(fetches::<channel_mark_late::Crawler>(TWO_WAYS), lines(["[1, 1, 1, 1]", "[1, 1, 1, 2]"]));
}

#[test]
fn without_a_starter_the_coordinator_waits_for_itself() {
    assert_eq!(fetches::<channel_root::Crawler>(BACK), lines(["Deadlock {main:send}"]));
}

#[test]
fn who_returns_too_early_may_have_any_part_of_the_pages() {
    let any = ["[1, 0, 0]", "[1, 0, 1]", "[1, 1, 0]", "[1, 1, 1]"];
    assert_eq!(fetches::<serial_go::Crawler>(TWO_LINKS), lines(any));
    // One goroutine is done before the other counts itself: main may be just about to return.
    let reused = "Panic: sync: WaitGroup is reused before previous Wait has returned";
    assert_eq!(fetches::<mutex_add_in_child::Crawler>(TWO_LINKS), &lines(any) | &lines([reused]));
}

#[test]
fn a_wrong_count_leaves_workers_behind() {
    // The starter is t1, the worker of the first page t2.
    let (t2, t3, t4) = ("Leak {t2:send}", "Leak {t3:send}", "Leak {t4:send}");
    let both = "Leak {t3:send, t4:send}";
    assert_eq!(fetches::<channel_count_in_workers::Crawler>(TWO_LINKS), lines(["[1, 1, 1]", t2, t3, t4, both]));
    // One message too many, whichever comes last.
    assert_eq!(fetches::<channel_send_per_url::Crawler>(TWO_LINKS), lines([t2, t3, t4]));
}

#[test]
fn a_missing_page_is_waited_for_for_ever() {
    let missing = Input::new(&[0b110, 0, 0], 0b100);
    assert_eq!(fetches::<mutex_done_skipped::Crawler>(missing.clone()), lines(["Deadlock {main:wait}"]));
    assert_eq!(fetches::<channel_silent::Crawler>(missing), lines(["Deadlock {main:recv}"]));
}

/// A web that counts how many of its pages are on their way at once.
struct Slow {
    web: Web,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Fetcher for Slow {
    fn fetch(&self, url: &str) -> Result<Vec<String>, Missing> {
        let now = self.now.fetch_add(1, Relaxed) + 1;
        self.most.fetch_max(now, Relaxed);
        let links = self.web.fetch(url);
        self.now.fetch_sub(1, Relaxed);
        links
    }
}

/// The most pages that are on their way at once.
fn most<C: Crawl>() -> BTreeSet<String> {
    ends(|| {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let slow = Arc::new(Slow { web: Web::new(&TWO_LINKS), now, most });
        C::crawl(&url(0), &slow);
        slow.most.load(Relaxed)
    })
}

#[test]
fn only_who_does_not_hold_the_lock_has_two_fetches_in_flight() {
    assert_eq!(most::<serial::Crawler>(), lines(["1"]));
    assert_eq!(most::<mutex_held::Crawler>(), lines(["1"]));
    assert_eq!(most::<mutex::Crawler>(), lines(["1", "2"]));
    assert_eq!(most::<channel::Crawler>(), lines(["1", "2"]));
}
