//! Starts this program again as a process that outlives this one, below a supervisor that ends all
//! of its descendants with it.
//!
//! The supervisor ends everything when the new process has ended, whatever becomes of this one.

#![expect(
    unsafe_code,
    reason = "the standard library cannot hand over descriptors, nor run something before exec"
)]

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::iter;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use super::descriptors::close_at_exec;
use super::flock;
use super::link::inherited;
use super::process::behind_streams;
use super::program::Itself;
use super::subprocess::Arguments;
use super::supervised;
use super::supervisor::{Bond, check, stay_behind};

/// How to start a process that outlives this one.
pub(crate) struct Detached<'a> {
    pub(crate) arguments: Arguments<'a>,
    /// Changes of the environment variables.
    pub(crate) variables: &'a [(&'static str, Option<&'a OsStr>)],
    /// Where the process prints.
    pub(crate) output: File,
    /// A file that stays open until the process and its descendants have ended, for its lock.
    pub(crate) life: File,
    /// A file that the process takes over, for its lock.
    pub(crate) starting: File,
}

/// The descriptors that the new process takes over.
pub(crate) struct Inherited {
    starting: File,
    /// Kept open to the end.
    _life: Option<OwnedFd>,
}

/// Whether the death of the supervisor is also the death of the process.
///
/// Then the supervisor alone keeps the file `life` open. A copy of the process that was forked without
/// `exec`, and outlives both, would keep the lock.
const DIES_WITH_SUPERVISOR: bool = cfg!(target_os = "linux");

impl Detached<'_> {
    /// Starts the process.
    pub(crate) fn start(self) -> io::Result<()> {
        let itself = Itself::find()?;
        let starting = behind_streams(self.starting.into())?;
        let life = behind_streams(self.life.into())?;
        let (starting_fd, life_fd) = (starting.as_raw_fd(), life.as_raw_fd());
        let (link, inherits_life) = if DIES_WITH_SUPERVISOR {
            (starting_fd.to_string(), None)
        } else {
            (format!("{starting_fd},{life_fd}"), Some(life_fd))
        };
        let name = itself.is_emulated.then_some(&*itself.name);
        let mut words = (self.arguments)(&link, name)
            .into_iter()
            .map(OsString::from);
        let mut command = Command::new(itself.path());
        command.arg0(words.next().unwrap_or_default()).args(words);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(self.output);
        for &(name, value) in self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let become_it = move |end| {
            detach()?;
            // SAFETY: this is a forked copy with one thread, just before `exec`.
            unsafe { stay_behind(end, Bond::Program { kept: life_fd }) }?;
            // A reader of a pipe that this process has inherited must not wait for the new one.
            close_at_exec();
            for fd in iter::once(starting_fd).chain(inherits_life) {
                // SAFETY: the call takes numbers only.
                check(unsafe { libc::fcntl(fd, libc::F_SETFD, 0) })?;
            }
            Ok(())
        };
        // SAFETY: the closure makes system calls only.
        let mut spawned = unsafe { supervised::spawn(command, become_it) }?;
        // The copy that was started has ended once it has made the supervisor. Fails if other code
        // in this process waits for all children.
        let _ = spawned.child.wait();
        Ok(())
    }
}

impl Inherited {
    /// Takes over what the starting process has handed down, and prints everything to one file.
    pub(crate) fn take_over(link: &str) -> io::Result<Self> {
        let mut numbers = link.split(',');
        let starting = inherited(numbers.next().unwrap_or_default())?;
        let life = numbers.next().map(inherited).transpose()?;
        // SAFETY: the call takes numbers only.
        check(unsafe { libc::dup2(libc::STDERR_FILENO, libc::STDOUT_FILENO) })?;
        Ok(Inherited {
            starting: starting.into(),
            _life: life,
        })
    }

    /// Ends the start, also if a forked child has a copy of the descriptor.
    pub(crate) fn has_started(&self) {
        flock::unlock(&self.starting);
    }
}

/// Leaves the parent and its session, in a copy of this process.
fn detach() -> io::Result<()> {
    // SAFETY: the calls take nothing or numbers only, and the copy continues in the same way.
    unsafe {
        check(libc::setsid())?;
        if check(libc::fork())? > 0 {
            libc::_exit(0);
        }
    }
    Ok(())
}

/// Identifies the file of this program: a program that was built again has another identity.
pub(crate) fn identity_of_program() -> io::Result<String> {
    let data = std::fs::metadata(Itself::find()?.path())?;
    let (device, file, size) = (data.dev(), data.ino(), data.size());
    let (seconds, nanoseconds) = (data.mtime(), data.mtime_nsec());
    Ok(format!("{device} {file} {size} {seconds}.{nanoseconds}"))
}
