//! Attributes that the command writes compile and pass.

use std::fs;
use std::process::Command;

use crate::suite::{Suite, conflict, errors, findings, succeeded};

const API: &str = "\
mod orders;

/// Writes the file.
#[test]
fn writes() {
    assert!(std::fs::write(std::env::temp_dir().join(\"adopted\"), \"x\").is_ok());
}

#[test]
fn reads() {
    let _ = std::fs::read(std::env::temp_dir().join(\"adopted\"));
}

mod variables {
    #[test]
    fn sets() {
        std::env::set_var(\"ADOPTED\", \"1\");
    }

    #[test]
    fn sets_too() {
        std::env::set_var(\"ADOPTED\", \"2\");
    }
}
";

/// With carriage returns, and an attribute.
const ORDERS: &str =
    "use isolated_test::isolated;\r\n\r\n#[isolated(tmpdir)]\r\n#[test]\r\nfn exports() {}\r\n";

const TESTS: [(&str, &str); 5] = [
    ("tests/api.rs", "writes"),
    ("tests/api.rs", "reads"),
    ("tests/api.rs", "variables::sets"),
    ("tests/api.rs", "variables::sets_too"),
    ("tests/api.rs", "orders::exports"),
];

fn suite() -> Suite {
    Suite::new(&[("tests/api.rs", API), ("tests/orders/mod.rs", ORDERS)])
}

#[test]
fn keys_are_written_above_tests_and_modules() {
    let suite = suite();
    let conflicts = [
        conflict("file-adopted", &[0, 4], &[1], None),
        conflict("variable-ADOPTED", &[2, 3], &[], Some("process")),
    ];
    let findings = findings(&TESTS, &conflicts);
    let shown = succeeded(&suite.adopt(&findings, &[]));
    assert!(
        shown.ends_with("nothing was written; pass `--write` to write the edits\n"),
        "{shown}"
    );
    assert!(
        shown.contains("+#[isolated_test::isolated(shared = \"file-adopted\")]\n"),
        "{shown}"
    );
    assert!(
        !shown.contains('\u{1b}'),
        "no colours without a terminal: {shown}"
    );
    assert_eq!(suite.changes(), "");

    let printed = succeeded(&suite.adopt(&findings, &["--write", "--runs", "2"]));
    let end = "wrote Cargo.toml\nwrote tests/api.rs\nwrote tests/orders/mod.rs\ncompiling the tests\nrunning the tests\n\
               kept Cargo.toml\nkept tests/api.rs\nkept tests/orders/mod.rs\n";
    assert!(printed.ends_with(end), "{printed}");
    let path = crate::suite::repository("runtime");
    assert_eq!(
        suite.changes(),
        format!(
            "Cargo.toml\n+\n+[dev-dependencies]\n+isolated-test = {{ path = \"{path}\" }}\ntests/api.rs\n\
             +#[isolated_test::isolated(serial = \"file-adopted\")]\n+#[isolated_test::isolated(shared = \"file-adopted\")]\n\
             +#[isolated_test::isolated(serial = \"variable-ADOPTED\")]\ntests/orders/mod.rs\n-#[isolated(tmpdir)]\n\
             +#[isolated(tmpdir, serial = \"file-adopted\")]\n"
        )
    );
    assert!(
        suite
            .read("tests/api.rs")
            .contains("\")]\nmod variables {\n"),
        "{}",
        suite.read("tests/api.rs")
    );
    assert_eq!(suite.read("tests/orders/mod.rs").matches("\r\n").count(), 5);

    // A second time, there is nothing left to write.
    suite.commit();
    assert_eq!(
        succeeded(&suite.adopt(&findings, &["--write"])),
        "nothing to write\n"
    );
}

#[test]
fn the_best_arguments_are_written_and_suggestions_printed() {
    let suite = suite();
    let mut file = conflict("file-adopted", &[0], &[1], None);
    file["suggestion"] = "`tmpdir`, and write to `tmpdir.join(\"adopted\")`".into();
    let conflicts = [
        file,
        conflict("variable-ADOPTED", &[2, 3], &[], Some("process")),
    ];
    let printed = succeeded(&suite.adopt(
        &findings(&TESTS, &conflicts),
        &["--best", "--write", "--runs", "1"],
    ));
    let note = "to do manually:\n  tests/api.rs:1: better than `serial = \"file-adopted\"`: `tmpdir`, and write to `tmpdir.join(\"adopted\")`\n";
    assert!(printed.ends_with(note), "{printed}");
    let changes = suite.changes();
    let added: Vec<_> = changes
        .lines()
        .filter(|line| line.contains("isolated("))
        .collect();
    let expected = [
        "+#[isolated_test::isolated(serial = \"file-adopted\")]",
        "+#[isolated_test::isolated(shared = \"file-adopted\")]",
        "+#[isolated_test::isolated(process)]",
    ];
    assert_eq!(added, expected);
    assert!(
        changes.lines().all(|line| !line.starts_with('-')),
        "{changes}"
    );
}

#[test]
fn a_test_of_the_library_is_annotated_for_tests_only() {
    let lib = "pub fn code() {}\n\n#[test]\nfn adds() {}\n";
    let suite = Suite::new(&[
        ("src/lib.rs", lib),
        (
            "tests/api.rs",
            "#[test]\nfn uses() {\n    suite::code();\n}\n",
        ),
    ]);
    let tests = [("src/lib.rs", "adds"), ("tests/api.rs", "uses")];
    let findings = findings(&tests, &[conflict("x", &[0, 1], &[], None)]);
    succeeded(&suite.adopt(&findings, &["--write", "--runs", "1"]));
    assert!(
        suite
            .read("src/lib.rs")
            .contains("#[cfg_attr(test, isolated_test::isolated(serial = \"x\"))]\n#[test]\n")
    );
    assert!(
        suite
            .read("tests/api.rs")
            .starts_with("#[isolated_test::isolated(serial = \"x\")]\n")
    );
    let build = suite
        .command("cargo")
        .args(["build", "--quiet"])
        .output()
        .expect("Cargo");
    assert!(build.status.success(), "{}", errors(&build));
}

#[test]
fn a_test_of_a_macro_is_named_with_the_place() {
    let api = "macro_rules! tests {\n    ($name:ident) => {\n        #[test]\n        fn $name() {}\n    };\n}\ntests!(adds);\n";
    let suite = Suite::new(&[("tests/api.rs", api)]);
    let findings = findings(
        &[("tests/api.rs", "adds")],
        &[conflict("x", &[0], &[], None)],
    );
    let printed = succeeded(&suite.adopt(&findings, &["--write"]));
    assert_eq!(
        printed,
        "nothing to write\nto do manually:\n  tests/api.rs:1: write `#[isolated_test::isolated(serial = \"x\")]` above the \
         `#[test]` of `adds`, because `macro_rules! tests` or another macro seems to make it\n"
    );
    assert_eq!(suite.changes(), "");
}

#[test]
fn rustfmt_has_nothing_to_do() {
    let suite = suite();
    let key = "a-rather-long-name-of-a-file-that-all-of-the-tests-use";
    let conflicts = [
        conflict(key, &[0, 4], &[1, 2], None),
        conflict("port-7835", &[1, 2], &[0], Some("process")),
    ];
    for words in [
        &["--write", "--runs", "0"][..],
        &["--best", "--write", "--runs", "0"],
    ] {
        succeeded(&suite.adopt(&findings(&TESTS, &conflicts), words));
        let mut rustfmt: Command = suite.command("rustfmt");
        let output = rustfmt
            .args(["--check", "--edition=2021", "tests/api.rs"])
            .output();
        let output = output.expect("rustfmt");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
        suite.git(&["checkout", "--quiet", "."]);
    }
}

#[test]
fn another_workspace_can_be_named() {
    let suite = Suite::new(&[("tests/api.rs", "#[test]\nfn writes() {}\n")]);
    let conflicts = [conflict("a", &[0], &[], None)];
    let words = ["--write", "--runs=1", "--", "--manifest-path=../Cargo.toml"];
    let output = suite.adopt_with(
        &findings(&[("tests/api.rs", "writes")], &conflicts),
        &words,
        |command| {
            let elsewhere = suite.path("home");
            fs::create_dir_all(&elsewhere).expect("a directory");
            fs::write(elsewhere.join("Cargo.toml"), "[workspace]\n").expect("a manifest");
            command.current_dir(elsewhere);
        },
    );
    assert!(
        succeeded(&output).contains("\nkept tests/api.rs\n"),
        "{}",
        errors(&output)
    );
    assert!(
        suite
            .changes()
            .contains("+#[isolated_test::isolated(serial = \"a\")]\n")
    );
}
