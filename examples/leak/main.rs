//! A goroutine leak, as Go shows it: a hundred goroutines are stuck in a send, and the program goes on. What they wait for
//! is told on Ctrl-\ (SIGQUIT), which ends the program, and over HTTP.
//!
//! ```console
//! $ cargo run --release --features model --example leak [PORT]
//! http://127.0.0.1:PORT/debug/threads tells equal threads once, the most frequent first
//! ```
//!
//! Source: Russ Cox, guest lecture of MIT 6.824 on concurrency patterns in Go, the goroutine leak; the catalogue has it as
//! `leak/dump`.

#[cfg(not(any(loom, shuttle)))]
mod program;

#[cfg(not(any(loom, shuttle)))]
fn main() -> std::process::ExitCode {
    let port = std::env::args().nth(1).unwrap_or_else(|| "0".to_owned());
    let server = match program::open(&port) {
        Ok(server) => server,
        Err(why) => {
            eprintln!("no server on 127.0.0.1:{port}: {why}");
            return 2.into();
        }
    };
    println!("http://{}/debug/threads tells equal threads once, the most frequent first", server.server_addr());
    println!("http://{}/debug/threads?debug=2 tells each, and so does Ctrl-\\, which ends this", server.server_addr());
    if let Some(failure) = program::run(&server, std::io::stderr()) {
        eprintln!("\n{}: main has returned, and {} threads wait for ever", failure.kind, failure.waiting.len());
    }
    // As Go's runtime exits after SIGQUIT.
    2.into()
}

#[cfg(any(loom, shuttle))]
fn main() {
    println!("This build is narrowed to one world: build without --cfg to leak for real.");
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
