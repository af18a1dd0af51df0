//! `cargo isolated status`: the isolated tests that run on this machine.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use isolated_test_core::inspect::{Holder, processes, state_dir};

/// Prints the running tests of this user, and the locks that they hold.
pub(crate) fn print() -> Result<ExitCode> {
    let state_dir = state_dir()?;
    let mut out = io::stdout().lock();
    let mut running = 0;
    for process in processes(&state_dir) {
        for holder in &process.holders {
            running += 1;
            writeln!(out, "{}", line(process.id, holder))?;
        }
    }
    if running == 0 {
        writeln!(out, "no isolated test runs in {}", state_dir.display())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn line(process: u32, holder: &Holder) -> String {
    let Holder {
        name,
        place,
        since,
        locks,
    } = holder;
    let begun = UNIX_EPOCH + Duration::from_millis(*since);
    let age = SystemTime::now().duration_since(begun).unwrap_or_default();
    let holds = if locks.is_empty() {
        String::new()
    } else {
        format!(", holds {}", locks.join(", "))
    };
    format!(
        "{name} (pid {process}, {place}), for {} s{holds}",
        age.as_secs()
    )
}
