//! The sandbox on systems other than Linux: there is none.

use std::convert::Infallible;
use std::io;
use std::process::{self, Command};

use anyhow::{Result, bail};

use crate::part::Part;
use crate::plan::{Plan, Postgres, Refusal};
use crate::trace::recorder::Recorder;
use crate::with::With;

const NEEDS_LINUX: &str = "sandboxes need Linux; on this system, use `#[isolated]`";

pub(crate) fn probe(_plan: &Plan) -> Result<(Vec<Part>, Vec<Refusal>)> {
    bail!(NEEDS_LINUX)
}

pub(crate) fn run(_plan: &Plan, _command: Command, _recorder: &Recorder) -> Result<Infallible> {
    bail!(NEEDS_LINUX)
}

pub(crate) fn prepare(_plan: &Plan, _with: &[With]) -> Result<Postgres> {
    bail!(NEEDS_LINUX)
}

pub(crate) const POSTGRES_NEEDS: [Part; 0] = [];

/// Runs a command in place of this process.
pub(crate) fn replace(command: &mut Command) -> io::Error {
    match command.status() {
        Ok(status) => process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}
