//! The programs on each of the three.

pub mod loom;
pub mod shims;
pub mod shuttle;

/// One program of one size, three times.
#[derive(Clone, Copy)]
pub struct Program {
    /// What it does, and how large it is.
    pub name: &'static str,
    /// Through the shims.
    pub shims: fn(),
    /// On raw loom.
    pub loom: fn(),
    /// On raw shuttle.
    pub shuttle: fn(),
}

/// `program!("name", function(arguments))`: a [`Program`] of a function of `programs.rs`.
macro_rules! program {
    ($name:expr, $function:ident($($argument:expr),*)) => {
        $crate::worlds::Program {
            name: $name,
            shims: || $crate::worlds::shims::programs::$function($($argument),*),
            loom: || $crate::worlds::loom::programs::$function($($argument),*),
            shuttle: || $crate::worlds::shuttle::programs::$function($($argument),*),
        }
    };
}
pub(crate) use program;
