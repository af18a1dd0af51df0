//! What a failed test prints, in full, and that others print nothing.

#![cfg(target_os = "linux")]
#![expect(
    clippy::should_panic_without_expect,
    reason = "it is one of the ways to write a test"
)]

use isolated_test_tests::{Finished, State, plain};

mod inner {
    use std::net::{TcpListener, UdpSocket};
    use std::process::ExitCode;

    use isolated_test::{BoxError, Current, Namespace, Outcome, Port, Resource, TmpDir, isolated};
    use isolated_test_tests::say;

    /// Tells the outer test a value that differs from run to run.
    fn value(name: &str, value: impl std::fmt::Display) {
        say(&format!("value {name} {value}"));
    }

    struct Server(Option<u8>);

    impl Resource for Server {
        type Handle = u8;

        fn provision(&mut self, _: &Current) -> Result<u8, BoxError> {
            Ok(*self.0.insert(7))
        }

        fn describe(&self) -> Option<String> {
            Some(format!("server number {}", self.0?))
        }
    }

    struct Silent;

    impl Resource for Silent {
        type Handle = ();

        fn provision(&mut self, _: &Current) -> Result<(), BoxError> {
            Ok(())
        }
    }

    struct Rude;

    impl Resource for Rude {
        type Handle = ();

        fn provision(&mut self, _: &Current) -> Result<(), BoxError> {
            Ok(())
        }

        fn describe(&self) -> Option<String> {
            panic!("it does not describe itself")
        }
    }

    /// Says what it is told.
    struct Told;

    impl Resource for Told {
        type Handle = ();

        fn provision(&mut self, _: &Current) -> Result<(), BoxError> {
            Ok(())
        }

        fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
            value("RELEASED", format_args!("{outcome:?}"));
            Ok(())
        }
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn panics() {
        panic!("on purpose");
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn returns_an_error() -> Result<(), String> {
        Err("on purpose".to_owned())
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn returns_a_failure() -> ExitCode {
        ExitCode::FAILURE
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn returns_a_code() -> ExitCode {
        ExitCode::from(3)
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn returns_no_code() -> Result<ExitCode, String> {
        Err("on purpose".to_owned())
    }

    #[isolated]
    #[test]
    #[should_panic]
    #[ignore = "started by another test"]
    fn does_not_panic() {}

    #[isolated(port, dns = port(udp), both = port(tcp, udp), nodes = port(count = 3))]
    #[test]
    #[ignore = "started by another test"]
    fn has_ports(port: TcpListener, dns: UdpSocket, both: u16, nodes: [u16; 3]) {
        value("PORT", port.local_addr().unwrap().port());
        value("DNS", dns.local_addr().unwrap().port());
        value("BOTH", both);
        value("NODES", nodes.map(|node| node.to_string()).join(", "));
        panic!("on purpose");
    }

    #[isolated(tmpdir, scratch = tmpdir(keep = "never"), kept = tmpdir(keep = "never"))]
    #[test]
    #[ignore = "started by another test"]
    fn has_directories(tmpdir: &TmpDir, scratch: &TmpDir, kept: &TmpDir) {
        value("TMPDIR", tmpdir.display());
        value("SCRATCH", scratch.display());
        value("KEPT", kept.display());
        kept.keep();
        panic!("on purpose");
    }

    #[isolated(namespace, topic = namespace, seed, order = seed)]
    #[test]
    #[ignore = "started by another test"]
    fn has_names_and_seeds(namespace: &Namespace, topic: &str, seed: u64, order: u64) {
        value("NAMESPACE", namespace);
        value("TOPIC", topic);
        value("SEED", seed);
        value("ORDER", order);
        panic!("on purpose");
    }

    #[isolated(server = Server(None), silent = Silent, rude = Rude)]
    #[test]
    #[ignore = "started by another test"]
    fn has_its_own(server: u8) {
        panic!("{server}");
    }

    #[isolated(port, serial = "report", shared = "reports")]
    #[test]
    #[ignore = "started by another test"]
    fn passes(port: &Port) {
        drop(port.listen());
    }

    #[isolated(port, tmpdir)]
    #[test]
    #[should_panic(expected = "on purpose")]
    #[ignore = "started by another test"]
    fn panics_as_it_should() {
        panic!("on purpose");
    }

    #[isolated(port, tmpdir)]
    #[test]
    #[should_panic(expected = "something else")]
    #[ignore = "started by another test"]
    fn panics_in_another_way(port: u16, tmpdir: &TmpDir) {
        value("PORT", port);
        value("TMPDIR", tmpdir.display());
        panic!("on purpose");
    }

    #[isolated(port, tmpdir, told = Told, test_attribute = "called by a test")]
    async fn never_ends(port: u16, tmpdir: &TmpDir) {
        value("PORT", port);
        value("TMPDIR", tmpdir.display());
        std::future::pending::<()>().await;
    }

    #[tokio::test]
    #[ignore = "started by another test"]
    async fn is_given_up() {
        tokio::select! {
            biased;
            () = never_ends() => unreachable!(),
            () = tokio::task::yield_now() => {}
        }
    }

    #[isolated]
    pub(super) mod annotated {
        #[test]
        #[ignore = "started by another test"]
        fn stands_here() {
            panic!("on purpose");
        }

        pub(crate) const LINE: u32 = line!() - 4;

        macro_rules! make {
            ($name:ident) => {
                #[test]
                #[ignore = "started by another test"]
                fn $name() {
                    panic!("on purpose");
                }
            };
        }

        make!(is_made_here);

        pub(crate) const MADE: u32 = line!() - 2;
    }

    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn fails_unheard(tmpdir: &TmpDir) {
        drop(tmpdir.join("evidence"));
        panic!("on purpose");
    }
}

/// Returns what the runtime printed, with names in place of values, and 1 in place of each line.
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
    let at = "tests/tests/report.rs:";
    let mut parts = text.split(at);
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        text = format!(
            "{text}{at}1{}",
            part.trim_start_matches(|c: char| c.is_ascii_digit())
        );
    }
    // The tests of this file are ignored ones.
    text.replace(" --include-ignored", "")
        .replace(" --run-ignored all", "")
}

/// Runs a test that fails and expects this report of it, whose first and last lines are always the
/// same.
#[track_caller]
fn expect(test: &str, lines: &str) {
    let run = State::new().inner(test).run().failed();
    assert_eq!(report(&run), block(test, lines));
}

fn block(test: &str, lines: &str) -> String {
    format!(
        "isolated-test: report::inner::{test} failed
    at         tests/tests/report.rs:1
{lines}    repeat     cargo test -p isolated-test-tests --test report -- --exact inner::{test}
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
    let of = |line| Some(format!("tests/tests/report.rs:{line}"));
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
            "isolated-test: report::inner::{test}: returned the exit code {code}, which is a failure\n"
        );
        assert_eq!(printed.matches(&line).count(), 1, "{printed}");
        let failed = format!("isolated-test: report::inner::{test} failed\n");
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
        "isolated-test: report::inner::has_names_and_seeds failed
    at         tests/tests/report.rs:1
    namespace  namespace = NAMESPACE
    namespace  topic = TOPIC
    seed       seed = SEED
    seed       order = ORDER
    repeat     ISOLATED_SEED=SEED cargo test -p isolated-test-tests --test report -- --exact inner::has_names_and_seeds
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
        .env("NEXTEST_TEST_NAME", "inner::panics")
        .run()
        .failed();
    assert_eq!(
        report(&run),
        "isolated-test: report::inner::panics failed
    at         tests/tests/report.rs:1
    repeat     cargo nextest run -p isolated-test-tests --test report -E 'test(=inner::panics)'
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
        "isolated-test: report::inner::is_given_up: the future of the test was dropped before it ended
isolated-test: report::inner::is_given_up failed
    at         tests/tests/report.rs:1
    port       port = PORT (tcp)
    tmpdir     tmpdir = TMPDIR (kept)
    resource   told
    repeat     cargo test -p isolated-test-tests --test report -- --exact inner::is_given_up
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
