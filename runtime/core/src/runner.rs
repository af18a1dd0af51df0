//! Information that the test runner and Cargo pass to the programs that they run.

use std::env;
use std::path::PathBuf;
use std::sync::OnceLock;

/// The name under which nextest runs this test, if it does.
pub(crate) fn nextest_test_name() -> Option<String> {
    env::var("NEXTEST_TEST_NAME").ok()
}

/// The binary of this test, as nextest calls it: `shop::api`.
pub(crate) fn nextest_binary() -> Option<String> {
    env::var("NEXTEST_BINARY_ID").ok()
}

/// The nextest profile, unless it is the default one.
pub(crate) fn nextest_profile() -> Option<String> {
    let profile = env::var("NEXTEST_PROFILE").ok();
    profile.filter(|profile| !profile.is_empty() && profile != "default")
}

/// Whether nextest runs this process.
pub(crate) fn under_nextest() -> bool {
    env::var_os("NEXTEST").is_some()
}

/// Whether this program was started with the argument `word`.
pub(crate) fn has_argument(word: &str) -> bool {
    env::args_os().any(|argument| argument == word)
}

/// Whether the test runner passes the output of tests through without capturing it.
pub(crate) fn is_uncaptured() -> bool {
    has_argument("--nocapture")
        || has_argument("--no-capture")
        || env::var_os("RUST_TEST_NOCAPTURE").is_some_and(|value| value != "0")
}

/// The name of the package whose target Cargo or nextest runs. Programs inherit it from the tests
/// that start them.
pub(crate) fn running_package() -> Option<&'static str> {
    static PACKAGE: OnceLock<Option<String>> = OnceLock::new();

    let package = PACKAGE.get_or_init(|| {
        env::var("CARGO_PKG_NAME")
            .ok()
            .filter(|name| !name.is_empty())
    });
    package.as_deref()
}

/// The root of the package that Cargo or nextest runs, or else the working directory.
pub(crate) fn directory() -> Option<PathBuf> {
    let root = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = root.filter(|root| root.is_absolute());
    root.or_else(|| env::current_dir().ok())
}

/// The root of the package with this name, as Cargo or nextest passes it to the tests that they
/// run; `None` if they run another package.
pub(crate) fn root_of_running(package: &str) -> Option<PathBuf> {
    let root = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    root.filter(|root| running_package() == Some(package) && root.is_absolute())
}
