//! Wrong use, and what crossbeam says to it.

use std::{fmt::Debug, panic::AssertUnwindSafe};

use super::{
    channel::{Select, bounded, never, unbounded},
    conforms, said, thread,
};

conforms![
    always(a_select_without_operations_panics, r#""no operations have been added to `Select`""#),
    always(ready_without_operations_panics, r#""no operations have been added to `Select`""#),
    always(a_select_from_which_all_is_removed_panics, r#""no operations have been added to `Select`""#),
    always(an_operation_that_never_was_cannot_be_removed, r#""index out of bounds; 1 >= 1""#),
    always(an_operation_that_is_removed_cannot_be_removed, r#""no operation with this index""#),
    always(
        an_operation_that_is_not_completed_panics,
        r#""dropped `SelectedOperation` without completing the operation""#
    ),
    always(a_forgotten_operation_does_not_panic, "(0, Err(RecvError))"),
    always(a_panic_in_an_arm_leaves_the_channel_as_it_is, r#"("in an arm", Ok(2))"#),
    always(a_panic_of_a_sender_disconnects, r#"("the sender panics", Ok(1), Err(RecvError))"#),
    always(a_panic_of_a_receiver_disconnects, r#"("the receiver panics", Err(2))"#),
    aborts(an_operation_must_be_completed_on_the_receiver_it_was_selected_on, "passed a receiver that wasn't selected"),
    aborts(an_operation_must_be_completed_on_the_sender_it_was_selected_on, "passed a sender that wasn't selected"),
    aborts(a_clone_is_not_the_receiver_that_was_selected, "passed a receiver that wasn't selected"),
    aborts(a_receive_is_not_completed_by_a_send, "passed a sender that wasn't selected"),
];

fn a_select_without_operations_panics() -> impl Debug {
    said(|| drop(Select::new().select()))
}

fn ready_without_operations_panics() -> impl Debug {
    said(|| Select::new().ready())
}

fn a_select_from_which_all_is_removed_panics() -> impl Debug {
    let r = never::<()>();
    said(|| {
        let mut select = Select::new();
        let index = select.recv(&r);
        select.remove(index);
        select.select().recv(&r)
    })
}

fn an_operation_that_never_was_cannot_be_removed() -> impl Debug {
    let r = never::<()>();
    said(|| {
        let mut select = Select::new();
        select.recv(&r);
        select.remove(1);
    })
}

fn an_operation_that_is_removed_cannot_be_removed() -> impl Debug {
    let r = never::<()>();
    said(|| {
        let mut select = Select::new();
        let index = select.recv(&r);
        select.remove(index);
        select.remove(index);
    })
}

fn an_operation_that_is_not_completed_panics() -> impl Debug {
    let (s, r) = bounded(1);
    s.send(1).unwrap();
    said(|| {
        let mut select = Select::new();
        select.recv(&r);
        drop(select.select());
    })
}

fn a_forgotten_operation_does_not_panic() -> impl Debug {
    let (s, r) = bounded::<i32>(1);
    drop(s);
    let mut select = Select::new();
    let index = select.recv(&r);
    std::mem::forget(select.select());
    (index, r.recv())
}

fn a_panic_in_an_arm_leaves_the_channel_as_it_is() -> impl Debug {
    let (s, r) = unbounded();
    (1..=2).for_each(|n| s.send(n).unwrap());
    let text = said(|| {
        super::channel::select! {
            recv(r) -> _ => panic!("in an arm"),
            recv(never::<()>()) -> _ => {}
        }
    });
    (text, r.recv())
}

fn a_panic_of_a_sender_disconnects() -> impl Debug {
    let (s, r) = bounded(1);
    let sender = thread::spawn(move || {
        said(AssertUnwindSafe(move || {
            s.send(1).unwrap();
            panic!("the sender panics");
        }))
    });
    let received = (r.recv(), r.recv());
    (sender.join().unwrap(), received.0, received.1)
}

fn a_panic_of_a_receiver_disconnects() -> impl Debug {
    let (s, r) = bounded(0);
    let receiver = thread::spawn(move || {
        said(AssertUnwindSafe(move || {
            assert_eq!(r.recv(), Ok(1));
            panic!("the receiver panics");
        }))
    });
    s.send(1).unwrap();
    let refused = s.send(2).map_err(|error| error.into_inner());
    (receiver.join().unwrap(), refused)
}

fn an_operation_must_be_completed_on_the_receiver_it_was_selected_on() -> impl Debug {
    let ((s, r), other) = (bounded(1), never::<i32>());
    s.send(1).unwrap();
    let mut select = Select::new();
    select.recv(&r);
    select.select().recv(&other)
}

fn an_operation_must_be_completed_on_the_sender_it_was_selected_on() -> impl Debug {
    let ((s, _r), (other, _also)) = (bounded::<i32>(1), bounded::<i32>(1));
    let mut select = Select::new();
    select.send(&s);
    select.select().send(&other, 1)
}

fn a_clone_is_not_the_receiver_that_was_selected() -> impl Debug {
    let (s, r) = bounded(1);
    s.send(1).unwrap();
    let clone = r.clone();
    let mut select = Select::new();
    select.recv(&r);
    select.select().recv(&clone)
}

fn a_receive_is_not_completed_by_a_send() -> impl Debug {
    let (s, r) = bounded(1);
    s.send(1).unwrap();
    let mut select = Select::new();
    select.recv(&r);
    select.select().send(&s, 2)
}
