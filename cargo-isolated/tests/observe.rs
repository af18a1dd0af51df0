//! Whole suites under observation.

#![cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize;
use tempfile::TempDir;

use self::undisturbed::undisturb;

mod undisturbed;

/// What `--json` prints, as far as it matters here.
#[derive(Deserialize)]
struct Findings {
    tests: Vec<Test>,
    conflicts: Vec<Conflict>,
    between_runs: Vec<Conflict>,
}

#[derive(Deserialize)]
struct Test {
    package: String,
    target: String,
    name: String,
    outcome: String,
    left_behind: Vec<String>,
}

#[derive(Deserialize)]
struct Conflict {
    resource: Resource,
    writers: Vec<usize>,
    readers: Vec<usize>,
    places: Vec<Place>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Resource {
    kind: String,
    name: String,
}

#[derive(Deserialize)]
struct Place {
    file: String,
    line: usize,
}

/// Runs the command in a workspace.
fn observe(dir: &Path, target: &str, words: &[&str]) -> Output {
    command(dir, target, words).output().expect("the command")
}

fn command(dir: &Path, target: &str, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-isolated"));
    command.arg("observe").args(words).current_dir(dir);
    undisturb(&mut command);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(target);
    command.env("CARGO_TARGET_DIR", target);
    command.env_remove("XDG_CONFIG_HOME");
    command
}

fn findings(output: &Output) -> Findings {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"))
}

/// Runs the command in a package that has its own target directory, because packages of one name would replace
/// each other's programs.
fn observe_package(package: &TempDir, words: &[&str]) -> Output {
    let target = package.path().join("target");
    observe(package.path(), target.to_str().expect("a path"), words)
}

/// A package with one test file.
fn package(tests: &str, dependencies: &str) -> TempDir {
    let dir = tempfile::tempdir_in("/var/tmp").expect("a directory");
    let manifest = format!(
        "[package]\nname = 'observed'\nversion = '0.0.0'\nedition = '2024'\n[dev-dependencies]\n{dependencies}\n[workspace]\n"
    );
    fs::write(dir.path().join("Cargo.toml"), manifest).expect("a file");
    for name in ["src", "tests"] {
        fs::create_dir(dir.path().join(name)).expect("a directory");
    }
    fs::write(dir.path().join("src/lib.rs"), "").expect("a file");
    fs::write(dir.path().join("tests/all.rs"), tests).expect("a file");
    dir
}

/// The planted suite, with what its author says that its tests share.
mod planted {
    use super::*;

    #[derive(Deserialize)]
    struct Expected {
        conflict: Vec<Planted>,
    }

    #[derive(Deserialize)]
    struct Planted {
        kind: String,
        name: String,
        writers: Vec<[String; 3]>,
        readers: Vec<[String; 3]>,
    }

    #[isolated_test::isolated(serial = "the planted suite")]
    #[test]
    fn all_conflicts_are_found_and_nothing_else() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/planted");
        let dir = dir.canonicalize().expect("the planted suite");
        let expected = fs::read_to_string(dir.join("expected.toml")).expect("the list");
        let expected: Expected = toml::from_str(&expected).expect("the list");
        let findings = findings(&observe(&dir, "planted", &["--json"]));
        for test in &findings.tests {
            assert_eq!(test.outcome, "passed", "{}", test.name);
        }
        let expected: BTreeSet<_> = expected
            .conflict
            .into_iter()
            .map(|planted| {
                let name = in_full(&planted.name, &dir);
                let kind = planted.kind;
                (
                    Resource { kind, name },
                    sorted(planted.writers),
                    sorted(planted.readers),
                )
            })
            .collect();
        let names = |indices: &[usize]| {
            let tests = indices.iter().map(|index| &findings.tests[*index]);
            let names =
                tests.map(|test| [&test.package, &test.target, &test.name].map(String::clone));
            sorted(names.collect())
        };
        let found: BTreeSet<_> = findings
            .conflicts
            .iter()
            .map(|found| {
                (
                    found.resource.clone(),
                    names(&found.writers),
                    names(&found.readers),
                )
            })
            .collect();
        let missed: Vec<_> = expected.difference(&found).collect();
        let wrong: Vec<_> = found.difference(&expected).collect();
        assert!(
            missed.is_empty() && wrong.is_empty(),
            "missed {missed:#?}, wrong {wrong:#?}"
        );
    }

