//! `cargo isolated run` on a suite that has never heard of it, and what it says when the system refuses
//! a part of the sandbox.

#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use self::refused::is_refused;

mod refused;

/// A test that fails if anybody else has made the same files.
const TEST: &str = r#"
use std::fs::File;
use std::path::Path;

#[test]
fn makes_its_files() {
    let home = std::env::var_os("HOME").unwrap();
    for dir in [Path::new("."), &std::env::temp_dir(), Path::new("/dev/shm"), Path::new(&home)] {
        let path = dir.join("made-by-the-suite-of-cargo-isolated");
        File::create_new(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
"#;

/// A package with this test in two programs.
struct Suite(TempDir);

impl Suite {
    fn new() -> Suite {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
        fs::create_dir_all(dir.path().join("tests")).expect("a directory");
        fs::create_dir_all(dir.path().join("home")).expect("a directory");
        fs::create_dir_all(dir.path().join("src")).expect("a directory");
        let manifest = "[package]\nname = 'suite'\nedition = '2021'\n[workspace]\n";
        for (file, text) in [
            ("Cargo.toml", manifest),
            ("src/lib.rs", ""),
            ("tests/one.rs", TEST),
            ("tests/two.rs", TEST),
        ] {
            fs::write(dir.path().join(file), text).expect("a file");
        }
        Suite(dir)
    }

    fn run(&self, words: &[&str]) -> Output {
        self.start(env!("CARGO_BIN_EXE_cargo-isolated"), words)
    }

    fn start(&self, program: &str, words: &[&str]) -> Output {
        let mut command = Command::new(program);
        command.args(words).current_dir(self.0.path());
        // The suite keeps the toolchain of the user, and has nothing of the run around it.
        let home = std::env::var_os("HOME").unwrap_or_default();
        for (name, dir) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            if std::env::var_os(name).is_none() {
                command.env(name, Path::new(&home).join(dir));
            }
        }
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("NEXTEST") || name.starts_with("CARGO_TARGET") {
                command.env_remove(&*name);
            }
        }
        command.env("HOME", self.0.path().join("home"));
        command.env("ISOLATED_DIR", self.0.path().join("target/state"));
        command.output().expect("the command")
    }
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn tests_that_make_the_same_files_pass_without_a_change() {
    if is_refused(None) {
        return;
    }
    let suite = Suite::new();
    let output = suite.run(&["isolated", "run"]);
    assert!(output.status.success(), "{}", errors(&output));
    let all = "isolated: each test has its own network, ipc, checkout, tmp, home\n";
    assert!(errors(&output).starts_with(all), "{}", errors(&output));
    let made = suite.0.path().join("made-by-the-suite-of-cargo-isolated");
    assert!(!made.exists());

    let shared = suite.run(&["isolated", "run", "--keep", "checkout"]);
    assert!(!shared.status.success() && made.is_file());
    assert!(
        errors(&shared).starts_with("isolated: each test has its own network, ipc, tmp, home\n")
    );
}

#[test]
fn one_line_makes_it_permanent() {
    if is_refused(None) {
        return;
    }
    let suite = Suite::new();
    fs::create_dir(suite.0.path().join(".cargo")).expect("a directory");
    let program = env!("CARGO_BIN_EXE_cargo-isolated");
    let line = format!("target.'cfg(target_os = \"linux\")'.runner = ['{program}', 'runner']\n");
    fs::write(suite.0.path().join(".cargo/config.toml"), line).expect("a file");
    let output = suite.start("cargo", &["test", "--quiet"]);
    assert!(output.status.success(), "{}", errors(&output));
    let output = suite.run(&["run"]);
    assert!(output.status.success(), "{}", errors(&output));
}

#[test]
fn arguments_reach_the_test_runner() {
    let suite = Suite::new();
    let output = suite.run(&["isolated", "run", "--", "--test", "no-such-test"]);
    assert!(!output.status.success());
    assert!(
        errors(&output).contains("no-such-test"),
        "{}",
        errors(&output)
    );
}

#[test]
fn outside_of_a_package_it_says_what_is_missing() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-isolated"));
    let output = command
        .arg("run")
        .current_dir(dir.path())
        .output()
        .expect("the command");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        errors(&output).contains("found no `Cargo.toml`"),
        "{}",
        errors(&output)
    );
}

/// Runs the command where the system refuses further networks. Returns nothing, and says so, if this
/// system cannot be told to.
fn without_networks(suite: &Suite, words: &str) -> Option<Output> {
    let program = env!("CARGO_BIN_EXE_cargo-isolated");
    let refuse = "echo 0 > /proc/sys/user/max_net_namespaces";
    let run = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "sh", "-c", script]);
        command
            .current_dir(suite.0.path())
            .env("HOME", suite.0.path().join("home"));
        command.env("ISOLATED_DIR", suite.0.path().join("target/state"));
        command.output()
    };
    if !run(refuse).is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: there is no user namespace, or no command `unshare`");
        return None;
    }
    run(&format!("{refuse} && exec {program} {words}")).ok()
}

#[test]
fn a_refused_part_is_said_and_left_out() {
    if is_refused(None) {
        return;
    }
    let suite = Suite::new();
    let Some(output) = without_networks(&suite, "runner sh -c 'echo x > note; ls ~'") else {
        return;
    };
    let said = "isolated: WARNING: this test shares the part `network`: the system refuses ";
    let text = errors(&output);
    assert!(output.status.success() && text.starts_with(said), "{text}");
    assert!(
        !suite.0.path().join("note").exists(),
        "all others are still apart"
    );
}

#[test]
fn a_part_that_is_required_must_not_be_refused() {
    let suite = Suite::new();
    let Some(output) = without_networks(&suite, "run --require") else {
        return;
    };
    assert_eq!(output.status.code(), Some(2));
    let text = errors(&output);
    let said = "the tests share the part `network`";
    assert!(
        text.contains(said) && text.contains("`--require`"),
        "{text}"
    );
}
