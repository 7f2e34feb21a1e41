//! What can be written in `select!`: arms, operands, patterns, and what is evaluated when.

use std::{cell::RefCell, fmt::Debug};

use super::{
    Duration,
    channel::{self, Receiver, RecvError, SendError, Sender, after, bounded, never, select, select_biased, unbounded},
    conforms, soon,
};

conforms![
    always(a_select_is_an_expression, r#"(8, "default")"#),
    always(arms_may_be_separated_by_commas_blocks_or_both, "10"),
    always(the_macros_can_be_named_by_their_path, "(1, 2)"),
    always(arms_may_break_continue_and_return, "[2, 3, 5]"),
    always(an_error_may_leave_the_function_from_an_arm, "(Ok(1), Err(RecvError))"),
    always(break_leaves_the_loop_around_the_select, "(2, 1)"),
    always(an_arm_may_have_no_value, "(1, 0)"),
    always(a_result_may_be_bound_by_any_pattern_that_always_fits, "(1, 2, Ok(3), 5, true)"),
    always(operands_may_be_any_expressions, "[1, 2, 3, 4, 5]"),
    always(operands_are_evaluated_once_in_order_though_the_default_is_taken, r#"["r", "s", "timeout", "default"]"#),
    always(a_message_is_evaluated_only_if_its_arm_is_taken, r#"["s1", "s2", "two"]"#),
    always(one_arm_evaluates_its_operands_once_too, r#"[["r"], ["r"], ["r", "timeout"]]"#),
    always(one_receive_alone_is_a_receive, "(Ok(1), Err(RecvError))"),
    always(one_receive_with_default_is_a_try, r#"["empty", "Ok(1)", "Err(RecvError)"]"#),
    always(one_receive_with_a_timed_default_is_a_timeout, r#"["empty", "Ok(1)", "Err(RecvError)"]"#),
    always(one_send_alone_is_a_send, "(Ok(()), Err(2))"),
    always(one_send_with_default_is_a_try, r#"["Ok(())", "full", "Err(2)"]"#),
    always(one_send_with_a_timed_default_is_a_timeout, r#"["Ok(())", "full", "Err(2)"]"#),
    always(a_default_alone_is_taken, "(1, 2)"),
    always(a_message_may_be_offered_in_several_arms_and_stays_if_none_takes_it, r#"(Some("kept"), Some("kept"))"#),
    always(an_arm_may_change_the_channel_that_it_came_from, "[Ok(1), Ok(2)]"),
    always(an_arm_may_move_the_channel_that_it_came_from, "(true, true)"),
    always(an_arm_may_select_again, "(1, 2)"),
    always(a_select_may_have_sixteen_arms, "[0, 7, 15]"),
    always(a_biased_select_may_have_sixteen_arms, "[0, 7, 15]"),
    always(the_switch_of_an_arm_is_a_channel_that_never_is_ready, "[1, 2, 3]"),
];

fn filled(messages: impl IntoIterator<Item = i32>) -> Receiver<i32> {
    let (s, r) = unbounded();
    messages.into_iter().for_each(|n| s.send(n).unwrap());
    r
}

fn a_select_is_an_expression() -> impl Debug {
    let r = filled([4]);
    let twice = 2 * select! { recv(r) -> message => message.unwrap(), recv(never()) -> message => message.unwrap() };
    let text = select! {
        recv(never::<()>()) -> _ => "message",
        default => "default",
    };
    select! { default => {} }
    (twice, text)
}

#[rustfmt::skip]
fn arms_may_be_separated_by_commas_blocks_or_both() -> impl Debug {
    let r = filled(1..=4);
    let s = never::<i32>();
    let mut sum = 0;
    select! { recv(r) -> n => { sum += n.unwrap() } recv(s) -> _ => {} }
    select! { recv(s) -> _ => {}, recv(r) -> n => sum += n.unwrap() }
    select! { recv(s) -> _ => unreachable!(), recv(r,) -> n => sum += n.unwrap(), }
    select! {
        recv(s) -> _ => {}
        recv(r) -> n => {
            sum += n.unwrap();
        }
        default() => {},
    }
    sum
}

fn the_macros_can_be_named_by_their_path() -> impl Debug {
    let r = filled([1, 2]);
    let first = channel::select! { recv(r) -> n => n.unwrap() };
    let second = channel::select_biased! { recv(r) -> n => n.unwrap(), default => 0 };
    (first, second)
}

fn arms_may_break_continue_and_return() -> impl Debug {
    fn odd(r: &Receiver<i32>) -> Vec<i32> {
        let mut all = vec![2];
        'outer: loop {
            loop {
                select! {
                    recv(r) -> n => match n {
                        Ok(n) if n % 2 == 0 => continue 'outer,
                        Ok(n) if n > 5 => return all,
                        Ok(1) => break,
                        Ok(n) => all.push(n),
                        Err(_) => break 'outer,
                    },
                    recv(never::<()>()) -> _ => break,
                }
            }
        }
        all
    }
    odd(&filled([1, 2, 3, 4, 5, 7, 9]))
}

fn an_error_may_leave_the_function_from_an_arm() -> impl Debug {
    fn take(r: &Receiver<i32>) -> Result<i32, RecvError> {
        let n = select! {
            recv(r) -> n => n?,
            recv(never()) -> n => n?,
        };
        Ok(n)
    }
    let r = filled([1]);
    (take(&r), take(&r))
}

/// In Go it leaves the select.
fn break_leaves_the_loop_around_the_select() -> impl Debug {
    let r = filled([1, 2, 3]);
    let mut rounds = 0;
    loop {
        rounds += 1;
        select! {
            recv(r) -> n => if n == Ok(2) { break },
            recv(never::<()>()) -> _ => break,
        }
    }
    (rounds, r.len())
}

fn an_arm_may_have_no_value() -> impl Debug {
    let r = filled([1]);
    let n: i32 = select! {
        recv(r) -> n => n.unwrap(),
        recv(never::<()>()) -> _ => unreachable!("it never is ready"),
        default => panic!("there is a message"),
    };
    (n, r.len())
}

fn a_result_may_be_bound_by_any_pattern_that_always_fits() -> impl Debug {
    let r = filled(1..=4);
    let (s, _kept) = bounded(1);
    let one = select! { recv(r) -> n => n.unwrap() };
    let two = select! { recv(r) -> n @ (Ok(_) | Err(RecvError)) => n.unwrap() };
    let three = select! { recv(r) -> ref n => *n };
    let five = select! {
        recv(r) -> mut n => {
            if let Ok(n) = &mut n {
                *n += 1;
            }
            n.unwrap()
        }
    };
    let sent = select! { send(s, ()) -> whole @ (Ok(()) | Err(SendError(()))) => whole.is_ok() };
    (one, two, three, five, sent)
}

struct Holder {
    receivers: Vec<Receiver<i32>>,
    boxed: Box<Receiver<i32>>,
}

impl Holder {
    fn receiver(&self) -> &Receiver<i32> {
        &self.receivers[0]
    }
}

/// Places, references, temporaries, what dereferences to a channel.
fn operands_may_be_any_expressions() -> impl Debug {
    let r = filled(1..=5);
    let holder = Holder { receivers: vec![r.clone()], boxed: Box::new(r.clone()) };
    [
        select! { recv(holder.receivers[0]) -> n => n.unwrap(), default => 0 },
        select! { recv(holder.receiver()) -> n => n.unwrap(), recv(after(Duration::MAX)) -> _ => 0 },
        select! { recv(holder.boxed) -> n => n.unwrap(), recv(never::<()>()) -> _ => 0 },
        select! { recv(r.clone()) -> n => n.unwrap(), recv(never::<()>()) -> _ => 0 },
        select! { recv(if r.is_empty() { holder.receiver() } else { &r }) -> n => n.unwrap(), default => 0 },
    ]
}

/// Notes what is evaluated.
#[derive(Default)]
struct Notes(RefCell<Vec<&'static str>>);

impl Notes {
    fn note<T>(&self, name: &'static str, value: T) -> T {
        self.0.borrow_mut().push(name);
        value
    }
}

fn operands_are_evaluated_once_in_order_though_the_default_is_taken() -> impl Debug {
    let notes = Notes::default();
    let ((s, _kept), r) = (bounded(0), never::<()>());
    select! {
        recv(notes.note("r", &r)) -> _ => {}
        send(notes.note("s", &s), notes.note("message", ())) -> _ => {}
        default(notes.note("timeout", soon())) => notes.note("default", ()),
    }
    notes.0.into_inner()
}

/// In Go it is evaluated in any case.
fn a_message_is_evaluated_only_if_its_arm_is_taken() -> impl Debug {
    let notes = Notes::default();
    let ((s1, _full), (s2, _kept)) = (bounded(0), bounded(1));
    select! {
        send(notes.note("s1", &s1), notes.note("one", ())) -> _ => {}
        send(notes.note("s2", &s2), notes.note("two", ())) -> _ => {}
    }
    notes.0.into_inner()
}

fn one_arm_evaluates_its_operands_once_too() -> impl Debug {
    let r = filled([1, 2]);
    let [alone, tried, timed] = [(); 3].map(|()| Notes::default());
    select! { recv(alone.note("r", &r)) -> _ => {} }
    select! { recv(tried.note("r", &r)) -> _ => {} default => {} }
    select! { recv(timed.note("r", &r)) -> _ => {} default(timed.note("timeout", soon())) => {} }
    [alone, tried, timed].map(|notes| notes.0.into_inner())
}

fn one_receive_alone_is_a_receive() -> impl Debug {
    let r = filled([1]);
    (select! { recv(r) -> n => n }, select_biased! { recv(r) -> n => n })
}

/// Does something with a channel that is empty, holds a message, is disconnected.
fn receiving(take: impl Fn(&Receiver<i32>) -> String) -> [String; 3] {
    let (s, r) = bounded(1);
    let empty = take(&r);
    s.send(1).unwrap();
    let one = take(&r);
    drop(s);
    [empty, one, take(&r)]
}

fn one_receive_with_default_is_a_try() -> impl Debug {
    receiving(|r| select! { recv(r) -> n => format!("{n:?}"), default => "empty".to_owned() })
}

fn one_receive_with_a_timed_default_is_a_timeout() -> impl Debug {
    receiving(|r| select! { recv(r) -> n => format!("{n:?}"), default(soon()) => "empty".to_owned() })
}

fn one_send_alone_is_a_send() -> impl Debug {
    let (s, r) = bounded(1);
    let sent = select! { send(s, 1) -> sent => sent };
    drop(r);
    (sent, select_biased! { send(s, 2) -> sent => sent.map_err(|error| error.0) })
}

/// Does something with a channel that has room, is full, is disconnected.
fn sending(put: impl Fn(&Sender<i32>) -> String) -> [String; 3] {
    let (s, r) = bounded(1);
    let (sent, full) = (put(&s), put(&s));
    drop(r);
    [sent, full, put(&s)]
}

fn one_send_with_default_is_a_try() -> impl Debug {
    sending(
        |s| select! { send(s, 2) -> sent => format!("{:?}", sent.map_err(|error| error.0)), default => "full".to_owned() },
    )
}

fn one_send_with_a_timed_default_is_a_timeout() -> impl Debug {
    sending(
        |s| select! { send(s, 2) -> sent => format!("{:?}", sent.map_err(|error| error.0)), default(soon()) => "full".to_owned() },
    )
}

fn a_default_alone_is_taken() -> impl Debug {
    (select! { default => 1 }, select_biased! { default(soon()) => 2 })
}

fn a_message_may_be_offered_in_several_arms_and_stays_if_none_takes_it() -> impl Debug {
    let offer = |s1: &Sender<String>, s2: &Sender<String>, message: String| {
        select! {
            send(s1, message) -> _ => None,
            send(s2, message) -> sent => sent.err().map(SendError::into_inner),
            default => Some(message),
        }
    };
    let ((s1, _full), (s2, gone)) = (bounded(0), bounded(0));
    let kept = offer(&s1, &s2, "kept".to_owned());
    drop(gone);
    (kept, offer(&s1, &s2, "kept".to_owned()))
}

fn an_arm_may_change_the_channel_that_it_came_from() -> impl Debug {
    let (mut r1, mut r2) = (filled([1]), filled([2]));
    let mut all = Vec::new();
    for _ in 0..2 {
        select_biased! {
            recv(r1) -> n => {
                all.push(n);
                r1 = never();
            }
            recv(r2) -> n => {
                all.push(n);
                r2 = never();
            }
        }
    }
    assert!(r1.same_channel(&r2));
    all
}

fn an_arm_may_move_the_channel_that_it_came_from() -> impl Debug {
    let (s, r) = bounded(1);
    s.send(1).unwrap();
    let gone = select! {
        recv(r) -> n => {
            drop(r);
            n.is_ok()
        }
        recv(never::<()>()) -> _ => false,
    };
    (gone, s.send(2).is_err())
}

fn an_arm_may_select_again() -> impl Debug {
    let r = filled([1, 2]);
    select! {
        recv(r) -> outer => select! {
            recv(r) -> inner => (outer.unwrap(), inner.unwrap()),
            recv(never::<()>()) -> _ => (0, 0),
        },
        recv(never::<()>()) -> _ => (0, 0),
    }
}

/// Sixteen receives, of which the one at the place that is given is ready.
macro_rules! sixteen {
    ($select:ident, $($place:literal)*) => {
        [0, 7, 15].map(|ready| {
            let rs: Vec<_> = (0..16).map(|place| if place == ready { filled([place]) } else { never() }).collect();
            $select! {
                $(recv(rs[$place]) -> n => { assert_eq!(n, Ok($place)); $place })*
            }
        })
    };
}

fn a_select_may_have_sixteen_arms() -> impl Debug {
    sixteen!(select, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
}

fn a_biased_select_may_have_sixteen_arms() -> impl Debug {
    sixteen!(select_biased, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
}

/// A server that takes no second request before it has answered the first.
fn the_switch_of_an_arm_is_a_channel_that_never_is_ready() -> impl Debug {
    let requests = filled(1..=3);
    let ((answer, answers), (shut, _nobody)) = (bounded(3), bounded(0));
    let mut pending = None;
    loop {
        let request = if pending.is_none() { requests.clone() } else { never() };
        let ready = if pending.is_some() { &answer } else { &shut };
        select! {
            recv(request) -> n => match n {
                Ok(n) => pending = Some(n),
                Err(_) => break,
            },
            send(ready, pending.take().unwrap()) -> sent => sent.unwrap(),
        }
    }
    answers.try_iter().collect::<Vec<_>>()
}
