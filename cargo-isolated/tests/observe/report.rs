//! Reports and exit statuses.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use crate::{findings, observe_package, package};

const SHARES: &str = r#"
use std::fs;

#[test]
fn writes() {
    fs::write("shared.txt", "1").unwrap();
}

#[test]
fn reads() {
    let _ = fs::read("shared.txt");
}

#[test]
fn leaves_a_process() {
    std::process::Command::new("./daemon").spawn().unwrap();
}

#[test]
fn dislikes_observers() {
    assert!(std::env::var_os("LD_PRELOAD").is_none());
}

#[test]
fn fails() {
    panic!("as always");
}
"#;

#[test]
fn conflicts_failures_and_leftovers_are_reported() {
    let package = package(SHARES, "");
    let daemon = package.path().join("daemon");
    fs::write(&daemon, "#!/usr/bin/tail -f\n").expect("a script");
    fs::set_permissions(&daemon, Permissions::from_mode(0o755)).expect("a program");
    let findings = findings(&observe_package(&package, &["--json"]));
    let outcome = |name: &str| {
        let test = findings
            .tests
            .iter()
            .find(|test| test.name == name)
            .expect("the test");
        (&*test.outcome, &*test.left_behind)
    };
    assert_eq!(outcome("reads"), ("passed", &[][..]));
    assert_eq!(outcome("fails"), ("failed", &[][..]));
    assert_eq!(
        outcome("dislikes_observers"),
        ("failed-only-observed", &[][..])
    );
    // The kernel's own command line is `/usr/bin/tail -f ./daemon`.
    let left = ["process ./daemon".to_owned()];
    assert_eq!(outcome("leaves_a_process"), ("passed", &left[..]));
    let [conflict] = &*findings.conflicts else {
        panic!("{} conflicts", findings.conflicts.len());
    };
    let file = package.path().join("shared.txt");
    let resource = (&*conflict.resource.kind, Path::new(&conflict.resource.name));
    assert_eq!(resource, ("file", &*file));
    let names = |indices: &[usize]| {
        indices
            .iter()
            .map(|index| &*findings.tests[*index].name)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&conflict.writers), ["writes"]);
    assert_eq!(names(&conflict.readers), ["reads"]);
    let places: Vec<_> = conflict
        .places
        .iter()
        .map(|place| (&*place.file, place.line))
        .collect();
    assert_eq!(places, [("tests/all.rs", 6), ("tests/all.rs", 11)]);
}

#[isolated_test::isolated(network(or = "serial"))]
#[test]
fn a_server_in_a_thread_is_left_behind() {
    let tests = r#"
        use std::net::TcpListener;

        #[test]
        fn serves_in_a_thread() {
            let listener = TcpListener::bind("127.0.0.1:7321").unwrap();
            std::thread::spawn(move || listener.accept());
        }

        #[test]
        fn serves_until_its_end() {
            TcpListener::bind("127.0.0.1:7321").unwrap();
        }
    "#;
    let package = package(tests, "");
    let findings = findings(&observe_package(&package, &["--json"]));
    let left = |test: usize| findings.tests[test].left_behind.join(", ");
    assert_eq!([left(0), left(1)], ["TCP port 7321", ""]);
    let [conflict] = &*findings.conflicts else {
        panic!("{} conflicts", findings.conflicts.len());
    };
    // A lock would be released while the server still runs.
    let argument = conflict.argument.as_deref();
    assert_eq!(argument, Some("network(or = \"serial\")"));
}

#[test]
fn a_new_conflict_can_be_an_error() {
    let package = package(SHARES, "");
    let list = package.path().join("known.txt");
    let run = |option: &str, filter: &str| {
        let list = list.to_str().expect("a path");
        observe_package(&package, &[option, list, "--", filter])
    };
    let errors = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();

    let missing = run("--deny-new", "s");
    assert_eq!(missing.status.code(), Some(2));
    assert!(
        errors(&missing).contains("create it with `cargo isolated observe --accept"),
        "{}",
        errors(&missing)
    );

    // Only one of the two tests.
    assert!(run("--accept", "writes").status.success());
    assert!(run("--deny-new", "writes").status.success());
    let new = run("--deny-new", "s");
    assert_eq!(new.status.code(), Some(1));
    let expected = format!("not in `{}`: file ./shared.txt", list.display());
    assert!(errors(&new).contains(&expected), "{}", errors(&new));

    assert!(run("--accept", "s").status.success());
    assert!(run("--deny-new", "s").status.success());
    let text = fs::read_to_string(&list).expect("the list");
    assert_eq!(text.lines().nth(1), Some("file ./shared.txt"));
}

#[test]
fn a_selection_without_tests_is_an_error() {
    let package = package("#[test] fn passes() {}", "");
    let output = observe_package(&package, &["--", "misspelt"]);
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    let expected = "cargo isolated: no tests to observe; select others after `--`\n";
    assert!(errors.ends_with(expected), "{errors}");
}

#[test]
fn a_test_that_hangs_is_ended() {
    let tests = "#[test] fn hangs() { loop { std::thread::park(); } }";
    let package = package(tests, "");
    let output = observe_package(&package, &["--json", "--timeout", "1s"]);
    let findings = findings(&output);
    assert_eq!(findings.tests[0].outcome, "failed");
}
