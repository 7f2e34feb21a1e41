use crate::common::*;
use raddle::{
    Strategy,
    host::{self, Faults},
    patterns::kv::*,
    rpc::*,
    thread,
    time::Duration,
};

fn go(clients: u64, ops: u64, delivery: Delivery, log: bool, faults: Faults) {
    let (tell, told) = raddle::channel::unbounded();
    host::spawn("server", move || {
        let options = ServerOptions { log: log.then(|| "log".into()), connections: 8, ..ServerOptions::default() };
        let server = Server::bind("127.0.0.1:4000", Store::default(), options).unwrap();
        let _ = tell.send(());
        server.wait();
    });
    told.recv().unwrap();
    faults.allow();
    let all: Vec<_> = (1..=clients)
        .map(|id| {
            thread::spawn(move || {
                let options =
                    ClientOptions { id: Some(id), attempts: 3, pause: Duration::ZERO, ..ClientOptions::default() };
                let mut client = Client::<Store>::new("127.0.0.1:4000".parse().unwrap(), delivery, options);
                for _ in 0..ops {
                    let _ = client.call(&Request::Append { key: "k".into(), value: id.to_string() });
                }
            })
        })
        .collect();
    all.into_iter().for_each(|c| c.join().unwrap());
}

#[test]
#[ignore]
fn probe() {
    for (clients, ops) in [(1, 1), (1, 2), (2, 1)] {
        for (name, faults, delivery, log) in [
            ("none", Faults::new(0), Delivery::AtMostOnce, false),
            ("drop", Faults::new(1).drop(), Delivery::AtMostOnce, false),
            ("delay", Faults::new(1).delay(), Delivery::AtMostOnce, false),
            ("crash+log", Faults::new(1).crash(), Delivery::ExactlyOnce, true),
        ] {
            let start = std::time::Instant::now();
            let v = raddle::Check::new("p")
                .strategy(Strategy::Dpor)
                .executions(200_000)
                .run(move || go(clients, ops, delivery, log, faults.clone()))
                .unwrap();
            eprintln!("{clients}x{ops} {name}: {} executions {:?} {:?}", v.executions, v.coverage, start.elapsed());
            if let Some(f) = &v.failure {
                eprintln!("{}", f.message);
            }
        }
    }
}
