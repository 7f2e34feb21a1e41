//! Every operation of every atomic gives what std's gives: in each world, and outside any model.

use std::sync::atomic::Ordering::{self, *};

use crate::common::*;
use proptest::{collection::vec, prelude::*, strategy::Strategy as Generator};
use raddle::{Check, Strategy, World, sync::atomic as ours};

/// What an operation answers: its value, or both of a compare-exchange.
type Answer<V> = Result<V, V>;

/// One operation: which, its operands, its orderings.
#[derive(Clone, Copy, Debug)]
struct Call {
    which: u8,
    operands: [u64; 2],
    orderings: [u8; 2],
}

impl Call {
    fn loads(self) -> Ordering {
        [Relaxed, Acquire, SeqCst][usize::from(self.orderings[1]) % 3]
    }

    fn stores(self) -> Ordering {
        [Relaxed, Release, SeqCst][usize::from(self.orderings[0]) % 3]
    }

    fn both(self) -> Ordering {
        [Relaxed, Acquire, Release, AcqRel, SeqCst][usize::from(self.orderings[0]) % 5]
    }
}

fn calls() -> impl Generator<Value = Vec<Call>> {
    let call = (any::<u8>(), operands(), any::<[u8; 2]>());
    vec(call.prop_map(|(which, operands, orderings)| Call { which, operands, orderings }), 1..60)
}

/// Numbers that meet each other, and the borders of every type.
fn operands() -> impl Generator<Value = [u64; 2]> {
    let operand = prop_oneof![
        0..4_u64,
        any::<u64>(),
        (0..64_u32, 0..3_u64).prop_map(|(bit, more)| (1_u64 << bit).wrapping_add(more).wrapping_sub(1)),
    ];
    [operand.clone(), operand]
}

/// The operations that every atomic has, as a function of an atomic's type.
macro_rules! common {
    ($atomic:ident, $call:ident, $value:expr, $other:expr, $($which:literal $more:expr),* $(,)?) => {
        match $call.which % 18 {
            0 => Ok($atomic.load($call.loads())),
            1 => {
                $atomic.store($value, $call.stores());
                Ok($value)
            }
            2 => Ok($atomic.swap($value, $call.both())),
            3 => $atomic.compare_exchange($value, $other, $call.both(), $call.loads()),
            4 => {
                // It may fail for no reason in std, so it goes on until it has one.
                let mut result = $atomic.compare_exchange_weak($value, $other, $call.both(), $call.loads());
                while result == Err($value) {
                    result = $atomic.compare_exchange_weak($value, $other, $call.both(), $call.loads());
                }
                result
            }
            5 => $atomic.fetch_update($call.both(), $call.loads(), |old| (old != $value).then_some($other)),
            6 => {
                let before = *$atomic.get_mut();
                *$atomic.get_mut() = $other;
                Ok(before)
            }
            7 => {
                let found = $atomic.load(Ordering::Relaxed);
                $atomic.compare_exchange(found, $other, $call.both(), $call.loads())
            }
            16 => $atomic.try_update($call.both(), $call.loads(), |old| (old != $value).then_some($other)),
            17 => Ok($atomic.update($call.both(), $call.loads(), |old| if old == $value { $other } else { $value })),
            $($which => Ok($more),)*
            _ => Ok($atomic.load(Ordering::SeqCst)),
        }
    };
}

/// `answers`: what the calls answer on each atomic that is in scope, what it shows, and what it holds in the end.
macro_rules! answers {
    ($($atomic:ident $value:ident, |$a:ident, $call:ident, $v:ident| $common:expr;)*) => {
        pub(super) fn answers(calls: &[Call]) -> Vec<String> {
            vec![$({
                let mut $a = $atomic::new(<$value as Bits>::from_bits(calls[0].operands[0]));
                let mut answers: Vec<Answer<$value>> = Vec::new();
                for $call in calls.iter().copied() {
                    let $v = $call.operands.map(<$value as Bits>::from_bits);
                    answers.push($common);
                }
                let shown = format!("{:?}", $a);
                format!("{} {answers:?} {shown} {:?}", stringify!($atomic), $a.into_inner())
            }),*]
        }
    };
}

/// An operand of any type from 64 bits.
trait Bits {
    fn from_bits(bits: u64) -> Self;
}

macro_rules! bits {
    ($($int:ty)*) => {$(
        impl Bits for $int {
            fn from_bits(bits: u64) -> $int {
                bits as $int
            }
        }
    )*};
}

bits!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize);

impl Bits for bool {
    fn from_bits(bits: u64) -> bool {
        bits % 2 == 1
    }
}

type Pointer = *mut u16;

impl Bits for Pointer {
    /// A pointer to nothing, which is never followed.
    fn from_bits(bits: u64) -> Pointer {
        std::ptr::without_provenance_mut(bits as usize % 8 * 2)
    }
}

