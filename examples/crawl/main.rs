//! The catalogue's crawlers, as they are, on pages that a server sends over HTTP: each finds four pages and misses one,
//! and those that have several on their way at once need less time.
//!
//! ```console
//! $ cargo run --release --features catalogue --example crawl
//! ```

#[cfg(not(any(loom, shuttle)))]
mod http;

#[cfg(not(any(loom, shuttle)))]
fn main() {
    use raddle::patterns::crawler::{channel, mutex, mutex_held, serial};

    http::tell::<serial::Crawler>("serial");
    http::tell::<mutex_held::Crawler>("mutex-held");
    http::tell::<mutex::Crawler>("mutex");
    http::tell::<channel::Crawler>("channel");
}

#[cfg(any(loom, shuttle))]
fn main() {
    println!("This build is narrowed to one world: build without --cfg to crawl for real.");
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use raddle::patterns::crawler::{Crawl, channel, channel_count_after, mutex, mutex_held, serial};

    use super::http::{Site, crawl};

    fn fetches_each_page_once<C: Crawl>() {
        let requests = crawl::<C>(&Site::open());
        let expected = ["/", "/cmd/", "/pkg/", "/pkg/fmt/", "/pkg/os/"].map(|path| (path.to_owned(), 1));
        assert_eq!(requests, expected.into());
    }

    #[test]
    fn fixed_crawlers_fetch_each_page_once() {
        fetches_each_page_once::<serial::Crawler>();
        fetches_each_page_once::<mutex::Crawler>();
        fetches_each_page_once::<mutex_held::Crawler>();
        fetches_each_page_once::<channel::Crawler>();
        fetches_each_page_once::<channel_count_after::Crawler>();
    }
}
