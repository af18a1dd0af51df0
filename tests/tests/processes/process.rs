//! Every way to write a test that runs in a subprocess.
//!
//! The parent writes its process identifier into a variable, so each body sees that it runs
//! elsewhere. A static that every body changes has its initial value in each of them.

#![cfg(any(target_os = "linux", windows))]
#![expect(
    clippy::should_panic_without_expect,
    reason = "it is one of the ways to write a test"
)]

use std::process::{ExitCode, Termination};
use std::sync::atomic::{AtomicU32, Ordering};

use isolated_test::{current, isolated};
#[cfg(target_os = "linux")]
use isolated_test_tests::State;
use rstest::{fixture, rstest};
use test_case::test_case;

static CHANGES: AtomicU32 = AtomicU32::new(0);

/// Whether this is not the process of the parent, and no other body has run here.
fn is_elsewhere() -> bool {
    let parent = std::env::var("PARENT").unwrap_or_default();
    let is_new = CHANGES.fetch_add(1, Ordering::Relaxed) == 0;
    is_new && !parent.is_empty() && parent != std::process::id().to_string()
}

/// Checks that a test runs in a subprocess, and that its name is the one that libtest gives it.
#[track_caller]
fn elsewhere(name: &str) {
    assert!(is_elsewhere());
    assert_eq!(current().name(), format!("processes::process::{name}"));
    let words: Vec<String> = std::env::args().collect();
    assert_eq!(words.get(1), Some(&format!("process::{name}")));
}

/// Ends a test that must panic without a panic, which would let the test pass.
fn check_without_a_panic(is_right: bool) {
    if !is_right {
        std::process::exit(9);
    }
}

#[cfg(target_os = "linux")]
mod inner {
    use isolated_test::isolated;
    use isolated_test_tests::say;

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn says_who_it_is() {
        say(&format!("process {}", std::process::id()));
        say(&format!("parent {}", std::os::unix::process::parent_id()));
    }
}

#[cfg(target_os = "linux")] // On Windows, a job watches it.
#[test]
fn an_ignored_test_runs_below_a_process_that_watches_it() {
    let state = State::new();
    let mut inner = state.inner("says_who_it_is").start();
    let (process, watcher) = (inner.hear("process"), inner.hear("parent"));
    let parent = inner.id().to_string();
    assert!(process != parent && watcher != parent && process != watcher);
    let run = inner.finish().passed();
    assert_eq!(run.errors, "");
    assert_eq!(state.processes(), []);
}

#[isolated(process)]
#[test]
fn asks_for_nothing_else() {
    assert_eq!(CHANGES.fetch_add(1, Ordering::Relaxed), 0);
    let words: Vec<_> = std::env::args().collect();
    // On Windows, nobody chooses the name of a program.
    let (mark, options) = if cfg!(windows) { (2, 3) } else { (0, 2) };
    assert!(
        words[mark].starts_with("isolated-test-process:"),
        "{words:?}"
    );
    assert_eq!(words[1], "process::asks_for_nothing_else");
    assert_eq!(words[options..options + 2], ["--exact", "--nocapture"]);
}

#[isolated(process, env(PARENT = std::process::id()))]
#[test]
fn returns_nothing() {
    elsewhere("returns_nothing");
}

#[isolated(env(PARENT = std::process::id()))]
#[test]
fn asks_for_a_variable_only() {
    elsewhere("asks_for_a_variable_only");
}

#[isolated(process, env(PARENT = std::process::id()))]
#[test]
fn returns_a_result() -> Result<(), Box<dyn std::error::Error>> {
    elsewhere("returns_a_result");
    assert_eq!("1".parse::<u16>()?, 1);
    Ok(())
}

#[isolated(process, env(PARENT = std::process::id()))]
#[test]
fn returns_a_code() -> ExitCode {
    elsewhere("returns_a_code");
    ExitCode::SUCCESS
}

#[isolated(process, env(PARENT = std::process::id()))]
#[test]
fn returns_what_ends_a_program() -> impl Termination {
    elsewhere("returns_what_ends_a_program");
    ExitCode::SUCCESS
}

#[isolated(process, env(PARENT = std::process::id()))]
#[test]
#[should_panic]
fn panics() {
    check_without_a_panic(is_elsewhere());
    panic!();
}

#[isolated(process, env(PARENT = std::process::id()))]
#[test]
#[should_panic(expected = "on purp")]
fn panics_with_a_message() {
    elsewhere("panics_with_a_message");
    panic!("on {}", "purpose");
}

#[should_panic = "on purpose"]
#[isolated(process, env(PARENT = std::process::id()))]
#[test]
fn panics_with_an_older_spelling() {
    elsewhere("panics_with_an_older_spelling");
    panic!("on purpose");
}

#[isolated(process, env(PARENT = std::process::id()))]
#[test]
#[should_panic]
fn panics_with_no_text() {
    check_without_a_panic(is_elsewhere());
    std::panic::panic_any(7);
}

