//! The server process, and who asks it.

use std::{
    fs,
    io::{self, BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use raddle::{
    patterns::kv::{Answer, Refusal, Request, Store},
    rpc::{CallError, Client, ClientOptions, Delivery, Server, ServerOptions, StartError},
};
use thiserror::Error;

/// What the server says before its address.
const READY: &str = "serves at ";

/// How many words the demo appends while it kills the server.
const WORDS: usize = 300;

/// What may go wrong.
#[derive(Debug, Error)]
pub enum Error {
    /// The arguments make no sense.
    #[error(
        "usage: kv demo [PORT] | kv serve PORT LOG | kv ask PORT get KEY | put KEY VALUE | append KEY VALUE | \
         swap KEY OLD NEW (OLD: - for nothing)"
    )]
    Usage,
    /// That is no port.
    #[error("{0:?} is no port: give a number up to 65535, or 0 for any that is free")]
    Port(String),
    /// The server does not start.
    #[error(transparent)]
    Start(StartError),
    /// The server process does not start.
    #[error("the server process does not start: {0}")]
    Process(#[source] io::Error),
    /// The server does not answer.
    #[error(transparent)]
    Call(CallError<Refusal>),
    /// What was acknowledged is not there.
    #[error("{0}")]
    Lost(String),
}

/// A port of the command line.
pub fn port(text: &str) -> Result<u16, Error> {
    text.parse().map_err(|_| Error::Port(text.to_owned()))
}

/// A request of the command line.
pub fn request(words: &[&str]) -> Result<Request, Error> {
    let own = |text: &str| text.to_owned();
    Ok(match *words {
        ["get", key] => Request::Get { key: own(key) },
        ["put", key, value] => Request::Put { key: own(key), value: own(value) },
        ["append", key, value] => Request::Append { key: own(key), value: own(value) },
        ["swap", key, "-", new] => Request::Swap { key: own(key), old: None, new: own(new) },
        ["swap", key, old, new] => Request::Swap { key: own(key), old: Some(own(old)), new: own(new) },
        _ => return Err(Error::Usage),
    })
}

/// Serves until it is killed.
pub fn serve(port: u16, log: &Path) -> Result<(), Error> {
    let options = ServerOptions { log: Some(log.to_owned()), ..ServerOptions::default() };
    let server = Server::bind((Ipv4Addr::LOCALHOST, port), Store::default(), options).map_err(Error::Start)?;
    println!("{READY}{}", server.local_addr());
    loop {
        thread::park();
    }
}

fn client(server: SocketAddr) -> Client<Store> {
    let options = ClientOptions { attempts: 500, pause: Duration::from_millis(10), ..ClientOptions::default() };
    Client::new(server, Delivery::ExactlyOnce, options)
}

/// Asks once, and prints the answer.
pub fn ask(port: u16, words: &[&str]) -> Result<(), Error> {
    let request = request(words)?;
    let options = ClientOptions { attempts: 3, ..ClientOptions::default() };
    let mut client = Client::new((Ipv4Addr::LOCALHOST, port).into(), Delivery::ExactlyOnce, options);
    told(&mut client, &request)
}

/// Asks, and prints what the service says.
fn told(client: &mut Client<Store>, request: &Request) -> Result<(), Error> {
    match client.call(request) {
        Ok(answer) => println!("client: {request:?} -> {answer:?}"),
        Err(no @ CallError::No(_)) => println!("client: {request:?} -> {no}"),
        Err(error) => return Err(Error::Call(error)),
    }
    Ok(())
}

/// The server process. It is killed in the end.
struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn start(mut command: Command) -> Result<Process, Error> {
        let mut child = command.stdout(Stdio::piped()).spawn().map_err(Error::Process)?;
        let lines = child.stdout.take().map(|stdout| BufReader::new(stdout).lines().map_while(Result::ok));
        let address = lines.into_iter().flatten().find_map(|line| line.strip_prefix(READY)?.parse().ok());
        let Some(address) = address else {
            let _ = (child.kill(), child.wait());
            return Err(Error::Process(io::Error::other("it does not say where it serves")));
        };
        println!("server {}: {READY}{address}", child.id());
        Ok(Process { child, address })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = (self.child.kill(), self.child.wait());
        println!("server {}: killed", self.child.id());
    }
}

/// Starts a server (`command` says how, given a port and a log), asks it, and kills it while somebody writes.
pub fn run(port: u16, command: impl Fn(u16, &Path) -> Command) -> Result<(), Error> {
    let log = std::env::temp_dir().join(format!("raddle-kv-{}.log", std::process::id()));
    let _ = fs::remove_file(&log);
    let done = demo(port, &log, command);
    let _ = fs::remove_file(&log);
    done
}

fn demo(port: u16, log: &Path, command: impl Fn(u16, &Path) -> Command) -> Result<(), Error> {
    println!("demo: the log is {}", log.display());
    let process = Process::start(command(port, log))?;
    let mut first = client(process.address);
    let swap = ["swap", "leader", "-", "one"];
    for words in [&["put", "leader", "nobody"][..], &swap, &["swap", "leader", "nobody", "one"], &["get", "leader"]] {
        told(&mut first, &request(words)?)?;
    }
    // The writer writes to whatever port the first server has. Each word is acknowledged before the next.
    println!("demo: somebody appends {WORDS} words, and meanwhile the server is killed three times");
    let address = process.address;
    let writer = thread::spawn(move || {
        let mut client = client(address);
        let mut words = (0..WORDS).map(|word| Request::Append { key: "words".to_owned(), value: format!("{word} ") });
        words.try_for_each(|append| client.call(&append).map(drop))
    });
    let mut process = process;
    for _ in 0..3 {
        thread::sleep(Duration::from_millis(100));
        drop(process);
        process = Process::start(command(address.port(), log))?;
    }
    match writer.join() {
        Ok(written) => written.map_err(Error::Call)?,
        Err(_) => return Err(Error::Lost("the writer has panicked".to_owned())),
    }
    let found = client(address).call(&Request::Get { key: "words".to_owned() }).map_err(Error::Call)?;
    let expected: String = (0..WORDS).map(|word| format!("{word} ")).collect();
    if found != Answer::Value(Some(expected)) {
        return Err(Error::Lost(format!("the words are not there, each once and in order: {found:?}")));
    }
    println!("demo: all {WORDS} words are there, each once and in order");
    told(&mut client(address), &request(&["get", "leader"])?)
}
