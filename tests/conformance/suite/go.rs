//! Go's rules and idioms, where they hold for crossbeam's channels: dropping the senders is `close`, `never` is a nil
//! channel, and a select may name an arm `default`.

use std::fmt::Debug;

use super::{
    channel::{Receiver, Sender, after, bounded, never, select, unbounded},
    conforms, join, late,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
};

conforms![
    always(an_unbuffered_channel_makes_main_wait, "(1, 1)"),
    always(a_closed_channel_is_received_from_again_and_again, "([1, 2], [Err(RecvError), Err(RecvError)])"),
    always(closing_tells_everyone, "[Err(RecvError), Err(RecvError), Err(RecvError)]").bounded(),
    always(a_done_channel_counts_the_threads_that_ended, "(2, 3)").bounded(),
    always(a_bounded_channel_is_a_semaphore, "true"),
    always(two_threads_play_ping_pong, "[1, 2, 3, 4]"),
    always(a_pipeline_ends_from_its_source, "[2, 4, 6]").bounded(),
    always(jobs_are_shared_by_workers_and_their_results_gathered, "[1, 4, 9]").sampled(),
    exactly(the_first_answer_wins, ["1", "2"]),
    exactly(an_answer_comes_in_time_or_not, [r#"("answer", true)"#, r#"("late", false)"#]),
    exactly(
        votes_are_counted_until_the_majority_and_nobody_is_left_behind,
        ["(2, [true, true, false])", "(2, [true, false, true])", "(2, [false, true, true])"]
    )
    .shuttle(),
    always(a_queue_between_two_channels_holds_any_number, "[1, 2, 3]").bounded(),
    exactly(a_server_that_owns_its_state_answers_in_order, ["[1, 2]", "[2, 1]"]).bounded(),
    always(a_merge_ends_when_both_sources_have, "[1, 2]").bounded(),
    always(a_sieve_of_channels_finds_primes, "[2, 3, 5]").sampled(),
    always(four_producers_and_two_consumers_lose_and_double_nothing, "[0, 0, 1, 1, 2, 2, 3, 3]").sampled(),
    always(a_select_with_one_arm_is_the_operation, "(Ok(1), Ok(()))"),
    exactly(a_stopped_worker_finishes_what_it_has_begun, ["[]", "[1]", "[1, 2]"]),
];

fn an_unbuffered_channel_makes_main_wait() -> impl Debug {
    let (done, wait) = bounded(0);
    let work = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let before = work.fetch_add(1, SeqCst);
            done.send(before + 1).unwrap();
        });
        (wait.recv().unwrap(), work.load(SeqCst))
    })
}

fn a_closed_channel_is_received_from_again_and_again() -> impl Debug {
    let (s, r) = bounded(2);
    (1..=2).for_each(|n| s.send(n).unwrap());
    drop(s);
    let rest: Vec<i32> = r.iter().collect();
    (rest, [r.recv(), r.recv()])
}

fn closing_tells_everyone() -> impl Debug {
    let (close, closed) = bounded::<()>(0);
    let threads = [(); 3].map(|()| {
        let closed = closed.clone();
        thread::spawn(move || closed.recv())
    });
    drop(close);
    threads.map(|thread| thread.join().unwrap())
}

fn a_done_channel_counts_the_threads_that_ended() -> impl Debug {
    let (done, ended) = bounded(0);
    let sum = AtomicUsize::new(0);
    thread::scope(|scope| {
        for n in 1..=2 {
            let (done, sum) = (done.clone(), &sum);
            scope.spawn(move || {
                sum.fetch_add(n, SeqCst);
                done.send(()).unwrap();
            });
        }
        drop(done);
        let count = ended.iter().count();
        (count, sum.load(SeqCst))
    })
}

