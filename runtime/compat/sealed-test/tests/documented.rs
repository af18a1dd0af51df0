//! Each form that the peer documents: arguments alone and together, values, and its prelude.

#![expect(
    unsafe_code,
    reason = "setting a variable is safe in a process of one test"
)]

use std::env::{self, VarError};
use std::path::Path;

use sealed_test::prelude::*;

fn set(name: &str, value: &str) {
    // SAFETY: the process has this test only, and no other thread of it reads variables.
    unsafe { env::set_var(name, value) }
}

/// Two tests set one variable and never see the value of the other.
#[sealed_test]
fn sets_a_variable() -> Result<(), VarError> {
    assert!(env::var("SHOP").is_err());
    set("SHOP", "books");
    assert_eq!(env::var("SHOP")?, "books");
    Ok(())
}

#[sealed_test]
fn sets_it_too() -> Result<(), VarError> {
    assert!(env::var("SHOP").is_err());
    set("SHOP", "bread");
    assert_eq!(env::var("SHOP")?, "bread");
    Ok(())
}

#[sealed_test(env = [("SHOP", "tea"), ("TILL", "2")])]
fn has_variables() {
    assert_eq!(env::var("SHOP").as_deref(), Ok("tea"));
    assert_eq!(env::var("TILL").as_deref(), Ok("2"));
}

#[sealed_test(files = ["tests/foo", "tests/bar"])]
fn has_copies_of_files() {
    assert!(Path::new("foo").is_file() && Path::new("bar").is_file());
}

#[sealed_test(files = ["tests/baz"])]
fn has_a_copy_of_a_directory() {
    assert!(Path::new("baz/buzz").exists());
}

#[sealed_test(before = open(), after = close())]
fn has_code_around_it() {
    assert_eq!(env::var("OPEN").as_deref(), Ok("since 8"));
}

#[sealed_test(
    env = [("HOME", "here")],
    files = ["tests/bar"],
    before = open(),
    after = close()
)]
fn has_everything() {
    assert_eq!(env::var("HOME").as_deref(), Ok("here"));
    assert!(Path::new("bar").is_file());
    assert_eq!(env::var("OPEN").as_deref(), Ok("since 8"));
}

#[sealed_test]
fn returns_any_success() -> Result<u8, VarError> {
    Ok(7)
}

#[sealed_test]
#[should_panic]
fn returns_a_failure() -> Result<(), VarError> {
    env::var("SHOP").map(drop)
}

#[sealed_test]
fn returns_an_option() -> Option<u8> {
    "7".parse().ok()
}

rusty_fork_test! {
    #![rusty_fork(timeout_ms = 60_000)]

    #[test]
    fn the_macro_of_the_prelude() {
        assert!(env::var("RUSTY_FORK_OCCURS").is_ok());
    }
}

fn open() {
    set("OPEN", "since 8");
}

fn close() {
    assert_eq!(env::var("OPEN").as_deref(), Ok("since 8"));
}
