//! `raddle replay`.

use raddle::{Error, Token, render};

use crate::{Failure, job::Job, select, tell};

/// Replays one execution and prints it. Succeeds if it fails as its case expects.
pub(crate) fn replay(text: &str) -> Result<(), Failure> {
    let token: Token = text.parse().map_err(|why| Failure::Usage(format!("{why}")))?;
    let (case, size) = select::sized(&token.case)?;
    let verdict = Job::replaying(&token).run().map_err(|why| match why {
        Error::Token(_) | Error::NoSuchWorld { .. } | Error::Argument(_) => Failure::Usage(why.to_string()),
        // What a child says of its token comes back as text.
        Error::Tool(why) if why.contains("token") => Failure::Usage(why),
        why => Failure::Tool(why.to_string()),
    })?;
    tell(format_args!("{}", render(&verdict)))?;
    match case.judge_sized(size, &verdict) {
        Ok(()) if !verdict.passed() => Ok(()),
        Ok(()) => Err(Failure::Unmet("this execution does not fail any more".to_owned())),
        Err(mismatch) => Err(Failure::Unmet(format!("{}: {mismatch}", case.name()))),
    }
}