    fn sorted(mut tests: Vec<[String; 3]>) -> Vec<[String; 3]> {
        tests.sort();
        tests
    }

    /// A name on this machine.
    fn in_full(name: &str, dir: &Path) -> String {
        let text = |path: PathBuf| path.to_str().expect("a path").to_owned();
        let mut name = name
            .replace("{tmp}", &text(env::temp_dir()))
            .replace("{home}", &text(env::home_dir().expect("a home directory")));
        for package in ["courier", "ledger"] {
            name = name.replace(&format!("{{package:{package}}}"), &text(dir.join(package)));
        }
        name
    }
}

/// The showcase without the attribute, with what its sources show that its tests share.
mod showcase {
    use super::*;

    /// With the number of tests that change it.
    const BETWEEN_TESTS: [&str; 11] = [
        "file {data}/invoices 3",
        "file {data}/licences/seat-1 4",
        "file {data}/prices 1",
        "file {data}/store.db 4",
        "static today::shop::audit::ENTRIES 7",
        "static today::shop::drawer::IS_OPEN 2",
        "tcp-port 18081 2",
        "tcp-port 8080 2",
        "umask umask 2",
        "variable SHOP_CURRENCY 3",
        "working-directory working directory 2",
    ];

    const BETWEEN_RUNS: [&str; 31] = [
        "file {tmp}/shop-app.log 1",
        "file {tmp}/shop-bank 1",
        "file {tmp}/shop-books.db 1",
        "file {tmp}/shop-cache 1",
        "file {tmp}/shop-config.json 1",
        "file {tmp}/shop-courier 1",
        "file {tmp}/shop-downloads 1",
        "file {tmp}/shop-export-44.csv 1",
        "file {tmp}/shop-export-59.csv 1",
        "file {tmp}/shop-export-9.csv 1",
        "file {tmp}/shop-first-config.json 1",
        "file {tmp}/shop-orders.db 1",
        "file {tmp}/shop-payments.db 1",
        "file {tmp}/shop-restart.db 1",
        "file {tmp}/shop-site 1",
        "file {tmp}/shop-thumbnails 1",
        "file {tmp}/shop-till.log 1",
        "file {tmp}/shop.pid 1",
        "tcp-port 17007 1",
        "tcp-port 17101 1",
        "tcp-port 17102 1",
        "tcp-port 17103 1",
        "tcp-port 17111 1",
        "tcp-port 17112 1",
        "tcp-port 17113 1",
        "tcp-port 18000 1",
        "tcp-port 18080 1",
        "tcp-port 18082 1",
        "tcp-port 18083 1",
        "udp-port 17008 1",
        "udp-port 17009 1",
    ];

    #[isolated_test::isolated(network(or = "serial"))]
    #[test]
    fn all_that_its_tests_share_is_found_and_nothing_else() {
        if Command::new("python3").arg("--version").output().is_err() {
            eprintln!("nothing tested: `python3` is not installed");
            return;
        }
        // Not a directory of isolated-test, because observers ignore those.
        let dir = tempfile::tempdir_in("/var/tmp").expect("a directory");
        let [tmp, data] = ["tmp", "data"].map(|name| dir.path().join(name));
        for dir in [&tmp, &data] {
            fs::create_dir(dir).expect("a directory");
        }
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
        let target_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
        let target_dir = target_dir.and_then(Path::to_str).expect("a path");
        // With the features and in the directory of the whole workspace, little is left to build.
        let words = ["--json", "--", "--workspace", "--test", "today"];
        let output = command(workspace.expect("the workspace"), target_dir, &words)
            .env("TMPDIR", &tmp)
            .env("SHOP_DATA", &data)
            .output();
        let findings = findings(&output.expect("the command"));
        for test in &findings.tests {
            assert_eq!(test.outcome, "passed", "{}", test.name);
        }
        let lines = |conflicts: &[Conflict]| {
            let line = |conflict: &Conflict| {
                let Resource { kind, name } = &conflict.resource;
                let mut name = name.clone();
                for (dir, text) in [(&tmp, "{tmp}"), (&data, "{data}")] {
                    name = name.replace(dir.to_str().expect("a path"), text);
                }
                format!("{kind} {name} {}", conflict.writers.len())
            };
            let mut lines: Vec<_> = conflicts.iter().map(line).collect();
            lines.sort();
            lines
        };
        assert_eq!(lines(&findings.conflicts), BETWEEN_TESTS);
        assert_eq!(lines(&findings.between_runs), BETWEEN_RUNS);
    }
}

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
    std::process::Command::new("sleep").arg("600").spawn().unwrap();
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
    let left = ["process sleep 600".to_owned()];
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

