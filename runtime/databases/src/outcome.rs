//! How a test with a database ends: why it got none, and whether its database stays.

use std::env;
use std::error::Error;

use isolated_test_core::Outcome;

/// Whether the database stays for people, as `ISOLATED_KEEP` says.
#[must_use]
pub fn is_kept(outcome: Outcome) -> bool {
    let keep = env::var("ISOLATED_KEEP").unwrap_or_default();
    match &*keep {
        "never" => false,
        "always" => true,
        _ => outcome == Outcome::Failed,
    }
}

/// An error with all its sources, in one line.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
