//! The key/value server in a process of its own, killed and started again, behind a network that cuts connections, with many
//! clients. What was acknowledged is there, once, in order; and nothing twice. And one order of all calls explains all that the
//! clients were told.

use std::{
    collections::HashMap,
    env, fs,
    io::{BufRead, BufReader, Lines, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use raddle::{
    history::Recorder,
    patterns::kv::{Answer, Map, Refusal, Request, Store},
    rpc::{CallError, Client, ClientOptions, Delivery::ExactlyOnce, Server, ServerOptions},
};

use crate::log::Scratch;

/// Where the server process finds the log's name.
const LOG: &str = "RADDLE_TEST_RPC_LOG";
/// What it says before its address.
const READY: &str = "serves at ";

/// Run as a process of its own by the others; does nothing if it is run as a test.
#[test]
#[ignore = "the server process: the other tests start it"]
fn server_process() {
    let Some(log) = env::var_os(LOG) else { return };
    let options = ServerOptions { log: Some(log.into()), ..ServerOptions::default() };
    let server = Server::bind("127.0.0.1:0", Store::default(), options).unwrap();
    println!("\n{READY}{}", server.local_addr());
    // Until it is killed, or whoever has started it is.
    let _ = std::io::stdin().read(&mut [0]);
}

/// The server process.
struct Process {
    child: Child,
    address: SocketAddr,
    /// What else it says. Nobody reads it, but it must not find its output closed.
    _lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(log: &Path) -> Process {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--ignored", "--exact", "torture::server_process", "--nocapture"])
            .env(LOG, log)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| line.strip_prefix(READY)?.parse().ok());
        Process { child, address: address.expect("the server starts"), _lines: lines }
    }
}

impl Drop for Process {
    /// SIGKILL: it has no chance to do anything.
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Numbers that look random: xorshift.
struct Lots(u64);

impl Lots {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// A network in front of whatever server there is now, which cuts each connection somewhere, in the middle of a message or
/// between two, after `most` bytes at most: more than one message has. How many it has cut is counted.
fn network(target: Arc<Mutex<SocketAddr>>, most: usize, cuts: Arc<AtomicUsize>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut lots = Lots(88172645463325252);
    thread::spawn(move || {
        for client in listener.incoming() {
            let target = *target.lock().unwrap();
            let (Ok(client), Ok(server)) = (client, TcpStream::connect(target)) else { continue };
            let left = Arc::new(AtomicUsize::new(1 + lots.below(most as u64) as usize));
            for (from, to) in [(&client, &server), (&server, &client)] {
                let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                let (left, cuts) = (Arc::clone(&left), Arc::clone(&cuts));
                thread::spawn(move || pass_on(&from, &to, &left, &cuts));
            }
        }
    });
    address
}

fn pass_on(mut from: &TcpStream, mut to: &TcpStream, left: &AtomicUsize, cuts: &AtomicUsize) {
    let mut bytes = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        let may = left.fetch_update(SeqCst, SeqCst, |left| Some(left.saturating_sub(read))).unwrap().min(read);
        if to.write_all(&bytes[..may]).is_err() {
            break;
        }
        if may < read {
            cuts.fetch_add(1, SeqCst);
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

/// What the clients were told, and when.
type Told = Recorder<Request, Result<Answer, Refusal>>;

/// What a client does with its calls: appends numbered words to a key that it shares, looks whether they are there, and
/// counts in a key of its own, which fails if a step is lost or taken twice. Returns how many words.
fn work(server: SocketAddr, me: usize, calls: usize, done: &AtomicUsize, recorder: &Told) -> usize {
    let options = ClientOptions {
        timeout: Duration::from_secs(5),
        attempts: 10_000,
        pause: Duration::from_millis(2),
        ..ClientOptions::default()
    };
    let mut client = Client::<Store>::new(server, ExactlyOnce, options);
    let mut ask = |request: Request| -> Result<Answer, Refusal> {
        let answer = recorder.record(me, request, |request| match client.call(request) {
            Ok(answer) => Ok(answer),
            Err(CallError::No(refusal)) => Err(refusal),
            Err(why) => panic!("client {me} is not answered: {why}"),
        });
        done.fetch_add(1, SeqCst);
        answer
    };
    let (shared, own) = (shared_key(me), format!("own {me}"));
    let (mut words, mut count) = (0, 0);
    for call in 0..calls {
        match call % 8 {
            6 => {
                let answer = ask(Request::Get { key: shared.clone() }).unwrap();
                let Answer::Value(Some(value)) = answer else { panic!("{answer:?}") };
                assert_eq!(words_of(&value).get(&me).map_or(0, Vec::len), words, "client {me} looks");
            }
            3 | 7 => {
                let old = (count > 0).then(|| count.to_string());
                count += 1;
                let swapped = ask(Request::Swap { key: own.clone(), old, new: count.to_string() });
                assert!(matches!(swapped, Ok(Answer::Stored)), "client {me} counts to {count}: {swapped:?}");
            }
            _ => {
                let value = format!("{me}.{words} ");
                assert_eq!(ask(Request::Append { key: shared.clone(), value }).unwrap(), Answer::Stored);
                words += 1;
            }
        }
    }
    words
}

fn shared_key(client: usize) -> String {
    format!("shared {}", client / 2)
}

/// The words in a value, by client. Each has to follow on the one before.
fn words_of(value: &str) -> HashMap<usize, Vec<usize>> {
    let mut words: HashMap<usize, Vec<usize>> = HashMap::new();
    for word in value.split_whitespace() {
        let (client, number) = word.split_once('.').expect("a word");
        let words = words.entry(client.parse().unwrap()).or_default();
        assert_eq!(number.parse(), Ok(words.len()), "the words of client {client} are not one after the other");
        words.push(words.len());
    }
    words
}

/// Clients make so many calls together, while the server is killed so often.
fn torture(clients: usize, calls: usize, kills: usize) {
    let scratch = Scratch::new();
    let mut process = Process::start(&scratch.0);
    let target = Arc::new(Mutex::new(process.address));
    let (cuts, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let server = network(Arc::clone(&target), 8_000 + 3 * calls / clients * 16, Arc::clone(&cuts));
    let recorder: Arc<Told> = Arc::new(Recorder::new());
    let workers: Vec<_> = (0..clients)
        .map(|me| {
            let (done, recorder) = (Arc::clone(&done), Arc::clone(&recorder));
            thread::spawn(move || work(server, me, calls / clients, &done, &recorder))
        })
        .collect();
    let mut killed = 0;
    let mut lots = Lots(2463534242);
    while !workers.iter().all(thread::JoinHandle::is_finished) {
        // When it has done its share, and a little later, whatever it is doing then.
        if killed < kills && done.load(SeqCst) >= (killed + 1) * calls / (kills + 1) {
            thread::sleep(Duration::from_micros(lots.below(5_000)));
            drop(process);
            killed += 1;
            process = Process::start(&scratch.0);
            *target.lock().unwrap() = process.address;
        }
        thread::sleep(Duration::from_millis(1));
    }
    let words: Vec<usize> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
    // Once more, so that all that is seen comes from the log.
    drop(process);
    let process = Process::start(&scratch.0);
    let mut client = Client::<Store>::new(process.address, ExactlyOnce, ClientOptions::default());
    for (me, count) in words.iter().enumerate() {
        let get = Request::Get { key: shared_key(me) };
        let answer = recorder.record(clients, get, |get| Ok(client.call(get).unwrap()));
        let Ok(Answer::Value(Some(value))) = answer else { panic!("{answer:?}") };
        assert_eq!(words_of(&value)[&me].len(), *count, "client {me}");
    }
    recorder.history().assert_linearizable::<Map>();
    assert_eq!(killed, kills, "it was over too soon");
    assert!(cuts.load(SeqCst) >= clients, "no more than {} connections were cut", cuts.load(SeqCst));
    println!(
        "{} calls of {clients} clients, {} connections cut, {killed} servers killed, a log of {} bytes",
        done.load(SeqCst),
        cuts.load(SeqCst),
        fs::metadata(&scratch.0).unwrap().len()
    );
}

#[test]
fn no_acknowledged_write_is_lost_and_none_is_applied_twice() {
    torture(8, 2_000, 4);
}

#[test]
#[ignore = "takes a minute: 64 clients, 100,000 calls"]
fn no_acknowledged_write_is_lost_and_none_is_applied_twice_in_full() {
    torture(64, 64 * 1_563, 20);
}
