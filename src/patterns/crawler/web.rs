//! What is crawled: pages, and a web of them whose fetches are counted.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Input;
use crate::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// There is no such page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing;

/// Fetches pages.
pub trait Fetcher: Send + Sync + 'static {
    /// The pages that a page links to, in order.
    ///
    /// # Errors
    /// If there is no such page.
    fn fetch(&self, url: &str) -> Result<Vec<String>, Missing>;
}

/// A canned web, with counters.
pub struct Web(BTreeMap<String, Page>);

struct Page {
    /// `None`: it is linked to, and missing.
    links: Option<Vec<String>>,
    fetches: AtomicUsize,
}

/// The lecture's pages, in the order of an input's numbers; others have their numbers.
const PAGES: [&str; 5] = ["", "pkg/", "cmd/", "pkg/fmt/", "pkg/os/"];

/// A page's URL.
pub fn url(page: usize) -> String {
    let path = PAGES.get(page).map_or_else(|| format!("{page}/"), |path| (*path).to_owned());
    format!("http://golang.org/{path}")
}

/// The numbers of the bits that are set.
fn bits(mask: usize, pages: usize) -> impl Iterator<Item = usize> {
    (0..pages).filter(move |page| mask >> page & 1 == 1)
}

impl Web {
    /// The web that an input means.
    pub fn new(input: &Input) -> Web {
        let pages = input.work.len();
        let page = |(number, &links): (usize, &usize)| {
            let missing = input.goal >> number & 1 == 1;
            let links = (!missing).then(|| bits(links, pages).map(url).collect());
            (url(number), Page { links, fetches: AtomicUsize::new(0) })
        };
        Web(input.work.iter().enumerate().map(page).collect())
    }

    /// How often each page has been fetched, or asked for in vain.
    pub fn fetches(&self) -> BTreeMap<&str, usize> {
        self.0.iter().map(|(url, page)| (&**url, page.fetches.load(Relaxed))).collect()
    }

    /// The pages to which links lead, from the first one on, missing ones included.
    pub fn reachable(&self) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let first = url(0);
        let mut next = vec![&*first];
        while let Some(url) = next.pop() {
            if let Some((url, page)) = self.0.get_key_value(url)
                && reached.insert(&**url)
            {
                next.extend(page.links.iter().flatten().map(|link| &**link));
            }
        }
        reached
    }
}

impl Fetcher for Web {
    /// The lecture's prints "found" or "missing"; this one counts.
    fn fetch(&self, url: &str) -> Result<Vec<String>, Missing> {
        let page = self.0.get(url).ok_or(Missing)?;
        page.fetches.fetch_add(1, Relaxed);
        page.links.clone().ok_or(Missing)
    }
}
