//! A verdict as text for people.

use std::fmt::Write as _;

use comfy_table::{Cell, ContentArrangement, Table, TableComponent, presets::UTF8_HORIZONTAL_ONLY};

use super::{Failure, FailureKind, Step, Value, Verdict, Waiting, Why};

/// Steps that a report shows: the last ones, where there are more; but where hosts talk, first of all those on the network and
/// on disks.
const SHOWN: usize = 60;
/// The same step so often in a row is shown once.
const REPEATED: usize = 4;

/// A verdict as a person reads it: what happened, the steps of the failing execution with a column a thread and time
/// downward, who waits for what, and the line that replays it.
pub fn render(verdict: &Verdict) -> String {
    let Verdict { case, world, strategy, coverage, executions, redundant, .. } = verdict;
    let mut text = String::new();
    let Some(failure) = &verdict.failure else {
        let word = if verdict.truncated() { "was cut short" } else { "passed" };
        let besides = if *redundant > 0 { format!(", and {redundant} redundant ones") } else { String::new() };
        write_line(
            &mut text,
            &format!("{case} {word} ({world}, {strategy}): {coverage}, {executions} executions{besides}"),
        );
        if verdict.truncated() {
            write_line(&mut text, "Nothing is proved of the rest: raise the limit, or make the model smaller.");
        }
        return text;
    };
    write_line(&mut text, &format!("{case} failed ({world}, {strategy}), in execution {executions}"));
    write_line(&mut text, &format!("{}: {}", failure.kind, failure.message));
    if !failure.steps.is_empty() {
        text.push('\n');
        write_line(&mut text, &interleaving(failure));
    }
    if !failure.panics.is_empty() {
        write_line(&mut text, "\nPanics:");
        for panicked in &failure.panics {
            write_line(&mut text, &format!("  {panicked}"));
        }
    }
    if !failure.waiting.is_empty() {
        write_line(&mut text, "\nWaiting:");
        for waiting in &failure.waiting {
            write_line(&mut text, &format!("  {waiting}"));
        }
    }
    if let Some(token) = &failure.token {
        let what = match failure.kind {
            FailureKind::Nondeterminism => "Run this schedule again, whatever it gives",
            _ => "Replay this one execution",
        };
        write_line(&mut text, &format!("\n{what}: put {}={token}", super::REPLAY));
        write_line(&mut text, "before the command that ran this test.");
    }
    text
}

fn write_line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a String takes all that is written");
}

/// The steps of a failing execution: a column a thread, time downward, with values and source lines. In brackets, under
/// a thread's last step before another one goes on, stands why; that a thread has ended its last step says by itself.
pub fn interleaving(failure: &Failure) -> String {
    table(&failure.threads, &failure.steps, failure.stuck())
}

/// `stuck` are the threads that wait in the end.
pub(super) fn table(threads: &[String], steps: &[Step], stuck: &[Waiting]) -> String {
    // Each step that is shown: its number, and how often it comes again.
    let mut shown: Vec<(usize, usize)> = Vec::new();
    for repeated in steps.chunk_by(|a, b| a == b) {
        let number = shown.last().map_or(0, |(number, again)| number + again + 1);
        match repeated.len() {
            few @ ..REPEATED => shown.extend((number..number + few).map(|number| (number, 0))),
            many => shown.push((number, many - 1)),
        }
    }
    let all = shown.len();
    let told = |(number, _): &(usize, usize)| {
        let Step { kind, value, .. } = &steps[*number];
        kind.is_told_of_hosts() && *value != Value::Crashed
    };
    let abridged = all > SHOWN && shown.iter().any(told);
    if abridged {
        shown.retain(told);
    }
    let left_out = all - shown.len();
    shown.drain(..shown.len().saturating_sub(SHOWN));
    // Names tell threads apart as a rule, and the list of who waits says it in any case.
    let waits = |thread: usize| {
        let one = threads.iter().filter(|name| **name == threads[thread]).count() == 1;
        let waiting = stuck.iter().find(|waiting| one && waiting.thread == threads[thread]);
        bracketed(waiting.map(|waiting| waiting.told(threads)))
    };
    let acts = |thread: &usize| shown.iter().any(|(number, _)| steps[*number].thread as usize == *thread);
    let columns: Vec<usize> =
        (0..threads.len()).filter(|thread| !abridged || acts(thread) || !waits(*thread).is_empty()).collect();

    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Disabled);
    // One step a line: lines between them would double the height of the story.
    table.remove_style(TableComponent::HorizontalLines).remove_style(TableComponent::MiddleIntersections);
    let mut header = vec![Cell::new("")];
    header.extend(columns.iter().map(|thread| Cell::new(&threads[*thread])));
    header.push(Cell::new("source"));
    table.set_header(header);
    // A row with what is told of each thread.
    let mut add = |number: String, told: &dyn Fn(usize) -> String, place: String| {
        let told = columns.iter().map(|thread| told(*thread));
        table.add_row([number].into_iter().chain(told).chain([place]));
    };
    let dots = || "...".to_owned();
    if abridged {
        add(dots(), &|_| String::new(), format!("without {left_out} steps in memory"));
    }
    let earlier = if abridged { all - left_out - shown.len() } else { shown.first().map_or(0, |(first, _)| *first) };
    if earlier > 0 {
        add(dots(), &|_| String::new(), format!("{earlier} earlier steps"));
    }
    for (number, again) in shown {
        let step = &steps[number];
        if let Some(switch) = step.switch.filter(|switch| switch.why != Why::Ended && !abridged) {
            let why = |thread| bracketed((thread == switch.thread as usize).then(|| switch.why.told(threads)));
            add(String::new(), &why, String::new());
        }
        let did = |thread| match (thread == step.thread as usize, step.spurious) {
            (false, _) => String::new(),
            (true, false) => step.to_string(),
            (true, true) => format!("{step} (spuriously)"),
        };
        add((number + 1).to_string(), &did, format!("{}:{}", of_library(&step.file), step.line));
        if again > 0 {
            add(
                dots(),
                &|thread| if thread == step.thread as usize { dots() } else { String::new() },
                format!("{again} times more"),
            );
        }
    }
    if columns.iter().any(|thread| !waits(*thread).is_empty()) {
        add(String::new(), &waits, String::new());
    }
    table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// A file of std's without the folder that it was compiled in.
fn of_library(file: &str) -> &str {
    file.strip_prefix("/rustc/").and_then(|file| file.split_once("/library/")).map_or(file, |(_, file)| file)
}

fn bracketed(text: Option<String>) -> String {
    text.map_or_else(String::new, |text| format!("({text})"))
}
