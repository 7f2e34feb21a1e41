//! `raddle list`.

use raddle::patterns::{Case, PATTERNS, cases};
use serde_json::json;

use crate::{Failure, table, tell};

/// `pass` or `fail`.
pub(crate) fn expected(case: &Case) -> &'static str {
    if case.broken() { "fail" } else { "pass" }
}

pub(crate) fn list(as_json: bool) -> Result<(), Failure> {
    if as_json {
        for case in cases() {
            let line = json!({
                "case": case.name(),
                "pattern": case.pattern,
                "variant": case.variant,
                "expected": expected(case),
                "file": case.file(),
                "source": case.source,
                "aliases": case.aliases,
            });
            tell(format_args!("{line}\n"))?;
        }
        return Ok(());
    }
    for pattern in PATTERNS {
        tell(format_args!("{}: {}\n", pattern.name, pattern.about))?;
        let mut table = table::new(&["case", "expected", "what", "source", "aliases"]);
        for case in pattern.cases {
            table.add_row([&case.name(), expected(case), case.about, case.source, &case.aliases.join(", ")]);
        }
        tell(format_args!("{table}\n\n"))?;
    }
    Ok(())
}