macro_rules! integer {
    ($a:ident, $call:ident, $v:ident) => {
        common!(
            $a, $call, $v[0], $v[1],
            8 $a.fetch_add($v[0], $call.both()),
            9 $a.fetch_sub($v[0], $call.both()),
            10 $a.fetch_and($v[0], $call.both()),
            11 $a.fetch_nand($v[0], $call.both()),
            12 $a.fetch_or($v[0], $call.both()),
            13 $a.fetch_xor($v[0], $call.both()),
            14 $a.fetch_max($v[0], $call.both()),
            15 $a.fetch_min($v[0], $call.both()),
        )
    };
}

macro_rules! all {
    () => {
        answers! {
            AtomicU8 u8, |a, call, v| integer!(a, call, v);
            AtomicU16 u16, |a, call, v| integer!(a, call, v);
            AtomicU32 u32, |a, call, v| integer!(a, call, v);
            AtomicU64 u64, |a, call, v| integer!(a, call, v);
            AtomicUsize usize, |a, call, v| integer!(a, call, v);
            AtomicI8 i8, |a, call, v| integer!(a, call, v);
            AtomicI16 i16, |a, call, v| integer!(a, call, v);
            AtomicI32 i32, |a, call, v| integer!(a, call, v);
            AtomicI64 i64, |a, call, v| integer!(a, call, v);
            AtomicIsize isize, |a, call, v| integer!(a, call, v);
            AtomicBool bool, |a, call, v| common!(
                a, call, v[0], v[1],
                8 a.fetch_and(v[0], call.both()),
                9 a.fetch_nand(v[0], call.both()),
                10 a.fetch_or(v[0], call.both()),
                11 a.fetch_xor(v[0], call.both()),
                12 a.fetch_not(call.both()),
            );
            AtomicPtr Pointer, |a, call, v| common!(a, call, v[0], v[1],);
        }
    };
}

mod modelled {
    use raddle::sync::atomic::*;

    use super::{Answer, Bits, Call, Pointer};

    all!();
}

mod real {
    use std::sync::atomic::*;

    use super::{Answer, Bits, Call, Pointer};

    all!();
}

/// Nothing that ours answers differs from what std's does.
fn same(calls: &[Call]) {
    for (ours, stds) in modelled::answers(calls).iter().zip(real::answers(calls)) {
        assert_eq!(*ours, stds);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_operation_answers_as_stds_does(calls in calls()) {
        if World::compiled().contains(&World::Std) {
            same(&calls);
        }
        for strategy in compiled(&[Strategy::Exhaustive, Strategy::Random]) {
            let calls = calls.clone();
            let verdict = Check::new("model").strategy(strategy).schedules(1).run(move || same(&calls));
            let verdict = verdict.unwrap_or_else(|why| panic!("{strategy}: {why}"));
            prop_assert!(verdict.passed(), "{}", raddle::render(&verdict));
        }
    }
}

#[test]
fn an_atomic_is_made_from_its_value_and_from_nothing() {
    let model = || {
        assert_eq!(ours::AtomicI8::from(-3).into_inner(), -3);
        assert_eq!(ours::AtomicU64::default().into_inner(), 0);
        assert!(!ours::AtomicBool::default().load(Relaxed));
        assert!(ours::AtomicPtr::<u8>::default().load(Relaxed).is_null());
        let mut place = 1_u8;
        let pointer = ours::AtomicPtr::new(&mut place);
        assert_eq!(format!("{pointer:?}"), format!("{:?}", &raw mut place));
        assert_eq!(format!("{pointer:p}"), format!("{:p}", &raw mut place));
        // SAFETY: `place` lives, and nobody else uses it.
        unsafe { *pointer.load(Acquire) += 1 };
        assert_eq!(place, 2);
    };
    if World::compiled().contains(&World::Std) {
        model();
    }
    passes(model);
}

#[test]
fn exclusive_access_reads_and_writes_the_latest_value() {
    passes(|| {
        let mut atomic = ours::AtomicUsize::new(1);
        raddle::thread::scope(|s| {
            s.spawn(|| atomic.fetch_add(1, Relaxed));
            s.spawn(|| atomic.fetch_add(1, Relaxed));
        });
        assert_eq!(*atomic.get_mut(), 3);
        *atomic.get_mut() = 7;
        assert_eq!(atomic.load(Relaxed), 7, "the value that was set is where the next use begins");
        raddle::thread::scope(|s| drop(s.spawn(|| atomic.swap(9, Relaxed))));
        assert_eq!(atomic.into_inner(), 9);
    });
}

#[test]
fn printing_an_atomic_is_no_event() {
    for strategy in strategies() {
        let steps = |prints: usize| {
            let verdict = passes_with(strategy, move || {
                let atomic = ours::AtomicI32::new(-4);
                atomic.store(-5, Relaxed);
                (0..prints).for_each(|_| assert_eq!(format!("{atomic:?}"), "-5"));
            });
            verdict.steps / verdict.executions
        };
        assert_eq!(steps(0), steps(5), "{strategy}");
    }
}
