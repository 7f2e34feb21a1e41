//! Stored seeds: for every broken case, in every world that shows the bug, one execution that fails.
//!
//! They are files under `loom-tests/seeds` and `shuttle-tests/seeds`, a folder a pattern and a file a variant. Each is
//! replayed by its suite and by the gate, and must still fail as it did.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Case, Input};
use crate::{Error, FailureKind, Strategy, Token, TokenError, Verdict, World, engine};

/// A failing execution of a case, with what a reader needs to understand it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// The line that replays the execution.
    pub token: String,
    /// The number that its schedule grew from, where the strategy has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The strategy that found it.
    pub strategy: String,
    /// How it fails.
    pub kind: FailureKind,
    /// The panic's message, or what happened.
    pub message: String,
    /// What the wrong value means, and where it comes from.
    pub meaning: String,
    /// The engine and its version: a schedule belongs to it.
    pub engine: String,
    /// The case's small input.
    pub input: Input,
}

/// Why there is no stored seed to be had, or why it is not good.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SeedError {
    /// The world does not show the case's bug, or there is none.
    #[error("{case} has nothing to store: it does not fail in the {world} world")]
    NothingToStore {
        /// The case.
        case: String,
        /// The world.
        world: World,
    },
    /// No strategy of the world has found the failure.
    #[error("{case} should fail in the {world} world, and no default strategy finds it")]
    NotFound {
        /// The case.
        case: String,
        /// The world.
        world: World,
    },
    /// The file cannot be read or written.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// The file is not a stored seed.
    #[error("{path}: {why}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Its token is not good.
    #[error("{case}: the stored token is not good: {why}")]
    Token {
        /// The case.
        case: String,
        /// Why.
        why: TokenError,
    },
    /// The check could not be done.
    #[error("{case}: {why}")]
    Check {
        /// The case.
        case: String,
        /// Why.
        why: Error,
    },
    /// The execution is not what it was.
    #[error("{case}: the stored seed should replay as {stored}, and is {found} now")]
    Differs {
        /// The case.
        case: String,
        /// What the file says.
        stored: String,
        /// What happened.
        found: String,
    },
}

impl Seed {
    /// The file of a case's seed, from the repository's root.
    pub fn path(case: &Case, world: World) -> String {
        format!("{world}-tests/seeds/{}/{}.toml", case.pattern, case.variant)
    }

    /// Finds a failing execution of the case anew, with the small input, the default strategies in their order, and
    /// default limits: the same one each time.
    ///
    /// # Errors
    /// If the world does not show the bug, or none is found.
    pub fn record(case: &Case, world: World) -> Result<Seed, SeedError> {
        let name = case.name();
        if case.symptoms(world).is_empty() {
            return Err(SeedError::NothingToStore { case: name, world });
        }
        for &strategy in Strategy::defaults(world) {
            let ran = case.run(case.check(strategy), &case.small);
            let verdict = ran.map_err(|why| SeedError::Check { case: name.clone(), why })?;
            let Some(failure) = &verdict.failure else { continue };
            let (Some(symptom), Some(token)) = (case.symptom(world, failure), &failure.token) else { continue };
            return Ok(Seed {
                token: token.clone(),
                seed: verdict.seed,
                strategy: strategy.to_string(),
                kind: failure.kind,
                message: failure.message.clone(),
                meaning: symptom.meaning.to_owned(),
                engine: engine(world).to_owned(),
                input: case.small.clone(),
            });
        }
        Err(SeedError::NotFound { case: name, world })
    }

    /// Reads the seed of a case. `root` is the repository's root.
    ///
    /// # Errors
    /// If there is none, or the file is malformed.
    pub fn load(root: &Path, case: &Case, world: World) -> Result<Seed, SeedError> {
        let path = root.join(Seed::path(case, world));
        let text = fs::read_to_string(&path).map_err(|why| SeedError::File { path: path.clone(), why })?;
        toml::from_str(&text).map_err(|why| SeedError::Malformed { path, why: why.to_string() })
    }

    /// Writes the seed where [`load`](Seed::load) finds it. `root` is the repository's root.
    ///
    /// # Errors
    /// If it cannot be written, or its token belongs to no case.
    pub fn store(&self, root: &Path) -> Result<PathBuf, SeedError> {
        let malformed = |why: String| SeedError::Malformed { path: root.to_owned(), why };
        let token: Token = self.token.parse().map_err(|why: TokenError| malformed(why.to_string()))?;
        let case = super::find(&token.case).ok_or_else(|| malformed(format!("there is no case {:?}", token.case)))?;
        let path = root.join(Seed::path(case, token.world));
        let text = toml::to_string(self).map_err(|why| malformed(why.to_string()))?;
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        match written {
            Ok(()) => Ok(path),
            Err(why) => Err(SeedError::File { path, why }),
        }
    }

    /// Replays the execution, and demands that it fails as it did: the same kind, the same message, a symptom of the
    /// case.
    ///
    /// # Errors
    /// If it does not, or cannot be replayed.
    pub fn replay(&self, case: &Case) -> Result<Verdict, SeedError> {
        let name = case.name();
        let token: Token = match self.token.parse() {
            Ok(token) => token,
            Err(why) => return Err(SeedError::Token { case: name, why }),
        };
        let verdict = case.replay(&token, &self.input).map_err(|why| SeedError::Check { case: name.clone(), why })?;
        let differs = |stored: String, found: String| SeedError::Differs { case: name.clone(), stored, found };
        let Some(failure) = &verdict.failure else {
            return Err(differs(format!("{}: {}", self.kind, self.message), "no failure".to_owned()));
        };
        if (failure.kind, &failure.message) != (self.kind, &self.message) {
            let found = format!("{}: {}", failure.kind, failure.message);
            return Err(differs(format!("{}: {}", self.kind, self.message), found));
        }
        let meaning = case.symptom(token.world, failure).map(|symptom| symptom.meaning);
        let stored = (self.strategy.as_str(), self.engine.as_str(), Some(self.meaning.as_str()), &self.input);
        let found = (&*token.strategy.to_string(), engine(token.world), meaning, &case.small);
        if stored != found {
            return Err(differs(format!("{stored:?}"), format!("{found:?}")));
        }
        Ok(verdict)
    }
}
