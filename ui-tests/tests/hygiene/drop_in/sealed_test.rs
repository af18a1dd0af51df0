//! `#[sealed_test]` beside other items with the names that its expansion uses.

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
