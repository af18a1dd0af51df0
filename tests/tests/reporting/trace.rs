//! The lines that the runtime writes when `ISOLATED_TRACE` names a directory.

use std::fs;
use std::path::{Path, PathBuf};

use isolated_test_tests::{Finished, Inner, MARKER, Running, State};

mod inner {
    use isolated_test::{BoxError, Current, Key, Resource, isolated};
    use isolated_test_tests::{listen, say};

    struct Server;

    impl Resource for Server {
        type Handle = ();

        fn provision(&mut self, _: &Current) -> Result<(), BoxError> {
            Ok(())
        }
    }

    struct Missing;

    impl Resource for Missing {
        type Handle = ();

        fn provision(&mut self, _: &Current) -> Result<(), BoxError> {
            Err("no \"server\"".into())
        }
    }

    #[isolated(port, tmpdir, server = Server, seed, serial = "key")]
    #[test]
    #[ignore = "started by another test"]
    fn everything() {}

    #[isolated(serial = "key")]
    #[test]
    #[ignore = "started by another test"]
    fn holds() {
        say("held");
        listen("release");
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn panics() {
        panic!("one\n\"two\"");
    }

    #[isolated(missing = Missing)]
    #[test]
    #[ignore = "started by another test"]
    fn cannot_begin() {}

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn takes_a_guard() {
        drop(Key::new("other").lock());
    }

    #[isolated(test_attribute = "called by a test")]
    fn nothing() {}

    /// Begins two unrelated tests.
    #[test]
    #[ignore = "started by another test"]
    fn two() {
        let first = std::panic::catch_unwind(nothing).is_err();
        let second = std::panic::catch_unwind(nothing).is_err();
        say(&format!("failed {first} {second}"));
    }

    #[isolated(process, tmpdir, server = Server)]
    #[test]
    #[ignore = "started by another test"]
    #[cfg(target_os = "linux")]
    fn elsewhere() {
        say(&format!("process {}", std::process::id()));
    }
}

/// The trace directory of a state, which does not exist yet.
fn dir(state: &State) -> PathBuf {
    state.path().join("the/trace")
}

fn traced<'a>(state: &'a State, test: &str) -> Inner<'a> {
    state.inner(test).env("ISOLATED_TRACE", dir(state))
}

/// Starts a test that holds the key, and waits until it does.
fn holding(state: &State) -> Running {
    let mut running = traced(state, "holds").start();
    running.hear("held");
    running
}

/// Returns the trace of a process.
fn file_of(dir: &Path, process: u32) -> String {
    let begin = format!("{process}-");
    let is_its = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(&begin))
    };
    let paths = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let path = paths
        .into_iter()
        .find(is_its)
        .expect("a file of the process");
    fs::read_to_string(path).unwrap()
}

/// Returns the contents of the only file.
fn file(dir: &Path) -> String {
    let paths: Vec<_> = fs::read_dir(dir).unwrap().collect();
    let [Ok(entry)] = &paths[..] else {
        panic!("{paths:?}");
    };
    fs::read_to_string(entry.path()).unwrap()
}

/// Returns the events of a trace without times and numbers, which differ.
fn events(text: &str) -> Vec<String> {
    assert!(text.ends_with("}\n"), "a line was not finished: {text}");
    let without_time = |line: &str| {
        let (time, rest) = line.split_once(',').expect("a time");
        let time = time.strip_prefix("{\"t\":").map(str::parse::<u64>);
        assert!(matches!(time, Some(Ok(_))), "no time: {line}");
        let rest = rest.strip_suffix('}').expect("an object");
        rest.replace("\"e\":", "").replace(",\"id\":1", "")
    };
    text.lines().map(without_time).collect()
}

