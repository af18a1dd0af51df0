//! Starts this program again as a process that outlives this one, below a supervisor that ends all
//! of its descendants with it.
//!
//! The leash of the supervisor is held by the new process and not by this one.

#![expect(
    unsafe_code,
    reason = "the standard library cannot hand over descriptors, nor run something before exec"
)]

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::PoisonError;

use super::link::inherited;
use super::process::{STARTING, behind_streams, receive};
use super::program::Itself;
use super::subprocess::Arguments;
use super::supervisor::{STARTED, check, stay_behind};

/// How to start a process that outlives this one.
pub(crate) struct Detached<'a> {
    pub(crate) arguments: Arguments<'a>,
    /// Changes of the environment variables.
    pub(crate) variables: [(&'static str, Option<&'a OsStr>); 2],
    /// Where the process prints.
    pub(crate) output: File,
    /// A file that the process and its supervisor keep open, for its lock.
    pub(crate) life: File,
    /// A file that the process keeps open, for its lock.
    pub(crate) starting: File,
}

/// What the new process takes over.
pub(crate) struct Inherited {
    /// Kept open to the end.
    _held: [OwnedFd; 2],
    pub(crate) starting: OwnedFd,
}

impl Detached<'_> {
    /// Starts the process.
    pub(crate) fn start(self) -> io::Result<()> {
        let itself = Itself::find()?;
        let (leash, end) = UnixStream::pair()?;
        let end = behind_streams(end.into())?;
        let hand_over = [
            leash.try_clone()?.into(),
            self.life.into(),
            self.starting.into(),
        ];
        let hand_over: io::Result<Vec<OwnedFd>> =
            hand_over.into_iter().map(behind_streams).collect();
        let hand_over = hand_over?;
        let fds: Vec<RawFd> = hand_over.iter().map(AsRawFd::as_raw_fd).collect();
        let link = format!("{},{},{}", fds[0], fds[1], fds[2]);
        let name = itself.is_emulated.then_some(&*itself.name);
        let mut words = (self.arguments)(&link, name)
            .into_iter()
            .map(OsString::from);
        let mut command = Command::new(itself.path());
        command.arg0(words.next().unwrap_or_default()).args(words);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(self.output);
        for (name, value) in self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let (end_fd, life_fd) = (end.as_raw_fd(), fds[1]);
        let become_it = move || {
            detach()?;
            // SAFETY: this is a forked copy with one thread, just before `exec`.
            unsafe { stay_behind(end_fd, &[life_fd]) }?;
            for fd in &fds {
                // SAFETY: the call takes numbers only.
                check(unsafe { libc::fcntl(*fd, libc::F_SETFD, 0) })?;
            }
            Ok(())
        };
        // SAFETY: the closure makes system calls only.
        unsafe { command.pre_exec(become_it) };
        let starting = STARTING.read().unwrap_or_else(PoisonError::into_inner);
        let mut child = command.spawn()?;
        drop((command, end));
        let started = receive(&leash);
        // The copy that was started has ended once it has made the supervisor. Fails if other code
        // in this process waits for all children.
        let _ = child.wait();
        let Some((STARTED, process)) = started? else {
            return Err(io::Error::other("the supervisor was killed"));
        };
        #[cfg(target_os = "linux")]
        super::launch::wait_for_exec(process);
        #[cfg(not(target_os = "linux"))]
        let _ = process;
        drop(starting);
        Ok(())
    }
}

impl Inherited {
    /// Takes over what the starting process has handed down, and prints everything to one file.
    pub(crate) fn take_over(link: &str) -> io::Result<Self> {
        let mut numbers = link.split(',');
        let mut next = || inherited(numbers.next().unwrap_or_default());
        let (leash, life, starting) = (next()?, next()?, next()?);
        // SAFETY: the call takes numbers only.
        check(unsafe { libc::dup2(libc::STDERR_FILENO, libc::STDOUT_FILENO) })?;
        Ok(Inherited {
            _held: [leash, life],
            starting,
        })
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
