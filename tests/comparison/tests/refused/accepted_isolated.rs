//! The tests that peers refuse, with isolated-test.

use isolated_test::isolated;
use std::process::ExitCode;

#[isolated(serial = "licence server")]
#[test]
fn key() {}

#[isolated(serial = "key", process)]
#[test]
fn exit_code() -> ExitCode {
    ExitCode::SUCCESS
}

#[isolated(process)]
#[test]
fn result() -> Result<(), String> {
    Ok(())
}

#[isolated(process)]
#[tokio::test]
async fn asynchronous() {}
