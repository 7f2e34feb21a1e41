//! `select`.

use super::*;

#[test]
fn se1_every_operand_is_evaluated_on_entry_once_and_in_order() {
    for full in [false, true] {
        shows([vec!["c", "1", "d", "e", "2"]], move || {
            let (c, d) = (Chan::new(1), Chan::new(0));
            let order = std::cell::RefCell::new(Vec::new());
            let on = |name: &'static str, chan: &Chan<i32>| {
                order.borrow_mut().push(name);
                chan.clone()
            };
            let value = |name: &'static str| {
                order.borrow_mut().push(name);
                0
            };
            if full {
                c.send(0);
            }
            select! {
                send(on("c", &c), value("1")) => {}
                recv(on("d", &d)) -> _ => {}
                send(on("e", &d), value("2")) => {}
                default => assert!(full),
            }
            order.take()
        });
    }
}

#[test]
fn se1_where_a_value_goes_is_evaluated_only_if_it_is_received() {
    shows([(vec!["c"], 1)], || {
        let (c, d) = (Chan::new(1), Chan::new(0));
        c.send(1);
        let (asked, place) = (std::cell::RefCell::new(Vec::new()), std::cell::Cell::new(0));
        let at = |name: &'static str| {
            asked.borrow_mut().push(name);
            &place
        };
        select! {
            recv(c) -> value => at("c").set(value.unwrap()),
            recv(d) -> value => at("d").set(value.unwrap()),
        }
        (asked.take(), place.get())
    });
}

/// Three arms that can be taken, two of them on one channel.
fn one_of_three() -> usize {
    let (a, b) = (Chan::new(1), Chan::new(1));
    a.send(1);
    b.send(2);
    select! {
        recv(a) -> value => value.unwrap(),
        recv(b) -> value => value.unwrap(),
        recv(b) -> value => value.unwrap() + 1,
    }
}

#[test]
fn se2_se10_any_arm_that_can_be_taken_is_and_a_channel_may_have_several() {
    shows([1, 2, 3], one_of_three);
    if real_threads() {
        let mut taken = [0; 4];
        (0..600).for_each(|_| taken[one_of_three()] += 1);
        assert!(taken[1..].iter().all(|n| *n > 60), "arms were taken {taken:?} times");
    }
    // Both of them stand for one wait: whoever comes finds one of them.
    shows([(1, 7), (2, 7)], || {
        let c = Chan::new(0);
        let d = c.clone();
        go(move || d.send(7));
        select! {
            recv(c) -> value => (1, value.unwrap()),
            recv(c) -> value => (2, value.unwrap()),
        }
    });
}

/// At every moment one of two channels can be received from: `second` comes before the first is drained.
fn one_is_always_ready(second: fn(&Chan<u8>)) -> impl Fn() -> bool + Send + Sync + Clone + 'static {
    move || {
        let (a, b, done) = (Chan::new(1), Chan::new(1), Chan::new(1));
        a.send(1);
        let (also_a, also_b, told) = (a.clone(), b.clone(), done.clone());
        go(move || {
            told.send(select! {
                recv(also_a) -> _ => true,
                recv(also_b) -> _ => true,
                default => false,
            });
        });
        second(&b);
        select! {
            recv(a) -> _ => {}
            default => {}
        }
        done.recv().unwrap()
    }
}

#[test]
fn se3_the_default_is_taken_only_if_at_one_moment_no_arm_can_be() {
    shows([true], one_is_always_ready(|b| b.send(2)));
    shows([true], one_is_always_ready(Chan::close));
    // What is queued, and the end after it.
    shows([true], || {
        let (c, done) = (Chan::new(1), Chan::new(1));
        c.send(1);
        let (theirs, told) = (c.clone(), done.clone());
        go(move || {
            told.send(select! {
                recv(theirs) -> _ => true,
                default => false,
            });
        });
        c.close();
        c.recv();
        done.recv().unwrap()
    });
}

