//! The program: who leaks, and who tells.

use std::{error::Error, hint::black_box, io::Write, sync::Arc};

use raddle::{
    Failure,
    go::{Chan, go},
    thread,
};
use signal_hook::{consts::SIGQUIT, iterator::Signals};
use tiny_http::{Response, Server};

/// A server on this port of loopback; on a free one if it is 0.
pub(crate) fn open(port: &str) -> Result<Arc<Server>, Box<dyn Error + Send + Sync>> {
    Ok(Arc::new(Server::http(format!("127.0.0.1:{port}"))?))
}

/// Leaks, and serves, until the server is unblocked. SIGQUIT does that, after it has told each thread to `err`. Returns
/// how it has ended.
pub(crate) fn run(server: &Arc<Server>, mut err: impl Write + Send + 'static) -> Option<Failure> {
    thread::record_stacks(true);
    let mut signals = Signals::new([SIGQUIT]).expect("a program may handle SIGQUIT");
    let (handle, quits) = (signals.handle(), Arc::clone(server));
    let quitting = std::thread::spawn(move || {
        if signals.forever().next().is_some() {
            // Whoever would read it may have gone.
            drop(write!(err, "SIGQUIT: quit\n\n{}", thread::dump()));
            quits.unblock();
        }
    });
    let serving = Arc::clone(server);
    let failure = thread::watched(move || {
        leak();
        serve(&serving);
    });
    handle.close();
    quitting.join().expect("telling does not panic");
    failure
}

/// A hundred goroutines send on a channel that nobody receives from.
fn leak() {
    let c = Chan::new(0);
    for i in 0..100 {
        let c = c.clone();
        go(move || f(0x10 * i, &c));
    }
}

// A call that ends a function may leave no frame of it, unless something comes after.

#[inline(never)]
fn f(x: usize, c: &Chan<usize>) {
    g(x + 1, c);
    black_box(());
}

#[inline(never)]
fn g(x: usize, c: &Chan<usize>) {
    h(x + 1, c);
    black_box(());
}

#[inline(never)]
fn h(x: usize, c: &Chan<usize>) {
    c.send(1);
    f(x + 1, c);
    black_box(());
}

/// Serves the dump until the server is unblocked.
fn serve(server: &Server) {
    for request in server.incoming_requests() {
        let page = match request.url() {
            "/debug/threads" => Some(format!("{:#}", thread::dump())),
            "/debug/threads?debug=2" => Some(thread::dump().to_string()),
            _ => None,
        };
        let sent = match page {
            Some(page) => request.respond(Response::from_string(page)),
            None => request.respond(Response::empty(404)),
        };
        // Whoever has asked may have gone.
        drop(sent);
    }
}
