//! The meaning of a sealed test: its process, directory and variables are its own, and nothing passes
//! that should not.

#![cfg(unix)] // Elsewhere, a process dies of other causes than signals.

#[path = "../../tests/failing.rs"]
mod failing;

use std::env;
use std::fs;
use std::path::Path;

use sealed_test::prelude::*;

use failing::{Ended, run, run_and_keep};

#[sealed_test(env = [("MEANING", "one")])]
fn variables_are_those_of_the_test() {
    assert_eq!(env::var("MEANING").as_deref(), Ok("one"));
}

#[sealed_test]
fn variables_of_another_test_are_not() {
    assert!(env::var("MEANING").is_err());
}

#[sealed_test(files = ["tests/foo"])]
fn the_directory_has_the_copies_and_nothing_else() {
    let names: Vec<_> = fs::read_dir(".")
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["foo"]);
}

#[sealed_test(files = ["tests/foo", "tests/baz"])]
fn copies_are_copies() {
    for (copy, original) in [("foo", "tests/foo"), ("baz/buzz", "tests/baz/buzz")] {
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join(original);
        let content = fs::read_to_string(&original).unwrap();
        assert_eq!(fs::read_to_string(copy).unwrap(), content);
        fs::write(copy, "changed").unwrap();
        assert_eq!(fs::read_to_string(original).unwrap(), content);
    }
}

#[sealed_test(before = assert!(Path::new("foo").is_file()), files = ["tests/foo"])]
fn before_comes_after_the_files() {}

#[sealed_test(before = help(), after = help())]
fn before_and_after_see_the_functions_of_the_body() {
    fn help() {
        println!("help");
    }
}

#[sealed_test]
fn a_variable_tells_that_the_test_has_a_process() {
    let value = env::var("RUSTY_FORK_OCCURS").unwrap();
    assert!(value.len() == 17 && value.starts_with(':'), "{value}");
}

mod nested {
    use super::*;

    #[sealed_test]
    fn has_a_process() {
        assert!(env::var("RUSTY_FORK_OCCURS").is_ok());
    }

    #[sealed_test]
    #[cfg(test)]
    fn has_a_condition() {}

    rusty_fork_test! {
        #[test]
        #[cfg(not(test))]
        fn has_a_condition() {}

        #[cfg(test)]
        #[test]
        fn has_another() {}

        #[test]
        #[cfg(not(test))]
        fn has_another() {}
    }
}

#[sealed_test(env = [("LATER", "yes")], files = ["tests/foo"], after = drop(fs::remove_file("foo")))]
#[tokio::test]
async fn waits() -> Result<(), env::VarError> {
    tokio::task::yield_now().await;
    assert!(Path::new("foo").is_file());
    env::var("LATER").map(drop)
}

#[sealed_test]
#[should_panic(expected = "number 7")]
fn expects_a_text() {
    panic!("the number 7");
}

#[test]
fn after_runs_when_the_body_is_over() {
    let ended = run("inner::returns");
    assert_eq!(ended.words(), ["before", "body", "after"]);
    assert!(ended.passed);
}

#[test]
fn after_runs_when_the_body_panics() {
    let ended = run("inner::panics");
    assert_eq!(ended.words(), ["before", "body", "after"]);
    ended.failed_with("on purpose");
}

#[test]
fn after_runs_when_an_async_body_panics() {
    let ended = run("inner::panics_later");
    assert_eq!(ended.words(), ["body", "after"]);
    ended.failed_with("on purpose");
}

#[test]
fn after_runs_when_the_body_returns_early() {
    let ended = run("inner::returns_an_error");
    assert_eq!(ended.words(), ["after"]);
    ended.failed_with("the test returned an error: \"bad\"");
}

#[test]
fn after_can_fail_the_test() {
    run("inner::after_panics").failed_with("after on purpose");
    run("inner::after_panics_too").failed_with("SIGABRT");
}

#[test]
fn the_failures_of_before_are_not_expected() {
    let ended = run("inner::before_panics");
    ended.failed_with("before on purpose");
    assert!(
        ended.words().is_empty(),
        "what `before` has not made, `after` does not remove"
    );
    run("inner::before_aborts").failed_with("SIGABRT");
}

#[test]
fn files_that_are_missing_are_not_expected() {
    run("inner::has_no_file").failed_with("failed to copy `");
    run("inner::has_no_file_and_expects_a_panic").failed_with("failed to copy `");
}

#[test]
fn a_process_that_dies_is_a_failure() {
    run("inner::aborts").failed_with("SIGABRT");
    run("inner::exits").failed_with("exited with status 0 before the test had ended");
    run("inner::is_none").failed_with("the test returned `None`");
}

