//! `crawler`: fetches every page that can be reached from the first one, each once, and as many at a time as there are.
//!
//! An input's `work` has a number for each page: its bits say which pages it links to. The bits of `goal` say which
//! pages are missing: they are linked to, and not there. The first page is where it begins.
//!
//! Source: MIT 6.824, lecture 2, `crawler`: `Serial`, `ConcurrentMutex`, `ConcurrentChannel`, with what goes wrong in
//! each. `examples/crawl.rs` crawls pages that a server sends.

pub mod channel;
pub mod channel_count_after;
pub mod channel_count_in_workers;
pub mod channel_count_race;
pub mod channel_mark_late;
pub mod channel_root;
pub mod channel_send_per_url;
pub mod channel_silent;
pub mod mutex;
pub mod mutex_add_in_child;
pub mod mutex_done_skipped;
pub mod mutex_held;
pub mod mutex_no_lock;
pub mod mutex_split_lock;
pub mod serial;
pub mod serial_go;
pub mod serial_go_race;

mod cases;
mod web;

use super::{Input, Pattern};
use crate::{go::WaitGroup, sync::Arc};

pub use self::web::{Fetcher, Missing, Web, url};

/// The property: each page that links lead to is fetched once, no other is, all are when the call returns, and nobody
/// is left behind.
pub trait Crawl {
    /// Fetches the page, those that it links to, those that they link to, and so on.
    fn crawl<F: Fetcher>(url: &str, fetcher: &Arc<F>);
}

/// Go's `defer done.Done()`: takes 1 off the group's counter as the function ends, on whichever way.
pub struct Done<'a>(pub &'a WaitGroup);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.done();
    }
}

/// Main crawls the input's web, and compares what has been fetched with what links lead to.
pub fn scenario<C: Crawl>(input: &Input) {
    let web = run::<C>(input);
    let reachable = web.reachable();
    for (url, times) in web.fetches() {
        assert!(times == usize::from(reachable.contains(url)), "{url} is fetched {times} times");
    }
}

/// The property of a program with a data race, which says nothing of what it fetches: it has none.
pub fn without_race<C: Crawl>(input: &Input) {
    run::<C>(input);
}

/// The scenario without the assertion: returns the web, which knows what has been fetched.
pub fn run<C: Crawl>(input: &Input) -> Arc<Web> {
    let web = Arc::new(Web::new(input));
    C::crawl(&url(0), &web);
    web
}

/// The lecture's web: five pages, of which `cmd/` is missing.
pub const LECTURE: Input = Input::new(&[0b00110, 0b11101, 0, 0b00011, 0b00011], 0b00100);

/// The pattern.
pub const PATTERN: Pattern =
    Pattern { name: "crawler", about: "Doing each thing once, and knowing when all is done", cases: cases::CASES };
