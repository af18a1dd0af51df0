//! `cargo isolated man`: the manual pages.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Command;
use clap_mangen::Man;

use crate::terminal;

/// Prints the manual page of the command, or writes a page for each subcommand.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo isolated man | man -l -
  cargo isolated man --dir ~/.local/share/man/man1 && man cargo-isolated-run

Exit status:
  0  the pages were written
  2  a file could not be written")]
pub(crate) struct Arguments {
    /// Write the pages of all subcommands to this directory instead.
    #[arg(long)]
    dir: Option<PathBuf>,
}

pub(crate) fn print(arguments: &Arguments, command: Command) -> Result<()> {
    let command = command.name("cargo-isolated").disable_help_subcommand(true);
    let Some(dir) = &arguments.dir else {
        let mut page = Vec::new();
        Man::new(command).render(&mut page)?;
        return terminal::print(page);
    };
    let written = fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(command, dir));
    written.with_context(|| format!("failed to write the pages to `{}`", dir.display()))
}
