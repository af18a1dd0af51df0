//! A test that returns an `ExitCode`, with `sealed_test`.

use sealed_test::prelude::*;
use std::process::ExitCode;

#[sealed_test]
fn exit_code() -> ExitCode {
    ExitCode::SUCCESS
}
