//! The catalogue's key/value server, for real: over TCP, with a log, and killed.
//!
//! ```console
//! $ cargo run --release --features catalogue --example kv -- demo 7000
//! $ cargo run --release --features catalogue --example kv -- serve 7000 kv.log
//! $ cargo run --release --features catalogue --example kv -- ask 7000 append lectures 2,5
//! ```
//!
//! `demo` starts `serve` as a process of its own, asks it, kills it (`kill -9`) while somebody writes, starts it again, and
//! looks whether all is there that was acknowledged. `ask` takes `get KEY`, `put KEY VALUE`, `append KEY VALUE` and
//! `swap KEY OLD NEW`, where OLD may be `-`: nothing is there.

#[cfg(not(any(loom, shuttle)))]
mod demo;

#[cfg(not(any(loom, shuttle)))]
fn main() -> std::process::ExitCode {
    use std::process::{Command, ExitCode};

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let serve = |port: u16, log: &std::path::Path| {
        let mut command = Command::new(std::env::current_exe().expect("this program has a name"));
        command.arg("serve").arg(port.to_string()).arg(log);
        command
    };
    let done = match arguments[..] {
        ["demo"] => demo::run(0, serve),
        ["demo", port] => demo::port(port).and_then(|port| demo::run(port, serve)),
        ["serve", port, log] => demo::port(port).and_then(|port| demo::serve(port, log.as_ref())),
        ["ask", port, ref words @ ..] => demo::port(port).and_then(|port| demo::ask(port, words)),
        _ => Err(demo::Error::Usage),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(any(loom, shuttle))]
fn main() {
    println!("This build is narrowed to one world: build without --cfg to serve for real.");
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use std::{
        env,
        path::Path,
        process::{Command, Stdio},
    };

    use super::demo::{Error, port, request, run, serve};
    use raddle::patterns::kv::Request;

    /// Where the server process finds the log's name, and the port.
    const LOG: &str = "RADDLE_TEST_KV_LOG";
    const PORT: &str = "RADDLE_TEST_KV_PORT";

    /// Run as a process of its own by the next one; does nothing if it is run as a test.
    #[test]
    #[ignore = "the server process: the other test starts it"]
    fn server_process() {
        let Some(log) = env::var_os(LOG) else { return };
        println!();
        serve(port(&env::var(PORT).unwrap()).unwrap(), log.as_ref()).unwrap();
    }

    #[test]
    fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
        run(0, |port: u16, log: &Path| {
            let mut command = Command::new(env::current_exe().unwrap());
            command.args(["--ignored", "--exact", "tests::server_process", "--nocapture"]);
            command.env(LOG, log).env(PORT, port.to_string()).stderr(Stdio::null());
            command
        })
        .unwrap();
    }

    #[test]
    fn what_is_asked_for_is_read_or_refused() {
        let key = || "k".to_owned();
        assert_eq!(request(&["get", "k"]).unwrap(), Request::Get { key: key() });
        let swap = Request::Swap { key: key(), old: None, new: "v".to_owned() };
        assert_eq!(request(&["swap", "k", "-", "v"]).unwrap(), swap);
        assert!(matches!(request(&["put", "k"]), Err(Error::Usage)));
        assert!(matches!(port("70000"), Err(Error::Port(_))));
    }
}
