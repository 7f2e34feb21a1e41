//! `crawler`, every execution: each page once, and no return before all are there.
#![cfg(not(shuttle))]

use loom_tests::verify;

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
