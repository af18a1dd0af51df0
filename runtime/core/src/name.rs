//! The name of a test.

use std::sync::Arc;

/// The name of a test or guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    full: Arc<str>,
    /// The length of the prefix before the name that the test runner uses.
    before: usize,
}

/// The beginning of the names of hosts.
const HOST: &str = "host of ";

impl Name {
    pub(crate) fn of_test(package: &str, runner: &str) -> Self {
        Name {
            full: format!("{package}::{runner}").into(),
            before: package.len() + 2,
        }
    }

    /// The name of something that no test runner knows.
    pub(crate) fn of_guard(full: String) -> Self {
        Name {
            full: full.into(),
            before: 0,
        }
    }

    /// The name of the host of a resource.
    #[cfg(unix)]
    pub(crate) fn of_host(resource: &str) -> Self {
        Name::of_guard(format!("{HOST}{resource}"))
    }

    /// Whether this is the name of a host. Names of tests begin with the crate.
    pub(crate) fn is_host(&self) -> bool {
        is_host(&self.full)
    }

    /// The name that the test runner uses, which selects the test: `checkout::pays::case_1`.
    pub(crate) fn runner(&self) -> &str {
        &self.full[self.before..]
    }

    /// The name with the crate, for messages: `shop::checkout::pays::case_1`.
    pub(crate) fn full(&self) -> &str {
        &self.full
    }
}

/// Whether a name in a record is that of a host.
pub(crate) fn is_host(name: &str) -> bool {
    name.starts_with(HOST)
}
