//! `go::select!`.

/// Does the work of [`go::select!`](crate::go::select!): parses the arms, then puts them into a `Select`.
#[doc(hidden)]
#[macro_export]
macro_rules! __go_select_internal {
    (@parse $arms:tt $default:tt ()) => {
        $crate::__go_select_internal!(@name $arms $default ()
            (r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 r12 r13 r14 r15))
    };
    (@parse $arms:tt () (default => $body:block $(, $($rest:tt)*)?)) => {
        $crate::__go_select_internal!(@parse $arms ($body) ($($($rest)*)?))
    };
    (@parse $arms:tt () (default => $body:block $($rest:tt)*)) => {
        $crate::__go_select_internal!(@parse $arms ($body) ($($rest)*))
    };
    (@parse $arms:tt () (default => $body:expr $(, $($rest:tt)*)?)) => {
        $crate::__go_select_internal!(@parse $arms ($body) ($($($rest)*)?))
    };
    (@parse ($($arms:tt)*) $default:tt (recv($c:expr) -> $value:pat => $body:block $(, $($rest:tt)*)?)) => {
        $crate::__go_select_internal!(@parse ($($arms)* (recv ($c) ($value) ($body))) $default ($($($rest)*)?))
    };
    (@parse ($($arms:tt)*) $default:tt (recv($c:expr) -> $value:pat => $body:block $($rest:tt)*)) => {
        $crate::__go_select_internal!(@parse ($($arms)* (recv ($c) ($value) ($body))) $default ($($rest)*))
    };
    (@parse ($($arms:tt)*) $default:tt (recv($c:expr) -> $value:pat => $body:expr $(, $($rest:tt)*)?)) => {
        $crate::__go_select_internal!(@parse ($($arms)* (recv ($c) ($value) ($body))) $default ($($($rest)*)?))
    };
    (@parse ($($arms:tt)*) $default:tt (send($c:expr, $value:expr) => $body:block $(, $($rest:tt)*)?)) => {
        $crate::__go_select_internal!(@parse ($($arms)* (send ($c, $value) () ($body))) $default ($($($rest)*)?))
    };
    (@parse ($($arms:tt)*) $default:tt (send($c:expr, $value:expr) => $body:block $($rest:tt)*)) => {
        $crate::__go_select_internal!(@parse ($($arms)* (send ($c, $value) () ($body))) $default ($($rest)*))
    };
    (@parse ($($arms:tt)*) $default:tt (send($c:expr, $value:expr) => $body:expr $(, $($rest:tt)*)?)) => {
        $crate::__go_select_internal!(@parse ($($arms)* (send ($c, $value) () ($body))) $default ($($($rest)*)?))
    };
    (@parse $arms:tt $default:tt ($($rest:tt)*)) => {
        compile_error!(concat!(
            "expected `recv(c) -> value => body`, `send(c, value) => body` or one `default => body`, found `",
            stringify!($($rest)*),
            "`"
        ))
    };

    // Every operand is evaluated on entry, in order, whichever arm is taken.
    (@name ((recv ($c:expr) $value:tt $body:tt) $($arms:tt)*) $default:tt ($($named:tt)*)
        ($name:ident $($names:ident)*)) => {{
        let $name = &$c;
        $crate::__go_select_internal!(@name ($($arms)*) $default ($($named)* ($name recv () $value $body)) ($($names)*))
    }};
    (@name ((send ($c:expr, $sent:expr) $value:tt $body:tt) $($arms:tt)*) $default:tt ($($named:tt)*)
        ($name:ident $($names:ident)*)) => {{
        let $name = (&$c, $sent);
        $crate::__go_select_internal!(@name ($($arms)*) $default
            ($($named)* ($name send ($sent) $value $body)) ($($names)*))
    }};
    (@name () $default:tt ($(($name:ident $side:ident $sent:tt $value:tt $body:tt))*) $names:tt) => {{
        #[allow(unused_mut, reason = "there may be no arms")]
        let mut select = $crate::go::Select::new();
        $(let $name = $crate::__go_select_internal!(@add select $side $name);)*
        $crate::__go_select_internal!(@run select $default ($(($name $side $value $body))*))
    }};
    (@name $arms:tt $default:tt $named:tt ()) => {
        compile_error!("too many operations in a `select!` block")
    };
    (@add $select:ident recv $name:ident) => {
        $select.recv($name)
    };
    (@add $select:ident send $name:ident) => {
        $select.send($name.0, $name.1)
    };

    (@run $select:ident () $arms:tt) => {{
        let done = $select.run();
        $crate::__go_select_internal!(@done done $arms (0))
    }};
    (@run $select:ident ($default:expr) $arms:tt) => {
        match $select.try_run() {
            ::std::option::Option::Some(done) => $crate::__go_select_internal!(@done done $arms (0)),
            ::std::option::Option::None => $default,
        }
    };
    (@done $done:ident (($name:ident recv ($value:pat) ($body:expr)) $($rest:tt)*) ($index:expr)) => {
        if $done == $index {
            let $value = $name.take();
            $body
        } else {
            $crate::__go_select_internal!(@done $done ($($rest)*) ($index + 1))
        }
    };
    (@done $done:ident (($name:ident send () ($body:expr)) $($rest:tt)*) ($index:expr)) => {
        if $done == $index {
            let () = $name;
            $body
        } else {
            $crate::__go_select_internal!(@done $done ($($rest)*) ($index + 1))
        }
    };
    (@done $done:ident () $index:tt) => {
        unreachable!("operation {} is not in the list", $done)
    };
}

/// Go's `select`: does one of several operations, any one that can be done.
///
/// ```no_run
/// use raddle::go::{Chan, select};
///
/// let (numbers, done) = (Chan::new(1), Chan::<()>::new(0));
/// numbers.send(7);
/// let got = select! {
///     recv(numbers) -> value => value,
///     recv(done) -> _ => None,
/// };
/// assert_eq!(got, Some(7));
/// ```
///
/// Arms are `recv(c) -> value => body`, where `value` is `None` if the channel is closed; `send(c, value) => body`; and
/// `default => body`, which is taken if nothing can be done. Every operand is evaluated once, on entry, in order,
/// whichever arm is taken (SE1). `select! {}` waits for ever.
#[doc(hidden)]
#[macro_export]
macro_rules! __go_select {
    ($($arms:tt)*) => {
        $crate::__go_select_internal!(@parse () () ($($arms)*))
    };
}
