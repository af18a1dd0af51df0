//! The full report of a failed test; other tests print nothing.

#![cfg(target_os = "linux")]
#![expect(
    clippy::should_panic_without_expect,
    reason = "it is one of the ways to write a test"
)]

use isolated_test_tests::{Finished, State, plain};

mod inner;

/// Returns the output of the runtime, with names in place of values, and 1 in place of each line
/// number.
fn report(run: &Finished) -> String {
    let Some(start) = run.errors.find("isolated-test: ") else {
        return String::new();
    };
    let mut text = run.errors[start..].to_owned();
    for line in run.output.lines() {
        if let Some((name, value)) = line
            .strip_prefix("@value ")
            .and_then(|rest| rest.split_once(' '))
        {
            text = text.replace(value, name);
        }
    }
    let at = "tests/tests/reporting/report/inner.rs:";
    let mut parts = text.split(at);
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        text = format!(
            "{text}{at}1{}",
            part.trim_start_matches(|c: char| c.is_ascii_digit())
        );
    }
    // The outer test includes ignored tests, so that its inner test runs.
    text.replace(" --include-ignored", "")
        .replace(" --run-ignored all", "")
}

/// Runs a failing test, and expects this report, whose first and last lines are always the same.
#[track_caller]
fn expect(test: &str, lines: &str) {
    let run = State::new().inner(test).run().failed();
    assert_eq!(report(&run), block(test, lines));
}

fn block(test: &str, lines: &str) -> String {
    format!(
        "isolated-test: reporting::report::inner::{test} failed
    at         tests/tests/reporting/report/inner.rs:1
{lines}    repeat     cargo test -p isolated-test-tests --test reporting -- --exact report::inner::{test}
"
    )
}

#[test]
fn a_panic() {
    expect("panics", "");
}

#[test]
fn the_line_is_that_of_the_function() {
    use inner::annotated::{LINE, MADE};

    let at = |test| {
        let errors = State::new().inner(test).run().failed().errors;
        let line = errors.lines().find_map(|line| line.strip_prefix("    at"));
        line.map(|line| line.trim().to_owned())
    };
    let of = |line| Some(format!("tests/tests/reporting/report/inner.rs:{line}"));
    assert_eq!(at("annotated::stands_here"), of(LINE));
    assert_eq!(at("annotated::is_made_here"), of(MADE));
}

#[test]
fn a_returned_error() {
    expect("returns_an_error", "");
    let run = State::new().inner("returns_an_error").run().failed();
    assert!(
        run.errors
            .starts_with("Error: \"on purpose\"\nisolated-test: "),
        "{}",
        run.errors
    );
}

#[test]
fn a_returned_failure() {
    for (test, code) in [("returns_a_failure", 1), ("returns_a_code", 3)] {
        let run = State::new().inner(test).run().failed();
        let printed = format!("{}{}", run.output, run.errors);
        let line = format!(
            "isolated-test: reporting::report::inner::{test}: returned the exit code {code}, which is a \
             failure\n"
        );
        assert_eq!(printed.matches(&line).count(), 1, "{printed}");
        let failed = format!("isolated-test: reporting::report::inner::{test} failed\n");
        assert!(printed.contains(&failed), "{printed}");
    }
    let run = State::new().inner("returns_no_code").run().failed();
    assert!(!run.errors.contains("exit code"), "{}", run.errors);
}

#[test]
fn a_panic_that_did_not_come() {
    expect("does_not_panic", "");
}

#[test]
fn ports() {
    expect(
        "has_ports",
        "    port       port = PORT (tcp)
    port       dns = DNS (udp)
    port       both = BOTH (tcp and udp)
    port       nodes = NODES (tcp)
",
    );
}

#[test]
fn directories() {
    expect(
        "has_directories",
        "    tmpdir     tmpdir = TMPDIR (kept)
    tmpdir     scratch = SCRATCH (removed)
    tmpdir     kept = KEPT (kept)
",
    );
}

#[test]
fn names_and_seeds() {
    let run = State::new().inner("has_names_and_seeds").run().failed();
    assert_eq!(
        report(&run),
        "isolated-test: reporting::report::inner::has_names_and_seeds failed
    at         tests/tests/reporting/report/inner.rs:1
    namespace  namespace = NAMESPACE
    namespace  topic = TOPIC
    seed       seed = SEED
    seed       order = ORDER
    repeat     ISOLATED_SEED=SEED cargo test -p isolated-test-tests --test reporting -- --exact report::inner::has_names_and_seeds
"
    );
}

#[test]
fn resources_of_ones_own() {
    expect(
        "has_its_own",
        "    resource   server = server number 7
    resource   silent
    resource   rude
",
    );
}

#[test]
fn the_command_that_repeats_the_test_is_the_one_of_its_runner() {
    let run = State::new()
        .inner("panics")
        .env("NEXTEST", "1")
        .env("NEXTEST_TEST_NAME", "report::inner::panics")
        .run()
        .failed();
    assert_eq!(
        report(&run),
        "isolated-test: reporting::report::inner::panics failed
    at         tests/tests/reporting/report/inner.rs:1
    repeat     cargo nextest run -p isolated-test-tests --test reporting -E 'test(=report::inner::panics)'
"
    );
}

#[test]
fn a_passing_test_prints_nothing() {
    let run = State::new().inner("passes").run().passed();
    assert_eq!(run.errors, "");
}

#[test]
fn an_expected_panic_is_not_reported() {
    let run = State::new().inner("panics_as_it_should").run().passed();
    assert_eq!(report(&run), "");
}

#[test]
fn another_panic_than_the_expected_one_is_reported() {
    expect(
        "panics_in_another_way",
        "    port       port = PORT (tcp)
    tmpdir     tmpdir = TMPDIR (kept)
",
    );
}

#[test]
fn a_future_that_is_dropped_before_its_end_is_reported_and_everything_given_back() {
    let state = State::new();
    let run = state.inner("is_given_up").run().passed();
    assert_eq!(
        report(&run),
        "isolated-test: reporting::report::inner::is_given_up: the future of the test was dropped before \
         it ended
isolated-test: reporting::report::inner::is_given_up failed
    at         tests/tests/reporting/report/inner.rs:1
    port       port = PORT (tcp)
    tmpdir     tmpdir = TMPDIR (kept)
    resource   told
    repeat     cargo test -p isolated-test-tests --test reporting -- --exact report::inner::is_given_up
"
        .replace("is_given_up", "never_ends")
    );
    let kept = run.said("value TMPDIR").map(std::path::Path::new);
    assert!(kept.is_some_and(std::path::Path::is_dir), "it is kept");
    let released = run.said("value RELEASED");
    assert_eq!(released, Some("Failed"));
}

#[test]
fn a_failure_that_nobody_reads_still_ends_in_order() {
    let state = State::new();
    let _ = state
        .inner("fails_unheard")
        .env("ISOLATED_KEEP", "never")
        .with(plain::with_broken_errors)
        .run()
        .failed();
    assert_eq!(state.runs(), [] as [std::path::PathBuf; 0]);
}
