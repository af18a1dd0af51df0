//! What the peer documents, and what its own tests show, word for word where it matters.

#![expect(
    unsafe_code,
    reason = "setting a variable is safe in a process of one test"
)]

use std::env::{self, VarError};
use std::path::PathBuf;
use std::time::Duration;

use sealed_test::prelude::*;

fn set_var(name: &str, value: &str) {
    // SAFETY: the process has this test only, and no other thread of it reads variables.
    unsafe { env::set_var(name, value) }
}

#[sealed_test]
fn foo() -> Result<(), VarError> {
    set_var("VAR", "foo");
    let var = env::var("VAR")?;
    assert_eq!(var, "foo");
    Ok(())
}

#[sealed_test]
fn bar() -> Result<(), VarError> {
    set_var("VAR", "bar");
    std::thread::sleep(Duration::from_millis(200));
    let var = env::var("VAR")?;
    assert_eq!(var, "bar");
    Ok(())
}

#[sealed_test(env = [ ("FOO", "foo"), ("BAR", "bar") ])]
fn should_set_env() {
    let foo = env::var("FOO").expect("Failed to get $FOO");
    let bar = env::var("BAR").expect("Failed to get $BAR");
    assert_eq!(foo, "foo");
    assert_eq!(bar, "bar");
}

#[sealed_test(files = ["tests/foo", "tests/bar"])]
fn should_copy_files() {
    assert!(PathBuf::from("foo").exists());
    assert!(PathBuf::from("bar").exists());
}

#[sealed_test(files = ["tests/baz"])]
fn should_copy_directory() {
    assert!(PathBuf::from("baz/buzz").exists());
}

#[sealed_test(before = setup(), after = teardown())]
fn should_run_setup_and_tear_down() {
    assert_eq!(env::var("BEFORE").as_deref(), Ok("ok"));
}

#[sealed_test(
    env = [ ("HOME", "la maison")],
    files = [ "tests/bar"],
    before = setup(),
    after = teardown()
)]
fn should_work_all_together() {
    let home = env::var("HOME").expect("Failed to get $HOME");
    let before = env::var("BEFORE").expect("Failed to get $BEFORE");

    assert!(PathBuf::from("bar").exists());
    assert_eq!(home, "la maison");
    assert_eq!(before, "ok");
}

#[sealed_test]
fn a_dummy_test_with_return_type() -> Result<&'static str, &'static str> {
    Ok("ok")
}

#[sealed_test]
#[should_panic]
fn question_mark_unwrapping_works() -> Result<(), &'static str> {
    let err = Err("Oh no");
    let _err: () = err?;
    Ok(())
}

#[sealed_test]
fn an_option() -> Option<u8> {
    let digit = "7".parse().ok()?;
    Some(digit)
}

rusty_fork_test! {
    #![rusty_fork(timeout_ms = 60_000)]

    #[test]
    fn the_macro_of_the_prelude() {
        assert!(env::var("RUSTY_FORK_OCCURS").is_ok());
    }
}

fn setup() {
    set_var("BEFORE", "ok");
}

fn teardown() {
    println!("I run after the test");
}
