//! `raddle generate` keeps what is written in the repository true to the catalogue.
// It replays a seed of each world.
#![cfg(not(any(loom, shuttle)))]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder in a temporary one");
    for entry in fs::read_dir(from).expect("a folder of the repository") {
        let entry = entry.expect("its entries");
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).expect("a file of the repository")),
        }
    }
}

fn generate(root: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_raddle"));
    command.arg("generate").args(arguments).current_dir(root).output().expect("raddle runs")
}

#[test]
fn what_is_out_of_date_is_named_and_mended() {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("ci/ stands in the repository");
    for folder in ["src/patterns", "loom-tests/seeds", "shuttle-tests/seeds"] {
        copy(&root.join(folder), &scratch.path().join(folder));
    }
    for file in ["README.md", "src/worlds.md"] {
        fs::copy(root.join(file), scratch.path().join(file)).expect("a file that is generated in part");
    }
    let root = scratch.path();
    assert_eq!(generate(root, &["--check"]).status.code(), Some(0));
    for (file, from, to) in [
        ("README.md", "a lost wake-up", "a deadlock"),
        ("README.md", "load atomic#1 -> 0", "load atomic#1 -> 7"),
        ("src/worlds.md", "*missing*", "*there*"),
        ("src/patterns/counter/naive.rs", "Fixed by", "Fixed in"),
    ] {
        let path = root.join(file);
        let before = fs::read_to_string(&path).expect("a file");
        fs::write(&path, before.replacen(from, to, 1)).expect("the same file");
        let check = generate(root, &["--check"]);
        let said = String::from_utf8_lossy(&check.stderr).into_owned();
        assert_eq!(check.status.code(), Some(1), "{file}: {said}");
        assert!(said.contains(file), "{said}");
        assert_ne!(fs::read_to_string(&path).expect("a file"), before, "--check writes nothing");
        assert_eq!(generate(root, &[]).status.code(), Some(0));
        assert_eq!(fs::read_to_string(&path).expect("a file"), before);
    }
}
