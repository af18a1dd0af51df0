//! What must and must not compile under the attribute: `tests/pass.rs`, `tests/hygiene.rs` and `tests/ui.rs`.
//!
//! A constant is looked at when its test is built, and `trybuild` only checks. The first of these
//! builds, the others do not:
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

/// The pages of the guide about other people's attributes, whose examples run; this package has them all.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../../docs/guide/async.md")]
    struct Async;

    #[doc = include_str!("../../docs/guide/harnesses.md")]
    struct Harnesses;
}
