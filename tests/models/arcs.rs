//! `Arc` and `Weak`: what they order, what of their counts can be seen, and that they offer what std's do.

use std::{any::Any, collections::HashMap, fmt::Display, pin::Pin};

use crate::common::*;
use raddle::{
    FailureKind::DataRace,
    World,
    cell::UnsafeCell,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicUsize, Ordering::*},
    },
    thread,
};

/// A cell that is read and written without any lock: ordered by the references' counts, or not at all.
#[derive(Default)]
struct Plain(UnsafeCell<usize>);

// SAFETY: the model's threads all run on one OS thread, so that a race is found, and never happens.
unsafe impl Sync for Plain {}

impl Plain {
    #[track_caller]
    fn add(&self) -> usize {
        // SAFETY: see `Sync`.
        self.0.with_mut(|n| unsafe {
            *n += 1;
            *n
        })
    }

    #[track_caller]
    fn read(&self) -> usize {
        // SAFETY: see `Sync`.
        self.0.with(|n| unsafe { *n })
    }
}

/// Reads its cell when it is dropped.
#[derive(Default)]
struct Last(Plain);

impl Drop for Last {
    fn drop(&mut self) {
        self.0.read();
    }
}

#[test]
fn the_last_owners_destructor_races_with_no_owner() {
    passes(|| {
        let one = Arc::new(Last::default());
        let two = Arc::clone(&one);
        let other = thread::spawn(move || _ = two.0.add());
        drop(one);
        other.join().unwrap();
    });
    passes(|| {
        let gone = Arc::new(AtomicUsize::new(0));
        let one = Arc::new(Last::default());
        let (two, theirs) = (Arc::clone(&one), Arc::clone(&gone));
        let other = thread::spawn(move || {
            two.0.add();
            drop(two);
            theirs.store(1, Relaxed);
        });
        // Orders nothing by itself: only the drops do.
        while gone.load(Relaxed) == 0 {
            thread::yield_now();
        }
        drop(one);
        other.join().unwrap();
    });
}

#[test]
fn owners_still_race_with_each_other() {
    fails(DataRace, "and nothing orders the two", || {
        let one = Arc::new(Last::default());
        let two = Arc::clone(&one);
        let other = thread::spawn(move || two.0.add());
        one.0.add();
        other.join().unwrap();
    });
}

/// A model in which a thread writes and drops its reference, and main then looks.
fn look(look: fn(Arc<Plain>) -> bool) -> impl Fn() -> bool + Send + Sync + Clone + 'static {
    move || {
        let one = Arc::new(Plain::default());
        let two = Arc::clone(&one);
        let other = thread::spawn(move || _ = two.add());
        let seen = look(one);
        other.join().unwrap();
        seen
    }
}

#[test]
fn looking_for_the_only_reference_succeeds_or_not_and_orders() {
    let looks: [fn(Arc<Plain>) -> bool; 3] = [
        |mut one| Arc::get_mut(&mut one).is_some_and(|alone| alone.add() == 2),
        |one| Arc::try_unwrap(one).is_ok_and(|alone| alone.add() == 2),
        |one| Arc::into_inner(one).is_some_and(|alone| alone.add() == 2),
    ];
    for one in looks {
        explores([false, true], look(one));
    }
}

#[test]
fn a_count_of_one_orders_nothing() {
    // std reads the count without ordering anything. In the loom world it orders, as the docs of `Arc` say.
    let shuttles: Vec<_> = strategies().into_iter().filter(|strategy| strategy.world() == World::Shuttle).collect();
    fails_with(&shuttles, DataRace, "and nothing orders the two", || {
        let one = Arc::new(Plain::default());
        let two = Arc::clone(&one);
        let other = thread::spawn(move || _ = two.add());
        if Arc::strong_count(&one) == 1 {
            one.read();
        }
        other.join().unwrap();
    });
}

#[test]
fn into_inner_by_every_owner_gives_the_value_to_one() {
    explores([(1, 0), (0, 1)], || {
        let one = Arc::new(7);
        let two = Arc::clone(&one);
        let other = thread::spawn(move || usize::from(Arc::into_inner(two).is_some()));
        let mine = usize::from(Arc::into_inner(one).is_some());
        (mine, other.join().unwrap())
    });
}

#[test]
fn counts_are_seen_before_and_after() {
    explores([1, 2], || {
        let one = Arc::new(());
        let two = Arc::clone(&one);
        let other = thread::spawn(move || drop(two));
        let count = Arc::strong_count(&one);
        other.join().unwrap();
        assert_eq!(Arc::strong_count(&one), 1);
        count
    });
    explores([1, 2], || {
        let one = Arc::new(());
        let theirs = Arc::downgrade(&one);
        let other = thread::spawn(move || theirs.upgrade().is_some());
        let count = Arc::strong_count(&one);
        assert!(other.join().unwrap(), "main holds it all the time");
        count
    });
}

