//! Every way to write a test, and the name under which each is known.

#![expect(
    clippy::should_panic_without_expect,
    reason = "it is one of the ways to write a test"
)]

use std::process::{Command, ExitCode, Termination};

use isolated_test::{Port, current, isolated};
use isolated_test_tests::State;
use rstest::{fixture, rstest};
use test_case::test_case;

/// Checks that the test has the name that libtest gives it.
#[track_caller]
fn known_as(name: &str) {
    assert_eq!(current().name(), format!("attributes::signatures::{name}"));
    let name = format!("signatures::{name}");
    // With one thread, libtest may run tests in the main thread.
    if let Some(thread) = std::thread::current().name() {
        assert!(thread == name || thread == "main", "{thread} is not {name}");
    }
}

mod inner {
    use isolated_test::isolated;

    use super::known_as;

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn is_started_with_ignored() {
        known_as("inner::is_started_with_ignored");
    }
}

#[isolated_test::test(port)]
fn has_both_attributes_in_one(port: Port) {
    known_as("has_both_attributes_in_one");
    assert_ne!(port.number(), 0);
}

mod imported {
    use isolated_test::test;

    use super::known_as;

    #[test(seed)]
    #[should_panic(expected = "tells that it ran")]
    fn has_both_attributes_in_one_word(_seed: u64) {
        known_as("imported::has_both_attributes_in_one_word");
        panic!("tells that it ran");
    }
}

#[isolated(tmpdir)]
mod inherits {
    use isolated_test::{Port, TmpDir};

    use super::known_as;

    #[isolated_test::test(port)]
    fn what_its_module_has(port: Port, tmpdir: &TmpDir) -> std::io::Result<()> {
        known_as("inherits::what_its_module_has");
        std::fs::write(tmpdir.join("port"), port.to_string())
    }
}

/// A value that decides whether the program succeeds.
pub(crate) struct Verdict(pub(crate) bool);

impl Termination for Verdict {
    fn report(self) -> ExitCode {
        if self.0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

#[isolated]
#[test]
fn returns_nothing() {
    known_as("returns_nothing");
}

#[isolated(port)]
#[test]
fn returns_a_result(port: u16) -> Result<(), Box<dyn std::error::Error>> {
    known_as("returns_a_result");
    assert_eq!(port.to_string().parse::<u16>()?, port);
    Ok(())
}

#[isolated]
#[test]
fn returns_a_code() -> ExitCode {
    known_as("returns_a_code");
    ExitCode::SUCCESS
}

#[isolated]
#[test]
fn returns_what_ends_a_program() -> impl Termination {
    known_as("returns_what_ends_a_program");
    Verdict(true)
}

#[isolated]
#[test]
#[should_panic]
fn panics() {
    known_as("panics");
    panic!();
}

#[isolated]
#[test]
#[should_panic(expected = "on purp")]
fn panics_with_a_message() {
    known_as("panics_with_a_message");
    panic!("on {}", "purpose");
}

#[should_panic = "on purpose"]
#[isolated]
#[test]
fn panics_with_an_older_spelling() {
    panic!("on purpose");
}

#[isolated]
#[test]
fn r#type() {
    known_as("r#type");
}

#[isolated(r#match = port)]
#[test]
fn has_a_raw_name(r#match: u16) {
    known_as("has_a_raw_name");
    assert_ne!(r#match, 0);
}

#[isolated(port)]
#[test]
extern "C" fn has_an_abi(port: u16) {
    known_as("has_an_abi");
    assert_ne!(port, 0);
}

#[isolated(port)]
#[test]
fn has_a_lifetime<'a>(port: &'a Port) {
    let again: &'a Port = port;
    assert_eq!(again.number(), port.number());
}

#[isolated(port, other = port)]
#[test]
fn has_parameters_it_changes_or_does_not_use(mut port: Port, _other: Port) {
    known_as("has_parameters_it_changes_or_does_not_use");
    port = port.clone();
    assert_ne!(port.number(), 0);
}

#[isolated(port)]
#[tokio::test]
async fn is_asynchronous(port: &Port) -> std::io::Result<()> {
    known_as("is_asynchronous");
    tokio::task::yield_now().await;
    known_as("is_asynchronous");
    port.listen().map(drop)
}

#[isolated(port)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn has_a_runtime_with_many_threads(port: Port) {
    known_as("has_a_runtime_with_many_threads");
    tokio::spawn(async move { port.listen().map(drop) })
        .await
        .unwrap()
        .unwrap();
    known_as("has_a_runtime_with_many_threads");
}

