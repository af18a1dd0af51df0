//! The name of a test.

use std::sync::Arc;

/// The name of a test or guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name(Arc<Parts>);

#[derive(Debug, PartialEq, Eq)]
struct Parts {
    full: String,
    /// The length of the prefix before the name that the test runner uses.
    before: usize,
}

impl Name {
    pub(crate) fn of_test(package: &str, runner: &str) -> Self {
        Name(Arc::new(Parts {
            full: format!("{package}::{runner}"),
            before: package.len() + 2,
        }))
    }

    /// The name of something that no test runner knows.
    pub(crate) fn of_guard(full: String) -> Self {
        Name(Arc::new(Parts { full, before: 0 }))
    }

    /// The name that the test runner uses, which selects the test: `checkout::pays::case_1`.
    pub(crate) fn runner(&self) -> &str {
        &self.0.full[self.0.before..]
    }

    /// The name with the crate, for messages: `shop::checkout::pays::case_1`.
    pub(crate) fn full(&self) -> &str {
        &self.0.full
    }
}
