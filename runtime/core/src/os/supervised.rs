//! Programs that a test starts, each below a supervisor that ends it and all of its descendants.
//!
//! The standard library forks, and just before `exec` the copy forks again: the copy becomes the
//! supervisor, and its child becomes the program. So every setting of a `Command` works, and no process
//! escapes in between.

#![expect(
    unsafe_code,
    reason = "the standard library runs something before exec only on the caller's responsibility"
)]

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus};
use std::sync::PoisonError;
use std::time::Duration;

use super::process::{STARTING, ask_to_end, behind_streams, millis, pipe, receive, send};
use super::supervisor::{Bond, END, ENDED, KILL, LEFT, STARTED, stay_behind};
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

/// The outputs of a program. There is one for both streams, so lines keep their order.
pub(crate) type Outputs = [File; 1];

/// The reason why the end of a program is unknown.
pub(crate) const LOST: &str =
    "its supervisor was killed; spare the processes called `isolated-guard`";

/// Starts a program.
pub(crate) fn start(mut command: Command) -> io::Result<(Supervised, Watch, Outputs)> {
    let (output, write) = pipe()?;
    command.stdout(write.try_clone()?).stderr(write);
    // SAFETY: `stay_behind` makes system calls only.
    let spawned = unsafe { spawn(command, |end| stay_behind(end, Bond::Starter)) }?;
    let Spawned {
        program,
        child: supervisor,
        leash,
    } = spawned;
    let supervised = Supervised {
        program: program.unsigned_abs(),
        supervisor: supervisor.id(),
        leash: leash.try_clone()?,
    };
    let watch = Watch { supervisor, leash };
    Ok((supervised, watch, [output.into()]))
}

/// A program that runs below a supervisor.
pub(super) struct Spawned {
    pub(super) program: libc::pid_t,
    /// The forked copy of this process.
    pub(super) child: Child,
    /// Connects this process with the supervisor.
    pub(super) leash: UnixStream,
}

/// Starts a program, and waits until it has closed the descriptors of this process.
///
/// # Safety
///
/// `prepare` runs in a forked copy of this process, just before `exec`, so it may make system calls
/// only. It gets the supervisor's end of the leash and has to pass it to [`stay_behind`].
pub(super) unsafe fn spawn(
    mut command: Command,
    prepare: impl Fn(RawFd) -> io::Result<()> + Send + Sync + 'static,
) -> io::Result<Spawned> {
    let (leash, end) = UnixStream::pair()?;
    let end = behind_streams(end.into())?;
    let end_fd = end.as_raw_fd();
    // SAFETY: the caller answers for the closure.
    unsafe { command.pre_exec(move || prepare(end_fd)) };
    let starting = STARTING.read().unwrap_or_else(PoisonError::into_inner);
    let child = command.spawn()?;
    // Closes the copies in this process of the ends that the supervisor and the program have.
    drop((command, end));
    let Some((STARTED, program)) = receive(&leash)? else {
        return Err(io::Error::other(LOST));
    };
    #[cfg(target_os = "linux")]
    super::launch::wait_for_exec(program);
    // Only now has the program lost its copies of the descriptors of this process.
    drop(starting);
    Ok(Spawned {
        program,
        child,
        leash,
    })
}

impl Supervised {
    /// The process ID of the program.
    pub(crate) fn id(&self) -> u32 {
        self.program
    }

    /// The ancestor of the program and of all processes that it has started.
    pub(crate) fn root(&self) -> u32 {
        self.supervisor
    }

    /// Asks the program and its descendants to end. Those that are left after the grace are killed.
    pub(crate) fn end(&self, grace: Duration) {
        let below = tree::below(self.supervisor);
        let what = if below.is_empty() { END } else { KILL };
        // Parents first: a program whose child ends before it is asked itself may report a failure.
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
    /// Waits until no process is left. As soon as the program has ended, kills its descendants and
    /// calls `ended` with its exit status.
    pub(crate) fn wait(mut self, mut ended: impl FnMut(ExitStatus)) {
        while let Ok(Some((what, status))) = receive(&self.leash) {
            if what == LEFT {
                let _ = send(&self.leash, KILL, 0);
            }
            if [LEFT, ENDED].contains(&what) {
                ended(ExitStatus::from_raw(status));
            }
        }
        // Fails if other code in this process waits for all children.
        let _ = self.supervisor.wait();
    }
}
