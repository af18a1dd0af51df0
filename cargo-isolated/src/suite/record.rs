//! `cargo isolated record`: a target runner that records how Cargo starts a test binary.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// Records how Cargo starts a test binary.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The directory for the description.
    dir: PathBuf,
    /// The program and its arguments.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    words: Vec<OsString>,
}

/// The program, working directory and environment that Cargo gives a test binary.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Start {
    pub(crate) program: OsString,
    pub(crate) dir: OsString,
    pub(crate) variables: Vec<(OsString, OsString)>,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let start = Start {
        program: arguments.words.into_iter().next().unwrap_or_default(),
        dir: env::current_dir()?.into_os_string(),
        variables: env::vars_os().collect(),
    };
    let file = tempfile::NamedTempFile::new_in(&arguments.dir)?;
    serde_json::to_writer(&file, &start)?;
    file.keep()?;
    Ok(())
}

/// Reads all descriptions in a directory, without variables that this process has too.
pub(crate) fn read(dir: &Path) -> Result<Vec<Start>> {
    let mut starts = Vec::new();
    for entry in fs::read_dir(dir)? {
        let text = fs::read(entry?.path())?;
        let mut start: Start =
            serde_json::from_slice(&text).context("failed to read how Cargo starts a binary")?;
        start
            .variables
            .retain(|(name, value)| env::var_os(name).as_ref() != Some(value));
        starts.push(start);
    }
    Ok(starts)
}
