//! The dynamic select: `Select` and `SelectedOperation`.

use std::fmt::Debug;

use super::{
    Duration, Instant,
    channel::{Receiver, RecvError, Select, SelectedOperation, bounded, never, unbounded},
    conforms, join, late, soon, thread,
};

conforms![
    always(indices_are_given_in_order, "[0, 1, 2, 3]"),
    always(a_selected_operation_tells_its_index_and_is_completed, "(1, Ok(7), 0)"),
    always(a_selected_send_is_completed_with_a_message, "(0, Ok(()), Ok(5))"),
    always(an_operation_on_a_disconnected_channel_is_ready, "[(0, Err(RecvError)), (1, Err(RecvError))]"),
    always(a_send_on_a_disconnected_channel_is_ready_and_gives_its_message_back, "Err(9)"),
    always(
        nothing_is_ready_so_every_form_says_so,
        "(Err(TrySelectError), Err(SelectTimeoutError), Err(SelectTimeoutError), Err(TryReadyError), \
         Err(ReadyTimeoutError), Err(ReadyTimeoutError))"
    ),
    always(
        a_select_without_operations_is_never_ready,
        "(Err(TrySelectError), Err(SelectTimeoutError), Err(SelectTimeoutError), Err(TryReadyError), \
         Err(ReadyTimeoutError), Err(ReadyTimeoutError))"
    ),
    always(what_is_ready_is_selected_though_the_deadline_has_passed, "(Ok(1), Ok(2), Ok(3), Ok(0), Ok(0))"),
    always(a_timeout_that_no_clock_can_tell_never_comes, "(Ok(1), Ok(0))"),
    exactly(any_ready_operation_may_be_selected, ["(0, Ok(1), 0, 1)", "(1, Ok(2), 1, 0)"]),
    always(a_biased_select_selects_the_lowest_index, "[0, 1, 2]"),
    exactly(one_receiver_may_be_added_twice, ["0", "1"]),
    exactly(both_directions_may_be_added, ["(0, 2)", "(1, 0)"]),
    always(a_selects_own_directions_do_not_meet, "(Err(SelectTimeoutError), Err(ReadyTimeoutError))"),
    always(a_removed_operation_is_not_selected_and_its_index_not_reused, "(1, 2)"),
    always(a_select_can_be_used_again, "[1, 2, 3]"),
    always(a_clone_goes_its_own_way, "(Err(TrySelectError), Ok(1))"),
    always(a_select_waits_for_a_message, "(1, Ok(2))"),
    always(a_disconnection_wakes_a_select, "(0, Err(RecvError))"),
    exactly(a_select_that_times_out_takes_nothing, ["(Some(1), [])", "(None, [1])"]),
    exactly(a_select_that_times_out_meets_nobody, ["(Some(1), Ok(()))", "(None, Err(1))"]),
    exactly(try_select_meets_a_sender_that_waits, ["(Some(1), Ok(()))", "(None, Err(1))"]),
    exactly(try_select_meets_a_receiver_that_waits, ["(Some(Ok(())), Ok(1))", "(None, Err(RecvError))"]),
    always(two_selects_meet, "(Ok(()), Ok(3))"),
    exactly(messages_are_gathered_from_channels_until_all_are_disconnected, ["[1, 2, 10]", "[1, 10, 2]", "[10, 1, 2]"])
        .bounded(),
    always(there_is_no_limit_to_the_operations, "(299, Ok(300))"),
    always(a_dropped_select_leaves_no_trace, "(true, Err(Empty))"),
    always(the_dynamic_select_can_be_shared_and_shown, r#"("Select { .. }", "SelectedOperation { .. }", Ok(1))"#),
    blocks(a_dynamic_select_over_never_blocks),
];

fn holding(message: i32) -> Receiver<i32> {
    let (s, r) = unbounded();
    s.send(message).unwrap();
    r
}

fn indices_are_given_in_order() -> impl Debug {
    let (s, r) = bounded::<i32>(1);
    let other = never::<String>();
    let mut select = Select::new();
    [select.recv(&r), select.send(&s), select.recv(&other), select.recv(&r)]
}

fn a_selected_operation_tells_its_index_and_is_completed() -> impl Debug {
    let (r1, r2) = (never::<i32>(), holding(7));
    let mut select = Select::new();
    select.recv(&r1);
    select.recv(&r2);
    let operation = select.select();
    (operation.index(), operation.recv(&r2), r2.len())
}

fn a_selected_send_is_completed_with_a_message() -> impl Debug {
    let (s, r) = bounded(1);
    let mut select = Select::new();
    select.send(&s);
    let operation = select.try_select().unwrap();
    (operation.index(), operation.send(&s, 5), r.try_recv())
}

fn an_operation_on_a_disconnected_channel_is_ready() -> impl Debug {
    let ((s1, r1), (s2, r2)) = (bounded::<i32>(0), unbounded::<i32>());
    drop((s1, s2));
    let mut select = Select::new_biased();
    select.recv(&r1);
    select.recv(&r2);
    [&r1, &r2].map(|r| {
        let operation = select.select();
        let index = operation.index();
        select.remove(index);
        (index, operation.recv(r))
    })
}

fn a_send_on_a_disconnected_channel_is_ready_and_gives_its_message_back() -> impl Debug {
    let (s, r) = bounded(0);
    drop(r);
    let mut select = Select::new();
    select.send(&s);
    select.select().send(&s, 9).map_err(|error| error.into_inner())
}

/// What each form that does not wait for ever says. What is selected is not completed: nothing may be.
fn every_form(select: &mut Select<'_>) -> impl Debug + use<> {
    let none = |operation: SelectedOperation<'_>| panic!("operation {} is selected", operation.index());
    (
        select.try_select().map(none),
        select.select_timeout(soon()).map(none),
        select.select_deadline(Instant::now() + soon()).map(none),
        select.try_ready(),
        select.ready_timeout(soon()),
        select.ready_deadline(Instant::now() + soon()),
    )
}

fn nothing_is_ready_so_every_form_says_so() -> impl Debug {
    let ((s, _r), r) = (bounded::<i32>(0), never::<i32>());
    let mut select = Select::new();
    select.send(&s);
    select.recv(&r);
    every_form(&mut select)
}

fn a_select_without_operations_is_never_ready() -> impl Debug {
    every_form(&mut Select::default())
}

fn what_is_ready_is_selected_though_the_deadline_has_passed() -> impl Debug {
    let (s, r) = unbounded();
    (1..=4).for_each(|n| s.send(n).unwrap());
    let mut select = Select::new();
    select.recv(&r);
    let now = Instant::now();
    (
        select.try_select().unwrap().recv(&r),
        select.select_deadline(now).unwrap().recv(&r),
        select.select_timeout(Duration::ZERO).unwrap().recv(&r),
        select.ready_deadline(now),
        select.ready_timeout(Duration::ZERO),
    )
}

fn a_timeout_that_no_clock_can_tell_never_comes() -> impl Debug {
    let (s, r) = bounded(0);
    let sender = thread::spawn(move || (1..=2).for_each(|n| s.send(n).unwrap()));
    let mut select = Select::new();
    select.recv(&r);
    let first = select.select_timeout(Duration::MAX).unwrap().recv(&r);
    let ready = select.ready_timeout(Duration::MAX);
    r.recv().unwrap();
    sender.join().unwrap();
    (first, ready)
}

fn any_ready_operation_may_be_selected() -> impl Debug {
    let (r1, r2) = (holding(1), holding(2));
    let mut select = Select::new();
    let first = select.recv(&r1);
    select.recv(&r2);
    let operation = select.select();
    let index = operation.index();
    let received = operation.recv(if index == first { &r1 } else { &r2 });
    (index, received, r1.len(), r2.len())
}

fn a_biased_select_selects_the_lowest_index() -> impl Debug {
    let ((s1, r1), (s2, _r2), r3) = (unbounded(), bounded(1), holding(3));
    s1.send(1).unwrap();
    let mut select = Select::new_biased();
    select.recv(&r1);
    select.send(&s2);
    select.recv(&r3);
    [(); 3].map(|()| {
        let operation = select.select();
        let index = operation.index();
        match index {
            0 => drop(operation.recv(&r1).unwrap()),
            1 => operation.send(&s2, 2).unwrap(),
            _ => drop(operation.recv(&r3).unwrap()),
        }
        index
    })
}

fn one_receiver_may_be_added_twice() -> impl Debug {
    let r = holding(1);
    let mut select = Select::new();
    for r in [&r, &r] {
        select.recv(r);
    }
    let operation = select.select();
    let index = operation.index();
    operation.recv(&r).unwrap();
    index
}

fn both_directions_may_be_added() -> impl Debug {
    let (s, r) = bounded(2);
    s.send(1).unwrap();
    let mut select = Select::new();
    let sends = select.send(&s);
    select.recv(&r);
    let operation = select.select();
    let index = operation.index();
    if index == sends {
        operation.send(&s, 2).unwrap()
    } else {
        assert_eq!(operation.recv(&r), Ok(1))
    }
    (index, r.len())
}

fn a_selects_own_directions_do_not_meet() -> impl Debug {
    let (s, r) = bounded::<()>(0);
    let mut select = Select::new();
    select.send(&s);
    select.recv(&r);
    (select.select_timeout(soon()).map(|_| ()), select.ready_timeout(soon()))
}

fn a_removed_operation_is_not_selected_and_its_index_not_reused() -> impl Debug {
    let (r1, r2) = (holding(1), holding(2));
    let mut select = Select::new();
    let first = select.recv(&r1);
    select.recv(&r2);
    select.remove(first);
    let operation = select.select();
    let index = operation.index();
    operation.recv(&r2).unwrap();
    (index, select.recv(&r1))
}

fn a_select_can_be_used_again() -> impl Debug {
    let (s, r) = unbounded();
    (1..=3).for_each(|n| s.send(n).unwrap());
    let mut select = Select::new();
    select.recv(&r);
    [(); 3].map(|()| select.select().recv(&r).unwrap())
}

fn a_clone_goes_its_own_way() -> impl Debug {
    let r = holding(1);
    let mut select = Select::new();
    let index = select.recv(&r);
    let mut clone = select.clone();
    select.remove(index);
    (select.try_select().map(|_| ()), clone.try_select().unwrap().recv(&r))
}

fn a_select_waits_for_a_message() -> impl Debug {
    let (r1, (s2, r2)) = (never::<i32>(), bounded(1));
    let sender = thread::spawn(move || s2.send(2).unwrap());
    let mut select = Select::new();
    for r in [&r1, &r2] {
        select.recv(r);
    }
    let operation = select.select();
    let received = (operation.index(), operation.recv(&r2));
    sender.join().unwrap();
    received
}

fn a_disconnection_wakes_a_select() -> impl Debug {
    let ((s1, r1), r2) = (bounded::<i32>(0), never::<i32>());
    let sender = thread::spawn(move || drop(s1));
    let mut select = Select::new();
    for r in [&r1, &r2] {
        select.recv(r);
    }
    let operation = select.select();
    let received = (operation.index(), operation.recv(&r1));
    sender.join().unwrap();
    received
}

fn a_select_that_times_out_takes_nothing() -> impl Debug {
    let (s, r) = bounded(1);
    let sender = thread::spawn(move || s.send(1).unwrap());
    let mut select = Select::new();
    select.recv(&r);
    let taken = select.select_timeout(late()).ok().map(|operation| operation.recv(&r).unwrap());
    sender.join().unwrap();
    (taken, r.try_iter().collect::<Vec<_>>())
}

fn a_select_that_times_out_meets_nobody() -> impl Debug {
    let (s, r) = bounded(0);
    let sender = thread::spawn(move || s.send(1).map_err(|error| error.into_inner()));
    let mut select = Select::new();
    select.recv(&r);
    let taken = select.select_deadline(Instant::now() + late()).ok().map(|operation| operation.recv(&r).unwrap());
    drop(select);
    drop(r);
    (taken, sender.join().unwrap())
}

fn try_select_meets_a_sender_that_waits() -> impl Debug {
    let (s, r) = bounded(0);
    let sender = thread::spawn(move || s.send(1).map_err(|error| error.into_inner()));
    let mut select = Select::new();
    select.recv(&r);
    let taken = select.try_select().ok().map(|operation| operation.recv(&r).unwrap());
    drop(select);
    drop(r);
    (taken, sender.join().unwrap())
}

fn try_select_meets_a_receiver_that_waits() -> impl Debug {
    let (s, r) = bounded(0);
    let receiver = thread::spawn(move || r.recv());
    let mut select = Select::new();
    select.send(&s);
    let sent = select.try_select().ok().map(|operation| operation.send(&s, 1));
    drop(select);
    drop(s);
    (sent, receiver.join().unwrap())
}

fn two_selects_meet() -> impl Debug {
    let (s, r) = bounded(0);
    thread::scope(|scope| {
        let sender = scope.spawn(|| {
            let mut select = Select::new();
            select.send(&s);
            select.select().send(&s, 3)
        });
        let mut select = Select::new();
        select.recv(&r);
        let received = select.select().recv(&r);
        (sender.join().unwrap(), received)
    })
}

fn messages_are_gathered_from_channels_until_all_are_disconnected() -> impl Debug {
    let ((s1, r1), (s2, r2)) = (unbounded(), bounded(0));
    let one = thread::spawn(move || (1..=2).for_each(|n| s1.send(n).unwrap()));
    let two = thread::spawn(move || s2.send(10).unwrap());
    let rs = [r1, r2];
    let mut select = Select::new();
    for r in &rs {
        select.recv(r);
    }
    let (mut all, mut open) = (Vec::new(), rs.len());
    while open > 0 {
        let operation = select.select();
        let index = operation.index();
        match operation.recv(&rs[index]) {
            Ok(n) => all.push(n),
            Err(RecvError) => {
                select.remove(index);
                open -= 1;
            }
        }
    }
    join([one, two]);
    all
}

fn there_is_no_limit_to_the_operations() -> impl Debug {
    let mut rs = vec![never(); 299];
    rs.push(holding(300));
    let mut select = Select::new();
    for r in &rs {
        select.recv(r);
    }
    let operation = select.select();
    let index = operation.index();
    (index, operation.recv(&rs[index]))
}

fn a_dropped_select_leaves_no_trace() -> impl Debug {
    let (s, r) = bounded(0);
    let mut select = Select::new();
    select.send(&s);
    select.recv(&r);
    assert!(select.select_timeout(soon()).is_err() && select.ready_timeout(soon()).is_err());
    drop(select);
    (s.try_send(1).is_err_and(|error| error.is_full()), r.try_recv())
}

fn the_dynamic_select_can_be_shared_and_shown() -> impl Debug {
    fn shared<T: Send + Sync>(value: &T) -> &T {
        value
    }
    let r = holding(1);
    let mut select = Select::new();
    select.recv(&r);
    let text = format!("{:?}", shared(&select));
    let operation = select.select();
    (text, format!("{operation:?}"), operation.recv(&r))
}

fn a_dynamic_select_over_never_blocks() -> impl Debug {
    let r = never::<i32>();
    let mut select = Select::new();
    select.recv(&r);
    select.select().recv(&r)
}
