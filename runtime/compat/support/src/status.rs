//! The values that a test of rusty-fork may return.

use std::fmt::Debug;
use std::process::ExitCode;

/// A value that a test returns.
#[diagnostic::on_unimplemented(
    message = "a test cannot return a value of type `{Self}`",
    label = "expected `()`, a `Result` whose error is `Debug`, an `Option` or an `ExitCode`"
)]
pub trait TestExitStatus {
    /// Accepts the value.
    ///
    /// # Panics
    ///
    /// Panics if it is a failure.
    fn judge(self);
}

impl TestExitStatus for () {
    fn judge(self) {}
}

impl<T, E: Debug> TestExitStatus for Result<T, E> {
    #[track_caller]
    fn judge(self) {
        if let Err(error) = self {
            panic!("the test returned an error: {error:?}");
        }
    }
}

impl<T> TestExitStatus for Option<T> {
    #[track_caller]
    fn judge(self) {
        assert!(self.is_some(), "the test returned `None`");
    }
}

impl TestExitStatus for ExitCode {
    #[track_caller]
    fn judge(self) {
        assert!(self == ExitCode::SUCCESS, "the test returned {self:?}");
    }
}
