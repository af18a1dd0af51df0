//! `cargo isolated status` and `cargo isolated clean`, while tests run.

#![cfg(unix)]

mod clean;
#[cfg(target_os = "linux")]
mod hosts;
#[cfg(target_os = "linux")]
mod machines;
mod status;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use isolated_test_tests::State;
use serde_json::Value;

/// Prepares the command, with the state directory of inner tests, outside of any workspace.
fn command(state_dir: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-isolated"));
    command
        .arg("isolated")
        .args(words)
        .current_dir("/")
        .env("ISOLATED_DIR", state_dir)
        .stdin(Stdio::null());
    command
}

fn run(state_dir: &Path, words: &[&str]) -> Output {
    command(state_dir, words).output().expect("the command")
}

/// The output of a command that succeeded.
#[track_caller]
fn printed(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}: {errors}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The last lines of what `clean` prints, with the totals.
fn counts(text: &str) -> String {
    let (_, counts) = text.rsplit_once("\n\n").unwrap_or(("", text));
    counts.to_owned()
}

fn json_of(state: &State) -> Value {
    let output = run(state.path(), &["status", "--json"]);
    serde_json::from_str(&printed(&output)).expect("JSON")
}
