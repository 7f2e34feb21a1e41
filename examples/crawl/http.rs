//! The lecture's web over HTTP: who serves it, on loopback, and who fetches it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use raddle::patterns::crawler::{Crawl, Fetcher, Missing};
use tiny_http::{Request, Response, Server};

/// How long the server thinks about each page.
const THINKS: Duration = Duration::from_millis(50);
/// Threads that serve: more than there are pages.
const SERVERS: usize = 8;
/// Each page's path, and where its links lead. There is no page `/cmd/`.
const PAGES: [(&str, &[&str]); 4] = [
    ("/", &["/pkg/", "/cmd/"]),
    ("/pkg/", &["/", "/cmd/", "/pkg/fmt/", "/pkg/os/"]),
    ("/pkg/fmt/", &["/", "/pkg/"]),
    ("/pkg/os/", &["/", "/pkg/"]),
];

/// How often each path has been asked for.
pub(crate) type Requests = BTreeMap<String, usize>;

/// A site that is served until it is dropped.
pub(crate) struct Site {
    root: String,
    server: Arc<Server>,
    requests: Arc<Mutex<Requests>>,
    serving: Vec<JoinHandle<()>>,
}

impl Site {
    /// Serves the pages on a port that is free.
    pub(crate) fn open() -> Site {
        let server = Arc::new(Server::http("127.0.0.1:0").expect("loopback has a free port"));
        let root = format!("http://{}", server.server_addr());
        let requests = Arc::<Mutex<Requests>>::default();
        let serve = |_| {
            let (root, server, requests) = (root.clone(), Arc::clone(&server), Arc::clone(&requests));
            thread::spawn(move || server.incoming_requests().for_each(|request| answer(request, &root, &requests)))
        };
        let serving = (0..SERVERS).map(serve).collect();
        Site { root, server, requests, serving }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        for _ in &self.serving {
            self.server.unblock();
        }
        for thread in self.serving.drain(..) {
            thread.join().expect("no server panics");
        }
    }
}

fn answer(request: Request, root: &str, requests: &Mutex<Requests>) {
    *requests.lock().expect("no server panics").entry(request.url().to_owned()).or_default() += 1;
    thread::sleep(THINKS);
    let page = PAGES.iter().find(|(path, _)| *path == request.url());
    let sent = match page {
        Some((_, links)) => {
            let links = links.iter().map(|link| format!("<a href=\"{root}{link}\">{link}</a>\n"));
            request.respond(Response::from_string(links.collect::<String>()))
        }
        None => request.respond(Response::empty(404)),
    };
    // Whoever has asked may have gone.
    drop(sent);
}

/// Fetches pages over HTTP.
struct Client(ureq::Agent);

impl Fetcher for Client {
    /// A page that cannot be fetched is missing, whatever the reason; all but its absence are printed.
    fn fetch(&self, url: &str) -> Result<Vec<String>, Missing> {
        match self.0.get(url).call().and_then(|response| response.into_body().read_to_string()) {
            Ok(page) => Ok(links(&page)),
            Err(ureq::Error::StatusCode(404)) => Err(Missing),
            Err(why) => {
                eprintln!("{url}: {why}");
                Err(Missing)
            }
        }
    }
}

/// Where a page's links lead.
fn links(page: &str) -> Vec<String> {
    page.split("href=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

/// Crawls the site. Returns what has been asked for by the time the crawler returns.
pub(crate) fn crawl<C: Crawl>(site: &Site) -> Requests {
    let client = raddle::sync::Arc::new(Client(ureq::Agent::new_with_defaults()));
    C::crawl(&format!("{}/", site.root), &client);
    site.requests.lock().expect("no server panics").clone()
}

/// Crawls a site of its own, and prints what came of it.
pub(crate) fn tell<C: Crawl>(name: &str) {
    let site = Site::open();
    let begun = Instant::now();
    let requests = crawl::<C>(&site);
    let took = begun.elapsed().as_millis();
    let found = requests.keys().filter(|path| PAGES.iter().any(|(page, _)| page == path)).count();
    let missing = requests.len() - found;
    let fetches: usize = requests.values().sum();
    println!("{name}: {fetches} fetches, {found} found, {missing} missing, {took} ms");
}