#[isolated(process, env(PARENT = std::process::id()))]
#[test]
fn r#type() {
    elsewhere("r#type");
}

#[isolated(process, env(PARENT = std::process::id()))]
#[test]
extern "C" fn has_an_abi() {
    elsewhere("has_an_abi");
}

#[isolated(process, env(PARENT = std::process::id()))]
#[cfg_attr(all(), test)]
fn is_a_test_under_a_condition() {
    elsewhere("is_a_test_under_a_condition");
}

#[isolated(process, env(PARENT = std::process::id()))]
#[tokio::test]
async fn is_asynchronous() -> std::io::Result<()> {
    elsewhere("is_asynchronous");
    tokio::task::yield_now().await;
    assert_eq!(current().name(), "processes::process::is_asynchronous");
    Ok(())
}

#[isolated(process, env(PARENT = std::process::id()))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn has_a_runtime_with_many_threads() {
    elsewhere("has_a_runtime_with_many_threads");
    let elsewhere = tokio::spawn(async { std::process::id() }).await.unwrap();
    assert_eq!(elsewhere, std::process::id());
}

#[isolated(process, env(PARENT = std::process::id()))]
#[tokio::test]
#[should_panic(expected = "later")]
async fn panics_later() {
    elsewhere("panics_later");
    tokio::task::yield_now().await;
    panic!("later");
}

#[fixture]
fn word() -> String {
    "word".to_owned()
}

#[isolated(process, env(PARENT = std::process::id(), CASE = number))]
#[rstest]
#[case(1)]
#[case::second(2)]
fn has_cases(#[case] number: u32, word: String) {
    assert_eq!(word, "word");
    assert_eq!(std::env::var("CASE").unwrap(), number.to_string());
    elsewhere(["has_cases::case_1", "has_cases::case_2_second"][number as usize - 1]);
}

#[isolated(process, env(PARENT = std::process::id()))]
#[rstest]
fn has_values(#[values(1, 2)] number: u32, #[values("a", "b")] letter: &str) {
    let letter_at = 1 + u32::from(letter == "b");
    elsewhere(&format!(
        "has_values::number_{number}_{number}::letter_{letter_at}___{letter}__"
    ));
}

#[isolated(process, env(PARENT = std::process::id()))]
#[rstest]
#[case::only(1)]
#[tokio::test]
async fn has_asynchronous_cases(#[case] number: u32) {
    tokio::task::yield_now().await;
    elsewhere("has_asynchronous_cases::case_1_only");
    assert_eq!(number, 1);
}

#[isolated(process, env(PARENT = std::process::id(), WORD = word))]
#[test_case("word", 4; "of four")]
#[test_case("", 0; "of none")]
fn has_a_length(word: &str, length: usize) {
    assert_eq!(std::env::var("WORD").unwrap(), word);
    assert_eq!(word.len(), length);
    elsewhere(if length == 0 {
        "has_a_length::test_case_2_of_none"
    } else {
        "has_a_length::test_case_1_of_four"
    });
}

#[isolated(process, seed, env(PARENT = std::process::id()))]
#[test_case(1 => 2; "one")]
#[test_case(2 => 4; "two")]
fn doubles(number: u64, seed: u64) -> u64 {
    assert!(is_elsewhere());
    assert_eq!(seed, current().seed());
    number * 2
}

#[isolated(process, env(PARENT = std::process::id()))]
#[test_case(0 => panics "divide by zero"; "zero")]
#[test_case(1; "one")]
fn divides(number: u64) {
    assert!(is_elsewhere());
    assert_eq!(1 / number, 1);
}

#[isolated(process, env(PARENT = std::process::id()))]
#[test_log::test]
fn logs() {
    elsewhere("logs");
}

#[isolated(process, env(PARENT = std::process::id()))]
#[test_log::test(tokio::test)]
async fn logs_later() {
    elsewhere("logs_later");
}

mod nested {
    mod deeper {
        use isolated_test::isolated;

        #[isolated(process, env(PARENT = std::process::id()))]
        #[test]
        fn has_a_long_name() {
            super::super::elsewhere("nested::deeper::has_a_long_name");
        }
    }
}

#[isolated(process, env(PARENT = std::process::id()), outer = namespace)]
mod annotated {
    use super::{elsewhere, isolated};

    #[test]
    fn has_what_its_module_asks_for(outer: &str) {
        elsewhere("annotated::has_what_its_module_asks_for");
        assert!(!outer.is_empty());
    }

    #[isolated(env(OWN = "too"))]
    #[test]
    fn has_its_own_as_well() {
        elsewhere("annotated::has_its_own_as_well");
        assert_eq!(std::env::var("OWN").unwrap(), "too");
    }

    mod deeper {
        use super::super::elsewhere;

        #[tokio::test]
        async fn may_be_asynchronous() {
            elsewhere("annotated::deeper::may_be_asynchronous");
        }
    }
}