#[test]
fn the_whole_life_of_a_test_is_written() {
    let state = State::new();
    let finished = traced(&state, "everything").run().passed();
    drop(finished);
    let all = events(&file(&dir(&state)));
    assert!(
        all[0].starts_with("\"process\",\"version\":1,\"pid\":"),
        "{all:?}"
    );
    // The runner may or may not run a single test in the main thread.
    assert!(
        all[1]
            .starts_with("\"test\",\"test\":\"reporting::trace::inner::everything\",\"thread\":\"")
            && all[1].contains("tests/reporting/trace.rs:"),
        "{all:?}"
    );
    assert_eq!(
        all[2..],
        [
            "\"held\",\"want\":\"test\"",
            "\"held\",\"want\":\"serial key\"",
            "\"provision\",\"name\":\"port\"",
            "\"provisioned\",\"name\":\"port\"",
            "\"provision\",\"name\":\"tmpdir\"",
            "\"provisioned\",\"name\":\"tmpdir\"",
            "\"provision\",\"name\":\"server\"",
            "\"provisioned\",\"name\":\"server\"",
            "\"body\"",
            "\"over\",\"outcome\":\"passed\",\"how\":\"returned\",\"why\":\"\"",
            "\"release\",\"name\":\"server\"",
            "\"released\",\"name\":\"server\"",
            "\"release\",\"name\":\"tmpdir\"",
            "\"released\",\"name\":\"tmpdir\"",
            "\"release\",\"name\":\"port\"",
            "\"released\",\"name\":\"port\"",
            "\"free\",\"want\":\"serial key\"",
            "\"free\",\"want\":\"test\"",
            "\"end\",\"outcome\":\"passed\"",
        ]
    );
}

#[test]
fn a_failure_is_written_with_its_message() {
    for (test, how, why) in [
        ("panics", "panicked", "one\\u000a\\\"two\\\""),
        (
            "cannot_begin",
            "unable",
            "failed to provision the resource `missing`: no \\\"server\\\"",
        ),
    ] {
        let state = State::new();
        let _ = traced(&state, test).run().failed();
        let all = events(&file(&dir(&state)));
        let over = format!("\"over\",\"outcome\":\"failed\",\"how\":\"{how}\",\"why\":\"{why}\"");
        assert!(all.contains(&over), "{all:#?}");
        assert_eq!(all.last().unwrap(), "\"end\",\"outcome\":\"failed\"");
    }
}

#[test]
fn who_waits_says_behind_whom_and_each_process_has_a_file() {
    let state = State::new();
    let mut holder = holding(&state);
    let mut waiter = traced(&state, "holds").start();
    waiter.hear_error("waiting for");
    let ids = [holder.id(), waiter.id()];
    holder.tell("release");
    let _ = holder.finish().passed();
    waiter.hear("held");
    waiter.tell("release");
    let _ = waiter.finish().passed();

    assert_eq!(fs::read_dir(dir(&state)).unwrap().count(), 2);
    let [first, second] = ids.map(|id| events(&file_of(&dir(&state), id)));
    assert!(
        !first.iter().any(|event| event.starts_with("\"wait\"")),
        "{first:#?}"
    );
    let wait = format!(
        "\"wait\",\"want\":\"serial key\",\"behind\":[{{\"test\":\"reporting::trace::inner::holds\",\"pid\":{}}}]",
        ids[0]
    );
    let at = |wanted: &str| second.iter().position(|event| event == wanted);
    let (wait, held) = (at(&wait), at("\"held\",\"want\":\"serial key\""));
    assert!(wait.is_some() && wait < held, "{second:#?}");
}

#[test]
fn a_process_that_is_killed_leaves_whole_lines() {
    let state = State::new();
    let mut holder = holding(&state);
    holder.kill();
    let all = events(&file(&dir(&state)));
    assert_eq!(all.last().unwrap(), "\"body\"");
    assert!(all.contains(&"\"held\",\"want\":\"serial key\"".to_owned()));
}

