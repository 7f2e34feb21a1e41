//! Names the worlds that this build compiles: `raddle_loom`, `raddle_shuttle` and, if any, `raddle_model`. And
//! `raddle_internals`, if the shuttle world's insides are to be tested.
//!
//! Feature `model` compiles both. `--cfg loom` and `--cfg shuttle` in RUSTFLAGS narrow the build to that world, and
//! imply `model`.

use std::env::var_os;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(raddle_model, raddle_loom, raddle_shuttle, raddle_internals)");
    let model = var_os("CARGO_FEATURE_MODEL").is_some();
    let internals = var_os("CARGO_FEATURE_INTERNALS").is_some();
    let (loom, shuttle) = (var_os("CARGO_CFG_LOOM").is_some(), var_os("CARGO_CFG_SHUTTLE").is_some());
    if loom && shuttle {
        println!("cargo::error=--cfg loom and --cfg shuttle each narrow the build to one world: give one of them");
    }
    for (cfg, on) in [
        ("raddle_model", model || loom || shuttle),
        ("raddle_loom", loom || (model && !shuttle)),
        ("raddle_shuttle", shuttle || (model && !loom)),
        ("raddle_internals", internals && !loom && (model || shuttle)),
    ] {
        if on {
            println!("cargo::rustc-cfg={cfg}");
        }
    }
}