/// No more than its capacity are inside.
fn a_bounded_channel_is_a_semaphore() -> impl Debug {
    let (enter, leave) = bounded(1);
    let inside = AtomicUsize::new(0);
    let visit = || {
        enter.send(()).unwrap();
        let alone = inside.fetch_add(1, SeqCst) == 0;
        inside.fetch_sub(1, SeqCst);
        leave.recv().unwrap();
        alone
    };
    thread::scope(|scope| {
        let other = scope.spawn(visit);
        visit() && other.join().unwrap()
    })
}

fn two_threads_play_ping_pong() -> impl Debug {
    let ((ping, pong), (back, forth)) = (bounded(0), bounded(0));
    let other = thread::spawn(move || pong.iter().for_each(|n: i32| back.send(n + 1).unwrap()));
    let mut all = Vec::new();
    for n in [1, 3] {
        ping.send(n).unwrap();
        all.extend([n, forth.recv().unwrap()]);
    }
    drop(ping);
    other.join().unwrap();
    all
}

fn a_pipeline_ends_from_its_source() -> impl Debug {
    let ((source, first), (second, sink)) = (bounded(1), bounded(0));
    let doubles = thread::spawn(move || first.iter().for_each(|n: i32| second.send(2 * n).unwrap()));
    let feeds = thread::spawn(move || (1..=3).for_each(|n| source.send(n).unwrap()));
    let all: Vec<i32> = sink.iter().collect();
    join([doubles, feeds]);
    all
}

fn jobs_are_shared_by_workers_and_their_results_gathered() -> impl Debug {
    let ((jobs, work), (results, gathered)) = (unbounded(), unbounded());
    let workers = [(); 2].map(|()| {
        let (work, results) = (work.clone(), results.clone());
        thread::spawn(move || work.iter().for_each(|n: i32| results.send(n * n).unwrap()))
    });
    (1..=3).for_each(|n| jobs.send(n).unwrap());
    drop((jobs, results));
    let mut all: Vec<i32> = gathered.iter().collect();
    join(workers);
    all.sort_unstable();
    all
}

/// There is room for both answers, so the slower one waits for nobody.
fn the_first_answer_wins() -> impl Debug {
    let (answer, answers) = bounded(2);
    let servers = [1, 2].map(|n| {
        let answer = answer.clone();
        thread::spawn(move || answer.send(n).unwrap())
    });
    let first = answers.recv().unwrap();
    join(servers);
    first
}

fn an_answer_comes_in_time_or_not() -> impl Debug {
    let (answer, answers) = bounded(0);
    let server = thread::spawn(move || answer.send(()).is_ok());
    let outcome = select! {
        recv(answers) -> _ => "answer",
        recv(after(late())) -> _ => "late",
    };
    drop(answers);
    (outcome, server.join().unwrap())
}

/// In Go the last voter would wait for ever; here it is told that nobody receives any more.
fn votes_are_counted_until_the_majority_and_nobody_is_left_behind() -> impl Debug {
    let (vote, votes) = bounded(0);
    let voters = [(); 3].map(|()| {
        let vote = vote.clone();
        thread::spawn(move || vote.send(()).is_ok())
    });
    let count = votes.iter().take(2).count();
    drop(votes);
    (count, voters.map(|voter| voter.join().unwrap()))
}

/// An arm that has nothing to send is switched off; the queue is closed from its source.
fn queue(source: Receiver<i32>, sink: Sender<i32>) {
    let (shut, _nobody) = bounded(0);
    let (mut source, mut held, mut open) = (source, std::collections::VecDeque::new(), true);
    while open || !held.is_empty() {
        select! {
            recv(source) -> n => match n {
                Ok(n) => held.push_back(n),
                Err(_) => {
                    source = never();
                    open = false;
                }
            },
            send(if held.is_empty() { &shut } else { &sink }, held.pop_front().unwrap()) -> sent => sent.unwrap(),
        }
    }
}

