//! What is generated from the catalogue and its stored seeds: README's table and interleaving, the docs' index, and the
//! block in each variant's file that names its fix, its tests, its seeds and the command that replays it.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use raddle::{
    World,
    patterns::{Case, Expect, PATTERNS, Seed, cases},
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
    for (file, name, block) in
        [("src/worlds.md", "worlds", worlds()), ("src/patterns/index.md", "index", index(&root)?)]
    {
        let path = root.join(file);
        let before = read(&path)?;
        write(path, replace(&before, name, &block, "", file)?, &before)?;
    }
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

/// README's table: a row a pattern.
fn catalogue(root: &Path) -> Result<String, Failure> {
    let mut text =
        "| pattern | what it teaches | broken | fixed | tests | seeds |\n|---|---|---|---|---|---|\n".to_owned();
    for pattern in PATTERNS {
        let link = |label: &str, path: &str| format!("[{label}]({path})");
        let (mut broken, mut fixed) = (Vec::new(), Vec::new());
        for case in pattern.cases {
            let variant = link(case.variant, &case.file());
            match case.broken() {
                true => broken.push(format!("{variant} {}", kinds(root, case)?)),
                false => fixed.push(variant),
            }
        }
        let worlds = |what: &str, end: &str| {
            let path = |world: World| format!("{}/{what}/{}{end}", suite(world), pattern.name);
            let stored = |world: &World| pattern.cases.iter().any(|case| seeded(case).any(|other| other == *world));
            let tested = |world: &World| pattern.cases.iter().any(|case| case.absent(*world).is_none());
            let there = |world: &World| if what == "tests" { tested(world) } else { stored(world) };
            let there = [World::Loom, World::Shuttle].into_iter().filter(there);
            there.map(|world| link(world.name(), &path(world))).collect::<Vec<_>>().join(", ")
        };
        let row = [
            link(pattern.name, &format!("src/patterns/{}", pattern.name)),
            pattern.about.to_owned(),
            broken.join(", "),
            fixed.join(", "),
            worlds("tests", ".rs"),
            worlds("seeds", ""),
        ];
        text.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    Ok(text)
}

/// How a broken case fails: the kinds of its stored seeds.
fn kinds(root: &Path, case: &Case) -> Result<String, Failure> {
    let mut kinds: Vec<String> = Vec::new();
    for world in seeded(case) {
        let kind = load(root, case, world)?.kind.to_string();
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    Ok(kinds.join(" or "))
}

/// The docs' index: a table a pattern, a row a case.
fn index(root: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    for pattern in PATTERNS {
        let module = |case: &Case| format!("{}::{}", pattern.name, case.module());
        text.push_str(&format!("\n# [`{0}`](mod@{0}): {1}\n\n", pattern.name, pattern.about));
        text.push_str("| case | what | fails with | fixed by | source |\n|---|---|---|---|---|\n");
        for case in pattern.cases {
            let link = |case: &Case| format!("[`{}`](mod@{})", case.variant, module(case));
            let fix = select::counterpart(case)?.filter(|_| case.broken());
            let row = [
                link(case),
                case.about.to_owned(),
                kinds(root, case)?,
                fix.map_or_else(String::new, link),
                case.source.to_owned(),
            ];
            text.push_str(&format!("| {} |\n", row.join(" | ")));
        }
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
        lines.push(match case.absent(world) {
            None => format!("- {world} test: `{}` in `{}/tests/{}.rs`", case.test, suite(world), case.pattern),
            Some(why) => format!("- no {world} test: {why}"),
        });
    }
    for world in seeded(case) {
        let seed = load(root, case, world)?;
        lines.push(format!("- {world} seed: `{}`; replay it with", Seed::path(case, world)));
        lines.push(format!("  `cargo run --release -- replay {}`", seed.token));
    }
    Ok(lines.join("\n"))
}
