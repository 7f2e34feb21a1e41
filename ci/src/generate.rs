//! What is generated from the catalogue and its stored seeds: README's table and interleaving, and the block in each
//! variant's file that names its fix, its tests, its seeds and the command that replays it.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use raddle::{
    World,
    patterns::{Case, Expect, Seed, cases},
    worlds::{APIS, Support},
};

use crate::{
    Failure,
    heads::Heads,
    select,
    smallest::moved,
    variant::{BEGIN, END},
};

/// The case whose failing interleaving the README shows.
const SHOWN: &str = "counter/naive";

pub(crate) fn generate(check: bool, seeds: bool) -> Result<(), Failure> {
    let root = root()?;
    let mut recorded = if seeds { record(&root)? } else { Vec::new() };
    let mut stale = Vec::new();
    let mut write = |path: PathBuf, text: String, before: &str| -> Result<(), Failure> {
        if text == before {
            return Ok(());
        }
        if check {
            stale.push(path.strip_prefix(&root).unwrap_or(&path).display().to_string());
            return Ok(());
        }
        fs::write(&path, text).map_err(|why| Failure::Tool(format!("{}: {why}", path.display())))
    };
    let heads = Heads::of(&root)?;
    for head in &heads.all {
        write(root.join(head.case.file()), head.text.clone(), &head.before)?;
    }
    for seed in &mut recorded {
        // What fails there will name the places as they are once the heads are written.
        seed.message = moved(&seed.message, &|file, line| heads.line(file, line));
        store(&root, seed)?;
    }
    let path = root.join("README.md");
    let before = read(&path)?;
    let text = replace(&before, "catalogue", &catalogue(&root)?, "", "README.md")?;
    let text = replace(&text, "interleaving", &heads.shown(select::one(SHOWN)?)?, "", "README.md")?;
    write(path, text, &before)?;
    let path = root.join("src/worlds.md");
    let before = read(&path)?;
    write(path, replace(&before, "worlds", &worlds(), "", "src/worlds.md")?, &before)?;
    if stale.is_empty() {
        return Ok(());
    }
    Err(Failure::Unmet(format!("out of date: {}. Run `cargo run --release -- generate`", stale.join(", "))))
}

/// The repository's root: the folder, from here upward, that has the catalogue.
fn root() -> Result<PathBuf, Failure> {
    let here = env::current_dir().map_err(|why| Failure::Tool(format!("no current folder: {why}")))?;
    here.ancestors()
        .find(|folder| folder.join("src/patterns/mod.rs").is_file())
        .map(Path::to_owned)
        .ok_or_else(|| Failure::Usage("run this inside raddle's repository".to_owned()))
}

pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|why| Failure::Usage(format!("{}: {why}", path.display())))
}

/// The text with the block of this name replaced. `prefix` stands before each of its lines.
pub(crate) fn replace(text: &str, name: &str, block: &str, prefix: &str, file: &str) -> Result<String, Failure> {
    let begin = format!("{prefix}{BEGIN}{name} -->\n");
    let end = format!("{prefix}{END}\n");
    let missing = || Failure::Usage(format!("{file} has no place for generated text: put {begin:?} and {end:?} there"));
    let (before, rest) = text.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    let mut lines = String::new();
    for line in block.lines() {
        lines.push_str(format!("{prefix}{line}").trim_end());
        lines.push('\n');
    }
    Ok(format!("{before}{begin}{lines}{end}{after}"))
}

/// The worlds in which a broken case has a stored seed.
fn seeded(case: &Case) -> impl Iterator<Item = World> {
    let fails = |world: &World| matches!(case.expect(*world), Some(Expect::Fails(_)));
    [World::Loom, World::Shuttle].into_iter().filter(fails)
}

fn record(root: &Path) -> Result<Vec<Seed>, Failure> {
    let mut recorded = Vec::new();
    for case in cases() {
        for world in seeded(case) {
            let seed = Seed::record(case, world).map_err(|why| Failure::Tool(format!("{}: {why}", case.name())))?;
            store(root, &seed)?;
            recorded.push(seed);
        }
    }
    Ok(recorded)
}

fn store(root: &Path, seed: &Seed) -> Result<(), Failure> {
    seed.store(root).map(drop).map_err(|why| Failure::Tool(why.to_string()))
}

fn load(root: &Path, case: &Case, world: World) -> Result<Seed, Failure> {
    Seed::load(root, case, world)
        .map_err(|why| Failure::Unmet(format!("{} has no stored seed in the {world} world: {why}", case.name())))
}

fn suite(world: World) -> String {
    format!("{world}-tests")
}

/// A row a broken variant.
fn catalogue(root: &Path) -> Result<String, Failure> {
    let mut text = "| pattern | bug | broken | fixed | tests | seed |\n|---|---|---|---|---|---|\n".to_owned();
    for case in cases().filter(|case| case.broken()) {
        let link = |label: &str, path: &str| format!("[{label}]({path})");
        let fixed = select::counterpart(case)?.map_or_else(String::new, |fix| link(fix.variant, &fix.file()));
        let worlds = [World::Loom, World::Shuttle];
        let tests = worlds.map(|world| link(world.name(), &format!("{}/tests/{}.rs", suite(world), case.pattern)));
        let mut seeds = Vec::new();
        for world in seeded(case) {
            let seed = load(root, case, world)?;
            let path = Seed::path(case, world);
            seeds.push(format!("{} {}", link(world.name(), &path), seed.kind));
        }
        let row = [
            link(case.pattern, &format!("src/patterns/{}", case.pattern)),
            case.about.to_owned(),
            link(case.variant, &case.file()),
            fixed,
            tests.join(" "),
            seeds.join(", "),
        ];
        text.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    Ok(text)
}

/// What each world has of each interface.
fn worlds() -> String {
    let told = |support: Support| match support {
        Support::Native => "native".to_owned(),
        Support::Built => "built".to_owned(),
        Support::Approximated(how) => how.to_owned(),
        Support::Missing(instead) => format!("*missing*: {instead}"),
    };
    let mut text = "| module | items | std | loom | shuttle |\n|---|---|---|---|---|\n".to_owned();
    for api in APIS {
        let items: Vec<String> = api.items.iter().map(|item| format!("`{item}`")).collect();
        let module = if api.module.is_empty() { "`raddle`".to_owned() } else { format!("`{}`", api.module) };
        let row = [module, items.join(", "), told(api.std), told(api.loom), told(api.shuttle)];
        text.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    text
}

/// The block in a variant's file.
pub(crate) fn links(root: &Path, case: &Case) -> Result<String, Failure> {
    let mut lines = Vec::new();
    if let Some(other) = select::counterpart(case)? {
        let word = if case.broken() { "Fixed by" } else { "Fixes" };
        lines.push(format!("- {word} `{}`", other.file()));
    }
    for world in [World::Loom, World::Shuttle] {
        lines.push(format!("- {world} test: `{}` in `{}/tests/{}.rs`", case.test, suite(world), case.pattern));
    }
    for world in seeded(case) {
        let seed = load(root, case, world)?;
        lines.push(format!("- {world} seed: `{}`; replay it with", Seed::path(case, world)));
        lines.push(format!("  `cargo run --release -- replay {}`", seed.token));
    }
    Ok(lines.join("\n"))
}
