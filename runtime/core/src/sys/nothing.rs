//! Where nothing comes from, and where nothing goes to: `/dev/null`, or what does instead of it in
//! a container that has none.

#![cfg_attr(
    target_os = "linux",
    expect(
        unsafe_code,
        reason = "the standard library has no files without a path"
    )
)]

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

const NULL: &str = "/dev/null";

/// Opens something to read that has ended.
pub(super) fn to_read() -> io::Result<OwnedFd> {
    File::open(NULL).map_or_else(|_| ended(), |file| Ok(file.into()))
}

/// Opens something to write that nobody reads.
pub(super) fn to_write() -> io::Result<OwnedFd> {
    match File::options().write(true).open(NULL) {
        Ok(file) => Ok(file.into()),
        Err(error) => unread().map_err(|_| {
            io::Error::new(error.kind(), format!("`{NULL}` cannot be opened: {error}"))
        }),
    }
}

/// A connection whose other end is closed.
fn ended() -> io::Result<OwnedFd> {
    let (end, _) = super::process::pipe()?;
    Ok(end)
}

/// A file in memory, which goes with the last who has it open.
#[cfg(target_os = "linux")]
fn unread() -> io::Result<OwnedFd> {
    use std::os::fd::FromRawFd;

    // SAFETY: the name ends with a null; what was just opened belongs to nobody else.
    unsafe {
        let name = c"isolated-test-output".as_ptr();
        let file = super::supervisor::check(libc::memfd_create(name, libc::MFD_CLOEXEC))?;
        Ok(OwnedFd::from_raw_fd(file))
    }
}

#[cfg(not(target_os = "linux"))]
fn unread() -> io::Result<OwnedFd> {
    Err(io::ErrorKind::NotFound.into())
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read, Write};

    use super::{ended, to_read, to_write, unread};

    #[test]
    fn nothing_comes_and_everything_goes() {
        for input in [to_read().unwrap(), ended().unwrap()] {
            assert_eq!(File::from(input).read(&mut [0]).unwrap(), 0);
        }
        for output in [to_write().unwrap(), unread().unwrap()] {
            File::from(output).write_all(b"text").unwrap();
        }
    }
}
