//! `raddle explain`.

use raddle::{
    SCHEDULES, SEED, Strategy, Verdict, Why, World, interleaving,
    patterns::{Case, Mismatch, Size},
    render,
};
use serde_json::json;

use crate::{Failure, job::Job, list::expected, select, smallest, tell, variant};

/// A case, and what was found.
struct Explained {
    case: &'static Case,
    /// The variant that mends it, or that it mends.
    other: Option<&'static Case>,
    verdict: Verdict,
}

/// Tells the story of a case: a broken one's smallest failing execution, a fixed one's exploration, the diff from broken
/// to fixed, and the code.
pub(crate) fn explain(name: &str, as_json: bool) -> Result<(), Failure> {
    let case = select::one(name)?;
    let other = select::counterpart(case)?;
    let verdict = if case.broken() { smallest::smallest(case)? } else { explored(case)? };
    let explained = Explained { case, other, verdict };
    match as_json {
        true => tell(format_args!("{}\n", explained.json()))?,
        false => tell(format_args!("{}", explained.text()))?,
    }
    let unmet = |mismatch: Mismatch| Failure::Unmet(format!("{} {mismatch}", case.name()));
    case.judge(&explained.verdict).map_err(unmet)
}

/// Every execution of a fixed case, up to those that nobody can tell apart.
fn explored(case: &Case) -> Result<Verdict, Failure> {
    let strategy = match World::compiled().contains(&World::Shuttle) {
        true => Strategy::Dpor,
        false => Strategy::Exhaustive,
    };
    let verdict = Job::new(case, Size::Small, strategy, SCHEDULES, SEED).run();
    verdict.map_err(|why| Failure::Tool(format!("{}: {why}", case.name())))
}

impl Explained {
    fn diff(&self) -> Option<String> {
        let other = self.other?;
        let (from, to) = if self.case.broken() { (self.case, other) } else { (other, self.case) };
        Some(variant::diff(from, to))
    }

    fn meaning(&self) -> Option<&'static str> {
        let failure = self.verdict.failure.as_ref()?;
        self.case.symptom(self.verdict.world, failure).map(|symptom| symptom.meaning)
    }

    fn replay(&self) -> Option<String> {
        let token = self.verdict.failure.as_ref()?.token.as_ref()?;
        Some(format!("cargo run --release -- replay {token}"))
    }

    /// How small the failing execution is.
    fn size(&self) -> Option<String> {
        let Verdict { failure, world, .. } = &self.verdict;
        let steps = &failure.as_ref()?.steps;
        if *world == World::Loom {
            let told = "only loom's weak memory shows it, and this is the first failing execution that it meets";
            return Some(format!("{} steps, {world} world: {told}.", steps.len()));
        }
        let preempted = |why: Why| why == Why::Preempted;
        let preemptions = steps.iter().filter(|step| step.switch.is_some_and(|switch| preempted(switch.why))).count();
        Some(format!(
            "{} steps, {preemptions} preemptions, {world} world: the fewest preemptions that do it, then the fewest steps.",
            steps.len()
        ))
    }

    fn text(&self) -> String {
        let Explained { case, other, verdict } = self;
        let mut parts = vec![format!("# {}: {}\n{}", case.name(), case.about, case.source), variant::prose(case.code)];
        match &verdict.failure {
            Some(failure) if case.broken() => {
                let mut part = format!("## What happens\n\n{}", smallest::headline(failure));
                part.extend(self.meaning().map(|meaning| format!("\nThat is: {meaning}.")));
                parts.push(part);
                parts.push(interleaving(failure));
                let size = self.size().map(|size| format!("{size}\n"));
                parts.push(size.unwrap_or_default() + "In brackets: why the thread goes on no further just then.");
                if !failure.stuck().is_empty() {
                    let waiting = failure.stuck().iter().map(|waiting| format!("\n  {waiting}"));
                    parts.push(format!("Waiting:{}", waiting.collect::<String>()));
                }
                parts.extend(self.replay().map(|replay| format!("Replay it:\n  {replay}")));
            }
            _ => parts.push(format!("## What exploration says\n\n{}", render(verdict).trim_end())),
        }
        if let (Some(other), Some(diff)) = (other, self.diff()) {
            let title = match case.broken() {
                true => format!("The fix: {}: {}", other.name(), other.about),
                false => format!("What it fixes: {}: {}", other.name(), other.about),
            };
            parts.push(format!("## {title}\n\n{}", diff.trim_end()));
        }
        let (first, code) = variant::code(case.code);
        let lines = code.lines().enumerate().map(|(n, line)| format!("{:4}  {line}", first + n).trim_end().to_owned());
        parts.push(format!("## The source: {}\n\n{}", case.file(), lines.collect::<Vec<_>>().join("\n")));
        parts.join("\n\n") + "\n"
    }

    fn json(&self) -> serde_json::Value {
        let Explained { case, other, verdict } = self;
        let failure = verdict.failure.as_ref();
        json!({
            "case": case.name(),
            "expected": expected(case),
            "about": case.about,
            "source": case.source,
            "story": variant::prose(case.code),
            "verdict": verdict.word(),
            "world": verdict.world.name(),
            "strategy": verdict.strategy.to_string(),
            "coverage": verdict.coverage.to_string(),
            "executions": verdict.executions,
            "failure": failure,
            "meaning": self.meaning(),
            "interleaving": failure.map(interleaving),
            "replay": self.replay(),
            "counterpart": other.map(Case::name),
            "diff": self.diff(),
            "file": case.file(),
            "code": variant::code(case.code).1,
        })
    }
}
