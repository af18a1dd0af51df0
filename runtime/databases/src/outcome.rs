//! How a test with a database ends: whether its database stays.

use std::env;

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
