//! Observes whole suites.

#![cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde::Deserialize;
use tempfile::TempDir;

use self::undisturbed::undisturb;

mod attribute;
mod conflicts;
mod planted;
mod report;
mod showcase;
#[path = "../undisturbed/mod.rs"]
mod undisturbed;

/// The fields of the `--json` output that these tests check.
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
    argument: Option<String>,
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
