//! What the running test is called.

use std::thread;

use crate::env;
use crate::process::child::is_mark;
use crate::spec::Spec;

/// The name of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// As the test runner has it, to ask for it again: `checkout::pays::case_1`.
    pub(crate) runner: String,
    /// With the crate before it, for people: `shop::checkout::pays::case_1`.
    pub(crate) full: String,
}

/// Finds out what the running test is called.
///
/// The thread of the test has libtest's name of it, which knows the cases of parametrised tests.
/// A thread that the user has made has another name, or none; then the runner may have said it, and
/// at last there is where the function stands.
pub(crate) fn of(spec: &Spec) -> Name {
    let thread = thread::current();
    let function = spec.function;
    let runner = thread
        .name()
        .filter(|name| mentions(name, function))
        .map(str::to_owned)
        .or_else(|| env::nextest_test_name().filter(|name| mentions(name, function)))
        .or_else(|| asked_for(std::env::args()).filter(|name| mentions(name, function)))
        .unwrap_or_else(|| match spec.place.module.split_once("::") {
            Some((_, module)) => format!("{module}::{function}"),
            None => function.to_owned(),
        });
    let package = spec.place.module.split(':').next().unwrap_or_default();
    Name {
        full: format!("{package}::{runner}"),
        runner,
    }
}

/// Tells whether a name may be that of a function: one of its segments is, as written.
fn mentions(name: &str, function: &str) -> bool {
    // Most names end with it, and to split them costs more than all the rest.
    let before = name.strip_suffix(function);
    before.is_some_and(|before| before.is_empty() || before.ends_with("::"))
        || name
            .split("::")
            .any(|segment| segment.strip_prefix("r#").unwrap_or(segment) == function)
}

/// Returns the word that stands with `--exact`, as when one test is run in a process of its own.
fn asked_for(arguments: impl Iterator<Item = String>) -> Option<String> {
    let arguments: Vec<String> = arguments.skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--exact") {
        return None;
    }
    let mut names = arguments
        .into_iter()
        .filter(|argument| !argument.starts_with('-') && !is_mark(argument));
    names.next().filter(|_| names.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::{asked_for, mentions, of};
    use crate::spec::{Place, ShouldPanic, Spec};

    const SPEC: Spec = Spec {
        place: Place {
            module: "shop::checkout",
            file: "src/checkout.rs",
            line: 1,
            package: Some("shop"),
            package_root: None,
        },
        function: "pays",
        should_panic: ShouldPanic::No,
        resources: &[],
        locks: &[],
        process: None,
        is_called_often: false,
    };

    fn in_thread(name: &str) -> String {
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(|| of(&SPEC).full)
            .unwrap()
            .join()
            .unwrap()
    }

    #[test]
    fn the_thread_of_a_test_knows_its_name() {
        assert_eq!(in_thread("checkout::pays"), "shop::checkout::pays");
        assert_eq!(
            in_thread("checkout::pays::case_1"),
            "shop::checkout::pays::case_1"
        );
    }

    #[test]
    fn other_threads_do_not() {
        assert_eq!(in_thread("worker"), "shop::checkout::pays");
        assert_eq!(in_thread("main"), "shop::checkout::pays");
        assert_eq!(in_thread("checkout::repays"), "shop::checkout::pays");
    }

    #[test]
    fn raw_names_are_the_names_as_written() {
        assert!(mentions("checkout::r#pays", "pays"));
    }

    #[test]
    fn the_argument_of_exact_is_the_name() {
        let words = |words: &str| asked_for(words.split(' ').map(str::to_owned));
        assert_eq!(
            words("bin checkout::pays --exact --nocapture"),
            Some("checkout::pays".to_owned())
        );
        assert_eq!(words("bin checkout::pays --nocapture"), None);
        assert_eq!(words("bin one two --exact"), None);
    }
}
