//! `cargo isolated status` lists holders and waiters.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use isolated_test_tests::{PATIENCE, State};
use serde_json::{Value, json};

use super::{command, json_of, printed, run};

mod inner {
    use isolated_test::{Key, isolated};
    use isolated_test_tests::hold;

    #[isolated(serial = "db", port(number = 7836))]
    #[test]
    #[ignore = "started by another test"]
    fn holds() {
        hold();
    }

    #[isolated(serial = ["card", "db"])]
    #[test]
    #[ignore = "started by another test"]
    fn waits() {
        hold();
    }

    #[test]
    #[ignore = "started by another test"]
    fn guards() {
        let _guard = Key::new("db").lock_shared().expect("the key");
        hold();
    }

    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn fails(tmpdir: &isolated_test::TmpDir) {
        std::fs::write(tmpdir.join("data"), "12345").expect("a file");
        panic!("on purpose");
    }
}

/// The repository of this package, or the package if it was unpacked elsewhere.
fn checkout() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_repository = |dir: &&Path| dir.join(".git").exists();
    let found = package.ancestors().find(is_repository);
    found.unwrap_or(package).to_owned()
}

#[test]
fn json_names_holders_waiters_and_checkouts() {
    let state = State::new();
    let holder = state.holding("holds");
    let waiter = state.waiting("waits");
    let report = json_of(&state);
    assert_eq!(report["version"], 1);
    assert_eq!(report["state_dir"], json!(state.path()));
    let processes = report["processes"].as_array().expect("a list");
    let process = |id: u32| {
        let mut processes = processes.iter();
        processes
            .find(|process| process["pid"] == id)
            .expect("a process")
    };
    let held = &process(holder.id());
    assert_eq!(held["checkout"], json!(checkout()));
    let [test] = &held["tests"].as_array().expect("a list")[..] else {
        panic!("{held}");
    };
    assert_eq!(test["name"], "machine::status::inner::holds");
    assert_eq!(test["holds"], json!(["serial \"db\"", "port 7836"]));
    assert_eq!(test["wait"], Value::Null);

    let test = &process(waiter.id())["tests"][0];
    assert_eq!(test["holds"], json!(["serial \"card\""]));
    assert_eq!(test["wait"]["for"], "serial \"db\"");
    let behind = json!([{ "test": "machine::status::inner::holds", "pid": holder.id() }]);
    assert_eq!(test["wait"]["behind"], behind);
    let since = |value: &Value| value.as_u64().expect("a time");
    assert!(since(&test["wait"]["since"]) >= since(&test["since"]));

    holder.release();
    let mut waiter = waiter;
    waiter.hear("held");
    let report = json_of(&state);
    let test = &report["processes"][0]["tests"][0];
    assert_eq!(test["wait"], Value::Null, "the wait is over");
    assert_eq!(test["holds"], json!(["serial \"card\"", "serial \"db\""]));
    waiter.release();
}

#[test]
fn a_guard_waits_like_a_test() {
    let state = State::new();
    let holder = state.holding("holds");
    let waiter = state.waiting("guards");
    let report = json_of(&state);
    let processes = report["processes"].as_array().expect("a list");
    let mut processes = processes.iter();
    let process = processes.find(|process| process["pid"] == waiter.id());
    let guard = &process.expect("the process that waits")["tests"][0];
    assert_eq!(guard["wait"]["for"], "shared \"db\"");
    assert_eq!(guard["holds"], json!([]));
    holder.release();
    let mut waiter = waiter;
    waiter.hear("held");
    waiter.release();
}

#[test]
fn the_list_names_tests_and_kept_directories() {
    let state = State::new();
    let _ = state.inner("fails").start().finish().failed();
    let holder = state.holding("holds");
    let text = printed(&run(state.path(), &["status"]));
    let lines: Vec<&str> = text.lines().collect();
    let [
        first,
        "",
        place,
        name,
        source,
        holds,
        "",
        kept,
        failed,
        dir,
        about,
    ] = lines[..]
    else {
        panic!("{text}");
    };
    assert_eq!(first, "1 test is running, 0 waiting");
    assert_eq!(place, checkout().to_string_lossy());
    assert_eq!(name, "  machine::status::inner::holds");
    let pid = format!("    pid {}, package cargo-isolated, ", holder.id());
    assert!(source.starts_with(&pid), "{source}");
    assert!(
        holds.ends_with(" s, holds serial \"db\", port 7836"),
        "{holds}"
    );
    assert_eq!(kept, "1 kept directory, 5 B");
    assert_eq!(failed, "  machine::status::inner::fails");
    let runs = format!("    {}", state.path().join("runs").display());
    assert!(dir.starts_with(&runs), "{dir}");
    assert!(
        about.starts_with("    5 B, ") && about.ends_with(place),
        "{about}"
    );
    holder.release();
}

/// Starts `status --watch`, and returns its output.
pub(super) fn watch(state: &State) -> (Child, BufReader<ChildStdout>) {
    let mut watch = command(state.path(), &["status", "--watch"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command");
    let output = watch.stdout.take().expect("a pipe");
    (watch, BufReader::new(output))
}

#[test]
fn watch_shows_changes_until_it_is_ended() {
    let state = State::new();
    let (mut watch, output) = watch(&state);
    let mut lines = output.lines();
    let mut hear = |begin: &str| {
        let mut lines = lines.by_ref().map_while(Result::ok);
        let heard = lines.find(|line| line.starts_with(begin));
        assert!(heard.is_some(), "`{begin}` is shown");
    };
    hear("no isolated tests are running");
    let holder = state.holding("holds");
    hear("1 test is running, 0 waiting");
    holder.release();
    hear("no isolated tests are running");
    // A suite that runs in the background of a shell inherits that interrupts are ignored.
    let mut kill = Command::new("kill");
    kill.args(["-TERM", &watch.id().to_string()]);
    assert!(kill.status().expect("a signal").success());
    let status = watch.wait().expect("the end");
    assert_eq!(status.signal(), Some(15));
}

/// The list does not change, so no further write can show that the pipe is closed.
#[test]
fn watch_ends_when_its_pipe_is_closed() {
    let state = State::new();
    let (mut watch, mut output) = watch(&state);
    let mut line = String::new();
    output.read_line(&mut line).expect("the list");
    assert!(line.starts_with("no isolated tests are running"), "{line}");
    drop(output);
    let (id, (sender, end)) = (watch.id(), mpsc::channel());
    let waiting = thread::spawn(move || sender.send(watch.wait()));
    let Ok(status) = end.recv_timeout(PATIENCE) else {
        let _ = Command::new("kill").arg(id.to_string()).status();
        let _ = waiting.join();
        panic!("it is still running");
    };
    assert!(status.expect("the end").success());
}

#[test]
fn a_directory_of_somebody_else_is_refused() {
    let state = State::unmarked();
    std::fs::write(state.path().join("note"), "mine").expect("a file");
    for words in [["status"], ["clean"]] {
        let output = run(state.path(), &words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains("; set `ISOLATED_DIR` to"), "{errors}");
    }
    assert_eq!(std::fs::read_dir(state.path()).expect("a list").count(), 1);
}
