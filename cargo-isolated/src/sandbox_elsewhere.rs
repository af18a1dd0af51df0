//! The sandbox on systems other than Linux: there is none.

use std::ffi::{OsStr, OsString};
use std::process::{Command, ExitCode};

use anyhow::{Error, Result, bail};

use crate::part::Part;
use crate::plan::{Plan, Refusal};

const NEEDS_LINUX: &str =
    "the sandbox needs Linux; on this system, use `#[isolated]` to keep tests apart";

pub(crate) fn probe(_plan: &Plan) -> Result<(Vec<Part>, Vec<Refusal>)> {
    bail!(NEEDS_LINUX)
}

pub(crate) fn run(_plan: &Plan, _program: &OsStr, _words: &[OsString]) -> Result<ExitCode> {
    bail!(NEEDS_LINUX)
}

pub(crate) fn replace(program: &OsStr, words: &[OsString]) -> Error {
    match Command::new(program).args(words).status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error.into(),
    }
}