#[test]
fn a_process_that_dies_is_expected_by_should_panic() {
    for name in ["aborts", "exits_with_a_failure", "kills_itself"] {
        let ended = run(&format!("inner::expecting::{name}"));
        assert!(ended.passed, "{name}: {}", ended.output);
        assert!(ended.output.contains("died, as `#[should_panic]` expects"));
    }
}

#[test]
fn success_is_not_expected_by_should_panic() {
    run("inner::expecting::returns").failed_with("the test did not panic as expected");
    run("inner::expecting::exits").failed_with("exited with status 0 before the test had ended");
    run("inner::expecting::another_text").failed_with("expected a panic that contains \"text\"");
    run("inner::expecting::aborts_with_a_text").failed_with("SIGABRT");
}

#[test]
fn a_failed_test_keeps_its_directory() {
    let Ended { output, .. } = run_and_keep("inner::panics", "failure");
    let directory = output.lines().find_map(|line| line.split_once("tmpdir = "));
    let directory = directory.and_then(|(_, path)| path.strip_suffix(" (kept)"));
    fs::remove_dir_all(directory.expect(&output)).expect("it was kept");
}

/// Tests that others start.
mod inner {
    use std::process::{abort, exit};

    use super::*;

    fn say(word: &str) {
        println!("\n@{word}");
    }

    #[sealed_test(before = say("before"), after = say("after"))]
    #[ignore = "started by another test"]
    fn returns() {
        say("body");
    }

    #[sealed_test(before = say("before"), after = say("after"))]
    #[ignore = "started by another test"]
    fn panics() {
        say("body");
        panic!("on purpose");
    }

    #[sealed_test(after = say("after"))]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn panics_later() {
        tokio::task::yield_now().await;
        say("body");
        panic!("on purpose");
    }

    #[sealed_test(after = say("after"))]
    #[ignore = "started by another test"]
    fn returns_an_error() -> Result<(), &'static str> {
        Err("bad")?;
        say("body");
        Ok(())
    }

    #[sealed_test(after = panic!("after on purpose"))]
    #[ignore = "started by another test"]
    fn after_panics() {}

    #[sealed_test(after = panic!("after on purpose"))]
    #[should_panic]
    #[ignore = "started by another test"]
    fn after_panics_too() {
        panic!("as expected");
    }

    #[sealed_test(before = panic!("before on purpose"), after = say("after"))]
    #[should_panic]
    #[ignore = "started by another test"]
    #[expect(unreachable_code, reason = "the body does not begin")]
    fn before_panics() {
        panic!("as expected");
    }

    #[sealed_test(before = abort())]
    #[should_panic]
    #[ignore = "started by another test"]
    #[expect(unreachable_code, reason = "the body does not begin")]
    fn before_aborts() {
        panic!("as expected");
    }

    #[sealed_test(files = ["tests/nothing"])]
    #[ignore = "started by another test"]
    fn has_no_file() {}

    #[sealed_test(files = ["tests/nothing"])]
    #[should_panic]
    #[ignore = "started by another test"]
    fn has_no_file_and_expects_a_panic() {
        panic!("as expected");
    }

    #[sealed_test]
    #[ignore = "started by another test"]
    fn aborts() {
        abort();
    }

    #[sealed_test]
    #[ignore = "started by another test"]
    fn exits() {
        exit(0);
    }

    #[sealed_test]
    #[ignore = "started by another test"]
    fn is_none() -> Option<()> {
        None
    }

    mod expecting {
        use super::*;

        #[sealed_test]
        #[should_panic]
        #[ignore = "started by another test"]
        fn aborts() {
            abort();
        }

        #[sealed_test]
        #[should_panic]
        #[ignore = "started by another test"]
        fn exits_with_a_failure() {
            exit(3);
        }

        #[sealed_test]
        #[should_panic]
        #[ignore = "started by another test"]
        fn kills_itself() {
            let id = std::process::id().to_string();
            std::process::Command::new("kill")
                .args(["-9", &id])
                .status()
                .unwrap();
            loop {
                std::thread::park(); // Until the signal arrives.
            }
        }

        #[sealed_test]
        #[should_panic]
        #[ignore = "started by another test"]
        fn returns() {}

        #[sealed_test]
        #[should_panic]
        #[ignore = "started by another test"]
        fn exits() {
            exit(0);
        }

        #[sealed_test]
        #[should_panic(expected = "text")]
        #[ignore = "started by another test"]
        fn another_text() {
            panic!("another");
        }

        #[sealed_test]
        #[should_panic(expected = "text")]
        #[ignore = "started by another test"]
        fn aborts_with_a_text() {
            abort();
        }
    }
}
