//! Each form that the peer documents: the macro with and without a limit, and the functions.

#![cfg(unix)]

use std::io::Read;
use std::process::Stdio;

use rusty_fork::{ChildWrapper, fork, rusty_fork_id, rusty_fork_test, rusty_fork_test_name};

rusty_fork_test! {
    #[test]
    fn passes() {}

    #[test]
    fn asserts() {
        assert_eq!("seven".len(), 5);
    }

    #[test]
    #[should_panic]
    fn fails_by_a_panic() {
        unreachable!("the order has no lines");
    }

    #[test]
    #[should_panic]
    fn fails_by_an_abort() {
        std::process::abort();
    }
}

rusty_fork_test! {
    #![rusty_fork(timeout_ms = 500)]

    #[test]
    #[should_panic]
    #[cfg(feature = "timeout")]
    fn fails_by_its_limit() {
        loop {
            std::thread::park();
        }
    }
}

const LIMIT: u64 = 60_000;

// A limit may be a constant and a test may have a value.
rusty_fork_test! {
    #![rusty_fork(timeout_ms = LIMIT)]

    #[test]
    #[cfg(feature = "timeout")]
    fn ends_within_its_limit() {}

    #[test]
    fn returns_success() -> Result<(), std::fmt::Error> { Ok(()) }

    #[test]
    #[should_panic]
    fn returns_a_failure() -> Result<(), std::fmt::Error> { Err(std::fmt::Error) }
}

/// A macro of the user around the one of the peer.
macro_rules! all_forked {
    ($($name:ident $body:block)*) => {
        rusty_fork_test! {
            $(#[test] fn $name() $body)*
        }
    };
}

all_forked! {
    by_a_macro { assert!(std::env::var("RUSTY_FORK_OCCURS").is_ok()); }
    by_a_macro_too { assert!(std::env::var("RUSTY_FORK_OCCURS").is_ok()); }
}

#[test]
fn a_fork_runs_the_closure_in_a_child() {
    let status = fork(
        "a_fork_runs_the_closure_in_a_child",
        rusty_fork_id!(),
        |_| (),
        |child, _| child.wait().unwrap(),
        || assert!(std::env::var("RUSTY_FORK_OCCURS").is_ok()),
    );
    assert!(status.unwrap().success());
}

#[test]
fn a_fork_may_pipe_the_output_of_its_child() {
    let read = |child: &mut ChildWrapper| {
        let mut text = String::new();
        let stdout = child.inner_mut().stdout.as_mut().unwrap();
        stdout.read_to_string(&mut text).unwrap();
        assert!(child.wait().unwrap().success());
        text
    };
    let text = fork(
        rusty_fork_test_name!(a_fork_may_pipe_the_output_of_its_child),
        rusty_fork_id!(),
        |command| {
            command.stdout(Stdio::piped()).stderr(Stdio::null());
        },
        |child, _| read(child),
        || println!("three orders"),
    );
    assert!(text.unwrap().contains("three orders"));
}

#[test]
fn each_place_has_its_own_id() {
    assert_ne!(rusty_fork_id!(), rusty_fork_id!());
}

#[test]
fn a_path_is_that_of_the_test_runner() {
    assert_eq!(rusty_fork::fork_test::fix_module_path("a::b::c"), "b::c");
}
