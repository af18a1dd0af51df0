//! Programs whose tests have a runner other than libtest.

#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use isolated_test_tests::State;

fn run(command: &mut Command, state: &State) -> Output {
    command
        .env("ISOLATED_DIR", state.path())
        .env_remove("NEXTEST_TEST_NAME")
        .env_remove("NEXTEST")
        .output()
        .expect("the program starts")
}

#[test]
fn a_program_that_ignores_its_arguments_starts_one_process_for_each_test() {
    let state = State::new();
    let notes = state.scratch().join("notes");
    let mut program = Command::new(env!("CARGO_BIN_EXE_runs_everything"));
    let output = run(program.env("NOTES", &notes), &state);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let notes = std::fs::read_to_string(notes).unwrap();
    let count = |what: &str| notes.lines().filter(|line| *line == what).count();
    assert_eq!(count("process"), 4, "{notes}");
    for body in ["first", "second", "in place", "panics"] {
        assert_eq!(count(body), 1, "{body}: {notes}");
    }
}

/// Finds the program of `tests/mimic.rs` beside this one: the newest of its builds.
fn mimic() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let built = |path: &Path| path.metadata().and_then(|data| data.modified()).unwrap();
    let all = this.parent().unwrap().read_dir().unwrap().flatten();
    let found = all.map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("mimic-") && path.extension().is_none()
    });
    found
        .max_by_key(|path| built(path))
        .expect("`mimic` is built with the other tests")
}

#[test]
fn libtest_mimic_runs_tests_in_processes() {
    let state = State::new();
    let run = |words: &[&str]| {
        let mut program = Command::new(mimic());
        let output = run(program.args(words).env("WITH_FAILURE", "yes"), &state);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr))
    };
    let (output, errors) = run(&["--skip", "fails"]);
    assert!(
        output.contains("3 passed; 0 failed; 1 ignored"),
        "{output}{errors}"
    );
    let (output, errors) = run(&["is_ignored", "--ignored"]);
    assert!(output.contains("1 passed; 0 failed"), "{output}{errors}");
    let (output, errors) = run(&["fails", "--exact"]);
    assert!(output.contains("0 passed; 1 failed"), "{output}{errors}");
    assert!(output.contains("on purpose"), "{output}{errors}");
}
