//! A verdict as text for people.

use std::fmt::Write as _;

use comfy_table::{Cell, ContentArrangement, Table, TableComponent, presets::UTF8_HORIZONTAL_ONLY};

use super::{Failure, FailureKind, Step, Verdict};

/// Steps that a report shows: the last ones, where there are more.
const SHOWN: usize = 60;

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

/// The steps of a failing execution: a column a thread, time downward, with values and source lines.
pub fn interleaving(failure: &Failure) -> String {
    table(&failure.threads, &failure.steps)
}

pub(super) fn table(threads: &[String], steps: &[Step]) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Disabled);
    // One step a line: lines between them would double the height of the story.
    table.remove_style(TableComponent::HorizontalLines).remove_style(TableComponent::MiddleIntersections);
    let mut header = vec![Cell::new("")];
    header.extend(threads.iter().map(Cell::new));
    header.push(Cell::new("source"));
    table.set_header(header);
    let first = steps.len().saturating_sub(SHOWN);
    if first > 0 {
        let mut row = vec![Cell::new("...")];
        row.extend(threads.iter().map(|_| Cell::new("")));
        row.push(Cell::new(format!("{first} earlier steps")));
        table.add_row(row);
    }
    for (number, step) in steps.iter().enumerate().skip(first) {
        let mut row = vec![Cell::new(number + 1)];
        for thread in 0..threads.len() {
            row.push(Cell::new(if thread == step.thread as usize { step.to_string() } else { String::new() }));
        }
        row.push(Cell::new(format!("{}:{}", step.file, step.line)));
        table.add_row(row);
    }
    table.to_string()
}
