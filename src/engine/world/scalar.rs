//! The values of atomics, and what operations make of them.

use std::sync::atomic::Ordering;

use super::{core::Core, event::Number};

/// The type of an atomic's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Scalar {
    U8,
    U16,
    U32,
    U64,
    Usize,
    I8,
    I16,
    I32,
    I64,
    Isize,
    Bool,
    Pointer,
}

impl Scalar {
    /// Every type, by number.
    #[cfg(raddle_loom)]
    pub(crate) const ALL: [Scalar; 12] = [
        Scalar::U8,
        Scalar::U16,
        Scalar::U32,
        Scalar::U64,
        Scalar::Usize,
        Scalar::I8,
        Scalar::I16,
        Scalar::I32,
        Scalar::I64,
        Scalar::Isize,
        Scalar::Bool,
        Scalar::Pointer,
    ];

    fn bits(self) -> u32 {
        match self {
            Scalar::Bool => 1,
            Scalar::U8 | Scalar::I8 => 8,
            Scalar::U16 | Scalar::I16 => 16,
            Scalar::U32 | Scalar::I32 => 32,
            Scalar::U64 | Scalar::I64 => 64,
            Scalar::Usize | Scalar::Isize | Scalar::Pointer => usize::BITS,
        }
    }

    fn signed(self) -> bool {
        matches!(self, Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::I64 | Scalar::Isize)
    }

    /// The value's bits, extended to 64 as `as u64` does.
    fn wrap(self, bits: u64) -> u64 {
        let unused = 64 - self.bits();
        match self.signed() {
            true => ((bits << unused) as i64 >> unused) as u64,
            false => bits << unused >> unused,
        }
    }

    pub(super) fn number(self, core: &mut Core, bits: u64, stored: bool) -> Number {
        match self {
            Scalar::Bool => Number::Bool(bits != 0),
            Scalar::Pointer => core.pointer(bits, stored),
            _ if self.signed() => Number::Signed(bits as i64),
            _ => Number::Unsigned(bits),
        }
    }
}

/// An operation on an atomic; operands are the bits of its type, extended to 64.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AtomicOp {
    Load,
    Store(u64),
    Swap(u64),
    CompareExchange { current: u64, new: u64 },
    Add(u64),
    Sub(u64),
    And(u64),
    Nand(u64),
    Or(u64),
    Xor(u64),
    Max(u64),
    Min(u64),
}

impl AtomicOp {
    /// The value that it writes over `old`; `None` if it does not write.
    pub(crate) fn apply(self, scalar: Scalar, old: u64) -> Option<u64> {
        let wider = |pick: fn(i64, i64) -> i64, pick_unsigned: fn(u64, u64) -> u64, n: u64| match scalar.signed() {
            true => pick(old as i64, n as i64) as u64,
            false => pick_unsigned(old, n),
        };
        let new = match self {
            AtomicOp::Load => return None,
            AtomicOp::Store(new) | AtomicOp::Swap(new) => new,
            AtomicOp::CompareExchange { current, new } => return (old == current).then_some(new),
            AtomicOp::Add(n) => old.wrapping_add(n),
            AtomicOp::Sub(n) => old.wrapping_sub(n),
            AtomicOp::And(n) => old & n,
            AtomicOp::Nand(n) => !(old & n),
            AtomicOp::Or(n) => old | n,
            AtomicOp::Xor(n) => old ^ n,
            AtomicOp::Max(n) => wider(i64::max, u64::max, n),
            AtomicOp::Min(n) => wider(i64::min, u64::min, n),
        };
        Some(scalar.wrap(new))
    }
}

/// Panics as std does on an ordering that the operation does not have.
#[inline]
pub(crate) fn check_ordering(op: AtomicOp, success: Ordering, failure: Ordering) {
    match (op, success) {
        (AtomicOp::Load, Ordering::Release) => panic!("there is no such thing as a release load"),
        (AtomicOp::Load, Ordering::AcqRel) => panic!("there is no such thing as an acquire-release load"),
        (AtomicOp::Store(_), Ordering::Acquire) => panic!("there is no such thing as an acquire store"),
        (AtomicOp::Store(_), Ordering::AcqRel) => panic!("there is no such thing as an acquire-release store"),
        _ => {}
    }
    match (op, failure) {
        (AtomicOp::CompareExchange { .. }, Ordering::Release) => {
            panic!("there is no such thing as a release failure ordering")
        }
        (AtomicOp::CompareExchange { .. }, Ordering::AcqRel) => {
            panic!("there is no such thing as an acquire-release failure ordering")
        }
        _ => {}
    }
}
