//! `cargo isolated clean`: removes files that no test uses any longer, and ends hosts that no test uses.

mod text;
mod traces;

use std::time::SystemTime;

use anyhow::{Result, bail};
use isolated_test_core::inspect;

use self::text::text;
use self::traces::Traces;
use crate::figures::plural;
use crate::terminal;

/// The number of things of each kind to list.
const LISTED: usize = 10;

/// Removes what isolated tests have left on this machine and no longer use.
///
/// These are the directories that failed tests have kept, hosts that no test uses at the moment, what
/// killed processes left behind, and the traces in the target directory. Nothing that a running test
/// uses is removed, and no file that may belong to another program. Lock files stay: they are empty, and a test may be about to lock
/// one.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo isolated clean --dry-run
  cargo isolated clean

Exit status:
  0  everything that is not in use was removed, or there was nothing
  2  something could not be removed, or the state directory cannot be used")]
pub(crate) struct Arguments {
    /// Only list what would be removed and ended.
    #[arg(long)]
    dry_run: bool,
    /// List everything.
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let dry_run = arguments.dry_run;
    let cleanup = inspect::clean(dry_run)?;
    let traces = Traces::clean(dry_run);
    let most = if arguments.all { usize::MAX } else { LISTED };
    let text = text(
        &cleanup,
        &traces,
        most,
        dry_run,
        SystemTime::now(),
        terminal::width(),
    );
    terminal::print(text)?;
    let failed = cleanup.failed.len() + traces.failed.len();
    if failed > 0 {
        let things = plural(failed, "thing stays", "things stay");
        bail!("{things}, as described above; remove what is yours manually");
    }
    Ok(())
}
