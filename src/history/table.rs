//! A history as text for people.

use std::{collections::BTreeMap, fmt};

use comfy_table::{Cell, ContentArrangement, Table, TableComponent, presets::UTF8_HORIZONTAL_ONLY};

use super::{Call, History};

/// An operation and what it was told.
pub(super) fn told(operation: &dyn fmt::Debug, answer: Option<&impl fmt::Debug>) -> String {
    match answer {
        Some(answer) => format!("{operation:?} -> {answer:?}"),
        None => format!("{operation:?}"),
    }
}

/// A column a client and time downward. An operation that nothing of others comes between takes one row, any other one where
/// it begins and one where it returns.
pub(super) fn table<O: fmt::Debug, A: fmt::Debug>(history: &History<O, A>) -> String {
    let clients: BTreeMap<usize, usize> = {
        let mut all: Vec<usize> = history.calls().iter().map(|call| call.client).collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter().zip(0..).collect()
    };
    let mut rows: Vec<(usize, usize, String)> = Vec::new();
    for Call { client, operation, answer, invoked, returned } in history.calls() {
        let column = clients[client];
        match returned {
            Some(at) if *at == invoked + 1 => rows.push((*invoked, column, told(operation, answer.as_ref()))),
            Some(at) => {
                rows.push((*invoked, column, format!("{operation:?} ...")));
                rows.push((*at, column, format!("... {}", told(operation, answer.as_ref()))));
            }
            None => rows.push((*invoked, column, format!("{operation:?} (pending)"))),
        }
    }
    rows.sort_by_key(|(at, ..)| *at);
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Disabled);
    table.remove_style(TableComponent::HorizontalLines).remove_style(TableComponent::MiddleIntersections);
    table.set_header(clients.keys().map(|client| Cell::new(format!("client {client}"))));
    for (_, column, text) in rows {
        table.add_row((0..clients.len()).map(|at| if at == column { text.as_str() } else { "" }));
    }
    table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

impl<O: fmt::Debug, A: fmt::Debug> fmt::Display for History<O, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&table(self))
    }
}
