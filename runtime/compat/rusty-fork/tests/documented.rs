//! What the peer documents, and what its own tests show, word for word where it matters.

#![cfg(unix)]

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use rusty_fork::{ChildWrapper, fork, rusty_fork_id, rusty_fork_test, rusty_fork_test_name};

rusty_fork_test! {
    #[test]
    fn my_test() {
        assert_eq!(2, 1 + 1);
    }

    #[test]
    fn trivial() { }

    #[test]
    #[should_panic]
    fn panicking_child() {
        panic!("just testing a panic, nothing to see here");
    }

    #[test]
    #[should_panic]
    fn aborting_child() {
        ::std::process::abort();
    }
}

rusty_fork_test! {
    #![rusty_fork(timeout_ms = 1000)]

    #[test]
    #[cfg(feature = "timeout")]
    fn timeout_passes() { }

    #[test]
    #[should_panic]
    #[cfg(feature = "timeout")]
    fn timeout_fails() {
        println!("hello from child");
        ::std::thread::sleep(
            ::std::time::Duration::from_secs(10));
        println!("goodbye from child");
    }
}

// What a fork of the peer also accepts.
rusty_fork_test! {
    #![rusty_fork(timeout_ms = LIMIT)]

    #[test]
    fn trivial_with_ok() -> Result<(), &'static str> { Ok(()) }

    #[test]
    #[should_panic]
    fn trivial_with_err() -> Result<(), &'static str> { Err("should fail.") }
}

const LIMIT: u64 = 60_000;

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
fn fork_basically_works() {
    let status = fork(
        "fork_basically_works",
        rusty_fork_id!(),
        |_| (),
        |child, _| child.wait().unwrap(),
        || println!("hello from child"),
    )
    .unwrap();
    assert!(status.success());
}

#[test]
fn child_output_captured() {
    fn read(child: &mut ChildWrapper, _file: &mut File) -> String {
        let mut output = String::new();
        let stdout = child.inner_mut().stdout.as_mut().unwrap();
        stdout.read_to_string(&mut output).unwrap();
        assert!(child.wait().unwrap().success());
        output
    }

    let output = fork(
        rusty_fork_test_name!(child_output_captured),
        rusty_fork_id!(),
        |command: &mut Command| {
            command.stdout(Stdio::piped()).stderr(Stdio::inherit());
        },
        read,
        || println!("hello from child"),
    )
    .unwrap();
    assert!(output.contains("hello from child"));
}

#[test]
fn ids_are_actually_distinct() {
    assert_ne!(rusty_fork_id!(), rusty_fork_id!());
}

#[test]
fn a_path_is_that_of_the_test_runner() {
    assert_eq!(rusty_fork::fork_test::fix_module_path("a::b::c"), "b::c");
}
