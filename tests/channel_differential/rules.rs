//! What holds of every outcome, whichever the schedule: rules that need no interpreter.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    program::{Arm, Manner, Op, Program},
    reference::Seen,
};

/// A success or a failure of one thread, with the place in its list.
#[derive(Clone, Copy)]
struct Fact {
    thread: usize,
    /// In the thread's own order.
    time: usize,
    message: u8,
}

/// What the threads did to one channel.
#[derive(Default)]
struct Story {
    sent: Vec<Fact>,
    received: Vec<Fact>,
    /// Somebody was told that no message is left, and none will come.
    drained: bool,
}

/// The rule that an outcome breaks.
pub fn broken(program: &Program, registers: &[Vec<Seen>]) -> Option<String> {
    let mut stories: BTreeMap<usize, Story> = BTreeMap::new();
    let mut counts: BTreeMap<u8, (usize, usize)> = BTreeMap::new();
    for (thread, registers) in registers.iter().enumerate() {
        let mut seen = registers.iter().copied().enumerate();
        for op in &program.threads[thread] {
            let mut next = || seen.next().expect("every operation says something");
            let arms = match op {
                Op::Drop(..) => continue,
                Op::Add => {
                    if let (time, Seen::Held(n)) = next()
                        && counts.insert(n, (thread, time)).is_some()
                    {
                        return Some(format!("two additions found {n}"));
                    }
                    continue;
                }
                Op::Len(_, channel) => {
                    if let (_, Seen::Len(len)) = next()
                        && program.channels[*channel].is_some_and(|capacity| len > capacity)
                    {
                        return Some(format!("channel {channel} holds {len} messages"));
                    }
                    continue;
                }
                Op::Select(_, Manner::Look, _) => {
                    next();
                    continue;
                }
                Op::Select(arms, ..) => match next() {
                    (_, Seen::Index(index)) => &arms[index..=index],
                    _ => continue,
                },
                Op::Do(arm, _) => std::slice::from_ref(arm),
                Op::Iterate(channel, _) => &[Arm::Receive(*channel)],
            };
            loop {
                let (time, told) = next();
                let fact = |message| Fact { thread, time, message };
                match (arms[0], told) {
                    (Arm::Send(channel, message), Seen::Sent) => {
                        stories.entry(channel).or_default().sent.push(fact(message));
                    }
                    (Arm::Receive(channel), Seen::Received(message)) => {
                        stories.entry(channel).or_default().received.push(fact(message));
                        if matches!(op, Op::Iterate(..)) {
                            continue;
                        }
                    }
                    (Arm::Receive(channel), Seen::HungUp) => stories.entry(channel).or_default().drained = true,
                    _ => {}
                }
                break;
            }
        }
    }
    let mut order = Order::default();
    for (channel, story) in &stories {
        if let Some(rule) = one_channel(program.channels[*channel], story, &mut order) {
            return Some(format!("channel {channel}: {rule}"));
        }
    }
    for (earlier, later) in counts.values().zip(counts.values().skip(1)) {
        order.add(*earlier, *later);
    }
    order.goes_round(registers).then(|| "something happened before itself".to_owned())
}

fn one_channel(capacity: Option<usize>, story: &Story, order: &mut Order) -> Option<String> {
    let mut received: HashMap<u8, Fact> = HashMap::new();
    for fact in &story.received {
        if received.insert(fact.message, *fact).is_some() {
            return Some(format!("{} is doubled", fact.message));
        }
        if !story.sent.iter().any(|sent| sent.message == fact.message) {
            return Some(format!("{} was never sent", fact.message));
        }
    }
    let mut left = 0;
    for (at, sent) in story.sent.iter().enumerate() {
        let Some(got) = received.get(&sent.message) else {
            left += 1;
            let later = story.sent[at..].iter().find(|l| l.thread == sent.thread && received.contains_key(&l.message));
            if let Some(later) = later {
                return Some(format!("{} is lost, although {} came through", sent.message, later.message));
            }
            continue;
        };
        order.add((sent.thread, sent.time), (got.thread, got.time));
        if capacity == Some(0) {
            // Neither goes on before the other has come.
            order.add((got.thread, got.time), (sent.thread, sent.time + 1));
        }
        for later in story.sent[at + 1..].iter().filter(|later| later.thread == sent.thread) {
            let overtaken = received.get(&later.message).is_some_and(|l| l.thread == got.thread && l.time < got.time);
            if overtaken {
                return Some(format!("{} overtakes {}", later.message, sent.message));
            }
        }
    }
    if left > 0 && story.drained {
        return Some(format!("{left} messages are lost, although the channel was drained"));
    }
    if capacity.is_some_and(|capacity| left > capacity) {
        return Some(format!("{left} messages are lost"));
    }
    None
}

/// What happened before what: by thread and place.
#[derive(Default)]
struct Order(BTreeMap<(usize, usize), Vec<(usize, usize)>>);

impl Order {
    fn add(&mut self, earlier: (usize, usize), later: (usize, usize)) {
        self.0.entry(earlier).or_default().push(later);
    }

    /// Takes away what nothing is before, until nothing is left; or something always is.
    fn goes_round(mut self, registers: &[Vec<Seen>]) -> bool {
        let mut left = BTreeSet::new();
        for (thread, registers) in registers.iter().enumerate() {
            // One place more: what is after the last.
            left.extend((0..=registers.len()).map(|time| (thread, time)));
            (0..registers.len()).for_each(|time| self.add((thread, time), (thread, time + 1)));
        }
        while !left.is_empty() {
            let later: BTreeSet<_> = left.iter().filter_map(|place| self.0.get(place)).flatten().copied().collect();
            let before = left.len();
            left.retain(|place| later.contains(place));
            if left.len() == before {
                return true;
            }
        }
        false
    }
}
