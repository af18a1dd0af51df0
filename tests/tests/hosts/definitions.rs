//! The names and limits that a shared resource may have.

use std::panic::catch_unwind;

use isolated_test::Once;

use crate::common::{API, Api};

/// The panic of a definition, or an empty text.
fn refusal(define: impl FnOnce() -> Once<Api> + std::panic::UnwindSafe) -> String {
    let Err(panic) = catch_unwind(|| drop(define())) else {
        return String::new();
    };
    let text = panic.downcast_ref::<&str>().copied();
    text.unwrap_or("a panic without a text").to_owned()
}

#[test]
fn names_have_1_to_30_visible_bytes() {
    let length = "the name of a shared resource is 1 to 30 bytes long";
    let control = "the name of a shared resource has no control characters; remove them";
    for (name, expected) in [
        ("", length),
        ("a", ""),
        ("a name of exactly thirty bytes", ""),
        ("a name of more than thirty byte", length),
        ("größe", ""),
        ("a\nb", control),
        ("a\u{7f}", control),
    ] {
        assert_eq!(refusal(|| Once::new(name, Api::new)), expected, "{name:?}");
    }
}

#[test]
fn between_1_and_256_tests_may_use_it_at_once() {
    let limits = "the limit of users is from 1 to 256";
    for (limit, expected) in [(0, limits), (1, ""), (256, ""), (257, limits)] {
        assert_eq!(refusal(|| API.limit(limit)), expected, "{limit}");
    }
}
