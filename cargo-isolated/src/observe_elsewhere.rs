//! `cargo isolated observe` on systems that it does not support.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::findings::Findings;
use crate::suite::Selection;

/// Shows what tests share. Needs Linux on x86-64 or ARM64.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  cargo isolated observe

Exit status:
  2  this system is another one")]
pub(crate) struct Arguments {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _words: Vec<OsString>,
}

/// How to observe.
#[derive(Debug, Default)]
pub(crate) struct Options;

const NEEDS_LINUX: &str =
    "observing needs Linux on x86-64 or ARM64, because it watches system calls; run it there";

pub(crate) fn run(_arguments: Arguments) -> Result<ExitCode> {
    bail!(NEEDS_LINUX)
}

pub(crate) fn survey(_selection: &Selection, _options: &Options) -> Result<Findings> {
    bail!(NEEDS_LINUX)
}
