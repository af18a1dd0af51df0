//! Differences between operating systems; the only place that knows `libc`.

use std::fs::File;
use std::io;
use std::path::Path;
use std::thread;

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::*;

#[cfg(not(unix))]
mod other;
#[cfg(not(unix))]
pub(crate) use other::*;

#[cfg(unix)]
#[cfg_attr(
    not(all(
        target_os = "linux",
        target_pointer_width = "64",
        any(
            target_arch = "x86_64",
            target_arch = "aarch64",
            target_arch = "riscv64"
        )
    )),
    path = "call_elsewhere.rs"
)]
mod call;
#[cfg(feature = "clock")]
#[cfg_attr(not(target_os = "linux"), path = "clock_elsewhere.rs")]
pub(crate) mod clock;
#[cfg(unix)]
pub(crate) mod descriptors;
#[cfg(unix)]
pub(crate) mod detached;
pub(crate) mod flock;
#[cfg(any(not(unix), test))]
mod inband;
#[cfg_attr(not(target_os = "linux"), path = "interrupt_elsewhere.rs")]
pub(crate) mod interrupt;
#[cfg(not(unix))]
mod job;
#[cfg(unix)]
mod launch;
#[cfg(unix)]
mod link;
pub(crate) mod listener;
pub(crate) mod loan;
#[cfg(unix)]
pub(crate) mod marked;
#[cfg(target_os = "linux")]
pub(crate) mod network;
#[cfg(unix)]
mod nothing;
#[cfg(unix)]
mod offspring;
#[cfg_attr(not(unix), path = "process_windows.rs")]
pub(crate) mod process;
#[cfg(unix)]
mod program;
mod real_time;
pub(crate) use real_time::*;
#[cfg(target_os = "linux")]
mod sock_diag;
#[cfg(unix)]
pub(crate) mod socket;
#[cfg(unix)]
mod watched_path;
#[cfg(unix)]
pub(crate) use watched_path::*;
#[cfg(unix)]
#[cfg_attr(not(target_os = "linux"), path = "stack_elsewhere.rs")]
mod stack;
pub(crate) mod subprocess;
#[cfg_attr(not(unix), path = "supervised_windows.rs")]
pub(crate) mod supervised;
#[cfg(unix)]
mod supervisor;
#[cfg(unix)]
pub(crate) mod terminate;
pub(crate) mod tree;
#[cfg(unix)]
mod wake;
#[cfg(any(not(unix), test))]
mod whole_lines;

/// Whether a path still names this file.
pub(crate) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let mine = identity(file)?;
    let there = WatchedPath::new(path)?.look()?;
    Ok(there.is_some_and(|there| there.identity == mine))
}

/// Starts a thread that blocks in system calls most of the time, with a small stack.
pub(crate) fn spawn_thread(name: &str, task: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new()
        .name(name.to_owned())
        .stack_size(128 * 1024)
        .spawn(task)
        .map(drop)
}

/// Separates one kind of failure, which becomes `None`, from all others.
pub(crate) fn unless<T>(kind: io::ErrorKind, result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == kind => Ok(None),
        Err(error) => Err(error),
    }
}
