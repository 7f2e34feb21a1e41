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

/// A copy of what is generated, and of what it is generated from.
fn scratch() -> tempfile::TempDir {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("ci/ stands in the repository");
    for folder in ["src/patterns", "loom-tests/seeds", "shuttle-tests/seeds"] {
        copy(&root.join(folder), &scratch.path().join(folder));
    }
    for file in ["README.md", "src/worlds.md"] {
        fs::copy(root.join(file), scratch.path().join(file)).expect("a file that is generated in part");
    }
    scratch
}

#[test]
fn what_is_out_of_date_is_named_and_mended() {
    let scratch = scratch();
    let root = scratch.path();
    assert_eq!(generate(root, &["--check"]).status.code(), Some(0));
    // Each time, what is damaged in each file is alone there.
    for damages in [
        &[
            ("README.md", "counter/naive.rs) Panic", "counter/naive.rs) Leak"),
            ("src/patterns/index.md", "an update is lost", "all is well"),
            ("src/worlds.md", "*missing*", "*there*"),
            ("src/patterns/counter/naive.rs", "Fixed by", "Fixed in"),
            // A line that is gone moves those that the interleaving names.
            ("src/patterns/bank/two_locks.rs", "//! ```text\n", ""),
        ][..],
        &[
            ("README.md", "load atomic#1 -> 0", "load atomic#1 -> 7"),
            ("src/patterns/counter/naive.rs", "(preempted)", "(ended)"),
        ],
    ] {
        let damage = |&(file, from, to): &(&'static str, &str, &str)| {
            let path = root.join(file);
            let before = fs::read_to_string(&path).expect("a file");
            let damaged = before.replacen(from, to, 1);
            assert_ne!(damaged, before, "{file} has {from}");
            fs::write(&path, &damaged).expect("the same file");
            (file, path, before, damaged)
        };
        let damaged: Vec<_> = damages.iter().map(damage).collect();
        let check = generate(root, &["--check"]);
        let said = String::from_utf8_lossy(&check.stderr).into_owned();
        assert_eq!(check.status.code(), Some(1), "{said}");
        for (file, path, _, damaged) in &damaged {
            assert!(said.contains(file), "{file} is not in: {said}");
            assert_eq!(&fs::read_to_string(path).expect("a file"), damaged, "--check writes nothing");
        }
        assert_eq!(generate(root, &[]).status.code(), Some(0));
        for (file, path, before, _) in &damaged {
            assert_eq!(&fs::read_to_string(path).expect("a file"), before, "{file}");
        }
    }
}

#[test]
fn what_the_interleavings_name_moves_with_the_heads() {
    let scratch = scratch();
    let root = scratch.path();
    let path = root.join("src/patterns/counter/naive.rs");
    let before = fs::read_to_string(&path).expect("a file");
    fs::write(&path, format!("//! A line.\n//!\n{before}")).expect("the same file");
    assert_eq!(generate(root, &[]).status.code(), Some(0));
    // What was built before knows what it was built from: it is right at once, and stays so.
    assert_eq!(generate(root, &["--check"]).status.code(), Some(0));
    let after = fs::read_to_string(&path).expect("a file");
    let load = after.lines().position(|line| line.contains("self.value.load(Relaxed);")).expect("the load") + 1;
    assert!(after.contains(&format!("naive.rs:{load}")), "{after}");
    let readme = fs::read_to_string(root.join("README.md")).expect("a file");
    assert!(readme.contains(&format!("naive.rs:{load}")), "{readme}");
}
