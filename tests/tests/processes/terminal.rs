//! `TERM` in the subprocess of a test: empty while the test runner starts, and correct from then
//! on.

#![cfg(target_os = "linux")]

use isolated_test_tests::State;

mod inner {
    use std::process::Command;

    use isolated_test::isolated;
    use isolated_test_tests::say;
    use rstest::{fixture, rstest};

    fn say_terminal(whose: &str) {
        say(&format!("{whose} {:?}", std::env::var("TERM").ok()));
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn inherits() {
        say_terminal("body");
        let echo = Command::new("sh")
            .args(["-c", "echo $TERM"])
            .output()
            .unwrap();
        say(&format!(
            "program {}",
            String::from_utf8_lossy(&echo.stdout).trim()
        ));
        // The environment with which the process was started.
        let begin = std::fs::read("/proc/self/environ").unwrap();
        let is_empty = begin.split(|byte| *byte == 0).any(|one| one == b"TERM=");
        say(&format!("began empty: {is_empty}"));
    }

    #[isolated(env(TERM = "another"))]
    #[test]
    #[ignore = "started by another test"]
    fn sets_another() {
        say_terminal("body");
    }

    #[isolated(env(unset(TERM)))]
    #[test]
    #[ignore = "started by another test"]
    fn unsets_it() {
        say_terminal("body");
    }

    #[fixture]
    fn asks() {
        say_terminal("fixture");
    }

    #[isolated(process)]
    #[rstest]
    #[ignore = "started by another test"]
    fn has_a_fixture(#[from(asks)] _asks: ()) {}
}

fn output(test: &str, terminal: &str) -> String {
    let state = State::new();
    let run = state.inner(test).env("TERM", terminal).run().passed();
    let said = run.output.lines().filter(|line| line.starts_with('@'));
    said.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_test_and_its_programs_have_that_of_the_runner() {
    let expected = "@body Some(\"vt100\")\n@program vt100\n@began empty: true";
    assert_eq!(output("inherits", "vt100"), expected);
    let expected = "@body Some(\"\")\n@program \n@began empty: true";
    assert_eq!(output("inherits", ""), expected);
}

#[test]
fn fixtures_have_it_too() {
    assert_eq!(output("has_a_fixture", "vt100"), "@fixture Some(\"vt100\")");
}

#[test]
fn what_the_attribute_says_counts() {
    assert_eq!(output("sets_another", "vt100"), "@body Some(\"another\")");
    assert_eq!(output("unsets_it", "vt100"), "@body None");
}
