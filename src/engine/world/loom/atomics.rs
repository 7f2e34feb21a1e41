//! loom's atomics, of any type.

use std::sync::atomic::Ordering;

use ::loom::sync::atomic;

use crate::world::scalar::{AtomicOp, Scalar};

/// One of loom's atomics.
macro_rules! atomics {
    ($($scalar:ident $atomic:ident $type:ty;)*) => {
        #[derive(Debug)]
        pub(super) enum LoomAtomic {
            Bool(atomic::AtomicBool),
            /// Pointers differ between executions, so the object holds the difference to the first value.
            Pointer(atomic::AtomicUsize, u64),
            $($scalar(atomic::$atomic),)*
        }

        impl LoomAtomic {
            pub(super) fn new(scalar: Scalar, initial: u64) -> LoomAtomic {
                match scalar {
                    Scalar::Bool => LoomAtomic::Bool(atomic::AtomicBool::new(initial != 0)),
                    Scalar::Pointer => LoomAtomic::Pointer(atomic::AtomicUsize::new(0), 0),
                    $(Scalar::$scalar => LoomAtomic::$scalar(atomic::$atomic::new(initial as $type)),)*
                }
            }

            pub(super) fn apply(&self, op: AtomicOp, success: Ordering, failure: Ordering) -> Result<u64, u64> {
                match self {
                    LoomAtomic::Bool(a) => Ok(u64::from(match op {
                        AtomicOp::Load => a.load(success),
                        AtomicOp::Store(n) => {
                            a.store(n != 0, success);
                            n != 0
                        }
                        AtomicOp::Swap(n) => a.swap(n != 0, success),
                        AtomicOp::And(n) => a.fetch_and(n != 0, success),
                        AtomicOp::Nand(n) => a.fetch_nand(n != 0, success),
                        AtomicOp::Or(n) => a.fetch_or(n != 0, success),
                        AtomicOp::Xor(n) => a.fetch_xor(n != 0, success),
                        AtomicOp::CompareExchange { current, new } => {
                            return a
                                .compare_exchange(current != 0, new != 0, success, failure)
                                .map(u64::from)
                                .map_err(u64::from);
                        }
                        AtomicOp::Add(_) | AtomicOp::Sub(_) | AtomicOp::Max(_) | AtomicOp::Min(_) => {
                            unreachable!("AtomicBool has no arithmetic")
                        }
                    })),
                    LoomAtomic::Pointer(a, base) => {
                        let enter = |n: u64| n.wrapping_sub(*base) as usize;
                        let leave = |n: usize| base.wrapping_add(n as u64);
                        Ok(leave(match op {
                            AtomicOp::Load => a.load(success),
                            AtomicOp::Store(n) => {
                                a.store(enter(n), success);
                                enter(n)
                            }
                            AtomicOp::Swap(n) => a.swap(enter(n), success),
                            AtomicOp::CompareExchange { current, new } => {
                                return a
                                    .compare_exchange(enter(current), enter(new), success, failure)
                                    .map(leave)
                                    .map_err(leave);
                            }
                            _ => unreachable!("AtomicPtr has no arithmetic"),
                        }))
                    }
                    $(LoomAtomic::$scalar(a) => Ok(match op {
                        AtomicOp::Load => a.load(success),
                        AtomicOp::Store(n) => {
                            a.store(n as $type, success);
                            n as $type
                        }
                        AtomicOp::Swap(n) => a.swap(n as $type, success),
                        AtomicOp::Add(n) => a.fetch_add(n as $type, success),
                        AtomicOp::Sub(n) => a.fetch_sub(n as $type, success),
                        AtomicOp::And(n) => a.fetch_and(n as $type, success),
                        AtomicOp::Nand(n) => a.fetch_nand(n as $type, success),
                        AtomicOp::Or(n) => a.fetch_or(n as $type, success),
                        AtomicOp::Xor(n) => a.fetch_xor(n as $type, success),
                        AtomicOp::Max(n) => a.fetch_max(n as $type, success),
                        AtomicOp::Min(n) => a.fetch_min(n as $type, success),
                        AtomicOp::CompareExchange { current, new } => {
                            return a
                                .compare_exchange(current as $type, new as $type, success, failure)
                                .map(|n| n as u64)
                                .map_err(|n| n as u64);
                        }
                    } as u64),)*
                }
            }
        }
    };
}

atomics! {
    U8 AtomicU8 u8;
    U16 AtomicU16 u16;
    U32 AtomicU32 u32;
    U64 AtomicU64 u64;
    Usize AtomicUsize usize;
    I8 AtomicI8 i8;
    I16 AtomicI16 i16;
    I32 AtomicI32 i32;
    I64 AtomicI64 i64;
    Isize AtomicIsize isize;
}
