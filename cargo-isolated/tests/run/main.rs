//! `cargo isolated run` on an unmodified suite, and its warnings when the system refuses a part of the
//! sandbox.

#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use tempfile::TempDir;

use self::refused::is_refused;
use self::undisturbed::undisturb;

mod postgres;
#[path = "../refused/mod.rs"]
mod refused;
#[path = "../undisturbed/mod.rs"]
mod undisturbed;

/// A test that fails if another one has created the same files.
const TEST: &str = r#"
use std::fs::File;
use std::path::Path;

#[test]
fn creates_files() {
    let home = std::env::var_os("HOME").unwrap();
    for dir in [Path::new("."), &std::env::temp_dir(), Path::new("/dev/shm"), Path::new(&home)] {
        let path = dir.join("created-by-a-suite-of-cargo-isolated");
        File::create_new(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
"#;

/// A package with this test in two binaries.
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
        self.command(program, words).output().expect("the command")
    }

    fn command(&self, program: &str, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(words).current_dir(self.0.path());
        undisturb(&mut command);
        command.env("HOME", self.0.path().join("home"));
        command.env("ISOLATED_DIR", self.0.path().join("target/state"));
        command
    }
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn tests_that_create_the_same_files_pass() {
    if is_refused(None) {
        return;
    }
    let suite = Suite::new();
    let output = suite.run(&["isolated", "run"]);
    assert!(output.status.success(), "{}", errors(&output));
    let all = "isolated: each test has its own network, ipc, checkout, tmp, home\n";
    assert!(errors(&output).starts_with(all), "{}", errors(&output));
    let created = suite.0.path().join("created-by-a-suite-of-cargo-isolated");
    assert!(!created.exists());

    let shared = suite.run(&["isolated", "run", "--keep", "checkout"]);
    assert!(!shared.status.success() && created.is_file());
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
fn it_goes_before_a_runner_of_the_workspace() {
    if is_refused(None) {
        return;
    }
    let suite = Suite::new();
    fs::create_dir(suite.0.path().join(".cargo")).expect("a directory");
    let line = "target.'cfg(unix)'.runner = ['false']\n";
    fs::write(suite.0.path().join(".cargo/config.toml"), line).expect("a file");
    let output = suite.run(&["run"]);
    assert!(output.status.success(), "{}", errors(&output));
}

/// As with `--target`: here, only the command takes the host for another one.
#[test]
fn it_covers_targets_other_than_the_host() {
    if is_refused(None) {
        return;
    }
    let suite = Suite::new();
    for (name, script) in [
        ("rustc", "#!/bin/sh\necho 'host: another'\n"),
        ("cargo", "#!/bin/sh\nunset RUSTC CARGO\nexec cargo \"$@\"\n"),
    ] {
        let path = suite.0.path().join(name);
        fs::write(&path, script).expect("a file");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a program");
    }
    let mut command = suite.command(env!("CARGO_BIN_EXE_cargo-isolated"), &["run"]);
    command
        .env("RUSTC", suite.0.path().join("rustc"))
        .env("CARGO", suite.0.path().join("cargo"));
    let output = command.output().expect("the command");
    assert!(output.status.success(), "{}", errors(&output));
}

#[test]
fn it_needs_a_package() {
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

/// Runs the command in a user namespace that allows no network namespaces, or prints that the test is
/// skipped if there are no user namespaces.
fn without_networks(suite: &Suite, words: &str) -> Option<Output> {
    let program = env!("CARGO_BIN_EXE_cargo-isolated");
    let refuse = "echo 0 > /proc/sys/user/max_net_namespaces";
    let run = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "sh", "-c", script]);
        undisturb(&mut command);
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
fn a_refused_part_is_shared_with_a_warning() {
    if is_refused(None) {
        return;
    }
    let suite = Suite::new();
    let Some(output) = without_networks(&suite, "runner sh -c 'echo x > note; ls ~'") else {
        return;
    };
    let said = "isolated: WARNING: not isolated: network: the system refuses ";
    let text = errors(&output);
    assert!(output.status.success() && text.starts_with(said), "{text}");
    assert!(
        !suite.0.path().join("note").exists(),
        "the checkout is still isolated"
    );
}

#[test]
fn require_makes_a_refusal_an_error() {
    let suite = Suite::new();
    let Some(output) = without_networks(&suite, "run --require") else {
        return;
    };
    assert_eq!(output.status.code(), Some(2));
    let text = errors(&output);
    let said = "isolated: WARNING: not isolated: network: the system refuses ";
    assert!(
        text.contains(said) && text.contains("`--require`"),
        "{text}"
    );
}

#[test]
fn status_prints_when_no_test_is_running() {
    let suite = Suite::new();
    let output = suite.run(&["isolated", "status"]);
    let state_dir = suite.0.path().join("target/state");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!(
            "no isolated tests are running (state directory:\n{})\n",
            state_dir.display()
        )
    );
}

/// The trace of a suite that knows nothing of isolated-test. Under `cargo test`, a binary is one
/// test.
#[test]
fn a_suite_without_attributes_is_traced() {
    if is_refused(None) {
        return;
    }
    let suite = Suite::new();
    let failing = "#[test] fn fails() { panic!(); }\n#[test] fn passes() {}\n";
    fs::write(suite.0.path().join("tests/failing.rs"), failing).expect("a file");
    let words = ["isolated", "run", "--trace", "--", "--no-fail-fast"];
    let output = suite.run(&words);
    assert!(!output.status.success());
    let hint = "isolated: afterwards, `cargo isolated trace` shows what the tests did\n";
    assert!(errors(&output).contains(hint), "{}", errors(&output));

    let output = suite.run(&["isolated", "trace"]);
    assert!(output.status.success(), "{}", errors(&output));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if has_nextest() {
        assert!(text.starts_with("4 tests in 4 processes took "), "{text}");
        assert!(
            text.contains("  failing::fails\n    exit status: 101\n"),
            "{text}"
        );
        assert!(text.contains("\n  provisioning "), "the sandbox: {text}");
    } else {
        assert!(text.contains("  failing (all tests)\n"), "{text}");
    }
    assert!(text.contains(", 1 failed\n"), "{text}");
    assert!(text.contains("/target/isolated/trace/"), "{text}");

    // A directory below one that each sandbox replaces is written to all the same.
    let dir = tempfile::tempdir().expect("a directory");
    let option = format!("--trace={}", dir.path().join("new").display());
    let output = suite.run(&["run", &option, "--", "--test", "one"]);
    assert!(output.status.success(), "{}", errors(&output));
    let new = dir.path().join("new");
    let output = suite.run(&["trace", new.to_str().expect("UTF-8")]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.starts_with("1 test in 1 process took "),
        "{text}{}",
        errors(&output)
    );

    // All of them have ended. The other directory is not in the target directory.
    let output = suite.run(&["clean"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("removed 1 trace: "), "{text}");
    assert!(new.is_dir());
}

fn has_nextest() -> bool {
    let output = Command::new("cargo")
        .args(["nextest", "--version"])
        .output();
    output.is_ok_and(|output| output.status.success())
}
