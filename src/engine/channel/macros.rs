//! `select!` and `select_biased!`.
//!
//! Read the rules below from the bottom: the arms are parsed into a list, each operand is evaluated once and gets a
//! name, all are put into a [`Select`](super::Select), and the one that it selects is completed.

/// Does the work of [`select!`](crate::channel::select!).
#[doc(hidden)]
#[macro_export]
macro_rules! __select_internal {
    // Nothing is left to parse.
    (@parse $new:ident $arms:tt $default:tt ()) => {
        $crate::__select_internal!(@name $new $arms $default ()
            (r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 r12 r13 r14 r15 r16 r17 r18 r19 r20 r21 r22 r23 r24 r25 r26 r27 r28
             r29 r30 r31))
    };
    (@parse $new:ident $arms:tt () (default => $($rest:tt)*)) => {
        $crate::__select_internal!(@parse $new $arms () (default() => $($rest)*))
    };
    (@parse $new:ident $arms:tt () (default($($timeout:expr)? $(,)?) => $body:block $(, $($rest:tt)*)?)) => {
        $crate::__select_internal!(@parse $new $arms (($($timeout)?) $body) ($($($rest)*)?))
    };
    (@parse $new:ident $arms:tt () (default($($timeout:expr)? $(,)?) => $body:block $($rest:tt)*)) => {
        $crate::__select_internal!(@parse $new $arms (($($timeout)?) $body) ($($rest)*))
    };
    (@parse $new:ident $arms:tt () (default($($timeout:expr)? $(,)?) => $body:expr $(, $($rest:tt)*)?)) => {
        $crate::__select_internal!(@parse $new $arms (($($timeout)?) $body) ($($($rest)*)?))
    };
    (@parse $new:ident $arms:tt $default:tt (default $($rest:tt)*)) => {
        compile_error!("there can be only one `default` case in a `select!` block")
    };
    (@parse $new:ident ($($arms:tt)*) $default:tt
        ($side:ident($($operand:expr),+ $(,)?) -> $result:pat => $body:block $(, $($rest:tt)*)?)) => {
        $crate::__select_internal!(@parse $new ($($arms)* ($side ($($operand),+) ($result) ($body))) $default
            ($($($rest)*)?))
    };
    (@parse $new:ident ($($arms:tt)*) $default:tt
        ($side:ident($($operand:expr),+ $(,)?) -> $result:pat => $body:block $($rest:tt)*)) => {
        $crate::__select_internal!(@parse $new ($($arms)* ($side ($($operand),+) ($result) ($body))) $default
            ($($rest)*))
    };
    (@parse $new:ident ($($arms:tt)*) $default:tt
        ($side:ident($($operand:expr),+ $(,)?) -> $result:pat => $body:expr $(, $($rest:tt)*)?)) => {
        $crate::__select_internal!(@parse $new ($($arms)* ($side ($($operand),+) ($result) ($body))) $default
            ($($($rest)*)?))
    };
    (@parse $new:ident $arms:tt $default:tt ($($rest:tt)*)) => {
        compile_error!(concat!(
            "expected `recv(r) -> result => body`, `send(s, message) -> result => body` or `default => body`, found `",
            stringify!($($rest)*),
            "`"
        ))
    };

    // Each operand is evaluated once, in order, and lives as long as the selection.
    (@name $new:ident ((recv ($end:expr) $result:tt $body:tt) $($arms:tt)*) $default:tt ($($named:tt)*)
        ($name:ident $($names:ident)*)) => {
        match $end {
            ref end => {
                let $name = $crate::channel::__receiver(end);
                $crate::__select_internal!(@name $new ($($arms)*) $default
                    ($($named)* ($name recv () $result $body)) ($($names)*))
            }
        }
    };
    (@name $new:ident ((send ($end:expr, $message:expr) $result:tt $body:tt) $($arms:tt)*) $default:tt
        ($($named:tt)*) ($name:ident $($names:ident)*)) => {
        match $end {
            ref end => {
                let $name = $crate::channel::__sender(end);
                $crate::__select_internal!(@name $new ($($arms)*) $default
                    ($($named)* ($name send ($message) $result $body)) ($($names)*))
            }
        }
    };
    (@name $new:ident () $default:tt $named:tt $names:tt) => {{
        #[allow(unused_mut, reason = "there may be no arms")]
        let mut select = $crate::channel::Select::$new();
        $crate::__select_internal!(@run select $default $named)
    }};
    (@name $new:ident $arms:tt $default:tt $named:tt ()) => {
        compile_error!("too many operations in a `select!` block")
    };
    (@name $new:ident (($side:ident $($arm:tt)*) $($arms:tt)*) $default:tt $named:tt $names:tt) => {
        compile_error!(concat!(
            "expected `recv(r)` or `send(s, message)`, found `", stringify!($side), "` with other operands"
        ))
    };

    (@run $select:ident () ($(($name:ident $side:ident $message:tt $result:tt $body:tt))*)) => {{
        $($select.$side($name);)*
        let operation = $select.select();
        $crate::__select_internal!(@complete operation ($(($name $side $message $result $body))*) (0))
    }};
    (@run $select:ident (() $default:expr) ($(($name:ident $side:ident $message:tt $result:tt $body:tt))*)) => {{
        $($select.$side($name);)*
        match $select.try_select() {
            ::std::result::Result::Ok(operation) => {
                $crate::__select_internal!(@complete operation ($(($name $side $message $result $body))*) (0))
            }
            ::std::result::Result::Err(_) => {
                drop($select);
                $default
            }
        }
    }};
    (@run $select:ident (($timeout:expr) $default:expr)
        ($(($name:ident $side:ident $message:tt $result:tt $body:tt))*)) => {{
        $($select.$side($name);)*
        match $select.select_timeout($timeout) {
            ::std::result::Result::Ok(operation) => {
                $crate::__select_internal!(@complete operation ($(($name $side $message $result $body))*) (0))
            }
            ::std::result::Result::Err(_) => {
                drop($select);
                $default
            }
        }
    }};

    (@complete $operation:ident (($name:ident recv () ($result:pat) ($body:expr)) $($rest:tt)*) ($index:expr)) => {
        if $operation.index() == $index {
            let result = $operation.recv($name);
            let $result = result;
            $body
        } else {
            $crate::__select_internal!(@complete $operation ($($rest)*) ($index + 1))
        }
    };
    (@complete $operation:ident (($name:ident send ($message:expr) ($result:pat) ($body:expr)) $($rest:tt)*)
        ($index:expr)) => {
        if $operation.index() == $index {
            let result = $operation.send($name, $message);
            let $result = result;
            $body
        } else {
            $crate::__select_internal!(@complete $operation ($($rest)*) ($index + 1))
        }
    };
    (@complete $operation:ident () $index:tt) => {{
        let _ = $operation;
        unreachable!("an operation of the list is selected")
    }};
}

/// Waits until one of several operations is ready, and does it: [`crossbeam_channel::select!`] in every world.
///
/// In a model looking at all arms is one step: see [`Select`](crate::channel::Select) for what that leaves out.
#[doc(hidden)]
#[macro_export]
macro_rules! __select {
    () => {
        compile_error!("empty `select!` block")
    };
    ($($arms:tt)*) => {
        $crate::__select_internal!(@parse new () () ($($arms)*))
    };
}

/// As `select!`, but the first ready operation is done: [`crossbeam_channel::select_biased!`] in every world.
///
/// In a model looking at all arms is one step: see [`Select`](crate::channel::Select) for what that leaves out.
#[doc(hidden)]
#[macro_export]
macro_rules! __select_biased {
    () => {
        compile_error!("empty `select!` block")
    };
    ($($arms:tt)*) => {
        $crate::__select_internal!(@parse new_biased () () ($($arms)*))
    };
}

/// The receiver behind any number of references.
#[doc(hidden)]
pub fn __receiver<T>(receiver: &super::Receiver<T>) -> &super::Receiver<T> {
    receiver
}

/// The sender behind any number of references.
#[doc(hidden)]
pub fn __sender<T>(sender: &super::Sender<T>) -> &super::Sender<T> {
    sender
}