#[test]
fn weak_references_come_and_go_before_and_after_a_look() {
    explores([false, true], || {
        let mut one = Arc::new(());
        let weak = Arc::downgrade(&one);
        let other = thread::spawn(move || drop(weak));
        let alone = Arc::get_mut(&mut one).is_some();
        other.join().unwrap();
        assert!(Arc::get_mut(&mut one).is_some());
        alone
    });
    explores([1, 2], || {
        let one = Arc::new(());
        let weak = Arc::downgrade(&one);
        let other = thread::spawn(move || weak.clone());
        let count = Arc::weak_count(&one);
        drop(other.join().unwrap());
        count
    });
}

#[test]
fn an_upgrade_finds_the_value_or_not() {
    explores([false, true], || {
        let one = Arc::new(Mutex::new(1));
        let weak = Arc::downgrade(&one);
        let other = thread::spawn(move || drop(one));
        let found = weak.upgrade().is_some_and(|one| *one.lock().unwrap() == 1);
        other.join().unwrap();
        assert!(weak.upgrade().is_none());
        found
    });
}

#[test]
fn a_thread_that_upgrades_comes_before_or_after_the_last_drop() {
    explores([false, true], || {
        let one = Arc::new(5);
        let weak = Arc::downgrade(&one);
        let other = thread::spawn(move || weak.upgrade().is_some());
        drop(one);
        other.join().unwrap()
    });
    explores([0, 1], || {
        let one = Arc::new(5);
        let weak = Arc::downgrade(&one);
        let other = thread::spawn(move || weak.strong_count());
        drop(one);
        other.join().unwrap()
    });
    explores([false, true], || {
        let one = Arc::new(5);
        let (two, weak) = (Arc::clone(&one), Arc::downgrade(&one));
        let drops = thread::spawn(move || drop(two));
        let upgrades = thread::spawn(move || weak.upgrade().is_some());
        drop(one);
        drops.join().unwrap();
        upgrades.join().unwrap()
    });
}

#[test]
fn a_destructor_with_a_scheduling_point_is_explored_on_either_thread() {
    struct Tells(Arc<AtomicUsize>, usize);
    impl Drop for Tells {
        fn drop(&mut self) {
            self.0.store(if thread::current().name() == Some("main") { 1 } else { 2 }, SeqCst);
        }
    }
    explores([1, 2], || {
        let told = Arc::new(AtomicUsize::new(0));
        let one = Arc::new(Tells(Arc::clone(&told), 3));
        let two = Arc::clone(&one);
        let other = thread::spawn(move || assert_eq!(two.1, 3));
        drop(one);
        other.join().unwrap();
        told.load(SeqCst)
    });
}

#[test]
fn a_destructor_that_touches_a_cell_races_on_whichever_thread_is_last() {
    struct Touches(Arc<Plain>);
    impl Drop for Touches {
        fn drop(&mut self) {
            self.0.add();
        }
    }
    // Only where main is the last owner does its destructor race with what the other does after its own drop.
    fails(DataRace, "and nothing orders the two", || {
        let plain = Arc::new(Plain::default());
        let one = Arc::new(Touches(Arc::clone(&plain)));
        let two = Arc::clone(&one);
        let other = thread::spawn(move || {
            drop(two);
            plain.read();
        });
        drop(one);
        other.join().unwrap();
    });
}

#[test]
fn make_mut_clones_what_is_shared_and_moves_away_from_weak_references() {
    everywhere(|| {
        let mut one = Arc::new(vec![1]);
        Arc::make_mut(&mut one).push(2);
        let two = Arc::clone(&one);
        Arc::make_mut(&mut one).push(3);
        assert_eq!((one.as_slice(), two.as_slice()), (&[1, 2, 3][..], &[1, 2][..]));
        let weak = Arc::downgrade(&one);
        Arc::make_mut(&mut one).push(4);
        assert!(weak.upgrade().is_none());
        assert_eq!((one.len(), Arc::unwrap_or_clone(one), Arc::unwrap_or_clone(two).len()), (4, vec![1, 2, 3, 4], 2));
    });
}

#[test]
fn make_mut_by_two_owners_gives_each_a_value_of_its_own() {
    passes(|| {
        let mut one = Arc::new(1);
        let mut two = Arc::clone(&one);
        let other = thread::spawn(move || {
            *Arc::make_mut(&mut two) += 1;
            *two
        });
        *Arc::make_mut(&mut one) += 10;
        assert_eq!((*one, other.join().unwrap()), (11, 2));
    });
}

/// In a model of each strategy, and outside any.
#[track_caller]
fn everywhere(body: impl Fn() + Send + Sync + Clone + 'static) {
    if World::compiled().contains(&World::Std) {
        body();
    }
    passes(body);
}