#[isolated]
#[tokio::test(flavor = "current_thread")]
#[should_panic(expected = "later")]
async fn panics_later() {
    tokio::task::yield_now().await;
    panic!("later");
}

#[fixture]
fn word() -> String {
    "word".to_owned()
}

#[isolated(port)]
#[rstest]
#[case(1)]
#[case::second(2)]
fn has_cases(#[case] number: u32, port: u16, word: String) {
    assert_eq!(word, "word");
    assert_ne!(port, 0);
    known_as(["has_cases::case_1", "has_cases::case_2_second"][number as usize - 1]);
}

#[isolated(port)]
#[rstest]
fn has_values(#[values(1, 2)] number: u32, #[values("a", "b")] letter: &str, port: &Port) {
    let letter_at = 1 + u32::from(letter == "b");
    known_as(&format!(
        "has_values::number_{number}_{number}::letter_{letter_at}___{letter}__"
    ));
    assert_ne!(port.number(), 0);
}

#[isolated(seed)]
#[rstest]
#[case::only(1)]
#[tokio::test]
async fn has_asynchronous_cases(#[case] number: u32, seed: u64) {
    tokio::task::yield_now().await;
    known_as("has_asynchronous_cases::case_1_only");
    assert_eq!((number, current().seed()), (1, seed));
}

#[isolated(port)]
#[test_case("word", 4; "of four")]
#[test_case("", 0; "of none")]
fn has_a_length(word: &str, length: usize, port: u16) {
    assert_eq!(word.len(), length);
    assert_ne!(port, 0);
    known_as(if length == 0 {
        "has_a_length::test_case_2_of_none"
    } else {
        "has_a_length::test_case_1_of_four"
    });
}

#[isolated(seed)]
#[test_case(1 => 2; "one")]
#[test_case(2 => 4; "two")]
fn doubles(number: u64, seed: u64) -> u64 {
    assert_eq!(seed, current().seed());
    number * 2
}

#[isolated(seed)]
#[test_case(0 => panics "divide by zero"; "zero")]
#[test_case(1; "one")]
fn divides(number: u64, seed: u64) {
    assert_ne!(1 / number, seed);
}

#[isolated(port)]
#[test_log::test]
fn logs(port: u16) {
    known_as("logs");
    assert_ne!(port, 0);
}

#[isolated(port)]
#[test_log::test(tokio::test)]
async fn logs_later(port: u16) {
    known_as("logs_later");
    assert_ne!(port, 0);
}

#[isolated(port)]
#[cfg_attr(all(), test)]
fn is_a_test_under_a_condition(port: u16) {
    known_as("is_a_test_under_a_condition");
    assert_ne!(port, 0);
}

#[isolated(outer = port, both = seed, serial = "signatures")]
mod annotated {
    use super::{current, isolated, known_as};

    #[test]
    fn has_what_its_module_asks_for(outer: u16, both: u64) {
        known_as("annotated::has_what_its_module_asks_for");
        assert_eq!((outer, both), (current().port().number(), current().seed()));
    }

    #[isolated(own = namespace, both = tmpdir)]
    #[test]
    fn has_its_own_as_well(outer: u16, own: &str, both: &std::path::Path) {
        known_as("annotated::has_its_own_as_well");
        assert!(outer > 0 && !own.is_empty() && both.is_dir());
    }

    #[isolated(nested = tmpdir)]
    mod deeper {
        use super::super::known_as;

        #[test]
        fn has_what_all_ask_for(outer: u16, nested: &std::path::Path, both: u64) {
            known_as("annotated::deeper::has_what_all_ask_for");
            assert!(outer > 0 && nested.is_dir());
            let _ = both;
        }

        #[tokio::test]
        async fn may_be_asynchronous(outer: std::net::TcpListener) {
            known_as("annotated::deeper::may_be_asynchronous");
            outer.local_addr().unwrap();
        }
    }
}

#[isolated(port)]
#[rstest]
#[case::pair((1, 2))]
fn takes_a_value_apart(#[case] (one, other): (u32, u32), port: u16) {
    assert_eq!((one, other), (1, 2));
    assert_ne!(port, 0);
}

#[test]
fn a_name_is_the_same_when_it_alone_is_asked_for() {
    let _ = State::new().inner("is_started_with_ignored").run().passed();
}

#[test]
fn all_names_are_the_same_with_one_thread() {
    let state = State::new();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "signatures::",
            "--test-threads=1",
            "--skip",
            "names_are_the_same_with_one_thread",
        ])
        .env("ISOLATED_DIR", state.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("test signatures::annotated::"),
        "{text}"
    );
}
