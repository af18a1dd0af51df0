//! `cargo isolated stress` on small suites, with each of its outcomes.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use self::planted::{Planted, stderr, stdout};

#[cfg(target_os = "linux")]
mod causes;
#[cfg(unix)]
mod ends;
#[path = "../planted/mod.rs"]
mod planted;
#[path = "../undisturbed/mod.rs"]
mod undisturbed;

/// Options for few copies without load, all by `cargo test`.
const QUIET: [&str; 8] = [
    "stress",
    "--noise",
    "0",
    "--throttle",
    "off",
    "--runner",
    "cargo-test",
    "--reruns=3",
];

fn quiet(options: &[&'static str]) -> Vec<&'static str> {
    [&QUIET, options].concat()
}

const PASSING: &str =
    "#[test] fn always() {}\n#[test] #[ignore = \"shown as not run\"] fn never() {}\n";

/// Fails in every second run. Each run creates a file to count itself.
const FAILING: &str = r#"
#[test]
fn every_second() {
    let dir = std::path::PathBuf::from(std::env::var_os("PLANTED").unwrap());
    let take = |count: &usize| std::fs::File::create_new(dir.join(format!("{count}"))).is_ok();
    let count = (0..).find(take).unwrap();
    assert!(count % 2 == 0, "run {count}");
}
"#;

const ABORTING: &str = "#[test] fn aborts() { std::process::abort() }\n";

#[test]
fn the_catalogue_shows_each_offender_with_its_modes() {
    let planted = Planted::new(
        "catalogue",
        &[
            ("src/lib.rs", "//! ```\n//! assert!(true);\n//! ```\n"),
            ("tests/aborting.rs", ABORTING),
            ("tests/failing.rs", FAILING),
            ("tests/passing.rs", PASSING),
        ],
    );
    let output = planted.run(&quiet(&["--rounds", "2", "--copies", "2"]));

    let (text, errors) = (stdout(&output), stderr(&output));
    assert_eq!(output.status.code(), Some(1), "{text}{errors}");
    let start = "4 tests, copies at once: 2, noise: 0\nto be shown: each below 1 %\n";
    assert!(errors.contains(start), "{errors}");
    let together = "all tests together: 16 runs in 2 rounds and ";
    assert!(text.starts_with(together), "{text}");
    assert!(text.contains(", 6 failures: below "), "{text}");
    let each = "\neach single test: 4 tests, each ran at least 4 times: below 100 % (95 %)\n";
    assert!(text.contains(each), "{text}");
    let catalogue = "
2 offenders:

catalogue::aborting aborts
  failed in 4 of 4 runs: a rate of 39–100 % (95 %)
  fails alone too: in 3 of 3 runs
  4 × no result: its test binary ended with signal 6, SIGABRT: process abort
      signal
      see failure-1.txt

catalogue::failing every_second
  failed in 2 of 4 runs: a rate of 6.7–94 % (95 %)
  fails alone too: in 1 of 3 runs
  2 × tests/failing.rs:7: run #
      see failure-2.txt

the outputs are in ";
    if cfg!(unix) {
        assert!(text.contains(catalogue), "{text}");
    }
    assert!(!text.contains("catalogue::passing"), "{text}");

    let (_, dir) = text.split_once("the outputs are in ").expect("a directory");
    let dir = PathBuf::from(dir.lines().next().unwrap_or_default());
    let example = fs::read_to_string(dir.join("failure-2.txt")).expect("an example");
    assert!(
        example.starts_with("catalogue::failing every_second\n"),
        "{example}"
    );
    assert!(
        example.contains("panicked at tests/failing.rs:7:5:\nrun "),
        "{example}"
    );
}

#[test]
fn a_suite_that_passes_is_shown_to_do_so_and_leaves_nothing() {
    let planted = Planted::new("passing", &[("tests/passing.rs", PASSING)]);
    let target = planted.files.path().join("target");
    let run = |options: &[&'static str]| {
        let mut command = planted.command(&quiet(options));
        command.env("CARGO_TARGET_DIR", &target);
        command.output().expect("the command")
    };
    let output = run(&[
        "--together",
        "--below",
        "70%",
        "--copies",
        "1",
        "--rounds",
        "9",
    ]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    assert!(
        text.starts_with("all tests together: 3 runs in 3 rounds and "),
        "{text}"
    );
    let end = "\nshown: the failure rate of all tests together is below 70 %\n";
    assert!(text.ends_with(end), "{text}");
    let left = fs::read_dir(target.join("stress")).expect("a directory");
    assert_eq!(left.count(), 0);

    let output = run(&["--copies", "1", "--rounds", "1", "--json"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let report: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(
        (&report["version"], &report["shown"]),
        (&1.into(), &false.into())
    );
    assert_eq!(
        (&report["runs"], &report["failures"]),
        (&1.into(), &0.into())
    );
    assert_eq!(report["tests"][0]["name"], "always");
    assert_eq!(report["tests"].as_array().map(Vec::len), Some(1));

    let output = run(&["--", "nothing_like_it"]);
    assert_eq!(output.status.code(), Some(2));
    let error = "cargo isolated: no tests to run; select others after `--`\n";
    assert!(stderr(&output).ends_with(error), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn without_nextest_cargo_test_runs_every_copy() {
    use std::os::unix::fs::PermissionsExt;

    let planted = Planted::new("passing", &[("tests/passing.rs", PASSING)]);
    let cargo = planted.files.path().join("cargo");
    let script = "#!/bin/sh\n[ \"$1\" = nextest ] && exit 101\nunset CARGO\nexec cargo \"$@\"\n";
    fs::write(&cargo, script).expect("a file");
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("a program");
    let words = ["stress", "--noise=0", "--rounds=1", "--copies=1", "--json"];
    let output = planted.command(&words).env("CARGO", &cargo).output();
    let output = output.expect("the command");
    let errors = stderr(&output);
    let warning = "\nwithout nextest, the tests of a binary share a process; install it with `cargo \
                   install cargo-nextest`\n";
    assert!(errors.contains(warning), "{errors}");
    let report: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(
        (&report["runs"], &report["failures"]),
        (&1.into(), &0.into())
    );

    let words = [&words[..], &["--runner", "nextest"]].concat();
    let output = planted.command(&words).env("CARGO", &cargo).output();
    let errors = stderr(&output.expect("the command"));
    assert!(
        errors.contains("nextest is not installed; install it with"),
        "{errors}"
    );
}

#[test]
fn another_workspace_can_be_named() {
    let planted = Planted::new("named", &[("tests/passing.rs", PASSING)]);
    let mut command = planted.command(&quiet(&["--rounds=1", "--copies=1", "--"]));
    let dir = command.get_current_dir().expect("a directory");
    let manifest = dir.join("Cargo.toml");
    // There is no workspace.
    let elsewhere = tempfile::tempdir().expect("a directory");
    command.arg("--manifest-path").arg(manifest);
    let output = command.current_dir(elsewhere.path()).output();
    let output = output.expect("the command");
    let (text, errors) = (stdout(&output), stderr(&output));
    assert!(errors.contains("1 test, copies at once: 1,"), "{errors}");
    assert!(
        text.starts_with("all tests together: 1 run in 1 round "),
        "{text}{errors}"
    );
}

#[test]
fn mistakes_are_explained() {
    let dir = tempfile::tempdir().expect("a directory");
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-isolated"));
        command.arg("stress").args(words).current_dir(dir.path());
        let output = command.output().expect("the command");
        assert_eq!(output.status.code(), Some(2));
        stderr(&output)
    };
    let error = run(&[]);
    assert!(error.contains("could not find `Cargo.toml`"), "{error}");
    let way_out = "; run this in a workspace\n";
    assert!(error.ends_with(way_out), "{error}");
    let error = run(&["--below", "1"]);
    assert!(
        error.contains("expected a percentage below 100 such as `1%`"),
        "{error}"
    );
}

/// A process that throttles others uses its processor until its input ends.
#[cfg(target_os = "linux")]
#[test]
fn a_throttling_process_uses_its_processor() {
    use std::os::unix::process::ExitStatusExt;
    use std::sync::mpsc;
    use std::time::Duration;

    let status = fs::read_to_string("/proc/self/status").expect("a status");
    let allowed = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let first = allowed.unwrap_or_default().trim().split(['-', ',']).next();
    // The system ends a process that has used the processor for longer than its limit, a second.
    let mut noise = Command::new("sh");
    noise.args(["-c", "ulimit -c 0; ulimit -S -t 1; exec \"$@\"", "sh"]);
    noise.args([env!("CARGO_BIN_EXE_cargo-isolated"), "noise", "--processor"]);
    noise.arg(first.unwrap_or_default()).stdin(Stdio::piped());
    let mut noise = noise.spawn().expect("the noise");
    let input = noise.stdin.take();
    let (sender, end) = mpsc::channel();
    std::thread::spawn(move || sender.send(noise.wait()));
    let status = end.recv_timeout(Duration::from_secs(60));
    let status = status.expect("it uses the processor").expect("the noise");
    assert_eq!(status.signal(), Some(libc::SIGXCPU), "{status}");
    drop(input);
}

#[test]
fn noise_ends_with_its_input_and_leaves_no_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut noise = Command::new(env!("CARGO_BIN_EXE_cargo-isolated"));
    noise
        .args(["noise", "--workers=2", "--files"])
        .arg(dir.path());
    let mut noise = noise.stdin(Stdio::piped()).spawn().expect("the noise");
    drop(noise.stdin.take());
    assert!(noise.wait().expect("the noise").success());
    let left = fs::read_dir(dir.path()).expect("a directory");
    assert_eq!(left.count(), 0);
}
