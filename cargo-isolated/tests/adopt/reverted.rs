//! Files that do not compile or whose tests fail.

use std::net::TcpListener;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::suite::{Suite, conflict, findings, succeeded};

const GOOD: &str = "#[test]\nfn adds() {}\n";

/// Fails in a process where `ADOPTED` is set.
const FAILS: &str =
    "#[test]\nfn has_no_variable() {\n    assert!(std::env::var_os(\"ADOPTED\").is_none());\n}\n";

const WRITE: [&str; 4] = ["--best", "--write", "--runs", "2"];

const TESTS: [(&str, &str); 2] = [
    ("tests/one.rs", "adds"),
    ("tests/two.rs", "has_no_variable"),
];

fn suite() -> Suite {
    Suite::new(&[("tests/one.rs", GOOD), ("tests/two.rs", FAILS)])
}

/// Conflicts of two tests: the first gets a lock, the second this argument.
fn conflicts(argument: &str) -> [Value; 2] {
    [
        conflict("x", &[1], &[], Some(argument)),
        conflict("y", &[0], &[], None),
    ]
}

/// Asserts that the first file is kept and the second reverted for a reason that contains `why`.
fn second_is_reverted(suite: &Suite, output: &Output, why: &str) {
    let printed = succeeded(output);
    assert!(printed.contains("\nkept tests/one.rs\n"), "{printed}");
    let line = printed
        .lines()
        .find_map(|line| line.strip_prefix("reverted tests/two.rs, because "));
    assert!(line.is_some_and(|line| line.contains(why)), "{printed}");
    assert_eq!(suite.git(&["diff", "--", "tests/two.rs"]), "");
    assert_eq!(
        suite.read("tests/one.rs"),
        format!("#[isolated_test::isolated(serial = \"y\")]\n{GOOD}")
    );
    assert_ne!(suite.read("Cargo.toml"), suite.manifest());
}

/// Adopts an argument that makes the second file fail, with a changed command, and asserts that it is
/// reverted.
fn reverts_second(argument: &str, change: impl FnOnce(&Suite, &mut Command), why: &str) {
    let suite = suite();
    let findings = findings(&TESTS, &conflicts(argument));
    let output = suite.adopt_with(&findings, &WRITE, |command| change(&suite, command));
    second_is_reverted(&suite, &output, why);
}

#[test]
fn a_file_that_does_not_compile_is_reverted() {
    let why = "it does not compile: unknown argument `prot`; a similar argument exists: `port`";
    reverts_second("prot", |_, _| {}, why);
}

#[test]
fn of_one_binary_only_the_file_with_the_error_is_reverted() {
    let root = format!("mod orders;\n\n{GOOD}");
    let suite = Suite::new(&[("tests/one.rs", &root), ("tests/orders/mod.rs", FAILS)]);
    let tests = [
        ("tests/one.rs", "adds"),
        ("tests/one.rs", "orders::has_no_variable"),
    ];
    for argument in ["prot", "env(ADOPTED = 1)"] {
        succeeded(&suite.adopt(&findings(&tests, &conflicts(argument)), &WRITE));
        assert_eq!(suite.read("tests/orders/mod.rs"), FAILS);
        let edited = root.replace(
            "#[test]",
            "#[isolated_test::isolated(serial = \"y\")]\n#[test]",
        );
        assert_eq!(suite.read("tests/one.rs"), edited);
        suite.git(&["checkout", "--quiet", "."]);
    }
}

#[test]
fn a_file_whose_tests_fail_is_reverted() {
    let why = "`has_no_variable` failed in 4 of 4 runs of `cargo nextest run`";
    reverts_second("env(ADOPTED = 1)", |_, _| {}, why);
}

#[cfg(unix)]
#[test]
fn without_nextest_the_same_is_reverted() {
    let without_nextest = |suite: &Suite, command: &mut Command| {
        command.env("CARGO", suite.without_nextest());
    };
    let why = "`has_no_variable` failed in 4 of 4 runs of `cargo test`";
    reverts_second("env(ADOPTED = 1)", without_nextest, why);
}

/// Two tests that insist on a number, and leave a listener until their process ends. Under nextest
/// both pass.
fn suite_with_listeners() -> (Suite, Value, u16) {
    let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    let number = free.expect("a free number").port();
    let text = format!(
        "fn serve() {{\n    let server = std::net::TcpListener::bind(\"127.0.0.1:{number}\").unwrap();\n    \
         std::thread::spawn(move || server.incoming().count());\n}}\n\n\
         #[test]\nfn serves() {{\n    serve();\n}}\n\n#[test]\nfn also_serves() {{\n    serve();\n}}\n"
    );
    let suite = Suite::new(&[("tests/one.rs", GOOD), ("tests/two.rs", &text)]);
    let tests = [
        TESTS[0],
        ("tests/two.rs", "serves"),
        ("tests/two.rs", "also_serves"),
    ];
    let argument = format!("port(number = {number})");
    let conflicts = [
        conflict("x", &[1, 2], &[], Some(&argument)),
        conflict("y", &[0], &[], None),
    ];
    (suite, findings(&tests, &conflicts), number)
}

#[test]
fn a_file_whose_tests_wait_for_one_in_their_process_is_reverted() {
    let (suite, findings, _) = suite_with_listeners();
    let words = [&WRITE[..], &["--timeout", "20s"]].concat();
    let output = suite.adopt(&findings, &words);
    second_is_reverted(
        &suite,
        &output,
        "runs of `cargo test`: timed out after 10s waiting for port ",
    );
}

#[test]
fn a_file_whose_tests_do_not_end_is_reverted() {
    let (suite, findings, number) = suite_with_listeners();
    let words = [&WRITE[..], &["--timeout", "20s"]].concat();
    let output = suite.adopt_with(&findings, &words, |command| {
        command.env("ISOLATED_LOCK_TIMEOUT", "1h");
    });
    second_is_reverted(&suite, &output, "serves` did not end within 20 s in ");
    // The process that waited had the listener, and is gone.
    TcpListener::bind(("127.0.0.1", number)).expect("the number is free");
}

#[test]
fn a_test_that_failed_before_may_fail() {
    let suite = suite();
    let mut findings = findings(
        &TESTS,
        &[conflict("x", &[1], &[], Some("env(ADOPTED = 1)"))],
    );
    findings["tests"][1]["outcome"] = json!("failed");
    let printed = succeeded(&suite.adopt(&findings, &WRITE));
    assert!(
        printed.ends_with("kept Cargo.toml\nkept tests/two.rs\n"),
        "{printed}"
    );
}

#[test]
fn if_nothing_remains_the_workspace_is_as_it_was() {
    let suite = suite();
    let conflicts = [
        conflict("x", &[1], &[], Some("env(ADOPTED = 1)")),
        conflict("y", &[0], &[], Some("prot")),
    ];
    let printed = succeeded(&suite.adopt(&findings(&TESTS, &conflicts), &WRITE));
    let manifest = "reverted Cargo.toml, because nothing in the package needs it\n";
    assert!(printed.contains(manifest), "{printed}");
    assert_eq!(suite.git(&["status", "--porcelain"]), "");
}