fn a_queue_between_two_channels_holds_any_number() -> impl Debug {
    let ((s, source), (sink, r)) = (bounded(0), bounded(0));
    let queue = thread::spawn(move || queue(source, sink));
    (1..=3).for_each(|n| s.send(n).unwrap());
    drop(s);
    let all: Vec<i32> = r.iter().collect();
    queue.join().unwrap();
    all
}

/// The state belongs to one thread, which others ask.
fn a_server_that_owns_its_state_answers_in_order() -> impl Debug {
    let (ask, asked) = bounded::<Sender<i32>>(0);
    let server = thread::spawn(move || {
        let mut count = 0;
        for answer in asked {
            count += 1;
            answer.send(count).unwrap();
        }
    });
    let request = |ask: &Sender<Sender<i32>>| {
        let (answer, answers) = bounded(1);
        ask.send(answer).unwrap();
        answers.recv().unwrap()
    };
    let also = ask.clone();
    let other = thread::spawn(move || request(&also));
    let mine = request(&ask);
    drop(ask);
    let theirs = other.join().unwrap();
    server.join().unwrap();
    [mine, theirs]
}

fn a_merge_ends_when_both_sources_have() -> impl Debug {
    let ((s1, mut r1), (s2, mut r2)) = (bounded(0), bounded(1));
    let one = thread::spawn(move || s1.send(1).unwrap());
    let two = thread::spawn(move || s2.send(2).unwrap());
    let (mut all, mut open) = (Vec::new(), 2);
    while open > 0 {
        select! {
            recv(r1) -> n => match n {
                Ok(n) => all.push(n),
                Err(_) => (r1, open) = (never(), open - 1),
            },
            recv(r2) -> n => match n {
                Ok(n) => all.push(n),
                Err(_) => (r2, open) = (never(), open - 1),
            },
        }
    }
    join([one, two]);
    all.sort_unstable();
    all
}

/// A thread for each prime, which passes on what that prime does not divide.
fn a_sieve_of_channels_finds_primes() -> impl Debug {
    let (s, mut numbers) = bounded(0);
    let mut threads = vec![thread::spawn(move || (2..=6).for_each(|n| s.send(n).unwrap()))];
    let mut primes = Vec::new();
    while let Ok(prime) = numbers.recv() {
        primes.push(prime);
        let (s, rest) = bounded(0);
        let numbers = std::mem::replace(&mut numbers, rest);
        threads.push(thread::spawn(move || {
            numbers.iter().filter(|n: &i32| n % prime != 0).for_each(|n| s.send(n).unwrap());
        }));
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    primes
}

fn four_producers_and_two_consumers_lose_and_double_nothing() -> impl Debug {
    let (s, r) = bounded(2);
    let producers = [0, 1, 2, 3].map(|n| {
        let s = s.clone();
        thread::spawn(move || (0..2).for_each(|_| s.send(n).unwrap()))
    });
    drop(s);
    let also = r.clone();
    let other = thread::spawn(move || also.iter().collect::<Vec<i32>>());
    let mut all: Vec<i32> = r.iter().collect();
    join(producers);
    all.extend(other.join().unwrap());
    all.sort_unstable();
    all
}

fn a_select_with_one_arm_is_the_operation() -> impl Debug {
    let (s, r) = bounded(0);
    thread::scope(|scope| {
        let sender = scope.spawn(|| select! { send(s, 1) -> sent => sent });
        (select! { recv(r) -> n => n }, sender.join().unwrap())
    })
}

fn a_stopped_worker_finishes_what_it_has_begun() -> impl Debug {
    let ((jobs, work), (stop, stopped)) = (unbounded(), bounded::<()>(0));
    (1..=2).for_each(|n| jobs.send(n).unwrap());
    let worker = thread::spawn(move || {
        let mut done = Vec::new();
        loop {
            select! {
                recv(stopped) -> _ => return done,
                recv(work) -> n => match n {
                    Ok(n) => done.push(n),
                    Err(_) => return done,
                },
            }
        }
    });
    drop((jobs, stop));
    worker.join().unwrap()
}
