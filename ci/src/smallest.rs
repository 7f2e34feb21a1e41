//! The smallest failing execution of a broken case, as `explain` tells it and generated text shows it.

use raddle::{
    Failure as Failed, Kind, SCHEDULES, SEED, Strategy, Token, Verdict, World, interleaving,
    patterns::{Case, Expect, Size},
};

use crate::{Failure, job::Job};

/// Columns of a line of generated text.
const WIDTH: usize = 110;

/// The smallest failing execution of the case that is expected: fewest preemptions, then fewest steps. It is the shuttle
/// world's. A bug that only loom's weak memory shows is told by the first failing execution that loom meets.
///
/// # Errors
/// If this build compiles no world that shows the bug, the case does not fail as it should, or cannot be run.
pub(crate) fn smallest(case: &Case) -> Result<Verdict, Failure> {
    let shows = |world: &World| matches!(case.expect(*world), Some(Expect::Fails(_)));
    let world = [World::Shuttle, World::Loom].into_iter().find(shows);
    let Some(world) = world.filter(|world| World::compiled().contains(world)) else {
        return Err(Failure::Usage(format!("this build compiles no world that shows {}", case.name())));
    };
    // Sampling comes first: it finds soon what exists, and what is stored as a seed.
    let thorough: &[Strategy] = if world == World::Shuttle { &[Strategy::Dpor] } else { &[] };
    let (mut unmet, mut found) = (None, None);
    for &strategy in Strategy::defaults(world).iter().chain(thorough) {
        let verdict = Job::new(case, Size::Small, strategy, SCHEDULES, SEED).smallest().run();
        let verdict = verdict.map_err(|why| Failure::Tool(format!("{}: {why}", case.name())))?;
        match case.judge(&verdict) {
            Ok(()) if verdict.failure.as_ref().is_some_and(drawn) => found = Some(verdict),
            Ok(()) => return Ok(verdict),
            Err(mismatch) => unmet = Some(format!("{} ({world}, {strategy}) {mismatch}", case.name())),
        }
    }
    if let Some(found) = found {
        return Ok(found);
    }
    Err(Failure::Unmet(unmet.unwrap_or_else(|| format!("{}: the {world} world has no strategy", case.name()))))
}

/// Whether the failure has faults that a sampler has drawn. Only its seed repeats those, so it cannot be made smaller; what
/// `dpor` finds can.
fn drawn(failure: &Failed) -> bool {
    let token = failure.token.as_ref().and_then(|token| token.parse::<Token>().ok());
    let faults = failure.steps.iter().any(|step| step.kind == Kind::Allow);
    faults && token.is_some_and(|token| token.strategy.samples())
}

/// How it failed, without who waits for what: the interleaving says that.
pub(crate) fn headline(failure: &Failed) -> String {
    let waiting: Vec<String> = failure.stuck().iter().map(ToString::to_string).collect();
    let told = failure.message.strip_suffix(&waiting.join("; ")).filter(|_| !waiting.is_empty());
    format!("{}: {}", failure.kind, told.map_or(&*failure.message, |told| told.trim_end_matches(": ")))
}

/// A failing execution as it is shown in a file of the pattern's folder: headline and interleaving. `lines` says where a
/// line that the compiled file has is, or will be, in the file.
pub(crate) fn shown(case: &Case, failure: &Failed, lines: &dyn Fn(&str, usize) -> usize) -> String {
    let folder = format!("src/patterns/{}/", case.pattern);
    let mut failure = failure.clone();
    for step in &mut failure.steps {
        step.line = lines(&step.file, step.line as usize) as u32;
        step.file = step.file.strip_prefix(&folder).unwrap_or(&step.file).to_owned();
    }
    let headline = moved(&headline(&failure), lines).replace(&folder, "");
    format!("```text\n{}\n\n{}\n```", wrapped(&headline), interleaving(&failure))
}

/// The text with the places that it names, `file:line`, as they are in the files.
pub(crate) fn moved(text: &str, lines: &dyn Fn(&str, usize) -> usize) -> String {
    let mut words = Vec::new();
    for word in text.split(' ') {
        let end = word.rfind(|c: char| c.is_ascii_digit()).map_or(0, |at| at + 1);
        let (place, rest) = word.split_at(end);
        words.push(match place.rsplit_once(':').map(|(file, line)| (file, line.parse())) {
            Some((file, Ok(line))) => format!("{file}:{}{rest}", lines(file, line)),
            _ => word.to_owned(),
        });
    }
    words.join(" ")
}

fn wrapped(text: &str) -> String {
    let mut wrapped = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        if width > 0 && width + word.len() >= WIDTH {
            wrapped.push('\n');
            width = 0;
        } else if width > 0 {
            wrapped.push(' ');
            width += 1;
        }
        wrapped.push_str(word);
        width += word.len();
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_moved_and_nothing_else_is() {
        let lines = |file: &str, line: usize| if file == "src/a.rs" { line + 10 } else { line };
        let text = "race on cell#1 (made at src/a.rs:31): t1 at src/b.rs:2, t2 at src/a.rs:9; and 4 more";
        let want = "race on cell#1 (made at src/a.rs:41): t1 at src/b.rs:2, t2 at src/a.rs:19; and 4 more";
        assert_eq!(moved(text, &lines), want);
    }

    #[test]
    fn long_lines_are_wrapped_between_words() {
        let text = ["word"; 60].join(" ");
        let wrapped = wrapped(&text);
        assert!(wrapped.lines().count() == 3 && wrapped.lines().all(|line| line.len() <= WIDTH), "{wrapped}");
        assert_eq!(wrapped.replace('\n', " "), text);
    }
}
