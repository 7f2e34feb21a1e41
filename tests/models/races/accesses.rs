//! How long an access lasts.

use super::*;

#[test]
fn an_access_within_an_access_of_the_same_thread_is_no_race() {
    passes(|| {
        let shared = Shared::default();
        shared.cell.with(|_| assert_eq!(shared.read(), 0));
        shared.cell.with(|_| shared.write());
        shared.cell.with_mut(|_| shared.write());
        shared.cell.with_mut(|_| assert_eq!(shared.read(), 2));
    });
}

/// Raises the flag inside `access`, where another thread that sees it accesses the cell too.
fn flagged_inside(
    access: fn(&Shared, &dyn Fn()),
    other: fn(&Shared),
    then: fn(&Shared),
) -> impl Fn() + Send + Sync + Clone + 'static {
    move || {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let sees = thread::spawn(move || {
            if theirs.flag.load(Acquire) == 1 {
                other(&theirs);
            }
        });
        access(&shared, &|| {
            shared.flag.store(1, Release);
            then(&shared);
        });
        sees.join().unwrap();
    }
}

#[test]
fn an_access_lasts_as_long_as_its_closure() {
    let read: fn(&Shared) = |shared| _ = shared.read();
    let writes: fn(&Shared, &dyn Fn()) = |shared, inside| shared.cell.with_mut(|_| inside());
    let reads: fn(&Shared, &dyn Fn()) = |shared, inside| shared.cell.with(|_| inside());
    let panics: fn(&Shared, &dyn Fn()) = |shared, inside| {
        let access = std::panic::AssertUnwindSafe(|| {
            shared.cell.with_mut(|_| {
                inside();
                panic!("in an access");
            })
        });
        assert!(std::panic::catch_unwind(access).is_err());
    };
    // The other thread may come while the access goes on, or when it has ended, which the flag tells nothing of.
    for then in [|_: &Shared| {}, |shared: &Shared| _ = shared.flag.load(Relaxed)] {
        for (access, other) in [(writes, read), (writes, Shared::write), (reads, Shared::write), (panics, read)] {
            let verdicts = fails(DataRace, "and nothing orders the two", flagged_inside(access, other, then));
            for failure in verdicts.into_iter().map(|verdict| verdict.failure.unwrap()) {
                let accesses = failure.steps.iter().filter(|s| matches!(s.kind, Kind::CellRead | Kind::CellWrite));
                assert_eq!(accesses.count(), 2, "both are told, ended or not");
            }
        }
        passes(flagged_inside(reads, read, then));
    }
}

#[test]
fn an_access_that_has_ended_by_a_panic_is_over() {
    passes(|| {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let other = thread::spawn(move || {
            let access = std::panic::AssertUnwindSafe(|| theirs.cell.with_mut(|_| panic!("in an access")));
            assert!(std::panic::catch_unwind(access).is_err());
            theirs.flag.store(1, Release);
        });
        if shared.flag.load(Acquire) == 1 {
            shared.write();
        }
        other.join().unwrap();
    });
}

#[test]
fn an_access_is_left_open_when_its_execution_ends_early() {
    struct Writes(Arc<Shared>);
    impl Drop for Writes {
        fn drop(&mut self) {
            self.0.write();
        }
    }
    fails(DataRace, "and nothing orders the two", || {
        let shared = Arc::new(Shared::default());
        let theirs = Writes(Arc::clone(&shared));
        let other = thread::spawn(move || {
            theirs.0.cell.with_mut(|_| {
                let _writes = Writes(Arc::clone(&theirs.0));
                thread::park();
            });
        });
        shared.write();
        other.thread().unpark();
        other.join().unwrap();
    });
}

#[test]
fn a_cell_is_reached_without_events_through_a_mutable_reference() {
    passes(|| {
        let mut cell = UnsafeCell::new(3);
        *cell.get_mut() += 1;
        assert_eq!(cell.into_inner(), 4);
        assert_eq!(UnsafeCell::from(7).into_inner(), 7);
    });
}