#[isolated_test::isolated(serial = "the target directory of observed packages")]
#[test]
fn what_the_attribute_isolates_is_no_conflict() {
    let tests = r#"
        use std::net::TcpListener;
        use isolated_test::{Port, TmpDir, isolated};

        #[isolated(serial = "observed file")]
        #[test]
        fn one() {
            std::fs::write("locked.txt", "1").unwrap();
        }

        #[isolated(serial = "observed file")]
        #[test]
        fn two() {
            std::fs::write("locked.txt", "2").unwrap();
        }

        fn serve(port: &Port, tmpdir: &TmpDir) {
            let _server = TcpListener::bind(port.addr()).unwrap();
            std::net::TcpStream::connect(port.addr()).unwrap();
            std::fs::write(tmpdir.join("a"), "1").unwrap();
        }

        #[isolated(port, tmpdir)]
        #[test]
        fn three(port: Port, tmpdir: &TmpDir) {
            serve(&port, tmpdir);
        }

        #[isolated(port, tmpdir)]
        #[test]
        fn four(port: Port, tmpdir: &TmpDir) {
            serve(&port, tmpdir);
        }

        #[isolated(process)]
        #[test]
        fn five() {
            unsafe { std::env::set_var("OBSERVED", "5") };
            std::env::set_current_dir("/").unwrap();
        }

        #[isolated(process)]
        #[test]
        fn six() {
            unsafe { std::env::set_var("OBSERVED", "6") };
            std::env::set_current_dir("/").unwrap();
        }

        #[isolated(network(or = "serial"))]
        #[test]
        fn seven() {
            TcpListener::bind("127.0.0.1:7319").unwrap();
        }

        #[isolated(network(or = "serial"))]
        #[test]
        fn eight() {
            TcpListener::bind("127.0.0.1:7319").unwrap();
        }

        #[isolated(port(number = 7320))]
        #[test]
        fn nine() {
            TcpListener::bind("127.0.0.1:7320").unwrap();
        }

        #[isolated(port(number = 7320))]
#[test]
        fn ten() {
            TcpListener::bind("127.0.0.1:7320").unwrap();
        }
    "#;
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime");
    let package = package(
        tests,
        &format!("isolated-test = {{ path = '{}' }}", runtime.display()),
    );
    fs::copy(
        runtime.join("../Cargo.lock"),
        package.path().join("Cargo.lock"),
    )
    .expect("the versions of our workspace");
    let findings = findings(&observe(package.path(), "isolated", &["--json"]));
    let conflicts = findings.conflicts.iter().chain(&findings.between_runs);
    let shared: Vec<_> = conflicts.map(|conflict| &conflict.resource).collect();
    assert!(shared.is_empty(), "{shared:?}");
    assert!(findings.tests.iter().all(|test| test.outcome == "passed"));
    let left: Vec<_> = findings
        .tests
        .iter()
        .flat_map(|test| &test.left_behind)
        .collect();
    assert!(
        left.iter().all(|left| left.ends_with("/locked.txt")),
        "{left:?}"
    );
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

#[test]
fn only_what_another_test_can_notice_is_a_conflict() {
    let tests = r#"
        use std::process::Command;
        use std::sync::{Mutex, OnceLock};

        static LIMIT: Mutex<u32> = Mutex::new(7);
        static NAME: OnceLock<String> = OnceLock::new();
        static NUMBER: OnceLock<u64> = OnceLock::new();

        fn use_all(number: u64) {
            assert_eq!(*LIMIT.lock().unwrap(), 7);
            NAME.set("a name that is always the same".to_owned()).unwrap();
            NUMBER.set(number).unwrap();
        }

        #[test]
        fn one() {
            use_all(1);
        }

        #[test]
        fn two() {
            use_all(2);
        }

        #[test]
        fn sets() {
            unsafe { std::env::set_var("TZ", "UTC") };
        }

        #[test]
        fn has_its_own() {
            assert!(Command::new("date").env("TZ", "CET").status().unwrap().success());
        }

        #[test]
        fn inherits() {
            assert!(Command::new("date").status().unwrap().success());
        }

        #[test]
        fn installs() {
            std::fs::write("tool", "x").unwrap();
        }

        #[test]
        fn runs() {
            let _ = Command::new("./tool").status();
        }
    "#;
    let package = package(tests, "");
    let findings = findings(&observe_package(&package, &["--json"]));
    let names = |indices: &[usize]| {
        let tests = indices.iter().map(|index| &*findings.tests[*index].name);
        tests.collect::<Vec<_>>().join(" ")
    };
    let mut conflicts: Vec<_> = findings
        .conflicts
        .iter()
        .map(|found| {
            let name = found.resource.name.rsplit('/').next().expect("a name");
            format!(
                "{name}: {} / {}",
                names(&found.writers),
                names(&found.readers)
            )
        })
        .collect();
    conflicts.sort();
    assert_eq!(
        conflicts,
        [
            "TZ: sets / inherits",
            "all::NUMBER: one two / ",
            "tool: installs / runs"
        ]
    );
}

#[test]
fn tests_that_take_turns_or_set_the_same_value_share_no_variable() {
    let tests = r#"
        use std::env::{self, remove_var, set_var};
        use std::sync::{LazyLock, Mutex};

        static PLAIN: Mutex<()> = Mutex::new(());
        static LAZY: LazyLock<Mutex<()>> = LazyLock::new(|| Mutex::new(()));

        fn set(name: &str, value: &str) {
            unsafe { set_var(name, value) };
            assert_eq!(env::var(name).unwrap(), value);
            unsafe { remove_var(name) };
        }

        #[test]
        fn one() {
            {
                let _turn = PLAIN.lock().unwrap();
                set("WITH_PLAIN", "1");
            }
            let _turn = LAZY.lock().unwrap();
            set("WITH_LAZY", "1");
            env::set_current_dir("/").unwrap();
        }

        #[test]
        fn two() {
            {
                let _turn = LAZY.lock().unwrap();
                set("WITH_LAZY", "2");
                env::set_current_dir("/tmp").unwrap();
            }
            {
                let _turn = PLAIN.lock().unwrap();
                set("WITH_PLAIN", "2");
            }
            set("WITHOUT", "2");
            unsafe { set_var("SAME", "1") };
            assert!(env::var("READ_BEFORE").is_err());
            unsafe { set_var("READ_BEFORE", "1") };
        }

        #[test]
        fn three() {
            let _turn = PLAIN.lock().unwrap();
            set("WITHOUT", "3");
            unsafe { set_var("SAME", "1") };
            unsafe { set_var("READ_BEFORE", "1") };
        }
    "#;
    let package = package(tests, "");
    let findings = findings(&observe_package(&package, &["--json"]));
    assert!(findings.tests.iter().all(|test| test.outcome == "passed"));
    let shared = findings.conflicts.iter();
    let shared: Vec<_> = shared.map(|conflict| &*conflict.resource.name).collect();
    assert_eq!(shared, ["READ_BEFORE", "WITHOUT"]);
}
