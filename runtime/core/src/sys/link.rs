//! The end of a test's process at which it talks to its parent, on Unix.

#![expect(
    unsafe_code,
    reason = "the standard library cannot take over descriptors by their numbers"
)]

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

/// The end of a test's process at which it talks to its parent.
pub(crate) struct Link {
    control: UnixStream,
    output: OwnedFd,
}

impl Link {
    /// Takes over what the parent has handed down.
    pub(crate) fn attach(descriptors: &str) -> io::Result<Link> {
        let mut descriptors = descriptors.split(',').map(inherited);
        let mut next = || {
            descriptors
                .next()
                .unwrap_or(Err(io::ErrorKind::InvalidInput.into()))
        };
        restore_name();
        Ok(Link {
            control: next()?.into(),
            output: next()?,
        })
    }

    /// Says something to the parent.
    pub(crate) fn send(&self, frame: &[u8]) -> io::Result<()> {
        (&self.control).write_all(frame)
    }

    /// Waits for the content of a frame from the parent.
    pub(crate) fn receive(&self) -> io::Result<Vec<u8>> {
        let mut length = [0; 4];
        (&self.control).read_exact(&mut length)?;
        let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        let mut content = vec![0; length];
        (&self.control).read_exact(&mut content)?;
        Ok(content)
    }

    /// Lets standard output be seen from here on. What the test runner has written is gone.
    pub(crate) fn begin_output(&self) -> io::Result<()> {
        flush();
        redirect_stdout(&self.output)
    }

    /// Lets nothing more of standard output be seen: the test runner has the word again.
    #[expect(clippy::unused_self, reason = "other platforms need it")]
    pub(crate) fn end_output(&self) -> io::Result<()> {
        flush();
        redirect_stdout(&File::options().write(true).open("/dev/null")?.into())
    }
}

/// Gives this process the name of its program: that of the link by which it was started says nothing.
fn restore_name() {
    let path = std::env::current_exe().unwrap_or_default();
    if let Some(name) = path.file_name() {
        // Only Linux has the file; it is a name for people.
        let _ = std::fs::write("/proc/self/comm", name.as_encoded_bytes());
    }
}

/// Takes over a descriptor that was handed down, and hands it down no further.
fn inherited(number: &str) -> io::Result<OwnedFd> {
    let number: RawFd = number
        .parse()
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    // SAFETY: the call takes numbers only, and fails where there is no such descriptor.
    if unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is open, and the parent has opened it for nobody but us.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Has everything written that is still in a buffer, of Rust and of C.
fn flush() {
    let _ = io::stdout().flush();
    // SAFETY: null stands for all streams.
    unsafe { libc::fflush(std::ptr::null_mut()) };
}

fn redirect_stdout(to: &OwnedFd) -> io::Result<()> {
    // SAFETY: the calls take numbers only, of which the first is open.
    if unsafe { libc::dup2(to.as_raw_fd(), libc::STDOUT_FILENO) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
