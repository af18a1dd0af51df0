//! Runs the command on small projects, through each of its outcomes.

use std::fs;
use std::io::Write;
#[cfg(unix)]
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

const STRESS: &str = env!("CARGO_BIN_EXE_isolated-test-stress");

/// A package with the given test targets.
fn project(targets: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let manifest = "[package]\nname = \"sample\"\nedition = \"2024\"\n[workspace]\n\
                    [profile.dev]\ndebug = false\n";
    write("Cargo.toml", manifest);
    for (name, text) in targets {
        write(&format!("tests/{name}.rs"), text);
    }
    folder
}

fn stress(project: &Path, options: &[&str]) -> Command {
    let mut command = Command::new(STRESS);
    command
        .args(["--noise", "1", "--project"])
        .arg(project)
        .args(options)
        .env("CARGO_TARGET_DIR", project.join("target"))
        .env("RUST_BACKTRACE", "0")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .stdin(Stdio::null());
    command
}

fn text(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    format!("{}{errors}", String::from_utf8_lossy(&output.stdout))
}

const PASSING: &str =
    "#[test] fn always() {}\n#[test] #[ignore = \"shown as not run\"] fn never() {}\n";

/// Fails in every second run. Each run creates a new file to find out its number.
const FAILING: &str = r#"
#[test]
fn every_second() {
    let take = |count: &usize| std::fs::File::create_new(format!("count-{count}")).is_ok();
    let count = (0..).find(take).unwrap();
    assert!(count % 2 == 0, "run {count}");
}
"#;

const ABORTING: &str = "#[test] fn aborts() { std::process::abort() }\n";

#[test]
fn the_catalogue_shows_each_offender_with_its_modes() {
    let folder = project(&[
        ("aborting", ABORTING),
        ("failing", FAILING),
        ("passing", PASSING),
    ]);
    let options = ["--rounds", "2", "--copies", "2"];
    let output = stress(folder.path(), &options).output().unwrap();

    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("3 tests, 2 copies at once, noise 1"),
        "{text}"
    );
    let together = "all tests together: 12 test runs in 2 rounds and ";
    assert!(text.contains(together), "{text}");
    assert!(
        text.contains(", 6 failures: the flake rate is below "),
        "{text}"
    );
    assert!(
        text.contains("3 tests, each ran at least 4 times"),
        "{text}"
    );
    let catalogue = "\n2 offenders:\nfailures/runs   at most   test\n          \
                     4/4     100 %   sample::aborting aborts\n";
    assert!(text.contains(catalogue), "{text}");
    let second = "          2/4    90.3 %   sample::failing every_second\n          \
                  2 ×   tests/failing.rs:6: run #\n";
    assert!(text.contains(second), "{text}");
    assert!(!text.contains("sample::passing"), "{text}");

    let (_, example) = text.split_once(second).unwrap();
    let example = PathBuf::from(example.lines().next().unwrap().trim());
    assert!(example.starts_with(folder.path().canonicalize().unwrap()));
    let example = fs::read_to_string(example).unwrap();
    assert!(
        example.starts_with("sample::failing every_second\n"),
        "{example}"
    );
    assert!(
        example.contains("panicked at tests/failing.rs:6:5:\nrun "),
        "{example}"
    );
}

#[test]
fn a_suite_that_passes_is_shown_to_do_so_and_leaves_nothing() {
    let folder = project(&[("passing", PASSING)]);
    let run = |options: &[&str]| stress(folder.path(), options).output().unwrap();
    let output = run(&["--bound", "70", "--copies", "1", "--rounds", "9"]);
    let shown = text(&output);
    assert_eq!(output.status.code(), Some(0), "{shown}");
    assert!(shown.contains("3 test runs in 3 rounds"), "{shown}");
    assert!(shown.contains("\nshown: the flake rate of all tests together is below 70 %\n"));
    let left = fs::read_dir(folder.path().join("target/stress")).unwrap();
    assert_eq!(left.count(), 0);

    let output = run(&["--copies", "1", "--rounds", "1", "--each"]);
    let not_shown = text(&output);
    assert_eq!(output.status.code(), Some(2), "{not_shown}");
    let end = "\nnot shown: the flake rate of every test is below 0.1 %; nothing failed, so";
    assert!(not_shown.contains(end), "{not_shown}");

    let output = run(&["--filter", "nothing_like_it"]);
    assert_eq!(output.status.code(), Some(3));
    let error = "error: no test has `nothing_like_it` in its name; shorten `--filter`\n";
    assert!(text(&output).ends_with(error));
}