#[test]
fn a_guard_is_written_beside_the_test_that_takes_it() {
    let state = State::new();
    let _ = traced(&state, "takes_a_guard").run().passed();
    let text = file(&dir(&state));
    let guard: Vec<_> = text
        .lines()
        .filter(|line| line.contains("\"id\":2"))
        .filter_map(|line| line.split("\"id\":2,").nth(1))
        .collect();
    assert!(
        guard[0].starts_with("\"test\":\"reporting::trace::inner::takes_a_guard\""),
        "{text}"
    );
    assert!(guard[0].ends_with("\"want\":\"serial other\"}"), "{text}");
    assert_eq!(
        guard[1..],
        ["\"want\":\"serial other\"}", "\"want\":\"serial other\"}"]
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_test_in_a_process_of_its_own_is_written_by_both() {
    let state = State::new();
    let mut parent = traced(&state, "elsewhere").start();
    let process: u32 = parent.hear("process").parse().unwrap();
    let id = parent.id();
    let _ = parent.finish().passed();

    let [outside, inside] = [id, process].map(|id| events(&file_of(&dir(&state), id)));
    let supervisor = outside
        .iter()
        .find_map(|event| event.strip_prefix("\"child\",\"pid\":"))
        .expect("the process is named");
    let has = |events: &[String], event: &str| events.iter().any(|other| other.starts_with(event));
    assert!(has(&outside, "\"provision\",\"name\":\"tmpdir\""));
    assert!(has(&outside, "\"over\",\"outcome\":\"passed\""));
    assert!(!has(&outside, "\"provision\",\"name\":\"server\""));
    assert!(
        inside[1].starts_with("\"inside\",\"test\":\"reporting::trace::inner::elsewhere\"")
            && inside[1].ends_with(&format!("\"parent\":{supervisor}")),
        "{inside:#?}"
    );
    assert!(has(&inside, "\"provision\",\"name\":\"server\""));
    assert!(has(&inside, "\"released\",\"name\":\"server\""));
    assert!(!has(&inside, "\"provision\",\"name\":\"tmpdir\""));
}

fn errors(finished: &Finished) -> String {
    let is_ours = |line: &&str| line.starts_with("isolated-test: ");
    finished
        .errors
        .lines()
        .filter(is_ours)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_value_that_is_no_absolute_path_is_refused() {
    let state = State::new();
    let failed = state
        .inner("panics")
        .env("ISOLATED_TRACE", "trace")
        .run()
        .failed();
    assert_eq!(
        errors(&failed),
        "isolated-test: reporting::trace::inner::panics: failed to read the variable `ISOLATED_TRACE`: found \
         \"trace\", expected an absolute path"
    );
}

#[test]
fn a_directory_that_cannot_be_used_fails_the_first_test_only() {
    let state = State::new();
    let path = state.scratch().join("file");
    fs::write(&path, "").unwrap();
    let finished = state
        .inner("two")
        .env("ISOLATED_TRACE", &path)
        .run()
        .passed();
    assert_eq!(finished.said("failed"), Some("true false"));
    let errors = errors(&finished);
    let begin = format!(
        "isolated-test: reporting::trace::inner::nothing: failed to write the trace that `ISOLATED_TRACE` asks \
         for into `{}`: ",
        path.display()
    );
    assert!(
        errors.starts_with(&begin) && errors.lines().count() == 1,
        "{errors}"
    );
}

#[test]
fn nothing_is_written_without_the_variable() {
    let state = State::new();
    for value in [None, Some("")] {
        let mut inner = state.inner("everything");
        if let Some(value) = value {
            inner = inner.env("ISOLATED_TRACE", value);
        }
        let _ = inner.run().passed();
    }
    let names: Vec<_> = fs::read_dir(state.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    let ours = ["locks", "runs", MARKER];
    assert!(
        names.iter().all(|name| ours.iter().any(|one| name == one)),
        "{names:?}"
    );
    assert!(state.runs().is_empty(), "{:?}", state.runs());
}
