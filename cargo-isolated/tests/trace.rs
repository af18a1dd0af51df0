//! `cargo isolated trace`, and what it writes.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use self::written::{Lines, START, Written};

#[path = "../src/trace/tests/written.rs"]
mod written;

fn run(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-isolated"));
    command.arg("trace").args(words).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn refused(words: &[&str]) -> String {
    let output = run(words);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    text(&output.stderr).trim_end().to_owned()
}

/// The name of a test that tries to leave its quotes.
const EVIL: &str = "shop::</script><script>alert(1)</script><!--{{data}}{{style}}";

fn evil() -> Written {
    let lines = Lines::of(4)
        .test(0, 1, EVIL)
        .wait(1, 41, 1, "serial <b>tcp</b>", EVIL)
        .body(50, 90, 1, "failed");
    Written::new([lines])
}

fn path(dir: &Path, name: &str) -> String {
    dir.join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_directory_without_traces_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let missing = path(dir.path(), "missing");
    assert_eq!(
        refused(&[&missing]),
        format!(
            "cargo isolated: no directory `{missing}`; run the tests with `ISOLATED_TRACE` set to its \
             absolute path"
        )
    );
    fs::write(dir.path().join("other.txt"), "").unwrap();
    fs::write(dir.path().join("empty.jsonl"), "").unwrap();
    let empty = dir.path().to_str().unwrap();
    assert_eq!(
        refused(&[empty]),
        format!(
            "cargo isolated: no traces in `{empty}`; run isolated tests with `ISOLATED_TRACE` set to \
             its absolute path"
        )
    );
}

#[test]
fn another_version_is_refused() {
    let header = "{\"t\":1,\"e\":\"process\",\"version\":2,\"pid\":1,\"program\":\"\"}\n";
    let written = Written::new([Lines::default().raw(header)]);
    let error = refused(&[written.path().to_str().unwrap()]);
    assert!(
        error.contains("is a trace of version 2, expected 1"),
        "{error}"
    );
}

#[test]
fn the_page_is_written_into_the_directory_unless_told_otherwise() {
    let written = evil();
    let dir = written.path().to_str().unwrap();
    let page = path(written.path(), "timeline.html");
    let output = run(&[dir]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        text(&output.stdout),
        format!(
            "1 test in 1 process took 90µs, 1 failed\n\
             \n\
             where the time went, added up over all tests\n  \
               body                  40µs   44 %  █████████████\n  \
               waiting for locks     40µs   44 %  █████████████\n  \
               rest                  10µs   11 %  ███\n\
             \n\
             waiting by key\n      \
                   cost  waits   longest  held  key\n      \
                   40µs      1      40µs     1  <b>tcp</b>\n\
             \n\
             failed, and the tests that were active meanwhile\n  \
               {EVIL}\n    \
                 src/lib.rs:1\n    \
                 beside nobody\n\
             \n\
             wrote {page}\n"
        )
    );
    assert!(Path::new(&page).is_file());
}

#[test]
fn no_name_of_a_test_gets_out_of_the_data_of_the_page() {
    let written = evil();
    let page = path(written.path(), "page.html");
    let output = run(&[written.path().to_str().unwrap(), "--html", &page]);
    assert!(output.status.success(), "{output:?}");
    let html = fs::read_to_string(page).unwrap();

    let begin = "<script type=\"application/json\" id=\"data\">";
    let (before, rest) = html.split_once(begin).unwrap();
    let (data, after) = rest.split_once("</script>").unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["tests"][0]["name"], EVIL);
    assert_eq!(data["start"], START);
    for part in [before, after] {
        assert!(!part.contains("alert(1)"));
        assert!(!part.contains("{{"), "a part is missing");
    }
    // One for the data, one for the script.
    assert_eq!(html.matches("</script").count(), 2);
    assert_eq!(html.matches("<script").count(), 2);
}

#[test]
fn the_page_asks_nobody_for_anything() {
    let written = evil();
    let page = path(written.path(), "page.html");
    let output = run(&[written.path().to_str().unwrap(), "--html", &page]);
    assert!(output.status.success(), "{output:?}");
    let html = fs::read_to_string(page).unwrap();
    for word in [
        "http:",
        "https:",
        "//cdn",
        "url(",
        "src=",
        "href=",
        "import ",
        "fetch(",
        "innerHTML",
    ] {
        assert!(!html.contains(word), "{word}");
    }
}

#[test]
fn perfetto_gets_complete_events_within_their_test() {
    let written = evil();
    let file = path(written.path(), "perfetto.json");
    let output = run(&[written.path().to_str().unwrap(), "--perfetto", &file]);
    assert!(output.status.success(), "{output:?}");
    assert!(!written.path().join("timeline.html").exists());
    let json: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let found: Vec<_> = json["traceEvents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            let number = |name: &str| event[name].as_u64().unwrap_or_default();
            let word = |name: &str| event[name].as_str().unwrap();
            assert_eq!((number("pid"), number("tid")), (4, 1));
            let begin = number("ts").saturating_sub(START);
            (word("ph"), word("name"), begin, number("dur"))
        })
        .collect();
    assert_eq!(
        found,
        [
            ("M", "process_name", 0, 0),
            ("M", "thread_name", 0, 0),
            ("X", EVIL, 0, 90),
            ("X", "body", 50, 40),
            ("X", "wait serial <b>tcp</b>", 1, 40),
        ]
    );
}
