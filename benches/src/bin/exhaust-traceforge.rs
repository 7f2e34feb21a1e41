//! One exploration on raw TraceForge, for the exploration table: see `exhaust.rs` for why it is a program of its own.

#[cfg(not(any(loom, shuttle)))]
#[path = "../measure.rs"]
#[allow(dead_code, reason = "the tables need more of it")]
mod measure;
#[cfg(not(any(loom, shuttle)))]
#[path = "../reached.rs"]
#[allow(dead_code, reason = "as above")]
mod reached;
#[cfg(not(any(loom, shuttle)))]
#[path = "../standard.rs"]
mod standard;
#[cfg(not(any(loom, shuttle)))]
#[path = "../worlds/traceforge.rs"]
mod traceforge_world;

/// A program of the list, if it is one that TraceForge can run.
#[cfg(not(any(loom, shuttle)))]
macro_rules! named {
    (programs, $name:expr, $threads:expr, $function:ident($($argument:expr),*)) => {
        Some(($name, (|| traceforge_world::programs::$function($($argument),*)) as fn()))
    };
    (further, $($rest:tt)*) => {
        None
    };
}

/// Explores the program of this name, and gives up after so many executions.
#[cfg(not(any(loom, shuttle)))]
fn main() {
    let [name, most] = &std::env::args().skip(1).collect::<Vec<_>>()[..] else { panic!("a program, and a number") };
    let most = most.parse().expect("a number of executions");
    let programs = standard::standard!(named);
    let program = programs.into_iter().flatten().find(|(known, _)| known == name).expect("a program of the list").1;
    let measured = reached::measure(|| {
        let config = traceforge::Config::builder().with_max_iterations(most).build();
        let stats = traceforge::verify(config, program);
        let executions = (stats.execs + stats.block) as u64;
        reached::Reached { executions, blocked: stats.block as u64, exhausted: executions < most }
    });
    println!("{measured}");
}

#[cfg(any(loom, shuttle))]
fn main() {
    eprintln!("this build is narrowed to one world, and has no TraceForge");
    std::process::exit(2);
}
