//! `cargo isolated status` lists hosts, and `cargo isolated clean` ends those that no test uses.

use std::fs::File;
use std::io::BufRead;
use std::path::Path;
use std::process::Command;

use isolated_test_tests::processes::{is_alive, lock};
use isolated_test_tests::{Running, State, tree};
use serde_json::{Value, json};

use super::status::watch;
use super::{counts, json_of, printed, run};

mod inner {
    use std::fs::File;

    use isolated_test::{BoxError, Current, Once, Resource, Transfer, isolated};
    use isolated_test_tests::hold;

    /// Waits until another process opens the pipe `GATE`, or fails without one.
    struct Letters;

    impl Resource for Letters {
        type Handle = String;

        fn provision(&mut self, _: &Current) -> Result<String, BoxError> {
            match std::env::var("GATE")?.as_str() {
                "" => {}
                gate => drop(File::open(gate)?),
            }
            Ok("abc".to_owned())
        }

        fn transfer() -> Transfer<String> {
            Transfer::as_text()
        }
    }

    const LETTERS: Once<Letters> = Once::new("letters", || Letters);

    #[isolated(letters = LETTERS)]
    #[test]
    #[ignore = "started by another test"]
    fn uses(letters: &str) {
        assert_eq!(letters, "abc");
        hold();
    }
}

/// Starts a test that uses a host. The host stays until it is ended.
fn start(state: &State, gate: &Path) -> Running {
    let user = state.inner("uses").env("ISOLATED_LINGER", "1h");
    user.env("GATE", gate).start()
}

/// The only host in a list.
fn host_in(report: &Value) -> &Value {
    let [host] = &report["hosts"].as_array().expect("a list")[..] else {
        panic!("{report}");
    };
    host
}

/// The names of the running tests in a list.
fn tests_in(report: &Value) -> Vec<&str> {
    let processes = report["processes"].as_array().expect("a list").iter();
    let tests = processes.flat_map(|process| process["tests"].as_array().expect("a list"));
    tests
        .map(|test| test["name"].as_str().expect("a name"))
        .collect()
}

const USER: &str = "machine::hosts::inner::uses";

#[test]
fn a_host_is_listed_once_with_its_state_until_it_is_ended() {
    let state = State::new();
    let gate = state.scratch().join("gate");
    let made = Command::new("mkfifo").arg(&gate).status();
    assert!(made.expect("the command").success());
    let mut user = start(&state, &gate);
    let starting = loop {
        let report = json_of(&state);
        if report["hosts"][0]["pid"].is_u64() {
            break report;
        }
        std::thread::yield_now();
    };
    assert_eq!(host_in(&starting)["state"], "starting");
    // The test also has a guard, because only one test starts a host.
    assert_eq!(tests_in(&starting), [USER, USER]);
    drop(File::options().write(true).open(&gate).expect("the pipe"));
    user.hear("held");

    let in_use = json_of(&state);
    assert_eq!(host_in(&in_use)["state"], "in-use");
    assert_eq!(host_in(&in_use)["pid"], host_in(&starting)["pid"]);
    assert_eq!(host_in(&in_use)["why"], Value::Null);
    assert_eq!(host_in(&in_use)["holds"], json!([]));
    assert_eq!(tests_in(&in_use), [USER]);
    let text = printed(&run(state.path(), &["clean", "--dry-run"]));
    let not_touched = "in use, and not touched: the directories of 2 running processes\n";
    assert_eq!(text, format!("nothing to remove\n{not_touched}"));

    user.release();
    let idle = json_of(&state);
    assert_eq!(host_in(&idle)["state"], "idle");
    assert_eq!(tests_in(&idle), [] as [&str; 0]);
    let text = printed(&run(state.path(), &["status"]));
    let host = host_in(&idle);
    let (name, log) = (&host["name"], &host["log"]);
    let [name, log] = [name, log].map(|text| text.as_str().expect("text"));
    assert!(name.starts_with("letters-") && Path::new(log).is_file());
    let lines: Vec<&str> = text.lines().collect();
    let [.., "", "1 host", named, about, logged] = lines[..] else {
        panic!("{text}");
    };
    assert!(text.starts_with("no isolated tests are running"), "{text}");
    assert_eq!(named, format!("  {name}"));
    let begin = format!("    idle, pid {}, started ", host["pid"]);
    assert!(
        about.starts_with(&begin) && about.ends_with(" s ago"),
        "{about}"
    );
    assert_eq!(logged, format!("    log: {log}"));

    let before = tree(state.path());
    let planned = printed(&run(state.path(), &["clean", "--dry-run"]));
    assert_eq!(tree(state.path()), before, "a dry run changes nothing");
    let pid = host["pid"].as_u64().expect("a process ID");
    assert!(
        planned.contains(&format!(" B, idle, pid {pid}\n")),
        "{planned}"
    );
    let total = "would end 1 host, would remove 1 directory of a host: ";
    assert!(counts(&planned).starts_with(total), "{planned}");
    assert!(!planned.contains("in use"), "{planned}");
    let done = printed(&run(state.path(), &["clean"]));
    let planned = planned.replace("would end", "ended");
    assert_eq!(done, planned.replace("would remove", "removed"));
    assert!(!is_alive(u32::try_from(pid).expect("a process ID")));
    assert_eq!(json_of(&state)["hosts"], json!([]));
    assert_eq!(state.processes(), []);
    let text = printed(&run(state.path(), &["status"]));
    assert!(!text.contains("host"), "{text}");
}

#[test]
fn a_host_that_could_not_start_is_listed_with_the_reason_until_it_is_removed() {
    let state = State::new();
    let gate = state.scratch().join("missing");
    let _ = start(&state, &gate).finish().failed();
    let report = json_of(&state);
    let host = host_in(&report);
    assert_eq!(host["state"], "failed");
    assert_eq!(host["pid"], Value::Null);
    let why = "No such file or directory (os error 2)";
    assert_eq!(host["why"], why);
    let text = printed(&run(state.path(), &["status"]));
    assert!(
        text.contains(&format!("    could not start: {why}\n")),
        "{text}"
    );
    // The host and its supervisor end soon.
    let dir = state
        .path()
        .join("hosts")
        .join(host["name"].as_str().expect("a name"));
    lock(&File::open(dir.join("life")).expect("a file"));
    let text = printed(&run(state.path(), &["clean"]));
    let removed = "removed 1 directory of a host: ";
    assert!(counts(&text).starts_with(removed), "{text}");
    assert!(text.contains(" B, ended or never started\n"), "{text}");
    assert_eq!(json_of(&state)["hosts"], json!([]));
}

#[test]
fn watch_shows_a_host_after_its_user() {
    let state = State::new();
    let mut user = start(&state, Path::new(""));
    user.hear("held");
    let (mut watch, output) = watch(&state);
    let mut lines = output.lines().map_while(Result::ok);
    let mut hear = |begin: &str| {
        let heard = lines.by_ref().find(|line| line.starts_with(begin));
        assert!(heard.is_some(), "`{begin}` is shown");
    };
    hear("    in use, pid ");
    user.release();
    hear("    idle, pid ");
    watch.kill().expect("it runs");
    watch.wait().expect("its end");
    let text = printed(&run(state.path(), &["clean"]));
    assert!(text.contains("\nended 1 host, removed "), "{text}");
}
