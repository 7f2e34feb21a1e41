//! The table of what each world models is complete: it has every item that the facade exports.
#![cfg(feature = "model")]

use std::{collections::BTreeSet, fs};

use raddle::worlds::APIS;

/// The names in the source's `pub use` declarations, but for macros' helpers.
fn exported(file: &str) -> BTreeSet<String> {
    let source =
        fs::read_to_string(format!("{}/../src/engine/{file}", env!("CARGO_MANIFEST_DIR"))).expect("the file is there");
    let declarations = source.split("pub use ").skip(1).filter_map(|rest| rest.split_once(';').map(|(names, _)| names));
    let mut names = BTreeSet::new();
    for declaration in declarations {
        // What stands before the innermost braces is a path.
        let lists = declaration.split(['{', '}', ',']).map(str::trim);
        for name in lists.filter(|name| !name.is_empty() && !name.ends_with("::")) {
            let name = name.rsplit(" as ").next().unwrap_or(name).rsplit("::").next().unwrap_or(name);
            if !name.starts_with("__") && name != "*" {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

#[test]
fn the_table_has_every_item_of_the_facade() {
    let modules = [
        ("sync", "sync/mod.rs"),
        ("sync::mpsc", "sync/mpsc.rs"),
        ("sync::atomic", "sync/atomic.rs"),
        ("thread", "thread/mod.rs"),
        ("channel", "channel/mod.rs"),
        ("go", "go/mod.rs"),
        ("net", "net/mod.rs"),
        ("fs", "fs/mod.rs"),
    ];
    for (module, file) in modules {
        let listed: BTreeSet<&str> =
            APIS.iter().filter(|api| api.module == module).flat_map(|api| api.items).copied().collect();
        let exported = exported(file);
        assert!(!exported.is_empty(), "{file} exports nothing");
        let missing: Vec<&String> = exported.iter().filter(|name| !listed.contains(name.as_str())).collect();
        assert!(missing.is_empty(), "src/worlds.rs does not say how the worlds have {missing:?} of {module}");
    }
}
