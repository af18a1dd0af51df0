//! Every use of a subprocess, in asynchronous tests, in cases of `rstest`, and in cases of
//! `test_case` with and without a judged value.

#![cfg(any(target_os = "linux", windows))]

use std::net::TcpListener;
use std::path::PathBuf;

use isolated_test_tests::{State, ends};

const NOTHING: [PathBuf; 0] = [];

/// Binds a port that may be taken on a machine, and is free in a network of a test's own.
fn bind_a_well_known_port() {
    if cfg!(target_os = "linux") {
        drop(TcpListener::bind("127.0.0.1:8080").unwrap());
    }
}

/// Generates the same tests under one test attribute.
macro_rules! variants {
    (
        $module:ident,
        $(#[$attribute:meta])*
        [$($asyncness:tt)?] ($($parameters:tt)*)
    ) => {
        mod $module {
            use std::env;

            use isolated_test::isolated;
            use isolated_test_tests::ends;

            #[isolated(
                tmpdir, port,
                env(WORD = "word", PORT = port, unset(HOME)), cwd, network(or = "serial")
            )]
            $(#[$attribute])*
            #[ignore = "started by another test"]
            $($asyncness)? fn has_surroundings(
                $($parameters)* tmpdir: &std::path::Path, port: u16
            ) {
                assert_eq!(env::var("WORD").unwrap(), "word");
                assert_eq!(env::var("PORT").unwrap(), port.to_string());
                assert!(env::var_os("HOME").is_none());
                assert_eq!(env::current_dir().unwrap(), tmpdir);
                super::super::bind_a_well_known_port();
            }

            #[isolated(timeout = "100ms", serial = "hang", port)]
            $(#[$attribute])*
            #[ignore = "started by another test"]
            $($asyncness)? fn hangs($($parameters)*) {
                ends::stay()
            }

            #[isolated(process, tmpdir(keep = "never"))]
            $(#[$attribute])*
            #[ignore = "started by another test"]
            $($asyncness)? fn aborts($($parameters)*) {
                std::process::abort()
            }

            #[isolated(process)]
            $(#[$attribute])*
            #[ignore = "started by another test"]
            $($asyncness)? fn exits($($parameters)*) {
                std::process::exit(0)
            }

            #[isolated(process)]
            $(#[$attribute])*
            #[ignore = "started by another test"]
            $($asyncness)? fn leaves_somebody($($parameters)*) {
                #[cfg(unix)]
                if ends::become_daemon().unwrap() {
                    ends::stay();
                }
                #[cfg(windows)]
                drop(std::process::Command::new(env!("CARGO_BIN_EXE_stays")).spawn().unwrap());
            }

            #[isolated(process)]
            $(#[$attribute])*
            #[ignore = "started by another test"]
            $($asyncness)? fn panics($($parameters)*) {
                panic!("on purpose")
            }

            #[isolated(process)]
            $(#[$attribute])*
            #[should_panic(expected = "on purpose")]
            #[ignore = "started by another test"]
            $($asyncness)? fn panics_as_it_should($($parameters)*) {
                panic!("on purpose")
            }
        }
    };
}

mod inner {
    variants!(asynchronous, #[tokio::test] [async] ());
    variants!(cases, #[rstest::rstest] #[case(1)] [] (#[case] _n: u32,));
    variants!(asynchronous_cases, #[rstest::rstest] #[case(1)] #[tokio::test] [async] (#[case] _n: u32,));
    variants!(test_cases, #[test_case::test_case(1; "one")] [] (_n: u32,));

    /// Tests whose value `test_case` compares.
    mod judged {
        use isolated_test::isolated;
        use isolated_test_tests::ends;
        use test_case::test_case;

        #[isolated(tmpdir, env(WORD = "word"), cwd, network(or = "serial"))]
        #[test_case(2 => 4; "one")]
        #[ignore = "started by another test"]
        fn has_surroundings(n: u32, tmpdir: &std::path::Path) -> u32 {
            assert_eq!(std::env::var("WORD").unwrap(), "word");
            assert_eq!(std::env::current_dir().unwrap(), tmpdir);
            super::super::bind_a_well_known_port();
            n * n
        }

        #[isolated(process)]
        #[test_case(2 => 5; "one")]
        #[ignore = "started by another test"]
        fn returns_another_value(n: u32) -> u32 {
            n * n
        }

        #[isolated(timeout = "100ms")]
        #[test_case(2 => 4; "one")]
        #[ignore = "started by another test"]
        fn hangs(_n: u32) -> u32 {
            ends::stay()
        }

        #[isolated(process)]
        #[test_case(2 => 4; "one")]
        #[ignore = "started by another test"]
        fn aborts(_n: u32) -> u32 {
            std::process::abort()
        }

        #[isolated(process)]
        #[test_case(2 => 4; "one")]
        #[ignore = "started by another test"]
        fn exits(_n: u32) -> u32 {
            std::process::exit(0)
        }

        #[isolated(process)]
        #[test_case(2 => panics "on purpose"; "one")]
        #[ignore = "started by another test"]
        fn panics_as_it_should(_n: u32) -> u32 {
            panic!("on purpose")
        }
    }
}

/// Runs a test, expects that nothing is left of it, and returns what it printed to standard error.
#[track_caller]
fn run(test: &str, passes: bool) -> String {
    let state = State::new();
    let run = state.inner(test).run();
    let run = if passes { run.passed() } else { run.failed() };
    assert_eq!(state.processes(), [], "{test}");
    assert_eq!(state.runs(), NOTHING, "{test}");
    run.errors
}

/// Checks the outcomes that do not depend on the test attribute.
#[track_caller]
fn check(module: &str, case: &str) {
    let test = |name: &str| format!("{module}{name}{case}");
    run(&test("has_surroundings"), true);
    run(&test("panics_as_it_should"), true);
    for (name, why) in [
        ("hangs", "timed out after 100ms"),
        ("aborts", ends::ABORTED),
        (
            "exits",
            "the process of the test exited with status 0 before",
        ),
    ] {
        let errors = run(&test(name), false);
        assert!(errors.contains(why), "{errors}");
    }
}

/// Checks two more outcomes, for tests without a judged value.
#[track_caller]
fn check_unjudged(module: &str, case: &str) {
    check(module, case);
    let errors = run(&format!("{module}leaves_somebody{case}"), true);
    assert!(
        errors.contains(": left a process behind, now ended: "),
        "{errors}"
    );
    let errors = run(&format!("{module}panics{case}"), false);
    assert_eq!(errors.matches("on purpose").count(), 1, "{errors}");
}

#[test]
fn asynchronous_tests() {
    check_unjudged("asynchronous::", "");
}

#[test]
fn cases_of_rstest() {
    check_unjudged("cases::", "::case_1");
}

#[test]
fn asynchronous_cases_of_rstest() {
    check_unjudged("asynchronous_cases::", "::case_1");
}

#[test]
fn cases_of_test_case() {
    check_unjudged("test_cases::", "::test_case_1_one");
}

#[test]
fn cases_whose_value_is_judged() {
    let judged = |test: &str| format!("{test}::test_case_1_one");
    for passes in ["has_surroundings", "panics_as_it_should"] {
        run_judged(&judged(passes), true);
    }
    for (name, why) in [
        ("hangs", "timed out after 100ms"),
        ("aborts", ends::ABORTED),
        ("exits", "exited with status 0 before the test had ended"),
        ("returns_another_value", "assertion `left == right` failed"),
    ] {
        let errors = run_judged(&judged(name), false);
        assert_eq!(errors.matches(why).count(), 1, "{errors}");
    }
}

/// Runs a test of `judged`.
#[track_caller]
fn run_judged(test: &str, passes: bool) -> String {
    run(&format!("judged::{test}"), passes)
}
