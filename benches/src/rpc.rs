//! What `raddle::rpc` costs beside a hand-written echo of the same frames, over loopback.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

use comfy_table::CellAlignment;
use raddle::rpc::{
    Call, CallId, Client, ClientOptions, Delivery, Server, ServerOptions, Service,
    frame::{Begins, HEADER, begins, frame},
};

use crate::{
    cli::{Options, Outcome, table},
    measure::{Comparison, compare},
};

/// A row: how many clients ask at once, and what they expect.
struct Program {
    name: &'static str,
    clients: u64,
    delivery: Delivery,
    log: bool,
}

const PROGRAMS: [Program; 5] = [
    Program { name: "1 client, once", clients: 1, delivery: Delivery::Once, log: false },
    Program { name: "1 client, at most once", clients: 1, delivery: Delivery::AtMostOnce, log: false },
    Program { name: "8 clients, once", clients: 8, delivery: Delivery::Once, log: false },
    Program { name: "8 clients, at most once", clients: 8, delivery: Delivery::AtMostOnce, log: false },
    Program { name: "8 clients, exactly once", clients: 8, delivery: Delivery::ExactlyOnce, log: true },
];

/// What is echoed.
const TEXT: &str = "sixty-four bytes, as long as a key and a value may be together..";

/// The rows.
pub fn names() -> impl Iterator<Item = &'static str> {
    PROGRAMS.iter().map(|program| program.name)
}

/// Answers what it is asked.
struct Echo;

impl Service for Echo {
    type Request = String;
    type Answer = String;
    type Refusal = ();

    fn handle(&self, request: String) -> Result<String, ()> {
        Ok(request)
    }
}

/// The table.
pub fn run(options: &Options) -> Outcome {
    let mut rows = table(&["program", "µs a call\necho", "µs a call\nrpc", "ratio of calls/s"]);
    let log = std::env::temp_dir().join(format!("raddle-benches-{}.log", std::process::id()));
    for program in PROGRAMS.iter().filter(|program| options.wants("rpc", program.name)) {
        let _ = std::fs::remove_file(&log);
        let server_options = ServerOptions { log: program.log.then(|| log.clone()), ..ServerOptions::default() };
        let server = Server::bind("127.0.0.1:0", Echo, server_options).expect("loopback has a port");
        let (address, raw_address) = (server.local_addr(), echo());
        let Comparison { raw, shims, ratio, spread: (least, most) } = compare(
            options.effort(),
            |calls| at_once(program.clients, || ask_raw(raw_address, program.delivery, calls)),
            |calls| at_once(program.clients, || ask(address, program.delivery, calls)),
        );
        rows.add_row([
            program.name.to_owned(),
            format!("{:.1}", raw * 1e6),
            format!("{:.1}", shims * 1e6),
            format!("{:.2}  ({:.2} to {:.2})", 1.0 / ratio, 1.0 / most, 1.0 / least),
        ]);
    }
    let _ = std::fs::remove_file(&log);
    for column in rows.column_iter_mut().skip(1).take(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let notes = vec![
        "echo: the same frames with the same call in them, checked and sent back by a thread for each connection"
            .to_owned(),
        "processor time of client and server; waiting for the disk, which exactly-once does, is none".to_owned(),
    ];
    Outcome { about: "rpc: calls of 64 bytes over loopback".to_owned(), table: rows, notes, problems: Vec::new() }
}

fn at_once(clients: u64, work: impl Fn() -> u64 + Sync) -> u64 {
    thread::scope(|s| {
        let clients: Vec<_> = (0..clients).map(|_| s.spawn(&work)).collect();
        clients.into_iter().map(|client| client.join().expect("a client ends")).sum()
    })
}

fn ask(server: SocketAddr, delivery: Delivery, calls: u64) -> u64 {
    let mut client = Client::<Echo>::new(server, delivery, ClientOptions::default());
    let text = TEXT.to_owned();
    (0..calls).for_each(|_| assert_eq!(client.call(&text).expect("an answer"), TEXT));
    calls
}

/// A server that sends back what it is sent, on some port, as long as this program runs.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a port");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || {
                stream.set_nodelay(true).expect("a socket");
                let mut buffer = [0; 1024];
                while let Some(length) = next(&stream, &mut buffer) {
                    (&stream).write_all(&buffer[..length]).expect("a client that waits");
                }
            });
        }
    });
    address
}

/// The length of the next frame, which is read into the buffer. Nothing comes behind it before it is answered.
fn next(mut stream: &TcpStream, buffer: &mut [u8]) -> Option<usize> {
    let mut filled = 0;
    loop {
        match begins(&buffer[..filled], 0, 1000).expect("a frame") {
            Begins::Whole(length) => return Some(HEADER + length),
            Begins::Needs(_) => match stream.read(&mut buffer[filled..]).expect("a connection") {
                0 => return None,
                read => filled += read,
            },
        }
    }
}

fn ask_raw(server: SocketAddr, delivery: Delivery, calls: u64) -> u64 {
    let stream = TcpStream::connect(server).expect("the echo accepts");
    stream.set_nodelay(true).expect("a socket");
    let mut buffer = [0; 1024];
    for sequence in 1..=calls {
        let call = Call { id: CallId { client: 1, sequence }, delivery, resent: false, body: TEXT.as_bytes() };
        let message = frame(&call, 0, 1000).expect("it is short");
        (&stream).write_all(&message).expect("the echo reads");
        let length = next(&stream, &mut buffer).expect("an echo");
        assert_eq!(buffer[..length], message);
    }
    calls
}
