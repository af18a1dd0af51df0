//! The command in a report runs exactly the failed test: in its target, with its features, in its
//! profile.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use isolated_test::{Key, isolated};

/// A test that has the same name in each target of a package. It fails with a message of its build
/// options.
const TEST: &str = r#"
#[cfg(test)]
mod checkout {
    #[isolated_test::isolated(seed)]
    #[test]
    fn pays() {
        let features = (cfg!(feature = "card"), cfg!(feature = "cash"), cfg!(debug_assertions));
        panic!("built as TARGET {features:?}, seed: {}", std::env::var("ISOLATED_SEED").is_ok());
    }

    #[isolated_test::isolated]
    #[test]
    fn pays_as_well() {
        panic!("another one");
    }
}
"#;

const MANIFEST: &str = r#"
[package]
name = "shop"
edition = "2024"

[features]
default = ["cash"]
card = []
cash = []

[dev-dependencies]
isolated-test = { path = "RUNTIME" }

[profile.ci]
inherits = "dev"
debug-assertions = false

[workspace]
members = ["other"]
"#;

/// An example with a test, on lines of its own.
const EXAMPLE: &str = r#"
//! ```rust,test_harness
//! #[isolated_test::isolated]
//! #[test]
//! fn is_documented() {
//!     panic!("built as documentation");
//! }
//! ```
"#;

/// A workspace below the target directory of this one.
struct Workspace {
    folder: PathBuf,
}

impl Workspace {
    fn write() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report_repeat");
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let write = |path: &str, text: &str| {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            // Cargo does not rebuild for an unchanged file.
            if fs::read_to_string(&path).ok().as_deref() != Some(text) {
                fs::write(path, text).unwrap();
            }
        };
        let runtime = ours.join("runtime").canonicalize().unwrap();
        let manifest = MANIFEST.replace("RUNTIME", runtime.to_str().unwrap());
        write("Cargo.toml", &manifest);
        let other = manifest.replace("\"shop\"", "\"other\"");
        let other = other.split("[workspace]").next().unwrap();
        let other = other.split("[profile").next().unwrap();
        write("other/Cargo.toml", other);
        write("other/src/lib.rs", &TEST.replace("TARGET", "other"));
        write(
            "Cargo.lock",
            &fs::read_to_string(ours.join("Cargo.lock")).unwrap(),
        );
        for (path, target) in [
            ("src/lib.rs", "lib"),
            ("src/bin/shop-admin.rs", "bin"),
            ("tests/it-pays.rs", "it-pays"),
            ("tests/it_is.rs", "it_is"),
        ] {
            let test = TEST.replace("TARGET", target);
            let whole = match target {
                "lib" => format!("{EXAMPLE}{test}"),
                "bin" => format!("{test}fn main() {{}}"),
                _ => test,
            };
            write(path, &whole);
        }
        Workspace { folder }
    }

    /// Runs a line of shell in the workspace.
    fn run(&self, line: &str) -> Output {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(line).current_dir(&self.folder);
        for (name, _) in std::env::vars_os() {
            let name = name.to_str().unwrap_or_default();
            let is_ours = ["ISOLATED_", "CARGO_PKG", "CARGO_MANIFEST", "NEXTEST"];
            if is_ours.iter().any(|prefix| name.starts_with(prefix)) {
                shell.env_remove(name);
            }
        }
        shell
            .env("CARGO_NET_OFFLINE", "true")
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .env("ISOLATED_DIR", self.folder.join("state"))
            .env("RUST_BACKTRACE", "0")
            .output()
            .unwrap()
    }

    /// Runs the tests, and then each command that a failure has printed. The command must run that
    /// test, and only that one.
    fn expect(&self, run: &str, count: usize) {
        let text = text(&self.run(run));
        let commands: Vec<&str> = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("repeat     "))
            .filter(|command| !command.contains("pays_as_well"))
            .collect();
        assert_eq!(commands.len(), count, "{text}");
        for command in commands {
            let before = text.split(command).next().unwrap();
            let output = self.run(command);
            let again = self::text(&output);
            assert_eq!(tests_run(command, &again), 1, "{command}\n{again}");
            assert!(!again.contains("another one"), "{command}\n{again}");
            assert!(told(before).is_some(), "{before}");
            assert_eq!(told(before), told(&again), "{command}\n{again}");
        }
    }
}

fn text(output: &Output) -> String {
    let streams = [&output.stdout, &output.stderr];
    streams
        .map(|stream| String::from_utf8_lossy(stream).into_owned())
        .concat()
}

/// Returns the build options that the last test has printed. The command adds the seed.
fn told(text: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim);
    let line = lines.rfind(|line| line.starts_with("built as "))?;
    Some(line.replace("seed: false", "seed: true"))
}

fn tests_run(command: &str, text: &str) -> usize {
    if command.contains("nextest") {
        return text.matches(" 1 test run: 0 passed, 1 failed").count();
    }
    let runs = text
        .matches("test result: FAILED. 0 passed; 1 failed")
        .count();
    // A test in an example runs within the test of that example.
    if command.contains("--doc") {
        runs - 1
    } else {
        runs
    }
}

/// The tests that build in one directory.
const DIRECTORY: Key = Key::new("isolated-test report_repeat");

#[isolated(serial = DIRECTORY)]
#[test]
fn the_command_runs_the_test_that_has_failed() {
    let workspace = Workspace::write();
    workspace.expect("cargo test --workspace --no-fail-fast", 6);
    workspace.expect(
        "cargo test --no-fail-fast --test it-pays --features card",
        1,
    );
    workspace.expect(
        "cargo test --no-fail-fast --lib --no-default-features --profile ci",
        1,
    );
}

#[isolated(serial = DIRECTORY)]
#[test]
fn the_command_of_nextest_runs_the_test_that_has_failed() {
    let workspace = Workspace::write();
    if !workspace.run("cargo nextest --version").status.success() {
        eprintln!("the command of nextest is not tried, because it is not installed");
        return;
    }
    workspace.expect(
        "cargo nextest run --no-fail-fast --features card --test it_is --bin shop-admin",
        2,
    );
}
