//! Files that do not compile or whose tests fail.

use serde_json::json;

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

#[test]
fn a_file_that_does_not_compile_is_reverted() {
    let suite = suite();
    let conflicts = [
        conflict("x", &[1], &[], Some("prot")),
        conflict("y", &[0], &[], None),
    ];
    let printed = succeeded(&suite.adopt(&findings(&TESTS, &conflicts), &WRITE));
    let why = "reverted tests/two.rs, because it does not compile: unknown argument `prot`; a similar argument exists: `port`\n";
    assert!(
        printed.contains("\nkept tests/one.rs\n") && printed.contains(why),
        "{printed}"
    );
    assert_eq!(suite.read("tests/two.rs"), FAILS);
    assert_eq!(
        suite.read("tests/one.rs"),
        format!("#[isolated_test::isolated(serial = \"y\")]\n{GOOD}")
    );
    assert_ne!(suite.read("Cargo.toml"), suite.manifest());
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
        let conflicts = [
            conflict("x", &[1], &[], Some(argument)),
            conflict("y", &[0], &[], None),
        ];
        succeeded(&suite.adopt(&findings(&tests, &conflicts), &WRITE));
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
    let suite = suite();
    let conflicts = [
        conflict("x", &[1], &[], Some("env(ADOPTED = 1)")),
        conflict("y", &[0], &[], None),
    ];
    let printed = succeeded(&suite.adopt(&findings(&TESTS, &conflicts), &WRITE));
    let why = "reverted tests/two.rs, because `has_no_variable` failed in 4 of 4 runs\n";
    assert!(
        printed.contains("\nkept tests/one.rs\n") && printed.contains(why),
        "{printed}"
    );
    assert_eq!(suite.read("tests/two.rs"), FAILS);
    assert_ne!(suite.read("tests/one.rs"), GOOD);
}

#[cfg(unix)]
#[test]
fn without_nextest_the_same_is_reverted() {
    let suite = suite();
    let conflicts = [
        conflict("x", &[1], &[], Some("env(ADOPTED = 1)")),
        conflict("y", &[0], &[], None),
    ];
    let cargo = suite.without_nextest();
    let output = suite.adopt_with(&findings(&TESTS, &conflicts), &WRITE, |command| {
        command.env("CARGO", cargo);
    });
    let printed = succeeded(&output);
    let why = "reverted tests/two.rs, because `has_no_variable` failed in 4 of 4 runs\n";
    assert!(
        printed.contains("\nkept tests/one.rs\n") && printed.contains(why),
        "{printed}"
    );
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
