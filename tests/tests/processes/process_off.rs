//! `ISOLATED_PROCESS=off`: tests run in place, for a debugger, and report what they lack.

#![cfg(any(target_os = "linux", windows))]

use std::path::PathBuf;

use isolated_test_tests::{Finished, State};

const NOTHING: [PathBuf; 0] = [];

mod inner {
    use std::env;

    use isolated_test::{BoxError, Current, Resource, TmpDir, Transfer, isolated};
    use isolated_test_tests::say;

    fn say_who() {
        say(&format!("process {}", std::process::id()));
    }

    #[isolated(process, tmpdir, port, serial = "off")]
    #[test]
    #[ignore = "started by another test"]
    fn has_a_process(tmpdir: &TmpDir, port: u16) {
        say_who();
        assert!(tmpdir.is_dir() && port > 0);
    }

    #[isolated(env(WORD = "word", unset(OTHER)), cwd)]
    #[test]
    #[ignore = "started by another test"]
    fn has_surroundings() {
        say_who();
        assert!(env::var_os("WORD").is_none() && env::var_os("OTHER").is_some());
        assert!(env::current_dir().unwrap().join("Cargo.toml").is_file());
    }

    #[isolated(timeout = "1ms", network)]
    #[test]
    #[ignore = "started by another test"]
    fn has_a_time_and_a_network() {
        say_who();
    }

    #[isolated(process)]
    #[tokio::test]
    #[should_panic(expected = "on purpose")]
    #[ignore = "started by another test"]
    async fn is_asynchronous_and_panics() {
        tokio::task::yield_now().await;
        say_who();
        panic!("on purpose");
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn fails() {
        say_who();
        panic!("on purpose");
    }

    struct Travels;

    impl Resource for Travels {
        type Handle = u32;

        fn provision(&mut self, _: &Current) -> Result<u32, BoxError> {
            Ok(std::process::id())
        }

        fn transfer() -> Transfer<u32> {
            Transfer::with(
                |_| panic!("nothing is written"),
                |_| Err("nothing is read".into()),
            )
        }
    }

    #[isolated(process, one = Travels, other = Travels)]
    #[test]
    #[ignore = "started by another test"]
    fn has_resources(one: &u32, other: u32) {
        say_who();
        assert_eq!((*one, other), (std::process::id(), std::process::id()));
    }
}

/// Runs a test in place.
fn run(state: &State, test: &str) -> Finished {
    let inner = state.inner(test).env("ISOLATED_PROCESS", "off");
    let mut inner = inner.env("OTHER", "text").start();
    let process = inner.hear("process");
    assert_eq!(process, inner.id().to_string());
    inner.finish()
}

/// Expects that a test has passed in place and reported that it lacks this.
#[track_caller]
fn expect(test: &str, lack: &str) {
    let state = State::new();
    let run = run(&state, test).passed();
    assert_eq!(run.errors, notice(test, lack));
    assert_eq!(state.runs(), NOTHING);
}

fn notice(test: &str, lack: &str) -> String {
    format!(
        "isolated-test: processes::process_off::inner::{test}: runs in place, because `ISOLATED_PROCESS` is \
         `off`: what it leaves behind stays{lack}\n"
    )
}

#[test]
fn the_body_runs_in_the_process_of_the_runner() {
    expect("has_a_process", "");
    expect(
        "has_surroundings",
        ", `WORD` is as in this process, `OTHER` is as in this process, the working directory is \
         that of this process",
    );
    expect("has_resources", "");
    expect(
        "has_a_time_and_a_network",
        ", no time limit applies, it is in the network of the machine",
    );
}

#[test]
fn a_panic_is_that_of_the_body() {
    let state = State::new();
    let run = run(&state, "is_asynchronous_and_panics").passed();
    assert!(
        run.errors
            .starts_with(&notice("is_asynchronous_and_panics", ""))
    );
    let state = State::new();
    let run = self::run(&state, "fails").failed();
    assert_eq!(run.errors.matches("on purpose").count(), 1);
    let report = run.reported("processes/process_off");
    assert!(
        report.starts_with(&notice("fails", ""))
            && report.ends_with(
                "isolated-test: processes::process_off::inner::fails failed
    at         tests/tests/processes/process_off.rs:1
    repeat     cargo test -p isolated-test-tests --test processes -- --exact process_off::inner::fails
"
            ),
        "{report}"
    );
}

#[test]
fn on_is_what_it_is_anyway() {
    let state = State::new();
    for value in ["on", ""] {
        let mut inner = state.inner("has_a_process");
        inner = inner.env("ISOLATED_PROCESS", value);
        let mut inner = inner.start();
        let process = inner.hear("process");
        assert_ne!(process, inner.id().to_string());
        assert_eq!(inner.finish().passed().errors, "");
    }
}

#[test]
fn a_bad_value_is_explained() {
    let state = State::new();
    for value in ["no", "0", "OFF"] {
        let inner = state.inner("has_a_process").env("ISOLATED_PROCESS", value);
        let run = inner.run().failed();
        assert_eq!(
            run.errors,
            format!(
                "isolated-test: processes::process_off::inner::has_a_process: failed to read the variable \
                 `ISOLATED_PROCESS`: found \"{value}\", expected `on` or `off`\n"
            )
        );
        assert_eq!(run.said("process"), None);
    }
}
