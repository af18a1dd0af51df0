//! Messages that no user of a stable compiler sees, and the parts that messages share.

use super::messages;
use crate::errors::{Errors, alike, list};

#[test]
#[should_panic(expected = "errors were collected and not reported")]
fn errors_that_nobody_reports_are_a_bug() {
    drop(Errors::new());
}

#[test]
fn names_look_alike() {
    for (written, known) in [
        ("prot", "port"),
        ("Port", "port"),
        ("seriall", "serial"),
        ("tmpdr", "tmpdir"),
        ("sede", "seed"),
        ("namspaec", "namespace"),
    ] {
        assert!(alike(written, known), "{written} and {known}");
    }
    for (written, known) in [
        ("db", "port"),
        ("path", "port"),
        ("x", "port"),
        ("", "port"),
        ("server", "seed"),
        ("sound", "seed"),
    ] {
        assert!(!alike(written, known), "{written} and {known}");
    }
}

#[test]
fn lists() {
    assert_eq!(list(["port"]), "`port`");
    assert_eq!(list(["port", "tmpdir", "seed"]), "`port`, `tmpdir`, `seed`");
}

#[test]
fn function_without_a_body() {
    let message = "expected a body, because a test runs it; write `{ ... }`";
    assert_eq!(messages("", "#[test] fn adds();"), [message]);
}
