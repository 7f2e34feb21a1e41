//! The programs on each engine, and through the shims.

pub mod loom;
pub mod loom_arc;
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

/// `program!("name", module::function(arguments))`: a [`Program`] of a function of `programs.rs` or `further.rs`.
macro_rules! program {
    ($name:expr, $module:ident :: $function:ident($($argument:expr),*)) => {
        $crate::worlds::Program {
            name: $name,
            shims: || $crate::worlds::shims::$module::$function($($argument),*),
            loom: || $crate::worlds::loom::$module::$function($($argument),*),
            shuttle: || $crate::worlds::shuttle::$module::$function($($argument),*),
        }
    };
}
pub(crate) use program;
