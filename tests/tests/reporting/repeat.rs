//! `ISOLATED_REPEAT`: how often a test runs, where, with which resources, and what is reported.

#![cfg(any(target_os = "linux", windows))]

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use isolated_test_tests::{Finished, State, ends};

const NOTHING: [PathBuf; 0] = [];

mod inner {
    use std::fs::OpenOptions;
    use std::io::Write;
    use std::process::ExitCode;
    use std::sync::atomic::{AtomicU32, Ordering};

    use isolated_test::{BoxError, Current, Outcome, Port, Resource, TmpDir, isolated};
    use rstest::rstest;
    use test_case::test_case;

    /// Records one run, and returns its number.
    fn run(words: &str) -> usize {
        let path = std::env::var("RUNS").unwrap();
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&path)
            .unwrap();
        writeln!(file, "{} {words}", std::process::id()).unwrap();
        std::fs::read_to_string(&path).unwrap().lines().count()
    }

    /// Whether a run must fail.
    fn is_to_fail(run: usize) -> bool {
        let failing = std::env::var("FAILING").unwrap_or_default();
        failing.split(' ').any(|word| word == run.to_string())
    }

    fn checks(words: &str) {
        let number = run(words);
        assert!(!is_to_fail(number), "run {number} fails");
    }

    #[isolated(port, tmpdir, namespace, serial = "repeat")]
    #[test]
    #[ignore = "started by another test"]
    fn is_plain(port: &Port, tmpdir: &TmpDir, namespace: &str) {
        assert_eq!(tmpdir.read_dir().unwrap().count(), 0);
        std::fs::write(tmpdir.join("used"), "").unwrap();
        drop(port.listen().unwrap());
        checks(&format!("{} {namespace}", tmpdir.display()));
    }

    #[isolated(tmpdir, namespace)]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn is_asynchronous(tmpdir: &TmpDir, namespace: &str) {
        tokio::task::yield_now().await;
        checks(&format!("{} {namespace}", tmpdir.display()));
    }

    #[isolated(tmpdir, namespace)]
    #[rstest]
    #[case("word".to_owned())]
    #[ignore = "started by another test"]
    fn has_arguments(#[case] word: String, tmpdir: &TmpDir, namespace: &str) {
        drop(word);
        checks(&format!("{} {namespace}", tmpdir.display()));
    }

    #[isolated(tmpdir, namespace, process)]
    #[test]
    #[ignore = "started by another test"]
    fn has_a_process(tmpdir: &TmpDir, namespace: &str) {
        checks(&format!("{} {namespace}", tmpdir.display()));
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn aborts_sometimes() {
        if is_to_fail(run("")) {
            std::process::abort();
        }
    }

    #[isolated]
    #[test]
    #[should_panic(expected = "as it should")]
    #[ignore = "started by another test"]
    fn should_panic() {
        let number = run("");
        assert!(is_to_fail(number), "as it should");
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn returns_an_error() -> Result<(), String> {
        if is_to_fail(run("")) {
            return Err("on purpose".to_owned());
        }
        Ok(())
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn returns_a_code() -> ExitCode {
        ExitCode::from(u8::from(is_to_fail(run(""))))
    }

    #[isolated]
    #[test_case(2 => 4)]
    #[ignore = "started by another test"]
    fn is_judged(number: u32) -> u32 {
        run("");
        number * 2
    }

    #[test]
    #[ignore = "started by another test"]
    fn is_called_often() {
        use isolated_test::__private;

        for _ in 0..3 {
            let spec = &__private::spec!(
                "is_called_often", __private::ShouldPanic::No, [], []; often
            );
            __private::test(spec, &mut []).run(|_| assert!(run("") > 0));
        }
    }

    #[isolated(test_attribute = "called by a test")]
    fn is_called() {
        run("called");
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn calls_another_one() {
        is_called();
    }

    /// A resource whose second release fails.
    struct Clings;

    static CLINGS: AtomicU32 = AtomicU32::new(0);

    impl Resource for Clings {
        type Handle = ();

        fn provision(&mut self, _test: &Current) -> Result<(), BoxError> {
            Ok(())
        }

        fn release(&mut self, _outcome: Outcome) -> Result<(), BoxError> {
            if CLINGS.fetch_add(1, Ordering::Relaxed) == 1 {
                return Err("it clings".into());
            }
            Ok(())
        }
    }

    #[isolated(clings = Clings)]
    #[test]
    #[ignore = "started by another test"]
    fn has_what_clings() {
        run("");
    }

    /// A resource that fails to be provisioned from its second use on.
    struct Lacks;

    static LACKS: AtomicU32 = AtomicU32::new(0);

    impl Resource for Lacks {
        type Handle = ();

        fn provision(&mut self, _test: &Current) -> Result<(), BoxError> {
            if LACKS.fetch_add(1, Ordering::Relaxed) > 0 {
                return Err("it lacks".into());
            }
            Ok(())
        }

        fn release(&mut self, _outcome: Outcome) -> Result<(), BoxError> {
            Ok(())
        }
    }

    #[isolated(lacks = Lacks)]
    #[test]
    #[ignore = "started by another test"]
    fn lacks_something() {
        run("");
    }
}

/// Runs a test this many times. Returns the output, and the words of each run.
fn repeat(test: &str, times: &str, failing: &str) -> (Finished, Vec<Vec<String>>, State) {
    let state = State::new();
    let runs = state.scratch().join("runs");
    let finished = state
        .inner(test)
        .env("ISOLATED_REPEAT", times)
        .env("RUNS", &runs)
        .env("FAILING", failing)
        .captured()
        .run();
    let written = fs::read_to_string(runs).unwrap_or_default();
    let words = |line: &str| line.split(' ').map(str::to_owned).collect();
    (finished, written.lines().map(words).collect(), state)
}

/// Counts the different words at one position.
fn different(runs: &[Vec<String>], at: usize) -> usize {
    let words: HashSet<&str> = runs.iter().map(|run| run[at].as_str()).collect();
    words.len()
}

#[test]
fn each_run_has_resources_of_its_own() {
    for (test, processes) in [
        ("is_plain", 1),
        ("is_asynchronous", 1),
        ("has_arguments::case_1", 1),
        ("has_a_process", 20),
    ] {
        let (finished, runs, state) = repeat(test, "20", "");
        let finished = finished.passed();
        assert_eq!(runs.len(), 20, "{test}");
        assert_eq!(different(&runs, 0), processes, "processes of {test}");
        assert_eq!(different(&runs, 1), 20, "directories of {test}");
        assert_eq!(different(&runs, 2), 20, "names of {test}");
        assert_eq!(state.runs(), NOTHING, "{test}");
        let line = format!(
            "isolated-test: reporting::repeat::inner::{test}: passed 20 of 20 times; failure rate ≤ 14 % \
             (95 % confidence)\n"
        );
        assert_eq!(finished.errors, line, "past the test runner");
    }
}

#[test]
fn a_failure_counts_and_does_not_end_it() {
    for (test, why) in [
        ("is_plain", "it panicked: run 2 fails"),
        ("is_asynchronous", "it panicked: run 2 fails"),
        ("has_arguments::case_1", "it panicked: run 2 fails"),
        ("has_a_process", "it panicked: run 2 fails"),
        ("should_panic", "it did not panic"),
        ("returns_an_error", "it returned a failure"),
        ("returns_a_code", "it returned a failure"),
    ] {
        let (finished, runs, _state) = repeat(test, "10", "2 5 9");
        let finished = finished.failed();
        assert_eq!(runs.len(), 10, "{test}");
        let line = format!(
            "isolated-test: reporting::repeat::inner::{test}: passed 7 of 10 times; failure rate ≤ 61 % \
             (95 % confidence); the first failure: {why}\n"
        );
        assert_eq!(finished.errors, line);
    }
    let (finished, runs, _state) = repeat("aborts_sometimes", "5", "3");
    assert_eq!(runs.len(), 5);
    let errors = finished.failed().errors;
    assert!(
        errors.contains("passed 4 of 5 times") && errors.contains(ends::ABORTED),
        "{errors}"
    );
}

#[test]
fn a_panic_that_is_expected_counts_as_passed() {
    let (finished, runs, _state) = repeat("should_panic", "10", "");
    assert!(finished.passed().errors.contains("passed 10 of 10 times"));
    assert_eq!(runs.len(), 10);
}

#[test]
fn what_cannot_be_given_back_counts_as_failed() {
    let (finished, runs, _state) = repeat("has_what_clings", "4", "");
    let errors = finished.failed().errors;
    assert_eq!(runs.len(), 4);
    assert!(
        errors.contains("passed 3 of 4 times")
            && errors.contains("the first failure: a resource could not be released"),
        "{errors}"
    );
}

#[test]
fn what_cannot_begin_is_not_tried_again() {
    let (finished, runs, _state) = repeat("lacks_something", "9", "");
    let errors = finished.failed().errors;
    assert_eq!(runs.len(), 1);
    assert!(
        errors.contains("passed 1 of 2 times")
            && errors.ends_with("no further run of 9, because it could not begin\n"),
        "{errors}"
    );
}

#[test]
fn what_another_attribute_judges_is_repeated_with_its_judgement() {
    let (finished, runs, _state) = repeat("is_judged::test_case_1_2_expects_4", "9", "");
    assert_eq!(runs.len(), 9);
    assert!(finished.passed().errors.contains("passed 9 of 9 times"));
}

#[test]
fn what_another_attribute_calls_often_runs_as_it_would_and_says_so() {
    let (finished, runs, _state) = repeat("is_called_often", "9", "");
    assert_eq!(runs.len(), 3);
    assert_eq!(
        finished.passed().errors,
        "isolated-test: reporting::repeat::inner::is_called_often: `ISOLATED_REPEAT` does not apply, \
         because another attribute calls the function or judges its value\n"
    );
}

#[test]
fn what_a_test_calls_is_repeated_with_it() {
    let (finished, runs, _state) = repeat("calls_another_one", "4", "");
    let errors = finished.passed().errors;
    assert_eq!(runs.len(), 4);
    assert_eq!(errors.matches("passed 4 of 4 times").count(), 1, "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
}

#[test]
fn a_number_that_is_none_is_refused() {
    let (finished, runs, _state) = repeat("is_plain", "often", "");
    assert_eq!(runs.len(), 0);
    let output = finished.failed().output;
    assert!(
        output.contains(
            "failed to read the variable `ISOLATED_REPEAT`: found \"often\", expected a whole number above zero"
        ),
        "{output}"
    );
}

#[cfg(unix)] // Windows has no exit handler for Rust programs.
#[test]
fn the_end_of_the_process_sums_up() {
    let state = State::new();
    let runs = state.scratch().join("runs");
    let finished = state
        .inner("")
        .all(2)
        .env("ISOLATED_REPEAT", "3")
        .env("RUNS", &runs)
        .with(|command| {
            command.args(["--skip", "clings", "--skip", "lacks"]);
        })
        .run();
    assert!(finished.status.success(), "{finished:?}");
    let last = finished.errors.lines().last().unwrap_or_default();
    assert_eq!(
        last,
        "isolated-test: 10 tests passed 30 of 30 times; failure rate ≤ 9.6 % (95 % confidence)"
    );
}
