//! The error of a resource that skips its test.

use std::error::Error as StdError;
use std::fmt;

/// An error of [`Resource::provision`](crate::Resource::provision) or
/// [`AsyncResource::provision`](crate::AsyncResource::provision) that skips the test instead of failing it.
///
/// The test passes without having run, even with `#[should_panic]`, and a line that no test runner captures
/// gives the reason: `isolated-test: shop::pays: skipped, because Docker is not installed`. Earlier resources are
/// released, with [`Outcome::Passed`](crate::Outcome::Passed).
///
/// Return it as it is: an error that has it as its source fails the test. In the [host](crate::Once) of a
/// resource it is an error like any other, and fails the tests that use it.
///
/// A test that nobody sees failing protects nothing, so let the test ask for it, and only if what it needs is
/// not installed.
///
/// # Examples
///
/// ```rust,test_harness
/// use isolated_test::{BoxError, Current, Resource, Skip, isolated};
///
/// /// The path of a program that is not installed everywhere.
/// struct Program(&'static str);
///
/// impl Resource for Program {
///     type Handle = std::path::PathBuf;
///
///     fn provision(&mut self, _test: &Current) -> Result<Self::Handle, BoxError> {
///         let path = std::env::var_os("PATH").unwrap_or_default();
///         let mut all = std::env::split_paths(&path).map(|dir| dir.join(self.0));
///         let found = all.find(|program| program.is_file());
///         found.ok_or_else(|| Skip::because(format!("`{}` is not installed", self.0)).into())
///     }
/// }
///
/// #[isolated(program = Program("no-such-program"))]
/// #[test]
/// fn is_skipped(program: &std::path::PathBuf) {
///     panic!("found {}", program.display());
/// }
/// ```
///
/// # When the process dies
///
/// It is an end like any other: the test fails.
#[derive(Debug, Clone)]
pub struct Skip {
    reason: String,
}

impl Skip {
    /// Gives the reason, worded to fit after "because".
    #[must_use]
    pub fn because(reason: impl Into<String>) -> Self {
        Skip {
            reason: reason.into(),
        }
    }

    /// The reason to skip a test, if an error is one.
    pub(crate) fn reason_of<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e str> {
        let skip: &Skip = error.downcast_ref()?;
        Some(&skip.reason)
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reason)
    }
}

impl StdError for Skip {}
