//! Why each context switch happened, in the smallest failing execution of a small model; and in any other, worked out
//! again from its steps alone.

use std::{collections::HashMap, time::Duration};

use crate::common::*;
use raddle::{
    Check, Failure, FailureKind, Kind, Strategy, Why, hint, interleaving,
    sync::{
        Arc, Condvar, Mutex, Once, RwLock,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
};

/// The smallest failure of a model, in the shuttle world.
fn smallest(model: impl Fn() + Send + Sync + 'static) -> Option<Failure> {
    smallest_of(Check::new("model"), model)
}

fn smallest_of(check: Check, model: impl Fn() + Send + Sync + 'static) -> Option<Failure> {
    shuttle().then(|| check.strategy(Strategy::Dpor).smallest(2_000).run(model).unwrap().failure.expect("it fails"))
}

/// Each switch of the execution: who went on no further, and why.
fn told(failure: &Failure) -> Vec<String> {
    let switches = failure.steps.iter().filter_map(|step| step.switch);
    let told = |switch: raddle::Switch| {
        format!("{} {}", failure.threads[switch.thread as usize], switch.why.told(&failure.threads))
    };
    switches.map(told).collect()
}

#[track_caller]
fn tells(failure: Option<Failure>, switches: &[&str]) {
    let Some(failure) = failure else { return };
    assert_eq!(told(&failure), switches, "\n{}\n{}", failure.message, interleaving(&failure));
    // What a report shows is the same; an end is a step of its own.
    let shown = interleaving(&failure);
    for switch in switches.iter().filter(|switch| !switch.ends_with(" ended")) {
        let (_, why) = switch.split_once(' ').expect("a thread's name comes first");
        assert!(shown.contains(&format!("({why})")), "{why}\n{shown}");
    }
}

fn number() -> Arc<AtomicUsize> {
    Arc::new(AtomicUsize::new(0))
}

#[test]
fn a_thread_that_could_go_on_is_preempted() {
    let failure = smallest(|| {
        let a = number();
        let theirs = Arc::clone(&a);
        thread::spawn(move || (1..3).for_each(|n| theirs.store(n, SeqCst)));
        assert!(a.load(SeqCst) != 1, "in between");
    });
    tells(failure, &["main preempted", "t1 preempted"]);
}

#[test]
fn a_thread_that_has_only_started_is_not_preempted_nor_was_main() {
    let failure = smallest(|| {
        let a = number();
        let theirs = Arc::clone(&a);
        thread::spawn(move || theirs.store(1, SeqCst));
        a.load(SeqCst);
        assert!(a.load(SeqCst) != 0, "main comes first");
    });
    tells(failure, &[]);
}

#[test]
fn a_lock_that_is_waited_for_has_a_holder() {
    for (locks, name) in [(false, "mutex"), (true, "rwlock")] {
        let failure = smallest(move || {
            let shared = Arc::new((AtomicUsize::new(0), Mutex::new(()), RwLock::new(())));
            let theirs = Arc::clone(&shared);
            let _held = (!locks).then(|| shared.1.lock().unwrap());
            let _read = locks.then(|| shared.2.read().unwrap());
            thread::spawn(move || {
                theirs.0.store(1, SeqCst);
                if locks { drop(theirs.2.write()) } else { drop(theirs.1.lock()) }
            });
            assert!(shared.0.load(SeqCst) == 0, "it waits");
        });
        tells(failure, &["main preempted", &format!("t1 waits for {name}#1, held by main")]);
    }
}

#[test]
fn a_condition_variable_is_waited_for() {
    let failure = smallest(|| {
        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let theirs = Arc::clone(&pair);
        thread::spawn(move || {
            *theirs.0.lock().unwrap() = true;
            theirs.1.notify_one();
        });
        let mut ready = pair.0.lock().unwrap();
        let at_once = *ready;
        while !*ready {
            ready = pair.1.wait(ready).unwrap();
        }
        assert!(at_once, "it was woken");
    });
    tells(failure, &["main waits for condvar#2", "t1 ended"]);
}

#[test]
fn channels_are_waited_for_at_both_ends() {
    let failure = smallest(|| {
        let (sender, receiver) = mpsc::sync_channel(0);
        let a = number();
        let theirs = Arc::clone(&a);
        thread::spawn(move || {
            theirs.store(1, SeqCst);
            sender.send(()).unwrap();
            theirs.store(2, SeqCst);
        });
        receiver.recv().unwrap();
        assert!(a.load(SeqCst) == 2, "not yet");
    });
    // Once they have met, nobody can tell when the sender goes on.
    let waits = ["main waits to receive from channel#1", "t1 waits to send to channel#1"];
    tells(failure, &[waits[0], waits[1], "t1 in passing"]);
}

#[test]
fn a_thread_is_waited_for_and_ends() {
    let failure = smallest(|| {
        thread::Builder::new().name("worker".to_owned()).spawn(|| number().load(SeqCst)).unwrap().join().unwrap();
        panic!("it has ended");
    });
    tells(failure, &["main waits for worker to end", "worker ended"]);
}

#[test]
fn main_returns_and_waits_for_nobody() {
    let failure = smallest(|| {
        drop(thread::spawn(|| {
            number().load(SeqCst);
            panic!("after main");
        }));
    });
    tells(failure, &["main has returned"]);
}

#[test]
fn a_parked_thread_is_parked() {
    let failure = smallest(|| {
        let (a, main) = (number(), thread::current());
        let theirs = Arc::clone(&a);
        thread::spawn(move || {
            theirs.store(1, SeqCst);
            main.unpark();
        });
        thread::park();
        panic!("it was unparked");
    });
    tells(failure, &["main is parked", "t1 ended"]);
}

#[test]
fn pauses_are_no_preemptions() {
    let pauses: [(fn(), _); 3] = [
        (thread::yield_now, "main yields"),
        (|| thread::sleep(Duration::from_secs(1)), "main sleeps"),
        (hint::spin_loop, "main spins"),
    ];
    for (pause, why) in pauses {
        let failure = smallest(move || {
            let a = number();
            let theirs = Arc::clone(&a);
            thread::spawn(move || theirs.store(1, SeqCst));
            pause();
            assert!(a.load(SeqCst) == 0, "it has let the other one go first");
        });
        tells(failure, &[why, "t1 ended"]);
    }
}

/// One preemption would do, and fewer steps.
#[test]
fn a_pause_is_taken_rather_than_a_preemption() {
    let failure = smallest(|| {
        let a = number();
        let theirs = Arc::clone(&a);
        thread::spawn(move || theirs.store(1, SeqCst));
        if a.load(SeqCst) == 0 {
            thread::yield_now();
        }
        assert!(a.load(SeqCst) == 0, "it is there");
    });
    tells(failure, &["main yields", "t1 ended"]);
}

#[test]
fn a_busy_wait_waits_for_a_change() {
    let failure = smallest(|| {
        let a = number();
        let theirs = Arc::clone(&a);
        thread::spawn(move || theirs.store(1, SeqCst));
        let mut rounds = 0;
        while a.load(SeqCst) == 0 {
            rounds += 1;
        }
        assert!(rounds == 0, "it was not there at once");
    });
    tells(failure, &["main waits for a change", "t1 ended"]);
}

#[test]
fn an_initialiser_is_waited_for() {
    let failure = smallest(|| {
        let shared = Arc::new((AtomicUsize::new(0), Once::new()));
        let theirs = Arc::clone(&shared);
        thread::spawn(move || {
            theirs.0.store(1, SeqCst);
            theirs.1.call_once(|| {});
        });
        shared.1.call_once(|| assert!(shared.0.load(SeqCst) == 0, "it waits"));
    });
    tells(failure, &["main preempted", "t1 waits for once#1, which main initialises"]);
}

#[test]
fn a_wait_that_ends_by_itself_says_so() {
    let failure = smallest_of(Check::new("model").spurious(1), || {
        thread::park();
        panic!("nobody has unparked it");
    });
    let Some(failure) = failure else { return };
    assert!(failure.steps.iter().any(|step| step.kind == Kind::Park && step.spurious));
    assert!(interleaving(&failure).contains("park thread#0 (spuriously)"), "{}", interleaving(&failure));
    // One that somebody ends does not.
    let failure = smallest_of(Check::new("model").spurious(1), || {
        thread::current().unpark();
        thread::park();
        panic!("it was unparked");
    });
    assert!(failure.is_some_and(|failure| failure.steps.iter().all(|step| !step.spurious)));
}

#[test]
fn a_timer_fires_when_nothing_else_goes_on() {
    let failure = smallest_of(Check::new("model").firings(0), || {
        let a = number();
        let theirs = Arc::clone(&a);
        thread::spawn(move || theirs.store(1, SeqCst));
        thread::park_timeout(Duration::from_secs(1));
        assert!(a.load(SeqCst) == 0, "time has passed");
    });
    tells(failure, &["main is parked", "t1 ended"]);
}

#[test]
fn a_step_that_nobody_can_tell_the_time_of_takes_no_turn() {
    let failure = smallest(|| {
        let (a, b) = (number(), number());
        let (first, second) = (Arc::clone(&a), (a, Arc::clone(&b)));
        let first = thread::spawn(move || first.store(1, SeqCst));
        thread::spawn(move || {
            if second.0.load(SeqCst) == 1 {
                (1..3).for_each(|n| second.1.store(n, SeqCst));
            }
        });
        first.join().unwrap();
        assert!(b.load(SeqCst) != 1, "in between");
    });
    tells(failure, &["main waits for t1 to end", "t1 ended", "main in passing", "t2 preempted"]);
}

#[test]
fn who_is_stuck_in_the_end_stands_under_its_last_step() {
    let failure = smallest(|| {
        let (sender, receiver) = mpsc::sync_channel(1);
        let sends = thread::spawn(move || (0..2).for_each(|n| sender.send(n).unwrap()));
        sends.join().unwrap();
        drop(receiver);
    });
    let Some(failure) = failure else { return };
    assert_eq!(failure.kind, FailureKind::Deadlock);
    let shown = interleaving(&failure);
    let last = shown.lines().rev().nth(1).unwrap();
    assert!(last.contains("(waits for t1 to end)") && last.contains("(waits to send to channel#1)"), "{shown}");
}

/// What the steps so far say of locks and threads, without asking anybody.
#[derive(Default)]
struct Replayed {
    /// Who holds each lock.
    held: HashMap<u32, u32>,
    ended: Vec<u32>,
    /// Who has begun to wait for a notification, with which lock.
    asleep: HashMap<u32, u32>,
}

/// Three threads that meet at a lock, a condition variable and a number. It fails where the order in which they did is
/// one of every eighth.
fn crowded(which: usize) {
    let shared = Arc::new((Mutex::new(0), Condvar::new(), AtomicUsize::new(0)));
    let work = |n: usize| {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            let first = shared.2.fetch_add(n, SeqCst);
            let mut done = shared.0.lock().unwrap();
            let second = shared.2.fetch_add(n, SeqCst);
            *done += 1;
            shared.1.notify_all();
            drop(done);
            first + 5 * second + 7 * shared.2.fetch_add(n, SeqCst)
        })
    };
    let threads: Vec<_> = (1..3).map(work).collect();
    let mut done = shared.0.lock().unwrap();
    while *done < 2 {
        done = shared.1.wait(done).unwrap();
    }
    drop(done);
    let order: usize = threads.into_iter().zip([1, 3]).map(|(thread, n)| n * thread.join().unwrap()).sum();
    assert!(order % 8 != which, "told");
}

