//! Code that must not compile: each mistake with its message.
//!
//! The messages are ours, but rustc's presentation changes from version to version, so they are
//! compared on one version only. `TRYBUILD=overwrite cargo test -p isolated-test-ui-tests` writes
//! them. Code that must compile is in `pass.rs` and `hygiene.rs`.

use std::process::Command;

/// The compiler for which the `.stderr` files were written.
const COMPILER: &str = "rustc 1.95.0 ";

#[test]
fn ui() {
    let compiler = version();
    if !compiler.starts_with(COMPILER) {
        eprintln!(
            "messages are not compared: they were written for {COMPILER}and this is {compiler}"
        );
        return;
    }
    let tests = trybuild::TestCases::new();
    tests.compile_fail("tests/fail/*.rs");
    tests.compile_fail("tests/fail/*/*.rs");
}

fn version() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output();
    output.map_or_else(
        |error| error.to_string(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
