//! Which cases a filter means.

use raddle::patterns::{Case, FindError, PATTERNS, Size, cases, find, find_sized};

use crate::Failure;

/// The cases that a filter names: one by its name or alias, a pattern's, or those with a part of it in their names.
///
/// # Errors
/// If there is none, with the names that are near.
pub(crate) fn select(filter: Option<&str>) -> Result<Vec<&'static Case>, Failure> {
    let Some(filter) = filter else { return Ok(cases().collect()) };
    if let Some(case) = find(filter) {
        return Ok(vec![case]);
    }
    if let Some(pattern) = PATTERNS.iter().find(|pattern| pattern.name == filter) {
        return Ok(pattern.cases.iter().collect());
    }
    let parts: Vec<_> =
        cases().filter(|case| !filter.is_empty() && names(case).iter().any(|name| name.contains(filter))).collect();
    if parts.is_empty() { Err(Failure::Usage(unknown(filter))) } else { Ok(parts) }
}

/// The case with this name or alias.
///
/// # Errors
/// If there is none, with the names that are near.
pub(crate) fn one(name: &str) -> Result<&'static Case, Failure> {
    find(name).ok_or_else(|| Failure::Usage(unknown(name)))
}

/// The variant that mends the case, or that it mends.
///
/// # Errors
/// If its pattern has no variant of that name.
pub(crate) fn counterpart(case: &Case) -> Result<Option<&'static Case>, Failure> {
    let Some(name) = case.counterpart else { return Ok(None) };
    let other = cases().find(|other| other.pattern == case.pattern && other.variant == name);
    let missing = || Failure::Unmet(format!("{}: there is no variant {name:?} in its pattern", case.name()));
    other.map(Some).ok_or_else(missing)
}

/// The case that a check is named after, and which of its inputs.
///
/// # Errors
/// If there is none, with the names that are near.
pub(crate) fn sized(name: &str) -> Result<(&'static Case, Size), Failure> {
    find_sized(name).map_err(|why| match why {
        FindError::NoCase { name } => Failure::Usage(unknown(&name)),
        why => Failure::Usage(why.to_string()),
    })
}

fn names(case: &Case) -> Vec<String> {
    let aliases = case.aliases.iter().map(|alias| (*alias).to_owned());
    std::iter::once(case.name()).chain(aliases).collect()
}

fn unknown(filter: &str) -> String {
    let mut near: Vec<(f64, String)> = cases()
        .flat_map(|case| names(case).into_iter().chain([case.pattern.to_owned(), case.variant.to_owned()]))
        .map(|name| (strsim::jaro_winkler(filter, &name), name))
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    near.dedup_by(|a, b| a.1 == b.1);
    let near: Vec<String> = near.into_iter().take(5).map(|(_, name)| name).collect();
    format!("no case is called {filter:?}. Near: {}. `raddle list` shows all", near.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_names_a_case_an_alias_a_pattern_or_a_part() {
        let count = |filter| select(Some(filter)).map_or(0, |cases| cases.len());
        assert_eq!(count("counter/naive"), 1);
        assert_eq!(count("mutex/bad"), 1);
        assert_eq!(count("counter"), raddle::patterns::counter::PATTERN.cases.len());
        assert!(count("racy") >= 1);
        assert_eq!(select(None).map_or(0, |cases| cases.len()), cases().count());
    }

    #[test]
    fn a_name_says_which_input_or_is_refused() {
        let found = |name| sized(name).map(|(case, size)| case.sized(size)).map_err(|why| why.to_string());
        for name in ["counter/naive", "counter/naive@large"] {
            assert_eq!(found(name), Ok(name.to_owned()));
        }
        for (name, told) in [
            ("counter/naive@huge", "has no input called \"huge\""),
            ("counter/naive@", "has no input called \"\""),
            ("counter/naive@large@large", "has no input called \"large@large\""),
            ("counter/niave@large", "counter/naive"),
        ] {
            let why = found(name).expect_err("it means nothing");
            assert!(why.contains(told), "{why}");
        }
    }

    #[test]
    fn an_unknown_filter_lists_near_names_and_is_never_a_pass() {
        let Err(Failure::Usage(why)) = select(Some("counter/niave")) else { panic!("it names nothing") };
        assert!(why.contains("counter/naive"), "{why}");
        assert!(select(Some("")).is_err());
    }
}