#[test]
fn every_switch_is_as_the_steps_say() {
    let of = |strategies: &[Strategy], seeds| {
        let mut seen = HashMap::new();
        for strategy in compiled(strategies) {
            for seed in 0..seeds {
                for which in 0..8 {
                    let verdict = Check::new("model").strategy(strategy).seed(seed).run(move || crowded(which));
                    let Some(failure) = verdict.unwrap().failure else { continue };
                    assert_eq!(failure.message, "told");
                    check(&failure, &mut seen);
                }
            }
        }
        for why in ["ended", "lock", "wait", "join", "preempted"] {
            assert!(compiled(strategies).is_empty() || seen.contains_key(why), "{why} was never met: {seen:?}");
        }
    };
    of(&[Strategy::Random, Strategy::Pct { depth: 3 }], 20);
    of(&[Strategy::Dfs], 1);
    of(&[Strategy::Preemptions(1), Strategy::Preemptions(2)], 1);
}

fn check(failure: &Failure, seen: &mut HashMap<&'static str, usize>) {
    let mut so_far = Replayed::default();
    let shown = || interleaving(failure);
    for (at, step) in failure.steps.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| failure.steps[at].thread);
        if let Some(switch) = step.switch {
            assert_ne!(switch.thread, step.thread, "{}", shown());
            let next = failure.steps[at..].iter().find(|step| step.thread == switch.thread);
            let ended = so_far.ended.contains(&switch.thread);
            let why = match switch.why {
                Why::Ended => "ended",
                Why::Waits { operation, .. } => operation.name(),
                Why::Preempted => "preempted",
                Why::Passing => "in passing",
                why => panic!("nobody pauses: {why:?}"),
            };
            *seen.entry(why).or_default() += 1;
            assert_eq!(switch.why == Why::Ended, ended, "{}", shown());
            match switch.why {
                Why::Waits { operation: Kind::Lock, object, held_by } => {
                    let lock = object.unwrap().number;
                    assert_eq!(so_far.held.get(&lock).copied(), held_by, "step {}\n{}", at + 1, shown());
                    assert!(held_by.is_some_and(|holder| holder != switch.thread));
                }
                Why::Waits { operation: Kind::Wait, .. } => {
                    assert!(so_far.asleep.contains_key(&switch.thread), "{}", shown());
                }
                Why::Waits { operation: Kind::Join, object, .. } => {
                    assert!(!so_far.ended.contains(&object.unwrap().number), "{}", shown());
                }
                Why::Preempted => {
                    // It could have taken the step that it takes next.
                    assert!(!so_far.asleep.contains_key(&switch.thread), "{}", shown());
                    let free = next.is_none_or(|next| match (next.kind, next.object) {
                        (Kind::Lock, Some(lock)) => !so_far.held.contains_key(&lock.number),
                        (Kind::Join, Some(thread)) => so_far.ended.contains(&thread.number),
                        _ => true,
                    });
                    assert!(free, "step {}\n{}", at + 1, shown());
                }
                _ => {}
            }
        } else if let Some(before) = before.filter(|before| *before != step.thread) {
            // Nobody has stopped: one of the two steps came in passing.
            let passing = |kind| matches!(kind, Kind::Join | Kind::Exit);
            assert!(
                passing(step.kind) || passing(failure.steps[at - 1].kind),
                "step {} after {before}\n{}",
                at + 1,
                shown()
            );
        }
        let (thread, object) = (step.thread, step.object.map_or(0, |object| object.number));
        match step.kind {
            Kind::Lock => assert_eq!(so_far.held.insert(object, thread), None, "{}", shown()),
            Kind::Unlock => drop(so_far.held.remove(&object)),
            Kind::Wait => {
                so_far.held.retain(|_, holder| *holder != thread);
                so_far.asleep.insert(thread, object);
            }
            Kind::NotifyAll => so_far.asleep.clear(),
            Kind::Exit => so_far.ended.push(thread),
            _ => {}
        }
    }
}
