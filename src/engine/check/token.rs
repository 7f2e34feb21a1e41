//! Tokens: one line that replays one execution.
//!
//! ```text
//! rd1:counter/naive:shuttle-0.1.7:random:s=6b2f,...:5c1e9a04
//! |   |             |             |      |          checksum of all that comes before
//! |   |             |             |      seed and parameters, or decisions, and the model's facts
//! |   |             |             strategy
//! |   |             world and its engine's version
//! |   the case, percent-encoded
//! format
//! ```
//!
//! A token contains everything that makes its execution reproducible without running any other: either all decisions
//! (`p`), or a seed (`s`) and every parameter that was derived from earlier executions. `n` stands where a process died
//! before the decisions could be read: the execution's number, which is reached by exploring up to it.
//!
//! A seed, or the path of an execution in which nothing was decided, fits any code. So a token also holds how many steps
//! the execution had, and a hash of what they did (`h`, but for a process that died or a model that does not repeat
//! itself): another execution than that one does not fit.

use std::{collections::BTreeMap, fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};

use super::{Step, Strategy, TokenError};
use crate::world::{World, facts::Facts};

mod estimate;

#[cfg(raddle_shuttle)]
pub(crate) use self::estimate::Estimate;
pub(crate) use self::estimate::Estimated;

const FORMAT: &str = "rd1";
const PARTS: usize = 6;

/// A token that has been read: it is well-formed, and belongs to these versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The case that it belongs to.
    pub case: String,
    /// The world that it belongs to.
    pub world: World,
    /// The strategy that found it.
    pub strategy: Strategy,
    pub(crate) body: Body,
    pub(crate) facts: Facts,
    pub(crate) trail: Option<Trail>,
}

/// The steps of an execution, in short: how many, and a hash of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trail {
    steps: usize,
    hash: u32,
}

impl Trail {
    /// Who did what to which object, with which result: not where that stands in the source, nor which pointers it saw,
    /// since which addresses are given out again differs from run to run.
    pub(crate) fn of(steps: &[Step]) -> Trail {
        let mut hash = crc32fast::Hasher::new();
        for step in steps.iter().map(Step::repeatable) {
            hash.update(format!("{} {step}\n", step.thread).as_bytes());
        }
        Trail { steps: steps.len(), hash: hash.finalize() }
    }
}

/// What makes the execution reproducible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// A sampled schedule.
    Seed { seed: u64, estimate: Estimated },
    /// Every decision of the scheduler, and every choice.
    Decisions(Vec<u32>),
    /// loom's path, and the choices that are not 0.
    Path { path: Vec<u8>, choices: BTreeMap<u32, usize> },
    /// The n-th execution of an exploration, from 1; in the loom world, with these choices.
    Number { number: u64, choices: BTreeMap<u32, usize> },
}

/// The version of a world's engine: schedules belong to it.
pub fn engine(world: World) -> &'static str {
    match world {
        World::Std => "std",
        World::Loom => "loom-0.7.3",
        World::Shuttle => "shuttle-0.1.7",
    }
}

impl Token {
    pub(crate) fn new(case: &str, strategy: Strategy, body: Body, facts: &Facts) -> Token {
        Token { case: case.to_owned(), world: strategy.world(), strategy, body, facts: facts.clone(), trail: None }
    }

    /// The token of an execution that had these steps.
    pub(crate) fn with_trail(self, steps: &[Step]) -> Token {
        Token { trail: Some(Trail::of(steps)), ..self }
    }