#[test]
fn references_are_told_apart_by_what_they_point_to() {
    everywhere(|| {
        let (one, other) = (Arc::new(1), Arc::new(1));
        assert!(Arc::ptr_eq(&one, &Arc::clone(&one)) && !Arc::ptr_eq(&one, &other));
        assert!(one == other && *one.as_ref() == 1 && one <= other);
        assert_eq!(Arc::as_ptr(&one), Arc::as_ptr(&Arc::clone(&one)));
        assert_eq!(format!("{one:?} {one} {one:p}"), format!("1 1 {:p}", Arc::as_ptr(&one)));
        let (weak, same) = (Arc::downgrade(&one), Arc::downgrade(&one));
        assert!(weak.ptr_eq(&same) && !weak.ptr_eq(&Weak::new()));
        assert_eq!((Arc::weak_count(&one), weak.strong_count(), weak.clone().weak_count()), (2, 1, 3));
        let keyed: HashMap<Arc<str>, i32> = HashMap::from([(Arc::from("key"), 3)]);
        assert_eq!(keyed["key"], 3, "it hashes and borrows as what it points to");
    });
}

#[test]
fn a_weak_reference_to_nothing_is_never_upgraded() {
    static NOTHING: Weak<u8> = Weak::new();
    everywhere(|| {
        assert!(NOTHING.upgrade().is_none());
        let none = Weak::<usize>::default();
        assert_eq!((none.strong_count(), none.weak_count()), (0, 0));
        assert_eq!(format!("{none:?}"), "(Weak)");
    });
}

#[test]
fn a_value_may_hold_a_weak_reference_to_itself() {
    struct Node {
        me: Weak<Node>,
        number: usize,
    }
    everywhere(|| {
        let node = Arc::new_cyclic(|me| {
            assert!(me.upgrade().is_none(), "it is not there yet");
            Node { me: me.clone(), number: 3 }
        });
        assert_eq!(node.me.upgrade().unwrap().number, 3);
        assert!(Arc::ptr_eq(&node, &node.me.upgrade().unwrap()));
        let me = node.me.clone();
        drop(node);
        assert!(me.upgrade().is_none());
    });
}

#[test]
fn slices_strings_and_boxes_are_shared() {
    everywhere(|| {
        let slices: [Arc<[i32]>; 4] =
            [Arc::from(vec![1, 2]), Arc::from(&[1, 2][..]), Arc::from([1, 2]), (1..3).collect()];
        assert!(slices.iter().all(|slice| **slice == [1, 2]));
        let texts: [Arc<str>; 3] = [Arc::from("ab"), Arc::from("ab".to_owned()), Arc::from(Box::<str>::from("ab"))];
        assert!(texts.iter().all(|text| &**text == "ab"));
        assert_eq!((*Arc::from(3), *Arc::<usize>::default(), *Arc::pin(4)), (3, 0, 4));
        let pinned: Pin<Arc<usize>> = Arc::pin(5);
        assert_eq!(*pinned, 5);
    });
}

#[test]
fn a_trait_object_comes_from_stds_arc() {
    everywhere(|| {
        let shown: std::sync::Arc<dyn Display + Send + Sync> = std::sync::Arc::new(7);
        let shown: Arc<dyn Display + Send + Sync> = Arc::from_std(shown);
        let theirs = Arc::clone(&shown);
        thread::spawn(move || assert_eq!(theirs.to_string(), "7")).join().unwrap();
        assert_eq!(std::sync::Arc::strong_count(&Arc::into_std(shown)), 1);
        let any: std::sync::Arc<dyn Any + Send + Sync> = std::sync::Arc::new(8_u8);
        let any: Arc<dyn Any + Send + Sync> = Arc::from_std(any);
        let any = any.downcast::<u16>().unwrap_err();
        assert_eq!(*any.downcast::<u8>().unwrap(), 8);
    });
}

#[test]
fn a_reference_goes_through_a_raw_pointer_and_back() {
    everywhere(|| {
        let pointer = Arc::into_raw(Arc::new(5));
        // SAFETY: the pointer comes from `into_raw`; the counts below add up.
        let one = unsafe {
            Arc::increment_strong_count(pointer);
            Arc::increment_strong_count(pointer);
            Arc::decrement_strong_count(pointer);
            drop(Arc::from_raw(pointer));
            Arc::from_raw(pointer)
        };
        assert_eq!((*one, Arc::strong_count(&one)), (5, 1));
        let weak = Arc::downgrade(&one).into_raw();
        assert_eq!((weak, Arc::weak_count(&one)), (Arc::as_ptr(&one), 1));
        // SAFETY: the pointer comes from `into_raw`.
        let weak = unsafe { Weak::from_raw(weak) };
        assert_eq!(weak.upgrade().as_deref(), Some(&5));
        drop(weak);
        assert_eq!(Arc::weak_count(&one), 0);
    });
}
