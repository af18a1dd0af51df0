//! Surroundings in which a careless expansion breaks: no prelude, other things by the names that it
//! uses, and lints that people deny.

#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(warnings)]
#![deny(
    clippy::all,
    clippy::nursery,
    clippy::pedantic,
    clippy::allow_attributes,
    clippy::let_underscore_must_use,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated,
    future_incompatible,
    missing_docs,
    nonstandard_style,
    rust_2018_idioms,
    trivial_casts,
    unreachable_pub,
    unused,
    unused_qualifications,
    unused_results
)]
#![expect(dead_code, reason = "what shadows is not used")]

// By name, as those write it who import no `*`.
use ::sealed_test::prelude::{rusty_fork_test, sealed_test};
use ::tokio;

mod core {}
mod std {}
mod isolated_test {}
struct None;
struct Some;
const fn after() {}
const fn files() {}
const fn tmpdir() {}

#[sealed_test]
fn minimal() {}

#[sealed_test(
    files = ["Cargo.toml"],
    env = [("A", "b"), ("a-b", "c")],
    before = files(),
    after = after(),
)]
fn everything() {
    tmpdir();
}

#[sealed_test(before = { files(); tmpdir() }, after = { after(); })]
#[should_panic(expected = "on purpose")]
fn expected() {
    ::core::panic!("on purpose");
}

#[sealed_test(after = after())]
#[tokio::test]
async fn later() {
    ::tokio::task::yield_now().await;
}