#[test]
fn se4_a_select_of_which_no_arm_can_be_taken_waits() {
    always_fails(Deadlock, "main in select at ", || _ = Select::new().run());
    always_fails(Deadlock, "main in select at ", || select! {});
    always_fails(Deadlock, "main in select at ", || {
        let (a, b) = (Chan::<u8>::new(0), Chan::new(0));
        select! {
            recv(a) -> _ => {}
            send(b, 1) => {}
        }
    });
    shows([2], || {
        let (a, b) = (Chan::new(0), Chan::new(0));
        let theirs = b.clone();
        go(move || theirs.send(2));
        select! {
            recv(a) -> value => value.unwrap(),
            recv(b) -> value => value.unwrap(),
        }
    });
}

#[test]
fn se5_a_nil_arm_is_never_taken() {
    shows([7], || {
        let (nil, c) = (Chan::nil(), Chan::new(1));
        c.send(7);
        select! {
            recv(nil) -> value => value.unwrap_or(0),
            send(nil, 1) => 1,
            recv(c) -> value => value.unwrap(),
        }
    });
    always_fails(Deadlock, "main in select at ", || {
        let nil = Chan::<u8>::nil();
        select! {
            recv(nil) -> _ => {}
            send(nil, 1) => {}
        }
    });
    shows([true], || {
        select! {
            recv(Chan::<u8>::nil()) -> _ => false,
            default => true,
        }
    });
}

#[test]
fn se5_se7_an_arm_whose_channel_is_closed_is_switched_off_by_nil() {
    // Two sources are merged, until both have ended; without nil the loop might go round at the closed one.
    shows([([1, 2], 2)], || {
        let mut sources = [1, 2].map(|n| {
            let c = Chan::new(1);
            c.send(n);
            c.close();
            c
        });
        let (mut all, mut ends) = (Vec::new(), 0);
        while sources.iter().any(|source| !source.is_nil()) {
            let (value, from) = select! {
                recv(sources[0]) -> value => (value, 0),
                recv(sources[1]) -> value => (value, 1),
            };
            match value {
                Some(value) => all.push(value),
                None => {
                    sources[from] = Chan::nil();
                    ends += 1;
                }
            }
        }
        all.sort_unstable();
        (all.try_into().unwrap(), ends)
    });
}

#[test]
fn se7_a_receive_from_a_closed_channel_can_always_be_done() {
    shows([[Some(1), None, None]], || {
        let (c, nobody) = (Chan::new(1), Chan::<u8>::nil());
        c.send(1);
        c.close();
        [(); 3].map(|()| {
            select! {
                recv(c) -> value => value,
                recv(nobody) -> _ => unreachable!("it is nil"),
                default => unreachable!("an arm can be taken"),
            }
        })
    });
}

#[test]
fn se6_a_send_on_a_closed_channel_may_be_selected() {
    shows([true, false], || {
        let (closed, open) = (Chan::new(0), Chan::new(1));
        closed.close();
        open.send(1);
        panics(|| {
            select! {
                send(closed, 1) => {}
                recv(open) -> _ => {}
            }
        })
    });
    always_fails(Panic, "send on closed channel", || {
        let closed = Chan::new(0);
        closed.close();
        select! {
            send(closed, 1) => {}
            default => {}
        }
    });
}

#[test]
fn se8_a_select_does_not_meet_itself() {
    let both = |c: &Chan<u8>, mine: u8| {
        select! {
            send(c, mine) => None,
            recv(c) -> value => value,
        }
    };
    always_fails(Deadlock, "main in select at ", move || _ = both(&Chan::new(0), 1));
    shows([(None, Some(1)), (Some(2), None)], move || {
        let (c, done) = (Chan::new(0), Chan::new(1));
        let (theirs, told) = (c.clone(), done.clone());
        go(move || told.send(both(&theirs, 2)));
        (both(&c, 1), done.recv().unwrap())
    });
}

