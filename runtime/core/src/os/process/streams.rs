//! Pipes and descriptors between a test, its supervisor and this process.

use std::io::{self, Read, Take};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Instant;

use crate::os::supervisor::check;

/// Moves a descriptor past the three standard streams if it is one of them.
pub(in crate::os) fn behind_streams(fd: OwnedFd) -> io::Result<OwnedFd> {
    if fd.as_raw_fd() > libc::STDERR_FILENO {
        return Ok(fd);
    }
    // The standard library never duplicates to one of the three.
    fd.try_clone()
}

/// Creates a close-on-exec pipe: the end to read, and the end to write.
pub(in crate::os) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    #[cfg(target_os = "linux")]
    // SAFETY: the array can be written.
    check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) })?;
    #[cfg(not(target_os = "linux"))]
    // SAFETY: the array can be written, and the other calls take numbers only.
    unsafe {
        check(libc::pipe(ends.as_mut_ptr()))?;
        for end in ends {
            check(libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC))?;
        }
    }
    // SAFETY: both were just opened, and nothing else owns them.
    let [read, write] = ends.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
    Ok((read, write))
}

/// A stream from the subprocess; `None` once its other end is closed.
pub(super) type Stream<T> = Option<Take<T>>;

pub(super) fn descriptor(from: Option<&Take<impl AsRawFd>>) -> RawFd {
    from.map_or(-1, |from| from.get_ref().as_raw_fd())
}

/// Limits a stream to the bytes that are available now, because a process outside our reach may
/// write forever.
pub(super) fn limit(from: &mut Stream<impl AsRawFd>) -> io::Result<()> {
    let Some(from) = from else { return Ok(()) };
    let mut unread: libc::c_int = 0;
    // SAFETY: the descriptor is open, and the number can be written.
    check(unsafe { libc::ioctl(from.get_ref().as_raw_fd(), libc::FIONREAD, &raw mut unread) })?;
    from.set_limit(unread.unsigned_abs().into());
    Ok(())
}

/// Waits until a descriptor is readable or the deadline has passed. Negative descriptors are
/// ignored.
pub(super) fn poll(fds: [RawFd; 4], deadline: Option<Instant>) -> io::Result<[bool; 4]> {
    let timeout = deadline.map_or(-1, |deadline| {
        let left = deadline.saturating_duration_since(Instant::now());
        // Rounded up, so that the deadline has passed when the call returns.
        i32::try_from(left.as_micros().div_ceil(1_000)).unwrap_or(i32::MAX)
    });
    let mut waiting = fds.map(|fd| libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    });
    // SAFETY: the array is valid for its length.
    match check(unsafe { libc::poll(waiting.as_mut_ptr(), 4, timeout) }) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok([false; 4]),
        result => result.map(|_| waiting.map(|one| one.revents != 0)),
    }
}

/// Reads the bytes of a readable stream. At its end, closes it and returns `None`.
pub(super) fn read_some(from: &mut Stream<impl Read>) -> io::Result<Option<Vec<u8>>> {
    let Some(stream) = from else { return Ok(None) };
    let mut buffer = vec![0; 16 * 1024];
    match stream.read(&mut buffer) {
        Ok(0) => *from = None,
        Ok(read) => {
            buffer.truncate(read);
            return Ok(Some(buffer));
        }
        Err(error) => match error.kind() {
            io::ErrorKind::Interrupted => {}
            // The other end is gone, perhaps without having read everything.
            io::ErrorKind::ConnectionReset => *from = None,
            _ => return Err(error),
        },
    }
    Ok(None)
}
