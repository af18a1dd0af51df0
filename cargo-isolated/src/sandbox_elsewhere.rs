//! Only Linux has the sandbox.

#![allow(dead_code, reason = "the plan is for the sandbox")]

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Error, Result, bail};

use crate::part::Part;

pub(crate) struct Plan {
    pub(crate) parts: Vec<Part>,
    pub(crate) checkout: PathBuf,
    pub(crate) target: Option<PathBuf>,
    pub(crate) home: Option<PathBuf>,
    pub(crate) shared: Vec<PathBuf>,
}

pub(crate) struct Refusal {
    pub(crate) part: Part,
    pub(crate) reason: String,
}

const NEEDS_LINUX: &str = "a sandbox needs Linux; elsewhere, `#[isolated]` keeps tests apart";

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
