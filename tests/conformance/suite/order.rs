//! What a channel puts in order: data that nothing else guards is passed on by a message, by a rendezvous, by room.
//!
//! In a model a missing order is a data race. crossbeam does not promise that an error orders anything: that a buffered
//! channel is disconnected is read without an order, so there is no model of that.

use std::fmt::Debug;

use super::{
    cell::UnsafeCell,
    channel::{Receiver, Select, Sender, bounded, never, select, unbounded},
    conforms,
    sync::mpsc::{channel, sync_channel},
    thread,
};

conforms![
    always(a_message_brings_what_was_written_before_it, "5"),
    always(a_message_in_a_bounded_channel_brings_what_was_written_before_it, "5"),
    always(a_rendezvous_brings_what_the_sender_wrote, "5"),
    always(a_rendezvous_brings_what_the_receiver_wrote, "5"),
    always(room_brings_what_the_receiver_wrote, "5"),
    always(a_bound_of_one_is_a_lock, "(2, 2)"),
    always(a_message_that_is_tried_for_brings_what_was_written, "true"),
    always(a_selected_message_brings_what_was_written_before_it, "5"),
    always(a_selected_send_brings_what_the_receiver_wrote, "5"),
    always(a_message_brings_what_was_written_before_earlier_messages, "5"),
    always(what_passes_two_channels_is_still_ordered, "5"),
    always(a_disconnected_rendezvous_brings_what_the_sender_wrote, "5"),
    always(a_std_message_brings_what_was_written_before_it, "5"),
    always(a_std_rendezvous_brings_what_the_receiver_wrote, "5"),
];

/// Data without a guard of its own.
struct Plain(UnsafeCell<u32>);

// SAFETY: the models order all accesses by channels; raddle checks that they do.
unsafe impl Sync for Plain {}

impl Plain {
    fn new() -> Plain {
        Plain(UnsafeCell::new(0))
    }

    fn set(&self, n: u32) {
        // SAFETY: see `Sync`.
        self.0.with_mut(|cell| unsafe { *cell = n });
    }

    fn get(&self) -> u32 {
        // SAFETY: see `Sync`.
        self.0.with(|cell| unsafe { *cell })
    }
}

/// What the other thread reads when it has the message.
fn brought((s, r): (Sender<()>, Receiver<()>)) -> u32 {
    let plain = Plain::new();
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            r.recv().unwrap();
            plain.get()
        });
        plain.set(5);
        s.send(()).unwrap();
        reader.join().unwrap()
    })
}

fn a_message_brings_what_was_written_before_it() -> impl Debug {
    brought(unbounded())
}

fn a_message_in_a_bounded_channel_brings_what_was_written_before_it() -> impl Debug {
    brought(bounded(1))
}

fn a_rendezvous_brings_what_the_sender_wrote() -> impl Debug {
    brought(bounded(0))
}

fn a_rendezvous_brings_what_the_receiver_wrote() -> impl Debug {
    let plain = Plain::new();
    let (s, r) = bounded(0);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            s.send(()).unwrap();
            plain.get()
        });
        plain.set(5);
        r.recv().unwrap();
        reader.join().unwrap()
    })
}

/// With a capacity of one, the second send comes after the first receive.
fn room_brings_what_the_receiver_wrote() -> impl Debug {
    let plain = Plain::new();
    let (s, r) = bounded(1);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            (0..2).for_each(|_| s.send(()).unwrap());
            plain.get()
        });
        plain.set(5);
        r.recv().unwrap();
        reader.join().unwrap()
    })
}

fn a_bound_of_one_is_a_lock() -> impl Debug {
    let plain = Plain::new();
    let (lock, unlock) = bounded(1);
    let add = || {
        lock.send(()).unwrap();
        let n = plain.get() + 1;
        plain.set(n);
        unlock.recv().unwrap();
        n
    };
    thread::scope(|scope| {
        let other = scope.spawn(add);
        (add().max(other.join().unwrap()), plain.get())
    })
}

fn a_message_that_is_tried_for_brings_what_was_written() -> impl Debug {
    let plain = Plain::new();
    let (s, r) = bounded(1);
    thread::scope(|scope| {
        let reader = scope.spawn(|| r.try_recv().is_err() || plain.get() == 5);
        plain.set(5);
        s.try_send(()).unwrap();
        reader.join().unwrap()
    })
}

fn a_selected_message_brings_what_was_written_before_it() -> impl Debug {
    let plain = Plain::new();
    let (s, r) = bounded(0);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            select! {
                recv(r) -> message => message.unwrap(),
                recv(never()) -> message => message.unwrap(),
            }
            plain.get()
        });
        plain.set(5);
        s.send(()).unwrap();
        reader.join().unwrap()
    })
}

fn a_selected_send_brings_what_the_receiver_wrote() -> impl Debug {
    let plain = Plain::new();
    let (s, r) = bounded(0);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut select = Select::new();
            select.send(&s);
            select.select().send(&s, ()).unwrap();
            plain.get()
        });
        plain.set(5);
        r.recv().unwrap();
        reader.join().unwrap()
    })
}

fn a_message_brings_what_was_written_before_earlier_messages() -> impl Debug {
    let plain = Plain::new();
    let (s, r) = unbounded();
    thread::scope(|scope| {
        let reader = scope.spawn(|| r.iter().find(|last| *last).map(|_| plain.get()));
        plain.set(5);
        for last in [false, true] {
            s.send(last).unwrap();
        }
        reader.join().unwrap().unwrap()
    })
}

fn what_passes_two_channels_is_still_ordered() -> impl Debug {
    let plain = Plain::new();
    let ((s1, r1), (s2, r2)) = (unbounded(), bounded(0));
    thread::scope(|scope| {
        scope.spawn(|| r1.recv().map(|()| s2.send(())).unwrap().unwrap());
        let reader = scope.spawn(|| {
            r2.recv().unwrap();
            plain.get()
        });
        plain.set(5);
        s1.send(()).unwrap();
        reader.join().unwrap()
    })
}

fn a_disconnected_rendezvous_brings_what_the_sender_wrote() -> impl Debug {
    let plain = Plain::new();
    let (s, r) = bounded::<()>(0);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            r.recv().unwrap_err();
            plain.get()
        });
        plain.set(5);
        drop(s);
        reader.join().unwrap()
    })
}

fn a_std_message_brings_what_was_written_before_it() -> impl Debug {
    let plain = Plain::new();
    let (s, r) = channel();
    let read = &plain;
    thread::scope(|scope| {
        let reader = scope.spawn(move || {
            r.recv().unwrap();
            read.get()
        });
        plain.set(5);
        s.send(()).unwrap();
        reader.join().unwrap()
    })
}

fn a_std_rendezvous_brings_what_the_receiver_wrote() -> impl Debug {
    let plain = Plain::new();
    let (s, r) = sync_channel(0);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            s.send(()).unwrap();
            plain.get()
        });
        plain.set(5);
        r.recv().unwrap();
        reader.join().unwrap()
    })
}