    /// Whether an execution with these steps is the one that was recorded, as far as that one went.
    pub(crate) fn fits(&self, steps: &[Step]) -> Result<(), TokenError> {
        match self.trail {
            Some(trail) if steps.get(..trail.steps).map(Trail::of) != Some(trail) => {
                Err(TokenError::DoesNotFit(format!("its {} steps are others than those recorded", trail.steps)))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields: Vec<String> = Vec::new();
        match &self.body {
            Body::Seed { seed, estimate } => {
                fields.push(format!("s={seed:x}"));
                fields.extend(estimate.write());
            }
            Body::Decisions(decisions) => fields.push(format!("p={}", BASE64.encode(pack(decisions)))),
            Body::Path { path, choices } => {
                fields.push(format!("p={}", BASE64.encode(pack_path(path))));
                fields.extend(write_choices(choices));
            }
            Body::Number { number, choices } => {
                fields.push(format!("n={number}"));
                fields.extend(write_choices(choices));
            }
        }
        let Facts {
            tries,
            hangs_up,
            parts,
            meets,
            asks_finished,
            peeks,
            asks_leader,
            crowds,
            spoils,
            counted,
            loops,
            prepared,
        } = &self.facts;
        let flags = [
            ("t", tries),
            ("g", hangs_up),
            ("v", parts),
            ("m", meets),
            ("f", asks_finished),
            ("o", peeks),
            ("y", asks_leader),
            ("w", crowds),
            ("u", spoils),
        ];
        fields.extend(flags.iter().filter(|(_, on)| **on).map(|(key, _)| format!("{key}=1")));
        if !counted.is_empty() {
            fields.push(format!("a={}", join(counted.iter().map(|name| format!("{name:x}")))));
        }
        if !loops.is_empty() {
            fields.push(format!("l={}", join(loops.iter().map(|(place, rounds)| format!("{place:x}.{rounds}")))));
        }
        if !prepared.is_empty() {
            let shown = prepared.iter().map(|((scalar, first), count)| format!("{scalar}.{first:x}.{count}"));
            fields.push(format!("b={}", join(shown)));
        }
        if let Some(Trail { steps, hash }) = self.trail {
            fields.push(format!("h={steps}.{hash:x}"));
        }
        let line =
            format!("{FORMAT}:{}:{}:{}:{}", encode(&self.case), engine(self.world), self.strategy, fields.join(","),);
        write!(f, "{line}:{:08x}", crc32fast::hash(line.as_bytes()))
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Token, TokenError> {
        let text = text.trim();
        let parts: Vec<&str> = text.split(':').collect();
        if parts[0] != FORMAT {
            return Err(TokenError::NotAToken { expected: "rd1:" });
        }
        if parts.len() != PARTS {
            return Err(TokenError::Parts { found: parts.len(), expected: PARTS });
        }
        let (line, checksum) = text.rsplit_once(':').expect("a text of six parts has a colon");
        let expected = format!("{:08x}", crc32fast::hash(line.as_bytes()));
        if checksum != expected {
            return Err(TokenError::Checksum { found: checksum.to_owned(), expected });
        }
        let malformed = |part: &'static str| move |why: String| TokenError::Malformed { part, why };
        let case = decode(parts[1]).map_err(malformed("case"))?;
        let name = parts[2].split('-').next().unwrap_or_default();
        let world: World = name.parse().map_err(malformed("world"))?;
        if parts[2] != engine(world) {
            return Err(TokenError::Outdated { found: parts[2].to_owned(), expected: engine(world).to_owned() });
        }
        let strategy: Strategy = parts[3].parse().map_err(malformed("strategy"))?;
        if strategy.world() != world {
            return Err(malformed("strategy")(format!("{strategy} does not belong to the {world} world")));
        }
        let mut fields = BTreeMap::new();
        for field in parts[4].split(',') {
            let (key, value) =
                field.split_once('=').ok_or_else(|| malformed("parameters")(format!("{field:?} has no '='")))?;
            if fields.insert(key, value).is_some() {
                return Err(malformed("parameters")(format!("{key} comes twice")));
            }
        }
        let token = read(case, world, strategy, &mut fields).map_err(malformed("parameters"))?;
        match fields.keys().next() {
            Some(key) => Err(malformed("parameters")(format!("{key} is unknown here"))),
            None => Ok(token),
        }
    }
}

fn read(case: String, world: World, strategy: Strategy, fields: &mut BTreeMap<&str, &str>) -> Result<Token, String> {
    let bytes = |text: &str| BASE64.decode(text).map_err(|why| why.to_string());
    let body = if let Some(seed) = fields.remove("s") {
        let estimate = Estimated::read(strategy, fields)?;
        Body::Seed { seed: number(seed, 16)?, estimate }
    } else if let Some(path) = fields.remove("p") {
        match world {
            World::Loom => Body::Path { path: unpack_path(&bytes(path)?)?, choices: read_choices(fields)? },
            _ if matches!(strategy, Strategy::Dfs | Strategy::Dpor) => Body::Decisions(unpack(&bytes(path)?)?),
            _ => return Err(format!("{strategy} has a seed, not a list of decisions")),
        }
    } else if let Some(n) = fields.remove("n") {
        match strategy {
            Strategy::Dfs | Strategy::Dpor => Body::Number { number: number(n, 10)?, choices: BTreeMap::new() },
            Strategy::Exhaustive | Strategy::Preemptions(_) => {
                Body::Number { number: number(n, 10)?, choices: read_choices(fields)? }
            }
            _ => return Err(format!("{strategy} has a seed, not a number")),
        }
    } else {
        return Err("there is neither a seed (s), nor decisions (p), nor a number (n)".to_owned());
    };
    let mut facts = Facts {
        tries: flag(fields.remove("t"))?,
        hangs_up: flag(fields.remove("g"))?,
        parts: flag(fields.remove("v"))?,
        meets: flag(fields.remove("m"))?,
        asks_finished: flag(fields.remove("f"))?,
        peeks: flag(fields.remove("o"))?,
        asks_leader: flag(fields.remove("y"))?,
        crowds: flag(fields.remove("w"))?,
        spoils: flag(fields.remove("u"))?,
        ..Facts::default()
    };
    if let Some(names) = fields.remove("a") {
        for name in names.split('+') {
            facts.counted.insert(number(name, 16)?);
        }
    }
    for (place, rounds) in pairs(fields.remove("l"))? {
        facts.loops.insert(number(place, 16)?, number(rounds, 10)?);
    }
    for (scalar, rest) in pairs(fields.remove("b"))? {
        let (first, count) = rest.split_once('.').ok_or_else(|| format!("{rest:?} has no '.'"))?;
        let count = number(count, 10)?;
        if count > 10_000 {
            return Err("more than ten thousand objects are to be prepared".to_owned());
        }
        facts.prepared.insert((number(scalar, 10)?, number(first, 16)?), count);
    }
    let trail = match pairs(fields.remove("h"))?[..] {
        [] => None,
        [(steps, hash)] => Some(Trail { steps: number(steps, 10)?, hash: number(hash, 16)? }),
        _ => return Err("h comes twice".to_owned()),
    };
    Ok(Token { case, world, strategy, body, facts, trail })
}

fn write_choices(choices: &BTreeMap<u32, usize>) -> Option<String> {
    (!choices.is_empty()).then(|| format!("c={}", join(choices.iter().map(|(key, value)| format!("{key:x}.{value}")))))
}

fn read_choices(fields: &mut BTreeMap<&str, &str>) -> Result<BTreeMap<u32, usize>, String> {
    pairs(fields.remove("c"))?.into_iter().map(|(key, value)| Ok((number(key, 16)?, number(value, 10)?))).collect()
}

fn flag(field: Option<&str>) -> Result<bool, String> {
    match field {
        None => Ok(false),
        Some("1") => Ok(true),
        Some(other) => Err(format!("{other:?} should be 1")),
    }
}

fn pairs(field: Option<&str>) -> Result<Vec<(&str, &str)>, String> {
    field
        .into_iter()
        .flat_map(|field| field.split('+'))
        .map(|pair| pair.split_once('.').ok_or_else(|| format!("{pair:?} has no '.'")))
        .collect()
}

fn number<N: TryFrom<u64>>(text: &str, radix: u32) -> Result<N, String> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let n = u64::from_str_radix(text, radix).ok().filter(|_| plain);
    n.and_then(|n| N::try_from(n).ok()).ok_or_else(|| format!("{text:?} is no number, or too large"))
}

fn join(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join("+")
}

/// Numbers in base 128, least significant first; runs of zeros are counted.
fn pack(numbers: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut put = |mut n: u64| {
        while n >= 0x80 {
            bytes.push(n as u8 | 0x80);
            n >>= 7;
        }
        bytes.push(n as u8);
    };
    let mut zeros = 0_u64;
    for &n in numbers {
        if n == 0 {
            zeros += 1;
        } else {
            put(zeros);
            put(u64::from(n));
            zeros = 0;
        }
    }
    put(zeros);
    bytes
}

fn unpack(bytes: &[u8]) -> Result<Vec<u32>, String> {
    let mut numbers: Vec<u32> = Vec::new();
    let mut zeros = true;
    let mut bytes = bytes.iter();
    while !bytes.as_slice().is_empty() {
        let (mut n, mut shift) = (0_u64, 0);
        loop {
            let byte = *bytes.next().ok_or("the decisions are cut off")?;
            if shift > 28 {
                return Err("a decision is too large".to_owned());
            }
            n |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                break;
            }
        }
        if zeros {
            if numbers.len() as u64 + n > 10_000_000 {
                return Err("more than ten million decisions".to_owned());
            }
            numbers.resize(numbers.len() + n as usize, 0);
        } else {
            numbers.push(u32::try_from(n).map_err(|_| "a decision is too large")?);
        }
        zeros = !zeros;
    }
    Ok(numbers)
}

/// loom's path: each entry below 16, and how often it repeats.
fn pack_path(path: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for run in path.chunk_by(|a, b| a == b) {
        for piece in run.chunks(16) {
            bytes.push(piece[0] << 4 | (piece.len() - 1) as u8);
        }
    }
    bytes
}

fn unpack_path(bytes: &[u8]) -> Result<Vec<u8>, String> {
    if bytes.len() > 10_000_000 {
        return Err("more than ten million runs".to_owned());
    }
    Ok(bytes.iter().flat_map(|byte| std::iter::repeat_n(byte >> 4, usize::from(byte & 15) + 1)).collect())
}

fn encode(case: &str) -> String {
    let mut encoded = String::new();
    for byte in case.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => encoded.push(byte as char),
            _ => encoded.push_str(&format!("%{byte:02x}")),
        }
    }
    encoded
}

fn decode(encoded: &str) -> Result<String, String> {
    let mut bytes = Vec::new();
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next(), rest.next()].map(|digit| (digit.unwrap_or(b' ') as char).to_digit(16));
        match digits {
            [Some(high), Some(low)] => bytes.push((high * 16 + low) as u8),
            _ => return Err("a % is not followed by two digits".to_owned()),
        }
    }
    String::from_utf8(bytes).map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests;
