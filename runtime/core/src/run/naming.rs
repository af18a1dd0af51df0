//! The name of the running test.

use std::sync::OnceLock;
use std::thread;

use crate::name::Name;
use crate::run::context::try_current;
use crate::run::process::mark::is_mark;
use crate::run::spec::Spec;
use crate::runner;

/// Determines the name of the running test.
///
/// libtest names the test's thread after it. That name includes the case of a parametrised test and
/// the functions that an attribute has generated from one. A thread of the user has another name or
/// none; then the test runner may supply the name. The last resort is the path of the function.
pub(crate) fn of(spec: &Spec) -> Name {
    let (package, module) = match spec.place.module.split_once("::") {
        Some((package, module)) => (package, module),
        None => (spec.place.module, ""),
    };
    let function = spec.function;
    let mut made = None;
    for name in announced() {
        if mentions(&name, module, function) {
            return Name::of_test(package, &name);
        }
        if made.is_none() && is_made_of(&name, module, function) {
            made = Some(name);
        }
    }
    // A test called by another test is not a function generated from that one.
    let made = made.filter(|_| try_current().is_none());
    match (made, module) {
        (Some(name), _) => Name::of_test(package, &name),
        (None, "") => Name::of_test(package, function),
        (None, module) => Name::of_test(package, &format!("{module}::{function}")),
    }
}

/// Whether this name comes from the test runner.
pub(crate) fn is_announced(name: &str) -> bool {
    announced().any(|announced| announced == name)
}

/// Candidates for the name of the running test, best first.
fn announced() -> impl Iterator<Item = String> {
    let of_thread = || thread::current().name().map(str::to_owned);
    let after_exact = || {
        static ASKED_FOR: OnceLock<Option<String>> = OnceLock::new();
        let asked_for = ASKED_FOR.get_or_init(|| asked_for(std::env::args()));
        asked_for.clone()
    };
    let ways: [fn() -> Option<String>; 3] = [of_thread, runner::nextest_test_name, after_exact];
    ways.into_iter().filter_map(|ask| ask())
}

/// Whether a name may belong to a function: it starts with the function's module, and a later
/// segment is the function's name as written.
fn mentions(name: &str, module: &str, function: &str) -> bool {
    within(name, module).is_some_and(|rest| {
        // Usually nothing else follows the module, and splitting costs more than everything else.
        rest == function || rest.split("::").any(|one| bare(one) == function)
    })
}

/// Whether a name may belong to a function that an attribute has generated from this one by
/// appending an underscore and a suffix to its name.
fn is_made_of(name: &str, module: &str, function: &str) -> bool {
    let is = |one| {
        let rest = bare(one).strip_prefix(function);
        rest.is_some_and(|rest| rest.starts_with('_'))
    };
    within(name, module).is_some_and(|rest| rest.split("::").any(is))
}

/// The part of a name after `module`, if the name starts with it.
fn within<'a>(name: &'a str, module: &str) -> Option<&'a str> {
    match module {
        "" => Some(name),
        module => name.strip_prefix(module)?.strip_prefix("::"),
    }
}

fn bare(segment: &str) -> &str {
    segment.strip_prefix("r#").unwrap_or(segment)
}

/// The single name on a command line with `--exact`, as when one test runs in a subprocess.
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
    use super::{asked_for, is_made_of, mentions, of};
    use crate::location::SourceLocation;
    use crate::run::spec::{ShouldPanic, Spec};

    const SPEC: Spec = Spec {
        place: SourceLocation {
            module: "shop::checkout",
            file: "src/checkout.rs",
            line: 1,
            package: Some("shop"),
            build: Some("-p shop --lib"),
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
            .spawn(|| of(&SPEC).full().to_owned())
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
        assert!(mentions("checkout::r#pays", "checkout", "pays"));
    }

    #[test]
    fn functions_that_an_attribute_has_made_are_known() {
        assert_eq!(in_thread("checkout::pays_1"), "shop::checkout::pays_1");
        for made in [
            "checkout::pays__a_txt",
            "checkout::pays_1",
            "checkout::m::pays_x",
        ] {
            assert!(is_made_of(made, "checkout", "pays"), "{made}");
        }
        for other in [
            "checkout::paysome",
            "checkout::repays_1",
            "pays_1",
            "other::pays_1",
        ] {
            assert!(!is_made_of(other, "checkout", "pays"), "{other}");
        }
        assert!(is_made_of("pays_1", "", "pays"));
    }

    #[test]
    fn a_function_of_another_module_is_another_one() {
        assert_eq!(in_thread("pays"), "shop::checkout::pays");
        assert_eq!(in_thread("returns::pays"), "shop::checkout::pays");
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