#[test]
fn se9_the_arms_that_were_not_taken_leave_no_trace() {
    shows([(1, 0)], || {
        let (a, b) = (Chan::new(0), Chan::new(1));
        let (theirs, also) = (a.clone(), b.clone());
        go(move || {
            select! {
                send(theirs, 1) => {}
                recv(also) -> _ => unreachable!("nobody sends on it"),
            }
        });
        let got = a.recv().unwrap();
        b.send(5);
        assert_eq!(b.recv(), Some(5));
        (got, b.len())
    });
    // Two selects of the same two channels: each value is sent once, and each is received.
    shows([[1, 2]], || {
        let (a, b) = (Chan::new(0), Chan::new(0));
        for n in [1, 2] {
            let (a, b) = (a.clone(), b.clone());
            go(move || {
                select! {
                    send(a, n) => {}
                    send(b, n) => {}
                }
            });
        }
        let mut all = [(); 2].map(|()| {
            select! {
                recv(a) -> value => value.unwrap(),
                recv(b) -> value => value.unwrap(),
            }
        });
        all.sort_unstable();
        all
    });
}

#[test]
fn se11_break_in_an_arm_leaves_the_loop_around_the_select() {
    // Go's break leaves the select only: a labelled block says so in Rust.
    shows([(1, 3)], || {
        let (c, mut left, mut gone_on) = (Chan::<u8>::new(0), 0, 0);
        c.close();
        for _ in 0..3 {
            left += 1;
            select! {
                recv(c) -> value => if value.is_none() { break },
            }
        }
        for _ in 0..3 {
            'select: {
                select! {
                    recv(c) -> value => if value.is_none() { break 'select },
                }
                unreachable!("the channel is closed");
            }
            gone_on += 1;
        }
        (left, gone_on)
    });
}

#[test]
fn se12_a_value_that_is_received_may_be_ignored_in_every_form() {
    let receives: [fn(&Chan<u8>); 3] = [
        |c| {
            c.recv();
        },
        |c| {
            select! {
                recv(c) -> _ => {}
            }
        },
        |c| {
            select! {
                recv(c) -> _ => {}
                recv(Chan::<u8>::nil()) -> _ => unreachable!("it is nil"),
            }
        },
    ];
    let sends: [fn(&Chan<u8>); 3] = [
        |c| c.send(1),
        |c| {
            select! {
                send(c, 1) => {}
            }
        },
        |c| {
            select! {
                send(c, 1) => {}
                send(Chan::nil(), 1) => unreachable!("it is nil"),
            }
        },
    ];
    for receive in receives {
        for send in sends {
            shows([()], move || {
                let c = Chan::new(0);
                let d = c.clone();
                go(move || send(&d));
                receive(&c);
            });
        }
    }
}

#[test]
fn se13_one_arm_is_the_operation_and_one_arm_with_default_tries_it() {
    shows([(1, Some(1))], || {
        let c = Chan::new(0);
        let d = c.clone();
        go(move || {
            select! {
                send(d, 1) => {}
            }
        });
        let got = select! {
            recv(c) -> value => value,
        };
        (1, got)
    });
    always_fails(Deadlock, "main in select of channel#1", || {
        let c = Chan::new(0);
        select! {
            send(c, 1) => {}
        }
    });
    let try_send = |c: &Chan<u8>| {
        select! {
            send(c, 1) => true,
            default => false,
        }
    };
    let try_recv = |c: &Chan<u8>| {
        select! {
            recv(c) -> value => value.is_some(),
            default => false,
        }
    };
    shows([[false, true, false, true, false]], move || {
        let (c, met) = (Chan::new(1), Chan::new(0));
        [try_recv(&c), try_send(&c), try_send(&c), try_recv(&c), try_send(&met)]
    });
    // Trying meets whoever waits.
    shows([true, false], move || {
        let (c, done) = (Chan::new(0), Chan::new(1));
        let (theirs, told) = (c.clone(), done.clone());
        go(move || told.send(theirs.recv().is_some()));
        let sent = try_send(&c);
        c.close();
        assert_eq!(done.recv(), Some(sent));
        sent
    });
}
