//! How far exploration reaches through the shims: `dpor` and the loom world, on the catalogue and on channels.

use comfy_table::CellAlignment;
use raddle::{
    Check, Coverage, Strategy, World,
    patterns::{Case, Expect, cases},
};

use crate::{
    channels,
    cli::{Options, Outcome, table},
    exhaust,
    exploration::cells,
    reached::measure,
};

/// On channels: raw engines have none that would be the same.
const CHANNELS: &[(&str, fn())] = &[
    ("rendezvous of two threads", channels::rendezvous),
    ("two values through bounded(1)", channels::two_through_one),
    ("select over two senders", channels::select_two),
];

/// The programs of the table.
pub fn names() -> impl Iterator<Item = String> {
    let channels = CHANNELS.iter().map(|(name, _)| (*name).to_owned());
    cases().filter(|case| passes(case)).map(Case::name).chain(channels)
}

/// Whether both worlds explore it to the end: where a case fails, exploration ends at the first failure.
fn passes(case: &Case) -> bool {
    [World::Loom, World::Shuttle].iter().all(|world| case.expect(*world) == Some(Expect::Holds))
}

/// The table.
pub fn run(options: &Options) -> Outcome {
    let mut rows = table(&["program", "loom\nexecutions", "time", "dpor\nexecutions", "time", "loom\n/ dpor", ""]);
    let mut notes = vec!["cases that fail are left out: exploration ends at the first failure".to_owned()];
    let channels = CHANNELS.iter().map(|&(name, program)| {
        let run: Box<dyn Fn(Strategy) -> (Check, Model)> =
            Box::new(move |strategy| (Check::new(name).strategy(strategy), Box::new(program)));
        (name.to_owned(), run)
    });
    let cases = cases().filter(|case| passes(case)).map(|case| {
        let run: Box<dyn Fn(Strategy) -> (Check, Model)> =
            Box::new(move |strategy| (case.check(strategy), Box::new(|| (case.model)(&case.small))));
        (case.name(), run)
    });
    for (name, run) in cases.chain(channels).filter(|(name, _)| options.wants("catalogue", name)) {
        let mut row = vec![name.clone()];
        let explored = [Strategy::Exhaustive, Strategy::Dpor].map(|strategy| {
            let mut coverage = None;
            let measured = measure(|| {
                let (check, model) = run(strategy);
                let verdict = check.executions(u64::MAX).run(model).expect("the program can be checked");
                assert!(verdict.failure.is_none(), "{}", raddle::render(&verdict));
                coverage = Some(verdict.coverage);
                exhaust::of(&verdict)
            });
            if let Some(bounded) = coverage.filter(|coverage| *coverage != Coverage::Exhausted) {
                notes.push(format!("{name}, {strategy}: {bounded}"));
            }
            row.extend(cells(&measured));
            (measured.reached.executions, measured.seconds)
        });
        let [(loom, slow), (dpor, quick)] = explored;
        row.push(format!("{:.1}", slow / quick));
        row.push(if dpor <= loom && quick < slow { "met" } else { "MISSED" }.to_owned());
        rows.add_row(row);
    }
    for column in rows.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let about =
        "catalogue: executions to exhaust a program through the shims, and processor time (met: dpor needs no more \
                 executions than loom, and less time)"
            .to_owned();
    Outcome { about, table: rows, notes, problems: Vec::new() }
}

type Model = Box<dyn Fn() + Send + Sync>;
