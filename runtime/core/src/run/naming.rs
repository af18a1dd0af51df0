//! What the running test is called.

use std::sync::OnceLock;
use std::thread;

use crate::name::Name;
use crate::run::context::try_current;
use crate::run::process::mark::is_mark;
use crate::run::spec::Spec;
use crate::runner;

/// Finds out what the running test is called.
///
/// The thread of the test has libtest's name of it, which knows the cases of parametrised tests, and
/// the functions that an attribute has made of one. A thread that the user has made has another
/// name, or none; then the runner may have said it, and at last there is where the function stands.
pub(crate) fn of(spec: &Spec) -> Name {
    let (package, module) = match spec.place.module.split_once("::") {
        Some((package, module)) => (package, module),
        None => (spec.place.module, ""),
    };
    let function = spec.function;
    let mut made = None;
    for name in told() {
        if mentions(&name, module, function) {
            return Name::of_test(package, &name);
        }
        if made.is_none() && is_made_of(&name, module, function) {
            made = Some(name);
        }
    }
    // A test that another test calls is not a function derived from that one.
    let made = made.filter(|_| try_current().is_none());
    match (made, module) {
        (Some(name), _) => Name::of_test(package, &name),
        (None, "") => Name::of_test(package, function),
        (None, module) => Name::of_test(package, &format!("{module}::{function}")),
    }
}

/// Whether a test runner has told this name.
pub(crate) fn is_told(name: &str) -> bool {
    told().any(|told| told == name)
}

/// The names that may be that of the running test, the best one first.
fn told() -> impl Iterator<Item = String> {
    let of_thread = || thread::current().name().map(str::to_owned);
    let after_exact = || {
        static ASKED_FOR: OnceLock<Option<String>> = OnceLock::new();
        let asked_for = ASKED_FOR.get_or_init(|| asked_for(std::env::args()));
        asked_for.clone()
    };
    let ways: [fn() -> Option<String>; 3] = [of_thread, runner::nextest_test_name, after_exact];
    ways.into_iter().filter_map(|ask| ask())
}

/// Whether a name may be that of a function: it is in its module, and one of the segments behind
/// that is the name of the function, as written.
fn mentions(name: &str, module: &str, function: &str) -> bool {
    within(name, module).is_some_and(|rest| {
        // Most names end with it, and to split them costs more than all the rest.
        rest == function || rest.split("::").any(|one| bare(one) == function)
    })
}

/// Whether a name may be that of a function that an attribute has made of one, by writing an
/// underscore and something else behind its name.
fn is_made_of(name: &str, module: &str, function: &str) -> bool {
    let is = |one| {
        let rest = bare(one).strip_prefix(function);
        rest.is_some_and(|rest| rest.starts_with('_'))
    };
    within(name, module).is_some_and(|rest| rest.split("::").any(is))
}

/// The part of a name after its module.
fn within<'a>(name: &'a str, module: &str) -> Option<&'a str> {
    match module {
        "" => Some(name),
        module => name.strip_prefix(module)?.strip_prefix("::"),
    }
}

fn bare(segment: &str) -> &str {
    segment.strip_prefix("r#").unwrap_or(segment)
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
