//! A service that counts, clients, and a network that loses what it is told to lose.

use std::{
    collections::VecDeque,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use raddle::rpc::{
    Call, CallId, Client, ClientOptions, Delivery, Reply, Server, ServerOptions, Service,
    frame::{self, Begins, HEADER},
};

/// A request that panics.
pub const PANICS: u64 = u64::MAX;

/// Remembers what it has run. 0 is refused, [`PANICS`] panics, and an even number is answered with as many bytes.
#[derive(Clone, Default)]
pub struct Tally(pub Arc<Mutex<Vec<u64>>>);

impl Service for Tally {
    type Request = u64;
    type Answer = (usize, Vec<u8>);
    type Refusal = String;

    fn handle(&self, request: u64) -> Result<(usize, Vec<u8>), String> {
        assert_ne!(request, PANICS, "this call panics");
        let mut ran = self.0.lock().unwrap();
        ran.push(request);
        match request {
            0 => Err("0 is refused".to_owned()),
            odd if odd % 2 == 1 => Ok((ran.len(), Vec::new())),
            even => Ok((ran.len(), vec![0; even as usize])),
        }
    }
}

impl Tally {
    /// What has run.
    pub fn ran(&self) -> Vec<u64> {
        self.0.lock().unwrap().clone()
    }
}

/// A server of a tally on some port.
pub fn serve(options: ServerOptions) -> (Server, Tally) {
    let tally = Tally::default();
    (Server::bind("127.0.0.1:0", tally.clone(), options).unwrap(), tally)
}

/// A client that gives up after a few attempts.
pub fn client(server: SocketAddr, delivery: Delivery, id: u64) -> Client<Tally> {
    Client::new(server, delivery, ClientOptions { id: Some(id), ..quick() })
}

pub fn quick() -> ClientOptions {
    ClientOptions { attempts: 4, pause: Duration::from_millis(1), ..ClientOptions::default() }
}

/// A call as it is sent.
pub fn message(client: u64, sequence: u64, delivery: Delivery, resent: bool, request: u64) -> Vec<u8> {
    let body = postcard::to_stdvec(&request).unwrap();
    frame::frame(&Call { id: CallId { client, sequence }, delivery, resent, body: &body }, 0, 1 << 20).unwrap()
}

/// The next frame, header included. `None` if the other side hangs up.
pub fn next(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        match frame::begins(&bytes, 0, 1 << 24).expect("a frame") {
            Begins::Whole(_) => return Some(bytes),
            Begins::Needs(needs) => {
                let mut more = vec![0; needs - bytes.len()];
                stream.read_exact(&mut more).ok()?;
                bytes.extend(more);
            }
        }
    }
}

/// The next reply.
pub fn reply(stream: &mut TcpStream) -> Option<Reply> {
    next(stream).map(|bytes| frame::value(&bytes[HEADER..]).expect("a reply"))
}

/// What becomes of a message and its reply.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    /// The connection is cut before the server has it.
    LoseRequest,
    /// The connection is cut when the server has replied.
    LoseReply,
}

/// A network in front of a server: the first messages have these fates, all others are delivered. It lasts as long as
/// anybody uses it.
pub fn network(server: SocketAddr, fates: impl IntoIterator<Item = Fate>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut fates: VecDeque<Fate> = fates.into_iter().collect();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut upstream = TcpStream::connect(server).unwrap();
            while let Some(request) = next(&mut client) {
                let fate = fates.pop_front();
                if let Some(Fate::LoseRequest) = fate {
                    break;
                }
                upstream.write_all(&request).unwrap();
                let Some(reply) = next(&mut upstream) else { break };
                if let Some(Fate::LoseReply) = fate {
                    break;
                }
                client.write_all(&reply).unwrap();
            }
        }
    });
    address
}
