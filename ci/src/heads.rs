//! The heads of the variants' files, with what is generated in them: links, and the smallest failing interleaving.
//!
//! An interleaving names lines of the files that it stands in. The lines that an execution tells are those of the files
//! as they were compiled, so they are moved by what the head has grown since, or grows now: what is written is right at
//! once, and writing it twice changes nothing.

use std::{collections::BTreeMap, path::Path};

use raddle::{
    Failure as Failed,
    patterns::{Case, cases},
};

use crate::{
    Failure,
    generate::{links, read, replace},
    smallest::{shown, smallest},
    variant,
};

/// What a file of the variants is, and is to be.
pub(crate) struct Head {
    pub(crate) case: &'static Case,
    pub(crate) before: String,
    pub(crate) text: String,
}

/// All of them, and the smallest failing executions.
pub(crate) struct Heads {
    pub(crate) all: Vec<Head>,
    smallest: BTreeMap<String, Failed>,
}

impl Heads {
    /// # Errors
    /// If a file cannot be read or has no place for what is generated, or a broken case does not fail as it should.
    pub(crate) fn of(root: &Path) -> Result<Heads, Failure> {
        let mut heads = Heads { all: Vec::new(), smallest: all_smallest()? };
        for case in cases() {
            let before = read(&root.join(case.file()))?;
            let text = replace(&before, "links", &links(root, case)?, "//! ", &case.file())?;
            heads.all.push(Head { case, before, text });
        }
        // What an interleaving says depends on how long all heads are; how many lines it has does not, but for a headline
        // that is wrapped.
        loop {
            let mut settled = true;
            for at in 0..heads.all.len() {
                let Head { case, text, .. } = &heads.all[at];
                if case.broken() {
                    let next = replace(text, "interleaving", &heads.shown(case)?, "//! ", &case.file())?;
                    settled &= next == *text;
                    heads.all[at].text = next;
                }
            }
            if settled {
                return Ok(heads);
            }
        }
    }

    /// Where a line of a compiled file is in the file as it is to be.
    pub(crate) fn line(&self, file: &str, line: usize) -> usize {
        let Some(Head { case, text, .. }) = self.all.iter().find(|head| head.case.file() == file) else { return line };
        let compiled = variant::head(case.code);
        if line > compiled { line - compiled + variant::head(text) } else { line }
    }

    /// The smallest failing interleaving of a broken case.
    pub(crate) fn shown(&self, case: &Case) -> Result<String, Failure> {
        let failure = self.smallest.get(&case.name());
        let failure = failure.ok_or_else(|| Failure::Unmet(format!("{} is not broken", case.name())))?;
        Ok(shown(case, failure, &|file, line| self.line(file, line)))
    }
}

/// The smallest failing executions of all broken cases.
fn all_smallest() -> Result<BTreeMap<String, Failed>, Failure> {
    let mut all = BTreeMap::new();
    for case in cases().filter(|case| case.broken()) {
        all.extend(smallest(case)?.failure.map(|failure| (case.name(), failure)));
    }
    Ok(all)
}
