//! Code that must or must not compile under the attribute: `tests/pass.rs`, `tests/hygiene.rs` and
//! `tests/ui.rs`.
//!
//! A constant is evaluated when its test is built, but `trybuild` only checks. The first of these
//! examples builds, the others do not:
//!
//! ```
//! # use isolated_test::isolated;
//! const RETRIES: u32 = 100;
//! #[isolated(retries = RETRIES, quarantine = "a reason", test_attribute = "called by nobody")]
//! fn serves() {}
//! # fn main() { let _ = serves; }
//! ```
//!
//! ```compile_fail,E0080
//! # use isolated_test::isolated;
//! const RETRIES: u32 = 101;
//! #[isolated(retries = RETRIES, quarantine = "a reason", test_attribute = "called by nobody")]
//! fn serves() {}
//! # fn main() { let _ = serves; }
//! ```
//!
//! ```compile_fail,E0080
//! # use isolated_test::isolated;
//! const REASON: &str = " ";
//! #[isolated(quarantine = REASON, test_attribute = "called by nobody")]
//! fn serves() {}
//! # fn main() { let _ = serves; }
//! ```

/// The pages of the guide about test attributes of other crates, whose examples run. This package
/// depends on all of those crates.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../../docs/guide/async.md")]
    struct Async;

    #[doc = include_str!("../../docs/guide/harnesses.md")]
    struct Harnesses;
}
