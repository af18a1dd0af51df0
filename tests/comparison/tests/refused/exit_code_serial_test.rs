//! A test that returns an `ExitCode`, with `serial_test`.

use std::process::ExitCode;

#[test]
#[serial_test::serial(key)]
fn exit_code() -> ExitCode {
    ExitCode::SUCCESS
}
