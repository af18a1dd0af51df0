//! The subprocess's end of the connection to its parent, on Unix.

#![expect(
    unsafe_code,
    reason = "the standard library cannot take over descriptors by their numbers"
)]

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Mutex;

use super::supervisor::check;
use crate::mutex::lock;

/// The subprocess's end of the connection to its parent.
pub(crate) struct Link {
    control: UnixStream,
    output: OwnedFd,
    /// The standard output of the test runner, while the test has its own. A number and not an
    /// owner, because a test may close all descriptors that it finds.
    runner: Mutex<Option<RawFd>>,
}

impl Link {
    /// Describes to the subprocess its end of the connection and the name of its program. The name
    /// contains no colon, because a colon and the rest of the mark follow it.
    pub(super) fn describe(control: RawFd, output: RawFd, program: &str) -> String {
        format!("{control},{output},{program}")
    }

    /// Takes over the descriptors that the parent has handed down.
    pub(crate) fn attach(description: &str) -> io::Result<Link> {
        let mut parts = description.splitn(3, ',');
        let mut next = || parts.next().ok_or(io::ErrorKind::InvalidInput);
        let (control, output) = (inherited(next()?)?, inherited(next()?)?);
        restore_name(next()?);
        Ok(Link {
            control: control.into(),
            output,
            runner: Mutex::new(None),
        })
    }

    /// Sends a frame to the parent.
    pub(crate) fn send(&self, frame: &[u8]) -> io::Result<()> {
        (&self.control).write_all(frame)
    }

    /// Waits for a frame from the parent and returns its content.
    pub(crate) fn receive(&self) -> io::Result<Vec<u8>> {
        let mut length = [0; 4];
        (&self.control).read_exact(&mut length)?;
        let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        let mut content = vec![0; length];
        (&self.control).read_exact(&mut content)?;
        Ok(content)
    }

    /// Shows standard output from here on. Earlier output of the test runner is discarded.
    pub(crate) fn begin_output(&self) -> io::Result<()> {
        flush();
        let runner = io::stdout().as_fd().try_clone_to_owned()?;
        *lock(&self.runner) = Some(runner.into_raw_fd());
        redirect_stdout(self.output.as_raw_fd())
    }

    /// Hides standard output from here on, because the test runner writes to it again.
    pub(crate) fn end_output(&self) -> io::Result<()> {
        flush();
        let Some(runner) = lock(&self.runner).take() else {
            return Ok(());
        };
        let result = redirect_stdout(runner);
        // SAFETY: the call takes a number only, which no other code knows.
        unsafe { libc::close(runner) };
        result
    }
}

/// Names this process after its program. It has the name of the link by which it was started, which
/// means nothing.
fn restore_name(program: &str) {
    // Only Linux has the file. The name is for display only, so an error does not matter.
    let _ = std::fs::write("/proc/self/comm", program);
}

/// Takes over an inherited descriptor and makes it close-on-exec.
pub(super) fn inherited(number: &str) -> io::Result<OwnedFd> {
    let number: RawFd = number
        .parse()
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    // SAFETY: the call takes numbers only, and fails where there is no such descriptor.
    check(unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) })?;
    // SAFETY: the descriptor is open, and the parent has opened it for this process only.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Flushes the output buffers of Rust and of C.
fn flush() {
    let _ = io::stdout().flush();
    // SAFETY: null stands for all streams.
    unsafe { libc::fflush(std::ptr::null_mut()) };
}

fn redirect_stdout(to: RawFd) -> io::Result<()> {
    // SAFETY: the calls take numbers only, of which the first is open.
    check(unsafe { libc::dup2(to, libc::STDOUT_FILENO) }).map(drop)
}
