//! Programs that a test starts, each below a supervisor that ends it and all of its descendants.
//!
//! The standard library forks, and just before `exec` the copy forks again: it stays behind as the
//! supervisor, and its child becomes the program. So everything that a `Command` can describe works,
//! and nothing can escape in between.

#![expect(
    unsafe_code,
    reason = "the standard library runs something before exec only on the caller's responsibility"
)]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus};
use std::sync::PoisonError;
use std::time::Duration;

use super::process::{STARTING, ask_to_end, behind_streams, millis, pipe, receive, send};
use super::supervisor::{END, ENDED, KILL, LEFT, STARTED, stay_behind};
use super::tree;

/// A program with its descendants. They end when this process does, however that happens.
pub(crate) struct Supervised {
    program: u32,
    supervisor: u32,
    leash: UnixStream,
}

/// Waits for the end of a [`Supervised`].
pub(crate) struct Watch {
    supervisor: Child,
    leash: UnixStream,
}

/// The outputs of a program. Here it is one, so lines keep their order.
pub(crate) type Outputs = [File; 1];

/// Starts a program.
pub(crate) fn start(mut command: Command) -> io::Result<(Supervised, Watch, Outputs)> {
    let (output, write) = pipe()?;
    command.stdout(write.try_clone()?).stderr(write);
    let (leash, end) = UnixStream::pair()?;
    let end = behind_streams(end.into())?;
    let end_fd = end.as_raw_fd();
    // SAFETY: the standard library calls this in a forked copy, just before `exec`.
    unsafe { command.pre_exec(move || stay_behind(end_fd, &[])) };
    let starting = STARTING.read().unwrap_or_else(PoisonError::into_inner);
    let supervisor = command.spawn()?;
    // With all ends of this process that others read from.
    drop((command, end, starting));
    let Some((STARTED, program)) = receive(&leash)? else {
        return Err(io::Error::other("the supervisor was killed"));
    };
    // Its copies of the descriptors of this process are no longer its own.
    #[cfg(target_os = "linux")]
    super::launch::wait_for_exec(program);
    let supervised = Supervised {
        program: program.unsigned_abs(),
        supervisor: supervisor.id(),
        leash: leash.try_clone()?,
    };
    let watch = Watch { supervisor, leash };
    Ok((supervised, watch, [output.into()]))
}

impl Supervised {
    /// The process ID of the program.
    pub(crate) fn id(&self) -> u32 {
        self.program
    }

    /// The process whose descendants are the program and all that it has started.
    pub(crate) fn root(&self) -> u32 {
        self.supervisor
    }

    /// Asks the program and its descendants to end. Those that are left after the grace are killed.
    pub(crate) fn end(&self, grace: Duration) {
        let below = tree::below(self.supervisor);
        let what = if below.is_empty() { END } else { KILL };
        // Parents first: a program that learns of the end of a child before it is asked itself may
        // take that for a failure.
        ask_to_end(below.into_iter().map(|one| one.pid));
        let _ = send(&self.leash, what, millis(grace));
    }

    /// Kills the program and its descendants.
    pub(crate) fn kill(&self) {
        let _ = send(&self.leash, KILL, 0);
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Watch {
    /// Waits until no process is left. Calls `ended` with the exit status of the program, as soon as
    /// that has ended.
    pub(crate) fn wait(mut self, mut ended: impl FnMut(ExitStatus)) {
        while let Ok(Some((what, status))) = receive(&self.leash) {
            if [LEFT, ENDED].contains(&what) {
                ended(ExitStatus::from_raw(status));
            }
        }
        // Fails if something else in this process waits for all children.
        let _ = self.supervisor.wait();
    }
}