#[test]
fn what_cannot_be_done_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let output = stress(&folder.path().join("none"), &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let error = text(&output);
    assert!(
        error.starts_with("error: failed to find the folder"),
        "{error}"
    );
    let output = stress(folder.path(), &["--rounds"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
}

/// A noise process that writes to `folder`.
fn noise(folder: &Path) -> Child {
    let mut noise = Command::new(STRESS)
        .args(["--make-noise", "2"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let input = noise.stdin.as_mut().unwrap();
    writeln!(input, "{}", folder.display()).unwrap();
    noise
}

#[test]
fn noise_ends_with_its_input_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut noise = noise(folder.path());
    drop(noise.stdin.take());
    assert!(noise.wait().unwrap().success());
    let left = fs::read_dir(folder.path()).unwrap();
    assert_eq!(left.count(), 0);

    let silent = Command::new(STRESS)
        .args(["--make-noise", "2"])
        .stdin(Stdio::null())
        .status();
    assert!(silent.unwrap().success());
}

/// A test that waits forever, with a child that keeps the pipe `held` open.
#[cfg(unix)]
const WAITING: &str = r#"
#[test]
fn forever() {
    use std::io::Write;
    let mut held = std::fs::File::options().write(true).open("held").unwrap();
    writeln!(held, "ready").unwrap();
    let mut child = std::process::Command::new("sleep");
    child.arg("100000").stdin(held).spawn().unwrap().wait().unwrap();
}
"#;

/// The command, while it runs a test that waits forever.
#[cfg(unix)]
struct Waiting {
    command: Child,
    /// Kept open by the command and the noise.
    errors: BufReader<std::process::ChildStderr>,
    /// Kept open by the tests and their children.
    tests: BufReader<fs::File>,
    _folder: TempDir,
}

#[cfg(unix)]
impl Waiting {
    fn start() -> Self {
        let folder = project(&[("waiting", WAITING)]);
        let held = folder.path().join("held");
        let made = Command::new("mkfifo").arg(&held).status();
        assert!(made.unwrap().success());
        let mut command = stress(folder.path(), &["--copies", "2"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let errors = command.stderr.take().unwrap();
        let (mut errors, mut line) = (BufReader::new(errors), String::new());
        while !line.contains("to be shown") {
            line.clear();
            assert!(errors.read_line(&mut line).unwrap() > 0, "it has ended");
        }
        let mut tests = BufReader::new(fs::File::open(&held).unwrap());
        tests.read_line(&mut line).unwrap();
        Self {
            command,
            errors,
            tests,
            _folder: folder,
        }
    }

    fn signal(&self, signal: &str) {
        let id = self.command.id().to_string();
        let kill = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(kill.unwrap().success());
    }

    /// Waits until every process that could write is gone, and returns the rest of standard error.
    fn rest(&mut self) -> String {
        let mut text = String::new();
        self.tests.read_to_string(&mut text).unwrap();
        text.clear();
        self.errors.read_to_string(&mut text).unwrap();
        text
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_everything_and_says_what_is_known() {
    let mut waiting = Waiting::start();
    waiting.signal("INT");
    let rest = waiting.rest();
    assert!(
        rest.contains("round 1, interrupted: 0 test runs in "),
        "{rest}"
    );
    let output = waiting.command.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.starts_with("interrupted in round 1: 2 test runs without a result do not count\n")
    );
    assert_eq!(output.status.code(), Some(2));
}

/// The time limit cannot end the copies before they start, because the tests are listed first.
#[cfg(unix)]
#[test]
fn the_end_of_the_time_ends_everything() {
    let folder = project(&[(
        "waiting",
        "#[test] fn forever() { loop { std::thread::park() } }",
    )]);
    let options = ["--copies", "2", "--minutes", "0.01"];
    let output = stress(folder.path(), &options).output().unwrap();
    let text = text(&output);
    let start = "the time was up in round 1: 2 test runs without a result do not count\n  sample::";
    assert!(text.starts_with(start), "{text}");
    assert_eq!(output.status.code(), Some(2), "{text}");
}

#[cfg(unix)]
#[test]
fn a_killed_command_leaves_neither_noise_nor_tests() {
    let mut waiting = Waiting::start();
    waiting.signal("KILL");
    // Returns only once everybody who holds one of the pipes is gone.
    waiting.rest();
    waiting.command.wait().unwrap();
}
